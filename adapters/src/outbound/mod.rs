//! Calls to URLs that users give: HTTP/1.1, one connection a call, and nothing that the domain's rules forbid.
//!
//! Names are resolved once, by `CheckedResolver`, and a connection is made to what it has checked: there is no second
//! resolution that could answer otherwise. Addresses that are written in the URL meet no resolver, so the destination
//! itself is decided about before each call. Redirects, proxies of the environment, cookies, compression, HTTP/2 and
//! idle connections are off; the headers are the domain's.

mod look_ups;
mod resolver;
mod wire;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use async_trait::async_trait;
use namaskah_domain::{
    Fault,
    outbound::{
        Answer, BodyEnd, CallError, Destination, DestinationRefusal, OutboundCall, OutboundClient,
        OutboundPolicy, SetAside,
    },
};
use reqwest::{Client, RequestBuilder, Response, header::CONTENT_TYPE};
use tokio::time::Instant;

pub use resolver::{Resolver, SystemResolver};

use crate::http::{self, HttpFault};
use look_ups::LookUps;
use resolver::{CheckedResolver, with_place};

/// How much a receiver may take of us.
#[derive(Debug, Clone, Copy)]
pub struct OutboundCaps {
    /// For the name, the connection and TLS.
    pub connect: Duration,
    /// For all of it, to the last byte of the answer.
    pub whole: Duration,
    /// Bytes of an answer's body that are read.
    pub body: usize,
}

impl Default for OutboundCaps {
    fn default() -> Self {
        Self { connect: Duration::from_secs(3), whole: Duration::from_secs(15), body: 64 * 1024 }
    }
}

/// [`OutboundClient`] over HTTP.
#[derive(Debug)]
pub struct HttpOutboundClient {
    http: Client,
    policy: OutboundPolicy,
    caps: OutboundCaps,
    look_ups: LookUps,
}

impl HttpOutboundClient {
    /// A client that resolves names with `names`, under `policy`.
    ///
    /// # Errors
    /// `Client` if the platform's TLS roots cannot be had.
    pub fn try_new(
        policy: OutboundPolicy,
        caps: OutboundCaps,
        names: Arc<dyn Resolver>,
    ) -> Result<Self, HttpFault> {
        let http = http::builder(caps.whole)
            .connect_timeout(caps.connect)
            .dns_resolver(CheckedResolver::new(names, policy.clone()))
            // The next call is checked anew, its name and its connection.
            .pool_max_idle_per_host(0)
            .http1_only()
            // Compressed, a small answer could be a large one.
            .no_gzip()
            .build()
            .map_err(HttpFault::Client)?;
        Ok(Self { http, policy, caps, look_ups: LookUps::default() })
    }

    fn request(&self, to: &Destination, call: &OutboundCall) -> RequestBuilder {
        self.http
            .post(to.url().clone())
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", call.id.to_string())
            .header("webhook-timestamp", call.at.timestamp())
            .header("webhook-signature", call.signature.as_str())
            .body(call.body.clone())
    }

    /// The last look: a connection that went elsewhere than was checked is not listened to.
    fn check_peer(&self, peer: Option<SocketAddr>) -> Result<(), DestinationRefusal> {
        peer.map_or(Ok(()), |peer| Ok(self.policy.check(peer.ip())?))
    }

    /// Reads a body to its end, so that the receiver can finish, and keeps nothing of it.
    async fn drain(&self, response: &mut Response) -> BodyEnd {
        let mut read = 0;
        loop {
            match response.chunk().await {
                Ok(None) => return BodyEnd::Whole,
                Ok(Some(chunk)) if read + chunk.len() <= self.caps.body => read += chunk.len(),
                Ok(Some(_)) | Err(_) => return BodyEnd::CutOff,
            }
        }
    }
}

#[async_trait]
impl OutboundClient for HttpOutboundClient {
    async fn post(&self, to: &Destination, call: &OutboundCall) -> Result<Answer, CallError> {
        to.check(&self.policy)?;
        let place = match to.address() {
            Some(_) => None,
            // Whoever waits for it waits for others of ours: the receiver's time has not begun.
            None => Some(self.look_ups.place(call.user, self.caps.connect).await.ok_or(CallError::Crowded)?),
        };
        let begun = Instant::now();
        let mut response = with_place(place, self.request(to, call).send()).await.map_err(told)?;
        self.check_peer(response.remote_addr())?;
        let retry_after = wire::retry_after(response.headers());
        let body = self.drain(&mut response).await;
        Ok(Answer { status: response.status().as_u16(), took: begun.elapsed(), body, retry_after })
    }
}

/// In the port's words. The URL is left out: paths and queries of such URLs hold secrets.
fn told(error: reqwest::Error) -> CallError {
    if let Some(what) = refusal_in(&error) {
        return DestinationRefusal::Address(what).into();
    }
    let error = error.without_url();
    if error.is_connect() || error.is_builder() {
        CallError::NotSent(Fault::new(error))
    } else if error.is_timeout() {
        CallError::TimedOut
    } else {
        CallError::Broken(Fault::new(error))
    }
}

/// What [`CheckedResolver`] said, from within what the client wrapped around it.
fn refusal_in(error: &reqwest::Error) -> Option<SetAside> {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        if let Some(what) = error.downcast_ref::<SetAside>() {
            return Some(*what);
        }
        cause = error.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use namaskah_domain::outbound::SetAside;

    use super::*;

    #[test]
    fn a_connection_that_went_elsewhere_is_not_listened_to() {
        let names = Arc::new(SystemResolver);
        let policy = OutboundPolicy::default();
        let client = HttpOutboundClient::try_new(policy, OutboundCaps::default(), names).expect("a client");
        let check = |peer: &str| client.check_peer(Some(peer.parse().expect("an address")));
        assert_eq!(check("8.8.8.8:443"), Ok(()));
        assert_eq!(check("10.0.0.1:443"), Err(DestinationRefusal::Address(SetAside::Private)));
        assert_eq!(client.check_peer(None), Ok(()));
    }
}
