//! From names to addresses that may be called.

use std::{
    io,
    net::{SocketAddr, ToSocketAddrs},
    sync::Arc,
};

use async_trait::async_trait;
use namaskah_domain::outbound::OutboundPolicy;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::{sync::Semaphore, task};

/// Look-ups at one time. The system's resolver blocks a thread for as long as a slow name server likes, and the threads
/// are those that hash passwords.
const LOOKUPS: usize = 32;
/// Addresses of a name that are connected to. A name with a thousand of them would have us knock on all.
const TRIED: usize = 4;

/// Finds the addresses of a name.
#[async_trait]
pub trait Resolver: Send + Sync {
    /// Every address of `name`, which is a full one without the dot at its end. Port 0 is the URL's own.
    ///
    /// # Errors
    /// If the name does not exist, or cannot be looked up now.
    async fn resolve(&self, name: &str) -> io::Result<Vec<SocketAddr>>;
}

/// The system's own resolver.
#[derive(Debug)]
pub struct SystemResolver {
    lookups: Arc<Semaphore>,
}

impl Default for SystemResolver {
    fn default() -> Self {
        Self { lookups: Arc::new(Semaphore::new(LOOKUPS)) }
    }
}

#[async_trait]
impl Resolver for SystemResolver {
    async fn resolve(&self, name: &str) -> io::Result<Vec<SocketAddr>> {
        let permit = self.lookups.clone().acquire_owned().await.map_err(io::Error::other)?;
        // The dot keeps the system from trying the name within its own search domains.
        let name = format!("{name}.");
        let look_up = move || {
            // Goes back when the look-up is over, not when its caller has given up.
            let _permit = permit;
            (name.as_str(), 0).to_socket_addrs().map(Iterator::collect)
        };
        task::spawn_blocking(look_up).await.map_err(io::Error::other)?
    }
}

/// What the HTTP client resolves with: it gets addresses that are allowed, all of them, or none.
pub(super) struct CheckedResolver {
    names: Arc<dyn Resolver>,
    policy: Arc<OutboundPolicy>,
}

impl CheckedResolver {
    pub(super) fn new(names: Arc<dyn Resolver>, policy: OutboundPolicy) -> Self {
        Self { names, policy: Arc::new(policy) }
    }
}

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (names, policy) = (self.names.clone(), self.policy.clone());
        Box::pin(async move {
            let found = names.resolve(name.as_str()).await?;
            if found.is_empty() {
                return Err(io::Error::from(io::ErrorKind::NotFound).into());
            }
            policy.check_all(found.iter().map(SocketAddr::ip))?;
            Ok(Box::new(found.into_iter().take(TRIED)) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The system refuses a label of this length by itself, so no name server is asked.
    #[tokio::test]
    async fn a_look_up_that_fails_gives_its_place_back() {
        let names = SystemResolver::default();
        let name = format!("{}.example", "a".repeat(64));
        assert!(names.resolve(&name).await.is_err());
        assert_eq!(names.lookups.available_permits(), LOOKUPS);
    }
}
