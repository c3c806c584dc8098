//! What an API key may do: every route of the document, by every scope.

use std::collections::BTreeMap;

use namaskah::http::server;
use namaskah_domain::{
    Change, Store, UnitOfWork,
    auth::{AuthReads, Email, Scope, Suspension},
};
use reqwest::Response;
use serde_json::{Value, json};

use crate::given::{Person, World, body, problem, world};

/// The decision about each route but those of staff: the scopes that a key needs, all of them; `None`: no key may.
const ROUTES: &[(&str, Option<&[Scope]>)] = {
    use Scope::{
        VerificationsRead as OrdersRead, VerificationsWrite as OrdersWrite, WalletRead, WalletWrite,
        WebhooksWrite,
    };
    &[
        ("delete /api/v1/api-keys/{id}", None),
        ("delete /api/v1/auth/google", None),
        ("delete /api/v1/auth/session", None),
        ("delete /api/v1/auth/sessions/{id}", None),
        ("delete /api/v1/me", None),
        ("get /api/v1/api-keys", None),
        ("get /api/v1/auth/csrf", None),
        ("get /api/v1/auth/sessions", None),
        ("get /api/v1/countries", Some(&[OrdersRead])),
        ("get /api/v1/events", Some(&[WalletRead, OrdersRead])),
        ("get /api/v1/events/stream", Some(&[WalletRead, OrdersRead])),
        ("get /api/v1/me", None),
        ("get /api/v1/me/export", None),
        ("get /api/v1/payments", Some(&[WalletRead])),
        ("get /api/v1/payments/{id}", Some(&[WalletRead])),
        ("get /api/v1/payments/{id}/refunds", Some(&[WalletRead])),
        ("get /api/v1/prices", Some(&[OrdersRead])),
        ("get /api/v1/quotes/{id}", Some(&[OrdersRead])),
        ("get /api/v1/services", Some(&[OrdersRead])),
        ("get /api/v1/verifications", Some(&[OrdersRead])),
        ("get /api/v1/verifications/batch/{id}", Some(&[OrdersRead])),
        ("get /api/v1/verifications/{id}", Some(&[OrdersRead])),
        ("get /api/v1/verifications/{id}/events", Some(&[OrdersRead])),
        ("get /api/v1/verifications/{id}/messages", Some(&[OrdersRead])),
        ("get /api/v1/wallet", Some(&[WalletRead])),
        ("get /api/v1/wallet/entries", Some(&[WalletRead])),
        ("get /api/v1/wallet/holds", Some(&[WalletRead])),
        ("get /api/v1/wallet/settings", Some(&[WalletRead])),
        ("get /api/v1/wallet/statement.csv", Some(&[WalletRead])),
        ("get /api/v1/notifications", None),
        ("get /api/v1/notifications/settings", None),
        ("get /api/v1/support/tickets", None),
        ("get /api/v1/support/tickets/{id}", None),
        ("get /api/v1/support/tickets/{id}/messages", None),
        ("post /api/v1/api-keys", None),
        ("patch /api/v1/me", None),
        ("post /api/v1/auth/google/link", None),
        ("post /api/v1/auth/logout", None),
        ("post /api/v1/auth/logout-all", None),
        ("post /api/v1/auth/password/change", None),
        ("post /api/v1/auth/step-up", None),
        ("post /api/v1/auth/totp/confirm", None),
        ("post /api/v1/auth/totp/disable", None),
        ("post /api/v1/auth/totp/enroll", None),
        ("post /api/v1/payments", Some(&[WalletWrite])),
        ("post /api/v1/payments/{id}/refund", Some(&[WalletWrite])),
        ("post /api/v1/payments/{id}/sync", Some(&[WalletWrite])),
        ("post /api/v1/quotes", Some(&[OrdersWrite])),
        ("post /api/v1/notifications/{id}/read", None),
        ("put /api/v1/notifications/settings", None),
        ("post /api/v1/support/tickets", None),
        ("post /api/v1/support/tickets/{id}/messages", None),
        ("post /api/v1/verifications", Some(&[OrdersWrite])),
        ("post /api/v1/verifications/batch", Some(&[OrdersWrite])),
        ("post /api/v1/verifications/{id}/cancel", Some(&[OrdersWrite])),
        ("post /api/v1/verifications/{id}/report", Some(&[OrdersWrite])),
        ("post /api/v1/verifications/{id}/retry", Some(&[OrdersWrite])),
        ("post /api/v1/verifications/{id}/swap", Some(&[OrdersWrite])),
        ("put /api/v1/wallet/settings", Some(&[WalletWrite])),
        ("delete /api/v1/webhook-endpoints/{id}", Some(&[WebhooksWrite])),
        ("get /api/v1/webhook-endpoints", Some(&[WebhooksWrite])),
        ("get /api/v1/webhook-endpoints/{id}", Some(&[WebhooksWrite])),
        ("get /api/v1/webhook-endpoints/{id}/deliveries", Some(&[WebhooksWrite])),
        ("patch /api/v1/webhook-endpoints/{id}", Some(&[WebhooksWrite])),
        ("post /api/v1/webhook-endpoints", Some(&[WebhooksWrite])),
        ("post /api/v1/webhook-endpoints/deliveries/{id}/replay", Some(&[WebhooksWrite])),
        ("post /api/v1/webhook-endpoints/{id}/replay", Some(&[WebhooksWrite])),
        ("post /api/v1/webhook-endpoints/{id}/rotate-secret", Some(&[WebhooksWrite])),
        ("post /api/v1/webhook-endpoints/{id}/test", Some(&[WebhooksWrite])),
    ]
};

