//! The examples run, and what they assert holds.
#![cfg(feature = "memory")]
// Their `main` is for the command line.
#![allow(dead_code)]

#[path = "../examples/own_provider.rs"]
mod own_provider;
#[path = "../examples/rent_a_number.rs"]
mod rent_a_number;
#[path = "../examples/replay_history.rs"]
mod replay_history;

#[tokio::test]
async fn a_number_is_rented_in_memory() {
    rent_a_number::rent().await.expect("the example runs");
}

#[tokio::test]
async fn a_provider_of_ones_own_sells_numbers() {
    own_provider::rent_from_the_drawer().await.expect("the example runs");
}

#[tokio::test]
async fn a_recorded_history_makes_the_same_journal_again() {
    replay_history::replay_twice().await.expect("the example runs");
}
