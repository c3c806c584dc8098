//! Sign-in over the memory store.
#![cfg(feature = "memory")]

mod api_keys;
mod fakes;
mod passwords;
mod registering;
mod second_factor;
mod sessions;
mod signing_in;
mod timing;
mod users;
mod words;
