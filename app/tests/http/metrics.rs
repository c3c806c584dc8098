//! Metrics: who may read them, what they say, and that no visitor can make them grow.

use std::collections::BTreeSet;

use reqwest::Response;
use serde_json::json;

use crate::given::{METRICS_TOKEN, World, problem, world};

async fn told(world: &World) -> String {
    let answer = world.get("/metrics").await;
    assert_eq!(answer.status(), 200);
    let kind = answer.headers()["content-type"].to_str().expect("text").to_owned();
    assert_eq!(kind, "application/openmetrics-text; version=1.0.0; charset=utf-8");
    answer.text().await.expect("a text")
}

/// The samples of a name, as they are written.
fn samples<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    text.lines()
        .filter(|line| line.starts_with(&format!("{name}{{")) || line.starts_with(&format!("{name} ")))
        .collect()
}

#[tokio::test]
async fn whoever_is_on_this_machine_or_has_the_token_may_read_them() {
    let world = world().await;
    let with = async |name: &str, value: &str| -> Response {
        world.request("GET", "/metrics").header(name, value).send().await.expect("an answer")
    };
    assert_eq!(world.get("/metrics").await.status(), 200);
    // Behind a proxy that is not known, everybody seems to be here.
    for header in ["forwarded", "x-forwarded-for", "x-real-ip", "via"] {
        assert_eq!(problem(with(header, "203.0.113.9").await, 401).await, "unauthorized", "{header}");
    }
    let elsewhere = |token: &str| {
        let request = world.request("GET", "/metrics").header("x-forwarded-for", "203.0.113.9");
        request.header("authorization", format!("Bearer {token}")).send()
    };
    assert_eq!(elsewhere(METRICS_TOKEN).await.expect("an answer").status(), 200);
    for wrong in ["", "whoever has this may watc", "whoever has this may watch.", "x"] {
        let answer = elsewhere(wrong).await.expect("an answer");
        assert_eq!(problem(answer, 401).await, "unauthorized", "{wrong}");
    }
}

#[tokio::test]
async fn requests_are_counted_by_template_status_and_code() {
    let world = world().await;
    let ada = world.person("ada@example.com").await;
    for _ in 0..2 {
        problem(ada.get("/api/v1/payments/pay_00000000000000000000000000").await, 404).await;
    }
    assert_eq!(ada.get("/api/v1/wallet").await.status(), 200);
    let text = told(&world).await;
    for expected in [
        r#"namaskah_http_requests_total{method="GET",route="/api/v1/payments/{id}",status="404",code="not_found"} 2"#,
        r#"namaskah_http_requests_total{method="GET",route="/api/v1/wallet",status="200",code=""} 1"#,
        r#"namaskah_http_request_duration_seconds_count{method="GET",route="/api/v1/payments/{id}"} 2"#,
        r#"namaskah_orders_overdue 0"#,
        r#"namaskah_jobs_due{lane="mail"} 0"#,
    ] {
        assert!(text.lines().any(|line| line == expected), "{expected} in\n{text}");
    }
    assert!(text.ends_with("# EOF\n"));
    assert!(!text.contains("ada@") && !text.contains("usr_") && !text.contains("127.0.0.1"), "{text}");
}

#[tokio::test]
async fn no_visitor_makes_a_series_of_his_own() {
    let world = world().await;
    let ada = world.person("ada@example.com").await;
    let visit = async |n: usize| {
        ada.get(&format!("/nowhere/{n}?x={n}")).await;
        ada.get(&format!("/api/v1/verifications/ver_{n:026}")).await;
        ada.get(&format!("/problems/no-such-{n}")).await;
        let quote = json!({"service": format!("invented{n}"), "country": "US"});
        ada.post("/api/v1/quotes", &format!("quote-{n}"), quote).await;
        let trace = format!("00-{n:032x}-{n:016x}-01");
        let asked = ada.request("GET", "/api/v1/wallet").header("traceparent", trace);
        asked.header("x-request-id", format!("mine-{n}")).send().await.expect("an answer");
        let odd = reqwest::Method::from_bytes(format!("ODD{n}").as_bytes()).expect("a method");
        world.client.request(odd, format!("{}/healthz", world.base)).send().await.expect("an answer");
        let login = json!({"email": format!("user{n}@example.com"), "password": "not the right one"});
        world.post("/api/v1/auth/login", login).await;
    };
    visit(0).await;
    told(&world).await;
    let names = |text: &str| -> BTreeSet<String> {
        text.lines().filter_map(|line| line.rsplit_once(' ')).map(|(series, _)| series.to_owned()).collect()
    };
    let before = names(&told(&world).await);
    for n in 1..30 {
        visit(n).await;
    }
    let after = told(&world).await;
    assert_eq!(names(&after), before);
    assert!(
        samples(&after, "namaskah_http_requests_total").iter().any(|line| line.contains("route=\"other\""))
    );
    assert!(
        samples(&after, "namaskah_http_requests_total").iter().any(|line| line.contains("method=\"other\""))
    );
}
