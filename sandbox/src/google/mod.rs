//! Google's OpenID provider, as far as signing in needs it: its description, a page on which somebody picks an
//! address, codes, tokens and keys. Nothing of it outlives the process: its people are made by their addresses.

mod keys;
mod page;
mod token;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use poem::http::StatusCode;
use serde_json::{Value, json};

use self::keys::{NoKey, SigningKey};
pub(crate) use self::{
    page::{authorize, consent},
    token::{Flaw, token},
};
use crate::{
    GoogleClient,
    http::{Answer, Call},
    world::World,
};

/// Where the product takes browsers that come back.
const WAY_BACK: &str = "/api/v1/auth/google/callback";
/// How long a code is good.
const CODE_MS: i64 = 10 * 60 * 1_000;

/// Somebody who signs in.
#[derive(Clone, Debug)]
struct Person {
    subject: String,
    email: String,
    is_verified: bool,
    /// The provider keeps the mail of his address's domain for its organisation.
    is_hosted: bool,
}

/// What a browser came with.
#[derive(Clone, Debug)]
struct Wish {
    client_id: String,
    redirect_uri: String,
    state: String,
    nonce: String,
    challenge: String,
}

/// What a code stands for.
#[derive(Clone, Debug)]
struct Grant {
    wish: Wish,
    person: Person,
    until_ms: i64,
}

/// What the provider knows.
pub(crate) struct Google {
    client: Option<GoogleClient>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Newest last.
    keys: Vec<SigningKey>,
    codes: BTreeMap<String, Grant>,
    flaws: VecDeque<Flaw>,
}

impl State {
    fn add_key(&mut self) -> Result<(), NoKey> {
        self.keys.push(SigningKey::generate()?);
        Ok(())
    }

    /// The key that signs now; made when it is first asked for.
    fn newest(&mut self) -> Result<&SigningKey, NoKey> {
        if self.keys.is_empty() {
            self.add_key()?;
        }
        self.keys.last().ok_or(NoKey)
    }
}

impl Google {
    pub(crate) fn new(client: Option<GoogleClient>) -> Self {
        Self { client, state: Mutex::default() }
    }

    /// Signs with a new key from now on; the others are still shown, or not.
    pub(crate) fn rotate(&self, keep: bool) -> Result<usize, Answer> {
        let mut state = self.state();
        state.newest().map_err(no_key)?;
        if !keep {
            state.keys.clear();
        }
        state.add_key().map_err(no_key)?;
        Ok(state.keys.len())
    }

    /// The next tokens are wrong in this way.
    pub(crate) fn spoil(&self, flaw: Flaw, count: u32) {
        self.state().flaws.extend((0..count).map(|_| flaw));
    }

    pub(crate) fn reset(&self) {
        let mut state = self.state();
        state.codes.clear();
        state.flaws.clear();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn no_key(_: NoKey) -> Answer {
    refuse(StatusCode::INTERNAL_SERVER_ERROR, "server_error", "no key could be made")
}

/// In the words of RFC 6749.
fn refuse(status: StatusCode, error: &str, description: &str) -> Answer {
    Answer::json(status, &json!({ "error": error, "error_description": description }))
}

fn invalid(description: &str) -> Answer {
    refuse(StatusCode::BAD_REQUEST, "invalid_request", description)
}

/// The provider's own URL, by the way that the caller came.
fn issuer(call: &Call) -> String {
    format!("{}/google", call.base_url)
}

/// `GET /.well-known/openid-configuration`
pub(crate) fn discovery(world: &World, call: &Call) -> Result<Answer, Answer> {
    let issuer = issuer(call);
    Ok(Answer::ok(&json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{}/google/authorize", world.pages(call)),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/certs"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "email"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "code_challenge_methods_supported": ["S256"],
        "claims_supported": ["aud", "azp", "email", "email_verified", "exp", "iat", "iss", "nonce", "sub"],
    })))
}

/// `GET /certs`
pub(crate) fn certs(world: &World, _: &Call) -> Result<Answer, Answer> {
    let mut state = world.google.state();
    state.newest().map_err(no_key)?;
    let keys = state.keys.iter().map(|key| {
        let (n, e) = &key.shown;
        json!({ "kty": "RSA", "use": "sig", "alg": "RS256", "kid": key.id, "n": n, "e": e })
    });
    Ok(Answer::ok(&json!({ "keys": keys.collect::<Vec<Value>>() })))
}
