//! Logs: text for people, JSON for machines, to standard error. Never a number, code, text, key or token.
//!
//! What is logged can be changed while the process runs ([`Level`]).

mod json;
mod kept;
mod level;
mod panics;
mod users;

pub(crate) use kept::Fields;
pub use kept::{KeepFields, Kept};
pub use level::{Level, follow};
pub use panics::PANICS;
pub use users::LoggedUsers;

use std::io::IsTerminal;

use tracing::Metadata;
use tracing_subscriber::{
    EnvFilter, Layer, Registry,
    filter::{FilterFn, LevelFilter, filter_fn},
    fmt,
    layer::SubscriberExt,
    reload,
    util::SubscriberInitExt,
};

use crate::config::Config;

/// Where every span of ours belongs, and no event: a span of a request is there whatever is logged, so that the lines
/// that are logged say whose they are.
pub const SPANS: &str = "namaskah::trace";

/// Statements carry values, and mail carries addresses: theirs are not for our log. What carries traces and reports
/// away must not tell of itself in them.
const QUIET: [&str; 8] = [
    "sqlx=warn",
    "sea_orm=warn",
    "lettre=warn",
    "hyper=warn",
    "h2=warn",
    "opentelemetry=warn",
    "opentelemetry_sdk=warn",
    "namaskah::trace=info",
];

/// One of several that a subscriber is made of.
pub type BoxedLayer = Box<dyn Layer<Registry> + Send + Sync>;

/// Starts logging as configured, with layers for what else is told; a second start changes nothing.
pub fn start(config: &Config, others: Vec<BoxedLayer>) -> Level {
    let (filter, handle) = reload::Layer::new(filter(&config.log).unwrap_or_else(|| EnvFilter::new("info")));
    let lines: BoxedLayer = if config.log_json {
        let lines = fmt::layer().event_format(json::Lines).with_writer(std::io::stderr);
        Box::new(lines.with_ansi(false).with_filter(filter))
    } else {
        let lines = fmt::layer().with_writer(std::io::stderr).with_target(false);
        Box::new(lines.with_ansi(std::io::stderr().is_terminal()).with_filter(filter))
    };
    let kept: BoxedLayer = Box::new(KeepFields.with_filter(only_spans()));
    // Fields are kept before anything looks at them.
    let layers: Vec<BoxedLayer> = [kept].into_iter().chain(others).chain([lines]).collect();
    // It fails only if a subscriber is there already, as in tests.
    let is_first = tracing_subscriber::registry().with(layers).try_init().is_ok();
    if is_first && config.log_json {
        panics::log();
    }
    Level::of(handle)
}

/// Lets spans of ours through, but for those that traces alone need, and nothing else.
pub fn only_spans() -> FilterFn<fn(&Metadata<'_>) -> bool> {
    fn is_ours(metadata: &Metadata<'_>) -> bool {
        metadata.is_span() && metadata.target() == SPANS && *metadata.level() <= tracing::Level::INFO
    }
    filter_fn(is_ours as fn(&Metadata<'_>) -> bool).with_max_level_hint(LevelFilter::INFO)
}

/// True if something can be logged by it.
pub fn is_filter(text: &str) -> bool {
    filter(text).is_some()
}

/// What is configured, without what is never logged; `None` if it is no filter.
fn filter(text: &str) -> Option<EnvFilter> {
    let filter = EnvFilter::try_new(text).ok()?;
    Some(QUIET.iter().filter_map(|quiet| quiet.parse().ok()).fold(filter, EnvFilter::add_directive))
}
