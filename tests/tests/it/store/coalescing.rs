//! Commits that come together share a statement on Postgres, and a few on SQLite; nobody can tell but by counting.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use futures::future::join_all;
use namaskah_adapters::persistence::{Options, Ran};
use namaskah_domain::{
    Change, CommitError, Committed, Sender, Unique, UnitOfWork, UserId,
    memory::MemoryStore,
    wallet::{HoldEnd, PlaceHold, Purse},
};
use namaskah_tests::{
    assert_refused,
    contract::store::Backend,
    given::{self, usd},
};
use proptest::{prelude::*, sample::Index, test_runner::TestRunner};

use super::{Opened, both, open_postgres};

type Outcome = Result<Committed, CommitError>;

/// Hands every unit to the store before any of them is written.
async fn together(on: &Backend, units: Vec<UnitOfWork>) -> Vec<Outcome> {
    join_all(units.into_iter().map(|unit| on.store.commit(unit))).await
}

async fn at_once(on: Vec<(Backend, UnitOfWork)>) -> Vec<Outcome> {
    let tasks = on.into_iter().map(|(on, unit)| tokio::spawn(async move { on.store.commit(unit).await }));
    join_all(tasks).await.into_iter().map(|joined| joined.expect("no task panics")).collect()
}

fn applied(outcomes: &[Outcome]) -> usize {
    outcomes.iter().filter(|outcome| matches!(outcome, Ok(Committed::Applied))).count()
}

fn holding(user: UserId, units: i64) -> UnitOfWork {
    UnitOfWork::new().place(given::hold(user, units))
}

