//! TextVerified's words in ours.

use chrono::{DateTime, FixedOffset, NaiveDateTime, TimeDelta};
use namaskah_domain::{
    Currency, Money, PhoneNumber, Time,
    time::to_stored_precision,
    verification::{
        Capability, DeclineReason, IncomingMessage, Reservation, ReservationId, ReservationState, ServiceCode,
    },
};
use rust_decimal::Decimal;
use serde_json::value::RawValue;

use super::wire;
use crate::http::{Answer, HttpFault, loggable_code};

/// Digits after the point that the ledger keeps.
const LEDGER_DIGITS: u32 = 6;

/// A sum in credits, which are dollars. Their numbers come out of binary floating point on the other side
/// (`0.30000000000000004`), so it is rounded to the nearest ledger unit.
pub(super) fn money(raw: &RawValue) -> Option<Money> {
    let text = raw.get().trim_matches('"');
    let value = text.parse::<Decimal>().or_else(|_| Decimal::from_scientific(text)).ok()?;
    Money::from_decimal(value.round_dp(LEDGER_DIGITS), Currency::Usd).ok()
}

/// A price: a sum that is not below zero.
pub(super) fn price(raw: &RawValue) -> Option<Money> {
    money(raw).filter(|price| price.units() >= 0)
}

/// Seconds, perhaps with a fraction, which is dropped.
pub(super) fn seconds(raw: &RawValue) -> Option<TimeDelta> {
    let whole = raw.get().split('.').next()?;
    whole.parse::<i64>().ok().filter(|s| *s >= 0).and_then(TimeDelta::try_seconds)
}

/// An instant: ISO 8601 with any number of fraction digits; without an offset it is UTC.
pub(super) fn time(text: &str) -> Option<Time> {
    let with_offset = DateTime::parse_from_rfc3339(text).or_else(|_| text.parse::<DateTime<FixedOffset>>());
    let utc = match with_offset {
        Ok(time) => time.to_utc(),
        Err(_) => text.parse::<NaiveDateTime>().ok()?.and_utc(),
    };
    Some(to_stored_precision(utc))
}

/// A number of the United States: ten digits, or eleven with their 1, or E.164 already.
pub(super) fn number(text: &str) -> Option<PhoneNumber> {
    if text.starts_with('+') {
        return PhoneNumber::try_new(text).ok();
    }
    let digits: String = text.chars().filter(|c| !" -().".contains(*c)).collect();
    match digits.len() {
        10 => PhoneNumber::try_new(&format!("+1{digits}")).ok(),
        11 if digits.starts_with('1') => PhoneNumber::try_new(&format!("+{digits}")).ok(),
        _ => None,
    }
}

/// A service's name. Ours are in lower case; theirs are compared without regard to it.
pub(super) fn service(name: &str) -> Option<ServiceCode> {
    ServiceCode::try_new(&name.to_ascii_lowercase()).ok()
}

/// How codes can arrive. A number sold for both ways at once is another product, which we do not buy.
pub(super) fn capability(name: &str) -> Option<Capability> {
    Capability::from_name(&name.to_ascii_lowercase()).ok()
}

/// An identifier that can stand in a path.
pub(super) fn reservation_id(text: &str) -> Option<ReservationId> {
    ReservationId::try_new(text).ok().filter(|id| !matches!(id.as_str(), "." | ".."))
}

/// A state of a verification.
pub(super) fn state(name: &str) -> ReservationState {
    match name.to_ascii_lowercase().as_str() {
        "verificationpending" => ReservationState::Pending,
        "verificationcompleted" => ReservationState::Completed,
        "verificationtimedout" => ReservationState::TimedOut,
        "verificationcanceled" | "verificationcancelled" | "verificationrefunded" => {
            ReservationState::Cancelled
        }
        "verificationreported" => ReservationState::Reported,
        _ => ReservationState::Other,
    }
}

/// Reservations of the documented test services, which are never charged, begin so.
const MOCK: &str = "mock_";

/// A whole reservation, or which part of it is unreadable.
pub(super) fn reservation(row: &wire::Verification) -> Result<Reservation, &'static str> {
    let id = reservation_id(&row.id).ok_or("id")?;
    let cost = if id.as_str().starts_with(MOCK) {
        Money::zero(Currency::Usd)
    } else {
        price(&row.total_cost).ok_or("totalCost")?
    };
    Ok(Reservation {
        number: number(&row.number).ok_or("number")?,
        service: service(&row.service_name).ok_or("serviceName")?,
        state: state(&row.state),
        cost,
        created_at: time(&row.created_at).ok_or("createdAt")?,
        ends_at: row.ends_at.as_deref().map(|ends| time(ends).ok_or("endsAt")).transpose()?,
        id,
    })
}

/// A text, or which part of it is unreadable. An encrypted one has no content.
pub(super) fn message(row: wire::Sms) -> Result<IncomingMessage, &'static str> {
    Ok(IncomingMessage {
        received_at: time(&row.created_at).ok_or("createdAt")?,
        reservation: row.reservation_id.as_deref().and_then(reservation_id),
        to: row.to.as_deref().and_then(number),
        from: row.from.filter(|from| !from.is_empty()),
        text: row.sms_content,
        parsed_code: row.parsed_code.filter(|code| !code.is_empty()),
    })
}

