//! Sentences about accounts and holds.

use namaskah_domain::{
    Change, CommitError, Unique, UnitOfWork,
    wallet::{Balance, HoldEnd, HoldState, PlaceHold, Pocket, Purse},
};

use super::Backend;
use crate::{
    assert_refused,
    given::{self, usd},
};

/// Nothing is posted, held, owed or counted.
pub async fn a_new_account_is_empty(on: &Backend) {
    let user = given::account().stored_in(on.store.as_ref()).await;
    assert_eq!(on.account(user).await, namaskah_domain::wallet::Account::open(user));
    assert_eq!(on.wallet.account(given::id()).await.expect("readable"), None);
}

/// As a registration with a gift does.
pub async fn an_account_can_be_opened_credited_and_held_by_one_unit(on: &Backend) {
    let user = given::id();
    let opened =
        || UnitOfWork::new().with(Change::OpenAccount(user)).post(given::posting(user, Purse::Promo, 500));
    let refused = on.refuse(opened().place(given::hold(user, 501))).await;
    assert_refused!(refused, CommitError::InsufficientFunds);
    assert_eq!(on.wallet.account(user).await.expect("readable"), None);
    let hold = given::hold(user, 200);
    on.apply(opened().place(hold.clone())).await;
    let account = on.account(user).await;
    assert_eq!(account.promo, Pocket { posted: usd(500), held: usd(200) });
    assert_eq!(account.open_orders, 1);
    on.apply(UnitOfWork::new().end(given::end(&hold, HoldEnd::Capture))).await;
    super::assert_adds_up(on, user).await;
    assert_eq!(super::lines(on, user).await.len(), 2);
}

/// Promo is spent first.
pub async fn a_hold_takes_promo_first_and_the_rest_from_the_wallet(on: &Backend) {
    let user = given::account().with(1_000).with_promo(300).stored_in(on.store.as_ref()).await;
    let (small, large) = (given::hold(user, 200), given::hold(user, 500));
    on.apply(UnitOfWork::new().place(small.clone())).await;
    on.apply(UnitOfWork::new().place(large.clone())).await;
    let split = async |id| on.wallet.hold(id).await.expect("readable").expect("a hold").split;
    let (small, large) = (split(small.id).await, split(large.id).await);
    assert_eq!((small.promo, small.wallet), (usd(200), usd(0)));
    assert_eq!((large.promo, large.wallet), (usd(100), usd(400)));
    let account = on.account(user).await;
    assert_eq!(account.wallet, Pocket { posted: usd(1_000), held: usd(400) });
    assert_eq!(account.promo, Pocket { posted: usd(300), held: usd(300) });
}

/// Not by one unit, and all of it may be held.
pub async fn a_hold_never_exceeds_what_is_available(on: &Backend) {
    let user = given::account().with(700).with_promo(300).stored_in(on.store.as_ref()).await;
    let before = on.account(user).await;
    let refused = on.refuse(UnitOfWork::new().place(given::hold(user, 1_001))).await;
    assert_refused!(refused, CommitError::InsufficientFunds);
    assert_eq!(on.account(user).await, before);
    on.apply(UnitOfWork::new().place(given::hold(user, 1_000))).await;
    assert_eq!(Balance::from(&on.account(user).await).available, usd(0));
    let refused = on.refuse(UnitOfWork::new().place(given::hold(user, 1))).await;
    assert_refused!(refused, CommitError::InsufficientFunds);
}

/// Each takes its share of promo in its turn; together they fit, or none does.
pub async fn several_holds_of_one_unit_share_what_is_there(on: &Backend) {
    let user = given::account().with(1_000).with_promo(500).stored_in(on.store.as_ref()).await;
    let holds: Vec<_> = [400, 400, 400].into_iter().map(|units| given::hold(user, units)).collect();
    let unit = |count| holds.iter().take(count).cloned().fold(UnitOfWork::new(), UnitOfWork::place);
    let refused = on.refuse(unit(3).place(given::hold(user, 301))).await;
    assert_refused!(refused, CommitError::InsufficientFunds);
    on.apply(unit(3)).await;
    let mut parts = Vec::new();
    for hold in &holds {
        let stored = on.wallet.hold(hold.id).await.expect("readable").expect("a hold");
        parts.push((stored.split.promo.units(), stored.split.wallet.units()));
    }
    assert_eq!(parts, [(400, 0), (100, 300), (0, 400)]);
    let account = on.account(user).await;
    assert_eq!((account.promo.held, account.wallet.held), (usd(500), usd(700)));
    assert_eq!(account.open_orders, 3);
}

