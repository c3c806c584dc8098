//! The audit: silent on sound books, and for each law it names the row that breaks it, on both databases. What is
//! run here is the command itself.

mod laws;

use std::{
    path::Path,
    process::{Command, Output},
    sync::{Arc, Mutex},
};

use namaskah_adapters::persistence::{
    Options, Ran,
    audit::{Audit, Question, Scope},
    connect,
};
use namaskah_domain::{
    BatchId, Change, Currency, Money, OrderId, PurchaseId, UnitOfWork, UserId, Version,
    payment::{Intent, IntentState, Suspended, SuspenseReason, SuspenseState},
    verification::{Batch, ItemRefusal, ItemResult, Order, Purchase, Receivable},
    wallet::{
        EntryKind, HoldEnd, House, JournalEntry, LedgerAccount, PlaceHold, PromoGrant, Purpose, Purse,
        Source, Transfer,
    },
};
use namaskah_tests::given::{self, at};
use sea_orm::{ConnectionTrait, DbBackend};
use uuid::Uuid;

use super::{Opened, both, open_postgres, open_sqlite};
use crate::journeys::binary;

/// Books with a record of each kind, and their names.
pub(super) struct World {
    pub opened: Opened,
    pub ada: UserId,
    pub gift: PromoGrant,
    pub paid: Intent,
    pub aside: Intent,
    pub completed: Placed,
    pub cancelled: Placed,
    pub waiting: Placed,
    pub batch: Batch,
    pub orphan: Purchase,
}

/// An order with what belongs to it.
#[derive(Clone)]
pub(super) struct Placed {
    pub order: OrderId,
    pub purchase: PurchaseId,
    pub reservation: String,
    pub hold: PlaceHold,
}

impl Placed {
    pub fn captured(&self) -> String {
        Source::captured(self.hold.id).as_str().to_owned()
    }
}

impl World {
    pub async fn new(opened: Opened) -> Self {
        let on = &opened.backend;
        let ada = given::account().stored_in(on.store.as_ref()).await;
        let gift = PromoGrant { amount: given::amount(500_000), ..given::grant(ada) };
        let given = UnitOfWork::new().post(gift.given().expect("balanced"));
        on.apply(given.with(Change::Grant(gift.clone()))).await;
        let paid = pay(&opened, ada).await;
        let aside = set_aside(&opened, ada).await;
        let open = given::intent(ada);
        let claim = namaskah_domain::Claim { outcome: open.id.uuid(), ..given::claim(ada, "open", 1) };
        on.apply(UnitOfWork::claiming(claim).count_intent_opened(ada, 10).with(Change::Intent(open))).await;
        let completed = order(&opened, ada, None, Some(HoldEnd::Capture)).await;
        let cancelled = order(&opened, ada, None, Some(HoldEnd::Release)).await;
        let batch = given::batch(ada, Vec::new());
        let waiting = order(&opened, ada, Some(batch.id), None).await;
        let results =
            vec![ItemResult::Created(waiting.order), ItemResult::Refused(ItemRefusal::NoSuchService)];
        let batch = Batch { results, ..batch };
        on.apply(UnitOfWork::new().with(Change::Batch(batch.clone()))).await;
        let bought = given::bought();
        let mut orphan = given::purchase(&given::requested(ada)).orphan(bought.clone());
        (orphan.wanted_by, orphan.version) = (None, Version::FIRST);
        let booked = bought.booked(at(2)).expect("balanced").expect("it costs something");
        on.apply(UnitOfWork::new().with(Change::Purchase(orphan.clone())).post(booked)).await;
        Self { opened, ada, gift, paid, aside, completed, cancelled, waiting, batch, orphan }
    }

    fn backend(&self) -> DbBackend {
        self.opened.database.connection().get_database_backend()
    }

    pub fn is_postgres(&self) -> bool {
        self.backend() == DbBackend::Postgres
    }

    /// An identifier in SQL.
    pub fn key(&self, id: Uuid) -> String {
        if self.is_postgres() { format!("'{id}'") } else { format!("x'{}'", id.simple()) }
    }

