//! `GET /metrics`: for whoever watches, from this machine or with the token.

use std::{net::IpAddr, sync::Arc};

use namaskah_domain::Clock;
use poem::{IntoResponse, Request, RequestBody, Response, Result, http::header};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ApiResponse, ExtractParamOptions, OpenApi,
    registry::{
        MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, MetaSecurityScheme, Registry,
    },
};
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use crate::{
    http::{middleware::ClientAddress, problem::Problem, tags::Tag},
    metrics::{Metrics, Sources},
};

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// What a proxy adds. Behind one that we do not know, everybody comes from its address, perhaps this machine's.
const FORWARDED: [&str; 4] = ["forwarded", "x-forwarded-for", "x-real-ip", "via"];

/// Routes of metrics.
pub struct MetricsApi {
    /// What is measured.
    pub metrics: Metrics,
    /// What gauges are read from.
    pub sources: Sources,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

#[OpenApi(tag = "Tag::System")]
impl MetricsApi {
    /// Metrics
    ///
    /// In OpenMetrics' text form, for whoever asks from this machine, through no proxy, or with the token that is configured.
    #[oai(path = "/metrics", method = "get", operation_id = "get_metrics")]
    async fn metrics(&self, _watcher: Watcher) -> std::result::Result<Exposition, Problem> {
        let text = self.metrics.tell(&self.sources, self.clock.now()).await;
        text.map(Exposition).map_err(|fault| Problem::fault(503, "unavailable", fault))
    }
}

/// What lets watchers in from other machines; `None`: nothing does. Part of every request's data.
#[derive(Clone)]
pub struct MetricsDoor(pub Option<SecretString>);

impl MetricsDoor {
    fn admits(&self, request: &Request) -> bool {
        let client = request.data::<ClientAddress>().map(|client| client.0);
        let is_direct = FORWARDED.iter().all(|name| !request.headers().contains_key(*name));
        let is_here = client.is_some_and(|ip| IpAddr::to_canonical(&ip).is_loopback());
        (is_here && is_direct) || self.knows(request)
    }

    fn knows(&self, request: &Request) -> bool {
        let sent = request.header(header::AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer "));
        let Some((token, sent)) = self.0.as_ref().zip(sent) else { return false };
        token.expose_secret().as_bytes().ct_eq(sent.as_bytes()).into()
    }
}

/// Whoever may read metrics.
struct Watcher;

/// The scheme's name in the API's document.
pub const SCHEME: &str = "MetricsToken";

impl<'a> ApiExtractor<'a> for Watcher {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        let scheme = MetaSecurityScheme {
            ty: "http",
            description: Some("The token that is configured for watchers. Not needed on the same machine."),
            name: None,
            key_in: None,
            scheme: Some("bearer"),
            bearer_format: None,
            flows: None,
            openid_connect_url: None,
        };
        registry.create_security_scheme(SCHEME, scheme);
    }

    fn security_schemes() -> Vec<&'static str> {
        vec![SCHEME]
    }

    async fn from_request(
        request: &'a Request,
        _: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> Result<Self> {
        if request.data::<MetricsDoor>().is_some_and(|door| door.admits(request)) {
            Ok(Self)
        } else {
            Err(Problem::unauthorized().into())
        }
    }
}

/// Metrics as text.
struct Exposition(String);

impl IntoResponse for Exposition {
    fn into_response(self) -> Response {
        Response::builder().content_type(OPEN_METRICS).body(self.0)
    }
}

impl ApiResponse for Exposition {
    fn meta() -> MetaResponses {
        let schema = MetaSchemaRef::Inline(Box::new(MetaSchema::new("string")));
        MetaResponses {
            responses: vec![MetaResponse {
                description: "As they are now",
                status: Some(200),
                status_range: None,
                content: vec![MetaMediaType { content_type: OPEN_METRICS, schema }],
                headers: vec![],
            }],
        }
    }

    fn register(_: &mut Registry) {}
}
