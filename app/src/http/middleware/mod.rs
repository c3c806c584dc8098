//! What every request passes, from the outside in: a frame (id, log, headers), other origins, the rate limit, the
//! net for problems, a deadline, and a limit of the body.

pub mod body_limit;
pub mod client;
pub mod cors;
pub mod counters;
pub mod deadline;
pub mod frame;
pub mod limits;
pub mod rate;
pub mod request_id;
pub mod shared;
pub mod window;

pub use client::{Asked, ClientAddress, TrustedProxies};
pub use request_id::RequestId;
