//! Sentences about the journal.

use namaskah_domain::{
    CommitError, Page, Unique, UnitOfWork, UserId,
    wallet::{Balance, Entry, EntryKind, HoldEnd, House, JournalEntry, LedgerAccount, Purse, Span, Transfer},
};

use super::Backend;
use crate::{
    assert_refused,
    given::{self, at, usd},
};

/// A user's statement, oldest first.
pub(super) async fn lines(on: &Backend, user: UserId) -> Vec<Entry> {
    let page = on.wallet.entries(user, Page { limit: 10_000, after: None }).await.expect("readable");
    page.rows.into_iter().rev().collect()
}

/// The balance before a line and its amount make the balance after it; the last one is what the account shows.
pub async fn assert_adds_up(on: &Backend, user: UserId) {
    let mut total = usd(0);
    for line in lines(on, user).await {
        total = total.checked_add(line.amount).expect("in range");
        assert_eq!(line.balance_after, total, "{line:?}");
    }
    assert_eq!(total, Balance::from(&on.account(user).await).total);
}

/// Over credits, captures, releases and debits of both purses.
pub async fn entries_add_up_line_by_line(on: &Backend) {
    let user = given::account().with(1_000).with_promo(300).stored_in(on.store.as_ref()).await;
    for (units, end) in [(500, HoldEnd::Capture), (200, HoldEnd::Release), (100, HoldEnd::Capture)] {
        let hold = given::hold(user, units);
        on.apply(UnitOfWork::new().place(hold.clone())).await;
        on.apply(UnitOfWork::new().end(given::end(&hold, end))).await;
    }
    on.apply(UnitOfWork::new().post(given::posting(user, Purse::Wallet, -50))).await;
    assert_adds_up(on, user).await;
    let kinds: Vec<EntryKind> = lines(on, user).await.iter().map(|line| line.kind).collect();
    let expected = [
        EntryKind::Adjustment,
        EntryKind::Promo,
        EntryKind::Purchase,
        EntryKind::Purchase,
        EntryKind::Purchase,
        EntryKind::Adjustment,
    ];
    assert_eq!(kinds, expected);
}

/// Captures first, in the order of the holds, then the transfers, in the order of their legs.
pub async fn entries_of_one_unit_keep_their_order(on: &Backend) {
    let user = given::account().with(1_000).with_promo(300).stored_in(on.store.as_ref()).await;
    let (first, second) = (given::hold(user, 400), given::hold(user, 100));
    on.apply(UnitOfWork::new().place(first.clone()).place(second.clone())).await;
    let source = given::source();
    let legs = [(Purse::Wallet, 40), (Purse::Promo, 30), (Purse::Wallet, -20)];
    let legs = legs.into_iter().zip(1..);
    let legs = legs.map(|((purse, units), leg)| given::transfer(user, purse, units, &source, leg));
    let entry = JournalEntry::try_new(legs.collect()).expect("balanced");
    let unit = UnitOfWork::new()
        .end(given::end(&first, HoldEnd::Capture))
        .end(given::end(&second, HoldEnd::Capture))
        .post(entry);
    on.apply(unit).await;
    let amounts: Vec<i64> = lines(on, user).await.iter().map(|line| line.amount.units()).collect();
    assert_eq!(amounts, [1_000, 300, -100, -300, -100, 40, 30, -20]);
    assert_adds_up(on, user).await;
}

fn house(debit: House, credit: House, units: i64) -> JournalEntry {
    let transfer = Transfer {
        debit: LedgerAccount::House(debit),
        credit: LedgerAccount::House(credit),
        amount: given::amount(units),
        kind: EntryKind::Cost,
        source: given::source(),
        leg: 1,
        at: given::start(),
    };
    JournalEntry::try_new(vec![transfer]).expect("balanced")
}

/// They are posted, beside whatever else the unit does, and show in nobody's statement.
pub async fn house_transfers_touch_no_account(on: &Backend) {
    let user = given::account().with(1_000).stored_in(on.store.as_ref()).await;
    let before = on.account(user).await;
    let cost = || house(House::ProviderReceivable, House::ProviderFloatTextVerified, 750);
    on.apply(UnitOfWork::new().post(cost())).await;
    assert_eq!(on.account(user).await, before);
    let hold = given::hold(user, 100);
    on.apply(UnitOfWork::new().place(hold.clone()).post(cost())).await;
    on.apply(UnitOfWork::new().end(given::end(&hold, HoldEnd::Capture)).post(cost())).await;
    let amounts: Vec<i64> = lines(on, user).await.iter().map(|line| line.amount.units()).collect();
    assert_eq!(amounts, [1_000, -100]);
}

