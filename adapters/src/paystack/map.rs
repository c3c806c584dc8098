//! Paystack's words in ours.

use chrono::{DateTime, NaiveDateTime};
use namaskah_domain::{
    Amount, Currency, Money, PaymentReference, Time,
    payment::{
        Charge, ChargeStatus, ChargedMoney, GatewayDispute, GatewayDisputeId, GatewayDisputeStatus,
        GatewayRefund, GatewayRefundId, GatewayRefundStatus,
    },
    time::to_stored_precision,
};
use serde_json::{Value, value::RawValue};

use super::{PaystackMode, wire};
use crate::http::{Answer, HttpFault, loggable_code};

/// A sum in subunits, as a number or as a text of digits; never by way of a float.
fn subunits(raw: &RawValue) -> Option<i64> {
    raw.get().trim_matches('"').parse().ok()
}

fn money(raw: &RawValue, currency: Currency) -> Option<Money> {
    subunits(raw).and_then(|count| Money::from_subunits(count, currency).ok())
}

fn time(text: &str) -> Option<Time> {
    let with_offset = DateTime::parse_from_rfc3339(text).map(|time| time.to_utc());
    let time = with_offset.or_else(|_| text.parse::<NaiveDateTime>().map(|time| time.and_utc()));
    time.ok().map(to_stored_precision)
}

/// What a number of subunits in a currency of theirs is; unbookable where the ledger does not keep it.
fn charged(amount: i64, currency: Option<&str>) -> ChargedMoney {
    let currency: Option<Currency> = currency.and_then(|code| code.parse().ok());
    let known = currency.and_then(|currency| Money::from_subunits(amount, currency).ok());
    let known = known.and_then(|money| Amount::try_new(money).ok());
    known.map_or(ChargedMoney::Unbookable, ChargedMoney::Known)
}

/// An identifier, as a number or as a text.
fn id_text(raw: &RawValue) -> &str {
    raw.get().trim_matches('"')
}

/// The identifier of a record that stands there by its number or whole.
fn named(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(text.clone()),
        Value::Object(whole) => whole.get("id").and_then(named),
        Value::Null | Value::Bool(_) | Value::Array(_) => None,
    }
}

fn status(name: &str) -> ChargeStatus {
    match name {
        "success" => ChargeStatus::Succeeded,
        "failed" => ChargeStatus::Failed,
        "abandoned" => ChargeStatus::Abandoned,
        "reversed" => ChargeStatus::Reversed,
        // `ongoing`, `pending`, `processing`, `queued`, and whatever comes: not final.
        _ => ChargeStatus::Open,
    }
}

/// A transaction, or which part of it is unreadable. One without a `domain` is not of our mode.
pub(super) fn charge(row: &wire::Transaction, mode: PaystackMode) -> Result<Charge, &'static str> {
    let currency: Option<Currency> = row.currency.parse().ok();
    let amount = subunits(&row.amount).ok_or("amount")?;
    let paid_at = row.paid_at.as_deref().or(row.paid_at_camel.as_deref());
    Ok(Charge {
        reference: PaymentReference::try_new(&row.reference).map_err(|_| "reference")?,
        status: status(&row.status),
        paid: charged(amount, Some(&row.currency)),
        fee: currency.and_then(|currency| row.fees.as_deref().and_then(|fees| money(fees, currency))),
        paid_at: paid_at.and_then(time),
        of_our_mode: row.domain.as_deref() == Some(mode.domain()),
    })
}

fn refund_status(name: &str) -> GatewayRefundStatus {
    match name {
        "processed" => GatewayRefundStatus::Processed,
        "failed" => GatewayRefundStatus::Failed,
        "needs-attention" => GatewayRefundStatus::NeedsAttention,
        // `pending`, `processing`, and whatever comes: not final.
        _ => GatewayRefundStatus::Pending,
    }
}

/// A refund, or which part of it is unreadable.
pub(super) fn refund(row: &wire::Refund) -> Result<GatewayRefund, &'static str> {
    let created_at = row.created_at_camel.as_deref().or(row.created_at.as_deref());
    let dispute = row.dispute.as_ref().and_then(named).filter(|id| id != "0");
    let dispute = dispute.map(|id| GatewayDisputeId::try_new(&id).map_err(|_| "dispute"));
    Ok(GatewayRefund {
        id: GatewayRefundId::try_new(id_text(&row.id)).map_err(|_| "id")?,
        amount: charged(subunits(&row.amount).ok_or("amount")?, Some(&row.currency)),
        status: refund_status(&row.status),
        created_at: created_at.and_then(time).ok_or("time")?,
        dispute: dispute.transpose()?,
    })
}

/// Whose refund it is: the number of its transaction.
pub(super) fn transaction_of(row: &wire::Refund) -> Option<String> {
    row.transaction.as_ref().and_then(named)
}

/// The mode that a refund tells, of itself or of its transaction.
pub(super) fn domain_of(row: &wire::Refund) -> Option<&str> {
    let of_transaction = || row.transaction.as_ref()?.get("domain")?.as_str();
    row.domain.as_deref().or_else(of_transaction)
}

