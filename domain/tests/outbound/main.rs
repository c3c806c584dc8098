//! Which URLs and addresses may be called: nothing that is not public, however it is written.

mod addresses;
mod attempts;
mod urls;
