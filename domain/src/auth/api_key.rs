//! API keys: credentials of programs, each with what it may do. Stored hashed; the secret is shown once.

use std::{fmt::Write, net::IpAddr};

use chrono::TimeDelta;
use ipnet::IpNet;

use crate::{ApiKeyId, Time, UserId, Version, auth::TokenHash, time::seconds};

/// Keys that a user may have at once.
pub const MAX_KEYS: usize = 50;

/// How many characters of a key are shown in lists: its kind's prefix and eight digits.
const SHOWN_CHARS: usize = 12;

/// A use is written down when the last one that was is so old.
const USE_EVERY: TimeDelta = seconds(60);

/// What a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// See the wallet and payments.
    WalletRead,
    /// Open payments, give them back, change the wallet's settings.
    WalletWrite,
    /// See what is for sale, orders and their texts.
    VerificationsRead,
    /// Ask for quotes, order, and act on orders.
    VerificationsWrite,
    /// Change where events are sent to.
    WebhooksWrite,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 5] = [
        Self::WalletRead,
        Self::WalletWrite,
        Self::VerificationsRead,
        Self::VerificationsWrite,
        Self::WebhooksWrite,
    ];

    /// The word in the API and in storage.
    pub const fn name(self) -> &'static str {
        match self {
            Self::WalletRead => "wallet:read",
            Self::WalletWrite => "wallet:write",
            Self::VerificationsRead => "verifications:read",
            Self::VerificationsWrite => "verifications:write",
            Self::WebhooksWrite => "webhooks:write",
        }
    }

    /// The scope of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// At least one scope. Writing does not include reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Scopes(u8);

impl Scopes {
    /// These, each once; `None` of none.
    pub fn of(scopes: impl IntoIterator<Item = Scope>) -> Option<Self> {
        let bits = scopes.into_iter().fold(0, |bits, scope| bits | scope.bit());
        (bits != 0).then_some(Self(bits))
    }

    /// Reads [`Self::to_text`].
    pub fn from_stored(text: &str) -> Option<Self> {
        let scopes: Option<Vec<Scope>> = text.split(' ').map(Scope::from_name).collect();
        Self::of(scopes?)
    }

    /// True if `scope` is among them.
    pub const fn has(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// Each, in one order.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.has(*scope))
    }

    /// Names with spaces between, for storage.
    pub fn to_text(self) -> String {
        self.iter().map(Scope::name).collect::<Vec<_>>().join(" ")
    }
}

/// What a user calls a key: 1 to 100 characters, none of them a control character, not all of them blank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyName(String);

impl KeyName {
    /// Without blanks at its ends; `None` if it is no name.
    pub fn try_new(text: &str) -> Option<Self> {
        let text = text.trim();
        let fits = (1..=100).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        fits.then(|| Self(text.to_owned()))
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// From where a key may be used.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowedIps(Vec<IpNet>);

impl AllowedIps {
    /// Networks at most.
    pub const MAX: usize = 32;

    /// From anywhere.
    pub const fn anywhere() -> Self {
        Self(Vec::new())
    }

    /// From these networks alone; `None` of none or of more than [`Self::MAX`].
    pub fn only(networks: Vec<IpNet>) -> Option<Self> {
        (1..=Self::MAX).contains(&networks.len()).then_some(Self(networks))
    }

    /// An address, or a network as `203.0.113.0/24`, whose lower bits are dropped. An IPv4 address is written as one.
    pub fn network(text: &str) -> Option<IpNet> {
        let network = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).ok()?;
        let network = network.trunc();
        let is_mapped = network.addr() != network.addr().to_canonical();
        (!is_mapped).then_some(network)
    }

    /// Reads [`Self::to_text`].
    pub fn from_stored(text: Option<&str>) -> Option<Self> {
        let Some(text) = text else { return Some(Self::anywhere()) };
        Self::only(text.split(' ').map(Self::network).collect::<Option<_>>()?)
    }

    /// Networks with spaces between, for storage; `None`: anywhere.
    pub fn to_text(&self) -> Option<String> {
        let mut text = String::new();
        for network in &self.0 {
            // Writing to a String cannot fail.
            let _ = write!(text, "{}{network}", if text.is_empty() { "" } else { " " });
        }
        (!text.is_empty()).then_some(text)
    }

    /// Each; none: anywhere.
    pub fn networks(&self) -> &[IpNet] {
        &self.0
    }

    /// True if a client at `address` may use the key.
    pub fn allow(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.is_empty() || self.0.iter().any(|network| network.contains(&address))
    }
}

/// An API key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Its identifier.
    pub id: ApiKeyId,
    /// Whose it is; what it does is done by this user.
    pub user: UserId,
    /// What the user calls it.
    pub name: KeyName,
    /// What the secret begins with: enough to know it by, and far from enough to guess it.
    pub prefix: String,
    /// The secret, hashed.
    pub hash: TokenHash,
    /// What it may do.
    pub scopes: Scopes,
    /// From where.
    pub allowed: AllowedIps,
    /// When it was made.
    pub created_at: Time,
    /// From when on it is void; `None`: never.
    pub expires_at: Option<Time>,
    /// When it was last used, some minute exactly. `None`: not yet.
    pub last_used_at: Option<Time>,
    /// When it was deleted.
    pub ended_at: Option<Time>,
    /// Counts every change.
    pub version: Version,
}

