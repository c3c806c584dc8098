//! Sends spans as protobuf over HTTP, with our client: no redirects, no proxy, one TLS stack.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use namaskah_adapters::http;
use namaskah_domain::Fault;
use opentelemetry_http::{HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use reqwest::Client;
use secrecy::ExposeSecret;
use tokio::runtime::Handle;

use super::Collector;

const TIMEOUT: Duration = Duration::from_secs(5);

/// The exporter for a collector. Within a runtime.
///
/// # Errors
/// If its address cannot be used.
pub(super) fn exporter(collector: &Collector) -> Result<SpanExporter, Fault> {
    let client = http::client(TIMEOUT).map_err(Fault::new)?;
    let token = collector.token.as_ref().map(|token| format!("Bearer {}", token.expose_secret()));
    SpanExporter::builder()
        .with_http()
        .with_http_client(OurClient { client, runtime: Handle::current(), token })
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(format!("{}/v1/traces", collector.endpoint))
        .with_timeout(TIMEOUT)
        .build()
        .map_err(Fault::new)
}

/// Spans are sent by a thread of theirs, which has no runtime; the client needs one.
struct OurClient {
    client: Client,
    runtime: Handle,
    token: Option<String>,
}

impl fmt::Debug for OurClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OurClient")
    }
}

#[async_trait]
impl HttpClient for OurClient {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let mut request = reqwest::Request::try_from(request)?;
        if let Some(token) = &self.token {
            request.headers_mut().insert(reqwest::header::AUTHORIZATION, token.parse()?);
        }
        let builder = reqwest::RequestBuilder::from_parts(self.client.clone(), request);
        let answer = self.runtime.spawn(http::send(builder)).await??;
        let mut response = Response::new(Bytes::from(answer.body));
        *response.status_mut() = answer.status;
        *response.headers_mut() = answer.headers;
        Ok(response)
    }
}
