//! What breaks beside the product: it gets over it by itself, and nothing is lost or doubled.

use namaskah_tests::crash::{
    disk,
    faults::{self, Verdict},
};

type Played = Result<Option<Verdict>, namaskah_tests::crash::Failure>;

/// `None` was skipped, and has said why.
fn clean(fault: &str, played: Played) {
    let Some(verdict) = played.unwrap_or_else(|failure| panic!("{fault}: {failure}")) else { return };
    println!("{fault}: {} times; {:?}", verdict.strikes, verdict.seen);
    assert!(verdict.breaches.is_empty(), "{fault}: {:#?}", verdict.breaches);
    assert!(verdict.seen.orders > 0 && verdict.strikes > 0, "{fault} met nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn nothing_is_lost_when_the_database_server_is_killed_and_comes_back() {
    clean("the database server dies", faults::the_database_server_dies(1).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn nothing_is_lost_when_every_connection_to_the_database_is_ended_again_and_again() {
    clean("connections are ended", faults::connections_are_ended(2).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn nothing_is_doubled_when_answers_of_the_database_break_off() {
    clean("answers break off", faults::answers_break_off(3).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_full_disk_is_answered_with_503_and_goes_by() {
    clean("the disk is full", disk::the_disk_is_full(4).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_full_disk_of_the_database_server_is_answered_with_503_and_goes_by() {
    clean("the disk of the server is full", disk::the_disk_of_the_server_is_full(6).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn an_instance_that_wakes_up_after_its_leases_buys_and_books_nothing_twice() {
    clean("an instance is frozen", faults::a_frozen_instance_wakes_up(5).await);
}
