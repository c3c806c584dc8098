//! TextVerified's webhooks: who sent them, and what they tell.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use namaskah_domain::verification::IncomingMessage;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use sha2::Sha512;

use super::{map, wire};

const SCHEME: &str = "HMAC-SHA512=";
const SECRET_PREFIX: &str = "whsec_";

/// How the dashboard's secret becomes the key. The vendor does not say; integrations use the text itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KeyDecoding {
    /// The bytes of the text, `whsec_` and all.
    #[default]
    Raw,
    /// What follows `whsec_`, decoded from base64. A secret that is none signs nothing.
    Base64AfterPrefix,
}

/// The secrets that may sign webhooks: more than one while they are being changed.
#[derive(Clone, Default)]
pub struct WebhookSecrets {
    /// The secrets, as the dashboard shows them. Without any, no webhook is authentic.
    pub secrets: Vec<SecretString>,
    /// How they become keys.
    pub decoding: KeyDecoding,
}

impl WebhookSecrets {
    fn keys(&self) -> impl Iterator<Item = Vec<u8>> {
        self.secrets.iter().filter_map(|secret| {
            let text = secret.expose_secret();
            let key = match self.decoding {
                KeyDecoding::Raw => text.as_bytes().to_vec(),
                KeyDecoding::Base64AfterPrefix => {
                    STANDARD.decode(text.strip_prefix(SECRET_PREFIX).unwrap_or(text)).ok()?
                }
            };
            (!key.is_empty()).then_some(key)
        })
    }
}

impl fmt::Debug for WebhookSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookSecrets").field("decoding", &self.decoding).finish_non_exhaustive()
    }
}

/// True if `header` (`X-Webhook-Signature`) is `HMAC-SHA512=` and the base64 of the HMAC of the raw body under one
/// of the secrets. Takes the same time wherever a signature differs.
pub fn verify_signature(secrets: &WebhookSecrets, header: Option<&str>, body: &[u8]) -> bool {
    let Some(signature) = header.and_then(|header| header.trim().strip_prefix(SCHEME)) else { return false };
    let Ok(signature) = STANDARD.decode(signature) else { return false };
    secrets.keys().fold(false, |is_good, key| signs(&key, body, &signature) | is_good)
}

fn signs(key: &[u8], body: &[u8], signature: &[u8]) -> bool {
    let Ok(mac) = Hmac::<Sha512>::new_from_slice(key) else { return false };
    mac.chain_update(body).verify_slice(signature).is_ok()
}

/// The envelope, with every key in lower case: some senders write `Data`.
struct Envelope(Map<String, Value>);

impl Envelope {
    fn read(body: &[u8]) -> Option<Self> {
        Some(Self(lower_keys(serde_json::from_slice(body).ok()?)))
    }

    fn text(&self, key: &str) -> Option<&str> {
        text(&self.0, key)
    }

    fn data(&self) -> Option<Map<String, Value>> {
        self.0.get("data")?.as_object().cloned().map(lower_keys)
    }

    fn is(&self, event: &str) -> bool {
        self.text("event").is_some_and(|name| name.eq_ignore_ascii_case(event))
    }
}

fn lower_keys(map: Map<String, Value>) -> Map<String, Value> {
    map.into_iter().map(|(key, value)| (key.to_ascii_lowercase(), value)).collect()
}

fn text<'a>(map: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    map.get(key)?.as_str().filter(|text| !text.is_empty())
}

/// The text in an authentic notice; none if it is about something else or cannot be read.
pub(super) fn messages(body: &[u8]) -> Vec<IncomingMessage> {
    Envelope::read(body).filter(|e| e.is("v2.sms.received")).and_then(|e| message(&e)).into_iter().collect()
}

fn message(envelope: &Envelope) -> Option<IncomingMessage> {
    let data = envelope.data()?;
    let of = |key: &str| text(&data, key).map(str::to_owned);
    let sms = wire::Sms {
        from: of("from"),
        to: of("to"),
        created_at: of("createdat").or_else(|| envelope.text("occurredat").map(str::to_owned))?,
        sms_content: of("smscontent"),
        parsed_code: of("parsedcode"),
        reservation_id: of("reservationid"),
    };
    match map::message(sms) {
        Ok(message) => Some(message),
        Err(part) => {
            tracing::warn!(part, "a TextVerified webhook tells of a text that is unreadable");
            None
        }
    }
}

/// The sender's own name for a notice, by which a repetition is known: `idempotencyKey`, else `id`.
pub fn notice_key(body: &[u8]) -> Option<String> {
    let envelope = Envelope::read(body)?;
    envelope.text("idempotencykey").or_else(|| envelope.text("id")).map(str::to_owned)
}

