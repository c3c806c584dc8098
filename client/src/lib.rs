#![doc = include_str!("../README.md")]

use std::time::Duration;

use reqwest::{Method, RequestBuilder, Response};
use serde::de::DeserializeOwned;

/// What is sent and told, as the document has it.
pub mod schema {
    include!(concat!(env!("OUT_DIR"), "/schema.rs"));
}

/// Longer than the longest poll and the product's own deadline.
const PATIENCE: Duration = Duration::from_secs(60);

/// Why a call gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The product refused, or could not: branch on the problem's `code`.
    #[error("{} {}: {}", .0.status, .0.code, .0.detail)]
    Refused(Box<schema::Problem>),
    /// Something between us and the product answered in its place, with this status.
    #[error("an answer of status {0} that is not the product's")]
    Foreign(u16),
    /// Nothing came, or not what the document says. What a command came to is unknown: send it again under its key.
    #[error("no answer: {0}")]
    Transport(#[from] reqwest::Error),
}

/// Calls the API at one address. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    bearer: Option<Secret>,
}

/// Is never shown.
#[derive(Clone)]
struct Secret(String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a credential")
    }
}

impl Client {
    /// At this address, such as `https://namaskah.example`, as a stranger.
    ///
    /// # Errors
    /// If no connection could ever be made.
    pub fn new(base: &str) -> Result<Self, Error> {
        let http = reqwest::Client::builder().timeout(PATIENCE).redirect(reqwest::redirect::Policy::none());
        Ok(Self { http: http.build()?, base: base.trim_end_matches('/').to_owned(), bearer: None })
    }

    /// The same with an API key, or an access token.
    #[must_use]
    pub fn with_bearer(self, credential: &str) -> Self {
        Self { bearer: Some(Secret(credential.to_owned())), ..self }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.bearer {
            Some(Secret(bearer)) => request.bearer_auth(bearer),
            None => request,
        }
    }
}

include!(concat!(env!("OUT_DIR"), "/calls.rs"));

async fn answered(request: RequestBuilder) -> Result<Response, Error> {
    let response = request.send().await?;
    if response.status().is_success() {
        return Ok(response);
    }
    let status = response.status().as_u16();
    let bytes = response.bytes().await?;
    let problem = serde_json::from_slice(&bytes).map_err(|_| Error::Foreign(status))?;
    Err(Error::Refused(Box::new(problem)))
}

async fn nothing(request: RequestBuilder) -> Result<(), Error> {
    answered(request).await.map(|_| ())
}

async fn text(request: RequestBuilder) -> Result<String, Error> {
    Ok(answered(request).await?.text().await?)
}

async fn json<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, Error> {
    Ok(answered(request).await?.json().await?)
}

/// A part of a path: whatever it is, it stays one.
fn segment(value: &str) -> String {
    let kept = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let escaped = |byte: u8| if kept(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    value.bytes().map(escaped).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_a_record_stays_one_part_of_the_path() {
        assert_eq!(segment("ver_01k8-x.y~z"), "ver_01k8-x.y~z");
        assert_eq!(segment("../a b/ü?#%"), "..%2Fa%20b%2F%C3%BC%3F%23%25");
    }

    #[test]
    fn a_word_of_a_later_version_is_read_and_never_sent() {
        let status: schema::VerificationStatus = serde_json::from_str("\"teleported\"").expect("read");
        assert_eq!(status, schema::VerificationStatus::Unlisted);
        assert!(serde_json::to_string(&status).is_err());
        assert_eq!(serde_json::to_string(&schema::VerificationStatus::Waiting).expect("sent"), "\"waiting\"");
    }

    #[test]
    fn a_client_does_not_show_its_credential() {
        let _ = rustls_of_tests();
        let shown = format!(
            "{:?}",
            Client::new("https://namaskah.example").expect("a client").with_bearer("hunter2")
        );
        assert!(!shown.contains("hunter2"), "{shown}");
    }

    /// Another test may have been first.
    fn rustls_of_tests() -> Result<(), std::sync::Arc<rustls::crypto::CryptoProvider>> {
        rustls::crypto::ring::default_provider().install_default()
    }
}
