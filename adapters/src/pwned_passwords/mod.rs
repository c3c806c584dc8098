//! Passwords that have leaked, by Pwned Passwords: the first five hex digits of a password's SHA-1 are sent, and the rest of
//! it is looked for in what comes back. A thousand leaked passwords, and others without end, begin like it. Answers are padded
//! on request, so that their size does not tell which range it was.
//!
//! Asked once, and never again: somebody waits.
//!
//! Source: <https://haveibeenpwned.com/API/v3#PwnedPasswords>, read in November 2026.

mod wire;

use std::time::Duration;

use async_trait::async_trait;
use namaskah_domain::{
    Fault,
    auth::{LeakedPasswords, Secret},
};
use reqwest::Url;
use sha1::{Digest, Sha1};

use crate::http::{self, HttpFault};

/// How to reach the service.
#[derive(Debug, Clone)]
pub struct PwnedPasswordsConfig {
    /// `https://api.pwnedpasswords.com`.
    pub base_url: String,
    /// For a call, from the connection to the last byte.
    pub timeout: Duration,
}

impl PwnedPasswordsConfig {
    /// The usual time: 2 s.
    pub const fn new(base_url: String) -> Self {
        Self { base_url, timeout: Duration::from_secs(2) }
    }
}

/// [`LeakedPasswords`] on Pwned Passwords.
pub struct PwnedPasswords {
    http: reqwest::Client,
    base: Url,
}

impl PwnedPasswords {
    /// Makes no call.
    ///
    /// # Errors
    /// `Address` if the base is no HTTP URL, `Client` if TLS cannot be set up.
    pub fn try_new(config: &PwnedPasswordsConfig) -> Result<Self, HttpFault> {
        let mut base = Url::parse(&config.base_url).map_err(|_| HttpFault::Address)?;
        if !matches!(base.scheme(), "http" | "https") || !base.has_host() {
            return Err(HttpFault::Address);
        }
        base.set_query(None);
        base.set_fragment(None);
        Ok(Self { http: http::client(config.timeout)?, base })
    }

    /// Every hash that begins so.
    async fn range(&self, prefix: &str) -> Result<Vec<u8>, HttpFault> {
        let mut url = self.base.clone();
        // Never fails: `try_new` accepts only addresses with a path.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(["range", prefix]);
        }
        let answer = http::send_within(self.http.get(url).header("Add-Padding", "true"), wire::CAP).await?;
        match answer.status.as_u16() {
            200 => Ok(answer.body),
            status => Err(HttpFault::Status { status, code: None }),
        }
    }
}

#[async_trait]
impl LeakedPasswords for PwnedPasswords {
    async fn is_known(&self, password: &Secret) -> Result<bool, Fault> {
        let hash = hex::encode_upper(Sha1::digest(password.expose().as_bytes()));
        let (prefix, suffix) = hash.split_at(wire::PREFIX);
        let range = self.range(prefix).await.map_err(Fault::new)?;
        wire::says_seen(&range, suffix)
            .map_err(|unreadable| Fault::new(HttpFault::Malformed(unreadable.part())))
    }
}
