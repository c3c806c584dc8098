//! Requests: how many, how answered, how fast.

use std::time::Duration;

use poem::http::{Method, StatusCode};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::{Registry, Unit},
};

use super::in_seconds;

/// A path or a method that we do not have: whoever asks for it makes no series of his own.
const OTHER: &str = "other";

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answer {
    method: &'static str,
    route: String,
    status: u32,
    code: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    method: &'static str,
    route: String,
}

#[derive(Clone)]
pub(super) struct Requests {
    answers: Family<Answer, Counter>,
    took: Family<Route, Histogram, fn() -> Histogram>,
}

impl Requests {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let all = Self {
            answers: Family::default(),
            took: Family::new_with_constructor(in_seconds as fn() -> Histogram),
        };
        registry.register("http_requests", "Requests by how they were answered", all.answers.clone());
        let about = "Seconds from a request to its answer, of streams to its beginning";
        registry.register_with_unit("http_request_duration", about, Unit::Seconds, all.took.clone());
        all
    }

    pub(super) fn answered(
        &self,
        method: &Method,
        route: Option<&str>,
        status: StatusCode,
        code: Option<&'static str>,
        took: Duration,
    ) {
        let (method, route) = (known(method), route.unwrap_or(OTHER).to_owned());
        self.took.get_or_create(&Route { method, route: route.clone() }).observe(took.as_secs_f64());
        let answer =
            Answer { method, route, status: u32::from(status.as_u16()), code: code.unwrap_or_default() };
        self.answers.get_or_create(&answer).inc();
    }
}

fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => OTHER,
    }
}
