//! A report, and how Sentry's protocol writes it.
//!
//! Source: <https://develop.sentry.dev/sdk/data-model/envelopes/> and <https://develop.sentry.dev/sdk/data-model/event-payloads/>

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};

use super::scrub::scrubbed;

/// Fields of lines and of spans whose values are words, numbers or templates of ours.
const TAGS: [&str; 12] = [
    "attempts",
    "code",
    "kind",
    "lane",
    "method",
    "operation",
    "outcome",
    "provider",
    "request_id",
    "status",
    "trace_id",
    "worker",
];
/// Fields that say why in others' words.
const WHY: [&str; 3] = ["error", "why", "faults"];

/// Something that failed.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Report {
    /// What the line of the log says: words of ours.
    pub(super) message: String,
    /// Why, scrubbed.
    pub(super) why: String,
    /// Where in our code.
    pub(super) at: String,
    /// More words of ours.
    pub(super) tags: Map<String, Value>,
    /// The template of the route, once it is known.
    pub(super) route: Option<String>,
}

impl Report {
    /// Of the fields of a line and of its spans.
    pub(super) fn of(mut fields: Map<String, Value>, at: String) -> Self {
        let text = |value: Value| match value {
            Value::String(text) => text,
            other => other.to_string(),
        };
        let message = fields.remove("message").map(text).unwrap_or_default();
        let why = WHY.iter().find_map(|name| fields.remove(*name)).map(text).unwrap_or_default();
        fields.retain(|name, _| TAGS.contains(&name.as_str()));
        Self { message, why: scrubbed(&why), at, tags: fields, route: None }
    }

    fn word(&self, tag: &str) -> String {
        self.tags.get(tag).and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    /// What is one issue: the same failure at the same route, or in the same worker.
    pub(super) fn fingerprint(&self) -> [String; 4] {
        let who = [self.word("worker"), self.word("kind")].concat();
        [self.message.clone(), self.word("code"), self.route.clone().unwrap_or_default(), who]
    }

    /// As an envelope. `times` is how often it has happened since it was last told.
    pub(super) fn envelope(&self, id: &str, from: Origin, times: u32, now: DateTime<Utc>) -> String {
        let at = now.to_rfc3339_opts(SecondsFormat::Millis, true);
        let transaction = self.route.as_ref().map(|route| format!("{} {route}", self.word("method")));
        let mut tags = self.tags.clone();
        tags.insert("mode".to_owned(), from.mode.into());
        let event = json!({
            "event_id": id,
            "timestamp": at,
            "platform": "native",
            "level": "error",
            "logger": "namaskah",
            "release": from.release,
            "environment": from.mode,
            "transaction": transaction.map(|name| name.trim_start().to_owned()),
            "exception": { "values": [{ "type": self.message, "value": self.why }] },
            "fingerprint": self.fingerprint(),
            "tags": tags,
            "extra": { "at": self.at, "times": times },
        });
        let event = event.to_string();
        let header = json!({ "event_id": id, "sent_at": at });
        let item = json!({ "type": "event", "content_type": "application/json", "length": event.len() });
        format!("{header}\n{item}\n{event}\n")
    }
}

/// Which product tells it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Origin {
    pub(super) release: &'static str,
    pub(super) mode: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let fields = json!({
            "message": "a request failed",
            "code": "unavailable",
            "error": "no row for ada@example.com",
            "request_id": "req_1",
            "method": "POST",
            "user": "usr_1",
            "client": "203.0.113.9",
            "sql": "SELECT 1",
        });
        let Value::Object(fields) = fields else { unreachable!("an object") };
        Report {
            route: Some("/api/v1/verifications/{id}".to_owned()),
            ..Report::of(fields, "a.rs:1".to_owned())
        }
    }

    #[test]
    fn an_envelope_has_what_is_listed_and_nothing_else_of_a_line() {
        let from = Origin { release: "namaskah@0.1.0", mode: "sandbox" };
        let now = DateTime::from_timestamp(1_800_000_000, 0).expect("a time");
        let envelope = report().envelope("00", from, 3, now);
        let lines: Vec<Value> =
            envelope.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        let [header, item, event] = &lines[..] else { panic!("{envelope}") };
        assert_eq!(header["event_id"], "00");
        assert_eq!(item["length"], envelope.lines().nth(2).expect("an event").len());
        assert_eq!(event["transaction"], "POST /api/v1/verifications/{id}");
        assert_eq!(event["release"], "namaskah@0.1.0");
        assert_eq!(event["exception"]["values"][0]["value"], "no row for [address]");
        let tags = json!({"code": "unavailable", "method": "POST", "mode": "sandbox", "request_id": "req_1"});
        assert_eq!(event["tags"], tags);
        for never in ["ada@", "usr_1", "203.0.113.9", "SELECT"] {
            assert!(!envelope.contains(never), "{never} in {envelope}");
        }
    }

    #[test]
    fn reports_are_grouped_by_what_failed_and_where_and_not_by_request() {
        let first = report();
        let mut second = report();
        second.tags.insert("request_id".to_owned(), "req_2".into());
        second.why = "something else".to_owned();
        assert_eq!(first.fingerprint(), second.fingerprint());
        let elsewhere = Report { route: Some("/api/v1/wallet".to_owned()), ..report() };
        assert_ne!(first.fingerprint(), elsewhere.fingerprint());
    }
}