/// Every decision. No key may do what staff does, whichever route is added there.
fn decided() -> Vec<(String, Option<&'static [Scope]>)> {
    let staff = described().into_keys().filter(|route| route.contains(" /api/v1/admin/"));
    let others = ROUTES.iter().map(|(route, scopes)| ((*route).to_owned(), *scopes));
    others.chain(staff.map(|route| (route, None))).collect()
}

/// Routes that ask for a credential, with the scopes that the document names.
fn described() -> BTreeMap<String, Option<Vec<String>>> {
    let document: Value = serde_json::from_str(&server::openapi()).expect("JSON");
    let mut routes = BTreeMap::new();
    // Metrics are for watchers, who are no users and have no user's credential.
    let paths = document["paths"].as_object().expect("paths").iter().filter(|(path, _)| *path != "/metrics");
    for (path, operations) in paths {
        for (method, operation) in operations.as_object().expect("operations") {
            let Some(schemes) = operation["security"].as_array() else { continue };
            let takes_keys = schemes.contains(&json!({"ApiKey": []}));
            let scopes = operation["x-api-key-scopes"].as_array();
            assert_eq!(scopes.is_some(), takes_keys, "{method} {path}");
            let scopes = scopes.map(|scopes| {
                scopes.iter().map(|scope| scope.as_str().expect("a name").to_owned()).collect::<Vec<_>>()
            });
            routes.insert(format!("{method} {path}"), scopes);
        }
    }
    routes
}

#[test]
fn every_route_that_asks_for_a_credential_is_decided_and_described_as_decided() {
    let names = |scopes: &[Scope]| scopes.iter().map(|scope| scope.name().to_owned()).collect();
    let decided: BTreeMap<_, _> =
        decided().into_iter().map(|(route, scopes)| (route, scopes.map(names))).collect();
    assert_eq!(described(), decided, "each route needs a decision here");
}

/// A key of a person with these scopes; what else is asked of it goes in as fields.
async fn key(person: &Person<'_>, scopes: &[Scope], more: Value) -> (String, String) {
    let mut wish = json!({"name": "CI", "scopes": scopes.iter().map(|s| s.name()).collect::<Vec<_>>()});
    for (name, value) in more.as_object().into_iter().flatten() {
        wish[name] = value.clone();
    }
    person.steps_up().await;
    let new = body(person.post("/api/v1/api-keys", "unused", wish).await, 201).await;
    let field = |name: &str| new[name].as_str().expect("a text").to_owned();
    (field("id"), field("secret"))
}

/// Asks without a body or a sound identifier: who is let in is refused for that, or answered.
async fn ask(world: &World, route: &str, key: &str) -> Response {
    let (method, path) = route.split_once(' ').expect("a method and a path");
    let path = path.replace("{id}", "x");
    world.request(&method.to_uppercase(), &path).bearer_auth(key).send().await.expect("an answer")
}

