//! The client's address. Only a trusted proxy is believed about it.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;
use poem::{Request, http::HeaderMap};

const FORWARDED: &str = "x-forwarded-for";

/// Proxies that are believed.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Vec<IpNet>);

/// The address that a request really came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

impl TrustedProxies {
    /// Proxies in these networks.
    pub const fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// The client of a request.
    pub fn client_of(&self, request: &Request) -> ClientAddress {
        let socket = request.remote_addr().as_socket_addr().map(std::net::SocketAddr::ip);
        self.resolve(socket.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)), request.headers())
    }

    /// Walks from the socket through `X-Forwarded-For` from the right, as long as the speaker is trusted. What an
    /// untrusted one wrote is never read; what is no address ends the walk.
    fn resolve(&self, socket: IpAddr, headers: &HeaderMap) -> ClientAddress {
        let mut client = socket.to_canonical();
        let lines: Vec<&str> = headers.get_all(FORWARDED).iter().filter_map(|v| v.to_str().ok()).collect();
        let hops = lines.iter().rev().flat_map(|line| line.rsplit(','));
        for hop in hops {
            if !self.trusts(client) {
                break;
            }
            let Ok(before) = hop.trim().parse::<IpAddr>() else { break };
            client = before.to_canonical();
        }
        ClientAddress(client)
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

#[cfg(test)]
mod tests {
    use poem::http::HeaderValue;

    use super::*;

    fn resolve(trusted: &[&str], socket: &str, forwarded: &[&str]) -> String {
        let networks = trusted.iter().map(|n| n.parse().expect("a network")).collect();
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append(FORWARDED, HeaderValue::from_str(line).expect("a header"));
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
        assert_eq!(resolve(&trusted, "10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(resolve(&trusted, "::ffff:10.0.0.1", &["2001:db8::5"]), "2001:db8::5");
    }
}
