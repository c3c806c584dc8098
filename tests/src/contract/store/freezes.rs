//! Sentences about what keeps money from being spent besides orders: refunds, disputes and debt.

use namaskah_domain::{
    Amount, CommitError, Currency, Money, Standing, Unique, UnitOfWork, UserId,
    wallet::{
        Balance, EntryKind, HoldEnd, HoldState, House, JournalEntry, LedgerAccount, Legs, PlaceHold, Pocket,
        Purpose, Purse,
    },
};

use super::Backend;
use crate::{
    assert_refused,
    given::{self, amount, usd},
};

/// wallet → fx and debt → fx, and their counterpart at the bank of the gateway.
fn out(user: UserId, wallet: i64, debt: i64) -> JournalEntry {
    let mut legs = Legs::new(given::source(), EntryKind::Chargeback, given::at(60));
    let fx = LedgerAccount::House(House::Fx);
    for (purse, units) in [(Purse::Wallet, wallet), (Purse::Debt, debt)] {
        if units > 0 {
            legs.add(LedgerAccount::User(user, purse), fx, amount(units));
        }
    }
    let naira = Amount::try_new(Money::from_units(wallet + debt, Currency::Ngn)).expect("above zero");
    legs.add(fx, LedgerAccount::House(House::PspClearingPaystack), naira);
    legs.into_entry().expect("balanced")
}

async fn balance(on: &Backend, user: UserId) -> (i64, i64, i64) {
    let shown = Balance::from(&on.account(user).await);
    (shown.available.units(), shown.held.units(), shown.total.units())
}

/// Promo is never withdrawn, and the bound of open orders does not apply.
pub async fn a_refund_holds_wallet_money_alone_and_is_no_order(on: &Backend) {
    let user = given::account().with(500).with_promo(500).stored_in(on.store.as_ref()).await;
    let refused = on.refuse(UnitOfWork::new().place(given::refund_hold(user, 501))).await;
    assert_refused!(refused, CommitError::InsufficientFunds);
    let refund = given::refund_hold(user, 400);
    // An order in the same unit takes its promo all the same.
    let order = PlaceHold { purpose: given::order_of(given::id(), 1), ..given::hold(user, 550) };
    on.apply(UnitOfWork::new().place(refund.clone()).place(order.clone())).await;
    let account = on.account(user).await;
    assert_eq!(account.wallet, Pocket { posted: usd(500), held: usd(450) });
    assert_eq!(account.promo, Pocket { posted: usd(500), held: usd(500) });
    assert_eq!(account.open_orders, 1);
    let stored = on.wallet.hold(refund.id).await.expect("readable").expect("a hold");
    assert_eq!((stored.purpose, stored.amount), (refund.purpose.of_hold(), amount(400)));
    assert_eq!((stored.split.promo, stored.split.wallet), (usd(0), usd(400)));
    on.apply(UnitOfWork::new().end(given::end(&refund, HoldEnd::Release))).await;
    assert_eq!(on.account(user).await.open_orders, 1);
    on.apply(UnitOfWork::new().end(given::end(&order, HoldEnd::Release))).await;
    assert_eq!(on.account(user).await.open_orders, 0);
}

/// As an order has.
pub async fn a_refund_has_one_open_hold(on: &Backend) {
    let user = given::account().with(1_000).stored_in(on.store.as_ref()).await;
    let first = given::refund_hold(user, 100);
    let second = PlaceHold { purpose: first.purpose, ..given::refund_hold(user, 100) };
    on.apply(UnitOfWork::new().place(first.clone())).await;
    let refused = on.refuse(UnitOfWork::new().place(second.clone())).await;
    assert_refused!(refused, CommitError::Duplicate(Unique::Record));
    on.apply(UnitOfWork::new().end(given::end(&first, HoldEnd::Release))).await;
    on.apply(UnitOfWork::new().place(second)).await;
}

