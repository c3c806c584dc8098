//! The bearer token: kept while it is good, asked for by one call at a time.

use chrono::TimeDelta;
use namaskah_domain::{Clock, Time};
use secrecy::SecretString;
use tokio::sync::Mutex;

use crate::http::HttpFault;

/// A token is replaced so long before it ends, or after half its life if that is shorter.
const EARLY: TimeDelta = TimeDelta::seconds(60);

/// A token as it was given to us.
pub(super) struct Issued {
    pub value: SecretString,
    pub lifetime: TimeDelta,
}

/// A token to use. `serial` tells it from those before and after it.
#[derive(Clone)]
pub(super) struct Bearer {
    pub value: SecretString,
    pub serial: u64,
    renew_at: Time,
}

/// The one token that all calls share.
#[derive(Default)]
pub(super) struct Tokens {
    current: Mutex<Option<Bearer>>,
}

impl Tokens {
    /// A token that is good and not `refused`, the serial of one that the provider did not take. Whoever needs a
    /// new one while another call fetches it waits for that.
    pub async fn bearer<F>(
        &self,
        clock: &dyn Clock,
        refused: Option<u64>,
        issue: impl FnOnce() -> F,
    ) -> Result<Bearer, HttpFault>
    where
        F: Future<Output = Result<Issued, HttpFault>>,
    {
        let mut current = self.current.lock().await;
        if let Some(bearer) = current.as_ref()
            && Some(bearer.serial) != refused
            && clock.now() < bearer.renew_at
        {
            return Ok(bearer.clone());
        }
        let issued = issue().await?;
        let early = EARLY.min(issued.lifetime / 2);
        let bearer = Bearer {
            value: issued.value,
            serial: current.as_ref().map_or(1, |bearer| bearer.serial + 1),
            renew_at: clock.now() + (issued.lifetime - early),
        };
        *current = Some(bearer.clone());
        Ok(bearer)
    }
}
