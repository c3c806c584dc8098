//! Integration tests.

mod providers;
mod store;
