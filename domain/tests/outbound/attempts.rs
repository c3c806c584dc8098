//! Ways to make us call ourselves, each with the rule that it breaks. None of them may pass.

use namaskah_domain::outbound::{
    Destination,
    DestinationRefusal::{self, *},
    OutboundPolicy,
    SetAside::*,
};

const LOOPBACK: DestinationRefusal = Address(Loopback);
const LINK: DestinationRefusal = Address(LinkLocal);
const PRIVATE: DestinationRefusal = Address(Private);
const EMBEDDED: DestinationRefusal = Address(Embedded);

const ATTEMPTS: &[(&str, DestinationRefusal)] = &[
    // Addresses as they are.
    ("https://127.0.0.1/", LOOPBACK),
    ("https://127.255.255.254/", LOOPBACK),
    ("https://0.0.0.0/", Address(ThisNetwork)),
    ("https://10.0.0.1/", PRIVATE),
    ("https://172.31.255.255/", PRIVATE),
    ("https://192.168.1.1/admin", PRIVATE),
    ("https://169.254.169.254/latest/meta-data/", LINK),
    ("http://169.254.169.254/latest/meta-data/", LINK),
    ("https://100.100.100.200/latest/meta-data/", Address(Shared)),
    ("https://168.63.129.16/machine?comp=goalstate", Address(Metadata)),
    ("https://192.0.0.192/opc/v2/", Address(Protocol)),
    ("https://224.0.0.1/", Address(Multicast)),
    ("https://240.0.0.1/", Address(Reserved)),
    ("https://255.255.255.255/", Address(Broadcast)),
    ("https://198.18.0.1/", Address(Benchmark)),
    ("https://203.0.113.7/", Address(Documentation)),
    ("https://127.0.0.1:8443/", LOOPBACK),
    ("https://127.0.0.1:22/", LOOPBACK),
    // In other notations of numbers.
    ("https://2130706433/", LOOPBACK),
    ("https://0x7f000001/", LOOPBACK),
    ("https://0X7F000001/", LOOPBACK),
    ("https://017700000001/", LOOPBACK),
    ("https://0x7f.0x0.0x0.0x1/", LOOPBACK),
    ("https://0177.0.0.1/", LOOPBACK),
    ("https://0177.0x0.0.1/", LOOPBACK),
    ("https://00000000000000000000177.0.0.1/", LOOPBACK),
    ("https://127.1/", LOOPBACK),
    ("https://127.0.1/", LOOPBACK),
    ("https://0/", Address(ThisNetwork)),
    ("https://0x/", Address(ThisNetwork)),
    ("https://127.0.0.1./", LOOPBACK),
    ("https://2852039166/", LINK),
    ("https://0xa9fea9fe/", LINK),
    ("https://0251.0376.0251.0376/", LINK),
    ("https://169.16689662/", LINK),
    ("https://0xa9.0376.43518/", LINK),
    ("https://167772161/", PRIVATE),
    // In other alphabets, and percent-encoded.
    ("https://%31%32%37.0.0.1/", LOOPBACK),
    ("https://127%2e0%2e0%2e1/", LOOPBACK),
    ("https://%30%78%37%66000001/", LOOPBACK),
    ("https://１２７.０.０.１/", LOOPBACK),
    ("https://127。0。0。1/", LOOPBACK),
    ("https://127．0．0．1/", LOOPBACK),
    ("https://①②⑦.⓪.⓪.①/", LOOPBACK),
    ("https://𝟏𝟐𝟕.𝟎.𝟎.𝟏/", LOOPBACK),
    ("https://１６９.２５４.１６９.２５４/", LINK),
    ("https://①⑥⑨.②⑤④.①⑥⑨.②⑤④/", LINK),
    ("https://0\u{ad}x7f000001/", LOOPBACK),
    // IPv6, and IPv4 within it.
    ("https://[::1]/", LOOPBACK),
    ("https://[0:0:0:0:0:0:0:1]/", LOOPBACK),
    ("https://[::]/", Address(Unspecified)),
    ("https://[::ffff:127.0.0.1]/", EMBEDDED),
    ("https://[::ffff:7f00:1]/", EMBEDDED),
    ("https://[0:0:0:0:0:ffff:a9fe:a9fe]/", EMBEDDED),
    ("https://[::127.0.0.1]/", EMBEDDED),
    ("https://[::ffff:0:127.0.0.1]/", Address(Reserved)),
    ("https://[64:ff9b::7f00:1]/", EMBEDDED),
    ("https://[64:ff9b::169.254.169.254]/", EMBEDDED),
    ("https://[64:ff9b:1::a00:1]/", EMBEDDED),
    ("https://[2002:7f00:1::]/", EMBEDDED),
    ("https://[2002:a9fe:a9fe::1]/", EMBEDDED),
    ("https://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/", EMBEDDED),
    ("https://[fd00:ec2::254]/latest/meta-data/", PRIVATE),
    ("https://[fec0::1]/", PRIVATE),
    ("https://[fe80::1]/", LINK),
    ("https://[fe80::1%25eth0]/", Malformed),
    ("https://[fe80::1%eth0]/", Malformed),
    ("https://[::1%250]/", Malformed),
    ("https://[ff02::1]/", Address(Multicast)),
    ("https://[100::1]/", Address(Protocol)),
    ("https://[5f00::1]/", Address(Protocol)),
    ("https://[4000::1]/", Address(Reserved)),
    // Public, but so written that another parser may read something else.
    ("https://0x08080808/", Notation),
    ("https://134744072/", Notation),
    ("https://8.8.2056/", Notation),
    ("https://010.8.8.8/", Notation),
    ("https://8.8.8.8./", Notation),
    ("https://８.８.８.８/", Notation),
    ("https://[2606:4700:4700:0:0:0:0:1111]/", Notation),
    ("https://1.1.1.1.256/", Malformed),
    ("https://256.256.256.256/", Malformed),
    ("https://4294967296/", Malformed),
    ("https://127.0.0.0x100/", Malformed),
    ("https://example.0x7f000001/", Malformed),
    // Names of local networks.
    ("https://localhost/", LocalName),
    ("https://LOCALHOST/", LocalName),
    ("https://localhost./", LocalName),
    ("https://api.localhost/", LocalName),
    ("https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/", LocalName),
    ("https://loc%61lhost/", LocalName),
    ("https://ſ.localhoſt/", LocalName),
    ("https://localhost.localdomain/", LocalName),
    ("https://printer.local/", LocalName),
    ("https://metadata.google.internal/computeMetadata/v1/", LocalName),
    ("https://metadata.google.internal./", LocalName),
    ("https://metadata.google。internal/", LocalName),
    ("https://router.home.arpa/", LocalName),
    ("https://nas.lan/", LocalName),
    ("https://metadata/", Name),
    ("https://postgres:8443/", Name),
    ("https://example.com./", Name),
    ("https://example..com/", Name),
    ("https://.example.com/", Name),
    ("https://-example.com/", Name),
    ("https://ex_ample.com/", Name),
    // What is not where it seems to be.
    ("https://example.com@127.0.0.1/", UserInfo),
    ("https://127.0.0.1@example.com/", UserInfo),
    ("https://user:password@example.com/", UserInfo),
    ("https://@example.com/", UserInfo),
    ("https://:@example.com/", UserInfo),
    ("https://example.com%40127.0.0.1/", Malformed),
    ("https://example.com\\@127.0.0.1/", Character),
    ("https:\\\\127.0.0.1/", Character),
    ("https://127.0.0.1\\.example.com/", Character),
    ("https://exam\tple.com/", Character),
    ("https://example.com/\r\nHost: 127.0.0.1", Character),
    ("https://example.com/\u{0}", Character),
    (" https://example.com/", Character),
    ("https://example.com/\u{a0}", Character),
    ("https://example.com%00.127.0.0.1/", Malformed),
    ("https:127.0.0.1/", Malformed),
    ("https:/127.0.0.1/", Malformed),
    ("https:///127.0.0.1/", Malformed),
    ("https:example.com://8.8.8.8/", Malformed),
    ("//127.0.0.1/", Malformed),
    ("127.0.0.1", Malformed),
    ("https://", Malformed),
    ("", Malformed),
    // Other schemes and ports.
    ("http://example.com/", Scheme),
    ("ftp://example.com/", Scheme),
    ("file:///etc/passwd", Scheme),
    ("gopher://127.0.0.1:6379/_FLUSHALL", Scheme),
    ("javascript:alert(1)", Scheme),
    ("data:text/plain,x", Scheme),
    ("unix:/var/run/docker.sock", Scheme),
    ("wss://example.com/", Scheme),
    ("https://example.com:22/", Port),
    ("https://example.com:80/", Port),
    ("https://example.com:25/", Port),
    ("https://example.com:6379/", Port),
    ("https://8.8.8.8:53/", Port),
    ("https://example.com:0/", Port),
    ("https://example.com:65536/", Malformed),
    ("https://example.com:-1/", Malformed),
];

#[test]
fn every_attempt_is_refused_by_the_rule_that_it_breaks() {
    assert!(ATTEMPTS.len() >= 60, "{} attempts", ATTEMPTS.len());
    let wrong: Vec<_> = ATTEMPTS
        .iter()
        .map(|(text, rule)| (*text, Destination::try_new(text, &OutboundPolicy::default()), *rule))
        .filter(|(_, outcome, rule)| outcome.as_ref().err() != Some(rule))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A trial on loopback opens loopback, as it is, and no other door.
#[test]
fn with_loopback_let_through_every_other_attempt_is_still_refused() {
    let networks = ["127.0.0.0/8", "::1/128"].map(|text| text.parse().expect("a network"));
    let policy = OutboundPolicy::allowing(networks.to_vec());
    let passed: Vec<&str> = ATTEMPTS
        .iter()
        .map(|(text, _)| *text)
        .filter(|text| Destination::try_new(text, &policy).is_ok())
        .collect();
    let plain = [
        "https://127.0.0.1/",
        "https://127.255.255.254/",
        "https://127.0.0.1:8443/",
        "https://127.0.0.1:22/",
        "https://[::1]/",
    ];
    assert_eq!(passed, plain);
}
