//! The route table of the document, walked by everybody: each is answered as the table of permissions says.

use namaskah_domain::{
    auth::Role,
    staff::{Permission, Proof},
};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::{
    super::bad_input::{document, operations},
    Member, World, member, newcomer, on_both, owner,
};
use crate::journeys::{
    customer::{Answer, Customer},
    google::Browser,
};

on_both! {
    each_admin_route_is_answered_as_the_table_of_permissions_says,
    a_sign_in_of_staff_is_over_after_half_an_hour_of_nothing_and_after_half_a_day,
    staff_comes_from_the_networks_of_the_list_alone,
    what_another_site_makes_a_browser_of_staff_ask_is_nobodys,
}

type Gated = (&'static str, &'static str, Permission, Proof);

/// Every route and what it takes. A route that is missing here fails the journey.
#[rustfmt::skip]
const ROUTES: &[Gated] = &[
    ("GET", "/api/v1/admin/adjustments", Permission::PaymentsRead, Proof::SignIn),
    ("GET", "/api/v1/admin/adjustments/{id}", Permission::PaymentsRead, Proof::SignIn),
    ("POST", "/api/v1/admin/adjustments/{id}/approve", Permission::Approve, Proof::StepUp),
    ("POST", "/api/v1/admin/adjustments/{id}/reject", Permission::Approve, Proof::StepUp),
    ("POST", "/api/v1/admin/users/{id}/adjustments", Permission::Adjust, Proof::StepUp),
    ("GET", "/api/v1/admin/audit-log", Permission::Audit, Proof::SignIn),
    ("GET", "/api/v1/admin/audit-log/verify", Permission::Audit, Proof::SignIn),
    ("GET", "/api/v1/admin/ip-allowlist", Permission::Settings, Proof::SignIn),
    ("POST", "/api/v1/admin/ip-allowlist", Permission::Settings, Proof::StepUp),
    ("DELETE", "/api/v1/admin/ip-allowlist", Permission::Settings, Proof::StepUp),
    ("GET", "/api/v1/admin/payments", Permission::PaymentsRead, Proof::SignIn),
    ("GET", "/api/v1/admin/payments/{id}", Permission::PaymentsRead, Proof::SignIn),
    ("POST", "/api/v1/admin/payments/{id}/sync", Permission::PaymentsRead, Proof::SignIn),
    ("POST", "/api/v1/admin/payments/{id}/refund", Permission::Refund, Proof::StepUp),
    ("GET", "/api/v1/admin/suspense", Permission::PaymentsRead, Proof::SignIn),
    ("POST", "/api/v1/admin/suspense/{id}/resolve", Permission::Suspense, Proof::StepUp),
    ("GET", "/api/v1/admin/reconciliation", Permission::Reconcile, Proof::SignIn),
    ("POST", "/api/v1/admin/reconciliation/run", Permission::Reconcile, Proof::SignIn),
    ("POST", "/api/v1/admin/reconciliation/items/{id}/resolve", Permission::Reconcile, Proof::StepUp),
    ("GET", "/api/v1/admin/jobs", Permission::Jobs, Proof::SignIn),
    ("POST", "/api/v1/admin/jobs/{id}/retry", Permission::Jobs, Proof::SignIn),
    ("POST", "/api/v1/admin/jobs/{id}/cancel", Permission::Jobs, Proof::StepUp),
    ("GET", "/api/v1/admin/purchases", Permission::OrdersRead, Proof::SignIn),
    ("GET", "/api/v1/admin/stats", Permission::Stats, Proof::SignIn),
    ("GET", "/api/v1/admin/exports/users.csv", Permission::Exports, Proof::StepUp),
    ("GET", "/api/v1/admin/exports/entries.csv", Permission::Exports, Proof::StepUp),
    ("GET", "/api/v1/admin/exports/verifications.csv", Permission::Exports, Proof::StepUp),
    ("GET", "/api/v1/admin/settings", Permission::Settings, Proof::SignIn),
    ("GET", "/api/v1/admin/pricing-rules", Permission::Pricing, Proof::SignIn),
    ("POST", "/api/v1/admin/pricing-rules", Permission::Pricing, Proof::StepUp),
    ("POST", "/api/v1/admin/pricing-rules/preview", Permission::Pricing, Proof::SignIn),
    ("GET", "/api/v1/admin/pricing-rules/{id}", Permission::Pricing, Proof::SignIn),
    ("DELETE", "/api/v1/admin/pricing-rules/{id}", Permission::Pricing, Proof::StepUp),
    ("GET", "/api/v1/admin/providers", Permission::Providers, Proof::SignIn),
    ("POST", "/api/v1/admin/providers/{id}/off", Permission::Providers, Proof::StepUp),
    ("POST", "/api/v1/admin/providers/{id}/on", Permission::Providers, Proof::StepUp),
    ("GET", "/api/v1/admin/services", Permission::Services, Proof::SignIn),
    ("POST", "/api/v1/admin/services/{code}/block", Permission::Services, Proof::StepUp),
    ("POST", "/api/v1/admin/services/{code}/unblock", Permission::Services, Proof::StepUp),
    ("GET", "/api/v1/admin/staff", Permission::Staff, Proof::SignIn),
    ("POST", "/api/v1/admin/staff", Permission::Staff, Proof::StepUp),
    ("PATCH", "/api/v1/admin/staff/{id}", Permission::Staff, Proof::StepUp),
    ("DELETE", "/api/v1/admin/staff/{id}", Permission::Staff, Proof::StepUp),
    ("GET", "/api/v1/admin/suppressions", Permission::UsersRead, Proof::SignIn),
    ("GET", "/api/v1/admin/canned-answers", Permission::Tickets, Proof::SignIn),
    ("POST", "/api/v1/admin/canned-answers", Permission::Tickets, Proof::SignIn),
    ("PUT", "/api/v1/admin/canned-answers/{id}", Permission::Tickets, Proof::SignIn),
    ("DELETE", "/api/v1/admin/canned-answers/{id}", Permission::Tickets, Proof::SignIn),
    ("GET", "/api/v1/admin/tickets/{id}/order", Permission::Tickets, Proof::SignIn),
    ("GET", "/api/v1/admin/tickets", Permission::Tickets, Proof::SignIn),
    ("GET", "/api/v1/admin/tickets/{id}", Permission::Tickets, Proof::SignIn),
    ("GET", "/api/v1/admin/tickets/{id}/messages", Permission::Tickets, Proof::SignIn),
    ("POST", "/api/v1/admin/tickets/{id}/reply", Permission::Tickets, Proof::SignIn),
    ("POST", "/api/v1/admin/tickets/{id}/status", Permission::Tickets, Proof::SignIn),
    ("POST", "/api/v1/admin/tickets/{id}/assign", Permission::Tickets, Proof::SignIn),
    ("GET", "/api/v1/admin/users", Permission::UsersRead, Proof::SignIn),
    ("GET", "/api/v1/admin/users/{id}", Permission::UsersRead, Proof::SignIn),
    ("GET", "/api/v1/admin/users/{id}/mail", Permission::UsersRead, Proof::SignIn),
    ("POST", "/api/v1/admin/users/{id}/mail/allow", Permission::Tickets, Proof::SignIn),
    ("GET", "/api/v1/admin/users/{id}/webhook-endpoints", Permission::UsersRead, Proof::SignIn),
    ("POST", "/api/v1/admin/webhook-endpoints/{id}/off", Permission::UsersManage, Proof::StepUp),
    ("POST", "/api/v1/admin/webhook-endpoints/{id}/on", Permission::UsersManage, Proof::StepUp),
    ("GET", "/api/v1/admin/users/{id}/timeline", Permission::UsersRead, Proof::SignIn),
    ("POST", "/api/v1/admin/users/{id}/suspend", Permission::UsersManage, Proof::StepUp),
    ("POST", "/api/v1/admin/users/{id}/unsuspend", Permission::UsersManage, Proof::StepUp),
    ("POST", "/api/v1/admin/users/{id}/force-reset", Permission::UsersManage, Proof::StepUp),
    ("POST", "/api/v1/admin/users/{id}/end-sessions", Permission::UsersManage, Proof::StepUp),
    ("GET", "/api/v1/admin/verifications", Permission::OrdersRead, Proof::SignIn),
    ("GET", "/api/v1/admin/verifications/{id}", Permission::OrdersRead, Proof::SignIn),
    ("GET", "/api/v1/admin/verifications/{id}/timeline", Permission::OrdersRead, Proof::SignIn),
    ("POST", "/api/v1/admin/verifications/{id}/cancel", Permission::OrdersCancel, Proof::SignIn),
];

