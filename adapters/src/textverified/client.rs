//! Calls of the API: addresses, the bearer token, time-outs, repetitions.

use std::{sync::Arc, time::Duration};

use namaskah_domain::{Clock, ReservationId, Time};
use reqwest::{
    Method, RequestBuilder, StatusCode, Url,
    header::{CONTENT_TYPE, LOCATION},
};
use secrecy::ExposeSecret;
use serde::{Serialize, de::DeserializeOwned};
use tokio::time::{Instant, timeout_at};

use super::{
    TextVerifiedConfig, map,
    skew::Skew,
    token::{Bearer, Issued, Tokens},
    wire,
};
use crate::http::{self, Answer, HttpFault, ReadPolicy};

/// Where the API is, under the base.
const API: [&str; 3] = ["api", "pub", "v2"];

/// How a call that is sent once ended without an answer.
pub(super) enum SendFault {
    /// It certainly never left.
    NotSent(HttpFault),
    /// It may have been received.
    Unknown(HttpFault),
}

pub(super) struct Client {
    http: reqwest::Client,
    base: Url,
    config: TextVerifiedConfig,
    pub clock: Arc<dyn Clock>,
    tokens: Tokens,
    pub skew: Skew,
}

impl Client {
    pub fn try_new(config: TextVerifiedConfig, clock: Arc<dyn Clock>) -> Result<Self, HttpFault> {
        let mut base = Url::parse(&config.base_url).map_err(|_| HttpFault::Address)?;
        if !matches!(base.scheme(), "http" | "https") || !base.has_host() {
            return Err(HttpFault::Address);
        }
        base.set_query(None);
        base.set_fragment(None);
        base.path_segments_mut().map_err(|()| HttpFault::Address)?.pop_if_empty().extend(API);
        let http = http::client(config.timeout)?;
        Ok(Self { http, base, config, clock, tokens: Tokens::default(), skew: Skew::default() })
    }

    pub fn time_out(&self) -> Duration {
        self.config.timeout
    }

    pub fn url(&self, segments: &[&str]) -> Url {
        let mut url = self.base.clone();
        // Never fails: `try_new` has put segments into this very address.
        if let Ok(mut path) = url.path_segments_mut() {
            path.extend(segments);
        }
        url
    }

    /// An address that the provider names, if it lies under ours: no other gets our token.
    pub fn under_base(&self, href: &str) -> Option<Url> {
        let root = format!("/{}/", API.join("/"));
        let url = match href.strip_prefix(&root) {
            Some(rest) => Url::parse(&format!("{}/{rest}", self.base)).ok()?,
            None => Url::parse(href).ok()?,
        };
        let is_ours = url.origin() == self.base.origin()
            && url.username().is_empty()
            && url.password().is_none()
            && url.path().strip_prefix(self.base.path()).is_some_and(|rest| rest.starts_with('/'));
        is_ours.then_some(url)
    }

    /// The verification that an answer of 201 names, in its `Location` or its body; they may not differ.
    pub fn made(&self, answer: &Answer) -> Option<ReservationId> {
        let location = answer.headers.get(LOCATION).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let link = serde_json::from_slice::<wire::Link>(&answer.body).ok().and_then(|link| link.href);
        let mut named = [location, link].into_iter().flatten().filter_map(|href| self.named_by(&href));
        let first = named.next()?;
        named.all(|other| other == first).then_some(first)
    }

    fn named_by(&self, href: &str) -> Option<ReservationId> {
        let url = self.under_base(href)?;
        let rest = url.path().strip_prefix(self.base.path())?;
        match rest.trim_matches('/').split('/').collect::<Vec<_>>()[..] {
            ["verifications", id] => map::reservation_id(id),
            _ => None,
        }
    }

    /// Reads, with repetitions.
    pub async fn get(&self, url: Url, deadline: Option<Instant>) -> Result<Answer, HttpFault> {
        self.read(|| self.http.get(url.clone()), deadline).await
    }

    /// Asks for something that changes nothing, with repetitions, though it is a POST.
    pub async fn ask(&self, url: Url, body: &impl Serialize) -> Result<Answer, HttpFault> {
        let body = json(body)?;
        self.read(|| with_body(self.http.post(url.clone()), body.clone()), None).await
    }

