//! Paystack's webhooks and answers.

#[path = "../../adapters/src/paystack/map.rs"]
mod map;
#[path = "../../adapters/src/paystack/webhook.rs"]
mod webhook;
#[path = "../../adapters/src/paystack/wire.rs"]
mod wire;

use hmac::{Hmac, KeyInit, Mac};
use namaskah_domain::payment::GatewayNotice;
use secrecy::SecretString;
use sha2::Sha512;

use crate::http::{Answer, Status};

/// Whose transactions are believed.
#[derive(Debug, Clone, Copy)]
pub enum PaystackMode {
    Test,
}

impl PaystackMode {
    const fn domain(self) -> &'static str {
        "test"
    }
}

const KEY: &str = "sk_test_fuzz";

/// The first line is the signature, the rest is the body.
pub fn paystack_webhook(data: &[u8]) {
    let at = data.iter().position(|byte| *byte == b'\n').unwrap_or(0);
    let (header, body) = data.split_at(at);
    let keys = [SecretString::from(KEY)];
    let digest = |body: &[u8]| {
        let mac = Hmac::<Sha512>::new_from_slice(KEY.as_bytes()).expect("any key will do");
        hex::encode(mac.chain_update(body).finalize().into_bytes())
    };
    if let Ok(header) = std::str::from_utf8(header) {
        let is_good = webhook::verify_signature(&keys, Some(header), body);
        assert_eq!(is_good, header.trim().eq_ignore_ascii_case(&digest(body)), "only the one digest is good");
        assert!(!webhook::verify_signature(&[], Some(header), body));
    }
    assert!(webhook::verify_signature(&keys, Some(&digest(body)), body));
    let subject = webhook::notice_subject(body);
    match webhook::notice(body) {
        GatewayNotice::Charge(of) | GatewayNotice::Refund(of) | GatewayNotice::Dispute(of) => {
            assert_eq!(subject.as_deref(), Some(of.as_str()), "both read the same reference");
        }
        GatewayNotice::Other => {}
    }
    if webhook::notice_key(body).is_none() {
        // Without a name of its own it could be about anything; its subject must still be one of ours.
        assert!(subject.is_none_or(|reference| !reference.is_empty()));
    }
}

/// Answers to each kind of reading. What is read must be readable again and again as the same.
pub fn paystack_answers(data: &[u8]) {
    if let Ok(row) = serde_json::from_slice::<wire::Transaction>(data) {
        let (one, two) = (map::charge(&row, PaystackMode::Test), map::charge(&row, PaystackMode::Test));
        assert_eq!(format!("{one:?}"), format!("{two:?}"));
        if let Ok(charge) = one {
            assert_eq!(charge.of_our_mode, row.domain.as_deref() == Some("test"));
        }
    }
    if let Ok(row) = serde_json::from_slice::<wire::Refund>(data) {
        let _ = (map::refund(&row), map::transaction_of(&row), map::domain_of(&row));
    }
    if let Ok(row) = serde_json::from_slice::<wire::Dispute>(data)
        && let Ok(Some(_)) = map::dispute(&row, PaystackMode::Test)
    {
        let domain = row.domain.as_deref().or(row.transaction.domain.as_deref());
        assert_eq!(domain, Some("test"), "of our mode alone");
    }
    let answer = Answer { status: Status(400), body: data.to_vec() };
    let _ = (map::failure(&answer), map::is_duplicate(&answer), map::is_unknown_reference(&answer));
}
