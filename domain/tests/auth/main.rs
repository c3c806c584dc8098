//! Sign-in over the memory store.
#![cfg(feature = "memory")]

mod addresses;
mod api_keys;
mod assertions;
mod fakes;
mod identities;
mod leaks;
mod passwords;
mod registering;
mod second_factor;
mod sessions;
mod signing_in;
mod stepping;
mod timing;
mod users;
mod words;
