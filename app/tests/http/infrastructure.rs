//! What holds for every request.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::given::{body, problem, world};

/// Sends these bytes and reads until the server closes.
async fn raw(base: &str, bytes: &[u8]) -> String {
    let address = base.strip_prefix("http://").expect("http");
    let mut socket = tokio::net::TcpStream::connect(address).await.expect("a connection");
    socket.write_all(bytes).await.expect("sent");
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).await.expect("an answer");
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn every_error_is_a_problem() {
    let world = world().await;
    assert_eq!(problem(world.get("/nowhere").await, 404).await, "not_found");
    assert_eq!(problem(world.get("/api/v1/nowhere").await, 404).await, "not_found");
    assert_eq!(problem(world.get("/api/v1/wallet").await, 401).await, "unauthorized");
    let wrong_method = world.request("DELETE", "/api/v1/wallet").send().await.expect("an answer");
    assert_eq!(wrong_method.headers()["allow"], "GET, HEAD");
    assert_eq!(problem(wrong_method, 405).await, "method_not_allowed");
    let wrong_method = world.request("PATCH", "/api/v1/payments/pay_x").send().await.expect("an answer");
    assert_eq!(wrong_method.headers()["allow"], "GET, HEAD");
    let unauthorized = world.get("/api/v1/wallet").await;
    assert!(unauthorized.headers()["www-authenticate"].to_str().expect("text").starts_with("Bearer"));
}