/// Captured, without a line of its own; and once.
pub async fn a_spent_hold_leaves_by_the_transfers_of_its_unit(on: &Backend) {
    let user = given::account().with(1_000).with_promo(300).stored_in(on.store.as_ref()).await;
    let refund = given::refund_hold(user, 400);
    on.apply(UnitOfWork::new().place(refund.clone())).await;
    let spend = || UnitOfWork::new().end(given::end(&refund, HoldEnd::Spend)).post(out(user, 400, 0));
    on.apply(spend()).await;
    let account = on.account(user).await;
    assert_eq!(account.wallet, Pocket { posted: usd(600), held: usd(0) });
    assert_eq!((account.promo.posted, account.open_orders), (usd(300), 0));
    let stored = on.wallet.hold(refund.id).await.expect("readable").expect("a hold");
    assert_eq!(stored.state, HoldState::Captured { at: given::at(30) });
    let lines = super::lines(on, user).await;
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert_refused!(on.refuse(spend()).await, CommitError::Stale);
    super::assert_adds_up(on, user).await;
}

/// Not even in the unit that releases it. A capture takes it first, and below zero it never is.
pub async fn promo_that_has_lapsed_is_held_no_second_time(on: &Backend) {
    let user = given::account().with(1_000).with_promo(300).stored_in(on.store.as_ref()).await;
    let first = given::hold(user, 400);
    on.apply(UnitOfWork::new().place(first.clone())).await;
    on.apply(UnitOfWork::new().lapse_promo(user, 200)).await;
    assert_eq!(balance(on, user).await, (900, 400, 1_300));
    let mut second = given::hold(user, 400);
    second.purpose = given::order_of(given::id(), 1);
    on.apply(UnitOfWork::new().end(given::end(&first, HoldEnd::Release)).place(second.clone())).await;
    let account = on.account(user).await;
    assert_eq!(
        (account.promo.held, account.wallet.held, account.promo_lapsed),
        (usd(100), usd(300), usd(200))
    );
    assert_eq!(balance(on, user).await, (700, 600, 1_300));
    on.apply(UnitOfWork::new().end(given::end(&second, HoldEnd::Capture))).await;
    let account = on.account(user).await;
    assert_eq!((account.promo.posted, account.promo_lapsed), (usd(200), usd(100)));
    assert_refused!(on.refuse(UnitOfWork::new().lapse_promo(user, -101)).await, CommitError::Stale);
    on.apply(UnitOfWork::new().lapse_promo(user, -100)).await;
    assert_eq!(balance(on, user).await, (900, 0, 900));
    super::assert_adds_up(on, user).await;
}

/// Without a hold: the ceiling moves with every credit and every release.
pub async fn a_dispute_freezes_what_it_claims_and_what_comes_in_later(on: &Backend) {
    let user = given::account().with(1_000).with_promo(50).stored_in(on.store.as_ref()).await;
    let hold = given::hold(user, 850);
    on.apply(UnitOfWork::new().place(hold.clone())).await;
    assert_eq!(balance(on, user).await, (200, 850, 1_050));
    on.apply(UnitOfWork::new().open_dispute(user, amount(900))).await;
    assert_eq!(balance(on, user).await, (0, 1_050, 1_050));
    let account = on.account(user).await;
    assert_eq!((account.disputed, account.open_disputes), (usd(900), 1));
    assert_eq!(account.wallet, Pocket { posted: usd(1_000), held: usd(800) });
    on.apply(UnitOfWork::new().post(given::posting(user, Purse::Wallet, 100))).await;
    assert_eq!(balance(on, user).await, (0, 1_150, 1_150));
    on.apply(UnitOfWork::new().end(given::end(&hold, HoldEnd::Release))).await;
    assert_eq!(balance(on, user).await, (250, 900, 1_150));
    on.apply(UnitOfWork::new().close_dispute(user, amount(900))).await;
    assert_eq!(balance(on, user).await, (1_150, 0, 1_150));
    assert!(on.account(user).await.may_order());
}

/// A code that arrives is still paid for, and a refund on its way is still spent.
pub async fn a_dispute_takes_nothing_from_what_is_held(on: &Backend) {
    let user = given::account().with(1_000).stored_in(on.store.as_ref()).await;
    let (order, refund) = (given::hold(user, 300), given::refund_hold(user, 200));
    on.apply(UnitOfWork::new().place(order.clone()).place(refund.clone())).await;
    on.apply(UnitOfWork::new().open_dispute(user, amount(5_000))).await;
    on.apply(UnitOfWork::new().end(given::end(&order, HoldEnd::Capture))).await;
    on.apply(UnitOfWork::new().end(given::end(&refund, HoldEnd::Spend)).post(out(user, 200, 0))).await;
    let account = on.account(user).await;
    assert_eq!(account.wallet, Pocket { posted: usd(500), held: usd(0) });
    assert_eq!(account.disputed_frozen(), usd(500));
    super::assert_adds_up(on, user).await;
}

