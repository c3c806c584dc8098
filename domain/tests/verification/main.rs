//! Orders over the memory store: buying, texts, ends, and purchases whose outcome is unknown.
#![cfg(feature = "memory")]

mod batching;
mod buying;
mod caching;
mod cancelling;
mod ending;
mod late;
mod lists;
mod reporting;
mod retention;
mod retrying;
mod settling;
mod swapping;
mod texts;
mod unknown;
mod wishes;
mod words;
mod world;
mod wrappers;
