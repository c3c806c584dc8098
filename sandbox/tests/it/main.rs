//! The sandbox as its callers meet it: over real sockets.

mod clock;
mod console;
mod controls;
mod faults;
mod given;
mod google;
mod mail;
mod paystack;
mod pwned_passwords;
mod refunds;
mod restart;
mod textverified;
mod webhooks;
