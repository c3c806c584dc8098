//! The provider's JSON, as far as it is read.

use serde::{Deserialize, Serialize};

/// What the provider says about itself.
#[derive(Deserialize)]
pub(super) struct Discovery {
    pub issuer: String,
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    pub jwks_uri: String,
}

/// A code to exchange.
#[derive(Serialize)]
pub(super) struct Exchange<'a> {
    pub grant_type: &'static str,
    pub code: &'a str,
    pub redirect_uri: &'a str,
    pub client_id: &'a str,
    pub client_secret: &'a str,
    pub code_verifier: &'a str,
}

/// What comes for it. The access token is for interfaces that we do not use, and is not even read.
#[derive(Deserialize)]
pub(super) struct Exchanged {
    pub id_token: String,
}

/// Why nothing comes for it.
#[derive(Deserialize)]
pub(super) struct Refusal {
    pub error: String,
}

/// Keys that the provider signs with.
#[derive(Deserialize)]
pub(super) struct Keys {
    pub keys: Vec<Key>,
}

#[derive(Deserialize)]
pub(super) struct Key {
    pub kty: Option<String>,
    #[serde(rename = "use")]
    pub used_for: Option<String>,
    pub alg: Option<String>,
    pub kid: Option<String>,
    pub n: Option<String>,
    pub e: Option<String>,
}

/// The first part of a token.
#[derive(Deserialize)]
pub(super) struct Header {
    pub alg: String,
    pub kid: Option<String>,
    /// Extensions that must be understood. We understand none.
    pub crit: Option<Vec<String>>,
}

/// The second part of a token.
#[derive(Deserialize)]
pub(super) struct Claims {
    pub iss: String,
    pub sub: String,
    pub aud: Audience,
    pub azp: Option<String>,
    pub exp: i64,
    pub iat: i64,
    pub nonce: Option<String>,
    pub email: Option<String>,
    pub email_verified: Option<Flag>,
    pub hd: Option<String>,
}

/// One, or several.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Audience {
    One(String),
    Several(Vec<String>),
}

/// Some providers write it as a text.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Flag {
    Plain(bool),
    Text(String),
}
