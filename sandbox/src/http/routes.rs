use std::sync::Arc;

use poem::{
    Endpoint, EndpointExt, IntoResponse, Request, Response, Route, RouteMethod,
    http::{Method, StatusCode},
};

use super::{
    Answer, Dialect,
    op::{Handler, Op, SlowWork, Work},
};
use crate::{console, control, google, paystack, pwned_passwords, textverified, world::World};

/// TextVerified's API, and the same at the root: its own client knows the test services only when nothing stands
/// before `/api`.
const TEXTVERIFIED: [&str; 2] = ["/textverified/api/pub/v2", "/api/pub/v2"];

/// Every path the sandbox answers.
pub(super) fn routes(world: &Arc<World>) -> impl Endpoint<Output = Response> + use<> {
    let table = Table { world: Arc::clone(world), route: Route::new() };
    TEXTVERIFIED
        .into_iter()
        .fold(table, Table::textverified)
        .paystack_transactions()
        .paystack_refunds()
        .google()
        .pwned_passwords()
        .control_providers()
        .control()
        .route
        .catch_all_error(|error: poem::Error| async move { plain(error.status()) })
        .around(|endpoint, request: Request| async move {
            let dialect = dialect(request.uri().path());
            let response = endpoint.call(request).await.map(IntoResponse::into_response)?;
            let is_ours = response.headers().contains_key("cache-control");
            Ok(if is_ours { response } else { in_dialect(dialect, response.status()) })
        })
        .map_to_response()
}

fn plain(status: StatusCode) -> Response {
    Response::builder().status(status).finish()
}

fn in_dialect(dialect: Dialect, status: StatusCode) -> Response {
    let message = status.canonical_reason().unwrap_or("refused").to_ascii_lowercase();
    Answer::refusal(dialect, status, &message).into_response()
}

fn dialect(path: &str) -> Dialect {
    if TEXTVERIFIED.iter().any(|base| path.starts_with(base)) {
        Dialect::TextVerified
    } else if path.starts_with("/paystack/") {
        Dialect::Paystack
    } else if path.starts_with("/google/") {
        Dialect::Google
    } else if path.starts_with("/pwnedpasswords/") {
        Dialect::PwnedPasswords
    } else {
        Dialect::Control
    }
}

struct Table {
    world: Arc<World>,
    route: Route,
}

impl Table {
    fn op(&self, dialect: Dialect, operation: Option<String>, handler: Handler) -> Op {
        Op { world: Arc::clone(&self.world), dialect, operation, handler }
    }

    fn at(mut self, path: &str, methods: &[(Method, &str, Work)]) -> Self {
        let dialect = dialect(path);
        let provider = match dialect {
            Dialect::TextVerified => "textverified",
            Dialect::Paystack => "paystack",
            Dialect::Google => "google",
            Dialect::PwnedPasswords => "pwnedpasswords",
            Dialect::Control => "",
        };
        let mut route = RouteMethod::new();
        for (method, operation, work) in methods {
            let operation = (!provider.is_empty()).then(|| format!("{provider}.{operation}"));
            let op = self.op(dialect, operation, Handler::Quick(*work));
            route = route.method(method.clone(), op);
        }
        self.route = self.route.at(path, route);
        self
    }

    fn slow(mut self, path: &str, method: Method, work: SlowWork) -> Self {
        let op = self.op(Dialect::Control, None, Handler::Slow(work));
        self.route = self.route.at(path, RouteMethod::new().method(method, op));
        self
    }

    fn textverified(self, base: &str) -> Self {
        use textverified as tv;
        let path = |tail: &str| format!("{base}{tail}");
        self.at(&path("/auth"), &[(Method::POST, "auth", tv::auth)])
            .at(&path("/account/me"), &[(Method::GET, "account", tv::account)])
            .at(&path("/services"), &[(Method::GET, "services", tv::services)])
            .at(&path("/area-codes"), &[(Method::GET, "area_codes", tv::area_codes)])
            .at(&path("/pricing/verifications"), &[(Method::POST, "pricing", tv::pricing)])
            .at(&path("/inventory/verifications"), &[(Method::POST, "inventory", tv::inventory)])
            .at(
                &path("/verifications"),
                &[(Method::POST, "create", tv::create), (Method::GET, "list", tv::list)],
            )
            .at(&path("/verifications/:id"), &[(Method::GET, "get", tv::get)])
            .at(&path("/verifications/:id/cancel"), &[(Method::POST, "cancel", tv::cancel)])
            .at(&path("/verifications/:id/report"), &[(Method::POST, "report", tv::report)])
            .at(&path("/verifications/:id/reuse"), &[(Method::POST, "reuse", tv::reuse)])
            .at(&path("/verifications/:id/reactivate"), &[(Method::POST, "reactivate", tv::reactivate)])
            .at(&path("/sales/:id"), &[(Method::GET, "sale", tv::sale)])
            .at(&path("/sms"), &[(Method::GET, "sms", tv::sms)])
            .at(&path("/calls"), &[(Method::GET, "calls", tv::calls)])
            .at(&path("/webhook-events"), &[(Method::GET, "webhook_events", tv::webhook_events)])
    }

