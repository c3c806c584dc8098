//! Other origins: who is on the list reads answers, nobody else does.

use reqwest::{Response, header::HeaderMap};
use serde_json::json;

use crate::given::{FRIEND, World, world, world_with};

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).map(|value| value.to_str().expect("text").to_owned())
}

async fn asked(
    world: &World,
    method: &str,
    path: &str,
    origin: &str,
    preflight_for: Option<&str>,
) -> Response {
    let mut request = world.request(method, path).header("origin", origin);
    if let Some(wanted) = preflight_for {
        request = request.header("access-control-request-method", wanted);
        request = request.header("access-control-request-headers", "authorization,idempotency-key");
    }
    request.send().await.expect("an answer")
}

/// What says that an origin may read it.
fn grants(headers: &HeaderMap) -> Vec<String> {
    let names = headers.keys().map(ToString::to_string);
    names.filter(|name| name.starts_with("access-control-")).collect()
}

#[tokio::test]
async fn pages_of_the_list_may_read_every_kind_of_answer() {
    let world = world().await;
    let person = world.person("ada@example.com").await;
    for (path, status) in [("/healthz", 200), ("/api/v1/wallet", 401), ("/nowhere", 404), ("/docs", 200)] {
        let answer = asked(&world, "GET", path, FRIEND, None).await;
        assert_eq!(answer.status(), status, "{path}");
        let headers = answer.headers();
        assert_eq!(header(headers, "access-control-allow-origin").as_deref(), Some(FRIEND), "{path}");
        let exposed = header(headers, "access-control-expose-headers").expect("a list");
        for name in ["x-request-id", "retry-after", "ratelimit", "idempotent-replayed", "etag"] {
            assert!(exposed.split(", ").any(|known| known == name), "{path}: {exposed}");
        }
        assert!(!headers.contains_key("access-control-allow-credentials"), "{path}");
    }
    let stream = world.request("GET", "/api/v1/events/stream").bearer_auth(person.token());
    let stream = stream.header("origin", FRIEND).send().await.expect("an answer");
    assert_eq!(header(stream.headers(), "access-control-allow-origin").as_deref(), Some(FRIEND));
}

#[tokio::test]
async fn a_preflight_is_told_the_methods_of_its_route() {
    let world = world().await;
    for (path, wanted, methods) in [
        ("/api/v1/payments", "POST", vec!["GET", "HEAD", "POST"]),
        ("/api/v1/auth/sessions", "GET", vec!["GET", "HEAD"]),
        ("/api/v1/verifications/ver_x/cancel", "POST", vec!["POST"]),
    ] {
        let answer = asked(&world, "OPTIONS", path, FRIEND, Some(wanted)).await;
        assert_eq!(answer.status(), 204, "{path}");
        let headers = answer.headers().clone();
        let told = header(&headers, "access-control-allow-methods").expect("methods");
        let mut told: Vec<&str> = told.split(", ").collect();
        told.sort_unstable();
        assert_eq!(told, methods, "{path}");
        assert_eq!(header(&headers, "access-control-allow-origin").as_deref(), Some(FRIEND));
        let may_send = header(&headers, "access-control-allow-headers").expect("headers");
        assert!(may_send.contains("authorization") && may_send.contains("idempotency-key"), "{may_send}");
        assert_eq!(header(&headers, "access-control-max-age").as_deref(), Some("600"));
        assert!(headers.contains_key("ratelimit") && !headers.contains_key("content-type"), "{headers:?}");
        assert_eq!(answer.text().await.expect("nothing"), "");
    }
    let nowhere = asked(&world, "OPTIONS", "/api/v1/nowhere", FRIEND, Some("POST")).await;
    assert_eq!(nowhere.status(), 404);
}

#[tokio::test]
async fn nobody_else_is_told_anything() {
    let world = world().await;
    for stranger in [
        "https://evil.example",
        "null",
        "*",
        "http://app.example",
        "https://app.example:8443",
        "https://app.example.evil.example",
        "https://evil-app.example",
        "https://APP.example",
        "https://app.example/",
        "https://app.example, https://evil.example",
        "",
    ] {
        let answer = asked(&world, "GET", "/healthz", stranger, None).await;
        assert_eq!(grants(answer.headers()), Vec::<String>::new(), "{stranger:?}");
        assert!(header(answer.headers(), "vary").is_some_and(|vary| vary.contains("origin")), "{stranger:?}");
        let answer = asked(&world, "OPTIONS", "/api/v1/payments", stranger, Some("POST")).await;
        assert_eq!(answer.status(), 405, "{stranger:?}");
        assert_eq!(grants(answer.headers()), Vec::<String>::new(), "{stranger:?}");
    }
}

#[tokio::test]
async fn caches_are_told_that_answers_differ_by_origin_beside_what_else_they_differ_by() {
    let world = world().await;
    let script = world.get("/docs/swagger-ui.js").await;
    let lines = script.headers().get_all("vary").iter().map(|line| line.to_str().expect("text"));
    assert_eq!(lines.collect::<Vec<_>>().join(", "), "accept-encoding, origin");
}

#[tokio::test]
async fn a_page_of_the_list_can_read_that_it_asks_too_often() {
    let world = world_with(1, Vec::new()).await;
    let body = json!({"email": "ada@example.com", "password": "x"});
    for n in 0..6 {
        let request = world.request("POST", "/api/v1/auth/login").header("origin", FRIEND).json(&body);
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), if n < 5 { 401 } else { 429 });
        assert_eq!(header(answer.headers(), "access-control-allow-origin").as_deref(), Some(FRIEND));
    }
}
