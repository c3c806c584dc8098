//! Namaskah: the product around the domain. Wiring, HTTP, workers, command line.

pub mod config;
