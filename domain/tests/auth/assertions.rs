//! What a provider's word must say to be believed, and what a browser's way there and back is made of.

use namaskah_domain::{
    Random, SessionId, Time,
    auth::{
        Assertion, Attempt, AttemptFor, Disbelief, Email, Expected, Issuer, MailTokenPurpose, Proven, Secret,
        Subject, TokenKind,
    },
    time::{hours, minutes, seconds},
};

use crate::fakes::{PlainSigner, secret};

fn now() -> Time {
    Time::from_timestamp(1_800_000_000, 0).expect("a time")
}

fn sound() -> Assertion {
    Assertion {
        issuer: "https://identities.example".to_owned(),
        subject: Subject::try_new("108").expect("a subject"),
        audience: vec!["us".to_owned()],
        authorized_party: Some("us".to_owned()),
        issued_at: now(),
        expires_at: now() + hours(1),
        nonce: Some(secret("nonce")),
        email: Some(Email::try_new("ada@example.com").expect("an address")),
        email_verified: true,
        hosted_domain: None,
    }
}

/// It has seen a proof of the others, once.
#[test]
fn the_provider_answers_for_the_addresses_that_it_gives_out_itself_alone() {
    for (address, hosted, is_authoritative) in [
        ("ada@gmail.com", None, true),
        ("ada@googlemail.com", None, true),
        ("ada@example.com", Some("example.com"), true),
        ("ada@example.com", Some("Example.COM"), true),
        ("ada@example.com", None, false),
        ("ada@example.com", Some(""), false),
        ("ada@example.com", Some("example.org"), false),
        ("ada@mail.example.com", Some("example.com"), false),
        ("ada@notgmail.com", None, false),
        ("ada@gmail.com.example.com", None, false),
    ] {
        let email = Some(Email::try_new(address).expect("an address"));
        let assertion = Assertion { email, hosted_domain: hosted.map(str::to_owned), ..sound() };
        let proven = believed(assertion).expect("it is believed");
        assert_eq!(proven.is_authoritative, is_authoritative, "{address} {hosted:?}");
    }
}

fn believed(assertion: Assertion) -> Result<Proven, Disbelief> {
    let issuer = Issuer::try_new("https://identities.example").expect("an issuer");
    assertion.believed(&Expected { issuer: &issuer, client: "us", nonce: &secret("nonce"), now: now() })
}

#[test]
fn a_sound_assertion_proves_its_subject_and_its_address() {
    let proven = believed(sound()).expect("it is believed");
    assert_eq!((proven.subject.as_str(), proven.email.as_str()), ("108", "ada@example.com"));
    let edges: [fn(&mut Assertion); 4] = [
        |a| a.authorized_party = None,
        |a| a.expires_at = now() + seconds(1),
        |a| a.issued_at = now() + minutes(1),
        |a| a.issued_at = now() - minutes(11) + seconds(1),
    ];
    for edge in edges {
        let mut assertion = sound();
        edge(&mut assertion);
        assert!(believed(assertion.clone()).is_ok(), "{assertion:?}");
    }
}

/// What is changed, and why it is not believed any more.
type Flaw = (fn(&mut Assertion), Disbelief);

#[test]
fn each_flaw_is_disbelieved_by_its_name() {
    let flaws: [Flaw; 17] = [
        (|a| a.issuer = "https://identities.example/".to_owned(), Disbelief::Issuer),
        (|a| a.issuer = "https://elsewhere.example".to_owned(), Disbelief::Issuer),
        (|a| a.audience = vec!["others".to_owned()], Disbelief::Audience),
        (|a| a.audience = Vec::new(), Disbelief::Audience),
        (|a| a.audience.push("others".to_owned()), Disbelief::Audience),
        (|a| a.audience = vec!["US".to_owned()], Disbelief::Audience),
        (|a| a.authorized_party = Some("others".to_owned()), Disbelief::AuthorizedParty),
        (|a| a.expires_at = now(), Disbelief::Expired),
        (|a| a.expires_at = now() - seconds(1), Disbelief::Expired),
        (|a| a.issued_at = now() + minutes(1) + seconds(1), Disbelief::NotFresh),
        (|a| a.issued_at = now() - minutes(11), Disbelief::NotFresh),
        (|a| a.nonce = None, Disbelief::Nonce),
        (|a| a.nonce = Some(secret("")), Disbelief::Nonce),
        (|a| a.nonce = Some(secret("another")), Disbelief::Nonce),
        (|a| a.email = None, Disbelief::EmailNotVerified),
        (|a| a.email_verified = false, Disbelief::EmailNotVerified),
        (|a| (a.email, a.email_verified) = (None, false), Disbelief::EmailNotVerified),
    ];
    for (flaw, why) in flaws {
        let mut assertion = sound();
        flaw(&mut assertion);
        assert_eq!(believed(assertion), Err(why));
    }
}