/// A transfer may take what is available, and nothing of the freeze.
pub async fn a_frozen_part_of_the_wallet_cannot_be_debited(on: &Backend) {
    let user = given::account().with(1_000).with_promo(100).stored_in(on.store.as_ref()).await;
    on.apply(UnitOfWork::new().open_dispute(user, amount(700))).await;
    let debit = |units: i64| UnitOfWork::new().post(given::posting(user, Purse::Wallet, -units));
    assert_refused!(on.refuse(debit(301)).await, CommitError::InsufficientFunds);
    on.apply(debit(300)).await;
    assert_refused!(on.refuse(debit(1)).await, CommitError::InsufficientFunds);
    on.apply(UnitOfWork::new().open_dispute(user, amount(700))).await;
    assert_refused!(on.refuse(debit(1)).await, CommitError::InsufficientFunds);
    // Given money is not what a payment was disputed over.
    on.apply(UnitOfWork::new().post(given::posting(user, Purse::Promo, -100))).await;
    assert_eq!(on.account(user).await.wallet.posted, usd(700));
}

/// With a refusal of its own, whatever there is to spend.
pub async fn disputes_block_orders_and_refunds_until_the_last_is_closed(on: &Backend) {
    let user = given::account().with(1_000).with_promo(1_000).stored_in(on.store.as_ref()).await;
    let disputed = |units| UnitOfWork::new().open_dispute(user, amount(units));
    on.apply(disputed(10)).await;
    on.apply(disputed(20)).await;
    for closed in [10, 20] {
        for place in [given::hold(user, 1), given::refund_hold(user, 1)] {
            let refused = on.refuse(UnitOfWork::new().place(place)).await;
            assert_refused!(refused, CommitError::AccountBlocked);
        }
        on.apply(UnitOfWork::new().close_dispute(user, amount(closed))).await;
    }
    on.apply(UnitOfWork::new().place(given::hold(user, 1)).place(given::refund_hold(user, 1))).await;
}

/// What another open dispute has frozen stays, unless the older one needs it.
pub async fn a_lost_dispute_takes_what_it_froze_and_leaves_the_rest_as_debt(on: &Backend) {
    let user = given::account().with(600).stored_in(on.store.as_ref()).await;
    on.apply(UnitOfWork::new().open_dispute(user, amount(500))).await;
    on.apply(UnitOfWork::new().open_dispute(user, amount(300))).await;
    let lost = |claimed, wallet, debt| {
        UnitOfWork::new().close_dispute(user, amount(claimed)).post(out(user, wallet, debt))
    };
    let refused = on.refuse(lost(500, 501, 0)).await;
    assert_refused!(refused, CommitError::InsufficientFunds);
    on.apply(lost(500, 500, 0)).await;
    assert_eq!(balance(on, user).await, (0, 100, 100));
    on.apply(lost(300, 100, 200)).await;
    let account = on.account(user).await;
    assert_eq!((account.wallet.posted, account.debt), (usd(0), usd(200)));
    assert_eq!((account.disputed, account.open_disputes), (usd(0), 0));
    super::assert_adds_up(on, user).await;
}

/// And never claim less than nothing.
pub async fn disputes_close_as_often_as_they_open(on: &Backend) {
    let user = given::account().with(600).stored_in(on.store.as_ref()).await;
    let close = |units| UnitOfWork::new().close_dispute(user, amount(units));
    assert_refused!(on.refuse(close(1)).await, CommitError::Stale);
    on.apply(UnitOfWork::new().open_dispute(user, amount(500))).await;
    assert_refused!(on.refuse(close(501)).await, CommitError::Stale);
    on.apply(close(500)).await;
    assert_refused!(on.refuse(close(500)).await, CommitError::Stale);
    assert_eq!(on.account(user).await.open_disputes, 0);
}

