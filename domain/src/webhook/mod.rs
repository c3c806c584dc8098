//! Webhooks of customers: what happens is posted to URLs that they name, signed, and tried again until it is taken.
//!
//! The relay gives events their sequence; [`FanOut`] makes a delivery of each event for each endpoint that wants it, once;
//! [`Deliverer`] tries deliveries by the schedule, the endpoints independently of each other. Whether an endpoint is
//! tried at all is decided by its [`Health`].

pub mod delivering;
pub mod delivery;
pub mod endpoint;
pub mod error;
pub mod fan_out;
pub mod health;
pub mod ports;
pub mod replaying;
pub mod schedule;
pub mod service;
pub mod signing;
pub mod turns;

pub use delivering::{AT_ONCE, Deliverer, DelivererPorts};
pub use delivery::{Attempt, AttemptOutcome, Delivery, DeliveryState, DeliveryStatus, Happening, Telling};
pub use endpoint::{
    Description, Endpoint, EndpointChange, InvalidDescription, MAX_ENDPOINTS, OffReason, Standing,
    Subscription, Target,
};
pub use error::{CreateEndpointError, EndpointError};
pub use fan_out::{Cursor, FanOut};
pub use health::Health;
pub use ports::{EventBodies, WebhookReads, WebhookSigner};
pub use replaying::{MAX_REPLAYED, MAX_WAITING, Replayed};
pub use service::{CreateEndpoint, NewEndpoint, Rotated, WebhookPorts, WebhookService};
pub use signing::{Secrets, WebhookSecret, signature};
pub use turns::{DueEndpoint, LEASE, lease_of};
