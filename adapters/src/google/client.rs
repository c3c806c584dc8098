//! Calls of the provider: its description and its keys are kept for an hour, a code is sent once.

use std::{sync::Arc, time::Duration};

use namaskah_domain::{
    Fault,
    auth::{IdentityProviderError, Secret},
};
use reqwest::Url;
use secrecy::ExposeSecret;
use serde::de::DeserializeOwned;
use tokio::{sync::Mutex, time::Instant};

use super::{GoogleConfig, map, unavailable, wire};
use crate::http::{self, Answer, HttpFault};

/// Largest answer that is read, in bytes. The real ones have two or three thousand.
const CAP: usize = 64 * 1024;
/// So long a description and keys are kept.
const KEPT: Duration = Duration::from_secs(3_600);
const DESCRIPTION: [&str; 2] = [".well-known", "openid-configuration"];

/// Where the provider is asked what.
pub(super) struct Endpoints {
    pub authorization: Url,
    token: Url,
    keys: Url,
}

/// Something that was fetched, and when.
type Fetched<T> = Mutex<Option<(Instant, Arc<T>)>>;

pub(super) struct Client {
    http: reqwest::Client,
    description: Url,
    config: GoogleConfig,
    endpoints: Fetched<Endpoints>,
    keys: Fetched<Vec<map::VerifyingKey>>,
}

impl Client {
    pub fn try_new(config: GoogleConfig) -> Result<Self, HttpFault> {
        let mut description = web_address(&config.issuer)?;
        web_address(&config.redirect_uri)?;
        if let Ok(mut path) = description.path_segments_mut() {
            path.pop_if_empty().extend(DESCRIPTION);
        }
        let http = http::client(config.timeout)?;
        let (endpoints, keys) = (Mutex::default(), Mutex::default());
        Ok(Self { http, description, config, endpoints, keys })
    }

    pub fn redirect_uri(&self) -> &str {
        &self.config.redirect_uri
    }

    /// As the provider describes itself; asked once an hour, and by one at a time.
    pub async fn endpoints(&self) -> Result<Arc<Endpoints>, HttpFault> {
        let mut kept = self.endpoints.lock().await;
        if let Some((at, endpoints)) = kept.as_ref().filter(|(at, _)| at.elapsed() < KEPT) {
            tracing::trace!(age_s = at.elapsed().as_secs(), "the provider's description is known");
            return Ok(endpoints.clone());
        }
        let described: wire::Discovery = self.get(self.description.clone(), "the description").await?;
        let endpoints = Arc::new(self.believed(&described)?);
        *kept = Some((Instant::now(), endpoints.clone()));
        Ok(endpoints)
    }

    /// A description of another issuer, or one that leads off https, is not used.
    fn believed(&self, described: &wire::Discovery) -> Result<Endpoints, HttpFault> {
        if described.issuer != self.config.issuer {
            return Err(HttpFault::Malformed("a description of another issuer"));
        }
        let endpoint = |text: &str| {
            let url = web_address(text).map_err(|_| HttpFault::Malformed("an endpoint"))?;
            if self.description.scheme() == "https" && url.scheme() != "https" {
                return Err(HttpFault::Malformed("an endpoint in the clear"));
            }
            Ok(url)
        };
        Ok(Endpoints {
            authorization: endpoint(&described.authorization_endpoint)?,
            token: endpoint(&described.token_endpoint)?,
            keys: endpoint(&described.jwks_uri)?,
        })
    }

    /// The key of that name. One that is not known is looked for again, but not all the time: tokens come from outside.
    pub async fn key(&self, id: &str) -> Result<Option<map::VerifyingKey>, HttpFault> {
        let find = |keys: &[map::VerifyingKey]| keys.iter().find(|key| key.id == id).cloned();
        let endpoints = self.endpoints().await?;
        let mut kept = self.keys.lock().await;
        if let Some((at, keys)) = kept.as_ref().filter(|(at, _)| at.elapsed() < KEPT) {
            let found = find(keys);
            if found.is_some() || at.elapsed() < self.config.keys_pause {
                return Ok(found);
            }
        }
        let keys = Arc::new(map::keys(self.get(endpoints.keys.clone(), "the keys").await?));
        *kept = Some((Instant::now(), keys.clone()));
        Ok(find(&keys))
    }

    /// The token that a code is exchanged for. Sent once.
    pub async fn redeem(&self, code: &Secret, verifier: &Secret) -> Result<String, IdentityProviderError> {
        let endpoints = self.endpoints().await.map_err(unavailable)?;
        let body = wire::Exchange {
            grant_type: "authorization_code",
            code: code.expose(),
            redirect_uri: &self.config.redirect_uri,
            client_id: &self.config.client_id,
            client_secret: self.config.client_secret.expose_secret(),
            code_verifier: verifier.expose(),
        };
        let request = self.http.post(endpoints.token.clone()).form(&body);
        let answer = http::send_within(request, CAP).await.map_err(unavailable)?;
        if answer.status.is_success() {
            let exchanged: wire::Exchanged = parse(&answer, "the token").map_err(unavailable)?;
            return Ok(exchanged.id_token);
        }
        let fault = unfit(&answer);
        if matches!(&fault, HttpFault::Status { status: 400, code: Some(code) } if code == "invalid_grant") {
            return Err(IdentityProviderError::Refused(Fault::new(fault)));
        }
        Err(unavailable(fault))
    }

    async fn get<T: DeserializeOwned>(&self, url: Url, what: &'static str) -> Result<T, HttpFault> {
        let answer = http::send_within(self.http.get(url), CAP).await?;
        if answer.status.is_success() { parse(&answer, what) } else { Err(unfit(&answer)) }
    }
}

fn web_address(text: &str) -> Result<Url, HttpFault> {
    let url = Url::parse(text).map_err(|_| HttpFault::Address)?;
    if matches!(url.scheme(), "http" | "https") && url.has_host() { Ok(url) } else { Err(HttpFault::Address) }
}

fn parse<T: DeserializeOwned>(answer: &Answer, what: &'static str) -> Result<T, HttpFault> {
    serde_json::from_slice(&answer.body).map_err(|_| HttpFault::Malformed(what))
}

fn unfit(answer: &Answer) -> HttpFault {
    let refusal = serde_json::from_slice::<wire::Refusal>(&answer.body).ok();
    let code = refusal.and_then(|refusal| http::loggable_code(&refusal.error));
    HttpFault::Status { status: answer.status.as_u16(), code }
}