/// The reservation that a notice names.
pub fn notice_subject(body: &[u8]) -> Option<String> {
    let envelope = Envelope::read(body)?;
    let data = envelope.data()?;
    let named = text(&data, "reservationid");
    let named = named.or_else(|| envelope.is("v2.reservation.created").then(|| text(&data, "id")).flatten());
    named.and_then(map::reservation_id).map(|id| id.as_str().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = r#"{"attempt":1,"occurredAt":"2026-01-01T00:00:05+00:00","data":{"from":"22395","to":"2223334444","createdAt":"2026-01-01T00:00:04+00:00","smsContent":"Your code is 482913","parsedCode":"482913","encrypted":false,"reservationId":"lr_01HZX0000000000000000001"},"event":"v2.sms.received","id":"whe_01HZX0000000000000000001"}"#;
    const SIGNATURE: &str = "HMAC-SHA512=JBiJ1JuvWxo041fbuQcgUhaWk+bLwpZpx0AoSnrkMZg2h5SoO5Jh5Om5Jr3Nv4l8ZtH4CSbyoaDAOZnUQGbt1w==";

    fn secrets(texts: &[&str]) -> WebhookSecrets {
        let secrets = texts.iter().map(|text| SecretString::from(*text)).collect();
        WebhookSecrets { secrets, decoding: KeyDecoding::Raw }
    }

    #[test]
    fn the_known_signature_is_good_under_any_of_the_secrets() {
        let known = "whsec_test_0123456789";
        assert!(verify_signature(&secrets(&[known]), Some(SIGNATURE), BODY.as_bytes()));
        assert!(verify_signature(&secrets(&["whsec_new", known]), Some(SIGNATURE), BODY.as_bytes()));
        assert!(!verify_signature(&secrets(&["whsec_new"]), Some(SIGNATURE), BODY.as_bytes()));
        assert!(!verify_signature(&secrets(&[]), Some(SIGNATURE), BODY.as_bytes()));
    }

    #[test]
    fn an_altered_body_and_a_missing_or_broken_header_are_refused() {
        let secrets = secrets(&["whsec_test_0123456789"]);
        let altered = BODY.replace("482913", "482914");
        assert!(!verify_signature(&secrets, Some(SIGNATURE), altered.as_bytes()));
        for header in [None, Some(""), Some("HMAC-SHA512="), Some("HMAC-SHA512=%%"), Some(&SIGNATURE[12..])] {
            assert!(!verify_signature(&secrets, header, BODY.as_bytes()), "{header:?}");
        }
    }

    #[test]
    fn a_secret_can_be_decoded_first() {
        let body = b"{}";
        let mac = Hmac::<Sha512>::new_from_slice(b"0123456789abcdef").expect("any key").chain_update(body);
        let header = format!("{SCHEME}{}", STANDARD.encode(mac.finalize().into_bytes()));
        let secret = SecretString::from(format!("{SECRET_PREFIX}{}", STANDARD.encode("0123456789abcdef")));
        let with = |decoding| WebhookSecrets { secrets: vec![secret.clone()], decoding };
        assert!(verify_signature(&with(KeyDecoding::Base64AfterPrefix), Some(&header), body));
        assert!(!verify_signature(&with(KeyDecoding::Raw), Some(&header), body));
    }

    #[test]
    fn a_text_is_read_whatever_the_case_of_its_keys() {
        let pascal = BODY
            .replace("\"data\"", "\"Data\"")
            .replace("\"event\"", "\"Event\"")
            .replace("\"smsContent\"", "\"SmsContent\"")
            .replace("\"reservationId\"", "\"ReservationId\"")
            .replace("\"id\"", "\"Id\"")
            .replace("\"createdAt\"", "\"CreatedAt\"");
        for body in [BODY, &pascal] {
            let found = messages(body.as_bytes());
            let message = found.first().expect("one text");
            assert_eq!(message.text.as_deref(), Some("Your code is 482913"));
            assert_eq!(message.parsed_code.as_deref(), Some("482913"));
            assert_eq!(message.to.as_ref().map(|to| to.as_str()), Some("+12223334444"));
            assert_eq!(message.received_at.timestamp(), 1_767_225_604);
            assert_eq!(notice_key(body.as_bytes()).as_deref(), Some("whe_01HZX0000000000000000001"));
            assert_eq!(notice_subject(body.as_bytes()).as_deref(), Some("lr_01HZX0000000000000000001"));
        }
    }

    #[test]
    fn an_idempotency_key_names_the_notice_before_its_id() {
        let body = br#"{"id":"whe_1","idempotencyKey":"idem_1","event":"v2.reservation.created","data":{"id":"lr_1","type":"verification"}}"#;
        assert_eq!(notice_key(body).as_deref(), Some("idem_1"));
        assert_eq!(notice_subject(body).as_deref(), Some("lr_1"));
        assert_eq!(messages(body), []);
    }

    #[test]
    fn an_encrypted_text_has_no_content_and_other_notices_have_no_text() {
        let body = br#"{"id":"whe_1","event":"v2.sms.received","data":{"from":null,"to":"2223334444","createdAt":"2026-01-01T00:00:04+00:00","smsContent":null,"parsedCode":null,"encrypted":true,"reservationId":null}}"#;
        let found = messages(body);
        let message = found.first().expect("one text");
        assert_eq!((message.text.as_deref(), message.reservation.as_ref()), (None, None));
        for body in
            ["", "[]", "{}", r#"{"event":"v2.sms.received"}"#, r#"{"event":"v2.sms.received","data":7}"#]
        {
            assert_eq!(messages(body.as_bytes()), []);
            assert_eq!(notice_key(body.as_bytes()), None);
        }
    }
}
