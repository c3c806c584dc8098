//! Sentences about many tasks at once, and about long random histories.

use std::collections::BTreeMap;

use futures::future::join_all;
use namaskah_domain::{
    Change, CommitError, Committed, HoldId, Page, Unique, UnitOfWork, UserId,
    wallet::{Account, HoldEnd, HoldState, JournalEntry, PlaceHold, Purse},
};

use super::{Backend, assert_adds_up, lines};
use crate::given::{self, usd};

type Outcome = Result<Committed, CommitError>;

/// Commits all of `units`, each by a task of its own.
async fn at_once(on: &Backend, units: Vec<UnitOfWork>) -> Vec<Outcome> {
    let tasks = units.into_iter().map(|unit| {
        let store = on.store.clone();
        tokio::spawn(async move { store.commit(unit).await })
    });
    join_all(tasks).await.into_iter().map(|joined| joined.expect("no task panics")).collect()
}

fn applied(outcomes: &[Outcome]) -> usize {
    outcomes.iter().filter(|outcome| matches!(outcome, Ok(Committed::Applied))).count()
}

/// The wallet has money for one effect alone, so a twin that was not recognised would be refused instead.
pub async fn the_same_key_at_once_takes_effect_once(on: &Backend) {
    let user = given::account().with(1_000).stored_in(on.store.as_ref()).await;
    let claim = given::claim(user, "key", 1);
    let unit = |_| UnitOfWork::claiming(claim.clone()).place(given::hold(user, 1_000));
    let outcomes = at_once(on, (0..100).map(unit).collect()).await;
    assert_eq!(applied(&outcomes), 1);
    let replayed =
        |outcome: &&Outcome| matches!(outcome, Ok(Committed::Replayed(id)) if *id == claim.outcome);
    assert_eq!(outcomes.iter().filter(replayed).count(), 99, "{outcomes:?}");
    assert_eq!(on.account(user).await.wallet.held, usd(1_000));
}

/// Sixty try, the money is enough for twenty.
pub async fn parallel_holds_take_exactly_the_money_that_was_there(on: &Backend) {
    let user = given::account().with(1_300).with_promo(700).stored_in(on.store.as_ref()).await;
    let units = (0..60).map(|_| UnitOfWork::new().place(given::hold(user, 100))).collect();
    let outcomes = at_once(on, units).await;
    assert_eq!(applied(&outcomes), 20);
    let refused = outcomes.iter().filter(|o| matches!(o, Err(CommitError::InsufficientFunds))).count();
    assert_eq!(refused, 40, "{outcomes:?}");
    assert_laws(on, user).await;
    assert_eq!(on.account(user).await.available(), usd(0));
}

/// Ten pairs of tasks, each pair about one hold.
pub async fn capture_and_release_at_once_end_a_hold_once(on: &Backend) {
    let user = given::account().with(1_000).stored_in(on.store.as_ref()).await;
    let holds: Vec<PlaceHold> = (0..10).map(|_| given::hold(user, 100)).collect();
    on.apply(holds.iter().cloned().fold(UnitOfWork::new(), UnitOfWork::place)).await;
    let both =
        |hold| [HoldEnd::Capture, HoldEnd::Release].map(|end| UnitOfWork::new().end(given::end(hold, end)));
    let outcomes = at_once(on, holds.iter().flat_map(both).collect()).await;
    for (pair, hold) in outcomes.chunks(2).zip(&holds) {
        assert_eq!(applied(pair), 1, "{pair:?}");
        assert!(pair.iter().any(|outcome| matches!(outcome, Err(CommitError::Stale))), "{pair:?}");
        let state = on.wallet.hold(hold.id).await.expect("readable").expect("a hold").state;
        let captured = matches!(state, HoldState::Captured { .. });
        assert_eq!(captured, matches!(pair[0], Ok(Committed::Applied)), "{state:?}");
    }
    assert_laws(on, user).await;
    assert_eq!(on.account(user).await.open_orders, 0);
}

/// Twenty purchases, one reservation.
pub async fn a_reservation_is_bound_once_however_many_try(on: &Backend) {
    let purchases: Vec<_> = (0..20).map(|_| given::purchase(&given::requested(given::id()))).collect();
    let store = |unit: UnitOfWork, purchase| unit.with(Change::Purchase(purchase));
    on.apply(purchases.iter().cloned().fold(UnitOfWork::new(), store)).await;
    let bought = given::bought();
    let bind = |purchase: namaskah_domain::verification::Purchase| {
        UnitOfWork::new().with(Change::Purchase(purchase.bind(bought.clone())))
    };
    let outcomes = at_once(on, purchases.into_iter().map(bind).collect()).await;
    assert_eq!(applied(&outcomes), 1);
    let refused = |outcome: &&Outcome| matches!(outcome, Err(CommitError::Duplicate(Unique::Reservation)));
    assert_eq!(outcomes.iter().filter(refused).count(), 19, "{outcomes:?}");
}

/// As webhook, browser and sweep do together.
pub async fn one_source_credits_once_however_many_try(on: &Backend) {
    let user = given::account().stored_in(on.store.as_ref()).await;
    let source = given::source();
    let credit = |_| {
        let transfer = given::transfer(user, Purse::Wallet, 500, &source, 1);
        UnitOfWork::new().post(JournalEntry::try_new(vec![transfer]).expect("balanced"))
    };
    let outcomes = at_once(on, (0..30).map(credit).collect()).await;
    assert_eq!(applied(&outcomes), 1);
    let refused = |outcome: &&Outcome| matches!(outcome, Err(CommitError::Duplicate(Unique::Source)));
    assert_eq!(outcomes.iter().filter(refused).count(), 29, "{outcomes:?}");
    assert_eq!(on.account(user).await.wallet.posted, usd(500));
    assert_laws(on, user).await;
}

