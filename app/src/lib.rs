//! Namaskah: the product around the domain. Wiring, HTTP, workers, command line.

pub mod config;
pub mod http;
pub mod worker;
