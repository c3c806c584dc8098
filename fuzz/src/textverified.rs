//! TextVerified's webhooks and answers.

#[path = "../../adapters/src/textverified/map.rs"]
mod map;
#[path = "../../adapters/src/textverified/webhook.rs"]
mod webhook;
#[path = "../../adapters/src/textverified/wire.rs"]
mod wire;

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use namaskah_domain::verification::IncomingMessage;
use secrecy::SecretString;
use sha2::Sha512;

use crate::http::{Answer, Status};

const SECRET: &str = "whsec_fuzz";

/// The first line is the signature, the rest is the body.
pub fn textverified_webhook(data: &[u8]) {
    let at = data.iter().position(|byte| *byte == b'\n').unwrap_or(0);
    let (header, body) = data.split_at(at);
    let secrets = webhook::WebhookSecrets {
        secrets: vec![SecretString::from(SECRET)],
        decoding: webhook::KeyDecoding::Raw,
    };
    let mac = Hmac::<Sha512>::new_from_slice(SECRET.as_bytes()).expect("any key will do").chain_update(body);
    let right = format!("HMAC-SHA512={}", STANDARD.encode(mac.finalize().into_bytes()));
    assert!(webhook::verify_signature(&secrets, Some(&right), body));
    if let Ok(header) = std::str::from_utf8(header) {
        let is_good = webhook::verify_signature(&secrets, Some(header), body);
        assert_eq!(is_good, header.trim() == right, "only the one digest is good");
    }
    for message in webhook::messages(body) {
        is_sound(&message);
    }
    let _ = webhook::notice_key(body);
    if let Some(subject) = webhook::notice_subject(body) {
        assert!(!subject.is_empty());
    }
}

/// Answers to each kind of reading.
pub fn textverified_answers(data: &[u8]) {
    if let Ok(row) = serde_json::from_slice::<wire::Verification>(data)
        && let Ok(reservation) = map::reservation(&row)
    {
        assert!(reservation.cost.units() >= 0, "nobody pays us for a number");
    }
    if let Ok(row) = serde_json::from_slice::<wire::Sms>(data)
        && let Ok(message) = map::message(row)
    {
        is_sound(&message);
    }
    if let Ok(row) = serde_json::from_slice::<wire::Price>(data) {
        assert!(map::price(&row.price).is_none_or(|price| price.units() >= 0));
    }
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = (map::time(text), map::number(text), map::service(text), map::capability(text), map::state(text));
    }
    let answer = Answer { status: Status(400), body: data.to_vec() };
    let _ = (map::decline(&answer), map::refusal_code(&answer));
}

/// A code is one that its readers can type.
fn is_sound(message: &IncomingMessage) {
    for text in [&message.text, &message.parsed_code].into_iter().flatten() {
        crate::codes(text.as_bytes());
    }
}
