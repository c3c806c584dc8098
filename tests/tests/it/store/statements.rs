//! Statements: opening + lines = closing to the unit, for any history and any time, page by page.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use namaskah_domain::{
    EntryId, Fault, HoldId, Page, PageOf, Time, UnitOfWork, UserId,
    memory::MemoryStore,
    wallet::{
        Account, Entry, Hold, HoldEnd, JournalEntry, Period, Purse, Settings, Span, WalletError, WalletReads,
        WalletService,
    },
};
use namaskah_tests::{
    contract::store::Backend,
    given::{self, at, usd},
};
use proptest::{
    collection::vec,
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};

use super::{Options, audit::World, both, open_postgres, open_sqlite};

const PAGE: u32 = 7;

/// What happens to a user at a second: money comes or goes, or an order is paid for.
#[derive(Debug, Clone, Copy)]
enum Step {
    Credit(i64),
    Promo(i64),
    Debit(i64),
    Order(i64),
}

fn step() -> impl Strategy<Value = (i64, Step)> {
    let step = prop_oneof![
        (1..900i64).prop_map(Step::Credit),
        (1..90i64).prop_map(Step::Promo),
        (1..300i64).prop_map(Step::Debit),
        (1..300i64).prop_map(Step::Order),
    ];
    // Clocks of instances differ: seconds do not rise from step to step.
    (0..60i64, step)
}

/// Lets it happen; what the account cannot bear is refused and leaves no line.
async fn happen(on: &Backend, user: UserId, (second, step): (i64, Step)) {
    let post = |purse, units| {
        let mut transfer = given::transfer(user, purse, units, &given::source(), 1);
        transfer.at = at(second);
        UnitOfWork::new().post(JournalEntry::try_new(vec![transfer]).expect("balanced"))
    };
    let _ = match step {
        Step::Credit(units) => on.store.commit(post(Purse::Wallet, units)).await,
        Step::Promo(units) => on.store.commit(post(Purse::Promo, units)).await,
        Step::Debit(units) => on.store.commit(post(Purse::Wallet, -units)).await,
        Step::Order(units) => {
            let hold = given::hold(user, units);
            if on.store.commit(UnitOfWork::new().place(hold.clone())).await.is_err() {
                return;
            }
            let mut end = given::end(&hold, HoldEnd::Capture);
            end.at = at(second);
            on.store.commit(UnitOfWork::new().end(end)).await
        }
    };
}

/// Reads of a wallet that remember how many rows each page of lines had.
struct Watched {
    reads: Arc<dyn WalletReads>,
    pages: Mutex<Vec<usize>>,
}

#[async_trait]
impl WalletReads for Watched {
    async fn account(&self, user: UserId) -> Result<Option<Account>, Fault> {
        self.reads.account(user).await
    }

    async fn hold(&self, id: HoldId) -> Result<Option<Hold>, Fault> {
        self.reads.hold(id).await
    }

    async fn entries(&self, user: UserId, page: Page<EntryId>) -> Result<PageOf<Entry>, Fault> {
        assert_eq!(page.limit, 1, "a statement asks for the newest line alone");
        self.reads.entries(user, page).await
    }

    async fn entry_before(&self, user: UserId, at: Time) -> Result<Option<Entry>, Fault> {
        self.reads.entry_before(user, at).await
    }

    async fn lines(&self, user: UserId, span: Span, limit: u32) -> Result<Vec<Entry>, Fault> {
        let lines = self.reads.lines(user, span, limit).await?;
        self.pages.lock().expect("sound").push(lines.len());
        Ok(lines)
    }

    async fn holds(&self, user: UserId, page: Page<HoldId>) -> Result<PageOf<Hold>, Fault> {
        self.reads.holds(user, page).await
    }

    async fn settings(&self, user: UserId) -> Result<Option<Settings>, Fault> {
        self.reads.settings(user).await
    }
}

/// A whole statement, line by line, and the sizes of its pages.
async fn read(
    on: &Backend,
    user: UserId,
    from: Option<Time>,
    to: Option<Time>,
) -> (i64, Vec<Entry>, i64, Vec<usize>) {
    let watched = Arc::new(Watched { reads: on.wallet.clone(), pages: Mutex::default() });
    let wallet = WalletService::new(on.store.clone(), watched.clone());
    let period = Period::try_new(from, to).expect("a period");
    let mut statement = wallet.statement(user, period).await.expect("readable");
    let mut lines = Vec::new();
    loop {
        let page = wallet.next_lines(&mut statement, PAGE).await.expect("readable");
        if page.is_empty() {
            break;
        }
        lines.extend(page);
    }
    let pages = std::mem::take(&mut *watched.pages.lock().expect("sound"));
    (statement.opening.units(), lines, statement.closing.units(), pages)
}

