//! The HTTP server: routes and layers put together.

use std::{sync::Arc, time::Duration};

use ipnet::IpNet;
use poem::{Endpoint, EndpointExt, IntoEndpoint, Response, get};
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

pub use super::listen::serve;

use super::{
    admin::{self, AdminApis},
    auth::{
        AuthApi, api_keys::ApiKeysApi, export::Sources, google::GoogleApi, me::MeApi,
        second_factor::SecondFactorApi,
    },
    auth_scheme::{Gate, Site},
    catalogue::CatalogueApi,
    document::{self, Document, ui},
    feed::Feed,
    hooks::HooksApi,
    letters, links,
    metrics::{MetricsApi, MetricsDoor},
    middleware::{
        TrustedProxies,
        body_limit::{BODY_TIME, BodyLimit},
        cors::Cors,
        deadline::Deadline,
        frame::Frame,
        host::OneHost,
        limits::Limits,
        query::NamedOnce,
        rate::RateLimit,
    },
    notifications::NotificationsApi,
    payments::PaymentsApi,
    problem::{catch::CatchProblems, pages},
    services::Services,
    status::StatusApi,
    support::SupportApi,
    system::{self, SystemApi},
    telling::Teller,
    verifications::{VerificationsApi, again::AgainApi, batch::BatchApi, events::Streams},
    wallet::WalletApi,
    webhooks::{WebhooksApi, catching_up::EventsApi},
};
use crate::logging::LoggedUsers;

const DEADLINE: Duration = Duration::from_secs(30);

/// How requests are served.
#[derive(Clone)]
pub struct HttpSettings {
    /// Scheme, host and port that browsers know us by, without a path.
    pub origin: String,
    /// Where staff works, if not there.
    pub staff_origin: Option<String>,
    /// Proxies that are believed about the client's address.
    pub trusted_proxies: Vec<IpNet>,
    /// How often who may ask.
    pub limits: Arc<Limits>,
    /// Origins whose pages may call the API.
    pub cors_origins: Vec<String>,
    /// What opens `/metrics` from elsewhere.
    pub metrics_token: Option<SecretString>,
    /// True if `/letters` shows what letters look like.
    pub letter_previews: bool,
    /// How users are named in logs.
    pub log_users: LoggedUsers,
}

/// Every route of the document.
type Routes = (
    (AuthApi, SecondFactorApi, GoogleApi, ApiKeysApi),
    MeApi,
    WalletApi,
    PaymentsApi,
    CatalogueApi,
    (VerificationsApi, AgainApi, BatchApi),
    (WebhooksApi, EventsApi),
    (SupportApi, NotificationsApi),
    HooksApi,
    (SystemApi, MetricsApi, StatusApi),
    AdminApis,
);

fn routes(services: &Services, site: Site, stop: CancellationToken) -> Routes {
    let Services { auth, wallet, payments, verifications, catalogue, store, clock, random, .. } =
        services.clone();
    let feed = Feed::new(services.told.clone(), services.events.clone(), stop);
    let teller = Teller {
        orders: verifications.clone(),
        payments: payments.clone(),
        wallet: wallet.clone(),
        clock: clock.clone(),
    };
    (
        (
            AuthApi { auth: auth.clone(), site: site.clone() },
            SecondFactorApi { auth: auth.clone(), site: site.clone() },
            GoogleApi { auth: auth.clone(), identities: services.identities.clone(), site },
            ApiKeysApi { auth: auth.clone() },
        ),
        MeApi {
            sources: Sources {
                auth: auth.clone(),
                wallet: wallet.clone(),
                payments: payments.clone(),
                verifications: verifications.clone(),
                retention: services.retention.clone(),
                support: services.support.clone(),
                webhooks: services.webhooks.clone(),
                notifications: services.notifications.clone(),
                clock: clock.clone(),
            },
        },
        WalletApi { wallet },
        PaymentsApi { payments: payments.clone(), clock: clock.clone(), random: random.clone() },
        CatalogueApi { catalogue, clock: clock.clone() },
        (
            VerificationsApi {
                verifications: verifications.clone(),
                auth,
                teller: teller.clone(),
                streams: Streams::default(),
                feed: feed.clone(),
                clock: clock.clone(),
                random: random.clone(),
            },
            AgainApi { verifications: verifications.clone(), clock: clock.clone(), random: random.clone() },
            BatchApi { verifications, clock: clock.clone(), random: random.clone() },
        ),
        (WebhooksApi { webhooks: services.webhooks.clone() }, EventsApi { feed, teller }),
        (
            SupportApi { support: services.support.clone() },
            NotificationsApi { notifications: services.notifications.clone() },
        ),
        HooksApi {
            store,
            clock,
            random,
            paystack: services.paystack.clone(),
            textverified: services.textverified.clone(),
        },
        (
            SystemApi { readiness: services.readiness.clone() },
            MetricsApi {
                metrics: services.metrics.clone(),
                sources: services.gauged.clone(),
                clock: services.clock.clone(),
            },
            StatusApi { board: services.status.clone() },
        ),
        admin::apis(services),
    )
}

/// The whole application: every route with every layer. `stop` ends streams and long polls.
pub fn build(
    services: &Services,
    settings: &HttpSettings,
    stop: CancellationToken,
) -> impl Endpoint<Output = Response> + 'static {
    let proxies = TrustedProxies::new(settings.trusted_proxies.clone());
    let site = Site { origin: settings.origin.clone(), staff_origin: settings.staff_origin.clone() };
    let gate = Gate::new(services.auth.clone(), services.staff.clone(), site.clone());
    let api = document::described(routes(services, site.clone(), stop));
    let document = Document::of(&api);
    let app = ui::routes(&document)
        .at("/verify-email", get(links::verify_email))
        .at("/reset-password", get(links::reset_password))
        .at("/confirm-email", get(links::confirm_email))
        .at("/second-factor", get(links::second_factor))
        .at("/payments/return", get(links::payment_return))
        .at("/problems", get(pages::all))
        .at("/problems/:slug", get(pages::one));
    let app = match settings.letter_previews {
        true => app.at("/letters", get(letters::all)).at("/letters/:file", get(letters::one)),
        false => app,
    };
    let app = app.nest_no_strip("/", with_front(api.into_endpoint()));
    app.data(MetricsDoor(settings.metrics_token.clone()))
        .data(letters::Site(settings.origin.clone()))
        .with(NamedOnce)
        .with(OneHost)
        .with(BodyLimit { time: BODY_TIME })
        .with(CatchProblems::new(document.allowed.clone()))
        .with(RateLimit {
            limits: settings.limits.clone(),
            proxies: proxies.clone(),
            gate,
            logged: settings.log_users,
        })
        // Outside of the rate limit, which asks the store whose a credential is.
        .with(Deadline(DEADLINE))
        .with(Cors::new(&settings.cors_origins))
        .with(Frame { https: site.is_https(), metrics: services.metrics.clone(), proxies })
}

/// The front page, and the API behind it: what is nested at the root takes the root itself.
fn with_front(api: impl Endpoint + 'static) -> impl Endpoint<Output = Response> + 'static {
    let front = Arc::new(get(system::front));
    api.map_to_response().around(move |api, request| {
        let front = front.clone();
        async move {
            if request.uri().path() == "/" { front.call(request).await } else { api.call(request).await }
        }
    })
}

/// The OpenAPI document, which needs no service to run.
pub fn openapi() -> String {
    let api = document::described(document::WithoutRoutes::<Routes>::default());
    String::from_utf8_lossy(&Document::of(&api).json).into_owned()
}
