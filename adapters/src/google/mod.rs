//! Signing in with Google: OpenID Connect, with an authorization code, PKCE and a client secret.
//!
//! The provider describes itself at a fixed path below its issuer; a description of another issuer is not used. What
//! it says about somebody is a token that must be signed with RSA and SHA-256, whatever the token itself says, by a key
//! that the provider publishes. An unknown key is looked for once more, not more often than once in ten seconds.
//!
//! Sources: OpenID Connect Core 1.0 and Discovery 1.0; RFC 7636 (PKCE), 7515 (JWS), 7517 (JWK);
//! <https://developers.google.com/identity/openid-connect/openid-connect>, read in November 2026.

mod client;
mod map;
mod wire;

use std::{fmt, time::Duration};

use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use namaskah_domain::{
    Fault,
    auth::{Assertion, AttemptSecrets, IdentityProvider, IdentityProviderError, Issuer, Secret},
};
use secrecy::SecretString;
use sha2::{Digest, Sha256};

use self::client::Client;
use crate::http::HttpFault;

/// How to reach the provider, and what it knows us by.
#[derive(Clone)]
pub struct GoogleConfig {
    /// `https://accounts.google.com`.
    pub issuer: String,
    /// What it calls us.
    pub client_id: String,
    /// Proves to it that we are that.
    pub client_secret: SecretString,
    /// Where it sends browsers back to; registered there.
    pub redirect_uri: String,
    /// For one call, from the connection to the last byte.
    pub timeout: Duration,
    /// After which an unknown key is looked for again.
    pub keys_pause: Duration,
}

impl GoogleConfig {
    /// The usual times: 10 s a call, and 10 s between looks for an unknown key.
    pub const fn new(
        issuer: String,
        client_id: String,
        client_secret: SecretString,
        redirect_uri: String,
    ) -> Self {
        let (timeout, keys_pause) = (Duration::from_secs(10), Duration::from_secs(10));
        Self { issuer, client_id, client_secret, redirect_uri, timeout, keys_pause }
    }
}

impl fmt::Debug for GoogleConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GoogleConfig")
            .field("issuer", &self.issuer)
            .field("redirect_uri", &self.redirect_uri)
            .finish_non_exhaustive()
    }
}

/// [`IdentityProvider`] on Google.
pub struct GoogleIdentityProvider {
    client: Client,
    issuer: Issuer,
    client_id: String,
}

impl GoogleIdentityProvider {
    /// Makes no call.
    ///
    /// # Errors
    /// `Address` if the issuer or the way back is no HTTP URL, `Client` if TLS cannot be set up.
    pub fn try_new(config: GoogleConfig) -> Result<Self, HttpFault> {
        let issuer = Issuer::try_new(&config.issuer).map_err(|_| HttpFault::Address)?;
        let client_id = config.client_id.clone();
        Ok(Self { client: Client::try_new(config)?, issuer, client_id })
    }
}

#[async_trait]
impl IdentityProvider for GoogleIdentityProvider {
    fn issuer(&self) -> &Issuer {
        &self.issuer
    }

    fn client(&self) -> &str {
        &self.client_id
    }

    async fn authorization_url(&self, attempt: &AttemptSecrets) -> Result<String, IdentityProviderError> {
        let endpoints = self.client.endpoints().await.map_err(unavailable)?;
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(attempt.verifier.expose().as_bytes()));
        let mut url = endpoints.authorization.clone();
        url.query_pairs_mut().extend_pairs([
            ("response_type", "code"),
            ("client_id", &self.client_id),
            ("redirect_uri", self.client.redirect_uri()),
            ("scope", "openid email"),
            ("state", attempt.state.expose()),
            ("nonce", attempt.nonce.expose()),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
            ("prompt", "select_account"),
        ]);
        Ok(url.into())
    }

    async fn redeem(&self, code: &Secret, verifier: &Secret) -> Result<Assertion, IdentityProviderError> {
        let token = self.client.redeem(code, verifier).await?;
        let signed = map::Signed::read(&token).map_err(unbelievable)?;
        let key = self.client.key(&signed.key_id).await.map_err(unavailable)?;
        let key = key.ok_or_else(|| unbelievable("it is signed with no key of the provider"))?;
        let claims = signed.verified(&key).map_err(unbelievable)?;
        map::assertion(claims).map_err(unbelievable)
    }
}

fn unavailable(fault: HttpFault) -> IdentityProviderError {
    IdentityProviderError::Unavailable(Fault::new(fault))
}

fn unbelievable(part: &'static str) -> IdentityProviderError {
    IdentityProviderError::Unbelievable(Fault::new(HttpFault::Malformed(part)))
}
