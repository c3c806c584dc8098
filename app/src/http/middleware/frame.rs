//! The outermost layer: request id, access log, security headers, and a last net for panics.

use std::{
    panic::AssertUnwindSafe,
    time::{Duration, Instant},
};

use futures::FutureExt;
use namaskah_domain::TraceParent;
use poem::{
    Endpoint, IntoResponse, Middleware, PathPattern, Request, Response, Result,
    http::{HeaderMap, HeaderName, HeaderValue, header},
};
use tracing::{Instrument, field::Empty};

use super::{Asked, RequestId, TrustedProxies};
use crate::{
    http::{
        lifecycle::{self, DEPRECATED},
        problem::{Problem, ProblemCode, catch},
    },
    logging::SPANS,
    metrics::Metrics,
    reports::ANSWERED,
    traces,
};

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const API_POLICY: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// None of our pages needs any of these.
const PERMISSIONS: &str = "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), \
                           magnetometer=(), microphone=(), midi=(), payment=(), usb=()";
const ALWAYS: [(HeaderName, &str); 6] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), PERMISSIONS),
];

/// Frames every request.
pub struct Frame {
    /// True if the public address is https: browsers are then told to stay with it.
    pub https: bool,
    /// Told of every answer.
    pub metrics: Metrics,
    /// Whom to believe about the trace that a request belongs to.
    pub proxies: TrustedProxies,
}

impl<E: Endpoint> Middleware<E> for Frame {
    type Output = FrameEndpoint<E>;

    fn transform(&self, inner: E) -> Self::Output {
        FrameEndpoint {
            inner,
            https: self.https,
            metrics: self.metrics.clone(),
            proxies: self.proxies.clone(),
        }
    }
}

/// See [`Frame`].
pub struct FrameEndpoint<E> {
    inner: E,
    https: bool,
    metrics: Metrics,
    proxies: TrustedProxies,
}

impl<E: Endpoint> Endpoint for FrameEndpoint<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let id = RequestId::choose(&request);
        request.set_data(id.clone());
        let method = request.method().clone();
        let is_front = request.uri().path() == "/";
        let span = tracing::info_span!(
            target: SPANS, "request", request_id = id.as_str(), trace_id = Empty, user = Empty, %method, otel.kind = Empty
        );
        span.record("trace_id", traces::begun(&span, self.came_with(&request)));
        let begun = Instant::now();
        let answer = self.answer(request, &id).instrument(span.clone()).await;
        let mut response = answer;
        self.dress(response.headers_mut(), &id);
        let pattern = response.data::<PathPattern>().map(|pattern| pattern.0.to_string());
        lifecycle::announce(DEPRECATED, &method, pattern.as_deref(), response.headers_mut());
        let took = begun.elapsed();
        let route = if is_front { Some("/".to_owned()) } else { route(&response) };
        let code = response.data::<ProblemCode>().map(|code| code.0);
        self.metrics.answered(&method, route.as_deref(), response.status(), code, took);
        traces::answered(&span, &method, route.as_deref(), response.status());
        span.in_scope(|| log(&response, route.as_deref(), code, took));
        Ok(response)
    }
}

impl<E: Endpoint> FrameEndpoint<E> {
    /// The trace that a proxy of ours has begun. Whoever chooses a trace chooses whether it is collected, so nobody else's
    /// goes on.
    fn came_with(&self, request: &Request) -> Option<TraceParent> {
        let named = request.header("traceparent").filter(|_| self.proxies.send(request));
        named.and_then(TraceParent::parse)
    }

    async fn answer(&self, request: Request, id: &RequestId) -> Response {
        match AssertUnwindSafe(self.inner.call(request)).catch_unwind().await {
            Ok(Ok(answer)) => answer.into_response(),
            Ok(Err(error)) => match error.downcast_ref::<Problem>() {
                Some(problem) => problem.clone().into_response_for(id),
                None => Problem::fault(500, "internal", &error).into_response_for(id),
            },
            Err(panic) => catch::panicked(panic.as_ref()).into_response_for(id),
        }
    }

