//! Makes reports of lines of the log that tell of errors. Those of a request wait until its route is known, which is when
//! it is answered.

use std::sync::Arc;

use serde_json::{Map, Value};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::{
    Layer,
    filter::{FilterFn, LevelFilter, filter_fn},
    layer::Context,
    registry::{LookupSpan, SpanRef},
};

use super::{ANSWERED, report::Report};
use crate::logging::{Fields, Kept, PANICS, SPANS};

/// The span that a request has.
const REQUEST: &str = "request";
/// Reports of one request at most; what fails more often fails for one reason.
const MOST: usize = 8;

/// Hands reports on.
pub(super) struct ReportErrors(pub(super) Arc<dyn Fn(Report) + Send + Sync>);

/// Of a request: what it has failed of, until its route is known.
enum Pending {
    Waiting(Vec<Report>),
    Answered(Option<String>),
}

/// Our errors but for the lines of panics, of which whoever catches them tells; our spans, and the line that ends a
/// request.
pub(super) fn only_errors() -> FilterFn<fn(&Metadata<'_>) -> bool> {
    fn is_wanted(metadata: &Metadata<'_>) -> bool {
        let is_told = metadata.target().starts_with("namaskah") && metadata.target() != PANICS;
        let is_error = *metadata.level() == Level::ERROR && is_told;
        let is_ours = metadata.target() == SPANS && *metadata.level() <= Level::INFO;
        if metadata.is_span() { is_ours } else { is_error || metadata.target() == ANSWERED }
    }
    filter_fn(is_wanted as fn(&Metadata<'_>) -> bool).with_max_level_hint(LevelFilter::INFO)
}

impl<S: Subscriber + for<'span> LookupSpan<'span>> Layer<S> for ReportErrors {
    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Map::new();
        let mut request = None;
        for span in context.event_scope(event).into_iter().flat_map(|scope| scope.from_root()) {
            if let Some(Kept(kept)) = span.extensions().get::<Kept>() {
                fields.extend(kept.clone());
            }
            if span.name() == REQUEST && span.metadata().target() == SPANS {
                request = Some(span);
            }
        }
        event.record(&mut Fields(&mut fields));
        let metadata = event.metadata();
        if metadata.target() == ANSWERED {
            let route = fields.get("route").and_then(Value::as_str).map(str::to_owned);
            return self.answered(request.as_ref(), route);
        }
        let at = format!("{}:{}", metadata.file().unwrap_or_default(), metadata.line().unwrap_or_default());
        self.failed(request.as_ref(), Report::of(fields, at));
    }
}

impl ReportErrors {
    fn failed<S: for<'span> LookupSpan<'span>>(&self, request: Option<&SpanRef<'_, S>>, report: Report) {
        let Some(request) = request else { return (self.0)(report) };
        let mut extensions = request.extensions_mut();
        match extensions.get_mut::<Pending>() {
            None => extensions.insert(Pending::Waiting(vec![report])),
            Some(Pending::Waiting(waiting)) if waiting.len() < MOST => waiting.push(report),
            Some(Pending::Waiting(_)) => {}
            // A command that has outlived its answer.
            Some(Pending::Answered(route)) => (self.0)(Report { route: route.clone(), ..report }),
        }
    }

    fn answered<S: for<'span> LookupSpan<'span>>(
        &self,
        request: Option<&SpanRef<'_, S>>,
        route: Option<String>,
    ) {
        let Some(request) = request else { return };
        let before = request.extensions_mut().replace(Pending::Answered(route.clone()));
        if let Some(Pending::Waiting(waiting)) = before {
            for report in waiting {
                (self.0)(Report { route: route.clone(), ..report });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use tracing_subscriber::layer::SubscriberExt;

    use super::*;
    use crate::logging::{KeepFields, only_spans};

    #[test]
    fn errors_of_a_request_are_told_with_its_route_and_others_at_once() {
        let told: Arc<Mutex<Vec<Report>>> = Arc::default();
        let telling = told.clone();
        let layer = ReportErrors(Arc::new(move |report| telling.lock().expect("sound").push(report)));
        let subscriber = tracing_subscriber::registry()
            .with(KeepFields.with_filter(only_spans()))
            .with(layer.with_filter(only_errors()));
        let count = || told.lock().expect("sound").len();
        tracing::subscriber::with_default(subscriber, || {
            let request = tracing::info_span!(target: SPANS, "request", request_id = "req_1");
            request.in_scope(|| {
                tracing::error!(code = "internal", error = "it broke", "a request failed");
                tracing::warn!("no error");
                assert_eq!(count(), 0);
                tracing::info!(target: ANSWERED, route = "/api/v1/wallet", "answered");
                assert_eq!(count(), 1);
                tracing::error!(code = "internal", "a request failed");
            });
            tracing::error!(target: PANICS, "a panic");
            tracing::error!(worker = "mail", "a run failed");
        });
        let told = told.lock().expect("sound");
        let routes: Vec<Option<&str>> = told.iter().map(|report| report.route.as_deref()).collect();
        assert_eq!(routes, [Some("/api/v1/wallet"), Some("/api/v1/wallet"), None]);
        assert_eq!((told[0].tags["request_id"].as_str(), told[0].why.as_str()), (Some("req_1"), "it broke"));
        assert_eq!(told[2].tags["worker"], "mail");
    }
}
