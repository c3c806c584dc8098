//! Namaskah.
fn main() {}