    /// True, in SQL.
    pub fn truth(&self) -> &'static str {
        if self.is_postgres() { "TRUE" } else { "1" }
    }

    /// The number of a line.
    pub async fn line(&self, source: &str, leg: u16) -> String {
        let sql = format!("SELECT id FROM transfers WHERE source = '{source}' AND leg = {leg}");
        self.opened.query(&sql).await[0].try_get::<i64>("", "id").expect("a number").to_string()
    }

    pub async fn run(&self, sql: &str) {
        self.opened.database.connection().execute_unprepared(sql).await.expect(sql);
    }

    /// Runs it past the triggers of the journal, which stand again afterwards.
    pub async fn tamper(&self, sql: &str) {
        self.tamper_with("transfers", sql).await;
    }

    /// Runs it past the triggers of a table, which stand again afterwards.
    pub async fn tamper_with(&self, table: &str, sql: &str) {
        if self.is_postgres() {
            self.run(&format!("ALTER TABLE {table} DISABLE TRIGGER USER")).await;
            self.run(sql).await;
            return self.run(&format!("ALTER TABLE {table} ENABLE TRIGGER USER")).await;
        }
        let triggers = self.opened.query("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").await;
        let text = |row: &sea_orm::QueryResult, column| row.try_get::<String>("", column).expect("a text");
        for trigger in &triggers {
            self.run(&format!("DROP TRIGGER {}", text(trigger, "name"))).await;
        }
        self.run(sql).await;
        for trigger in &triggers {
            self.run(&text(trigger, "sql")).await;
        }
    }

    /// Runs it past a CHECK, which on Postgres is gone afterwards.
    pub async fn unchecked(&self, table: &str, check: &str, sql: &str) {
        if self.is_postgres() {
            self.run(&format!("ALTER TABLE {table} DROP CONSTRAINT {check}")).await;
        } else {
            self.run("PRAGMA ignore_check_constraints = ON").await;
        }
        self.run(sql).await;
    }

    /// What the command says, and its exit code.
    pub fn audit(&self, more: &[&str]) -> (String, Option<i32>) {
        let folder = tempfile::tempdir().expect("a folder");
        told(&audit(&self.opened.url, folder.path(), more))
    }

    /// The laws that the audit finds broken.
    pub async fn broken(&self) -> Vec<&'static str> {
        let asked = Question::of(Scope::Everything);
        let report = Audit::new(&self.opened.database).run(&asked, &mut |_| {}).await;
        report.expect("readable").broken().map(|finding| finding.law).collect()
    }

    /// The command ends with 1, and names the law and the row.
    pub async fn finds(self, law: &str, row: &str) {
        self.names(law, &[row]);
        self.opened.close().await;
    }

    /// The same of several rows, and there is more to look at.
    pub fn names(&self, law: &str, rows: &[&str]) {
        let (said, code) = self.audit(&[]);
        assert_eq!(code, Some(1), "{said}");
        let mut lines = said.lines().skip_while(|line| {
            let mut words = line.split_whitespace();
            (words.next(), words.nth(1)) != (Some("WRONG"), Some(law))
        });
        assert!(lines.next().is_some(), "{law} is not broken: {said}");
        let named: Vec<&str> = lines.take_while(|line| line.starts_with("   ")).collect();
        for row in rows {
            assert!(named.iter().any(|line| line.contains(row)), "{law} does not name {row}: {said}");
        }
    }
}

fn audit(url: &str, folder: &Path, more: &[&str]) -> Output {
    let mut command = Command::new(binary());
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("NAMASKAH_")) {
        command.env_remove(name);
    }
    command.current_dir(folder).arg("audit").args(["--database-url", url]).args(more);
    command.arg("--data-dir").arg(folder).output().expect("the binary runs")
}

fn told(output: &Output) -> (String, Option<i32>) {
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (format!("{said}{errors}"), output.status.code())
}

