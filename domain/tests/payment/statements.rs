//! Sentences about what a wallet shows: lines, statements, balances of the past, holds.

use namaskah_domain::{
    Clock, Currency, Money, Page, Time, UserId,
    time::{minutes, seconds},
    wallet::{Entry, EntryKind, Period, WalletError},
};

use crate::world::World;

/// Ten dollars, a minute later five, a minute later a code for 1.13. Returns the instants of the three lines.
async fn history(world: &World) -> [Time; 3] {
    let mut at = [world.platform.clock.now(); 3];
    world.fund("10.00").await;
    world.platform.advance(minutes(1)).await;
    at[1] = world.platform.clock.now();
    world.fund("5.00").await;
    world.platform.advance(minutes(1)).await;
    at[2] = world.platform.clock.now();
    let order = world.platform.buy(world.ada, "whatsapp", "2.00").await.expect("an order");
    world.platform.deliver(order.head().id, "Your code is 482913").await.expect("delivered");
    at
}

fn shown(lines: &[Entry]) -> Vec<(EntryKind, String, String)> {
    lines.iter().map(|line| (line.kind, line.amount.to_string(), line.balance_after.to_string())).collect()
}

fn line(kind: EntryKind, amount: &str, after: &str) -> (EntryKind, String, String) {
    (kind, amount.to_owned(), after.to_owned())
}

async fn stated(world: &World, period: Period, at_once: u32) -> (String, Vec<Entry>, String) {
    let wallet = &world.platform.wallet;
    let mut statement = wallet.statement(world.ada, period).await.expect("a statement");
    let mut lines = Vec::new();
    loop {
        let next = wallet.next_lines(&mut statement, at_once).await.expect("lines");
        if next.is_empty() {
            break;
        }
        assert!(next.len() <= at_once as usize, "{next:?}");
        lines.extend(next);
    }
    (statement.opening.to_string(), lines, statement.closing.to_string())
}

#[tokio::test]
async fn lines_are_listed_newest_first_page_by_page() {
    let world = World::new().await;
    history(&world).await;
    let page = Page { limit: 2, after: None };
    let first = world.platform.wallet.entries(world.ada, page).await.expect("lines");
    let newest = [line(EntryKind::Purchase, "-1.13", "13.87"), line(EntryKind::Deposit, "5.00", "15.00")];
    assert_eq!((shown(&first.rows), first.has_more), (newest.to_vec(), true));
    let page = Page { limit: 2, after: first.rows.last().map(|line| line.id) };
    let rest = world.platform.wallet.entries(world.ada, page).await.expect("lines");
    assert_eq!((shown(&rest.rows), rest.has_more), (vec![line(EntryKind::Deposit, "10.00", "10.00")], false));
}

#[tokio::test]
async fn a_page_that_the_last_line_fills_has_none_after_it() {
    let world = World::new().await;
    history(&world).await;
    let page = Page { limit: 3, after: None };
    let all = world.platform.wallet.entries(world.ada, page).await.expect("lines");
    assert_eq!((all.rows.len(), all.has_more), (3, false));
}

#[tokio::test]
async fn opening_and_lines_make_the_closing_balance_however_few_are_read_at_once() {
    let world = World::new().await;
    let at = history(&world).await;
    let all = [
        line(EntryKind::Deposit, "10.00", "10.00"),
        line(EntryKind::Deposit, "5.00", "15.00"),
        line(EntryKind::Purchase, "-1.13", "13.87"),
    ];
    let period = |from, to| Period::try_new(from, to).expect("a period");
    for at_once in 1..=4 {
        let (opening, lines, closing) = stated(&world, period(None, None), at_once).await;
        assert_eq!((opening.as_str(), shown(&lines), closing.as_str()), ("0.00", all.to_vec(), "13.87"));
        let (opening, lines, closing) = stated(&world, period(Some(at[1]), None), at_once).await;
        assert_eq!(
            (opening.as_str(), shown(&lines), closing.as_str()),
            ("10.00", all[1..].to_vec(), "13.87")
        );
        let (opening, lines, closing) = stated(&world, period(None, Some(at[2])), at_once).await;
        assert_eq!((opening.as_str(), shown(&lines), closing.as_str()), ("0.00", all[..2].to_vec(), "15.00"));
        let (opening, lines, closing) = stated(&world, period(Some(at[1]), Some(at[2])), at_once).await;
        assert_eq!(
            (opening.as_str(), shown(&lines), closing.as_str()),
            ("10.00", all[1..2].to_vec(), "15.00")
        );
    }
}

