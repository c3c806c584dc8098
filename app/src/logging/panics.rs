//! A panic as a line of the log, where lines are JSON: what is written beside the log breaks whoever reads it, and what
//! somebody panicked with may quote what he worked on.

use std::panic::{self, PanicHookInfo};

use crate::reports::scrubbed;

/// Where these lines belong. Whoever catches a panic reports it, so of these no report is made.
pub const PANICS: &str = "namaskah::panics";

/// Lets panics be told by the log alone from now on.
pub(super) fn log() {
    panic::set_hook(Box::new(tell));
}

/// Within the spans of whoever panics, so that the line names his request.
fn tell(panic: &PanicHookInfo<'_>) {
    let at = panic.location().map(tracing::field::display);
    let error = scrubbed(panic.payload_as_str().unwrap_or_default());
    tracing::error!(target: PANICS, at, error, "a panic");
}

#[cfg(test)]
mod tests {
    use std::thread;

    use serde_json::Value;
    use tracing_subscriber::{Layer, fmt, layer::SubscriberExt};

    use super::*;
    use crate::logging::{
        KeepFields, SPANS,
        json::{Lines, tests::Written},
        only_spans,
    };

    /// What this thread panics with is told by [`tell`] until this is dropped; others panic as ever.
    struct Here;

    impl Here {
        fn begin() -> Self {
            let (here, ever) = (thread::current().id(), panic::take_hook());
            panic::set_hook(Box::new(
                move |panic| {
                    if thread::current().id() == here { tell(panic) } else { ever(panic) }
                },
            ));
            Self
        }
    }

    impl Drop for Here {
        fn drop(&mut self) {
            drop(panic::take_hook());
        }
    }

    #[test]
    fn a_panic_is_one_line_with_its_place_and_request_and_nothing_of_a_user() {
        let written = Written::default();
        let writer = written.clone();
        let lines = fmt::layer().event_format(Lines).with_writer(move || writer.clone());
        let kept = KeepFields.with_filter(only_spans());
        let _here = Here::begin();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(kept).with(lines), || {
            let request = tracing::info_span!(target: SPANS, "request", request_id = "req_1");
            let caught = request.in_scope(|| {
                panic::catch_unwind(|| panic!("no row for ada@example.com\nwith \"Your code is 806-185\""))
            });
            assert!(caught.is_err());
            assert!(panic::catch_unwind(|| panic::panic_any(7)).is_err());
        });
        let lines = written.lines();
        let [of_request, outside] = &lines[..] else { panic!("one line each: {lines:#?}") };
        let told = ["level", "message", "error", "request_id"].map(|name| &of_request[name]);
        let expected = ["ERROR", "a panic", "no row for [address] with [quoted]", "req_1"].map(Value::from);
        assert_eq!(told, expected.each_ref());
        let at = of_request["at"].as_str().expect("a place");
        assert!(at.contains("logging/panics.rs:"), "{at}");
        assert_eq!([&outside["error"], &outside["request_id"]], [&Value::from(""), &Value::Null]);
    }
}
