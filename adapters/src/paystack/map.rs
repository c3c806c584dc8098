//! Paystack's words in ours.

use chrono::{DateTime, NaiveDateTime};
use namaskah_domain::{
    Amount, Currency, Money, PaymentReference, Time,
    payment::{Charge, ChargeStatus, ChargedMoney},
    time::to_stored_precision,
};
use serde_json::value::RawValue;

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
    let known = currency
        .and_then(|currency| Money::from_subunits(amount, currency).ok())
        .and_then(|money| Amount::try_new(money).ok());
    let paid_at = row.paid_at.as_deref().or(row.paid_at_camel.as_deref());
    Ok(Charge {
        reference: PaymentReference::try_new(&row.reference).map_err(|_| "reference")?,
        status: status(&row.status),
        paid: known.map_or(ChargedMoney::Unbookable, ChargedMoney::Known),
        fee: currency.and_then(|currency| row.fees.as_deref().and_then(|fees| money(fees, currency))),
        paid_at: paid_at.and_then(time),
        of_our_mode: row.domain.as_deref() == Some(mode.domain()),
    })
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

    #[test]
    fn the_time_of_payment_has_two_names() {
        let at = |fields: &str| read(&row(fields)).expect("readable").paid_at.map(|t| t.timestamp());
        let base = r#""amount":1,"currency":"NGN""#;
        assert_eq!(at(&format!(r#"{base},"paid_at":"2026-01-01T00:00:00.000Z""#)), Some(1_767_225_600));
        assert_eq!(at(&format!(r#"{base},"paidAt":"2026-01-01T00:00:00.000Z""#)), Some(1_767_225_600));
        assert_eq!(at(&format!(r#"{base},"paid_at":null"#)), None);
    }
}
