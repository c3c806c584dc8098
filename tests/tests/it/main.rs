//! Integration tests.

mod architecture;
mod deployed;
mod faults;
mod journeys;
mod lifecycle;
mod limits;
mod pitfalls;
mod providers;
mod security;
mod simulation;
mod store;
mod watch;
