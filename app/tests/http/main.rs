//! HTTP over a real socket, with everything behind it in memory.

mod api_keys;
mod connections;
mod cors;
mod document;
mod endpoints;
mod given;
mod google;
mod headers;
mod infrastructure;
mod journey;
mod letters;
mod limits;
mod look_ups;
mod metrics;
mod resting;
mod signing_in;
mod status;
mod timing;
mod wallet;
