//! Calls of the API: addresses, the key, repetitions.

use reqwest::{RequestBuilder, Url};
use secrecy::ExposeSecret;
use serde::{Serialize, de::DeserializeOwned};
use tokio::time::Instant;

use super::{PaystackConfig, map, wire};
use crate::http::{self, Answer, HttpFault};

pub(super) struct Client {
    http: reqwest::Client,
    base: Url,
    config: PaystackConfig,
}

impl Client {
    pub fn try_new(config: PaystackConfig) -> Result<Self, HttpFault> {
        let mut base = Url::parse(&config.base_url).map_err(|_| HttpFault::Address)?;
        if !matches!(base.scheme(), "http" | "https") || !base.has_host() {
            return Err(HttpFault::Address);
        }
        base.set_query(None);
        base.set_fragment(None);
        let http = http::client(config.timeout)?;
        Ok(Self { http, base, config })
    }

    pub fn url(&self, segments: &[&str]) -> Url {
        let mut url = self.base.clone();
        // Never fails: `try_new` accepts only addresses with a path.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }

    /// Reads, with repetitions.
    pub async fn get(&self, url: Url) -> Result<Answer, HttpFault> {
        let attempt = || http::send(self.authorised(self.http.get(url.clone())));
        http::read(self.config.reads, Instant::now() + self.config.reads.budget, attempt).await
    }

    /// Sends once.
    pub async fn post(&self, url: Url, body: &(impl Serialize + Sync)) -> Result<Answer, HttpFault> {
        http::send(self.authorised(self.http.post(url)).json(body)).await
    }

    fn authorised(&self, request: RequestBuilder) -> RequestBuilder {
        request.bearer_auth(self.config.secret_key.expose_secret())
    }
}

/// The data of a successful answer; `what` names it in the fault, which shows nothing of it.
pub(super) fn parse<T: DeserializeOwned>(answer: &Answer, what: &'static str) -> Result<T, HttpFault> {
    if !answer.status.is_success() {
        return Err(map::unfit(answer));
    }
    let envelope: wire::Envelope<T> =
        serde_json::from_slice(&answer.body).map_err(|_| HttpFault::Malformed(what))?;
    envelope.data.filter(|_| envelope.status).ok_or(HttpFault::Malformed(what))
}
