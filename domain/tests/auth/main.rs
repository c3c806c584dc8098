//! Sign-in over the memory store.
#![cfg(feature = "memory")]

mod fakes;
mod passwords;
mod registering;
mod second_factor;
mod sessions;
mod signing_in;
mod words;
