//! Every port in memory: the tests' fakes, and what embedding developers start with.

mod commit;
mod reads;
mod state;
mod store;

pub use store::{MemoryStore, PostedTransfer};
