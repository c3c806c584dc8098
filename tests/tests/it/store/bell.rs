//! The bell of jobs on Postgres: who rings is heard by the others, and a line that was cut is there again.

use std::time::Duration;

use namaskah_adapters::persistence::PostgresBell;
use namaskah_domain::{
    JobLane,
    outbox::{Bell, Heard},
};
use uuid::Uuid;

use super::{Opened, open_postgres, open_sqlite};

const LONGEST: Duration = Duration::from_secs(20);

fn bell(on: &Opened, own: u128) -> PostgresBell {
    let bell = PostgresBell::try_new(&on.database, &on.url, Uuid::from_u128(own)).expect("a URL");
    bell.expect("Postgres has one")
}

async fn heard(bell: &PostgresBell) -> Heard {
    tokio::time::timeout(LONGEST, bell.hear()).await.expect("something is heard").expect("a line")
}

#[tokio::test]
async fn who_rings_is_heard_by_every_other_and_not_by_himself() {
    let Some(opened) = open_postgres(Default::default()).await else { return };
    let (one, two, three) = (bell(&opened, 1), bell(&opened, 2), bell(&opened, 3));
    for bell in [&one, &two, &three] {
        assert_eq!(heard(bell).await, Heard::Anything, "what was before is not known");
    }
    one.ring(JobLane::Mail).await.expect("rung");
    two.ring(JobLane::Provider).await.expect("rung");
    for lane in [JobLane::Mail, JobLane::Provider] {
        assert_eq!(heard(&three).await, Heard::Lane(lane));
    }
    assert_eq!(heard(&one).await, Heard::Lane(JobLane::Provider));
    assert_eq!(heard(&two).await, Heard::Lane(JobLane::Mail));
    drop((one, two, three));
    opened.close().await;
}

#[tokio::test]
async fn a_line_that_was_cut_is_there_again_and_says_that_something_may_be_missed() {
    let Some(opened) = open_postgres(Default::default()).await else { return };
    let (one, two) = (bell(&opened, 1), bell(&opened, 2));
    assert_eq!(heard(&two).await, Heard::Anything);
    opened
        .query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE application_name = 'namaskah bell' AND datname = current_database()",
        )
        .await;
    // It may fail first, or be there again at once.
    let again = loop {
        let again = tokio::time::timeout(LONGEST, two.hear()).await.expect("something is heard");
        if let Ok(again) = again {
            break again;
        }
    };
    assert_eq!(again, Heard::Anything);
    one.ring(JobLane::Upkeep).await.expect("rung");
    assert_eq!(heard(&two).await, Heard::Lane(JobLane::Upkeep));
    drop((one, two));
    opened.close().await;
}

#[tokio::test]
async fn sqlite_has_no_bell() {
    let opened = open_sqlite(Default::default()).await;
    let bell = PostgresBell::try_new(&opened.database, &opened.url, Uuid::nil()).expect("no fault");
    assert!(bell.is_none());
    opened.close().await;
}
