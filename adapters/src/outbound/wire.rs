//! `Retry-After`: the one header of a receiver's answer that is read.
//!
//! Source: RFC 9110, sections 10.2.3 and 5.6.7.

use chrono::{DateTime, NaiveDateTime, TimeDelta};
use namaskah_domain::{Time, outbound::RetryAfter};
use reqwest::header::{HeaderMap, RETRY_AFTER};

/// The forms of a date that nobody should write any more and everybody must read: RFC 850's and C's.
const OLD_DATES: [&str; 2] = ["%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"];

/// When the receiver wishes to be called again; `None` if it does not say so in seconds or by a date.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<RetryAfter> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More than can be counted is more than anybody is granted.
        let seconds: u32 = text.parse().unwrap_or(u32::MAX);
        return Some(RetryAfter::In(TimeDelta::seconds(i64::from(seconds))));
    }
    date(text).map(RetryAfter::At)
}

fn date(text: &str) -> Option<Time> {
    let usual = DateTime::parse_from_rfc2822(text).ok().map(|date| date.to_utc());
    let old = || OLD_DATES.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
    usual.or_else(|| old().map(|date| date.and_utc()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<RetryAfter> {
        retry_after(&HeaderMap::from_iter([(RETRY_AFTER, text.parse().expect("a header value"))]))
    }

    #[test]
    fn a_wait_is_read_in_seconds() {
        let pause = |seconds| Some(RetryAfter::In(TimeDelta::seconds(seconds)));
        assert_eq!(read("120"), pause(120));
        assert_eq!(read(" 0 "), pause(0));
        assert_eq!(read("99999999999999999999999"), pause(i64::from(u32::MAX)));
    }

    #[test]
    fn a_wait_is_read_by_a_date_in_each_of_its_three_forms() {
        let instant = DateTime::from_timestamp(784_111_777, 0).map(RetryAfter::At);
        assert_eq!(read("Sun, 06 Nov 1994 08:49:37 GMT"), instant);
        assert_eq!(read("Sunday, 06-Nov-94 08:49:37 GMT"), instant);
        assert_eq!(read("Sun Nov  6 08:49:37 1994"), instant);
    }

    #[test]
    fn what_is_neither_asks_for_nothing() {
        for text in
            ["", "soon", "-1", "+5", "1.5", "5 s", "Mon, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z"]
        {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }
}
