//! The client's address. Only a trusted proxy is believed about it.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;
use namaskah_domain::UserId;
use poem::{Request, http::HeaderMap};

const FORWARDED: &str = "x-forwarded-for";

/// Proxies that are believed.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Vec<IpNet>);

/// The address that a request really came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

/// Whose request an answer is for, and from where it came: what the log says of it.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// Whose, if a credential was good.
    pub user: Option<UserId>,
    /// From where.
    pub client: ClientAddress,
}

impl TrustedProxies {
    /// Proxies in these networks.
    pub const fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// The client of a request.
    pub fn client_of(&self, request: &Request) -> ClientAddress {
        self.resolve(socket_of(request), request.headers())
    }

    /// True if one of them sends the request.
    pub fn send(&self, request: &Request) -> bool {
        self.trusts(socket_of(request).to_canonical())
    }

    /// Walks from the socket through `X-Forwarded-For` from the right, as long as the speaker is trusted. What an
    /// untrusted one wrote is never read; what is no address ends the walk, and so does what is no text: were it left out,
    /// what stands before it would be taken for the proxy's word.
    fn resolve(&self, socket: IpAddr, headers: &HeaderMap) -> ClientAddress {
        let mut client = socket.to_canonical();
        let lines = headers.get_all(FORWARDED).iter();
        let hops = lines.rev().flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
        for hop in hops {
            if !self.trusts(client) {
                break;
            }
            let text = std::str::from_utf8(hop).map(str::trim);
            let Some(before) = text.ok().and_then(|text| text.parse::<IpAddr>().ok()) else { break };
            client = before.to_canonical();
        }
        ClientAddress(client)
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

fn socket_of(request: &Request) -> IpAddr {
    let socket = request.remote_addr().as_socket_addr().map(std::net::SocketAddr::ip);
    socket.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
}

#[cfg(test)]
mod tests {
    use poem::http::HeaderValue;

    use super::*;

    fn resolve<B: AsRef<[u8]>>(trusted: &[&str], socket: &str, forwarded: &[B]) -> String {
        let networks = trusted.iter().map(|n| n.parse().expect("a network")).collect();
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append(FORWARDED, HeaderValue::from_bytes(line.as_ref()).expect("a header"));
        }
        TrustedProxies(networks).resolve(socket.parse().expect("an address"), &headers).0.to_string()
    }

    #[test]
    fn nobody_is_believed_unless_trusted() {
        assert_eq!(resolve(&[], "198.51.100.7", &["1.2.3.4"]), "198.51.100.7");
        assert_eq!(resolve(&["10.0.0.0/8"], "198.51.100.7", &["1.2.3.4"]), "198.51.100.7");
    }

    #[test]
    fn the_walk_goes_from_the_right_and_stops_at_the_first_stranger() {
        let trusted = ["10.0.0.0/8"];
        assert_eq!(resolve(&trusted, "10.0.0.1", &["6.6.6.6, 198.51.100.7, 10.0.0.2"]), "198.51.100.7");
        assert_eq!(resolve(&trusted, "10.0.0.1", &["6.6.6.6", "198.51.100.7", "10.0.0.2"]), "198.51.100.7");
        assert_eq!(resolve(&trusted, "10.0.0.1", &["6.6.6.6, nonsense"]), "10.0.0.1");
        assert_eq!(resolve::<&str>(&trusted, "10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(resolve(&trusted, "::ffff:10.0.0.1", &["2001:db8::5"]), "2001:db8::5");
    }

    #[test]
    fn nothing_malformed_makes_an_earlier_word_the_proxys_own() {
        let trusted = ["10.0.0.0/8"];
        for end in [
            &b"nonsense"[..],
            b"",
            b" ",
            b"\xff\xfe",
            b"198.51.100.7:443",
            b"[2001:db8::1]",
            b"198.51.100.256",
            b"0x7f.1",
            b"10.0.0.2 10.0.0.3",
            b"unknown",
            b"_hidden",
            b"10.0.0.2/8",
            b"fe80::1%eth0",
        ] {
            let line = [&b"6.6.6.6,"[..], end].concat();
            assert_eq!(resolve(&trusted, "10.0.0.1", &[line]), "10.0.0.1", "{end:?}");
            assert_eq!(resolve(&trusted, "10.0.0.1", &[&b"6.6.6.6"[..], end]), "10.0.0.1", "{end:?}");
            // What the proxy adds after it is its own.
            let line = [end, &b", 198.51.100.7"[..]].concat();
            assert_eq!(resolve(&trusted, "10.0.0.1", &[&b"6.6.6.6"[..], &line]), "198.51.100.7", "{end:?}");
        }
        let many = vec!["10.0.0.2"; 5_000].join(",");
        assert_eq!(resolve(&trusted, "10.0.0.1", &[many]), "10.0.0.2");
    }
}