/// The document's admin routes, in the table's form.
async fn documented(world: &World) -> Vec<(String, String)> {
    let mut routes: Vec<_> = operations(&document(world).await)
        .into_iter()
        .filter(|(_, path, _)| path.contains("/admin/"))
        .map(|(method, path, _)| (method.to_string(), path.trim_end_matches('/').to_owned()))
        .collect();
    routes.sort();
    routes
}

/// About a user who does not exist, with a body that is none: whoever is let in changes nothing.
fn request(who: &Customer, (method, path, ..): &Gated) -> RequestBuilder {
    let method = Method::from_bytes(method.as_bytes()).expect("a method");
    let path = path.replace("{id}", "usr_00000000000000000000000000");
    let request = who.request(method.clone(), &path).header("Idempotency-Key", who.new_key());
    if method == Method::GET { request } else { request.json(&json!({})) }
}

/// Each route refuses with that.
async fn all_refuse(who: &Customer, status: u16, code: &str) {
    for route in ROUTES {
        Answer::of(request(who, route)).await.refused(status, code);
    }
}

async fn as_the_table_says(who: &Customer, role: Role, is_lifted: bool) {
    for route in ROUTES {
        let (method, path, permission, proof) = route;
        let answer = Answer::of(request(who, route)).await;
        let code = if answer.status < 400 { Value::Null } else { answer.json()["code"].clone() };
        let told = format!("{role:?} {method} {path}: {} {code}", answer.status);
        if !permission.is_of(role) {
            assert_eq!((answer.status, &code), (403, &json!("forbidden")), "{told}");
        } else if *proof == Proof::StepUp && !is_lifted {
            assert_eq!((answer.status, &code), (403, &json!("step_up_required")), "{told}");
        } else {
            assert!(matches!(answer.status, 200 | 404 | 422), "{told}");
        }
    }
}

