//! One JSON object a line: what the event says, and what its spans say of the request or job that it belongs to.

use std::fmt;

use chrono::{SecondsFormat, Utc};
use serde_json::{Map, Value};
use tracing::{Event, Subscriber};
use tracing_subscriber::{
    fmt::{FmtContext, FormatEvent, FormatFields, format::Writer},
    registry::LookupSpan,
};

use super::kept::{Fields, Kept};

/// The format. Names of fields are flat, so that `request_id` is found at one place in every line.
pub(super) struct Lines;

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    N: for<'writer> FormatFields<'writer> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut line = Map::new();
        for span in context.event_scope().into_iter().flat_map(|scope| scope.from_root()) {
            if let Some(Kept(fields)) = span.extensions().get::<Kept>() {
                line.extend(fields.clone());
            }
        }
        event.record(&mut Fields(&mut line));
        let metadata = event.metadata();
        line.insert("timestamp".to_owned(), Utc::now().to_rfc3339_opts(SecondsFormat::Micros, true).into());
        line.insert("level".to_owned(), metadata.level().as_str().into());
        line.insert("target".to_owned(), metadata.target().into());
        writeln!(writer, "{}", Value::Object(line))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::{
        io::Write,
        sync::{Arc, Mutex},
    };

    use tracing_subscriber::{Layer, fmt, layer::SubscriberExt};

    use super::*;
    use crate::logging::{KeepFields, SPANS, only_spans};

    /// What was logged.
    #[derive(Clone, Default)]
    pub(in crate::logging) struct Written(Arc<Mutex<Vec<u8>>>);

    impl Written {
        /// Each line as an object.
        pub(in crate::logging) fn lines(&self) -> Vec<Value> {
            let text = String::from_utf8(self.0.lock().expect("sound").clone()).expect("text");
            text.lines().map(|line| serde_json::from_str(line).expect("an object a line")).collect()
        }
    }

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("sound").write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn each_line_of_a_request_names_it_also_what_was_learned_later_and_within_other_spans() {
        let written = Written::default();
        let writer = written.clone();
        let lines = fmt::layer().event_format(Lines).with_writer(move || writer.clone());
        let kept = KeepFields.with_filter(only_spans());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(kept).with(lines), || {
            let request = tracing::info_span!(
                target: SPANS, "request", request_id = "req_1", user = tracing::field::Empty
            );
            request.in_scope(|| {
                tracing::info!("before");
                request.record("user", "somebody");
                let inner = tracing::info_span!(target: SPANS, "commit", outcome = "applied");
                inner.in_scope(|| tracing::warn!(ms = 120, "a \"slow\" one"));
            });
            tracing::info!("outside");
        });
        let lines = written.lines();
        let told: Vec<[&Value; 4]> = lines
            .iter()
            .map(|line| ["request_id", "user", "message", "ms"].map(|name| &line[name]))
            .collect();
        assert_eq!(told[0][..3], [&Value::from("req_1"), &Value::Null, &Value::from("before")]);
        let slow: [Value; 4] = ["req_1".into(), "somebody".into(), "a \"slow\" one".into(), 120.into()];
        assert_eq!(told[1], slow.each_ref());
        assert_eq!(told[2][..3], [&Value::Null, &Value::Null, &Value::from("outside")]);
        assert_eq!((&lines[1]["level"], &lines[1]["outcome"]), (&"WARN".into(), &"applied".into()));
    }
}