/// Raised by debt → fx, lowered by wallet → debt; while there is some, nothing is placed.
pub async fn debt_moves_with_its_transfers_and_never_below_zero(on: &Backend) {
    let user = given::account().with(600).stored_in(on.store.as_ref()).await;
    on.apply(given::owing(user, 250)).await;
    assert_eq!(on.account(user).await.debt, usd(250));
    for place in [given::hold(user, 1), given::refund_hold(user, 1)] {
        assert_refused!(on.refuse(UnitOfWork::new().place(place)).await, CommitError::AccountBlocked);
    }
    let repaid = |units| {
        let purse = |purse| LedgerAccount::User(user, purse);
        let mut legs = Legs::new(given::source(), EntryKind::DebtRepayment, given::at(9));
        legs.add(purse(Purse::Wallet), purse(Purse::Debt), amount(units));
        UnitOfWork::new().post(legs.into_entry().expect("balanced"))
    };
    assert_refused!(on.refuse(repaid(251)).await, CommitError::Stale);
    on.apply(repaid(50)).await;
    // What is repaid by the unit itself does not stand in the way of its order.
    on.apply(repaid(200).place(given::hold(user, 350))).await;
    let account = on.account(user).await;
    assert_eq!((account.debt, account.wallet.posted, account.available()), (usd(0), usd(350), usd(0)));
    super::assert_adds_up(on, user).await;
}

/// min(what is available after it, debt), and what is disputed is not available.
pub async fn a_credit_repays_debt_in_its_own_commit(on: &Backend) {
    let user = given::account().stored_in(on.store.as_ref()).await;
    on.apply(given::owing(user, 250)).await;
    on.apply(given::credit(&on.account(user).await, 100)).await;
    let account = on.account(user).await;
    assert_eq!((account.wallet.posted, account.debt), (usd(0), usd(150)));
    on.apply(UnitOfWork::new().open_dispute(user, amount(40))).await;
    on.apply(given::credit(&on.account(user).await, 100)).await;
    let account = on.account(user).await;
    assert_eq!((account.wallet.posted, account.debt), (usd(40), usd(90)));
    on.apply(UnitOfWork::new().close_dispute(user, amount(40))).await;
    on.apply(given::credit(&on.account(user).await, 100)).await;
    let account = on.account(user).await;
    assert_eq!((account.wallet.posted, account.debt), (usd(50), usd(0)));
    let lines = super::lines(on, user).await;
    let repaid: Vec<_> = lines.iter().filter(|line| line.kind == EntryKind::DebtRepayment).collect();
    assert_eq!(repaid.iter().map(|line| line.amount.units()).sum::<i64>(), -250);
    super::assert_adds_up(on, user).await;
}

/// So that no debt is passed over that arises between the read and the commit.
pub async fn a_decision_on_a_clear_account_is_stale_once_something_is_owed_or_disputed(on: &Backend) {
    let user = given::account().with(600).stored_in(on.store.as_ref()).await;
    let credited =
        || UnitOfWork::new().post(given::posting(user, Purse::Wallet, 100)).expecting(user, Standing::Clear);
    let (credit, again) = (credited(), credited());
    on.apply(UnitOfWork::new().place(given::hold(user, 10))).await;
    on.apply(credit).await;
    on.apply(UnitOfWork::new().open_dispute(user, amount(1))).await;
    assert_refused!(on.refuse(again.clone()).await, CommitError::Stale);
    on.apply(UnitOfWork::new().close_dispute(user, amount(1))).await;
    on.apply(given::owing(user, 1)).await;
    assert_refused!(on.refuse(again).await, CommitError::Stale);
    assert_eq!(on.account(user).await.wallet.posted, usd(700));
}

/// Also by a hold, which posts nothing.
pub async fn a_decision_on_an_account_as_read_is_stale_after_any_change(on: &Backend) {
    let user = given::account().with(600).stored_in(on.store.as_ref()).await;
    let read = Standing::AsRead(on.account(user).await.version);
    let debit = UnitOfWork::new().post(given::posting(user, Purse::Wallet, -5)).expecting(user, read);
    on.apply(
        UnitOfWork::new()
            .place(PlaceHold { purpose: Purpose::Refund { refund: given::id() }, ..given::hold(user, 10) }),
    )
    .await;
    assert_refused!(on.refuse(debit.clone()).await, CommitError::Stale);
    let read = Standing::AsRead(on.account(user).await.version);
    on.apply(debit.clone().expecting(user, read)).await;
    assert_refused!(on.refuse(debit.expecting(user, read)).await, CommitError::Stale);
    assert_eq!(on.account(user).await.wallet.posted, usd(595));
}
