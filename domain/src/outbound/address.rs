//! Which addresses are public: everything but what is set aside.
//!
//! Sources: IANA's registries of special-purpose addresses for IPv4 and IPv6, and of the IPv6 address space, as of
//! November 2026; Microsoft's "What is IP address 168.63.129.16?".

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// What a block of addresses is set aside for, so that nothing in it is called. Its text names no address: it may
/// be shown to whoever gave the URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum SetAside {
    /// "This network": on most systems another way to say loopback.
    #[error("the address is one of this network")]
    ThisNetwork,
    /// RFC 1918 and unique local IPv6: somebody's own network.
    #[error("the address is private")]
    Private,
    /// Between a carrier and its customers (CGNAT); some clouds have their metadata there.
    #[error("the address is a carrier's own")]
    Shared,
    /// This machine.
    #[error("the address is loopback")]
    Loopback,
    /// This link; most clouds have their metadata there.
    #[error("the address is link-local")]
    LinkLocal,
    /// A cloud's metadata or agent at an address that is otherwise public.
    #[error("the address is a cloud's metadata")]
    Metadata,
    /// Protocols of the IETF, anycast sinks and relays: no host.
    #[error("the address is set aside for protocols")]
    Protocol,
    /// Examples in texts.
    #[error("the address is set aside for documentation")]
    Documentation,
    /// Measurements between devices.
    #[error("the address is set aside for benchmarks")]
    Benchmark,
    /// Many receivers.
    #[error("the address is multicast")]
    Multicast,
    /// Every receiver of a link.
    #[error("the address is broadcast")]
    Broadcast,
    /// No address at all, which many systems take for this machine.
    #[error("the address is unspecified")]
    Unspecified,
    /// An IPv4 address within an IPv6 one (mapped, compatible, NAT64, 6to4, Teredo). Refused as a whole: which host it
    /// reaches is for a translator to say.
    #[error("the address has another one within it")]
    Embedded,
    /// Of no use yet, or not any more.
    #[error("the address is reserved")]
    Reserved,
}

use SetAside::{
    Benchmark, Broadcast, Documentation, Embedded, LinkLocal, Loopback, Metadata, Multicast, Private,
    Protocol, Reserved, Shared, ThisNetwork, Unspecified,
};

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

/// A block by its first three groups and the last two.
const fn v6(head: [u16; 3], tail: [u16; 2], prefix: u8) -> Ipv6Net {
    let [a, b, c] = head;
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, 0, 0, tail[0], tail[1], 0), prefix)
}

/// A single address by its last group.
const fn low(last: u16) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(0, 0, 0, 0, 0, 0, 0, last), 128)
}

/// The first that meets an address names it, so the narrower one stands first.
const V4: &[(Ipv4Net, SetAside)] = &[
    (v4(0, 0, 0, 0, 8), ThisNetwork),
    (v4(10, 0, 0, 0, 8), Private),
    (v4(100, 64, 0, 0, 10), Shared),
    (v4(127, 0, 0, 0, 8), Loopback),
    (v4(168, 63, 129, 16, 32), Metadata), // Azure's host agent
    (v4(169, 254, 0, 0, 16), LinkLocal),
    (v4(172, 16, 0, 0, 12), Private),
    (v4(192, 0, 0, 0, 24), Protocol), // Oracle's cloud has metadata at 192.0.0.192
    (v4(192, 0, 2, 0, 24), Documentation),
    (v4(192, 31, 196, 0, 24), Protocol), // AS112
    (v4(192, 52, 193, 0, 24), Protocol), // AMT
    (v4(192, 88, 99, 0, 24), Protocol),  // relays of 6to4
    (v4(192, 168, 0, 0, 16), Private),
    (v4(192, 175, 48, 0, 24), Protocol), // AS112
    (v4(198, 18, 0, 0, 15), Benchmark),
    (v4(198, 51, 100, 0, 24), Documentation),
    (v4(203, 0, 113, 0, 24), Documentation),
    (v4(224, 0, 0, 0, 4), Multicast),
    (v4(255, 255, 255, 255, 32), Broadcast),
    (v4(240, 0, 0, 0, 4), Reserved),
];

const V6: &[(Ipv6Net, SetAside)] = &[
    (low(0), Unspecified),
    (low(1), Loopback),
    (v6([0, 0, 0], [0xffff, 0], 96), Embedded),    // mapped
    (v6([0, 0, 0], [0, 0], 96), Embedded),         // compatible
    (v6([0x64, 0xff9b, 0], [0, 0], 96), Embedded), // NAT64
    (v6([0x64, 0xff9b, 1], [0, 0], 48), Embedded), // NAT64 within a network
    (v6([0x100, 0, 0], [0, 0], 32), Protocol),     // discarded (100::/64), dummies (100:0:0:1::/64)
    (v6([0x2001, 0, 0], [0, 0], 32), Embedded),    // Teredo
    (v6([0x2001, 0, 0], [0, 0], 23), Protocol),    // ORCHID, benchmarks, anycast of the IETF
    (v6([0x2001, 0xdb8, 0], [0, 0], 32), Documentation),
    (v6([0x2002, 0, 0], [0, 0], 16), Embedded),         // 6to4
    (v6([0x2620, 0x4f, 0x8000], [0, 0], 48), Protocol), // AS112
    (v6([0x3fff, 0, 0], [0, 0], 20), Documentation),
    (v6([0x5f00, 0, 0], [0, 0], 16), Protocol), // identifiers of segment routing
    (v6([0xfc00, 0, 0], [0, 0], 7), Private),   // AWS has metadata at fd00:ec2::254
    (v6([0xfe80, 0, 0], [0, 0], 10), LinkLocal),
    (v6([0xfec0, 0, 0], [0, 0], 10), Private), // site-local, before fc00::/7
    (v6([0xff00, 0, 0], [0, 0], 8), Multicast),
];

/// What has been given out for hosts of the internet. Outside of it, what the table does not name is reserved.
const GLOBAL_V6: Ipv6Net = v6([0x2000, 0, 0], [0, 0], 3);

/// What a network, or a single address, is set aside for; `None` if every address of it is public.
pub fn set_aside(network: impl Into<IpNet>) -> Option<SetAside> {
    match network.into() {
        IpNet::V4(network) => {
            V4.iter().find(|(block, _)| meets(block, &network, Ipv4Net::contains)).map(|(_, what)| *what)
        }
        IpNet::V6(network) => {
            let named = V6.iter().find(|(block, _)| meets(block, &network, Ipv6Net::contains));
            let is_global = GLOBAL_V6.contains(&network);
            named.map(|(_, what)| *what).or((!is_global).then_some(Reserved))
        }
    }
}

/// True if two networks have an address in common: one of them then has the other within it.
fn meets<'a, N>(one: &'a N, other: &'a N, contains: impl Fn(&'a N, &'a N) -> bool) -> bool {
    contains(one, other) || contains(other, one)
}
