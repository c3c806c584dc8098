//! What each fuzz target does with its bytes: reads them as the product would, and checks what must hold of whatever was
//! read. That nothing panics is checked besides.
#![allow(dead_code)]

mod google;
mod http;
mod paystack;
mod pwned_passwords;
mod textverified;
mod words;

#[path = "../../app/src/http/wallet/cell.rs"]
mod cell;
#[path = "../../adapters/src/tokens.rs"]
mod tokens;
#[path = "../../app/src/http/body/tree.rs"]
mod tree;

pub use google::google_tokens;
pub use paystack::{paystack_answers, paystack_webhook};
pub use pwned_passwords::leaked_ranges;
pub use textverified::{textverified_answers, textverified_webhook};
pub use words::{
    access_tokens, codes, csv, destination, email, idempotency_key, ids, json_body, money, phone, secrets,
};
