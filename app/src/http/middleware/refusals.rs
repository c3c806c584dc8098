//! Credentials that were refused: an address has so many looked up in the store, and then none for a while.
//!
//! Whether a random key or cookie is anybody's is known by a read alone, so who invents them costs one each. They are
//! counted by each process for itself: what is spared are its reads, and no question to another machine comes before.

use std::{
    collections::hash_map::RandomState,
    hash::BuildHasher,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use super::{
    counters::{MachineTime, Monotonic},
    limits::Network,
    window::{Policy, Verdict, Windows},
};

/// Addresses and credentials that are remembered at most, each.
const CAPACITY: usize = 50_000;
/// For so long a good credential is looked up whatever its neighbours do.
const GOOD: Policy = Policy { name: "good", quota: 1, window: Duration::from_secs(600) };
/// How many refused ones of an address are looked up, before the factor.
const REFUSED: Policy = Policy { name: "refused", quota: 30, window: Duration::from_secs(60) };

struct Seen {
    refused: Windows<Network>,
    good: Windows<u64>,
}

/// Counts refused credentials by address. Whoever shares the address and was let in lately goes on.
pub struct Refusals {
    seen: Mutex<Seen>,
    policy: Policy,
    time: Box<dyn Monotonic>,
    // A key of this process alone, so that nobody can aim at another one's credential.
    hasher: RandomState,
}

impl Refusals {
    /// `factor` multiplies the quota.
    pub fn new(factor: u32) -> Self {
        Self::by(factor, Box::new(MachineTime::start()))
    }

    fn by(factor: u32, time: Box<dyn Monotonic>) -> Self {
        let seen = Seen { refused: Windows::new(CAPACITY), good: Windows::new(CAPACITY) };
        let policy = Policy { quota: REFUSED.quota.saturating_mul(factor.max(1)), ..REFUSED };
        Self { seen: Mutex::new(seen), policy, time, hasher: RandomState::new() }
    }

    /// Why this credential is not looked up; `None`: it is.
    pub fn refuse(&self, client: IpAddr, credential: &str) -> Option<Verdict> {
        let now = self.time.elapsed();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let verdict = seen.refused.look(&Network::from(client), self.policy, now);
        let is_known = !verdict.allowed && seen.good.is_known(&self.hasher.hash_one(credential), now);
        (!verdict.allowed && !is_known).then_some(verdict)
    }

    /// It was looked up, and is nobody's.
    pub fn note_refused(&self, client: IpAddr) {
        let now = self.time.elapsed();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.refused.ask(&Network::from(client), self.policy, now);
    }

    /// It was looked up, and is somebody's.
    pub fn note_good(&self, credential: &str) {
        let now = self.time.elapsed();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.good.ask(&self.hasher.hash_one(credential), GOOD, now);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    };

    use super::*;

    struct Hands(Arc<AtomicU64>);

    impl Monotonic for Hands {
        fn elapsed(&self) -> Duration {
            Duration::from_secs(self.0.load(Ordering::SeqCst))
        }
    }

    #[test]
    fn an_address_has_thirty_refused_in_a_minute_and_who_was_let_in_lately_goes_on() {
        let hands = Arc::new(AtomicU64::new(1_000));
        let refusals = Refusals::by(1, Box::new(Hands(hands.clone())));
        let [here, there] = ["192.0.2.1", "192.0.2.2"].map(|text| text.parse::<IpAddr>().expect(text));
        refusals.note_good("good");
        for _ in 0..30 {
            assert_eq!(refusals.refuse(here, "bad"), None);
            refusals.note_refused(here);
        }
        let verdict = refusals.refuse(here, "bad").expect("used up");
        assert_eq!((verdict.allowed, verdict.remaining, verdict.policy.quota), (false, 0, 30));
        assert_eq!((refusals.refuse(here, "good"), refusals.refuse(there, "bad")), (None, None));
        hands.fetch_add(verdict.reset.as_secs(), Ordering::SeqCst);
        assert_eq!(refusals.refuse(here, "bad"), None);
        assert_eq!(Refusals::new(3).policy.quota, 90);
    }
}