async fn each_admin_route_is_answered_as_the_table_of_permissions_says(world: &World) {
    let mut table: Vec<_> =
        ROUTES.iter().map(|(method, path, ..)| (method.to_string(), path.to_string())).collect();
    table.sort();
    assert_eq!(documented(world).await, table, "each admin route of the document is in the table");
    all_refuse(&Customer::stranger(&world.product), 401, "unauthorized").await;
    all_refuse(&world.customer().await, 403, "forbidden").await;
    let owner = owner(world).await;
    as_the_table_says(&owner.who, Role::Owner, true).await;
    for role in [Role::Support, Role::Finance, Role::Operator] {
        let new = newcomer(world, &owner, role.name()).await;
        new.sign_in().await;
        all_refuse(&new, 403, "second_factor_required").await;
        let member = Member::of(new).await;
        as_the_table_says(&member.who, role, false).await;
        member.steps_up().await;
        as_the_table_says(&member.who, role, true).await;
    }
    owner.signs_in().await;
    as_the_table_says(&owner.who, Role::Owner, false).await;
}

/// A browser's session, which lasts longer than access tokens.
struct Session<'a> {
    who: &'a Customer,
    cookie: String,
    csrf: String,
}

impl<'a> Session<'a> {
    async fn open(member: &'a Member) -> Self {
        let mut body = member.who.credentials();
        body["totp_code"] = json!(member.code());
        member.who.forget_tokens();
        let opened = member.who.post("auth/session", body).await;
        let cookie =
            opened.header("set-cookie").expect("a cookie").split(';').next().expect("a pair").to_owned();
        let csrf = opened.is(200)["csrf_token"].as_str().expect("a token").to_owned();
        Self { who: &member.who, cookie, csrf }
    }

    async fn ask(&self, route: &Gated) -> Answer {
        self.send(request(self.who, route)).await
    }

    async fn lift(&self, proof: Value) -> Answer {
        self.send(self.who.request(Method::POST, "auth/step-up").json(&proof)).await
    }

    async fn send(&self, request: RequestBuilder) -> Answer {
        let request = request.header("cookie", &self.cookie);
        Answer::of(request.header("x-csrf-token", &self.csrf)).await
    }
}

async fn a_sign_in_of_staff_is_over_after_half_an_hour_of_nothing_and_after_half_a_day(world: &World) {
    let owner = owner(world).await;
    let refresh = json!({ "refresh_token": owner.who.token("refresh_token") });
    let browser = Session::open(&owner).await;
    let users = &("GET", "/api/v1/admin/users", Permission::UsersRead, Proof::SignIn);
    browser.ask(users).await.is(200);
    world.controls.advance(31 * 60).await;
    for route in ROUTES {
        browser.ask(route).await.refused(401, "staff_session_over");
    }
    let stepping_up = browser.lift(json!({ "totp_code": owner.code() })).await;
    stepping_up.refused(401, "staff_session_over");
    owner.who.post("auth/refresh", refresh).await.refused(401, "invalid_token");
    let browser = Session::open(&owner).await;
    for _ in 0..25 {
        world.controls.advance(28 * 60).await;
        browser.ask(users).await.is(200);
    }
    world.controls.advance(20 * 60).await;
    browser.ask(users).await.refused(401, "staff_session_over");
}

