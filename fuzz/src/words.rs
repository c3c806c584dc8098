//! Words: codes, tokens, amounts, names, addresses, bodies.

use std::collections::BTreeSet;

use namaskah_domain::{
    Currency, IdempotencyKey, Money, OrderId, PaymentId, PhoneNumber, UserId,
    auth::{Attempt, Email, OneTimeCode, Secret, TokenKind, TokenSigner},
    outbound::{Destination, OutboundPolicy},
    verification::Code,
};
use serde_json::Value;

use crate::{
    cell::cell,
    tokens::{EdDsaSigner, SigningSeed},
    tree,
};

fn text(data: &[u8]) -> Option<&str> {
    std::str::from_utf8(data).ok()
}

/// A code found is 4 to 10 letters and digits, has a digit, and reads as itself.
pub fn codes(data: &[u8]) {
    let Some(text) = text(data) else { return };
    for code in [Code::find_in(text), Code::try_new(text)].into_iter().flatten() {
        let found = code.as_str();
        assert!((4..=10).contains(&found.len()), "{found}");
        assert!(found.bytes().all(|b| b.is_ascii_alphanumeric()) && found.bytes().any(|b| b.is_ascii_digit()));
        assert_eq!(Code::try_new(found).as_ref().map(Code::as_str), Some(found), "it reads as itself");
        let mut typed = text.bytes().filter(u8::is_ascii_alphanumeric);
        assert!(found.bytes().all(|wanted| typed.any(|b| b.eq_ignore_ascii_case(&wanted))), "{found} is in it");
    }
}

/// No bytes but our own are a token.
pub fn access_tokens(data: &[u8]) {
    let Some(token) = text(data) else { return };
    let signer = EdDsaSigner::new(&SigningSeed::from_bytes([7; 32]), &[SigningSeed::from_bytes([8; 32])]);
    let read = signer.read(token, namaskah_domain::Time::UNIX_EPOCH);
    assert!(read.is_none(), "nobody has signed this");
    assert_eq!(signer.hash(token), signer.hash(token));
}

/// Refresh tokens, cookies, tokens of mails, one-time codes: each text is of one kind at most.
pub fn secrets(data: &[u8]) {
    let Some(text) = text(data) else { return };
    if let Some(kind) = TokenKind::of(text) {
        assert!(text.starts_with(kind.prefix()) && text.is_ascii());
        assert_eq!(TokenKind::ALL.iter().filter(|other| text.starts_with(other.prefix())).count(), 1);
        assert_eq!(OneTimeCode::read(text), None, "a token is no code");
    }
    if let Some(attempt) = Attempt::read(text) {
        assert_eq!(attempt.to_text().expose(), text, "an attempt has one text");
    }
    match OneTimeCode::read(text) {
        Some(OneTimeCode::Digits(number)) => assert_eq!(format!("{number:06}"), text),
        Some(OneTimeCode::Recovery(code)) => {
            assert_eq!(OneTimeCode::read(code.to_text().expose()), Some(OneTimeCode::Recovery(code)));
        }
        None => {}
    }
    assert!(!format!("{:?}", Secret::new(format!("{text}~secret"))).contains("~secret"), "it hides itself");
}

/// A sum that is read is written as itself, and is the decimal that stands there.
pub fn money(data: &[u8]) {
    let Some(text) = text(data) else { return };
    for currency in [Currency::Usd, Currency::Ngn] {
        let Ok(money) = Money::parse(text, currency) else { continue };
        assert_eq!(Money::parse(&money.to_string(), currency), Ok(money), "{text}");
        assert_eq!(Money::from_decimal(money.to_decimal(), currency), Ok(money), "{text}");
        let exact: rust_decimal::Decimal = text.parse().expect("a decimal");
        assert_eq!(money.to_decimal(), exact, "{text}");
        if let Some(subunits) = money.to_subunits() {
            assert_eq!(Money::from_subunits(subunits, currency), Ok(money), "{text}");
        }
        let _ = (money.checked_add(money), money.checked_sub(money), money.checked_add(money.negated()));
    }
}

