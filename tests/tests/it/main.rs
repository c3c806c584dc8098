//! Integration tests.

mod architecture;
mod journeys;
mod providers;
mod store;
