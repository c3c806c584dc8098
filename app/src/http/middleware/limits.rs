//! Who may ask how often: the classes of requests and their quotas.

use std::{fmt, net::IpAddr, sync::Arc, time::Duration};

use hmac::{Hmac, KeyInit, Mac};
use ipnet::IpNet;
use namaskah_domain::UserId;
use sha2::Sha256;

use super::{
    counters::{Ask, Counters, MemoryCounters, Subject},
    refusals::Refusals,
    window::{Policy, Verdict},
};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);

/// A kind of request with a quota of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Signing in, by address of the client and of the account.
    Login,
    /// The same, by address of the account alone.
    Account,
    /// Proving again who is signed in, by account alone.
    Proof,
    /// Registering, and asking for mails.
    Register,
    /// The same, by the address that is mailed.
    Mail,
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
    pub const ALL: [Self; 11] = [
        Self::Login,
        Self::Account,
        Self::Proof,
        Self::Register,
        Self::Mail,
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
            Self::Account => ("account", 60, HOUR),
            Self::Proof => ("proof", 60, HOUR),
            Self::Register => ("register", 3, HOUR),
            Self::Mail => ("mail", 5, HOUR),
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
    AddressAndName(Network, u128),
    /// Anybody who names an address of mail; it as a keyed hash.
    Name(u128),
    /// Somebody signed in, about one record; the record as a keyed hash.
    AccountAndRecord(UserId, u128),
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

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}", self.0)
    }
}

/// How limits are set up.
#[derive(Debug, Clone, Default)]
pub struct LimitSettings {
    /// Multiplies every quota; 0 counts as 1.
    pub factor: u32,
    /// Clients in these networks are not counted.
    pub bypass: Vec<IpNet>,
    /// Keys the hashes of names. Processes that share counters share it.
    pub key: [u8; 32],
}

/// Every limit.
pub struct Limits {
    counters: Arc<dyn Counters>,
    refusals: Refusals,
    settings: LimitSettings,
}

impl Limits {
    /// With counters of this process or of many.
    pub fn new(settings: LimitSettings, counters: Arc<dyn Counters>) -> Self {
        Self { counters, refusals: Refusals::new(settings.factor), settings }
    }

    /// In the memory of this process, under a key of its own; `factor` multiplies every quota.
    pub fn in_memory(factor: u32) -> Self {
        let mut key = [0u8; 32];
        // Without randomness a client could aim at another one's count, and still not at its account.
        let _ = getrandom::fill(&mut key);
        Self::new(LimitSettings { factor, key, bypass: Vec::new() }, Arc::new(MemoryCounters::default()))
    }

    /// Counts a request of `client`, if it is allowed.
    pub async fn ask(&self, client: IpAddr, class: Class, who: Who) -> Verdict {
        self.ask_after(client, (class, who), None).await
    }

    /// The same, with what is counted `first` unless the other was counted lately.
    pub async fn ask_after(
        &self,
        client: IpAddr,
        (class, who): (Class, Who),
        first: Option<(Class, Who)>,
    ) -> Verdict {
        let subject = self.subject(class, who);
        if self.is_uncounted(client) {
            let policy = subject.policy;
            return Verdict { policy, allowed: true, remaining: policy.quota, reset: Duration::ZERO };
        }
        let first = first.map(|(class, who)| self.subject(class, who));
        self.counters.ask(Ask { subject, first }).await
    }

    fn is_uncounted(&self, client: IpAddr) -> bool {
        self.settings.bypass.iter().any(|network| network.contains(&client))
    }

    /// Why this random credential is not looked up: too many of that address were nobody's. `None`: it is.
    pub fn refuse(&self, client: IpAddr, credential: &str) -> Option<Verdict> {
        self.refusals.refuse(client, credential).filter(|_| !self.is_uncounted(client))
    }

    /// Counts it as looked up: it was `account`'s, or nobody's.
    pub fn looked_up(&self, client: IpAddr, credential: &str, account: Option<UserId>) {
        match account {
            Some(_) => self.refusals.note_good(credential),
            None => self.refusals.note_refused(client),
        }
    }

    fn subject(&self, class: Class, who: Who) -> Subject {
        let base = class.policy();
        let quota = base.quota.saturating_mul(self.settings.factor.max(1));
        Subject { class, who, policy: Policy { quota, ..base } }
    }

    /// A name that a client sent, as a key that it cannot aim at another one's.
    pub fn named(&self, name: &str) -> u128 {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.settings.key) else { return 0 };
        mac.update(name.as_bytes());
        let digest = mac.finalize().into_bytes();
        digest.iter().take(16).fold(0, |number, byte| number << 8 | u128::from(*byte))
    }

    /// What counts.
    pub fn counters(&self) -> &dyn Counters {
        self.counters.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::http::middleware::counters::Monotonic;

    const CLIENT: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

    struct Hands(Arc<AtomicU64>);

    impl Monotonic for Hands {
        fn elapsed(&self) -> Duration {
            Duration::from_secs(self.0.load(Ordering::SeqCst))
        }
    }

    fn limits(factor: u32, bypass: &[&str], hands: &Arc<AtomicU64>) -> Limits {
        let bypass = bypass.iter().map(|text| text.parse().expect("a network")).collect();
        let counters = Arc::new(MemoryCounters::new(Box::new(Hands(hands.clone()))));
        Limits::new(LimitSettings { factor, bypass, key: [7; 32] }, counters)
    }

    #[tokio::test]
    async fn every_class_has_a_limit_that_the_factor_raises_and_that_time_lifts() {
        for (class, factor) in Class::ALL.into_iter().flat_map(|class| [(class, 1), (class, 3)]) {
            let hands = Arc::new(AtomicU64::new(1_000));
            let limits = limits(factor, &["198.51.100.0/24"], &hands);
            let who = Who::Address(Network::from(CLIENT));
            for _ in 0..class.policy().quota * factor {
                assert!(limits.ask(CLIENT, class, who).await.allowed, "{class:?}");
            }
            let refused = limits.ask(CLIENT, class, who).await;
            assert!(!refused.allowed, "{class:?}");
            hands.fetch_add(refused.reset.as_secs(), Ordering::SeqCst);
            assert!(limits.ask(CLIENT, class, who).await.allowed, "{class:?}");
        }
    }

    #[tokio::test]
    async fn who_is_on_the_list_is_not_counted() {
        let limits = limits(1, &["192.0.2.0/24"], &Arc::default());
        let who = Who::Address(Network::from(CLIENT));
        for _ in 0..20 {
            let verdict = limits.ask(CLIENT, Class::Login, who).await;
            assert_eq!((verdict.allowed, verdict.remaining), (true, 5));
        }
        let outside = IpAddr::from([192, 0, 3, 1]);
        for n in 0..6 {
            assert_eq!(limits.ask(outside, Class::Login, who).await.allowed, n < 5);
        }
    }

    #[test]
    fn names_are_told_apart_by_a_key() {
        let limits = limits(1, &[], &Arc::default());
        assert_eq!(limits.named("ada"), limits.named("ada"));
        assert_ne!(limits.named("ada"), limits.named("adb"));
        assert_ne!(limits.named("ada"), Limits::in_memory(1).named("ada"));
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
