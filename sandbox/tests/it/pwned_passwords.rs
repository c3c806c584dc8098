use reqwest::{RequestBuilder, StatusCode};

use crate::given::{self, Running};

/// SHA-1 of `river stones and tea`.
const PREFIX: &str = "8DD13";
const SUFFIX: &str = "6AA2E825A7D60E1769E46E3FDB2B33DBCA9";

fn ask(sandbox: &Running, prefix: &str) -> RequestBuilder {
    let url = format!("{}/pwnedpasswords/range/{prefix}", sandbox.base);
    sandbox.client.get(url).header("user-agent", "tests")
}

async fn answered(request: RequestBuilder) -> (StatusCode, String) {
    let answer = request.send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/plain");
    (answer.status(), answer.text().await.unwrap())
}

#[tokio::test]
async fn a_range_has_the_ends_of_its_hashes_with_their_counts() {
    let sandbox = given::sandbox().await;
    for prefix in [PREFIX, "8dd13"] {
        let (status, text) = answered(ask(&sandbox, prefix)).await;
        assert_eq!(status, 200);
        assert!(text.split("\r\n").any(|line| line == format!("{SUFFIX}:1")), "{text}");
        assert!(!text.ends_with('\n') && !text.replace("\r\n", "").contains('\n'));
    }
    let (_, other) = answered(ask(&sandbox, "8DD14")).await;
    assert!(!other.contains(SUFFIX) && other.lines().count() > 100);
}

#[tokio::test]
async fn padding_is_added_on_request() {
    let sandbox = given::sandbox().await;
    let (_, bare) = answered(ask(&sandbox, PREFIX)).await;
    assert!(bare.lines().all(|line| !line.ends_with(":0")));
    let (_, padded) = answered(ask(&sandbox, PREFIX).header("Add-Padding", "true")).await;
    assert!(padded.lines().count() >= 800 && padded.lines().any(|line| line.ends_with(":0")));
    assert!(padded.contains(&format!("{SUFFIX}:1")));
}

#[tokio::test]
async fn whoever_does_not_say_who_he_is_or_asks_for_no_range_is_refused() {
    let sandbox = given::sandbox().await;
    let anonymous = sandbox.client.get(format!("{}/pwnedpasswords/range/{PREFIX}", sandbox.base));
    assert_eq!(answered(anonymous).await.0, 403);
    for wrong in ["8DD1", "8DD136", "8DD1G", "%C3%A9%C3%A9"] {
        let (status, text) = answered(ask(&sandbox, wrong)).await;
        assert_eq!(
            (status.as_u16(), text.as_str()),
            (400, "The hash prefix was not in a valid format"),
            "{wrong}"
        );
    }
}

#[tokio::test]
async fn it_fails_as_it_is_told() {
    let sandbox = given::sandbox().await;
    sandbox.fault("pwnedpasswords", "range", "http_500").await;
    assert_eq!(answered(ask(&sandbox, PREFIX)).await.0, 500);
    sandbox.fault("pwnedpasswords", "range", "malformed").await;
    let (status, text) = answered(ask(&sandbox, PREFIX)).await;
    assert_eq!((status.as_u16(), text.as_str()), (200, "{\"data\":"));
    sandbox.fault("pwnedpasswords", "range", "disconnect").await;
    assert!(ask(&sandbox, PREFIX).send().await.is_err());
    assert_eq!(answered(ask(&sandbox, PREFIX)).await.0, 200);
}
