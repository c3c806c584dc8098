//! What webhooks need from outside, besides the client that calls.

use async_trait::async_trait;

use super::{Attempt, Cursor, Delivery, DeliveryStatus, DueEndpoint, Endpoint, Telling, WebhookSecret};
use crate::{
    DeliveryId, EndpointId, EventId, Fault, Page, PageOf, Time, UserId, auth::Secret, outbox::SequencedEvent,
};

/// Reads of endpoints and deliveries. One statement each. An endpoint that was deleted is not there.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait WebhookReads: Send + Sync {
    /// One endpoint of anybody.
    async fn endpoint(&self, id: EndpointId) -> Result<Option<Endpoint>, Fault>;

    /// All endpoints of a user, newest first.
    async fn endpoints(&self, user: UserId) -> Result<Vec<Endpoint>, Fault>;

    /// Endpoints of these users that are on.
    async fn listening(&self, users: &[UserId]) -> Result<Vec<Endpoint>, Fault>;

    /// How far events were given to endpoints.
    async fn cursor(&self) -> Result<Cursor, Fault>;

    /// One delivery of anybody.
    async fn delivery(&self, id: DeliveryId) -> Result<Option<Delivery>, Fault>;

    /// Deliveries of an endpoint, newest first.
    async fn deliveries(
        &self,
        endpoint: EndpointId,
        status: Option<DeliveryStatus>,
        page: Page<DeliveryId>,
    ) -> Result<PageOf<Delivery>, Fault>;

    /// Deliveries of these events to an endpoint, as far as there are any.
    async fn deliveries_of(&self, endpoint: EndpointId, events: &[EventId]) -> Result<Vec<Delivery>, Fault>;

    /// The last `count` tries of each of these deliveries, in the order of their numbers. However many there were, no more
    /// are read.
    async fn attempts(&self, deliveries: &[DeliveryId], count: u32) -> Result<Vec<Attempt>, Fault>;

    /// How many deliveries of an endpoint wait, counted up to `limit`.
    async fn waiting(&self, endpoint: EndpointId, limit: u32) -> Result<u32, Fault>;

    /// Endpoints of which a delivery is due and that nobody has the lease of ([`lease_of`](super::lease_of)), deleted ones too, but
    /// none that is on and rests. Users take turns: first one of each, of whom none is leased, then the second; within that, those whose lease was given
    /// back longest ago, or never was taken, and those that are due longest.
    async fn due(&self, now: Time, limit: u32) -> Result<Vec<DueEndpoint>, Fault>;

    /// What of an endpoint is due, in the order of the log.
    async fn due_of(&self, endpoint: EndpointId, now: Time, limit: u32) -> Result<Vec<Delivery>, Fault>;

    /// Stamped events of a user that happened at an instant or after, in the order in which they happened, which need not be
    /// that of their sequences: so whoever goes on from the instant of one has seen all before it.
    async fn happened_since(
        &self,
        user: UserId,
        since: Time,
        limit: u32,
    ) -> Result<Vec<SequencedEvent>, Fault>;
}

/// Signs. Pure and quick.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait WebhookSigner: Send + Sync {
    /// A secret as customers are given it: `whsec_` and base64.
    fn text(&self, secret: &WebhookSecret) -> Secret;

    /// HMAC-SHA256 of `signed`, in base64.
    fn sign(&self, secret: &WebhookSecret, signed: &[u8]) -> String;
}

/// Writes what is sent: the event with its record as the API shows it, without numbers, texts and codes.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait EventBodies: Send + Sync {
    /// The body; `None` if the record is gone.
    async fn body(&self, endpoint: &Endpoint, telling: &Telling) -> Result<Option<Vec<u8>>, Fault>;
}
