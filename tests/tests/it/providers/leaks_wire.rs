//! The adapter of Pwned Passwords against answers that no honest service gives, and what it sends.

use std::time::Duration;

use namaskah_adapters::pwned_passwords::{PwnedPasswords, PwnedPasswordsConfig};
use namaskah_domain::{
    Fault,
    auth::{LeakedPasswords, Secret},
};
use tokio::time::Instant;

use super::{
    canned::{Canned, Reply, Request, answer},
    leaks::adapter,
};

const PASSWORD: &str = "river stones and tea";
/// SHA-1 of it.
const PREFIX: &str = "8DD13";
const SUFFIX: &str = "6AA2E825A7D60E1769E46E3FDB2B33DBCA9";

/// Its SHA-1 begins with the same digits.
const TWIN: &str = "twin passphrase 260298";

async fn asked(base_url: String) -> Result<bool, Fault> {
    adapter(base_url, Duration::from_secs(2)).is_known(&Secret::new(PASSWORD.to_owned())).await
}

async fn told(reply: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Result<bool, Fault> {
    asked(Canned::start(reply).await.url()).await
}

#[tokio::test]
async fn five_digits_of_the_hash_are_sent_and_nothing_else_that_depends_on_the_password() {
    let server = Canned::start(|_| answer(200, format!("{SUFFIX}:7"))).await;
    assert!(asked(format!("{}/below/", server.url())).await.expect("an answer"));
    let seen = server.seen("");
    let [request] = &seen[..] else { panic!("one question is asked once: {seen:?}") };
    assert_eq!((request.line.as_str(), request.bytes.as_slice()), ("GET /below/range/8DD13", &b""[..]));
    let mut headers: Vec<(&str, &str)> =
        request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    headers.sort_unstable();
    let host = server.url().replace("http://", "");
    let expected = [
        ("accept", "*/*"),
        ("accept-encoding", "gzip"),
        ("add-padding", "true"),
        ("host", host.as_str()),
        ("user-agent", concat!("namaskah/", env!("CARGO_PKG_VERSION"))),
    ];
    assert_eq!(headers, expected);
    let sent = format!("{request:?}").to_uppercase();
    for part in
        [PASSWORD, "river", &SUFFIX[..6], &SUFFIX[SUFFIX.len() - 6..], &format!("{PREFIX}{}", &SUFFIX[..1])]
    {
        assert!(!sent.contains(&part.to_uppercase()), "{part} is in {sent}");
    }
}

#[tokio::test]
async fn passwords_of_one_range_cannot_be_told_apart_by_what_is_sent() {
    let server = Canned::start(|_| answer(200, format!("{SUFFIX}:7"))).await;
    for (password, known) in [(PASSWORD, true), (TWIN, false)] {
        let port = adapter(server.url(), Duration::from_secs(2));
        assert_eq!(port.is_known(&Secret::new(password.to_owned())).await.expect("an answer"), known);
    }
    let seen = server.seen("");
    let [one, other] = &seen[..] else { panic!("two questions: {seen:?}") };
    assert_eq!((&one.line, &one.headers, &one.bytes), (&other.line, &other.headers, &other.bytes));
}

#[tokio::test]
async fn a_line_that_pads_the_answer_is_no_leak() {
    let padded = told(|_| answer(200, format!("{SUFFIX}:0\r\n{}:3", "0".repeat(35)))).await;
    assert!(!padded.expect("an answer"));
}

#[tokio::test]
async fn an_answer_that_is_not_as_agreed_is_a_fault_that_shows_nothing_of_it() {
    let spoilt: [(&str, Reply); 9] = [
        ("too large", answer(200, format!("{SUFFIX}:1\r\n").repeat(20_000))),
        ("the hash in a line", answer(200, "")),
        ("the hash in a line", answer(200, "<html>Sign in to this network</html>")),
        ("the hash in a line", answer(200, format!("{SUFFIX}:1\r\n<html>"))),
        ("the count in a line", answer(200, format!("{SUFFIX}:many"))),
        ("status 204", answer(204, "")),
        ("status 302", answer(302, format!("{SUFFIX}:1")).header("location", "/elsewhere")),
        ("status 404", answer(404, format!("{SUFFIX}:1"))),
        ("status 503", answer(503, format!("{SUFFIX}:1"))),
    ];
    for (part, reply) in spoilt {
        let fault = told(move |_| reply.clone()).await.expect_err(part).to_string();
        assert!(fault.contains(part), "{part}: {fault}");
        for hidden in [PASSWORD, PREFIX, SUFFIX, "Sign in", "127.0.0.1"] {
            assert!(!fault.contains(hidden), "{fault}");
        }
    }
}

#[tokio::test]
async fn nobody_waits_for_a_service_that_does_not_answer() {
    let silent = Canned::start(|_| Reply::Never).await;
    let begun = Instant::now();
    let port = adapter(silent.url(), Duration::from_millis(300));
    let fault = port.is_known(&Secret::new(PASSWORD.to_owned())).await.expect_err("no answer");
    assert_eq!(fault.to_string(), "no answer in time");
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    assert_eq!(PwnedPasswordsConfig::new(String::new()).timeout, Duration::from_secs(2));
}

#[tokio::test]
async fn a_question_without_an_answer_is_not_asked_again() {
    for reply in [answer(503, ""), Reply::HangUp] {
        let server = Canned::start(move |_| reply.clone()).await;
        assert!(asked(server.url()).await.is_err());
        assert_eq!(server.seen("").len(), 1);
    }
}

#[test]
fn only_an_address_of_the_web_will_do() {
    for wrong in ["", "api.pwnedpasswords.com", "ftp://api.example", "file:///etc/passwd"] {
        assert!(PwnedPasswords::try_new(&PwnedPasswordsConfig::new(wrong.into())).is_err(), "{wrong}");
    }
}