#[tokio::test]
async fn bodies_are_json_of_the_right_shape_or_refused() {
    let world = world().await;
    let send = async |kind: &str, bytes: &[u8]| {
        let request = world.request("POST", "/api/v1/auth/login").header("content-type", kind);
        request.body(bytes.to_vec()).send().await.expect("an answer")
    };
    let json = "application/json";
    assert_eq!(problem(send("text/plain", b"{}").await, 415).await, "unsupported_media_type");
    assert_eq!(problem(send(json, b"").await, 400).await, "malformed_request");
    assert_eq!(problem(send(json, b"{\"email\":").await, 400).await, "malformed_request");
    assert_eq!(problem(send(json, b"{\"email\":\"\xff\"}").await, 400).await, "malformed_request");
    let twice = br#"{"email":"a@b.co","email":"c@d.co","password":"x"}"#;
    assert_eq!(problem(send(json, twice).await, 400).await, "malformed_request");
    let cases: [(&[u8], Value); 4] = [
        (br#"{"email":true,"password":"x"}"#, json!(["email", "wrong_type"])),
        (br#"{"email":"nobody","password":"x"}"#, json!(["email", "invalid"])),
        (br#"{"email":"a@b.co"}"#, json!(["password", "required"])),
        (br#"{"email":"a@b.co","password":"x","role":"owner"}"#, json!(["role", "unknown_field"])),
    ];
    for (bytes, expected) in cases {
        let refused = body(send(json, bytes).await, 422).await;
        let error = &refused["errors"][0];
        assert_eq!(json!([error["field"], error["code"]]), expected, "{refused}");
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_with_and_without_its_length() {
    let world = world().await;
    let large = vec![b' '; 10 * 1024 * 1024];
    let post = || world.request("POST", "/api/v1/auth/login").header("content-type", "application/json");
    let told = post().body(large.clone()).send().await.expect("an answer");
    assert_eq!(problem(told, 413).await, "body_too_large");
    let chunks = large.chunks(64 * 1024).map(|chunk| Ok::<_, std::io::Error>(chunk.to_vec()));
    let chunked = reqwest::Body::wrap_stream(futures::stream::iter(chunks.collect::<Vec<_>>()));
    let untold = post().body(chunked).send().await.expect("an answer");
    assert_eq!(problem(untold, 413).await, "body_too_large");
    let small = futures::stream::iter([Ok::<_, std::io::Error>("{}")]);
    let accepted = post().body(reqwest::Body::wrap_stream(small)).send().await.expect("an answer");
    assert_eq!(problem(accepted, 422).await, "invalid_request");
}

#[tokio::test]
async fn a_request_id_is_kept_if_it_is_sane_and_replaced_if_not() {
    let world = world().await;
    let with = async |id: &str| {
        let answer =
            world.request("GET", "/nowhere").header("x-request-id", id).send().await.expect("an answer");
        answer.headers()["x-request-id"].to_str().expect("text").to_owned()
    };
    assert_eq!(with("mine-1").await, "mine-1");
    assert!(with("not <sane>").await.starts_with("req_"));
}

#[tokio::test]
async fn broken_requests_get_an_answer_and_the_server_lives_on() {
    let world = world().await;
    for bytes in [
        &b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n"[..],
        b"NONSENSE\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
    ] {
        assert!(raw(&world.base, bytes).await.contains(" 400 "), "{}", String::from_utf8_lossy(bytes));
    }
    assert_eq!(body(world.get("/healthz").await, 200).await["status"], "alive");
}

#[tokio::test]
async fn two_opinions_on_where_a_request_ends_get_one_answer_at_most() {
    let world = world().await;
    let hidden = "GET /healthz HTTP/1.1\r\nHost: x\r\nX-Request-Id: hidden\r\n\r\n";
    let chunked = format!("0\r\n\r\n{hidden}");
    let lengths = [
        format!("Transfer-Encoding: chunked\r\nContent-Length: {}", chunked.len()),
        format!("Content-Length: {}\r\nTransfer-Encoding: chunked", chunked.len()),
        format!("Content-Length: 5\r\nContent-Length: {}", chunked.len()),
        format!("Content-Length: 5, {}", chunked.len()),
        "Transfer-Encoding: gzip, chunked\r\nTransfer-Encoding: identity".to_owned(),
        "Transfer-Encoding: xchunked".to_owned(),
        "Transfer-Encoding : chunked".to_owned(),
    ];
    for told in lengths {
        let head = "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json";
        let answers = raw(&world.base, format!("{head}\r\n{told}\r\n\r\n{chunked}").as_bytes()).await;
        assert!(answers.matches("HTTP/1.1 ").count() <= 1, "{told}: {answers}");
        assert!(!answers.contains("hidden"), "{told}: {answers}");
    }
    assert_eq!(body(world.get("/healthz").await, 200).await["status"], "alive");
}

#[tokio::test]
async fn a_request_names_one_host() {
    let world = world().await;
    let ask = async |target: &str, hosts: &str| {
        let head = format!("GET {target} HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n");
        raw(&world.base, head.as_bytes()).await
    };
    for (target, hosts) in [
        ("/healthz", "Host: a.test\r\nHost: b.test\r\n"),
        ("/healthz", "Host: a.test\r\nX-Between: x\r\nhost: a.test\r\n"),
        ("http://a.test/healthz", "Host: b.test\r\n"),
        ("http://a.test/healthz", "Host: a.test:8080\r\n"),
        ("http://a.test/api/v1/wallet", "Host: b.test\r\n"),
    ] {
        let refused = ask(target, hosts).await;
        assert!(refused.starts_with("HTTP/1.1 400 "), "{target} {hosts}: {refused}");
        assert!(refused.contains("application/problem+json"), "{target} {hosts}: {refused}");
        assert!(refused.contains("\"malformed_request\""), "{target} {hosts}: {refused}");
    }
    for (target, hosts) in [
        ("/healthz", "Host: a.test\r\n"),
        ("http://a.test/healthz", "Host: A.test\r\n"),
        ("http://a.test:8080/healthz", "Host: a.test:8080\r\n"),
    ] {
        let answer = ask(target, hosts).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{target} {hosts}: {answer}");
    }
}

#[tokio::test]
async fn a_parameter_of_the_query_comes_once() {
    let world = world().await;
    let ada = world.person("ada@example.com").await;
    for query in ["limit=1&limit=100", "limit=1&%6cimit=100"] {
        let answer = ada.get(&format!("/api/v1/payments?{query}")).await;
        assert_eq!(problem(answer, 400).await, "malformed_request", "{query}");
    }
    assert_eq!(ada.get("/api/v1/payments?limit=1").await.status(), 200);
}

#[tokio::test]
async fn every_body_names_its_type_and_texts_their_character_set() {
    let world = world().await;
    let ada = world.person("ada@example.com").await;
    let (html, json, problem) = ("text/html; charset=utf-8", "application/json", "application/problem+json");
    for (path, kind) in [
        ("/", html),
        ("/docs", html),
        ("/docs/swagger-ui.js", "text/javascript; charset=utf-8"),
        ("/docs/swagger-ui.css", "text/css; charset=utf-8"),
        ("/openapi.json", json),
        ("/problems", html),
        ("/problems/quote-expired", html),
        ("/verify-email", html),
        ("/reset-password", html),
        ("/payments/return", html),
        ("/healthz", json),
        ("/status", json),
        ("/status.json", json),
        ("/nowhere", problem),
        ("/api/v1/me", json),
        ("/api/v1/me/export", json),
        ("/api/v1/countries", json),
        ("/api/v1/wallet/statement.csv", "text/csv; charset=utf-8"),
        ("/api/v1/events/stream", "text/event-stream"),
        ("/api/v1/payments?limit=0", problem),
    ] {
        let answer = ada.get(path).await;
        assert_eq!(answer.headers()["content-type"], kind, "{path}");
    }
}

#[tokio::test]
async fn what_a_client_sends_is_never_sent_back_by_trace() {
    let world = world().await;
    for path in ["/", "/api/v1/wallet"] {
        let answer = world.request("TRACE", path).header("x-private", "not-to-be-told");
        let answer = answer.send().await.expect("an answer");
        assert!([404, 405].contains(&answer.status().as_u16()), "{path}: {}", answer.status());
        assert!(!answer.text().await.expect("a text").contains("not-to-be-told"), "{path}");
    }
}

#[tokio::test]
async fn readiness_names_the_part_that_fails() {
    let world = world().await;
    assert_eq!(body(world.get("/readyz").await, 200).await["status"], "ready");
    world.ready.0.store(false, Ordering::SeqCst);
    let answer = world.get("/readyz").await;
    assert!(answer.headers().contains_key("retry-after"));
    let failing = body(answer, 503).await;
    assert_eq!(failing["errors"][0]["field"], "database");
}

#[tokio::test]
async fn answers_carry_headers_that_protect_browsers() {
    let world = world().await;
    for path in ["/", "/docs", "/healthz", "/nowhere", "/problems/quote-expired", "/openapi.json"] {
        let answer = world.get(path).await;
        let headers = answer.headers();
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(headers["x-frame-options"], "DENY", "{path}");
        let policy = headers["content-security-policy"].to_str().expect("text");
        assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
        assert!(headers.contains_key("ratelimit") && headers.contains_key("x-ratelimit-limit"), "{path}");
    }
}

#[tokio::test]
async fn the_docs_are_whole_cached_and_compressed() {
    let world = world().await;
    let page = world.get("/docs").await;
    let policy = page.headers()["content-security-policy"].to_str().expect("text").to_owned();
    let html = page.text().await.expect("a page");
    let nonce = policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).expect("a nonce");
    assert_eq!(html.matches(&format!("nonce=\"{nonce}\"")).count(), html.matches("<script").count());
    assert!(!html.contains("http://") && !html.contains("https://"));
    let script = world.request("GET", "/docs/swagger-ui.js").header("accept-encoding", "gzip");
    let script = script.send().await.expect("an answer");
    let tag = script.headers()["etag"].clone();
    assert!(script.bytes().await.expect("bytes").len() > 100_000);
    let again = world.request("GET", "/docs/swagger-ui.js").header("if-none-match", tag);
    assert_eq!(again.send().await.expect("an answer").status(), 304);
}

#[tokio::test]
async fn the_server_stops_although_a_stream_is_open() {
    let world = world().await;
    let person = world.person("ada@example.com").await;
    let mut stream = person.get("/api/v1/events/stream").await;
    assert_eq!(stream.status(), 200);
    world.stop.cancel();
    assert_eq!(stream.chunk().await.expect("the end"), None);
    world.server.await.expect("no panic").expect("no error");
}

#[tokio::test]
async fn pages_that_mails_lead_to_do_nothing_by_being_opened() {
    let world = world().await;
    for path in ["/verify-email", "/reset-password", "/payments/return?reference=x"] {
        let page = world.get(path).await;
        assert_eq!(page.status(), 200, "{path}");
        assert_eq!(page.headers()["referrer-policy"], "no-referrer", "{path}");
        let policy = page.headers()["content-security-policy"].to_str().expect("text").to_owned();
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        let html = page.text().await.expect("a page");
        assert_eq!(html.contains("<script"), policy.contains("'nonce-"), "{path}");
        assert!(!html.contains("reference=x"), "{path}");
        assert_eq!(html.contains("type=\"password\""), path == "/reset-password", "{path}");
    }
}

#[tokio::test]
async fn head_answers_like_get_without_a_body() {
    let world = world().await;
    let answer = world.request("HEAD", "/healthz").send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.text().await.expect("nothing"), "");
}
