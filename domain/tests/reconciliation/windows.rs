//! What belongs to a window, on both sides of its borders.

use chrono::TimeDelta;
use namaskah_domain::reconciliation::{Finding, FindingState, Mismatch};

use crate::World;

const OURS: &str = "nmk-abcdefghijkmnpqrstuvwxyz23";

#[tokio::test]
async fn lists_are_read_an_hour_further_back_than_is_compared_each_by_its_own_clock() {
    for (minutes, found) in [(60, 2), (61, 0)] {
        let world = World::new().await;
        world.platform.provider.set_skew(TimeDelta::minutes(30));
        world.foreign_success(OURS).await;
        world.bought_by_hand().await;
        world.later(26 * 60 + minutes);
        world.compare_now().await;
        assert_eq!(world.open().await.len(), found, "{minutes} minutes before the window");
    }
}

#[tokio::test]
async fn what_happens_in_the_last_instant_of_a_window_belongs_to_the_next() {
    let world = World::new().await;
    world.foreign_success(OURS).await;
    world.bought_by_hand().await;
    for (matched, differ, late) in [(0, 0, 0), (1, 1, 1)] {
        let report = world.compare_now().await;
        let (payments, numbers) = (report.payments.expect("compared"), report.numbers.expect("compared"));
        assert_eq!((payments.matched, payments.differ), (matched, differ));
        assert_eq!((numbers.matched, numbers.differ, numbers.late), (0, 0, late));
        world.later(1);
    }
}

#[tokio::test]
async fn the_age_of_a_reservation_is_told_by_the_providers_clock() {
    let world = World::new().await;
    world.platform.provider.set_skew(TimeDelta::minutes(30));
    world.bought_by_hand().await;
    world.later(4);
    let numbers = world.compare_now().await.numbers.expect("compared");
    assert_eq!((numbers.late, numbers.differ), (1, 0));
    world.later(1);
    let numbers = world.compare_now().await.numbers.expect("compared");
    assert_eq!((numbers.late, numbers.differ), (0, 1));
    assert_eq!(world.found().await.mismatch, Mismatch::OnlyTheirs);
}

#[tokio::test]
async fn a_young_number_that_the_list_lacks_is_not_looked_at() {
    let world = World::new().await;
    let done = world.completed().await;
    assert!(world.platform.provider.forget(&done.line.reservation));
    world.later(4);
    let numbers = world.compare_now().await.numbers.expect("compared");
    assert_eq!((numbers.matched, numbers.late, numbers.differ), (0, 0, 0));
    world.later(1);
    let numbers = world.compare_now().await.numbers.expect("compared");
    assert_eq!((numbers.matched, numbers.late, numbers.differ), (0, 0, 1));
}

#[tokio::test]
async fn a_reservation_that_neither_side_has_any_more_is_closed() {
    let world = World::new().await;
    let reservation = world.bought_by_hand().await;
    world.compare().await;
    let found = world.found().await;
    assert!(world.platform.provider.forget(&reservation));
    let closed = world.compare().await.numbers.expect("compared").closed;
    assert!(
        matches!(&closed[..], [Finding { id, state: FindingState::Matched { .. }, .. }] if *id == found.id)
    );
    world.nothing_open().await;
}
