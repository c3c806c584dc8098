//! What may be called, how it is kept, and what is never shown.

use namaskah_domain::{
    EventId, UserId,
    outbound::{Destination, DestinationRefusal, InvalidSignature, OutboundCall, OutboundPolicy, Signature},
    time::Time,
};
use uuid::Uuid;

fn read(text: &str) -> Result<Destination, DestinationRefusal> {
    Destination::try_new(text, &OutboundPolicy::default())
}

#[test]
fn urls_of_the_internet_are_kept_as_they_are_called() {
    for (text, kept) in [
        ("https://example.com", "https://example.com/"),
        ("HTTPS://Example.COM/Hooks?Key=1", "https://example.com/Hooks?Key=1"),
        ("https://example.com:443/a", "https://example.com/a"),
        ("https://example.com:8443/a", "https://example.com:8443/a"),
        ("https://bücher.example/ü", "https://xn--bcher-kva.example/%C3%BC"),
        ("https://exam%70le.com/", "https://example.com/"),
        ("https://example.com/a/../b", "https://example.com/b"),
        ("https://example.com/a#part", "https://example.com/a"),
        ("https://example.com#@127.0.0.1:22/", "https://example.com/"),
        ("https://example.com/@127.0.0.1", "https://example.com/@127.0.0.1"),
        ("https://example.com?u=//127.0.0.1", "https://example.com/?u=//127.0.0.1"),
        ("https://mylocalhost.com/", "https://mylocalhost.com/"),
        ("https://internal.example.com/", "https://internal.example.com/"),
        ("https://169.254.169.254.nip.io/", "https://169.254.169.254.nip.io/"),
        ("https://8.8.8.8/", "https://8.8.8.8/"),
        ("https://8.8.8.8:8443?a", "https://8.8.8.8:8443/?a"),
        ("https://[2606:4700:4700::1111]/", "https://[2606:4700:4700::1111]/"),
        ("https://[2606:4700:4700::ABCD]:443", "https://[2606:4700:4700::abcd]/"),
    ] {
        let destination = read(text).expect(text);
        assert_eq!(destination.as_str(), kept);
        assert_eq!(read(kept), Ok(destination), "reading it again changes nothing");
    }
}

#[test]
fn plain_http_and_any_port_are_for_literal_addresses_that_are_let_through() {
    let policy = OutboundPolicy::allowing(vec!["127.0.0.0/8".parse().expect("a network")]);
    let outcome = |text: &str| Destination::try_new(text, &policy).map(|_| ());
    assert_eq!(outcome("http://127.0.0.1:9000/hook"), Ok(()));
    assert_eq!(outcome("https://127.0.0.1:9000/hook"), Ok(()));
    assert_eq!(outcome("http://8.8.8.8/"), Err(DestinationRefusal::Scheme));
    assert_eq!(outcome("https://8.8.8.8:9000/"), Err(DestinationRefusal::Port));
    assert_eq!(outcome("http://localhost:9000/"), Err(DestinationRefusal::LocalName));
    assert_eq!(outcome("http://example.com/"), Err(DestinationRefusal::Scheme));
    assert_eq!(outcome("http://127.1:9000/"), Err(DestinationRefusal::Notation));
}

#[test]
fn a_destination_is_decided_about_again_when_the_policy_has_changed() {
    let policy = OutboundPolicy::allowing(vec!["127.0.0.0/8".parse().expect("a network")]);
    let local = Destination::try_new("http://127.0.0.1:9000/", &policy).expect("let through");
    assert_eq!(local.check(&policy), Ok(()));
    assert!(matches!(local.check(&OutboundPolicy::default()), Err(DestinationRefusal::Address(_))));
}

#[test]
fn lengths_have_their_limits_to_the_byte() {
    let url = |length: usize| format!("https://example.com/{}", "a".repeat(length - 20));
    assert!(read(&url(Destination::LONGEST)).is_ok());
    assert_eq!(read(&url(Destination::LONGEST + 1)), Err(DestinationRefusal::TooLong));
    let label = |length: usize| format!("https://{}.com/", "a".repeat(length));
    assert!(read(&label(63)).is_ok());
    assert_eq!(read(&label(64)), Err(DestinationRefusal::Name));
    // Four labels of 61 and their dots are 248.
    let name =
        |rest: usize| format!("https://{}{}/", format!("{}.", "a".repeat(61)).repeat(4), "b".repeat(rest));
    assert!(read(&name(5)).is_ok());
    assert_eq!(read(&name(6)), Err(DestinationRefusal::Name));
}

#[test]
fn nothing_secret_is_shown() {
    let destination = read("https://example.com:8443/hooks/secret?key=secret").expect("a URL");
    assert_eq!(format!("{destination:?}"), "https://example.com:8443/…");
    let signature = Signature::try_new("v1,c2VjcmV0 v1,b2xk").expect("a signature");
    assert_eq!(signature.as_str(), "v1,c2VjcmV0 v1,b2xk");
    assert_eq!(format!("{signature:?}"), "Signature(…)");
    let (id, at) = (EventId::from_uuid(Uuid::nil()), Time::UNIX_EPOCH);
    let user = UserId::from_uuid(Uuid::nil());
    let call = OutboundCall { id, at, signature, body: b"secret".to_vec(), user, cause: None };
    assert!(!format!("{call:?}").contains("secret"), "{call:?}");
    for refusal in [read("https://10.1.2.3/"), read("https://ex ample.com/"), read("ftp://10.1.2.3/")] {
        let text = refusal.expect_err("refused").to_string();
        assert!(!text.contains("10.1.2.3") && !text.contains("ample"), "{text}");
    }
}

#[test]
fn a_signature_cannot_carry_another_header() {
    for text in ["", " ", "v1,a ", "v1,a  v1,b", "v1,a\r\nx: y", "v1,ä"] {
        assert_eq!(Signature::try_new(text), Err(InvalidSignature), "{text:?}");
    }
}
