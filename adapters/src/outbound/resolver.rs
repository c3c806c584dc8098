//! From names to addresses that may be called.

use std::{
    io,
    net::{SocketAddr, ToSocketAddrs},
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use namaskah_domain::outbound::OutboundPolicy;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::task;

use super::look_ups::Place;

tokio::task_local! {
    /// The place of the call that is being made. The client asks its resolver within the task that makes the call.
    static PLACE: Mutex<Option<Place>>;
}

/// Makes a call, whose look-up takes `place`.
pub(super) async fn with_place<F: Future>(place: Option<Place>, call: F) -> F::Output {
    PLACE.scope(Mutex::new(place), call).await
}

fn place() -> Option<Place> {
    let taken = PLACE.try_with(|place| place.lock().unwrap_or_else(PoisonError::into_inner).take());
    taken.ok().flatten()
}

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

/// The system's own resolver. It blocks a thread for as long as a slow name server likes.
#[derive(Debug)]
pub struct SystemResolver;

#[async_trait]
impl Resolver for SystemResolver {
    async fn resolve(&self, name: &str) -> io::Result<Vec<SocketAddr>> {
        // The dot keeps the system from trying the name within its own search domains.
        let name = format!("{name}.");
        let look_up = move || (name.as_str(), 0).to_socket_addrs().map(Iterator::collect);
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
        let (names, policy, place) = (self.names.clone(), self.policy.clone(), place());
        // In a task of its own, so that a caller who gives up does not give back a place that is still taken.
        let look_up = async move {
            let found = names.resolve(name.as_str()).await;
            drop(place);
            found
        };
        Box::pin(async move {
            let found = task::spawn(look_up).await.map_err(io::Error::other)??;
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
    async fn a_name_that_cannot_be_is_not_found() {
        let name = format!("{}.example", "a".repeat(64));
        assert!(SystemResolver.resolve(&name).await.is_err());
    }
}