/// One identifier has one text.
pub fn ids(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let users = text.parse::<UserId>().map(|id| id.to_string());
    let orders = text.parse::<OrderId>().map(|id| id.to_string());
    let payments = text.parse::<PaymentId>().map(|id| id.to_string());
    let read: Vec<String> = [users.ok(), orders.ok(), payments.ok()].into_iter().flatten().collect();
    assert!(read.len() <= 1, "{text} is of one kind");
    assert!(read.iter().all(|written| written == text), "{text}");
}

/// A key and the same in quotes are one.
pub fn idempotency_key(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let Ok(key) = IdempotencyKey::try_new(text) else { return };
    let bare = key.as_str();
    assert!((1..=255).contains(&bare.len()) && bare.bytes().all(|b| b.is_ascii_graphic()));
    assert_eq!(IdempotencyKey::try_new(&format!("\"{bare}\"")).as_ref(), Ok(&key));
}

/// E.164, and hidden.
pub fn phone(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let Ok(number) = PhoneNumber::try_new(text) else { return };
    assert_eq!(number.as_str(), text);
    assert!((9..=16).contains(&text.len()) && text.is_ascii());
    assert!(!format!("{number:?}").contains(&text[..text.len() - 2]), "it hides itself");
}

/// One address has one text, of which nothing can be read but an address.
pub fn email(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let Ok(email) = Email::try_new(text) else { return };
    assert_eq!(Email::try_new(email.as_str()).as_ref(), Ok(&email));
    assert!(email.as_str().bytes().all(|b| b.is_ascii_graphic() && !b",;<>\"\\".contains(&b)), "{text}");
    assert!(!format!("{email:?}").contains(email.as_str()), "it hides itself");
}

/// A destination is https to a public place, and is decided the same once more from what will be called.
pub fn destination(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let policy = OutboundPolicy::default();
    let Ok(destination) = Destination::try_new(text, &policy) else { return };
    let url = destination.url();
    assert_eq!(url.scheme(), "https");
    assert!(url.username().is_empty() && url.password().is_none() && url.fragment().is_none(), "{url}");
    assert!(matches!(url.port_or_known_default(), Some(443 | 8443)), "{url}");
    if let Some(address) = destination.address() {
        assert!(policy.check(address).is_ok(), "{address}");
    }
    let again = Destination::try_new(url.as_str(), &policy);
    assert_eq!(again.map(|again| again.url().clone()).as_ref(), Ok(url), "{text}");
}

/// A cell is read back as the text, and a spreadsheet takes it for nothing else; for a number if it is one.
pub fn csv(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let written = cell(text);
    let read = match written.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')) {
        Some(inner) => {
            assert!(!inner.replace("\"\"", "").contains('"'), "{written:?}");
            inner.replace("\"\"", "\"")
        }
        None => {
            assert!(!written.contains([',', '"', '\n', '\r']), "{written:?}");
            written
        }
    };
    let is_plain = |size: &str| size.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let is_number = read.strip_prefix('-').is_some_and(|size| is_plain(size) && size.parse::<f64>().is_ok());
    assert!(is_number || !read.starts_with(['=', '+', '-', '@', '\t', '\r']), "{read:?} is a formula");
    assert!(read == text || read.strip_prefix('\'') == Some(text), "{read:?}");
}

/// What is read is what serde_json reads, less what has a key twice.
pub fn json_body(data: &[u8]) {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Body {
        #[serde(default)]
        amount: Option<String>,
        #[serde(default)]
        items: Vec<BTreeSet<u32>>,
    }
    let plain: Option<Value> = serde_json::from_slice(data).ok();
    if let Ok(tree) = tree::read::<Value>(data) {
        assert_eq!(Some(tree), plain);
    } else if plain.is_none() {
        assert!(tree::read::<Body>(data).is_err());
    }
    if let Ok(Body { amount, items }) = tree::read::<Body>(data) {
        assert!(plain.as_ref().is_some_and(Value::is_object));
        let _ = (amount, items);
    }
}
