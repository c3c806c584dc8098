//! Rate limits as they are configured.

use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use namaskah_adapters::redis::RedisWindows;
use namaskah_domain::Fault;
use secrecy::ExposeSecret;
use sha2::Sha256;

use crate::{
    config::Config,
    http::middleware::{
        counters::{Counters, MemoryCounters},
        limits::{LimitSettings, Limits},
        shared::{PATIENCE, SharedCounters},
    },
};

/// What each key in Redis begins with, so that other data of ours may lie beside it.
const PREFIX: &str = "namaskah:limits:";

/// Counted in Redis, if there is one. Must be called on a runtime then.
///
/// # Errors
/// If the URL of Redis is none.
pub fn of(config: &Config) -> Result<Arc<Limits>, Fault> {
    let memory = MemoryCounters::default();
    let counters: Arc<dyn Counters> = match &config.redis_url {
        Some(url) => Arc::new(SharedCounters::start(RedisWindows::try_new(url)?, memory, PREFIX, PATIENCE)),
        None => Arc::new(memory),
    };
    let settings =
        LimitSettings { factor: config.limit_factor, bypass: config.limit_bypass.clone(), key: key(config)? };
    Ok(Arc::new(Limits::new(settings, counters)))
}

/// All instances have the same, and it says nothing about the key that it is made of. While that is being replaced, they may
/// count the same name apart.
fn key(config: &Config) -> Result<[u8; 32], Fault> {
    let newest = config.secrets.encryption_keys.first().map_or("", ExposeSecret::expose_secret);
    let mut mac = Hmac::<Sha256>::new_from_slice(newest.as_bytes()).map_err(Fault::new)?;
    mac.update(b"names in rate limits");
    Ok(mac.finalize().into_bytes().into())
}
