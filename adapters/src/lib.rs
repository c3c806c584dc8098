//! Namaskah.
