//! The page on which somebody picks an address, and the way back.

use poem::http::{StatusCode, header};
use reqwest::Url;
use sha2::{Digest, Sha256};

use super::{CODE_MS, Grant, Person, WAY_BACK, Wish, invalid, refuse};
use crate::{
    console::escape,
    http::{Answer, Call},
    world::World,
};

const PAGE: &str = include_str!("consent.html");
/// Base64 of a SHA-256, without padding.
const CHALLENGE_CHARS: usize = 43;

/// `GET /authorize`
pub(crate) fn authorize(world: &World, call: &Call) -> Result<Answer, Answer> {
    let wish = wish(world, call)?;
    let hidden: String = call
        .query
        .iter()
        .map(|(name, value)| {
            format!("<input type=\"hidden\" name=\"{}\" value=\"{}\">", escape(name), escape(value))
        })
        .collect();
    let page = PAGE.replace("{{hidden}}", &hidden).replace("{{client}}", &escape(&wish.client_id));
    // A form's answer may lead on to the product, which is another origin.
    let product = Url::parse(&wish.redirect_uri).map(|url| url.origin().ascii_serialization());
    let policy = format!(
        "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self' {}",
        product.unwrap_or_default()
    );
    Ok(Answer { body: page, ..Answer::empty() }
        .header(header::CONTENT_TYPE, "text/html; charset=utf-8".into())
        .header(header::CONTENT_SECURITY_POLICY, policy))
}

/// `GET /consent`: the same query, and `email`; or `deny`. `sub`, `verified=false` and `hosted=false` make an
/// unusual person.
pub(crate) fn consent(world: &World, call: &Call) -> Result<Answer, Answer> {
    let wish = wish(world, call)?;
    if call.query("deny").is_some() {
        return Ok(back(&wish, &[("error", "access_denied")]));
    }
    let email = call.query("email").map(str::trim).filter(|email| email.contains('@'));
    let email = email.ok_or_else(|| invalid("email is required"))?.to_ascii_lowercase();
    let subject = call.query("sub").map_or_else(|| subject_of(&email), str::to_owned);
    let (is_verified, is_hosted) =
        (call.query("verified") != Some("false"), call.query("hosted") != Some("false"));
    let person = Person { subject, email, is_verified, is_hosted };
    let (code, now) = world.with(|books, now| (books.ids.token("4/"), now));
    let grant = Grant { wish: wish.clone(), person, until_ms: now + CODE_MS };
    let mut state = world.google.state();
    state.codes.retain(|_, grant| now < grant.until_ms);
    state.codes.insert(code.clone(), grant);
    Ok(back(&wish, &[("code", &code), ("scope", "openid email")]))
}

/// The same twenty digits for the same address.
fn subject_of(email: &str) -> String {
    let digest = Sha256::digest(email.as_bytes());
    digest.iter().take(20).map(|byte| char::from(b'0' + byte % 10)).collect()
}

fn back(wish: &Wish, with: &[(&str, &str)]) -> Answer {
    let Ok(mut url) = Url::parse(&wish.redirect_uri) else { return invalid("redirect_uri") };
    url.query_pairs_mut().extend_pairs(with).append_pair("state", &wish.state);
    Answer { status: StatusCode::FOUND, ..Answer::empty() }.header(header::LOCATION, url.into())
}

/// What a browser came with, if it is whole and leads back to where the client belongs.
fn wish(world: &World, call: &Call) -> Result<Wish, Answer> {
    let required = |name: &str| {
        let value = call.query(name).filter(|value| value.len() <= 512);
        value.map(str::to_owned).ok_or_else(|| invalid(&format!("{name} is required")))
    };
    let exactly = |name: &str, wanted: &str| match call.query(name) {
        Some(value) if value == wanted => Ok(()),
        _ => Err(invalid(&format!("{name} must be {wanted}"))),
    };
    let wish = Wish {
        client_id: required("client_id")?,
        redirect_uri: required("redirect_uri")?,
        state: required("state")?,
        nonce: required("nonce")?,
        challenge: required("code_challenge")?,
    };
    let client = world.google.client.as_ref();
    if client.is_some_and(|client| client.client_id != wish.client_id) {
        return Err(refuse(StatusCode::UNAUTHORIZED, "invalid_client", "no such client"));
    }
    if !leads_back(client.and_then(|client| client.redirect_uri.as_deref()), &wish.redirect_uri) {
        return Err(refuse(StatusCode::BAD_REQUEST, "redirect_uri_mismatch", "not registered"));
    }
    exactly("response_type", "code")?;
    exactly("code_challenge_method", "S256")?;
    if wish.challenge.len() != CHALLENGE_CHARS {
        return Err(invalid("code_challenge"));
    }
    if !required("scope")?.split(' ').any(|scope| scope == "openid") {
        return Err(invalid("scope must have openid"));
    }
    Ok(wish)
}

fn leads_back(registered: Option<&str>, wanted: &str) -> bool {
    match registered {
        Some(registered) => registered == wanted,
        None => Url::parse(wanted).is_ok_and(|url| {
            matches!(url.scheme(), "http" | "https") && url.path() == WAY_BACK && url.query().is_none()
        }),
    }
}
