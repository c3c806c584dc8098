//! Headers that protect browsers, on every kind of answer.

use std::sync::atomic::Ordering;

use reqwest::{Response, header::HeaderMap};
use serde_json::json;

use crate::given::{World, world, world_known_as, world_with};

/// What each answer must have. Returns its policy of content.
#[track_caller]
fn protects(what: &str, headers: &HeaderMap) -> String {
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        let all: Vec<_> = headers.get_all(name).iter().collect();
        assert_eq!(all, [value], "{what}: {name}");
    }
    let permissions = headers["permissions-policy"].to_str().expect("text");
    assert!(permissions.contains("camera=()") && !permissions.contains('*'), "{what}: {permissions}");
    let policy = headers["content-security-policy"].to_str().expect("text").to_owned();
    assert!(policy.starts_with("default-src 'none'"), "{what}: {policy}");
    assert!(policy.contains("frame-ancestors 'none'"), "{what}: {policy}");
    assert!(!policy.contains("unsafe") && !policy.contains('*'), "{what}: {policy}");
    assert!(headers.contains_key("x-request-id") && headers.contains_key("cache-control"), "{what}");
    policy
}

/// One answer of each kind: what it is, its status, and the answer.
async fn every_kind(world: &World) -> Vec<(&'static str, u16, Response)> {
    let person = world.person("ada@example.com").await;
    let send = async |method: &str, path: &str| world.request(method, path).send().await.expect("an answer");
    let large = world.request("POST", "/api/v1/auth/login").header("content-type", "application/json");
    let large = large.body(vec![b' '; 300 * 1024]).send().await.expect("an answer");
    let invalid = world.post("/api/v1/auth/login", json!({"email": "nobody", "password": "x"})).await;
    let signs_out = world.request("POST", "/api/v1/auth/logout").bearer_auth(person.token());
    let signs_out = signs_out.send().await.expect("an answer");
    let mut kinds = vec![
        ("JSON", 200, world.get("/healthz").await),
        ("nothing", 204, signs_out),
        ("no such page", 404, world.get("/nowhere").await),
        ("no such route", 404, world.get("/api/v1/nowhere").await),
        ("wrong method", 405, send("DELETE", "/api/v1/wallet").await),
        ("OPTIONS", 405, send("OPTIONS", "/api/v1/wallet").await),
        ("HEAD", 200, send("HEAD", "/healthz").await),
        ("not signed in", 401, world.get("/api/v1/wallet").await),
        ("too large", 413, large),
        ("invalid", 422, invalid),
        ("the document", 200, world.get("/openapi.json").await),
        ("a script", 200, world.get("/docs/swagger-ui.js").await),
    ];
    for page in ["/", "/docs", "/problems", "/problems/quote-expired", "/verify-email", "/reset-password"] {
        kinds.push((page, 200, world.get(page).await));
    }
    let reader = world.person("grace@example.com").await;
    kinds.push(("a stream", 200, reader.get("/api/v1/events/stream").await));
    world.ready.0.store(false, Ordering::SeqCst);
    kinds.push(("not ready", 503, world.get("/readyz").await));
    kinds
}

#[tokio::test]
async fn every_kind_of_answer_protects_browsers() {
    let world = world().await;
    for (what, status, answer) in every_kind(&world).await {
        assert_eq!(answer.status(), status, "{what}");
        let headers = answer.headers().clone();
        let policy = protects(what, &headers);
        // Over http a browser must not be told to come back by https.
        assert!(!headers.contains_key("strict-transport-security"), "{what}");
        let is_page =
            headers.get("content-type").is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
        assert_eq!(is_page, policy.contains("style-src"), "{what}: {policy}");
    }
    let limited = world_with(1, Vec::new()).await;
    let answers = futures::future::join_all((0..101).map(|_| limited.get("/api/v1/wallet"))).await;
    let refused = answers.into_iter().find(|answer| answer.status() == 429).expect("a refusal");
    protects("too many", refused.headers());
}

#[tokio::test]
async fn what_belongs_to_somebody_is_kept_by_no_cache() {
    let world = world().await;
    let ada = world.person("ada@example.com").await;
    for path in ["me", "me/export", "wallet", "wallet/statement.csv", "api-keys", "verifications", "nowhere"]
    {
        let answer = ada.get(&format!("/api/v1/{path}")).await;
        assert_eq!(answer.headers()["cache-control"], "no-store", "{path}");
    }
}

#[tokio::test]
async fn over_https_browsers_are_told_to_stay_there() {
    let world = world_known_as("https", 1_000, Vec::new()).await;
    for path in ["/", "/docs", "/healthz", "/nowhere", "/api/v1/wallet"] {
        let answer = world.get(path).await;
        let told = answer.headers()["strict-transport-security"].to_str().expect("text").to_owned();
        assert_eq!(told, "max-age=63072000; includeSubDomains", "{path}");
    }
}
