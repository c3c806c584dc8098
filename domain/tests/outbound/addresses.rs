//! Blocks, to the address: the first and the last of each are refused, their neighbours are not.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use namaskah_domain::outbound::{
    OutboundPolicy,
    SetAside::{self, *},
    set_aside,
};
use proptest::prelude::*;

/// A block, what it is set aside for, and what the addresses just before and after it are.
type Row = (&'static str, SetAside, [Option<SetAside>; 2]);

const PUBLIC: [Option<SetAside>; 2] = [None, None];

const BLOCKS: &[Row] = &[
    ("0.0.0.0/8", ThisNetwork, PUBLIC),
    ("10.0.0.0/8", Private, PUBLIC),
    ("100.64.0.0/10", Shared, PUBLIC),
    ("127.0.0.0/8", Loopback, PUBLIC),
    ("168.63.129.16/32", Metadata, PUBLIC),
    ("169.254.0.0/16", LinkLocal, PUBLIC),
    ("172.16.0.0/12", Private, PUBLIC),
    ("192.0.0.0/24", Protocol, PUBLIC),
    ("192.0.2.0/24", Documentation, PUBLIC),
    ("192.31.196.0/24", Protocol, PUBLIC),
    ("192.52.193.0/24", Protocol, PUBLIC),
    ("192.88.99.0/24", Protocol, PUBLIC),
    ("192.168.0.0/16", Private, PUBLIC),
    ("192.175.48.0/24", Protocol, PUBLIC),
    ("198.18.0.0/15", Benchmark, PUBLIC),
    ("198.51.100.0/24", Documentation, PUBLIC),
    ("203.0.113.0/24", Documentation, PUBLIC),
    ("224.0.0.0/4", Multicast, [None, Some(Reserved)]),
    ("240.0.0.0/5", Reserved, [Some(Multicast), Some(Reserved)]),
    ("255.255.255.255/32", Broadcast, [Some(Reserved), None]),
    ("::/128", Unspecified, [None, Some(Loopback)]),
    ("::1/128", Loopback, [Some(Unspecified), Some(Embedded)]),
    ("::ffff:0:0/96", Embedded, [Some(Reserved), Some(Reserved)]),
    ("64:ff9b::/96", Embedded, [Some(Reserved), Some(Reserved)]),
    ("64:ff9b:1::/48", Embedded, [Some(Reserved), Some(Reserved)]),
    ("100::/64", Protocol, [Some(Reserved), Some(Protocol)]),
    ("2001::/32", Embedded, [None, Some(Protocol)]),
    ("2001:1::/32", Protocol, [Some(Embedded), Some(Protocol)]),
    ("2001:1fe::/31", Protocol, [Some(Protocol), None]),
    ("2001:db8::/32", Documentation, PUBLIC),
    ("2002::/16", Embedded, PUBLIC),
    ("2620:4f:8000::/48", Protocol, PUBLIC),
    ("3fff::/20", Documentation, PUBLIC),
    ("4000::/3", Reserved, [None, Some(Reserved)]),
    ("5f00::/16", Protocol, [Some(Reserved), Some(Reserved)]),
    ("fc00::/7", Private, [Some(Reserved), Some(Reserved)]),
    ("fe80::/10", LinkLocal, [Some(Reserved), Some(Private)]),
    ("fec0::/10", Private, [Some(LinkLocal), Some(Multicast)]),
    ("ff00::/8", Multicast, [Some(Private), None]),
];

fn bounds(block: IpNet) -> [IpAddr; 2] {
    match block {
        IpNet::V4(block) => [block.network().into(), block.broadcast().into()],
        IpNet::V6(block) => [block.network().into(), block.broadcast().into()],
    }
}

/// The addresses just before and after a block, unless it begins or ends all addresses.
fn neighbours(block: IpNet) -> [Option<IpAddr>; 2] {
    let step = |address: IpAddr, by: i8| -> Option<IpAddr> {
        match address {
            IpAddr::V4(ip) => {
                ip.to_bits().checked_add_signed(by.into()).map(|n| Ipv4Addr::from_bits(n).into())
            }
            IpAddr::V6(ip) => {
                ip.to_bits().checked_add_signed(by.into()).map(|n| Ipv6Addr::from_bits(n).into())
            }
        }
    };
    let [first, last] = bounds(block);
    [step(first, -1), step(last, 1)]
}

#[test]
fn every_block_is_refused_from_its_first_address_to_its_last() {
    for (text, what, beside) in BLOCKS {
        let block: IpNet = text.parse().expect(text);
        for address in bounds(block) {
            assert_eq!(set_aside(address), Some(*what), "{address} of {text}");
        }
        for (address, expected) in neighbours(block).into_iter().zip(beside) {
            if let Some(address) = address {
                assert_eq!(set_aside(address), *expected, "{address} beside {text}");
            }
        }
    }
}

#[test]
fn what_clouds_tell_their_machines_is_out_of_reach() {
    for address in [
        "169.254.169.254", // AWS, Azure, Google, DigitalOcean, Hetzner
        "169.254.170.2",   // AWS, of containers
        "fd00:ec2::254",   // AWS
        "fd20:ce::254",    // Google
        "100.100.100.200", // Alibaba
        "192.0.0.192",     // Oracle
        "168.63.129.16",   // Azure's agent
        "169.254.0.23",    // Tencent
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::1",
    ] {
        let address: IpAddr = address.parse().expect(address);
        assert!(set_aside(address).is_some(), "{address}");
    }
}

#[test]
fn addresses_of_the_internet_are_public() {
    for address in [
        "1.1.1.1",
        "8.8.8.8",
        "9.255.255.255",
        "100.63.255.255",
        "100.128.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.0",
        "198.20.0.0",
        "223.255.255.255",
        "2606:4700:4700::1111",
        "2a00:1450:4009::200e",
        "2001:200::1",
        "2001:4860:4860::8888",
        "2400:cb00::1",
        "2003::1",
    ] {
        let address: IpAddr = address.parse().expect(address);
        assert_eq!(set_aside(address), None, "{address}");
    }
}

#[test]
fn a_network_is_public_only_if_all_of_it_is() {
    for (network, expected) in [
        ("8.8.8.0/24", None),
        ("2606:4700::/32", None),
        ("0.0.0.0/0", Some(ThisNetwork)),
        ("::/0", Some(Unspecified)),
        ("192.0.0.0/16", Some(Protocol)),
        ("168.63.0.0/16", Some(Metadata)),
        ("127.0.0.1/32", Some(Loopback)),
        ("2000::/3", Some(Embedded)),
        ("1000::/4", Some(Reserved)),
    ] {
        assert_eq!(set_aside(network.parse::<IpNet>().expect(network)), expected, "{network}");
    }
}

#[test]
fn a_policy_lets_its_networks_through_and_nothing_beside_them() {
    let policy = OutboundPolicy::allowing(vec!["127.0.0.0/8".parse().expect("a network")]);
    let check = |address: &str| policy.check(address.parse().expect(address));
    assert_eq!(check("127.9.9.9"), Ok(()));
    assert_eq!(check("8.8.8.8"), Ok(()));
    assert_eq!(check("10.0.0.1"), Err(Private));
    assert_eq!(check("::1"), Err(Loopback));
    assert_eq!(check("::ffff:127.0.0.1"), Err(Embedded));
    assert_eq!(OutboundPolicy::default().check(Ipv4Addr::LOCALHOST.into()), Err(Loopback));
}

#[test]
fn one_refused_address_refuses_the_name() {
    let check = |texts: &[&str]| {
        let addresses = texts.iter().map(|text| text.parse().expect("an address"));
        OutboundPolicy::default().check_all(addresses)
    };
    assert_eq!(check(&["8.8.8.8", "2606:4700:4700::1111"]), Ok(()));
    assert_eq!(check(&["8.8.8.8", "10.0.0.1"]), Err(Private));
    assert_eq!(check(&["::1", "8.8.8.8"]), Err(Loopback));
}

/// Half of them near the blocks, where slips are.
fn some_v6() -> impl Strategy<Value = Ipv6Addr> {
    let low = any::<u64>().prop_map(|low| Ipv6Addr::from_bits(low.into()));
    let near = (any::<prop::sample::Index>(), any::<u128>()).prop_map(|(index, noise)| {
        let blocks: Vec<Ipv6Addr> = BLOCKS
            .iter()
            .filter_map(|(text, ..)| text.parse::<IpNet>().ok())
            .filter_map(|block| match block.network() {
                IpAddr::V6(ip) => Some(ip),
                IpAddr::V4(_) => None,
            })
            .collect();
        Ipv6Addr::from_bits(index.get(&blocks).to_bits() | noise >> 16)
    });
    prop_oneof![any::<u128>().prop_map(Ipv6Addr::from_bits), low, near]
}

proptest! {
    /// The standard library's own opinions are a second source.
    #[test]
    fn no_v4_address_is_public_that_the_standard_library_knows_as_special(bits: u32) {
        let ip = Ipv4Addr::from_bits(bits);
        let is_special = ip.is_loopback() || ip.is_private() || ip.is_link_local() || ip.is_multicast()
            || ip.is_broadcast() || ip.is_documentation() || ip.is_unspecified();
        prop_assert!(!is_special || set_aside(IpAddr::from(ip)).is_some());
    }

    #[test]
    fn no_v6_address_is_public_that_is_special_or_outside_2000(ip in some_v6()) {
        let is_special = ip.is_loopback() || ip.is_unspecified() || ip.is_multicast() || ip.is_unique_local()
            || ip.is_unicast_link_local() || ip.to_ipv4().is_some() || ip.segments()[0] >> 13 != 1;
        prop_assert!(!is_special || set_aside(IpAddr::from(ip)).is_some());
    }

    /// However a v4 address is put into a v6 one.
    #[test]
    fn an_address_within_another_is_never_public(bits: u32) {
        let [a, b] = [(bits >> 16) as u16, bits as u16];
        for ip in [
            Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, a, b),
            Ipv6Addr::new(0, 0, 0, 0, 0, 0, a, b),
            Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, a, b),
            Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, a, b),
            Ipv6Addr::new(0x2002, a, b, 0, 0, 0, 0, 1),
            Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, !a, !b),
        ] {
            prop_assert!(set_aside(IpAddr::from(ip)).is_some(), "{ip}");
        }
    }
}
