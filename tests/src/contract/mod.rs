//! Contract suites: one a port.

pub mod counters;
pub mod identity_provider;
pub mod leaked_passwords;
pub mod number_provider;
pub mod outbound_client;
pub mod payment_gateway;
pub mod store;