    /// Sends once, and once more only after a 401, which proves that nothing was done. The request never leaves
    /// later than the configured time-out after this call, however long a token takes.
    pub async fn send_once(&self, url: Url, body: Option<String>) -> Result<Answer, SendFault> {
        let deadline = Instant::now() + self.config.timeout;
        let mut refused = None;
        loop {
            let bearer = self.bearer(refused, deadline).await.map_err(SendFault::NotSent)?;
            let request = self.http.request(Method::POST, url.clone());
            let request = match &body {
                Some(body) => with_body(request, body.clone()),
                None => request,
            };
            let call = self.timed(authorised(request, &bearer));
            let answer = match timeout_at(deadline, call).await {
                Ok(Ok(answer)) => answer,
                Ok(Err(fault)) if fault.nothing_was_sent() => return Err(SendFault::NotSent(fault)),
                Ok(Err(fault)) => return Err(SendFault::Unknown(fault)),
                Err(_) => return Err(SendFault::Unknown(HttpFault::TimedOut)),
            };
            if answer.status != StatusCode::UNAUTHORIZED || refused.is_some() {
                return Ok(answer);
            }
            refused = Some(bearer.serial);
        }
    }

    async fn read(
        &self,
        request: impl Fn() -> RequestBuilder,
        deadline: Option<Instant>,
    ) -> Result<Answer, HttpFault> {
        let end = Instant::now() + self.config.reads.budget;
        let end = deadline.map_or(end, |deadline| deadline.min(end));
        let mut refused = None;
        loop {
            let bearer = self.bearer(refused, end).await?;
            let attempt = || self.timed(authorised(request(), &bearer));
            let answer = http::read(self.config.reads, end, attempt).await?;
            if answer.status != StatusCode::UNAUTHORIZED || refused.is_some() {
                return Ok(answer);
            }
            refused = Some(bearer.serial);
        }
    }

    async fn bearer(&self, refused: Option<u64>, deadline: Instant) -> Result<Bearer, HttpFault> {
        let issue = || self.issue(deadline);
        let bearer = self.tokens.bearer(self.clock.as_ref(), refused, issue);
        timeout_at(deadline, bearer).await.unwrap_or(Err(HttpFault::TimedOut))
    }

    async fn issue(&self, deadline: Instant) -> Result<Issued, HttpFault> {
        let url = self.url(&["auth"]);
        let attempt = || {
            let request = self.http.post(url.clone());
            let request = request.header("X-API-USERNAME", &self.config.username);
            self.timed(request.header("X-API-KEY", self.config.api_key.expose_secret()))
        };
        let answer = http::read(self.config.reads, deadline, attempt).await?;
        let token: wire::Token = parse(&answer, "the token")?;
        let lifetime = token.expires_in.as_deref().and_then(map::seconds);
        let lifetime = lifetime.unwrap_or(chrono::TimeDelta::minutes(5));
        Ok(Issued { value: token.token.into(), lifetime })
    }

    async fn timed(&self, request: RequestBuilder) -> Result<Answer, HttpFault> {
        let before: Time = self.clock.now();
        let answer = http::send(request).await?;
        // An answer like this may come from a proxy with a clock of its own.
        let date = if answer.status.is_server_error() { None } else { answer.date() };
        self.skew.measure(before, date, self.clock.now());
        Ok(answer)
    }
}

fn authorised(request: RequestBuilder, bearer: &Bearer) -> RequestBuilder {
    request.bearer_auth(bearer.value.expose_secret())
}

fn with_body(request: RequestBuilder, body: String) -> RequestBuilder {
    request.header(CONTENT_TYPE, "application/json").body(body)
}

/// A body as JSON text.
pub(super) fn json(body: &impl Serialize) -> Result<String, HttpFault> {
    serde_json::to_string(body).map_err(|_| HttpFault::Malformed("our own request"))
}

/// The body of a successful answer; `what` names it in the fault, which shows nothing of it.
pub(super) fn parse<T: DeserializeOwned>(answer: &Answer, what: &'static str) -> Result<T, HttpFault> {
    if !answer.status.is_success() {
        return Err(map::unfit(answer));
    }
    serde_json::from_slice(&answer.body).map_err(|_| HttpFault::Malformed(what))
}

impl TextVerifiedConfig {
    /// The usual time-outs: 10 s a call, 12 s a read with its repetitions.
    pub fn new(base_url: String, username: String, api_key: secrecy::SecretString) -> Self {
        let timeout = Duration::from_secs(10);
        Self { base_url, username, api_key, timeout, reads: ReadPolicy::default() }
    }
}