/// A payment of ten dollars that succeeded.
async fn pay(opened: &Opened, ada: UserId) -> Intent {
    let intent = given::intent(ada);
    let claim = namaskah_domain::Claim { outcome: intent.id.uuid(), ..given::claim(ada, "paid", 1) };
    let unit = UnitOfWork::claiming(claim).count_intent_opened(ada, 10).with(Change::Intent(intent.clone()));
    opened.backend.apply(unit).await;
    let source = Source::paystack(&intent.reference);
    let leg = |debit, credit, amount, leg| Transfer {
        debit,
        credit,
        amount,
        kind: EntryKind::Deposit,
        source: source.clone(),
        leg,
        at: at(60),
    };
    let (clearing, fx) = (LedgerAccount::House(House::PspClearingPaystack), LedgerAccount::House(House::Fx));
    let entry = JournalEntry::try_new(vec![
        leg(clearing, fx, intent.charged, 1),
        leg(fx, LedgerAccount::User(ada, Purse::Wallet), intent.amount, 2),
    ]);
    let paid = intent.closed(IntentState::Succeeded { at: at(60) });
    let unit = UnitOfWork::new().with(Change::Intent(paid.clone())).post(entry.expect("balanced"));
    opened.backend.apply(unit.count_intent_closed(ada)).await;
    paid
}

/// A payment of another amount than was asked.
async fn set_aside(opened: &Opened, ada: UserId) -> Intent {
    let intent = given::intent(ada);
    let unit = UnitOfWork::new().count_intent_opened(ada, 10).with(Change::Intent(intent.clone()));
    opened.backend.apply(unit).await;
    let paid = namaskah_domain::Amount::try_new(Money::from_units(7_000_000, Currency::Ngn)).expect("some");
    let entry = JournalEntry::try_new(vec![Transfer {
        debit: LedgerAccount::House(House::PspClearingPaystack),
        credit: LedgerAccount::House(House::Suspense),
        amount: paid,
        kind: EntryKind::Suspense,
        source: Source::paystack(&intent.reference),
        leg: 1,
        at: at(60),
    }]);
    let (payment, reason) = (intent.id, SuspenseReason::AmountDiffers);
    let (state, version) = (SuspenseState::Open, Version::FIRST);
    let item = Suspended { payment, user: ada, paid, reason, at: at(60), state, version };
    let aside = intent.closed(IntentState::Suspense { at: at(60) });
    let unit = UnitOfWork::new().with(Change::Intent(aside.clone())).with(Change::Suspended(item));
    opened.backend.apply(unit.post(entry.expect("balanced")).count_intent_closed(ada)).await;
    aside
}

/// An order with a quote and a number: captured, cancelled and credited, or waiting still.
async fn order(opened: &Opened, ada: UserId, batch: Option<BatchId>, end: Option<HoldEnd>) -> Placed {
    let on = &opened.backend;
    let (quote, mut order) = (given::quote(ada), given::requested(ada));
    (order.head.swaps, order.head.batch) = (0, batch);
    let id = order.head.id;
    let purpose = Purpose::Order { order: id, max_open_orders: 100 };
    let price = given::hold(ada, order.head.price.units());
    let hold = PlaceHold { id: order.head.hold, purpose, ..price };
    let purchase = given::purchase(&order);
    let key = format!("key-{}", given::number());
    let claim = namaskah_domain::Claim { outcome: id.uuid(), ..given::claim(ada, &key, 1) };
    on.apply(UnitOfWork::new().with(Change::Quote(quote.clone()))).await;
    let commit_a = UnitOfWork::claiming(claim).place(hold.clone()).with(Change::Quote(quote.used(id)));
    let commit_a = commit_a.with(Change::Order(order.clone().into()));
    on.apply(commit_a.with(Change::Purchase(purchase.clone()))).await;
    let bought = given::bought();
    let booked = bought.booked(at(2)).expect("balanced").expect("it costs something");
    let waiting = order.bind(given::line(&purchase, &bought));
    let bound = purchase.bind(bought.clone());
    let commit_b = UnitOfWork::new().with(Change::Order(waiting.clone().into()));
    on.apply(commit_b.with(Change::Purchase(bound.clone())).post(booked)).await;
    let placed = Placed {
        order: id,
        purchase: bound.id,
        reservation: bought.reservation.to_string(),
        hold: hold.clone(),
    };
    let Some(end) = end else { return placed };
    let (ended, how, entry): (Order, _, _) = match end {
        HoldEnd::Capture => (
            waiting.receive(at(30)).0.into(),
            Receivable::Costed { at: at(30) },
            bought.costed(Source::captured(hold.id), at(30)),
        ),
        HoldEnd::Spend => unreachable!("an order's hold is captured or released"),
        HoldEnd::Release => {
            (waiting.cancel(at(30)).0.into(), Receivable::Credited { at: at(30) }, bought.credited(at(30)))
        }
    };
    let closed = bound.close_receivable(how).expect("open");
    let settled = UnitOfWork::new().with(Change::Order(ended)).with(Change::Purchase(closed));
    let entry = entry.expect("balanced").expect("it costs something");
    on.apply(settled.end(given::end(&hold, end)).post(entry)).await;
    placed
}