/// To the purses that it came from; nothing is posted.
pub async fn a_released_hold_gives_back_exactly_its_parts(on: &Backend) {
    let user = given::account().with(1_000).with_promo(300).stored_in(on.store.as_ref()).await;
    let before = on.account(user).await;
    let hold = given::hold(user, 500);
    on.apply(UnitOfWork::new().place(hold.clone())).await;
    on.apply(UnitOfWork::new().end(given::end(&hold, HoldEnd::Release))).await;
    let after = on.account(user).await;
    assert_eq!((after.wallet, after.promo, after.open_orders), (before.wallet, before.promo, 0));
    assert!(after.version > before.version);
    let stored = on.wallet.hold(hold.id).await.expect("readable").expect("a hold");
    assert_eq!(stored.state, HoldState::Released { at: given::at(30) });
    assert_eq!((stored.amount, stored.purpose, stored.user), (hold.amount, hold.purpose.of_hold(), user));
    assert_eq!(super::lines(on, user).await.len(), 2);
}

/// Under the source of the capture: the wallet's part is leg 1, promo's is leg 2.
pub async fn a_captured_hold_posts_its_parts_to_revenue(on: &Backend) {
    let user = given::account().with(1_000).with_promo(300).stored_in(on.store.as_ref()).await;
    let hold = given::hold(user, 500);
    on.apply(UnitOfWork::new().place(hold.clone())).await;
    on.apply(UnitOfWork::new().end(given::end(&hold, HoldEnd::Capture))).await;
    let account = on.account(user).await;
    assert_eq!(account.wallet, Pocket { posted: usd(800), held: usd(0) });
    assert_eq!(account.promo, Pocket { posted: usd(0), held: usd(0) });
    assert_eq!(account.open_orders, 0);
    let stored = on.wallet.hold(hold.id).await.expect("readable").expect("a hold");
    assert_eq!(stored.state, HoldState::Captured { at: given::at(30) });
    let lines = super::lines(on, user).await;
    let captured: Vec<_> = lines.iter().rev().take(2).rev().collect();
    assert_eq!(captured.iter().map(|l| l.amount).collect::<Vec<_>>(), [usd(-200), usd(-300)]);
    assert!(captured.iter().all(|l| l.source.as_str() == format!("cap:{}", hold.id)), "{captured:?}");
    assert_eq!(captured.iter().map(|l| l.balance_after).collect::<Vec<_>>(), [usd(1_100), usd(800)]);
}

/// Whichever way it ended, each further end is stale.
pub async fn a_hold_ends_once(on: &Backend) {
    let user = given::account().with(1_000).stored_in(on.store.as_ref()).await;
    // Another open hold, so that neither the count of orders nor what is held forbids the second end by itself.
    on.apply(UnitOfWork::new().place(given::hold(user, 500))).await;
    for first in [HoldEnd::Capture, HoldEnd::Release] {
        let hold = given::hold(user, 100);
        on.apply(UnitOfWork::new().place(hold.clone())).await;
        on.apply(UnitOfWork::new().end(given::end(&hold, first))).await;
        let before = on.account(user).await;
        for again in [HoldEnd::Capture, HoldEnd::Release] {
            let refused = on.refuse(UnitOfWork::new().end(given::end(&hold, again))).await;
            assert_refused!(refused, CommitError::Stale);
        }
        assert_eq!(on.account(user).await, before);
    }
}

/// The hold must be there, and be the user's.
pub async fn a_hold_of_another_user_or_of_nobody_is_stale(on: &Backend) {
    let owner = given::account().with(1_000).stored_in(on.store.as_ref()).await;
    let other = given::account().with(1_000).stored_in(on.store.as_ref()).await;
    let hold = given::hold(owner, 100);
    on.apply(UnitOfWork::new().place(hold.clone()).place(given::hold(other, 500))).await;
    for mut end in [given::end(&hold, HoldEnd::Release), given::end(&given::hold(other, 1), HoldEnd::Capture)]
    {
        end.user = other;
        assert_refused!(on.refuse(UnitOfWork::new().end(end)).await, CommitError::Stale);
    }
    assert_eq!(on.account(owner).await.wallet.held, usd(100));
    let nobody = given::hold(given::id(), 100);
    assert_refused!(on.refuse(UnitOfWork::new().place(nobody)).await, CommitError::Stale);
}

