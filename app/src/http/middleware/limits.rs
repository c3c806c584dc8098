//! Who may ask how often: the classes of requests, their quotas, and the counters.

use std::{
    collections::hash_map::RandomState,
    hash::BuildHasher,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use namaskah_domain::UserId;

use super::window::{Policy, Verdict, Windows};

const CAPACITY: usize = 200_000;
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);

/// Time that only goes on, at the pace of the world. Limits do not follow the product's clock, which the sandbox
/// moves.
pub trait Monotonic: Send + Sync {
    /// Since some moment before the first request.
    fn elapsed(&self) -> Duration;
}

/// The machine's own.
pub struct MachineTime(Instant);

impl MachineTime {
    /// Counts from now.
    pub fn start() -> Self {
        Self(Instant::now())
    }
}

impl Monotonic for MachineTime {
    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// A kind of request with a quota of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Signing in, by address of the client and of the account.
    Login,
    /// Registering, and asking for mails.
    Register,
    /// Orders.
    Purchase,
    /// Payments.
    Payment,
    /// Reading one open order.
    StatusRead,
    /// Health, documents and pages.
    System,
    /// Providers' webhooks.
    Hook,
    /// Everything else.
    Default,
}

impl Class {
    /// Every class.
    pub const ALL: [Self; 8] = [
        Self::Login,
        Self::Register,
        Self::Purchase,
        Self::Payment,
        Self::StatusRead,
        Self::System,
        Self::Hook,
        Self::Default,
    ];

    /// The quota before the factor.
    pub const fn policy(self) -> Policy {
        let (name, quota, window) = match self {
            Self::Login => ("login", 5, MINUTE),
            Self::Register => ("register", 3, HOUR),
            Self::Purchase => ("purchase", 10, MINUTE),
            Self::Payment => ("payments", 5, MINUTE),
            Self::StatusRead => ("status", 60, MINUTE),
            Self::System => ("system", 600, MINUTE),
            Self::Hook => ("hooks", 3_000, MINUTE),
            Self::Default => ("default", 100, MINUTE),
        };
        Policy { name, quota, window }
    }
}

/// Who asks. IPv6 clients own whole networks, so they are one by their first 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Who {
    /// Somebody signed in.
    Account(UserId),
    /// Anybody at an address.
    Address(Network),
    /// Anybody at an address who names an account; the account as a keyed hash.
    AddressAndName(Network, u64),
    /// Somebody signed in, about one record; the record as a keyed hash.
    AccountAndRecord(UserId, u64),
}

/// An IPv4 address, or the first half of an IPv6 address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network(u64);

impl From<IpAddr> for Network {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => Self(u64::from(u32::from(v4))),
            // The lower half of the 128 bits is dropped; the upper one of a real address is never below 2^32.
            IpAddr::V6(v6) => Self((u128::from(v6) >> 64) as u64 | 1 << 63),
        }
    }
}

/// The counters of one process.
pub struct Limits {
    windows: Mutex<Windows<(Class, Who)>>,
    time: Box<dyn Monotonic>,
    factor: u32,
    hasher: RandomState,
}

impl Limits {
    /// `factor` multiplies every quota.
    pub fn new(factor: u32, time: Box<dyn Monotonic>) -> Self {
        let windows = Mutex::new(Windows::new(CAPACITY));
        Self { windows, time, factor: factor.max(1), hasher: RandomState::new() }
    }

    /// Counts a request, if it is allowed.
    pub fn ask(&self, class: Class, who: Who) -> Verdict {
        let base = class.policy();
        let policy = Policy { quota: base.quota.saturating_mul(self.factor), ..base };
        self.lock().ask(&(class, who), policy, self.time.elapsed())
    }

    /// True if requests of that class were counted for `who` lately.
    pub fn knows(&self, class: Class, who: Who) -> bool {
        self.lock().is_known(&(class, who), self.time.elapsed())
    }

    /// A name that a client sent, as a key that it cannot aim at another one's.
    pub fn named(&self, name: &str) -> u64 {
        self.hasher.hash_one(name)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Windows<(Class, Who)>> {
        // A panic while counting leaves counts that are at worst one too low.
        self.windows.lock().unwrap_or_else(PoisonError::into_inner)
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
    fn every_class_has_a_limit_that_the_factor_raises_and_that_time_lifts() {
        for (class, factor) in Class::ALL.into_iter().flat_map(|class| [(class, 1), (class, 3)]) {
            let hands = Arc::new(AtomicU64::new(1_000));
            let limits = Limits::new(factor, Box::new(Hands(hands.clone())));
            let who = Who::Address(Network::from(IpAddr::from([192, 0, 2, 1])));
            for _ in 0..class.policy().quota * factor {
                assert!(limits.ask(class, who).allowed, "{class:?}");
            }
            let refused = limits.ask(class, who);
            assert!(!refused.allowed, "{class:?}");
            hands.fetch_add(refused.reset.as_secs(), Ordering::SeqCst);
            assert!(limits.ask(class, who).allowed, "{class:?}");
        }
    }

    #[test]
    fn addresses_of_one_ipv6_network_are_one() {
        let network = |text: &str| Network::from(text.parse::<IpAddr>().expect(text));
        assert_eq!(network("2001:db8::1"), network("2001:db8::ffff:2"));
        assert_ne!(network("2001:db8::1"), network("2001:db8:0:1::1"));
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
    }
}