/// Held is the sum of open holds, posted the sum of the statement, and nothing is below its floor.
async fn assert_laws(on: &Backend, user: UserId) {
    let account = on.account(user).await;
    let holds = on.wallet.holds(user, Page { limit: 10_000, after: None }).await.expect("readable").rows;
    let open: Vec<_> = holds.iter().filter(|hold| hold.state == HoldState::Open).collect();
    let held = |part: fn(&namaskah_domain::wallet::Split) -> i64| {
        open.iter().map(|hold| part(&hold.split)).sum::<i64>()
    };
    assert_eq!(account.wallet.held.units(), held(|split| split.wallet.units()));
    assert_eq!(account.promo.held.units(), held(|split| split.promo.units()));
    assert_eq!(account.open_orders as usize, open.len());
    for pocket in [account.wallet, account.promo] {
        assert!(pocket.held.units() >= 0 && pocket.posted.units() >= pocket.held.units(), "{pocket:?}");
    }
    assert_adds_up(on, user).await;
}

/// What the rules of the domain say that a store should do, without a store.
struct Model {
    account: Account,
    open: BTreeMap<HoldId, (PlaceHold, namaskah_domain::wallet::Split)>,
}

impl Model {
    fn place(&mut self, hold: &PlaceHold) -> bool {
        let Some(split) = self.account.split_for(hold.purpose, hold.amount) else { return false };
        self.account.wallet.held = self.account.wallet.held.checked_add(split.wallet).expect("in range");
        self.account.promo.held = self.account.promo.held.checked_add(split.promo).expect("in range");
        self.account.open_orders += 1;
        self.open.insert(hold.id, (hold.clone(), split));
        true
    }

    fn end(&mut self, hold: HoldId, end: HoldEnd) {
        let (_, split) = self.open.remove(&hold).expect("an open hold");
        self.account.wallet.held = self.account.wallet.held.checked_sub(split.wallet).expect("in range");
        self.account.promo.held = self.account.promo.held.checked_sub(split.promo).expect("in range");
        self.account.open_orders -= 1;
        if end == HoldEnd::Capture {
            self.account.wallet.posted =
                self.account.wallet.posted.checked_sub(split.wallet).expect("in range");
            self.account.promo.posted = self.account.promo.posted.checked_sub(split.promo).expect("in range");
        }
    }

    fn post(&mut self, purse: Purse, units: i64) -> bool {
        let pocket = if purse == Purse::Wallet { &mut self.account.wallet } else { &mut self.account.promo };
        let fits = pocket.available().units() + units >= 0;
        if fits {
            pocket.posted = pocket.posted.checked_add(usd(units)).expect("in range");
        }
        fits
    }
}

/// Ten new orders name the same first try; each is sound by itself.
pub async fn an_order_is_retried_once_however_many_try(on: &Backend) {
    let first = given::id();
    let unit = |_| {
        let mut order = given::requested(given::id());
        order.head.retry_of = Some(first);
        UnitOfWork::new().with(Change::Order(order.into()))
    };
    let outcomes = at_once(on, (0..10).map(unit).collect()).await;
    assert_eq!(applied(&outcomes), 1);
    let refused = outcomes.iter().filter(|o| matches!(o, Err(CommitError::Duplicate(Unique::Retry)))).count();
    assert_eq!(refused, 9, "{outcomes:?}");
}

/// A generator of its own, so that a failure can be repeated by its seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// Four hundred holds, ends, credits and debits; after each, store and model agree.
pub async fn random_commands_keep_the_laws_of_the_ledger(on: &Backend) {
    let seed = given::number();
    let mut dice = Dice(seed);
    let user = given::account().stored_in(on.store.as_ref()).await;
    let mut model = Model { account: on.account(user).await, open: BTreeMap::new() };
    for step in 0..400 {
        let units = i64::try_from(dice.roll(500) + 1).expect("small");
        let (unit, expected) = match (dice.roll(6), model.open.keys().next().copied()) {
            (0 | 1, Some(id)) => {
                let end = if dice.roll(2) == 0 { HoldEnd::Capture } else { HoldEnd::Release };
                let hold = model.open[&id].0.clone();
                model.end(id, end);
                (UnitOfWork::new().end(given::end(&hold, end)), true)
            }
            (0..=3, _) => {
                let hold = given::hold(user, units);
                (UnitOfWork::new().place(hold.clone()), model.place(&hold))
            }
            (kind, _) => {
                let purse = if dice.roll(3) == 0 { Purse::Promo } else { Purse::Wallet };
                let units = if kind == 4 { units } else { -units };
                (UnitOfWork::new().post(given::posting(user, purse, units)), model.post(purse, units))
            }
        };
        let outcome = on.store.commit(unit).await;
        let refused = matches!(outcome, Err(CommitError::InsufficientFunds));
        assert_eq!(
            (outcome.is_ok(), refused),
            (expected, !expected),
            "seed {seed}, step {step}: {outcome:?}"
        );
        let stored = on.account(user).await;
        model.account.version = stored.version;
        assert_eq!(stored, model.account, "seed {seed}, step {step}");
    }
    assert_laws(on, user).await;
    assert!(!lines(on, user).await.is_empty(), "the history posts something");
}