/// A retry pays with what its first try gives back, though nothing else is there.
pub async fn money_that_a_unit_gives_back_pays_for_its_new_hold(on: &Backend) {
    let user = given::account().with(500).with_promo(500).stored_in(on.store.as_ref()).await;
    let first = given::hold(user, 1_000);
    on.apply(UnitOfWork::new().place(first.clone())).await;
    let mut second = given::hold(user, 900);
    second.purpose = given::order_of(given::id(), 1);
    on.apply(UnitOfWork::new().end(given::end(&first, HoldEnd::Release)).place(second)).await;
    let account = on.account(user).await;
    assert_eq!((account.promo.held, account.wallet.held), (usd(500), usd(400)));
    assert_eq!(account.open_orders, 1);
}

/// By places and ends of holds.
pub async fn open_orders_are_counted_and_bounded(on: &Backend) {
    let user = given::account().with(1_000).stored_in(on.store.as_ref()).await;
    let bounded = |units| PlaceHold { purpose: given::order_of(given::id(), 2), ..given::hold(user, units) };
    let first = bounded(1);
    on.apply(UnitOfWork::new().place(first.clone())).await;
    let two = UnitOfWork::new().place(bounded(1)).place(bounded(1));
    assert_refused!(on.refuse(two).await, CommitError::TooManyOpenOrders);
    on.apply(UnitOfWork::new().place(bounded(1))).await;
    assert_refused!(on.refuse(UnitOfWork::new().place(bounded(1))).await, CommitError::TooManyOpenOrders);
    assert_eq!(on.account(user).await.open_orders, 2);
    on.apply(UnitOfWork::new().end(given::end(&first, HoldEnd::Release))).await;
    on.apply(UnitOfWork::new().place(bounded(1))).await;
    assert_eq!(on.account(user).await.open_orders, 2);
}

/// By the payments that a unit opens and closes.
pub async fn open_intents_are_counted_and_bounded(on: &Backend) {
    let user = given::account().stored_in(on.store.as_ref()).await;
    let opened = || UnitOfWork::new().count_intent_opened(user, 2);
    on.apply(opened()).await;
    on.apply(opened()).await;
    assert_refused!(on.refuse(opened()).await, CommitError::TooManyOpenIntents);
    assert_eq!(on.account(user).await.open_intents, 2);
    on.apply(UnitOfWork::new().count_intent_closed(user)).await;
    on.apply(opened()).await;
    assert_eq!(on.account(user).await.open_intents, 2);
}

/// A second hold of an order is refused while the first is open.
pub async fn an_order_has_one_open_hold(on: &Backend) {
    let user = given::account().with(1_000).stored_in(on.store.as_ref()).await;
    let first = given::hold(user, 100);
    let second = PlaceHold { purpose: first.purpose, ..given::hold(user, 100) };
    on.apply(UnitOfWork::new().place(first.clone())).await;
    let refused = on.refuse(UnitOfWork::new().place(second.clone())).await;
    assert_refused!(refused, CommitError::Duplicate(Unique::Record));
    on.apply(UnitOfWork::new().end(given::end(&first, HoldEnd::Release))).await;
    on.apply(UnitOfWork::new().place(second)).await;
}

/// A transfer may take what is available, and not more.
pub async fn a_debit_never_takes_what_is_held(on: &Backend) {
    for purse in [Purse::Wallet, Purse::Promo] {
        let user = given::account().with(1_000).with_promo(1_000).stored_in(on.store.as_ref()).await;
        on.apply(UnitOfWork::new().place(given::hold(user, 1_600))).await;
        let available = if purse == Purse::Wallet { 400 } else { 0 };
        let before = on.account(user).await;
        let refused = on.refuse(UnitOfWork::new().post(given::posting(user, purse, -(available + 1)))).await;
        assert_refused!(refused, CommitError::InsufficientFunds);
        assert_eq!(on.account(user).await, before);
        if available > 0 {
            on.apply(UnitOfWork::new().post(given::posting(user, purse, -available))).await;
            assert_eq!(on.account(user).await.available(), usd(0));
        }
    }
}
