//! Integration tests.

mod architecture;
mod journeys;
mod pitfalls;
mod providers;
mod store;