/// Even if the second entry is for somebody else.
pub async fn a_source_is_posted_once(on: &Backend) {
    let users = [
        given::account().stored_in(on.store.as_ref()).await,
        given::account().stored_in(on.store.as_ref()).await,
    ];
    let source = given::source();
    let credit = |user| {
        let transfer = given::transfer(user, Purse::Wallet, 100, &source, 1);
        UnitOfWork::new().post(JournalEntry::try_new(vec![transfer]).expect("balanced"))
    };
    on.apply(credit(users[0])).await;
    for user in users {
        assert_refused!(on.refuse(credit(user)).await, CommitError::Duplicate(Unique::Source));
    }
    assert_eq!(on.account(users[0]).await.wallet.posted, usd(100));
    assert_eq!(on.account(users[1]).await.wallet.posted, usd(0));
}

/// Every line once, whatever the size of the page.
pub async fn entries_come_in_pages_newest_first(on: &Backend) {
    let user = given::account().stored_in(on.store.as_ref()).await;
    let other = given::account().with(5).stored_in(on.store.as_ref()).await;
    for units in 1..=7 {
        on.apply(UnitOfWork::new().post(given::posting(user, Purse::Wallet, units))).await;
    }
    for limit in [1, 3, 7, 8] {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = on.wallet.entries(user, Page { limit, after }).await.expect("readable");
            assert!(page.rows.len() <= limit as usize);
            seen.extend(page.rows.iter().map(|line| line.amount.units()));
            after = page.rows.last().map(|line| line.id);
            if !page.has_more {
                break;
            }
        }
        assert_eq!(seen, [7, 6, 5, 4, 3, 2, 1], "pages of {limit}");
    }
    assert_eq!(lines(on, other).await.len(), 1);
}

/// Every hold once, whatever the size of the page.
pub async fn holds_come_in_pages_newest_first(on: &Backend) {
    let user = given::account().with(1_000).stored_in(on.store.as_ref()).await;
    let mut placed = Vec::new();
    for _ in 0..5 {
        let hold = given::hold(user, 10);
        placed.insert(0, hold.id);
        on.apply(UnitOfWork::new().place(hold)).await;
    }
    for limit in [1, 2, 5] {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = on.wallet.holds(user, Page { limit, after }).await.expect("readable");
            seen.extend(page.rows.iter().map(|hold| hold.id));
            after = seen.last().copied();
            if !page.has_more {
                break;
            }
        }
        assert_eq!(seen, placed, "pages of {limit}");
    }
}

/// One line each at these seconds, of one dollar cent more than the one before.
async fn posted_at(on: &Backend, seconds: &[i64]) -> UserId {
    let user = given::account().stored_in(on.store.as_ref()).await;
    for (second, units) in seconds.iter().zip(1..) {
        let mut transfer = given::transfer(user, Purse::Wallet, units, &given::source(), 1);
        transfer.at = at(*second);
        let entry = JournalEntry::try_new(vec![transfer]).expect("a balanced entry");
        on.apply(UnitOfWork::new().post(entry)).await;
    }
    user
}

/// In the order of posting, whatever clocks said.
pub async fn the_balance_of_a_moment_is_that_of_the_last_line_before_it(on: &Backend) {
    let user = posted_at(on, &[10, 30, 20, 40]).await;
    posted_at(on, &[15]).await;
    for (second, due) in
        [(10, None), (11, Some(1)), (20, Some(1)), (21, Some(6)), (31, Some(6)), (90, Some(10))]
    {
        let line = on.wallet.entry_before(user, at(second)).await.expect("readable");
        assert_eq!(line.map(|line| line.balance_after), due.map(usd), "{second}");
    }
    let nobody = on.wallet.entry_before(given::id(), at(90)).await.expect("readable");
    assert_eq!(nobody, None);
}

/// Between two lines, without the first and with the last.
pub async fn lines_of_a_span_come_in_pages_in_the_order_of_posting(on: &Backend) {
    let user = posted_at(on, &[10, 30, 20, 40, 50]).await;
    let all = lines(on, user).await;
    let span = Span { after: Some(all[0].id), up_to: all[3].id };
    assert_eq!(on.wallet.lines(user, span, 10).await.expect("readable"), all[1..4]);
    assert_eq!(on.wallet.lines(user, span, 2).await.expect("readable"), all[1..3]);
    let whole = Span { after: None, up_to: all[4].id };
    assert_eq!(on.wallet.lines(user, whole, 10).await.expect("readable"), all);
    let none = Span { after: Some(all[4].id), up_to: all[4].id };
    assert_eq!(on.wallet.lines(user, none, 10).await.expect("readable"), []);
    assert_eq!(on.wallet.lines(given::id(), whole, 10).await.expect("readable"), []);
}
