//! What every request passes, from the outside in: a frame (id, log, headers), other origins, a deadline, the rate limit,
//! the net for problems, a limit of the body, one host, and parameters that come once.

pub mod body_limit;
pub mod client;
pub mod cors;
pub mod counters;
pub mod deadline;
pub mod frame;
pub mod host;
pub mod limits;
pub mod query;
pub mod rate;
pub mod refusals;
pub mod request_id;
pub mod shared;
pub mod window;

pub use client::{Asked, ClientAddress, TrustedProxies};
pub use request_id::RequestId;