async fn counted() -> Option<(Opened, Arc<Mutex<Vec<String>>>)> {
    let statements: Arc<Mutex<Vec<String>>> = Arc::default();
    let seen = statements.clone();
    let observer = Arc::new(move |ran: &Ran<'_>| seen.lock().expect("sound").push(ran.sql.to_owned()));
    let opened = open_postgres(Options { observer: Some(observer), ..Options::default() }).await?;
    Some((opened, statements))
}

#[tokio::test]
async fn commits_that_come_together_share_statements() {
    let Some((opened, statements)) = counted().await else { return };
    let on = &opened.backend;
    let mut users = Vec::new();
    for _ in 0..20 {
        users.push(given::account().with(1_000).stored_in(on.store.as_ref()).await);
    }
    let units = |count| (0..count).map(|n: usize| holding(users[n % 20], 10)).collect::<Vec<_>>();
    for (name, count, most) in [("rows are read first", 40, 4), ("rows are known", 40, 2), ("three", 3, 2)] {
        statements.lock().expect("sound").clear();
        assert_eq!(applied(&together(on, units(count)).await), count);
        let run = statements.lock().expect("sound").len();
        assert!(run <= most, "{name}: {run} statements for {count} commits");
    }
    assert_eq!(on.account(users[0]).await.wallet.held, usd(50));
    opened.close().await;
}

#[tokio::test]
async fn an_account_that_staff_has_frozen_stays_frozen_although_its_row_is_known() {
    for opened in both().await {
        let on = &opened.backend;
        let user = given::account().with(1_000).stored_in(on.store.as_ref()).await;
        let known = together(on, (0..4).map(|_| holding(user, 10)).collect()).await;
        assert_eq!(applied(&known), 4);
        opened.query("UPDATE accounts SET frozen = (1 = 1)").await;
        let outcomes = together(on, (0..4).map(|_| holding(user, 10)).collect()).await;
        for outcome in outcomes {
            assert_refused!(outcome.expect_err("it is refused"), CommitError::AccountBlocked);
        }
        assert_refused!(on.refuse(holding(user, 10)).await, CommitError::AccountBlocked);
        assert!(on.account(user).await.frozen);
        opened.close().await;
    }
}

#[tokio::test]
async fn two_commits_of_unknown_accounts_take_no_more_statements_than_two() {
    let Some((opened, statements)) = counted().await else { return };
    let on = &opened.backend;
    let user = given::account().with(1_000).stored_in(on.store.as_ref()).await;
    let holds = [given::hold(user, 10), given::hold(user, 20)];
    on.apply(holds.iter().cloned().fold(UnitOfWork::new(), UnitOfWork::place)).await;
    // Another instance, which knows neither the account nor the holds.
    let (second, database) = opened.second().await;
    statements.lock().expect("sound").clear();
    let ends = holds.iter().map(|hold| UnitOfWork::new().end(given::end(hold, HoldEnd::Capture)));
    assert_eq!(applied(&together(&second, ends.collect()).await), 2);
    assert!(statements.lock().expect("sound").len() <= 2);
    assert_eq!(on.account(user).await.wallet.posted, usd(970));
    database.close().await;
    opened.close().await;
}

#[tokio::test]
async fn a_refused_unit_hurts_no_other_of_its_batch() {
    for opened in both().await {
        let on = &opened.backend;
        let user = given::account().with(1_000).stored_in(on.store.as_ref()).await;
        let ended = given::hold(user, 100);
        on.apply(UnitOfWork::new().place(ended.clone())).await;
        on.apply(UnitOfWork::new().end(given::end(&ended, HoldEnd::Release))).await;
        let posting = given::posting(user, Purse::Wallet, 10);
        on.apply(UnitOfWork::new().post(posting.clone())).await;
        let known = given::notice(Sender::Paystack, None);
        on.apply(UnitOfWork::new().with(Change::Notice(known.clone()))).await;
        let never_stored = given::quote(user).used(given::id());
        let mut units: Vec<UnitOfWork> = (0..20).map(|_| holding(user, 10)).collect();
        units.insert(3, holding(user, 5_000));
        units.insert(7, UnitOfWork::new().end(given::end(&ended, HoldEnd::Capture)));
        units.insert(11, UnitOfWork::new().post(posting));
        units.insert(13, UnitOfWork::new().with(Change::Quote(never_stored)).place(given::hold(user, 1)));
        units.insert(17, UnitOfWork::new().with(Change::Notice(known)).place(given::hold(user, 1)));
        let mut outcomes = together(on, units).await;
        assert_refused!(outcomes.remove(17), Err(CommitError::Duplicate(Unique::Notice | Unique::Record)));
        assert_refused!(outcomes.remove(13), Err(CommitError::Stale));
        assert_refused!(outcomes.remove(11), Err(CommitError::Duplicate(Unique::Source)));
        assert_refused!(outcomes.remove(7), Err(CommitError::Stale));
        assert_refused!(outcomes.remove(3), Err(CommitError::InsufficientFunds));
        assert_eq!(applied(&outcomes), 20, "{outcomes:?}");
        let account = on.account(user).await;
        assert_eq!((account.wallet.held, account.open_orders), (usd(200), 20));
        opened.close().await;
    }
}

#[tokio::test]
async fn the_same_key_twice_in_one_batch_is_one_effect() {
    for opened in both().await {
        let on = &opened.backend;
        // Enough for the effect once, or for all of them: the twins are told alike.
        for money in [100, 1_000_000] {
            let user = given::account().with(money).stored_in(on.store.as_ref()).await;
            let claim = given::claim(user, "key", 1);
            let twin = || UnitOfWork::claiming(claim.clone()).place(given::hold(user, 100));
            for round in 0..2 {
                let outcomes = together(on, (0..10).map(|_| twin()).collect()).await;
                assert_eq!(applied(&outcomes), usize::from(round == 0), "{outcomes:?}");
                let replayed = |outcome: &&Outcome| matches!(outcome, Ok(Committed::Replayed(_)));
                assert_eq!(outcomes.iter().filter(replayed).count(), 10 - usize::from(round == 0));
            }
            let other = UnitOfWork::claiming(given::claim(user, "key", 2)).place(given::hold(user, 100));
            let outcomes = together(on, vec![twin(), other, twin()]).await;
            assert_refused!(&outcomes[1], Err(CommitError::KeyReused));
            assert_eq!(on.account(user).await.wallet.held, usd(100));
        }
        opened.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_instances_that_race_for_one_hot_wallet_keep_the_exact_money() {
    let Some(opened) = open_postgres(Options::default()).await else { return };
    let (second, database) = opened.second().await;
    let user = given::account().with(10_000).with_promo(5_000).stored_in(opened.backend.store.as_ref()).await;
    let both = [opened.backend.clone(), second];
    let holds: Vec<PlaceHold> = (0..200).map(|_| given::hold(user, 100)).collect();
    let place = |(n, hold): (usize, &PlaceHold)| {
        let hold = PlaceHold { purpose: given::order_of(given::id(), 1_000), ..hold.clone() };
        (both[n % 2].clone(), UnitOfWork::new().place(hold))
    };
    let outcomes = at_once(holds.iter().enumerate().map(place).collect()).await;
    assert_eq!(applied(&outcomes), 150, "{outcomes:?}");
    assert_eq!(both[0].account(user).await.available(), usd(0));
    // Each hold is ended by both instances at once; each ends once.
    let open = holds.iter().zip(&outcomes).filter(|(_, outcome)| outcome.is_ok());
    let ends = open.flat_map(|(hold, _)| {
        both.iter()
            .cloned()
            .zip([HoldEnd::Capture, HoldEnd::Release].map(|end| UnitOfWork::new().end(given::end(hold, end))))
    });
    let outcomes = at_once(ends.collect()).await;
    assert_eq!(applied(&outcomes), 150);
    let stale = |outcome: &&Outcome| matches!(outcome, Err(CommitError::Stale));
    assert_eq!(outcomes.iter().filter(stale).count(), 150, "{outcomes:?}");
    let account = both[0].account(user).await;
    let captured = opened.query("SELECT id FROM holds WHERE state = 'captured'").await.len();
    let left = 15_000 - 100 * i64::try_from(captured).expect("few");
    assert_eq!(account.available(), usd(left));
    assert_eq!((account.open_orders, account.wallet.held, account.promo.held), (0, usd(0), usd(0)));
    database.close().await;
    opened.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lane_outlives_connections_that_are_cut() {
    let Some(opened) = open_postgres(Options::default()).await else { return };
    let on = &opened.backend;
    let (second, database) = opened.second().await;
    let user = given::account().with(100_000).stored_in(on.store.as_ref()).await;
    let unit = |n: usize| {
        let claim = given::claim(user, &format!("key-{n}"), 1);
        UnitOfWork::claiming(claim)
            .place(PlaceHold { purpose: given::order_of(given::id(), 10_000), ..given::hold(user, 100) })
    };
    for round in 0..5 {
        let units: Vec<UnitOfWork> = (0..40).map(|n| unit(round * 40 + n)).collect();
        let first = tokio::spawn(at_once(units.iter().map(|unit| (on.clone(), unit.clone())).collect()));
        let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                   WHERE datname = current_database() AND pid <> pg_backend_pid()";
        let cut = sea_orm::Statement::from_string(sea_orm::DbBackend::Postgres, cut);
        sea_orm::ConnectionTrait::query_all_raw(database.connection(), cut).await.expect("cut");
        for outcome in first.await.expect("no panic") {
            assert!(matches!(outcome, Ok(_) | Err(CommitError::Unavailable(_))), "{outcome:?}");
        }
        // The pool finds its connections broken one by one.
        for unit in units {
            let mut again = on.store.commit(unit.clone()).await;
            while matches!(again, Err(CommitError::Unavailable(_))) {
                again = on.store.commit(unit.clone()).await;
            }
            assert!(again.is_ok(), "{again:?}");
        }
    }
    let account = second.account(user).await;
    assert_eq!((account.wallet.held, account.open_orders), (usd(20_000), 200));
    database.close().await;
    opened.close().await;
}

/// What one of three users does; an index chooses among his open holds.
#[derive(Debug, Clone)]
enum Step {
    Hold(i64),
    End(Index, bool),
    Post(i64),
}

fn any_step() -> impl Strategy<Value = (usize, Step)> {
    let step = prop_oneof![
        4 => (1i64..400).prop_map(Step::Hold),
        3 => (any::<Index>(), any::<bool>()).prop_map(|(which, captured)| Step::End(which, captured)),
        1 => (1i64..600).prop_map(Step::Post),
        1 => (-300i64..0).prop_map(Step::Post),
    ];
    (0usize..3, step)
}

/// The same history in memory and on Postgres. Steps of one round are handed over at once.
struct History<'a> {
    on: &'a Backend,
    memory: Backend,
    users: Vec<UserId>,
    open: Vec<Vec<PlaceHold>>,
}

impl<'a> History<'a> {
    async fn begin(on: &'a Backend) -> Self {
        let memory: Backend = Arc::new(MemoryStore::new()).into();
        let mut users = Vec::new();
        for _ in 0..3 {
            let user: UserId = given::id();
            let unit = UnitOfWork::new().with(Change::OpenAccount(user)).post(given::posting(
                user,
                Purse::Wallet,
                1_000,
            ));
            on.apply(unit.clone()).await;
            memory.apply(unit).await;
            users.push(user);
        }
        Self { on, memory, users, open: vec![Vec::new(); 3] }
    }

    /// The unit, and by how much it raises what the user may spend.
    fn unit(&self, user: usize, step: &Step) -> Option<(UnitOfWork, i64, Option<PlaceHold>)> {
        let id = self.users[user];
        Some(match step {
            Step::Hold(units) => {
                let hold = given::hold(id, *units);
                (UnitOfWork::new().place(hold.clone()), -units, Some(hold))
            }
            Step::End(which, captured) if !self.open[user].is_empty() => {
                let hold = which.get(&self.open[user]);
                let end = if *captured { HoldEnd::Capture } else { HoldEnd::Release };
                let freed = if *captured { 0 } else { hold.amount.units() };
                (UnitOfWork::new().end(given::end(hold, end)), freed, None)
            }
            Step::End(..) => return None,
            Step::Post(0) => return None,
            Step::Post(units) => {
                (UnitOfWork::new().post(given::posting(id, Purse::Wallet, *units)), *units, None)
            }
        })
    }

    async fn round(&mut self, steps: &[(usize, Step)]) {
        let mut units = Vec::new();
        for (user, step) in steps {
            units.extend(self.unit(*user, step).map(|(unit, raises, hold)| (*user, unit, raises, hold)));
        }
        let before = self.available().await;
        let outcomes = together(self.on, units.iter().map(|(_, unit, ..)| unit.clone()).collect()).await;
        // What gives comes first: then everything that was applied must fit in memory too.
        let mut effects: Vec<_> = units.into_iter().zip(outcomes).collect();
        effects.sort_by_key(|((_, _, raises, _), _)| std::cmp::Reverse(*raises));
        let taken = |user: usize| -> i64 {
            let mine = effects.iter().filter(|((u, ..), outcome)| *u == user && outcome.is_ok());
            mine.map(|((_, _, raises, _), _)| (*raises).min(0)).sum()
        };
        let least: Vec<i64> = (0..3).map(|user| before[user] + taken(user)).collect();
        for ((user, unit, raises, hold), outcome) in effects {
            match outcome {
                Ok(committed) => {
                    assert_eq!(committed, Committed::Applied);
                    self.memory.apply(unit).await;
                    self.open[user].extend(hold);
                }
                Err(CommitError::InsufficientFunds) => {
                    assert!(-raises > least[user], "refused {raises}, though {} was there", least[user]);
                }
                // Two steps of this round chose one hold.
                Err(error) => assert_refused!(error, CommitError::Stale),
            }
        }
        self.compare().await;
    }

    async fn available(&self) -> Vec<i64> {
        let mut available = Vec::new();
        for user in &self.users {
            available.push(self.on.account(*user).await.available().units());
        }
        available
    }

    async fn compare(&mut self) {
        for (at, user) in self.users.iter().enumerate() {
            assert_eq!(self.on.account(*user).await, self.memory.account(*user).await);
            let mut open = BTreeSet::new();
            for hold in &self.open[at] {
                let stored = self.on.wallet.hold(hold.id).await.expect("readable").expect("a hold");
                let same = self.memory.wallet.hold(hold.id).await.expect("readable").expect("a hold");
                assert_eq!(stored, same);
                if stored.state == namaskah_domain::wallet::HoldState::Open {
                    open.insert(hold.id);
                }
            }
            self.open[at].retain(|hold| open.contains(&hold.id));
            namaskah_tests::contract::store::assert_adds_up(self.on, *user).await;
        }
    }
}

#[test]
fn histories_of_commits_that_come_together_agree_with_the_store_in_memory() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let rounds = prop::collection::vec(prop::collection::vec(any_step(), 1..16), 1..8);
    for opened in runtime.block_on(both()) {
        let config = ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() };
        let ran = TestRunner::new(config).run(&rounds, |rounds| {
            runtime.block_on(async {
                let mut history = History::begin(&opened.backend).await;
                for steps in &rounds {
                    history.round(steps).await;
                }
            });
            Ok(())
        });
        runtime.block_on(opened.close());
        ran.expect("every history agrees");
    }
}