impl ApiKey {
    /// What of a secret is shown in lists.
    pub fn shown(secret: &str) -> String {
        secret.chars().take(SHOWN_CHARS).collect()
    }

    /// True if it may be used at `now`.
    pub fn is_open(&self, now: Time) -> bool {
        self.ended_at.is_none() && self.expires_at.is_none_or(|until| now < until)
    }

    /// True if a use at `now` is to be written down: not every one is, so that reading costs no writing.
    pub fn is_use_due(&self, now: Time) -> bool {
        self.last_used_at.is_none_or(|last| now - last >= USE_EVERY)
    }

    /// The same key, used.
    #[must_use]
    pub fn used(self, at: Time) -> Self {
        Self { last_used_at: Some(at), version: self.version.next(), ..self }
    }

    /// The same key, deleted.
    #[must_use]
    pub fn ended(self, at: Time) -> Self {
        Self { ended_at: Some(at), version: self.version.next(), ..self }
    }

    /// What stays of a key whose user has left: nothing about the person.
    #[must_use]
    pub fn anonymised(self, at: Time) -> Self {
        Self { name: KeyName("deleted".to_owned()), allowed: AllowedIps::anywhere(), ..self }.ended(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_known_by_their_names_and_kept_as_a_set() {
        for scope in Scope::ALL {
            assert_eq!(Scope::from_name(scope.name()), Some(scope));
            let alone = Scopes::of([scope, scope]).expect("a scope");
            assert_eq!(alone.iter().collect::<Vec<_>>(), [scope]);
            assert_eq!(Scopes::from_stored(&alone.to_text()), Some(alone));
        }
        let all = Scopes::of(Scope::ALL).expect("scopes");
        let names = "wallet:read wallet:write verifications:read verifications:write webhooks:write";
        assert_eq!(all.to_text(), names);
        assert_eq!(Scopes::of([]), None);
        for none in ["", "wallet", "wallet:read ", "Wallet:read"] {
            assert_eq!(Scopes::from_stored(none), None, "{none:?}");
        }
    }

    #[test]
    fn a_name_has_one_to_a_hundred_characters() {
        let longest = "é".repeat(100);
        for (text, name) in [("CI", "CI"), ("  a b\t", "a b"), (longest.as_str(), longest.as_str())] {
            assert_eq!(KeyName::try_new(text).map(|name| name.as_str().to_owned()), Some(name.to_owned()));
        }
        for none in ["", "   ", "a\nb", "a\u{0}b", &"é".repeat(101)] {
            assert_eq!(KeyName::try_new(none), None, "{none:?}");
        }
    }

    #[test]
    fn networks_are_addresses_or_blocks_of_them() {
        let read = |text| AllowedIps::network(text).map(|network| network.to_string());
        assert_eq!(read("203.0.113.7").as_deref(), Some("203.0.113.7/32"));
        assert_eq!(read("203.0.113.7/24").as_deref(), Some("203.0.113.0/24"));
        assert_eq!(read("2001:db8::1/32").as_deref(), Some("2001:db8::/32"));
        for none in
            ["", "203.0.113.7/33", "203.0.113", "example.com", "::ffff:203.0.113.7", "1.2.3.4/", " 1.2.3.4"]
        {
            assert_eq!(read(none), None, "{none:?}");
        }
    }

    #[test]
    fn a_key_is_used_from_its_networks_and_without_any_from_anywhere() {
        let network = |text: &str| AllowedIps::network(text).expect("a network");
        let ip = |text: &str| text.parse::<IpAddr>().expect("an address");
        let some = AllowedIps::only(vec![network("203.0.113.0/24"), network("2001:db8::/32")]);
        let some = some.expect("some networks");
        for (address, is_in) in [
            ("203.0.113.255", true),
            ("::ffff:203.0.113.1", true),
            ("203.0.114.0", false),
            ("2001:db8:1::1", true),
            ("2001:db9::1", false),
        ] {
            assert_eq!(some.allow(ip(address)), is_in, "{address}");
            assert!(AllowedIps::anywhere().allow(ip(address)));
        }
        assert_eq!(AllowedIps::from_stored(some.to_text().as_deref()), Some(some));
        assert_eq!(AllowedIps::from_stored(None), Some(AllowedIps::anywhere()));
        assert_eq!(AllowedIps::anywhere().to_text(), None);
        assert_eq!(AllowedIps::only(Vec::new()), None);
        assert_eq!(AllowedIps::only(vec![network("10.0.0.0/8"); AllowedIps::MAX + 1]), None);
    }
}