/// Opening and lines make closing, each line follows from the one before, no page has more than was asked for, and
/// what is in neither this nor an adjoining statement is in no statement.
async fn adds_up(on: &Backend, user: UserId, from: Option<i64>, to: Option<i64>) {
    let (opening, lines, closing, pages) = read(on, user, from.map(at), to.map(at)).await;
    let mut balance = opening;
    for line in &lines {
        balance += line.amount.units();
        assert_eq!(line.balance_after, usd(balance), "{line:?}");
    }
    assert_eq!(balance, closing);
    assert!(pages.iter().all(|rows| *rows <= PAGE as usize), "{pages:?}");
    assert_eq!(pages.len(), lines.len().div_ceil(PAGE as usize), "{pages:?}");
    let wallet = WalletService::new(on.store.clone(), on.wallet.clone());
    if let Some(from) = from {
        assert_eq!(wallet.balance_at(user, at(from)).await.expect("readable"), usd(opening));
        let (_, before, met, _) = read(on, user, None, Some(at(from))).await;
        assert_eq!(met, opening, "the time before ends as this one begins");
        let ids: BTreeSet<_> = before.iter().chain(&lines).map(|line| line.id).collect();
        assert_eq!(ids.len(), before.len() + lines.len(), "a line stands in one statement");
        if to.is_none() {
            let (_, all, _, _) = read(on, user, None, None).await;
            assert_eq!(ids.len(), all.len());
        }
    }
}

async fn any_history_adds_up(on: &Backend, histories: u32) {
    let mut runner = TestRunner::new(Config::default());
    for _ in 0..histories {
        let history = vec(step(), 0..40).new_tree(&mut runner).expect("a history").current();
        let cuts = vec((0..62i64, 1..62i64), 6).new_tree(&mut runner).expect("cuts").current();
        let user = given::account().with(500).stored_in(on.store.as_ref()).await;
        for step in &history {
            happen(on, user, *step).await;
        }
        for (from, length) in cuts {
            adds_up(on, user, Some(from), Some(from + length)).await;
            adds_up(on, user, Some(from), None).await;
        }
        adds_up(on, user, None, None).await;
    }
}

#[tokio::test]
async fn opening_and_lines_make_closing_for_any_history_and_any_time() {
    any_history_adds_up(&Arc::new(MemoryStore::new()).into(), 60).await;
}

#[tokio::test]
async fn opening_and_lines_make_closing_on_sqlite() {
    let opened = open_sqlite(Options::default()).await;
    any_history_adds_up(&opened.backend, 6).await;
    opened.close().await;
}

#[tokio::test]
async fn opening_and_lines_make_closing_on_postgres() {
    let Some(opened) = open_postgres(Options::default()).await else { return };
    any_history_adds_up(&opened.backend, 6).await;
    opened.close().await;
}

/// It was cut when it was asked for.
#[tokio::test]
async fn what_is_posted_while_a_statement_is_read_is_not_in_it() {
    for opened in both().await {
        let on = &opened.backend;
        let user = given::account().with(500).with_promo(30).stored_in(on.store.as_ref()).await;
        let wallet = WalletService::new(on.store.clone(), on.wallet.clone());
        let whole = Period::try_new(None, None).expect("a period");
        let mut statement = wallet.statement(user, whole).await.expect("readable");
        let first = wallet.next_lines(&mut statement, 1).await.expect("readable");
        on.apply(UnitOfWork::new().post(given::posting(user, Purse::Wallet, 70))).await;
        let rest = wallet.next_lines(&mut statement, 10).await.expect("readable");
        assert_eq!((first.len(), rest.len(), statement.closing), (1, 1, usd(530)));
        assert!(wallet.next_lines(&mut statement, 10).await.expect("readable").is_empty());
        opened.close().await;
    }
}

#[test]
fn a_period_that_ends_before_it_begins_is_none() {
    for (from, to) in [(5, 5), (6, 5)] {
        assert!(Period::try_new(Some(at(from)), Some(at(to))).is_err());
    }
    assert!(Period::try_new(Some(at(5)), Some(at(6))).is_ok());
}

#[tokio::test]
async fn the_balance_of_nobody_is_not_zero_but_unknown() {
    let on: Backend = Arc::new(MemoryStore::new()).into();
    let wallet = WalletService::new(on.store.clone(), on.wallet.clone());
    assert!(matches!(wallet.balance_at(given::id(), at(0)).await, Err(WalletError::NotFound)));
}

#[tokio::test]
async fn the_command_tells_the_balance_of_a_past_instant() {
    for opened in both().await {
        let world = World::new(opened).await;
        let user = world.ada.to_string();
        // Promo at the start, the deposit after a minute; the order was paid for between them.
        for (second, said) in [(0, "0.00 USD"), (20, "0.50 USD"), (31, "9.37 USD"), (3_600, "9.37 USD")] {
            let moment = at(second).to_rfc3339();
            let (told, code) = world.audit(&["--balance", &user, "--at", &moment]);
            assert_eq!((code, told.trim_end().ends_with(said)), (Some(0), true), "{second}: {told}");
        }
        for wrong in
            [["--balance", "usr_x", "--at", "2026-11-01T00:00:00Z"], ["--balance", &user, "--at", "noon"]]
        {
            let (told, code) = world.audit(&wrong);
            assert_eq!(code, Some(2), "{told}");
        }
        let stranger = given::id::<namaskah_domain::entity::UserEntity>().to_string();
        let (told, code) = world.audit(&["--balance", &stranger]);
        assert_eq!((code, told.contains("no such account")), (Some(1), true), "{told}");
        world.opened.close().await;
    }
}