/// Their code for a refusal, if it can be logged.
pub(super) fn refusal_code(answer: &Answer) -> Option<String> {
    let refusal: wire::Refusal = serde_json::from_slice(&answer.body).ok()?;
    refusal.error_code.as_deref().and_then(loggable_code)
}

/// An answer that does not fit the call.
pub(super) fn unfit(answer: &Answer) -> HttpFault {
    HttpFault::Status { status: answer.status.as_u16(), code: refusal_code(answer) }
}

/// What a refused purchase means; `None` if the answer does not prove that nothing was bought.
pub(super) fn decline(answer: &Answer) -> Option<DeclineReason> {
    match answer.status.as_u16() {
        400 => serde_json::from_slice::<wire::Refusal>(&answer.body).ok().map(|r| by_code(r.error_code)),
        401 | 403 => Some(DeclineReason::Unavailable),
        404 | 422 => Some(DeclineReason::Refused),
        429 => Some(DeclineReason::AccountLimit),
        _ => None,
    }
}

/// The vendor documents three codes. What it calls a price above our limit is not known, so any code that
/// speaks of a price is taken for that.
fn by_code(code: Option<String>) -> DeclineReason {
    match code.unwrap_or_default().to_ascii_lowercase().as_str() {
        "insufficientbalance" => DeclineReason::HouseBalance,
        "unavailable" => DeclineReason::NoNumbers,
        "toomanyunfinishedverifications" => DeclineReason::AccountLimit,
        other if other.contains("price") => DeclineReason::PriceChanged,
        _ => DeclineReason::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::{StatusCode, header::HeaderMap};

    fn raw(text: &str) -> Box<RawValue> {
        RawValue::from_string(text.to_owned()).expect("JSON")
    }

    #[test]
    fn sums_are_read_from_their_digits_and_float_noise_is_rounded_off() {
        let read = |text| money(&raw(text)).map(|m| m.units());
        assert_eq!(read("0.75"), Some(750_000));
        assert_eq!(read("\"0.75\""), Some(750_000));
        assert_eq!(read("7.5e-1"), Some(750_000));
        assert_eq!(read("0.30000000000000004"), Some(300_000));
        assert_eq!(read("-1"), Some(-1_000_000));
        assert_eq!(read("1e400"), None);
        assert_eq!(read("null"), None);
        assert_eq!(price(&raw("-0.01")), None);
    }

    #[test]
    fn instants_may_have_seven_fraction_digits_or_any_offset() {
        let micros = |text: &str| time(text).map(|t| t.timestamp_micros());
        let expected = Some(1_767_225_605_123_456);
        assert_eq!(micros("2026-01-01T00:00:05.1234567+00:00"), expected);
        assert_eq!(micros("2026-01-01T01:00:05.1234567+01:00"), expected);
        assert_eq!(micros("2026-01-01T00:00:05.1234567Z"), expected);
        assert_eq!(micros("2026-01-01T00:00:05.1234567"), expected);
        assert_eq!(micros("soon"), None);
    }

    #[test]
    fn ten_digits_become_a_number_of_the_united_states() {
        let read = |text| number(text).map(|n| n.as_str().to_owned());
        assert_eq!(read("2223334444").as_deref(), Some("+12223334444"));
        assert_eq!(read("12223334444").as_deref(), Some("+12223334444"));
        assert_eq!(read("+12223334444").as_deref(), Some("+12223334444"));
        assert_eq!(read("(222) 333-4444").as_deref(), Some("+12223334444"));
        assert_eq!(read("22395"), None);
    }

    #[test]
    fn states_are_read_without_regard_to_case_and_unknown_ones_are_kept_apart() {
        assert_eq!(state("VerificationPending"), ReservationState::Pending);
        assert_eq!(state("verificationTimedOut"), ReservationState::TimedOut);
        assert_eq!(state("verificationRefunded"), ReservationState::Cancelled);
        assert_eq!(state("verificationReported"), ReservationState::Reported);
        assert_eq!(state("verificationReused"), ReservationState::Other);
        assert_eq!(state("somethingNew"), ReservationState::Other);
    }

    #[test]
    fn only_answers_that_prove_that_nothing_was_bought_are_refusals() {
        let answer = |status: u16, body: &str| Answer {
            status: StatusCode::from_u16(status).expect("a status"),
            headers: HeaderMap::new(),
            body: body.into(),
        };
        let of = |status, body| decline(&answer(status, body));
        assert_eq!(of(400, r#"{"errorCode":"InsufficientBalance"}"#), Some(DeclineReason::HouseBalance));
        assert_eq!(of(400, r#"{"errorCode":"unavailable"}"#), Some(DeclineReason::NoNumbers));
        assert_eq!(of(400, r#"{"errorCode":"MaxPriceExceeded"}"#), Some(DeclineReason::PriceChanged));
        assert_eq!(of(400, r#"{"errorCode":null}"#), Some(DeclineReason::Refused));
        assert_eq!(of(429, ""), Some(DeclineReason::AccountLimit));
        assert_eq!(of(401, ""), Some(DeclineReason::Unavailable));
        for (status, body) in [(400, "<html>"), (408, ""), (409, ""), (302, ""), (500, "{}"), (503, "")] {
            assert_eq!(of(status, body), None, "{status}");
        }
    }
}
