//! Paystack's webhooks: who sent them, and what they hint at. They carry no event id and no time.

use hmac::{Hmac, KeyInit, Mac};
use namaskah_domain::{PaymentReference, payment::GatewayNotice};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use sha2::Sha512;

use super::wire;

/// True if `header` (`x-paystack-signature`) is the hex of the HMAC-SHA512 of the raw body under one of the keys:
/// the secret API key, and the former one while it is being changed. Takes the same time wherever a signature
/// differs.
pub fn verify_signature(keys: &[SecretString], header: Option<&str>, body: &[u8]) -> bool {
    let Some(signature) = header.and_then(|header| hex::decode(header.trim()).ok()) else { return false };
    keys.iter().fold(false, |is_good, key| signs(key, body, &signature) | is_good)
}

fn signs(key: &SecretString, body: &[u8], signature: &[u8]) -> bool {
    let key = key.expose_secret().as_bytes();
    let Ok(mac) = Hmac::<Sha512>::new_from_slice(key) else { return false };
    !key.is_empty() && mac.chain_update(body).verify_slice(signature).is_ok()
}

/// What an authentic notice is about. Nothing in it is believed: a charge is looked up.
pub fn notice(body: &[u8]) -> GatewayNotice {
    let Some(event) = read(body) else { return GatewayNotice::Other };
    let reference = subject(&event).and_then(|text| PaymentReference::try_new(&text).ok());
    let Some(reference) = reference else { return GatewayNotice::Other };
    match event.event.as_str() {
        "charge.success" | "charge.failed" => GatewayNotice::Charge(reference),
        name if name.starts_with("refund.") => GatewayNotice::Refund(reference),
        name if name.starts_with("charge.dispute.") => GatewayNotice::Dispute(reference),
        _ => GatewayNotice::Other,
    }
}

/// Our name for a notice, by which a repetition is known: the event, what it is about and its status.
pub fn notice_key(body: &[u8]) -> Option<String> {
    let event = read(body)?;
    let about = ["id", "reference", "refund_reference", "transaction_reference", "transfer_code"];
    let about = about.into_iter().find_map(|name| text(&event, name))?;
    let status = text(&event, "status").unwrap_or_default();
    Some(format!("{}:{about}:{status}", event.event))
}

/// The reference that a notice names.
pub fn notice_subject(body: &[u8]) -> Option<String> {
    subject(&read(body)?).filter(|reference| PaymentReference::try_new(reference).is_ok())
}

/// Charges have a reference, refunds that of their transaction, disputes the whole transaction.
fn subject(event: &wire::Event) -> Option<String> {
    let transaction = || event.data.get("transaction")?.get("reference")?.as_str().map(str::to_owned);
    let named = text(event, "reference").or_else(|| text(event, "transaction_reference"));
    named.or_else(transaction)
}

fn read(body: &[u8]) -> Option<wire::Event> {
    serde_json::from_slice(body).ok()
}

fn text(event: &wire::Event, name: &str) -> Option<String> {
    match event.data.get(name)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "sk_test_0123456789abcdef0123456789abcdef01234567";
    const BODY: &str = r#"{"event":"charge.success","data":{"id":4099260516,"domain":"test","status":"success","reference":"dep-01HZX0000000000000000001","amount":500000,"currency":"NGN","fees":7500,"channel":"card","paid_at":"2026-01-01T00:00:00.000Z","metadata":{"user_id":"usr-1"}}}"#;
    const SIGNATURE: &str = "328bd12ca3b21364ea51d3fb651e2ecb46947d6f7e6bf324d5d9e1dfede1bad46efe9650e42c451f67e8e08f41bb752939dc64849a9f466985f5cd6e41a763d1";

    fn keys(texts: &[&str]) -> Vec<SecretString> {
        texts.iter().map(|text| SecretString::from(*text)).collect()
    }

    #[test]
    fn the_known_signature_is_good_under_any_of_the_keys() {
        assert!(verify_signature(&keys(&[KEY]), Some(SIGNATURE), BODY.as_bytes()));
        assert!(verify_signature(&keys(&["sk_test_new", KEY]), Some(SIGNATURE), BODY.as_bytes()));
        assert!(!verify_signature(&keys(&["sk_test_new"]), Some(SIGNATURE), BODY.as_bytes()));
        assert!(!verify_signature(&keys(&[]), Some(SIGNATURE), BODY.as_bytes()));
        assert!(!verify_signature(&keys(&[""]), Some(SIGNATURE), BODY.as_bytes()));
    }

    #[test]
    fn an_altered_amount_has_another_signature() {
        let altered = BODY.replace("500000", "900000");
        assert!(!verify_signature(&keys(&[KEY]), Some(SIGNATURE), altered.as_bytes()));
        let mac = Hmac::<Sha512>::new_from_slice(KEY.as_bytes()).expect("any key");
        let digest = hex::encode(mac.chain_update(altered.as_bytes()).finalize().into_bytes());
        assert!(digest.starts_with("579be6b95beca0db"));
    }

    #[test]
    fn a_missing_or_broken_header_is_refused() {
        for header in [None, Some(""), Some("zz"), Some(&SIGNATURE[2..]), Some("HMAC-SHA512=")] {
            assert!(!verify_signature(&keys(&[KEY]), header, BODY.as_bytes()), "{header:?}");
        }
    }

    #[test]
    fn a_charge_is_named_by_its_event_its_id_and_its_status() {
        let reference = PaymentReference::try_new("dep-01HZX0000000000000000001").expect("a reference");
        assert_eq!(notice(BODY.as_bytes()), GatewayNotice::Charge(reference.clone()));
        assert_eq!(notice_key(BODY.as_bytes()).as_deref(), Some("charge.success:4099260516:success"));
        assert_eq!(notice_subject(BODY.as_bytes()).as_deref(), Some(reference.as_str()));
    }

    #[test]
    fn refunds_and_disputes_are_named_by_what_they_have() {
        let refund = br#"{"event":"refund.processed","data":{"status":"processed","transaction_reference":"nmk-1","refund_reference":null,"amount":"10000"}}"#;
        assert_eq!(notice_key(refund).as_deref(), Some("refund.processed:nmk-1:processed"));
        assert_eq!(notice_subject(refund).as_deref(), Some("nmk-1"));
        let dispute = br#"{"event":"charge.dispute.create","data":{"id":7,"status":"pending","transaction":{"id":1,"reference":"nmk-1"}}}"#;
        assert_eq!(notice_key(dispute).as_deref(), Some("charge.dispute.create:7:pending"));
        assert_eq!(notice_subject(dispute).as_deref(), Some("nmk-1"));
        let reference = PaymentReference::try_new("nmk-1").expect("a reference");
        assert_eq!(notice(refund), GatewayNotice::Refund(reference.clone()));
        assert_eq!(notice(dispute), GatewayNotice::Dispute(reference));
    }

    #[test]
    fn nonsense_is_about_nothing() {
        for body in ["", "[]", "{}", r#"{"event":7}"#, r#"{"event":"charge.success","data":{}}"#] {
            assert_eq!(notice(body.as_bytes()), GatewayNotice::Other);
            assert_eq!(notice_key(body.as_bytes()), None);
            assert_eq!(notice_subject(body.as_bytes()), None);
        }
    }
}