#[test]
fn an_issuer_is_a_plain_address_and_a_subject_a_short_word() {
    for good in ["https://accounts.google.com", "http://127.0.0.1:8081/google"] {
        assert_eq!(Issuer::try_new(good).map(|issuer| issuer.as_str().to_owned()), Ok(good.to_owned()));
    }
    let long = format!("https://{}", "a".repeat(248));
    for bad in
        ["", "https://", "accounts.google.com", "ftp://a", "https://a?b", "https://a#b", "https://a b", &long]
    {
        assert!(Issuer::try_new(bad).is_err(), "{bad}");
    }
    assert!(Subject::try_new(&"1".repeat(255)).is_ok());
    for bad in ["", "a b", "é", "a\n", &"1".repeat(256)] {
        assert!(Subject::try_new(bad).is_err(), "{bad:?}");
    }
}

struct Sevens;

impl Random for Sevens {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

fn token() -> Secret {
    TokenKind::Mail(MailTokenPurpose::IdentityAttempt).generate(&Sevens)
}

#[test]
fn an_attempt_is_read_as_it_was_written_and_no_other_way() {
    let session = SessionId::from_parts(now(), [3; 10]);
    for purpose in [AttemptFor::SignIn, AttemptFor::Link(session)] {
        let attempt = Attempt::new(token(), now(), purpose);
        assert_eq!(Attempt::read(attempt.to_text().expose()), Some(attempt));
    }
    let text = Attempt::new(token(), now(), AttemptFor::SignIn).to_text();
    let text = text.expose();
    let other_kind = TokenKind::Cookie.generate(&Sevens);
    for other in [
        String::new(),
        format!("{text}."),
        format!("{text}.-"),
        format!(" {text}"),
        text.replacen("nmi_", "nmf_", 1),
        text.replacen(".18", ".+18", 1),
        text.replacen(".18", ".018", 1),
        text.replacen(".-", ".ses_x", 1),
        text.replacen(".-", "", 1),
        format!("{}.{}.-", other_kind.expose(), now().timestamp_micros()),
    ] {
        assert_eq!(Attempt::read(&other), None, "{other}");
    }
}

#[test]
fn another_time_or_purpose_gives_other_secrets() {
    let session = SessionId::from_parts(now(), [3; 10]);
    let secrets = |at, purpose| Attempt::new(token(), at, purpose).secrets(&PlainSigner);
    let first = secrets(now(), AttemptFor::SignIn);
    for other in [secrets(now() + seconds(1), AttemptFor::SignIn), secrets(now(), AttemptFor::Link(session))]
    {
        assert_ne!(first.state, other.state);
        assert_ne!(first.nonce, other.nonce);
        assert_ne!(first.verifier, other.verifier);
    }
    assert!(first.state != first.nonce && first.nonce != first.verifier && first.state != first.verifier);
}

#[test]
fn an_attempt_is_open_for_its_time() {
    let is_open = |age| Attempt::new(token(), now(), AttemptFor::SignIn).is_open(now() + age, minutes(10));
    for (age, open) in [(0, true), (599, true), (600, false), (-60, true), (-61, false)] {
        assert_eq!(is_open(seconds(age)), open, "{age}");
    }
}