#[tokio::test]
async fn sound_books_break_no_law() {
    for opened in both().await {
        let world = World::new(opened).await;
        let (said, code) = world.audit(&[]);
        assert_eq!(code, Some(0), "{said}");
        assert!(said.ends_with("every law holds\n"), "{said}");
        for checked in
            ["posted           1 accounts", "capture          3 holds", "number           3 orders"]
        {
            assert!(said.contains(checked), "{checked:?}: {said}");
        }
        let (said, code) = world.audit(&["--ledger"]);
        assert_eq!((code, said.contains("order_hold")), (Some(0), false), "{said}");
        world.opened.close().await;
    }
}

#[tokio::test]
async fn a_database_whose_schema_is_not_current_is_not_judged() {
    for opened in both().await {
        namaskah_migration::down(opened.database.connection(), 1).await.expect("taken back");
        let folder = tempfile::tempdir().expect("a folder");
        let (said, code) = told(&audit(&opened.url, folder.path(), &[]));
        assert_eq!((code, said.contains("migrate up")), (Some(1), true), "{said}");
        opened.close().await;
    }
}

/// Whatever is committed meanwhile is in the snapshot whole or not at all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_audit_of_a_store_that_is_being_written_finds_nothing() {
    for opened in both().await {
        let on = opened.backend.clone();
        let user = given::account().with(1_000_000).with_promo(5_000).stored_in(on.store.as_ref()).await;
        let writing = tokio::spawn(async move {
            for round in 0..60 {
                let hold = given::hold(user, 700);
                on.apply(UnitOfWork::new().place(hold.clone())).await;
                let end = if round % 3 == 0 { HoldEnd::Release } else { HoldEnd::Capture };
                on.apply(UnitOfWork::new().end(given::end(&hold, end))).await;
            }
        });
        let mut rounds = 0;
        while !writing.is_finished() || rounds < 2 {
            let asked = Question::of(Scope::Ledger);
            let report = Audit::new(&opened.database).run(&asked, &mut |_| {}).await.expect("readable");
            // A hold of this test has no order, which the ledger's laws do not ask for.
            assert_eq!(report.broken().next(), None);
            rounds += 1;
        }
        writing.await.expect("every unit is applied");
        opened.close().await;
    }
}

#[tokio::test]
async fn an_audit_only_reads() {
    let texts = Arc::new(Mutex::new(Vec::new()));
    let seen = texts.clone();
    let observer = Arc::new(move |ran: &Ran<'_>| seen.lock().expect("sound").push(ran.sql.to_owned()));
    for opened in both().await {
        let options = Options { observer: Some(observer.clone()), ..Options::default() };
        let database = connect(&opened.url, options).await.expect("a database");
        let report = Audit::new(&database).run(&Question::of(Scope::Everything), &mut |_| {}).await;
        assert_eq!(report.expect("readable").broken().next(), None);
        let run = std::mem::take(&mut *texts.lock().expect("sound"));
        assert!(run.len() > 25, "{run:#?}");
        let changing = run.iter().find(|sql| !sql.starts_with("SELECT ") && !sql.starts_with("SET LOCAL "));
        assert_eq!(changing, None);
        database.close().await;
        opened.close().await;
    }
}
