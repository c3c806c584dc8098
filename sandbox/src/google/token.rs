//! Codes become tokens, sound ones or such as a test wants.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use hmac::{Hmac, KeyInit, Mac};
use poem::http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{Google, Grant, NoKey, Person, SigningKey, invalid, issuer, no_key, refuse};
use crate::{
    http::{Answer, Call},
    world::World,
};

const LASTS_S: i64 = 3_600;

/// What is wrong with a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Flaw {
    /// Signed over other claims.
    Signature,
    /// `none`, and no signature.
    AlgNone,
    /// HMAC with the public key as the secret.
    AlgHs256,
    /// An algorithm that is sound, and not the agreed one.
    AlgPs256,
    /// Extensions that must be understood.
    Critical,
    /// It names no key.
    NoKey,
    /// A key that is not shown.
    UnknownKey,
    Issuer,
    Audience,
    /// For us and somebody else.
    Audiences,
    /// Somebody else asked for it.
    Party,
    Expired,
    /// Made tomorrow.
    Future,
    /// Made yesterday, good until tomorrow.
    Old,
    Nonce,
    NoNonce,
    Unverified,
    NoEmail,
    NoSubject,
    /// The same claim twice.
    Twice,
    /// Larger than anybody reads.
    Huge,
}

/// `POST /token`
pub(crate) fn token(world: &World, call: &Call) -> Result<Answer, Answer> {
    let body = call.object()?;
    let (client_id, client_secret) = credentials(call, &body)?;
    let is_known = world
        .google
        .client
        .as_ref()
        .is_none_or(|client| client.client_id == client_id && client.client_secret == client_secret);
    if !is_known {
        return Err(refuse(StatusCode::UNAUTHORIZED, "invalid_client", "unknown client or secret"));
    }
    if field(&body, "grant_type")? != "authorization_code" {
        return Err(refuse(StatusCode::BAD_REQUEST, "unsupported_grant_type", "authorization_code alone"));
    }
    let (code, redirect_uri, verifier) =
        (field(&body, "code")?, field(&body, "redirect_uri")?, field(&body, "code_verifier")?);
    let now = world.with(|_, now| now);
    // A code is gone with the first try, whatever comes of it.
    let grant = world.google.state().codes.remove(code);
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
    let grant = grant.filter(|grant| {
        let wish = &grant.wish;
        let is_his = wish.client_id == client_id && wish.redirect_uri == redirect_uri;
        is_his && wish.challenge == challenge && now < grant.until_ms
    });
    let refused = || refuse(StatusCode::BAD_REQUEST, "invalid_grant", "Bad Request");
    let grant = grant.ok_or_else(refused)?;
    let id_token = world.google.issue(&issuer(call), &grant, now / 1_000).map_err(no_key)?;
    let access_token = world.with(|books, _| books.ids.token("ya29."));
    Ok(Answer::ok(&json!({
        "access_token": access_token,
        "expires_in": LASTS_S - 1,
        "scope": "openid email",
        "token_type": "Bearer",
        "id_token": id_token,
    })))
}

fn field<'a>(body: &'a Map<String, Value>, name: &str) -> Result<&'a str, Answer> {
    let value = body.get(name).and_then(Value::as_str).filter(|value| !value.is_empty());
    value.ok_or_else(|| invalid(&format!("{name} is required")))
}

/// In the body, or as `Basic`.
fn credentials(call: &Call, body: &Map<String, Value>) -> Result<(String, String), Answer> {
    if let Some(basic) = call.header("authorization").and_then(|header| header.strip_prefix("Basic ")) {
        let decoded = STANDARD.decode(basic).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let pair = decoded.as_deref().and_then(|text| text.split_once(':'));
        let pair = pair.map(|(id, secret)| (id.to_owned(), secret.to_owned()));
        return pair.ok_or_else(|| refuse(StatusCode::UNAUTHORIZED, "invalid_client", "malformed"));
    }
    Ok((field(body, "client_id")?.to_owned(), field(body, "client_secret")?.to_owned()))
}

