//! The bearer token: kept while it is good, asked for by one call at a time.

use chrono::TimeDelta;
use namaskah_domain::{Clock, Time};
use secrecy::SecretString;
use tokio::sync::Mutex;

use crate::http::HttpFault;

/// A token is replaced so long before it ends, or after half its life if that is shorter.
const EARLY: TimeDelta = TimeDelta::seconds(60);

/// No token is believed to live longer: what the provider says is a number like any other.
const LONGEST_LIFE: TimeDelta = TimeDelta::hours(1);

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
        let lifetime = issued.lifetime.clamp(TimeDelta::zero(), LONGEST_LIFE);
        let early = EARLY.min(lifetime / 2);
        let bearer = Bearer {
            value: issued.value,
            serial: current.as_ref().map_or(1, |bearer| bearer.serial + 1),
            renew_at: clock.now() + (lifetime - early),
        };
        *current = Some(bearer.clone());
        Ok(bearer)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex as Cell;

    use super::*;

    struct At(Cell<Time>);

    #[async_trait::async_trait]
    impl Clock for At {
        fn now(&self) -> Time {
            *self.0.lock().expect("nobody panicked")
        }

        async fn sleep_until(&self, _: Time) {}
    }

    async fn serial(tokens: &Tokens, clock: &At, lifetime: TimeDelta) -> u64 {
        let issue = || async move { Ok(Issued { value: "bearer".into(), lifetime }) };
        tokens.bearer(clock, None, issue).await.map(|bearer| bearer.serial).unwrap_or_default()
    }

    #[tokio::test]
    async fn an_absurd_lifetime_counts_as_an_hour_and_a_negative_one_as_none() {
        let clock = At(Cell::new(Time::from_timestamp_millis(1_767_225_600_000).expect("an instant")));
        let tokens = Tokens::default();
        assert_eq!(serial(&tokens, &clock, TimeDelta::MAX).await, 1);
        assert_eq!(serial(&tokens, &clock, TimeDelta::MAX).await, 1);
        *clock.0.lock().expect("nobody panicked") += TimeDelta::hours(1);
        assert_eq!(serial(&tokens, &clock, TimeDelta::MIN).await, 2);
        assert_eq!(serial(&tokens, &clock, TimeDelta::MIN).await, 3);
    }
}