/// A dispute of our mode, or which part of it is unreadable. `None`: of the other mode, or of a payment that has no
/// reference of ours. One that tells no mode is not of ours.
pub(super) fn dispute(
    row: &wire::Dispute,
    mode: PaystackMode,
) -> Result<Option<GatewayDispute>, &'static str> {
    let of = &row.transaction;
    let reference = of.reference.as_deref().and_then(|text| PaymentReference::try_new(text).ok());
    let domain = row.domain.as_deref().or(of.domain.as_deref());
    let Some(reference) = reference.filter(|_| domain == Some(mode.domain())) else { return Ok(None) };
    let claimed = row.refund_amount.as_deref().or(of.amount.as_deref()).ok_or("amount")?;
    let currency = row.currency.as_deref().or(of.currency.as_deref());
    let created_at = row.created_at_camel.as_deref().or(row.created_at.as_deref());
    Ok(Some(GatewayDispute {
        id: GatewayDisputeId::try_new(id_text(&row.id)).map_err(|_| "id")?,
        reference,
        amount: charged(subunits(claimed).ok_or("amount")?, currency),
        status: dispute_status(&row.status, row.resolution.as_deref()),
        created_at: created_at.and_then(time).ok_or("time")?,
    }))
}

/// The decision is the resolution of what is resolved, or stands as the status itself. Two that contradict each other,
/// and every word that we do not know, are for a person to look at.
fn dispute_status(status: &str, resolution: Option<&str>) -> GatewayDisputeStatus {
    const ACCEPTED: &str = "merchant-accepted";
    const DECLINED: &str = "declined";
    match (status, resolution) {
        ("awaiting-merchant-feedback" | "awaiting-bank-feedback" | "pending", _) => {
            GatewayDisputeStatus::Open
        }
        ("resolved" | ACCEPTED, Some(ACCEPTED)) | (ACCEPTED, None) => GatewayDisputeStatus::Lost,
        ("resolved" | DECLINED, Some(DECLINED)) | (DECLINED, None) => GatewayDisputeStatus::Won,
        _ => GatewayDisputeStatus::Unknown,
    }
}

/// What a failed call says of itself.
pub(super) fn failure(answer: &Answer) -> wire::Failure {
    serde_json::from_slice(&answer.body).unwrap_or_default()
}

/// An answer that does not fit the call.
pub(super) fn unfit(answer: &Answer) -> HttpFault {
    let code = failure(answer).code.as_deref().and_then(loggable_code);
    HttpFault::Status { status: answer.status.as_u16(), code }
}

pub(super) fn is_duplicate(answer: &Answer) -> bool {
    let failure = failure(answer);
    let says_so = |text: &str| text.to_ascii_lowercase().contains("duplicate transaction reference");
    answer.status == 400
        && (failure.code.as_deref() == Some("duplicate_reference")
            || failure.message.as_deref().is_some_and(says_so))
}

