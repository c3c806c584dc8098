//! Integration tests.

mod architecture;
mod journeys;
mod pitfalls;
mod providers;
mod simulation;
mod store;