#[tokio::test]
async fn a_key_is_let_in_where_its_scopes_allow_and_nowhere_else() {
    let world = world().await;
    let ada = world.person("ada@example.com").await;
    let mut sets: Vec<Vec<Scope>> = Scope::ALL.map(|scope| vec![scope]).to_vec();
    sets.push(Scope::ALL.to_vec());
    for scopes in sets {
        let (_, secret) = key(&ada, &scopes, json!({})).await;
        for (route, needs) in decided() {
            let answer = ask(&world, &route, &secret).await;
            if needs.is_some_and(|needs| needs.iter().all(|need| scopes.contains(need))) {
                let status = answer.status().as_u16();
                assert!(![401, 403].contains(&status) && status < 500, "{route} with {scopes:?}: {status}");
            } else {
                assert_eq!(problem(answer, 403).await, "forbidden", "{route} with {scopes:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_key_that_is_not_good_is_let_in_nowhere() {
    let world = world().await;
    let ada = world.person("ada@example.com").await;
    let bob = world.person("bob@example.com").await;
    let (id, deleted) = key(&ada, &Scope::ALL, json!({})).await;
    let path = format!("/api/v1/api-keys/{id}");
    let gone = ada.request("DELETE", &path).send().await.expect("an answer");
    assert_eq!(gone.status(), 204);
    let (_, elsewhere) = key(&ada, &Scope::ALL, json!({"allowed_ips": ["203.0.113.0/24", "::1"]})).await;
    let (_, of_suspended) = key(&bob, &Scope::ALL, json!({})).await;
    suspend(&world, "bob@example.com").await;
    let unknown = format!("nmk_{}", "0".repeat(64));
    for (route, _) in decided() {
        for (key, status, code) in [
            (&unknown, 401, "unauthorized"),
            (&deleted, 401, "unauthorized"),
            (&deleted[..60].to_owned(), 401, "unauthorized"),
            (&elsewhere, 403, "forbidden"),
            (&of_suspended, 403, "account_suspended"),
        ] {
            assert_eq!(problem(ask(&world, &route, key).await, status).await, code, "{route}");
        }
    }
}

async fn suspend(world: &World, address: &str) {
    let email = Email::try_new(address).expect("an address");
    let mut user = world.store.user_by_email(&email).await.expect("an answer").expect("somebody").touched();
    let since = user.created_at;
    user.suspension = Some(Suspension { reason: "a test".to_owned(), since, until: None });
    world.store.commit(UnitOfWork::new().with(Change::User(user))).await.expect("a commit");
}

#[tokio::test]
async fn a_key_that_has_expired_is_let_in_nowhere() {
    let world = world().await;
    let ada = world.person("ada@example.com").await;
    let now = body(ada.get("/api/v1/auth/sessions").await, 200).await;
    let begun = now["data"][0]["created_at"].as_str().expect("a time");
    let begun = chrono::DateTime::parse_from_rfc3339(begun).expect("a time");
    let until = (begun + chrono::TimeDelta::seconds(3_600)).to_rfc3339();
    let (_, secret) = key(&ada, &Scope::ALL, json!({"expires_at": until})).await;
    assert_eq!(ask(&world, "get /api/v1/wallet", &secret).await.status(), 200);
    world.clock.advance(namaskah_domain::time::seconds(3_600));
    for (route, _) in decided() {
        assert_eq!(problem(ask(&world, &route, &secret).await, 401).await, "unauthorized", "{route}");
    }
}

#[tokio::test]
async fn the_address_that_counts_is_the_clients_own_and_not_one_that_it_claims() {
    let world = world().await;
    let ada = world.person("ada@example.com").await;
    let (_, there) = key(&ada, &[Scope::WalletRead], json!({"allowed_ips": ["203.0.113.7"]})).await;
    let claimed = world.request("GET", "/api/v1/wallet").bearer_auth(&there);
    let claimed = claimed.header("x-forwarded-for", "203.0.113.7").send().await.expect("an answer");
    assert_eq!(problem(claimed, 403).await, "forbidden");
    let (_, here) = key(&ada, &[Scope::WalletRead], json!({"allowed_ips": ["127.0.0.0/8"]})).await;
    assert_eq!(ask(&world, "get /api/v1/wallet", &here).await.status(), 200);
}

#[tokio::test]
async fn a_key_is_shown_whole_once_and_wishes_that_make_no_sense_are_refused() {
    let world = world().await;
    let ada = world.person("ada@example.com").await;
    let (id, secret) = key(&ada, &[Scope::WalletRead], json!({"allowed_ips": ["10.1.2.3/8"]})).await;
    let listed = body(ada.get("/api/v1/api-keys").await, 200).await;
    assert!(!listed.to_string().contains(&secret));
    let shown = &listed["data"][0];
    assert_eq!(shown["id"], id);
    assert!(secret.starts_with(shown["prefix"].as_str().expect("a prefix")));
    assert_eq!(shown["scopes"], json!(["wallet:read"]));
    assert_eq!(shown["allowed_ips"], json!(["10.0.0.0/8"]));
    for (field, value) in [
        ("name", json!("  ")),
        ("name", json!("n".repeat(101))),
        ("scopes", json!([])),
        ("scopes", json!(["wallet"])),
        ("expires_at", json!("2001-01-01T00:00:00Z")),
        ("allowed_ips", json!([])),
        ("allowed_ips", json!(["10.0.0.0/33"])),
        ("allowed_ips", json!(["localhost"])),
        ("allowed_ips", json!(vec!["10.0.0.0/8"; 33])),
    ] {
        let mut wish = json!({"name": "CI", "scopes": ["wallet:read"]});
        wish[field] = value.clone();
        let refused = body(ada.post("/api/v1/api-keys", "unused", wish).await, 422).await;
        let named = refused["errors"][0]["field"].as_str().expect("a field");
        assert!(named.starts_with(field), "{field} = {value}: {refused}");
    }
}
