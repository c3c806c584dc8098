//! Every port in memory: the tests' fakes, and what embedding developers start with.

mod adjustments;
mod books;
mod clock;
mod commit;
mod desk;
mod erasures;
mod failures;
mod gateway_books;
mod jobs;
pub mod laws;
mod mailer;
mod number_provider;
mod order_desk;
mod orders;
mod outbound;
mod payment_gateway;
mod payments;
mod platform;
mod provider_books;
mod random;
mod reads;
mod reconciliation;
mod staff;
mod state;
mod store;
mod support;
mod vitals;

pub use clock::ManualClock;
pub use mailer::FakeMailer;
pub use number_provider::{FakeNumberProvider, ProviderFailure, ProviderOperation};
pub use outbound::{FakeOutboundClient, Receiver};
pub use payment_gateway::{FakePaymentGateway, GatewayFailure, GatewayOperation, OddPayment};
pub use platform::{Fakes, Platform, Ports, Ticked};
pub use random::SeededRandom;
pub use store::{MemoryStore, PostedTransfer};
