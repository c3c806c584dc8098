//! Sign-in: by password and second factor, and with a provider of identities where one is configured.

use std::sync::Arc;

use namaskah_adapters::{
    google::{GoogleConfig, GoogleIdentityProvider},
    look_ups::LookUps,
    password::Argon2Hasher,
    persistence::Stores,
    pwned_passwords::{PwnedPasswords, PwnedPasswordsConfig},
    standings::CachedStandings,
    tokens::{EdDsaSigner, SigningSeed},
    totp::Rfc6238,
};
use namaskah_domain::{
    Clock, Fault, Random, Store,
    auth::{AuthPolicy, AuthPorts, AuthService, IdentityProvider, LeakedPasswords, NoLeaks},
};
use secrecy::SecretString;

use super::{Outside, key_of};
use crate::config::{Config, Mode};

/// Where Google sends browsers back to, below the public address.
const WAY_BACK: &str = "/api/v1/auth/google/callback";
/// What the simulated Google calls us.
const SANDBOX_CLIENT: &str = "namaskah.sandbox";

/// What Google knows us by.
pub struct GoogleClient {
    /// What it calls us.
    pub id: String,
    /// Proves that we are that.
    pub secret: SecretString,
}

impl GoogleClient {
    /// What is configured; in the sandbox, what its simulator knows. `None`: nobody signs in with Google.
    pub fn of(config: &Config) -> Option<Self> {
        let configured = config.google.client_id.clone().zip(config.google.client_secret.clone());
        let configured = configured.map(|(id, secret)| Self { id, secret });
        let simulated =
            || Self { id: SANDBOX_CLIENT.to_owned(), secret: config.secrets.sandbox_google_secret.clone() };
        configured.or_else(|| (config.mode == Mode::Sandbox).then(simulated))
    }
}

/// Where Google sends browsers back to.
pub fn way_back(public_url: &str) -> String {
    format!("{}{WAY_BACK}", public_url.trim_end_matches('/'))
}

pub(super) fn provider(
    config: &Config,
    outside: &Outside,
    public_url: &str,
) -> Result<Option<Arc<dyn IdentityProvider>>, Fault> {
    let Some(client) = GoogleClient::of(config) else { return Ok(None) };
    let google = GoogleConfig::new(outside.google.clone(), client.id, client.secret, way_back(public_url));
    let google = GoogleConfig { timeout: config.provider_timeout, ..google };
    Ok(Some(Arc::new(GoogleIdentityProvider::try_new(google).map_err(Fault::new)?)))
}

/// Whoever is asked about new passwords, if anybody is.
pub(super) fn leaked_passwords(
    config: &Config,
    outside: &Outside,
) -> Result<Option<Arc<dyn LeakedPasswords>>, Fault> {
    let Some(url) = outside.leaked_passwords.clone() else { return Ok(None) };
    let usual = PwnedPasswordsConfig::new(url);
    let timeout = usual.timeout.min(config.provider_timeout);
    let service = PwnedPasswords::try_new(&PwnedPasswordsConfig { timeout, ..usual }).map_err(Fault::new)?;
    Ok(Some(Arc::new(service)))
}

/// The keys that sign access tokens, newest first.
fn signer(config: &Config) -> Result<EdDsaSigner, Fault> {
    let seeds: Result<Vec<SigningSeed>, Fault> =
        config.secrets.signing_keys.iter().map(|key| key_of(key).map(SigningSeed::from_bytes)).collect();
    let seeds = seeds?;
    let (current, older) = seeds.split_first().ok_or_else(|| Fault::new("there is no signing key"))?;
    Ok(EdDsaSigner::new(current, older))
}

/// What the key is called that signs access tokens.
///
/// # Errors
/// If a key of ours cannot be used.
pub fn signing_key_id(config: &Config) -> Result<String, Fault> {
    Ok(signer(config)?.key_id())
}

pub(super) fn auth(
    config: &Config,
    store: &Arc<dyn Store>,
    stores: &Stores,
    (clock, random): (Arc<dyn Clock>, Arc<dyn Random>),
    look_ups: LookUps,
    leaked: Option<Arc<dyn LeakedPasswords>>,
) -> Result<AuthService, Fault> {
    let ports = AuthPorts {
        store: store.clone(),
        reads: stores.auth.clone(),
        accounts: stores.wallet.clone(),
        webhooks: stores.webhooks.clone(),
        standings: Arc::new(CachedStandings::new(stores.auth.clone()).observed(look_ups)),
        hasher: Arc::new(Argon2Hasher::default()),
        leaked: leaked.unwrap_or_else(|| Arc::new(NoLeaks)),
        signer: Arc::new(signer(config)?),
        codes: Arc::new(Rfc6238),
        clock,
        random,
    };
    Ok(AuthService::new(ports, AuthPolicy::default()))
}
