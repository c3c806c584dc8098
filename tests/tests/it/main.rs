//! Integration tests.

mod journeys;
mod providers;
mod store;