impl Google {
    fn issue(&self, issuer: &str, grant: &Grant, now_s: i64) -> Result<String, NoKey> {
        let mut state = self.state();
        let flaw = state.flaws.pop_front();
        let stranger = match flaw {
            Some(Flaw::UnknownKey) => Some(SigningKey::generate()?),
            _ => None,
        };
        let key = match &stranger {
            Some(stranger) => stranger,
            None => state.newest()?,
        };
        let claims = claims(issuer, grant, now_s, flaw);
        let message = format!("{}.{}", encode(&header(&key.id, flaw).to_string()), encode(&claims));
        let signature = match flaw {
            Some(Flaw::AlgNone) => Vec::new(),
            Some(Flaw::AlgHs256) => hmac(key.modulus(), message.as_bytes()),
            Some(Flaw::Signature) => key.sign(format!("{message}.").as_bytes())?,
            _ => key.sign(message.as_bytes())?,
        };
        Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

fn encode(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

fn header(key: &str, flaw: Option<Flaw>) -> Value {
    let mut header = json!({ "alg": "RS256", "kid": key, "typ": "JWT" });
    match flaw {
        Some(Flaw::AlgNone) => header["alg"] = json!("none"),
        Some(Flaw::AlgHs256) => header["alg"] = json!("HS256"),
        Some(Flaw::AlgPs256) => header["alg"] = json!("PS256"),
        Some(Flaw::Critical) => header["crit"] = json!(["exp"]),
        Some(Flaw::NoKey) => header["kid"] = Value::Null,
        _ => {}
    }
    header
}

/// Addresses that anybody is given have none.
fn hosted_domain(person: &Person) -> Option<&str> {
    let domain = person.email.split_once('@').map(|(_, domain)| domain);
    domain.filter(|domain| person.is_hosted && *domain != "gmail.com")
}

fn claims(issuer: &str, grant: &Grant, now_s: i64, flaw: Option<Flaw>) -> String {
    let (client, person) = (&grant.wish.client_id, &grant.person);
    let mut claims = json!({
        "iss": issuer,
        "azp": client,
        "aud": client,
        "sub": person.subject,
        "email": person.email,
        "email_verified": person.is_verified,
        "hd": hosted_domain(person),
        "nonce": grant.wish.nonce,
        "iat": now_s,
        "exp": now_s + LASTS_S,
    });
    let day = 24 * 3_600;
    match flaw {
        Some(Flaw::Issuer) => claims["iss"] = json!("https://elsewhere.example"),
        Some(Flaw::Audience) => claims["aud"] = json!("somebody-else"),
        Some(Flaw::Audiences) => claims["aud"] = json!([client, "somebody-else"]),
        Some(Flaw::Party) => claims["azp"] = json!("somebody-else"),
        Some(Flaw::Expired) => claims["exp"] = json!(now_s),
        Some(Flaw::Future) => claims["iat"] = json!(now_s + day),
        Some(Flaw::Old) => (claims["iat"], claims["exp"]) = (json!(now_s - day), json!(now_s + day)),
        Some(Flaw::Nonce) => claims["nonce"] = json!("another attempt's"),
        Some(Flaw::NoNonce) => claims["nonce"] = Value::Null,
        Some(Flaw::Unverified) => claims["email_verified"] = json!(false),
        Some(Flaw::NoEmail) => claims["email"] = Value::Null,
        Some(Flaw::NoSubject) => claims["sub"] = json!(""),
        Some(Flaw::Huge) => claims["padding"] = json!("x".repeat(100_000)),
        _ => {}
    }
    let text = claims.to_string();
    if flaw == Some(Flaw::Twice) { text.replacen('{', "{\"sub\":\"somebody-else\",", 1) } else { text }
}
