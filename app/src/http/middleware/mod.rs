//! What every request passes, from the outside in: a frame (id, log, headers), other origins, the rate limit, the
//! net for problems, a deadline, a limit of the body, and parameters that come once.

pub mod body_limit;
pub mod client;
pub mod cors;
pub mod counters;
pub mod deadline;
pub mod frame;
pub mod limits;
pub mod query;
pub mod rate;
pub mod request_id;
pub mod shared;
pub mod window;

pub use client::{Asked, ClientAddress, TrustedProxies};
pub use request_id::RequestId;
