//! Moments as the simulators keep them: milliseconds since 1970, UTC.

use chrono::{DateTime, SecondsFormat, Utc};

/// The computer's own clock.
pub(crate) fn real_now_ms() -> i64 {
    Utc::now().timestamp_millis()
}

/// As TextVerified writes it: `2026-01-01T00:00:05.120+00:00`.
pub(crate) fn with_offset(ms: i64) -> String {
    moment(ms).to_rfc3339_opts(SecondsFormat::Millis, false)
}

/// As Paystack writes it: `2026-01-01T00:00:05.120Z`.
pub(crate) fn with_z(ms: i64) -> String {
    moment(ms).to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// As the `Date` header has it: `Thu, 01 Jan 2026 00:00:05 GMT`.
pub(crate) fn http_date(ms: i64) -> String {
    moment(ms).format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// Reads a date with an offset, or a bare day taken as its first instant.
pub(crate) fn parse(text: &str) -> Option<i64> {
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Some(at.timestamp_millis());
    }
    let day = chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    Some(day.and_hms_opt(0, 0, 0)?.and_utc().timestamp_millis())
}

/// Milliseconds as seconds, for the clock's controls.
pub(crate) fn seconds(ms: i64) -> serde_json::Value {
    serde_json::Number::from_f64(ms as f64 / 1_000.0).map_or(serde_json::Value::Null, Into::into)
}

fn moment(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(ms).unwrap_or(DateTime::<Utc>::MAX_UTC)
}
