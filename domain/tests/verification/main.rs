//! Orders over the memory store: buying, texts, ends, and purchases whose outcome is unknown.
#![cfg(feature = "memory")]

mod ageing;
mod batching;
mod buying;
mod caching;
mod cancelling;
mod desk;
mod ending;
mod late;
mod lists;
mod reconciling;
mod reporting;
mod resting;
mod retention;
mod retrying;
mod settling;
mod states;
mod swapping;
mod texts;
mod unknown;
mod wishes;
mod words;
mod world;
mod wrappers;
