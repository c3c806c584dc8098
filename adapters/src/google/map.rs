//! From the provider's tokens to the domain's words: what is signed is read only once its signature was found good.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::DateTime;
use namaskah_domain::{
    Time,
    auth::{Assertion, Email, Secret, Subject},
};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};

use super::wire;

/// The one algorithm that is taken, whatever a token asks for.
const ALGORITHM: &str = "RS256";

/// A key of the provider.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct VerifyingKey {
    pub id: String,
    modulus: Vec<u8>,
    exponent: Vec<u8>,
}

/// The keys of a list that a token may be signed with; others are left out.
pub(super) fn keys(listed: wire::Keys) -> Vec<VerifyingKey> {
    let is = |given: &Option<String>, wanted: &str| given.as_deref().is_none_or(|given| given == wanted);
    let fits = |key: &wire::Key| {
        key.kty.as_deref() == Some("RSA") && is(&key.used_for, "sig") && is(&key.alg, ALGORITHM)
    };
    let read = |key: wire::Key| {
        let decoded = |text: Option<String>| URL_SAFE_NO_PAD.decode(text?).ok();
        Some(VerifyingKey { id: key.kid?, modulus: decoded(key.n)?, exponent: decoded(key.e)? })
    };
    listed.keys.into_iter().filter(fits).filter_map(read).collect()
}

/// A token, not believed yet.
pub(super) struct Signed<'a> {
    pub key_id: String,
    message: &'a str,
    payload: &'a str,
    signature: Vec<u8>,
}

impl<'a> Signed<'a> {
    /// Reads no more than which key must have signed it.
    pub fn read(token: &'a str) -> Result<Self, &'static str> {
        let (message, signature) = token.rsplit_once('.').ok_or("no token")?;
        let (header, payload) =
            message.split_once('.').filter(|(_, p)| !p.contains('.')).ok_or("no token")?;
        let header = URL_SAFE_NO_PAD.decode(header).map_err(|_| "the header")?;
        let header: wire::Header = serde_json::from_slice(&header).map_err(|_| "the header")?;
        if header.alg != ALGORITHM {
            return Err("it is signed with another algorithm");
        }
        if header.crit.is_some() {
            return Err("it must be understood in a way that we do not know");
        }
        let key_id = header.kid.ok_or("it names no key")?;
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| "the signature")?;
        Ok(Self { key_id, message, payload, signature })
    }

    /// What it says, if this key has signed it.
    pub fn verified(self, key: &VerifyingKey) -> Result<wire::Claims, &'static str> {
        let public = RsaPublicKeyComponents { n: &key.modulus, e: &key.exponent };
        public
            .verify(&RSA_PKCS1_2048_8192_SHA256, self.message.as_bytes(), &self.signature)
            .map_err(|_| "its signature is wrong")?;
        let payload = URL_SAFE_NO_PAD.decode(self.payload).map_err(|_| "the claims")?;
        serde_json::from_slice(&payload).map_err(|_| "the claims")
    }
}

/// In the domain's words; whether it is believed is the domain's business.
pub(super) fn assertion(claims: wire::Claims) -> Result<Assertion, &'static str> {
    let time = |seconds: i64| -> Result<Time, &'static str> {
        DateTime::from_timestamp(seconds, 0).ok_or("an instant")
    };
    let audience = match claims.aud {
        wire::Audience::One(one) => vec![one],
        wire::Audience::Several(several) => several,
    };
    Ok(Assertion {
        issuer: claims.iss,
        subject: Subject::try_new(&claims.sub).map_err(|_| "the subject")?,
        audience,
        authorized_party: claims.azp,
        issued_at: time(claims.iat)?,
        expires_at: time(claims.exp)?,
        nonce: claims.nonce.map(Secret::new),
        hosted_domain: claims.hd,
        email: claims.email.and_then(|email| Email::try_new(&email).ok()),
        email_verified: match claims.email_verified {
            Some(wire::Flag::Plain(verified)) => verified,
            Some(wire::Flag::Text(text)) => text == "true",
            None => false,
        },
    })
}