    fn dress(&self, headers: &mut HeaderMap, id: &RequestId) {
        if let Ok(value) = HeaderValue::from_str(id.as_str()) {
            headers.insert(X_REQUEST_ID, value);
        }
        for (name, value) in ALWAYS {
            headers.insert(name, HeaderValue::from_static(value));
        }
        headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(API_POLICY));
        headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
        if self.https {
            let value = HeaderValue::from_static("max-age=63072000; includeSubDomains");
            headers.insert(header::STRICT_TRANSPORT_SECURITY, value);
        }
    }
}

/// As a template, never the path, which may hold secrets.
fn route(response: &Response) -> Option<String> {
    let route = response.data::<PathPattern>().map(|pattern| pattern.0.replace(":param0", "{id}"));
    // What is nested at the root leaves an empty pattern for what it does not know.
    route.filter(|route| !route.is_empty())
}

/// One line a request: from where it was, and the route, never the query, which may hold secrets. Whose it was, its
/// span says.
fn log(response: &Response, route: Option<&str>, code: Option<&'static str>, took: Duration) {
    let asked = response.data::<Asked>();
    let client = asked.map(|asked| tracing::field::display(asked.client.0));
    let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    tracing::info!(target: ANSWERED, route, status = response.status().as_u16(), code, client, ms, "answered");
}

#[cfg(test)]
mod tests {
    use std::{collections::HashMap, sync::Arc};

    use poem::{EndpointExt, endpoint::make, http::StatusCode};

    use super::*;
    use crate::{
        config::Mode,
        http::{middleware::deadline::Deadline, problem::catch::CatchProblems},
    };

    async fn answer(endpoint: impl Endpoint<Output = Response> + 'static) -> (StatusCode, serde_json::Value) {
        let caught = endpoint.with(CatchProblems::new(Arc::new(HashMap::new()))).with(Frame {
            https: true,
            metrics: Metrics::new(Mode::Sandbox),
            proxies: TrustedProxies::default(),
        });
        let response = caught.get_response(Request::default()).await;
        assert!(response.headers().contains_key(header::STRICT_TRANSPORT_SECURITY));
        for (name, value) in ALWAYS {
            assert_eq!(response.headers()[&name], value);
        }
        assert_eq!(response.headers()[header::CONTENT_SECURITY_POLICY], API_POLICY);
        let status = response.status();
        let body = response.into_body().into_bytes().await.expect("a body");
        (status, serde_json::from_slice(&body).expect("JSON"))
    }

    #[tokio::test]
    async fn a_panic_is_a_500_that_shows_nothing_of_itself() {
        let panics = make(|request: Request| async move {
            assert!(request.header("never-there").is_some(), "the secret");
            Ok::<_, poem::Error>(Response::default())
        });
        let (status, body) = answer(panics).await;
        assert_eq!((status.as_u16(), &body["code"]), (500, &"internal".into()));
        assert!(!body.to_string().contains("secret"));
    }

    #[tokio::test]
    async fn a_foreign_error_is_a_500_that_shows_nothing_of_itself() {
        let fails = make(|_| async {
            let error = std::io::Error::other("the secret");
            Err::<Response, _>(poem::error::InternalServerError(error))
        });
        let (status, body) = answer(fails).await;
        assert_eq!((status.as_u16(), &body["code"]), (500, &"internal".into()));
        assert!(!body.to_string().contains("secret"));
    }

    #[tokio::test]
    async fn what_takes_too_long_is_unavailable() {
        let hangs = make(|_| std::future::pending::<Result<Response>>());
        let (status, body) = answer(hangs.with(Deadline(Duration::from_millis(1)))).await;
        assert_eq!((status.as_u16(), &body["code"]), (503, &"unavailable".into()));
    }
}