#[tokio::test]
async fn a_time_without_lines_closes_as_it_opens() {
    let world = World::new().await;
    let at = history(&world).await;
    let between = Period::try_new(Some(at[0] + seconds(1)), Some(at[1])).expect("a period");
    assert_eq!(stated(&world, between, 10).await, ("10.00".into(), vec![], "10.00".into()));
    let before = Period::try_new(None, Some(at[0])).expect("a period");
    assert_eq!(stated(&world, before, 10).await, ("0.00".into(), vec![], "0.00".into()));
}

#[test]
fn a_period_ends_after_it_begins() {
    let from = Time::from_timestamp(1_800_000_000, 0).expect("a time");
    assert!(Period::try_new(Some(from), Some(from)).is_err());
    assert!(Period::try_new(Some(from + seconds(1)), Some(from)).is_err());
    let period = Period::try_new(Some(from), Some(from + seconds(1))).expect("a period");
    assert_eq!((period.from(), period.to()), (Some(from), Some(from + seconds(1))));
}

#[tokio::test]
async fn a_past_balance_is_what_was_posted_before_that_instant() {
    let world = World::new().await;
    let at = history(&world).await;
    let wallet = &world.platform.wallet;
    for (then, balance) in
        [(at[0], "0.00"), (at[0] + seconds(1), "10.00"), (at[1], "10.00"), (at[1] + seconds(1), "15.00")]
    {
        let told = wallet.balance_at(world.ada, then).await.expect("a balance");
        assert_eq!(told.to_string(), balance, "at {then}");
    }
    let now = wallet.balance_at(world.ada, at[2] + minutes(1)).await.expect("a balance");
    assert_eq!(now.to_string(), "13.87");
}

#[tokio::test]
async fn nobodys_past_is_not_found_and_nobodys_statement_is_empty() {
    let world = World::new().await;
    let nobody: UserId = world.platform.id();
    let refused = world.platform.wallet.balance_at(nobody, world.platform.clock.now()).await;
    assert!(matches!(refused, Err(WalletError::NotFound)), "{refused:?}");
    let period = Period::try_new(None, None).expect("a period");
    let statement = world.platform.wallet.statement(nobody, period).await.expect("a statement");
    let nothing = Money::zero(Currency::Usd);
    assert_eq!((statement.opening, statement.closing), (nothing, nothing));
}

#[tokio::test]
async fn holds_are_listed_newest_first_with_what_they_are_for() {
    let world = World::new().await;
    let intent = world.fund("10.00").await;
    let order = world.platform.buy(world.ada, "whatsapp", "2.00").await.expect("an order");
    world.platform.advance(minutes(1)).await;
    let refund = world.refund(&intent, Some("1.00")).await;
    let page = Page { limit: 1, after: None };
    let newest = world.platform.wallet.holds(world.ada, page).await.expect("holds");
    assert!(newest.has_more);
    let [hold] = newest.rows.as_slice() else { panic!("{newest:?}") };
    assert_eq!((hold.purpose.refund(), hold.purpose.order()), (Some(refund.id), None));
    let page = Page { limit: 1, after: Some(hold.id) };
    let oldest = world.platform.wallet.holds(world.ada, page).await.expect("holds");
    assert!(!oldest.has_more);
    let [hold] = oldest.rows.as_slice() else { panic!("{oldest:?}") };
    assert_eq!((hold.purpose.refund(), hold.purpose.order()), (None, Some(order.head().id)));
}

#[tokio::test]
async fn a_wallet_has_the_settings_that_were_made_last() {
    let world = World::new().await;
    let wallet = &world.platform.wallet;
    let unset = wallet.settings(world.ada).await.expect("settings");
    assert_eq!(unset.low_balance_threshold(), None);
    for threshold in [Some(crate::world::usd("2.50")), Some(crate::world::usd("1.00")), None] {
        wallet.change_settings(world.ada, threshold).await.expect("changed");
        let now = wallet.settings(world.ada).await.expect("settings");
        assert_eq!(now.low_balance_threshold(), threshold);
    }
}