async fn staff_comes_from_the_networks_of_the_list_alone(world: &World) {
    let owner = owner(world).await;
    let allow = |network: &str| {
        owner.who.post("admin/ip-allowlist", json!({ "network": network, "note": "the office" }))
    };
    allow("198.51.100.0/24").await.refused(409, "would_lock_you_out");
    let here = allow("127.0.0.1").await.is(201);
    assert_eq!(here["network"], "127.0.0.1/32");
    allow("198.51.100.7/24").await.is(201);
    allow("198.51.100.0/24").await.refused(422, "invalid_request");
    let list = owner.who.get("admin/ip-allowlist").await.is(200);
    assert_eq!(list["data"].as_array().map(Vec::len), Some(2));
    let line = owner.newest_line("198.51.100.0/24").await;
    assert_eq!((&line["action"], &line["after"]["note"]), (&json!("network.allowed"), &json!("the office")));
    assert_eq!(line["actor"]["ip"], "127.0.0.1");

    let mut away = Customer::stranger(&world.product);
    let elsewhere = std::net::IpAddr::from([127, 0, 0, 2]);
    away.http = reqwest::Client::builder().no_proxy().local_address(elsewhere).build().expect("a client");
    away.take_tokens(&json!({ "access_token": owner.who.token("access_token") }));
    all_refuse(&away, 403, "address_not_allowed").await;
    away.get("me").await.is(200);

    let remove =
        async |network: &str| owner.who.delete(&format!("admin/ip-allowlist?network={network}")).await;
    remove("127.0.0.1").await.refused(409, "would_lock_you_out");
    remove("203.0.113.0/24").await.refused(404, "not_found");
    remove("198.51.100.0/24").await.is(204);
    remove("127.0.0.1/32").await.is(204);
    as_the_table_says(&away, Role::Owner, true).await;
    assert_eq!(owner.newest_line("127.0.0.1/32").await["action"], "network.removed");
    let support = member(world, &owner, "support").await;
    as_the_table_says(&support.who, Role::Support, false).await;
}

/// An export is in the log before its first byte, and every read keeps staff from being idle.
async fn what_another_site_makes_a_browser_of_staff_ask_is_nobodys(world: &World) {
    let owner = owner(world).await;
    let browser = Browser::new(&world.product);
    let mut credentials = owner.who.credentials();
    credentials["totp_code"] = json!(owner.code());
    browser.opens_session(&credentials).await;
    browser.post("/api/v1/auth/step-up", json!({ "totp_code": owner.code() })).await.is(200);
    let exported = "SELECT COUNT(*) FROM audit_log WHERE action LIKE 'export.%'";
    let ask = async |path: &str, site: &str| {
        browser.send(browser.request(Method::GET, path).header("sec-fetch-site", site)).await
    };
    let day = "2026-01-01T00:00:00.000Z";
    let export = format!("/api/v1/admin/exports/users.csv?from={day}&to={day}");
    for site in ["cross-site", "same-site", "another word"] {
        ask("/api/v1/admin/users", site).await.refused(401, "unauthorized");
        ask(&export, site).await.refused(401, "unauthorized");
    }
    assert_eq!(world.books.count(exported).await, 0);
    for site in ["same-origin", "none"] {
        ask("/api/v1/admin/users", site).await.is(200);
    }
    // A token is sent by nobody but who has it.
    let by_token = owner.who.request(Method::GET, "admin/users").header("sec-fetch-site", "cross-site");
    Answer::of(by_token).await.is(200);
}

/// At the users' host there is no admin API, whoever asks; at staff's own a page of the users' changes nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_staff_has_a_host_of_its_own_the_admin_api_is_there_alone() {
    let settings = [("public_url", "http://users.test"), ("admin_url", "http://staff.test")];
    let world = World::on_sqlite(&settings).await;
    world.play(async |world: &World| staffs_host(world).await).await;
}

async fn staffs_host(world: &World) {
    let owner = owner(world).await;
    let asked = async |host: &str| {
        let request = owner.who.request(Method::GET, "/api/v1/admin/users").header("host", host);
        Answer::of(request).await
    };
    for host in ["users.test", "staff.test.users.test", "127.0.0.1", "staff.test:8080"] {
        asked(host).await.refused(404, "not_found");
    }
    asked("staff.test").await.is(200);
    asked("STAFF.test").await.is(200);

    let browser = Browser::new(&world.product);
    let mut credentials = owner.who.credentials();
    credentials["totp_code"] = json!(owner.code());
    browser.opens_session(&credentials).await;
    let csrf = browser.get("/api/v1/auth/csrf").await.is(200)["csrf_token"].clone();
    let csrf = csrf.as_str().expect("a token").to_owned();
    let from = async |host: &str, origin: &str| {
        let request = browser.request(Method::POST, "/api/v1/admin/reconciliation/run").header("host", host);
        browser.send(request.header("origin", origin).header("x-csrf-token", csrf.clone())).await
    };
    from("staff.test", "http://users.test").await.refused(401, "unauthorized");
    from("users.test", "http://staff.test").await.refused(404, "not_found");
    assert!(from("staff.test", "http://staff.test").await.status < 300);
}
