//! Contract suites: one a port.

pub mod number_provider;
pub mod payment_gateway;
pub mod store;
