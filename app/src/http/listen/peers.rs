//! How many connections each client has.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use ipnet::IpNet;

use crate::http::middleware::limits::Network;

/// How many connections each client has now; none that has none.
type Counts = Arc<Mutex<HashMap<Network, u32>>>;

/// Counts connections by client.
pub struct Peers {
    most: u32,
    proxies: Vec<IpNet>,
    counts: Counts,
}

/// A connection's place; it is free again when this is dropped.
pub struct Place {
    of: Option<(Network, Counts)>,
}

impl Peers {
    /// At most `most` for each, and any number for proxies.
    pub fn new(most: u32, proxies: Vec<IpNet>) -> Self {
        Self { most, proxies, counts: Arc::default() }
    }

    /// A place for one more connection; `None` if that client has enough.
    pub fn place_for(&self, client: IpAddr) -> Option<Place> {
        let client = client.to_canonical();
        if self.proxies.iter().any(|network| network.contains(&client)) {
            return Some(Place { of: None });
        }
        let network = Network::from(client);
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(network).or_insert(0);
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(Place { of: Some((network, self.counts.clone())) })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some((network, counts)) = self.of.take() else { return };
        let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&network) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_client_has_so_many_places_and_a_proxy_any_number() {
        let peers = Peers::new(2, vec!["10.0.0.0/8".parse().expect("a network")]);
        let place = |text: &str| peers.place_for(text.parse().expect("an address"));
        let (first, second) = (place("192.0.2.1"), place("::ffff:192.0.2.1"));
        assert!(first.is_some() && second.is_some());
        assert!(place("192.0.2.1").is_none());
        assert!(place("192.0.2.2").is_some());
        drop(second);
        assert!(place("192.0.2.1").is_some());
        let neighbours = (place("2001:db8::1"), place("2001:db8::2"));
        assert!(neighbours.0.is_some() && neighbours.1.is_some());
        assert!(place("2001:db8::3").is_none());
        let many: Vec<_> = (0..100).map(|_| place("10.1.2.3")).collect();
        assert!(many.iter().all(Option::is_some));
        drop((first, neighbours, many));
        assert!(peers.counts.lock().expect("no panic").is_empty());
    }
}