    fn paystack_transactions(self) -> Self {
        use paystack as ps;
        self.at("/paystack/transaction/initialize", &[(Method::POST, "initialize", ps::initialize)])
            .at("/paystack/transaction/verify/:id", &[(Method::GET, "verify", ps::verify)])
            .at("/paystack/transaction/timeline/:id", &[(Method::GET, "timeline", ps::timeline)])
            .at("/paystack/transaction", &[(Method::GET, "list", ps::list)])
            .at("/paystack/transaction/:id", &[(Method::GET, "fetch", ps::fetch)])
    }

    fn paystack_refunds(self) -> Self {
        use paystack as ps;
        self.at(
            "/paystack/refund",
            &[(Method::POST, "refund", ps::refund), (Method::GET, "refund_list", ps::refunds)],
        )
        .at("/paystack/refund/:id", &[(Method::GET, "refund_get", ps::get_refund)])
        .at(
            "/paystack/refund/retry_with_customer_details/:id",
            &[(Method::POST, "refund_retry", ps::retry_refund)],
        )
        .at("/paystack/dispute", &[(Method::GET, "dispute_list", ps::disputes)])
        .at("/paystack/dispute/:id", &[(Method::GET, "dispute_get", ps::get_dispute)])
        .at("/paystack/dispute/transaction/:id", &[(Method::GET, "dispute_get", ps::transaction_dispute)])
        .at("/paystack/dispute/:id/resolve", &[(Method::PUT, "dispute_resolve", ps::resolve_dispute)])
    }

    fn google(self) -> Self {
        let get = |name, work: Work| [(Method::GET, name, work)];
        self.at("/google/.well-known/openid-configuration", &get("discovery", google::discovery))
            .at("/google/authorize", &get("authorize", google::authorize))
            .at("/google/consent", &get("consent", google::consent))
            .at("/google/certs", &get("certs", google::certs))
            .at("/google/token", &[(Method::POST, "token", google::token)])
            .at("/control/google/rotate", &[(Method::POST, "", control::rotate)])
            .at("/control/google/token", &[(Method::POST, "", control::spoil)])
    }

    fn pwned_passwords(self) -> Self {
        self.at("/pwnedpasswords/range/:id", &[(Method::GET, "range", pwned_passwords::range)])
    }

    fn control_providers(self) -> Self {
        let post = |work: Work| [(Method::POST, "", work)];
        self.at("/control/paystack/:id", &post(control::pay))
            .at("/control/paystack/:id/dispute", &post(control::dispute))
            .at("/control/paystack/:id/refund", &post(control::dashboard_refund))
            .at("/control/paystack/refunds/:id", &post(control::refund))
            .at("/control/textverified/sms", &post(control::text_number))
            .at("/control/textverified/:id/sms", &post(control::text_reservation))
            .at("/control/textverified/:id/credit", &post(control::credit))
            .at("/control/textverified/next-number", &post(control::next_number))
            .at("/control/textverified/listing", &post(control::listing))
            .at("/control/textverified/create-delay", &post(control::create_delay))
            .at("/control/textverified/account", &post(control::account))
            .at("/control/textverified/service", &post(control::service))
    }

    fn control(self) -> Self {
        let get = |work: Work| [(Method::GET, "", work)];
        let mut table = self
            .at(
                "/control/faults",
                &[(Method::POST, "", control::faults), (Method::GET, "", control::list_faults)],
            )
            .at("/control/mismatch", &[(Method::POST, "", control::mismatch)])
            .at("/control/webhooks", &[(Method::POST, "", control::webhooks)])
            .at("/control/state", &get(control::state))
            .at("/control/reset", &[(Method::POST, "", control::reset)])
            .at("/inbox", &get(control::inbox))
            .at("/checkout/:id", &get(console::checkout))
            .at("/", &get(console::page))
            .at("/console.js", &get(console::script))
            .at("/console.css", &get(console::style))
            .slow("/control/clock/follow", Method::GET, control::follow);
        let advance = table.op(Dialect::Control, None, Handler::Slow(control::advance));
        let read = table.op(Dialect::Control, None, Handler::Quick(control::clock));
        table.route = table.route.at("/control/clock", RouteMethod::new().post(advance).get(read));
        table
    }
}
