//! [`TokenSigner`]: access tokens are JWTs signed with Ed25519, read strictly.
//!
//! A token's header must be, byte for byte, the one that we write for one of our keys. So there is no algorithm to
//! choose, no key to fetch and nothing to parse before the signature has been checked.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::DateTime;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use hmac::{Hmac, KeyInit, Mac};
use namaskah_domain::{
    Fault, Random, Time,
    auth::{AccessClaims, Secret, TokenHash, TokenSigner},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;

const ISSUER: &str = "namaskah";
const AUDIENCE: &str = "namaskah-api";
const MAX_TOKEN_LEN: usize = 1024;

/// What a signing key is made of: 32 random bytes. `Debug` hides them.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningSeed([u8; 32]);

/// A text that is no seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a signing key is 32 bytes in base64url without padding")]
pub struct InvalidSeed;

impl SigningSeed {
    /// A new seed.
    pub fn generate(random: &dyn Random) -> Self {
        let mut bytes = [0u8; 32];
        random.fill(&mut bytes);
        Self(bytes)
    }

    /// A seed of 32 unpredictable bytes that somebody else made.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads [`Self::to_base64`].
    ///
    /// # Errors
    /// [`InvalidSeed`] for any other text, and for a seed that is one byte over and over.
    pub fn from_base64(text: &str) -> Result<Self, InvalidSeed> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidSeed)?;
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| InvalidSeed)?;
        if bytes.iter().all(|byte| *byte == bytes[0]) {
            return Err(InvalidSeed);
        }
        Ok(Self(bytes))
    }

    /// As text, for a file of secrets.
    pub fn to_base64(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }
}

impl fmt::Debug for SigningSeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningSeed(…)")
    }
}

/// A key whose tokens are accepted, and the header that they have.
struct Accepted {
    header: String,
    key: VerifyingKey,
}

impl Accepted {
    fn of(key: VerifyingKey) -> Self {
        let header = format!(r#"{{"alg":"EdDSA","kid":"{}","typ":"at+jwt"}}"#, key_id(&key));
        Self { header: URL_SAFE_NO_PAD.encode(header), key }
    }
}

/// Signs with one key; accepts its tokens and those of older keys.
pub struct EdDsaSigner {
    signing: SigningKey,
    accepted: Vec<Accepted>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    sid: String,
    iat: i64,
    exp: i64,
}

impl EdDsaSigner {
    /// Over the key of today and older ones whose tokens are still good. Keep an older one for as long as an
    /// access token lasts.
    pub fn new(current: &SigningSeed, older: &[SigningSeed]) -> Self {
        let signing = SigningKey::from_bytes(&current.0);
        let public = |seed: &SigningSeed| SigningKey::from_bytes(&seed.0).verifying_key();
        let accepted = std::iter::once(current).chain(older).map(public).map(Accepted::of).collect();
        Self { signing, accepted }
    }

    /// The identifier of today's key, for operators.
    pub fn key_id(&self) -> String {
        key_id(&self.signing.verifying_key())
    }

    /// The payload of a token that one of our keys has signed.
    fn authentic(&self, token: &str) -> Option<Vec<u8>> {
        if token.len() > MAX_TOKEN_LEN {
            return None;
        }
        let (message, signature) = token.rsplit_once('.')?;
        let (header, payload) = message.split_once('.')?;
        let accepted = self.accepted.iter().find(|accepted| accepted.header == header)?;
        let signature = Signature::from_slice(&URL_SAFE_NO_PAD.decode(signature).ok()?).ok()?;
        accepted.key.verify_strict(message.as_bytes(), &signature).ok()?;
        URL_SAFE_NO_PAD.decode(payload).ok()
    }
}

impl TokenSigner for EdDsaSigner {
    fn sign(&self, claims: &AccessClaims) -> Result<Secret, Fault> {
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: claims.user.to_string(),
            sid: claims.session.to_string(),
            iat: claims.issued_at.timestamp(),
            exp: claims.expires_at.timestamp(),
        };
        let payload = serde_json::to_vec(&claims).map_err(Fault::new)?;
        let header = self.accepted.first().map_or("", |accepted| accepted.header.as_str());
        let message = format!("{header}.{}", URL_SAFE_NO_PAD.encode(payload));
        let signature = self.signing.sign(message.as_bytes());
        Ok(Secret::new(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))))
    }

    fn read(&self, token: &str, now: Time) -> Option<AccessClaims> {
        let claims: Claims = serde_json::from_slice(&self.authentic(token)?).ok()?;
        let expires_at = DateTime::from_timestamp(claims.exp, 0)?;
        if claims.iss != ISSUER || claims.aud != AUDIENCE || now >= expires_at {
            return None;
        }
        Some(AccessClaims {
            user: claims.sub.parse().ok()?,
            session: claims.sid.parse().ok()?,
            issued_at: DateTime::from_timestamp(claims.iat, 0)?,
            expires_at,
        })
    }

    fn hash(&self, token: &str) -> TokenHash {
        TokenHash(Sha256::digest(token.as_bytes()).into())
    }

    fn derive(&self, label: &str, secret: &Secret) -> Secret {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes())
            .expect("HMAC takes a key of any length");
        mac.update(label.as_bytes());
        Secret::new(hex::encode(mac.finalize().into_bytes()))
    }
}

/// The thumbprint of RFC 7638 for a key of RFC 8037.
fn key_id(key: &VerifyingKey) -> String {
    let x = URL_SAFE_NO_PAD.encode(key.as_bytes());
    let jwk = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    URL_SAFE_NO_PAD.encode(Sha256::digest(jwk))
}

#[cfg(test)]
mod tests;