/// The specification answers 404; the live API has also been seen to answer 400 with this code.
pub(super) fn is_unknown_reference(answer: &Answer) -> bool {
    answer.status == 404
        || (answer.status == 400 && failure(answer).code.as_deref() == Some("transaction_not_found"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Charge, &'static str> {
        let row: wire::Transaction = serde_json::from_str(json).expect("a transaction");
        charge(&row, PaystackMode::Test)
    }

    fn row(fields: &str) -> String {
        format!(r#"{{"reference":"nmk-1","status":"success","id":4099260516,"domain":"test",{fields}}}"#)
    }

    fn naira(subunits: i64) -> ChargedMoney {
        let money = Money::from_subunits(subunits, Currency::Ngn);
        ChargedMoney::Known(money.and_then(Amount::try_new).expect("a sum above zero"))
    }

    #[test]
    fn amounts_are_numbers_or_texts_and_fees_may_be_missing() {
        for fields in [
            r#""amount":500000,"currency":"NGN","fees":null,"metadata":0"#,
            r#""amount":"500000","currency":"NGN","metadata":"{}""#,
            r#""amount":500000,"currency":"NGN","fees":null,"metadata":{"amount":1}"#,
        ] {
            let charge = read(&row(fields)).expect("readable");
            assert_eq!((charge.paid, charge.fee, charge.of_our_mode), (naira(500_000), None, true));
        }
        let with_fee = read(&row(r#""amount":500000,"currency":"NGN","fees":7500"#)).expect("readable");
        assert_eq!(with_fee.fee.map(|fee| fee.to_string()).as_deref(), Some("75.00"));
    }

    #[test]
    fn money_that_cannot_be_booked_is_told_apart() {
        for fields in [
            r#""amount":500000,"currency":"JPY""#,
            r#""amount":0,"currency":"NGN""#,
            r#""amount":-5,"currency":"NGN""#,
        ] {
            assert_eq!(read(&row(fields)).map(|c| c.paid), Ok(ChargedMoney::Unbookable), "{fields}");
        }
        assert_eq!(read(&row(r#""amount":1.5,"currency":"NGN""#)), Err("amount"));
    }

    #[test]
    fn the_other_mode_and_no_mode_are_not_ours() {
        for domain in [r#""live""#, "null", r#""TEST""#] {
            let json = format!(
                r#"{{"reference":"nmk-1","status":"success","amount":1,"currency":"NGN","domain":{domain}}}"#
            );
            assert_eq!(read(&json).map(|charge| charge.of_our_mode), Ok(false), "{domain}");
        }
    }

    #[test]
    fn a_status_that_we_do_not_know_is_not_final() {
        for name in ["ongoing", "pending", "processing", "queued", "Success", "new"] {
            assert_eq!(status(name), ChargeStatus::Open);
        }
        assert_eq!(status("reversed"), ChargeStatus::Reversed);
    }

    fn read_refund(fields: &str) -> Result<GatewayRefund, &'static str> {
        let json = format!(r#"{{"id":9,"createdAt":"2026-01-01T00:00:00Z","currency":"NGN",{fields}}}"#);
        refund(&serde_json::from_str(&json).expect("a refund"))
    }

    #[test]
    fn a_refund_is_read_with_its_amount_as_text_and_its_dispute_in_every_shape() {
        for (dispute, expected) in [
            ("null", None),
            ("0", None),
            ("20", Some("20")),
            (r#"{"id":20,"status":"resolved"}"#, Some("20")),
        ] {
            let fields = format!(r#""amount":"10000","status":"processed","dispute":{dispute}"#);
            let refund = read_refund(&fields).expect("readable");
            assert_eq!((refund.amount, refund.status), (naira(10_000), GatewayRefundStatus::Processed));
            assert_eq!(refund.dispute.as_ref().map(GatewayDisputeId::as_str), expected);
        }
        assert_eq!(read_refund(r#""amount":1.5,"status":"processed""#), Err("amount"));
    }

    #[test]
    fn a_status_of_a_refund_that_we_do_not_know_is_not_final_and_what_is_said_of_a_dispute_that_waits_decides_nothing()
     {
        for name in ["pending", "processing", "Processed", "reversed"] {
            assert_eq!(refund_status(name), GatewayRefundStatus::Pending, "{name}");
        }
        for (status, resolution) in [
            ("awaiting-merchant-feedback", None),
            ("pending", Some("merchant-accepted")),
            ("awaiting-bank-feedback", None),
        ] {
            assert_eq!(dispute_status(status, resolution), GatewayDisputeStatus::Open, "{status}");
        }
    }

    #[test]
    fn a_resolution_that_we_do_not_know_is_told_apart_from_a_dispute_that_waits() {
        for resolution in [None, Some("auto-accepted"), Some("Declined"), Some("")] {
            let status = dispute_status("resolved", resolution);
            assert_eq!(status, GatewayDisputeStatus::Unknown, "{resolution:?}");
        }
    }

    #[test]
    fn a_dispute_in_an_unheard_of_status_is_one_to_look_at_and_a_decision_is_read_in_either_field() {
        use GatewayDisputeStatus::{Lost, Unknown, Won};
        for (status, resolution, expected) in [
            ("new", None, Unknown),
            ("reopened", Some("declined"), Unknown),
            ("Pending", None, Unknown),
            ("", None, Unknown),
            ("resolved", Some("merchant-accepted"), Lost),
            ("merchant-accepted", None, Lost),
            ("merchant-accepted", Some("merchant-accepted"), Lost),
            ("resolved", Some("declined"), Won),
            ("declined", None, Won),
            ("declined", Some("declined"), Won),
            ("declined", Some("merchant-accepted"), Unknown),
            ("merchant-accepted", Some("declined"), Unknown),
        ] {
            assert_eq!(dispute_status(status, resolution), expected, "{status} {resolution:?}");
        }
    }

    #[test]
    fn a_dispute_without_a_sum_is_about_all_that_was_paid() {
        let json = r#"{"id":7,"refund_amount":null,"status":"pending","resolution":null,"domain":"test",
            "createdAt":"2026-01-01T00:00:00Z",
            "transaction":{"reference":"nmk-1","amount":500000,"currency":"NGN"}}"#;
        let row: wire::Dispute = serde_json::from_str(json).expect("a dispute");
        let read = dispute(&row, PaystackMode::Test).expect("readable").expect("of our mode");
        assert_eq!((read.amount, read.status), (naira(500_000), GatewayDisputeStatus::Open));
        assert_eq!(dispute(&row, PaystackMode::Live), Ok(None));
    }

    #[test]
    fn the_time_of_payment_has_two_names() {
        let at = |fields: &str| read(&row(fields)).expect("readable").paid_at.map(|t| t.timestamp());
        let base = r#""amount":1,"currency":"NGN""#;
        assert_eq!(at(&format!(r#"{base},"paid_at":"2026-01-01T00:00:00.000Z""#)), Some(1_767_225_600));
        assert_eq!(at(&format!(r#"{base},"paidAt":"2026-01-01T00:00:00.000Z""#)), Some(1_767_225_600));
        assert_eq!(at(&format!(r#"{base},"paid_at":null"#)), None);
    }
}
