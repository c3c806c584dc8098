//! Round trips: a commit is at most one statement on Postgres and exactly one if it comes alone (`coalescing.rs` counts
//! those that come together), a read is one statement, and no read walks through a table.

use std::sync::{Arc, Mutex};

use namaskah_adapters::persistence::{Options, Ran};
use namaskah_domain::{
    Change, CommitError, JobLane, Page, Sender, UnitOfWork,
    notification::{NotificationKind, NotificationQuery},
    outbox::{EventQuery, JobQuery, JobState},
    payment::{IntentState, PaymentQuery, PaymentStatus, SuspenseStatus},
    reconciliation::Book,
    staff::{AdjustmentQuery, AdjustmentStatus, AuditQuery, OrderQuery, PurchaseStatus, Stretch, UserFilter},
    support::{Reading, TicketQuery},
    verification::{OrderFilter, OrderStatus, ProviderId, Receivable},
    wallet::{HoldEnd, Purse, Source, Span},
};
use namaskah_tests::{
    assert_refused,
    contract::store::Backend,
    given::{self, at},
};

use super::{Opened, open_postgres, open_sqlite};

/// The texts of the statements that were run since they were last taken.
#[derive(Clone, Default)]
pub(super) struct Statements(Arc<Mutex<Vec<String>>>);

impl Statements {
    pub(super) fn options(&self, max_connections: u32) -> Options {
        let statements = self.0.clone();
        let observer =
            Arc::new(move |ran: &Ran<'_>| statements.lock().expect("sound").push(ran.sql.to_owned()));
        Options { max_connections, observer: Some(observer), batches: None, ..Options::default() }
    }

    pub(super) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().expect("sound"))
    }
}

/// The units of an order's life, as the use cases build them, in their order: A, B, settle.
pub(super) fn life_of_an_order(user: namaskah_domain::UserId) -> Vec<(&'static str, UnitOfWork)> {
    let quote = given::quote(user);
    let order = given::requested(user);
    let mut hold = given::hold(user, order.head.price.units());
    (hold.id, hold.purpose) = (order.head.hold, given::order_of(order.head.id, 100));
    let purchase = given::purchase(&order);
    let promised = UnitOfWork::new().with(Change::Quote(quote.clone()));
    let bought_for = UnitOfWork::claiming(given::claim(user, &format!("key-{}", given::number()), 1))
        .place(hold.clone())
        .with(Change::Quote(quote.used(order.head.id)))
        .with(Change::Order(order.clone().into()))
        .with(Change::Purchase(purchase.clone()))
        .with(Change::Event(given::event(user)));
    let bought = given::bought();
    let booked = bought.booked(at(2)).expect("balanced").expect("it costs something");
    let waiting = order.bind(given::line(&purchase, &bought));
    let bound = purchase.bind(bought.clone());
    let shown = UnitOfWork::new()
        .with(Change::Order(waiting.clone().into()))
        .with(Change::Purchase(bound.clone()))
        .with(Change::ShownNumber(given::shown(&waiting)))
        .with(Change::Event(given::event(user)))
        .post(booked);
    let message = given::message(&waiting, "Your code is 123456");
    let costed =
        bought.costed(Source::captured(hold.id), at(30)).expect("balanced").expect("it costs something");
    let settled = UnitOfWork::new()
        .with(Change::Order(waiting.receive(at(30)).0.into()))
        .with(Change::Purchase(bound.close_receivable(Receivable::Costed { at: at(30) }).expect("open")))
        .with(Change::Message(message))
        .with(Change::Event(given::event(user)))
        .end(given::end(&hold, HoldEnd::Capture))
        .post(costed);
    vec![("quote", promised), ("commit A", bought_for), ("commit B", shown), ("settle", settled)]
}

/// A payment that is opened and credited.
pub(super) fn life_of_a_payment(user: namaskah_domain::UserId) -> Vec<(&'static str, UnitOfWork)> {
    let intent = given::intent(user);
    let opened = UnitOfWork::claiming(given::claim(user, &format!("key-{}", given::number()), 1))
        .count_intent_opened(user, 10)
        .with(Change::Intent(intent.clone()));
    let credited = UnitOfWork::new()
        .with(Change::Intent(intent.closed(IntentState::Succeeded { at: at(60) })))
        .with(Change::Event(given::event(user)))
        .post(given::posting(user, Purse::Wallet, 5_000_000))
        .count_intent_closed(user);
    vec![("open a payment", opened), ("credit a payment", credited)]
}

#[tokio::test]
async fn a_commit_that_comes_alone_is_one_statement_on_postgres() {
    let statements = Statements::default();
    let Some(opened) = open_postgres(statements.options(1)).await else { return };
    let on = &opened.backend;
    let user = given::account().with(10_000_000).with_promo(500_000).stored_in(on.store.as_ref()).await;
    // A webhook is answered after this commit and nothing else.
    let notice = UnitOfWork::new().with(Change::Notice(given::notice(Sender::Paystack, None)));
    let lives = life_of_a_payment(user).into_iter().chain(life_of_an_order(user));
    for (name, unit) in lives.chain([("a notice", notice)]) {
        statements.take();
        on.apply(unit).await;
        let run = statements.take();
        assert_eq!(run.len(), 1, "{name}: {run:#?}");
    }
    assert_eq!(on.account(user).await.open_orders, 0);
    statements.take();
    assert_refused!(
        on.refuse(UnitOfWork::new().place(given::hold(user, i64::from(u32::MAX)))).await,
        CommitError::InsufficientFunds
    );
    assert_eq!(statements.take().len(), 1, "a refusal without a claim");
    opened.close().await;
}

#[tokio::test]
async fn a_commit_of_a_known_shape_is_not_parsed_again() {
    let statements = Statements::default();
    let Some(opened) = open_postgres(statements.options(1)).await else { return };
    let on = &opened.backend;
    let user = given::account().with(10_000_000).stored_in(on.store.as_ref()).await;
    let mut texts = Vec::new();
    for _ in 0..3 {
        statements.take();
        for (_, unit) in life_of_an_order(user) {
            on.apply(unit).await;
        }
        texts.push(statements.take());
    }
    assert_eq!(texts[0], texts[1]);
    assert_eq!(texts[1], texts[2]);
    let rows = opened.query("SELECT statement FROM pg_prepared_statements").await;
    let prepared: Vec<String> =
        rows.iter().map(|row| row.try_get("", "statement").expect("a text")).collect();
    for text in &texts[0] {
        assert_eq!(prepared.iter().filter(|prepared| *prepared == text).count(), 1, "{text}");
    }
    opened.close().await;
}

/// Every read once, by name.
pub(super) async fn every_read(on: &Backend, statements: &Statements) -> Vec<(&'static str, Vec<String>)> {
    let mut seen = Vec::new();
    macro_rules! read {
        ($name:literal, $read:expr) => {
            statements.take();
            $read.await.expect($name);
            seen.push(($name, statements.take()));
        };
    }
    let references = [given::intent(given::id()).reference];
    let reservations = [given::reservation(), given::reservation()];
    let filter =
        OrderFilter { status: Some(OrderStatus::Waiting), service: Some(given::service("whatsapp")) };
    read!("account", on.wallet.account(given::id()));
    read!("hold", on.wallet.hold(given::id()));
    read!("entries", on.wallet.entries(given::id(), Page { limit: 20, after: Some(given::id()) }));
    read!("entry before", on.wallet.entry_before(given::id(), at(0)));
    let span = Span { after: Some(given::id()), up_to: given::id() };
    read!("lines", on.wallet.lines(given::id(), span, 20));
    read!("holds", on.wallet.holds(given::id(), Page { limit: 20, after: Some(given::id()) }));
    read!("intent", on.payments.intent(given::id()));
    read!("intent by reference", on.payments.intent_by_reference(&references[0]));
    read!("intents", on.payments.intents(given::id(), Page { limit: 20, after: Some(given::id()) }));
    read!("intents due", on.payments.intents_due(at(0), 20));
    read!("creditable among", on.payments.creditable_among(&references));
    let payment = given::intent(given::id());
    read!("refund", on.payments.refund(given::id()));
    read!("refunds of", on.payments.refunds_of(payment.id));
    read!("open refunds", on.payments.open_refunds(20));
    read!("refunds named", on.payments.refunds_named(&[given::refund_name()]));
    read!("refund limits", on.payments.refund_limits(&payment));
    read!("dispute named", on.payments.dispute_named(&given::dispute(&payment).gateway));
    read!("oldest open dispute", on.payments.oldest_open_dispute());
    read!("booking", on.books.booking(given::id()));
    read!("goodwill", on.books.goodwill(given::id()));
    read!("grant", on.books.grant(given::id()));
    read!("open grants", on.books.open_grants(given::id()));
    read!("gifts", on.orders.gifts(given::id()));
    read!("grants due", on.books.grants_due(at(0), Some((at(0), given::id())), 20));
    read!("debtors", on.books.debtors(Some(given::id()), 20));
    read!("suspended", on.books.suspended(given::id()));
    read!("open suspense", on.books.open_suspense(20));
    read!("returned suspense", on.books.returned_suspense(given::id(), 20));
    read!("receivables since", on.books.receivables_since(at(0), Some((at(0), given::id())), 20));
    let page = Page { limit: 20, after: Some(given::id()) };
    read!("set aside", on.desk.set_aside(Some(SuspenseStatus::Open), page));
    for status in PaymentStatus::ALL {
        let query = PaymentQuery { status: Some(status), ..PaymentQuery::default() };
        read!("payments of a status", on.desk.payments(&query, page));
    }
    let query = PaymentQuery { user: Some(given::id()), ..PaymentQuery::default() };
    read!("payments of a user", on.desk.payments(&query, page));
    let query = PaymentQuery { reference: Some(references[0].clone()), ..PaymentQuery::default() };
    read!("payments of a reference", on.desk.payments(&query, page));
    read!("disputes of", on.payments.disputes_of(given::id()));
    read!("transfers of", on.desk.transfers_of(&[Source::paystack(&references[0])]));
    read!("notices about", on.desk.notices_about(&references[0]));
    let (provider, keys) = (ProviderId::TextVerified, ["nmk-a".to_owned()]);
    read!("payments named", on.reconciliation.payments_named(&references));
    read!("payments booked", on.reconciliation.payments_booked(at(0), at(1)));
    read!("numbers named", on.reconciliation.numbers_named(provider, &reservations));
    read!("numbers bought", on.reconciliation.numbers_bought(provider, at(0), at(1)));
    read!("float", on.reconciliation.float(provider, at(0)));
    read!("finding", on.reconciliation.finding(given::id()));
    read!("findings of", on.reconciliation.findings_of(Book::Paystack, &keys));
    read!("open findings", on.reconciliation.open_findings(20));
    read!("runs", on.reconciliation.runs(20));
    read!("quote", on.orders.quote(given::id()));
    read!("order", on.orders.order(given::id()));
    read!("orders among", on.orders.orders_among(&[given::id(), given::id()]));
    read!("batch", on.orders.batch(given::id()));
    read!("orders", on.orders.orders(given::id(), &filter, Page { limit: 20, after: Some(given::id()) }));
    read!("messages of", on.orders.messages_of(&[given::id(), given::id()]));
    read!("purchase", on.orders.purchase(given::id()));
    read!("purchase by reservation", on.orders.purchase_by_reservation(provider, &reservations[0]));
    read!("sent purchases", on.orders.sent_purchases(provider));
    read!("purchases since", on.orders.purchases_since(provider, at(0)));
    read!("held among", on.orders.held_among(provider, &reservations));
    read!("was shown", on.orders.was_shown(given::id(), &given::service("whatsapp"), &given::phone()));
    read!("ending", on.orders.ending(at(0), 20));
    read!("uncredited", on.orders.uncredited(provider, at(0)));
    read!("oldest waiting", on.orders.oldest_waiting(provider));
    read!("orders of", on.orders.orders_of(provider, &reservations));
    read!("waiting on", on.orders.waiting_on(provider, &given::phone()));
    read!("service stats", on.orders.service_stats(at(0)));
    read!("user", on.auth.user(given::id()));
    read!("user by email", on.auth.user_by_email(&given::email()));
    read!("session", on.auth.session(given::id()));
    read!("session by cookie", on.auth.session_by_cookie(given::hash()));
    read!("open sessions", on.auth.open_sessions(given::id(), at(0)));
    read!("refresh token", on.auth.refresh_token(given::hash()));
    read!("mail token", on.auth.mail_token(given::hash()));
    read!("api keys", on.auth.api_keys(given::id()));
    read!("api key", on.auth.api_key(given::hash()));
    let known = given::identity(given::id());
    let subject = known.subject.clone().expect("a subject");
    read!("identity", on.auth.identity(&known.issuer, &subject));
    read!("identities", on.auth.identities(given::id()));
    read!("staff count", on.auth.staff_count());
    let query = AuditQuery { actor: Some(given::id()), ..AuditQuery::default() };
    read!("audit log", on.staff.audit_log(&query, Page { limit: 20, after: Some(given::id()) }));
    read!("allowlist", on.staff.allowlist());
    read!("staff", on.staff.staff());
    let filter = UserFilter { email_prefix: Some("ada".into()), ..UserFilter::default() };
    read!("users", on.staff.users(&filter, at(0), Page { limit: 20, after: Some(given::id()) }));
    read!("sign-ins", on.staff.sign_ins(given::id(), Page { limit: 20, after: Some(given::id()) }));
    read!("refunds to", on.staff.refunds_to(given::id(), Page { limit: 20, after: Some(given::id()) }));
    read!("adjustment", on.adjustments.adjustment(given::id()));
    let query = AdjustmentQuery { status: Some(AdjustmentStatus::Proposed), user: Some(given::id()) };
    let page = Page { limit: 20, after: Some(given::id()) };
    read!("adjustments", on.adjustments.adjustments(&query, at(0), page));
    read!("booked at once", on.adjustments.booked_at_once(given::id(), given::id(), at(0)));
    read!("vitals", on.vitals.vitals(at(0)));
    read!("drift", on.vitals.drift());
    read!("drift of", on.vitals.drift_of(Some(given::id()), 20));
    read!("ticket", on.support.ticket(given::id()));
    let (tickets, page) = (
        TicketQuery { user: Some(given::id()), ..TicketQuery::default() },
        Page { limit: 20, after: Some(given::id()) },
    );
    read!("tickets", on.support.tickets(&tickets, page));
    let page = Page { limit: 20, after: Some(given::id()) };
    read!("ticket lines", on.support.ticket_lines(given::id(), Reading::Customer, page));
    read!("canned answers", on.support.canned_answers());
    read!("canned answer", on.support.canned_answer(given::id()));
    read!("open tickets", on.support.open_tickets(given::id()));
    read!("endpoint", on.webhooks.endpoint(given::id()));
    read!("endpoints", on.webhooks.endpoints(given::id()));
    read!("listening", on.webhooks.listening(&[given::id(), given::id()]));
    read!("cursor", on.webhooks.cursor());
    read!("delivery", on.webhooks.delivery(given::id()));
    let page = Page { limit: 20, after: Some(given::id()) };
    read!("deliveries", on.webhooks.deliveries(given::id(), None, page));
    read!("deliveries of", on.webhooks.deliveries_of(given::id(), &[given::id(), given::id()]));
    read!("attempts", on.webhooks.attempts(&[given::id(), given::id()], 16));
    read!("waiting", on.webhooks.waiting(given::id(), 20));
    read!("due", on.webhooks.due(at(0), 20));
    read!("due of", on.webhooks.due_of(given::id(), at(0), 20));
    read!("happened since", on.webhooks.happened_since(given::id(), at(0), 20));
    let (every, unread) =
        (NotificationQuery::default(), NotificationQuery { unread: true, ..Default::default() });
    let hidden = NotificationQuery { hidden: vec![NotificationKind::StaffAlert], ..Default::default() };
    for query in [every, unread, hidden] {
        let page = Page { limit: 20, after: Some(given::id()) };
        read!("notifications", on.notifications.notifications(given::id(), &query, page));
    }
    read!("notification", on.notifications.notification(given::id()));
    read!("notification settings", on.notifications.notification_settings(given::id()));
    read!("balances crossed", on.notifications.balances_crossed(20));
    read!("numbers expiring", on.notifications.numbers_expiring(at(0), at(1), 20));
    read!("suppression", on.suppressions.suppression(&given::email()));
    read!("suppressed", on.suppressions.suppressed(Page { limit: 20, after: Some(given::id()) }));
    read!("signed in before", on.auth.signed_in_before(given::id(), Some("Firefox")));
    read!("staff since", on.adjustments.staff_since(given::id()));
    let query = OrderQuery { status: Some(OrderStatus::Requested), ..OrderQuery::default() };
    let page = Page { limit: 20, after: Some(given::id()) };
    read!("orders requested", on.order_desk.order_ids(&query, page));
    let query = OrderQuery { user: Some(given::id()), ..OrderQuery::default() };
    read!("orders of a user", on.order_desk.order_ids(&query, page));
    read!("orders of everybody", on.order_desk.order_ids(&OrderQuery::default(), page));
    read!("purchases of", on.order_desk.purchases_of(given::id()));
    let page = Page { limit: 20, after: Some(given::id()) };
    read!("orphans", on.order_desk.purchases_in(Some(PurchaseStatus::Orphan), page));
    read!("posted", on.order_desk.posted(&[given::source(), given::source()]));
    read!("service decisions", on.terms.service_decisions());
    read!("provider switches", on.terms.provider_switches());
    read!("open pricing rules", on.terms.open_pricing_rules(at(0)));
    read!("pricing rule", on.terms.pricing_rule(given::id()));
    read!("pricing rules", on.terms.pricing_rules(Page { limit: 20, after: Some(given::id()) }));
    read!("paid since", on.terms.paid_since(at(0)));
    read!("new notices", on.notices.new_notices(Sender::Paystack, 20));
    read!("matchable notices", on.notices.matchable_notices(20));
    let mine = EventQuery { user: Some(given::id()), subject: None, after: 5, limit: 20 };
    read!("events of a user", on.events.after(mine));
    read!("events", on.events.after(EventQuery { user: None, ..mine }));
    read!("newest event", on.events.newest());
    read!("nothing to stamp", on.events.stamp());
    read!("no job to lease", on.jobs.lease(given::id::<()>().uuid(), JobLane::Mail, at(0), 20));
    read!("schedules", on.schedules.schedules());
    let page = Page { limit: 20, after: Some(given::id()) };
    for state in [None, Some(JobState::Waiting), Some(JobState::InWork), Some(JobState::Buried)] {
        let query = JobQuery { state, lane: Some(JobLane::Mail) };
        read!("queued", on.job_desk.queued(query, page));
    }
    let within = Stretch::try_new(at(0), at(1)).expect("a second");
    read!("registrations", on.figures.registrations(within));
    read!("order figures", on.figures.order_figures(within));
    read!("cost of numbers", on.figures.cost_of_numbers(within));
    read!("deposits", on.figures.deposits(within));
    read!("arrived refunds", on.figures.arrived_refunds(within));
    read!("waiting for a person", on.figures.waiting_for_a_person());
    read!("standings", on.figures.standings());
    read!("users within", on.exports.users_within(within, Some(given::id()), 20));
    read!("entries within", on.exports.entries_within(within, Some(given::id()), 20));
    read!("orders within", on.exports.orders_within(within, Some(given::id()), 20));
    read!("job", on.job_desk.job(given::id()));
    seen
}

async fn with_one_of_each(opened: &Opened) {
    let on = &opened.backend;
    let user = given::account().with(10_000_000).stored_in(on.store.as_ref()).await;
    for (_, unit) in life_of_a_payment(user).into_iter().chain(life_of_an_order(user)) {
        on.apply(unit).await;
    }
    let notice = given::notice(Sender::Paystack, None);
    on.apply(UnitOfWork::new().with(Change::Notice(notice)).with(Change::Job(given::job()))).await;
    on.events.stamp().await.expect("stamped");
}

#[tokio::test]
async fn a_read_is_one_statement() {
    let statements = Statements::default();
    let sqlite = open_sqlite(statements.options(4)).await;
    for opened in [Some(sqlite), open_postgres(statements.options(4)).await].into_iter().flatten() {
        with_one_of_each(&opened).await;
        for (name, run) in every_read(&opened.backend, &statements).await {
            assert_eq!(run.len(), 1, "{name}: {run:#?}");
        }
        opened.close().await;
    }
}

/// The steps of a statement that walk through a whole table, as SQLite plans it. A common part of the query is walked
/// through once it is made; that is no table.
pub(super) async fn walks(opened: &Opened, sql: &str) -> Vec<String> {
    let steps = opened.query(&format!("EXPLAIN QUERY PLAN {sql}")).await;
    let steps = steps.iter().map(|row| row.try_get::<String>("", "detail").expect("a step"));
    // The one row of a query without a table is none.
    let walked =
        |step: &String| step.starts_with("SCAN ") && !step.contains(" USING ") && step != "SCAN CONSTANT ROW";
    // Made by the statement itself, and named behind its bracket or at its head.
    let made = |name: &str| {
        sql.starts_with("WITH ") && ["e", "r", "s"].contains(&name) || sql.contains(&format!(") {name} "))
    };
    let common = |step: &String| {
        step.contains("subquery")
            || step.strip_prefix("SCAN ").is_some_and(made)
            || sql.starts_with("WITH ") && step.starts_with("SCAN due_")
    };
    steps.filter(|step| walked(step) && !common(step)).collect()
}

/// SQLite says of each step how it finds its rows; a step that only SCANs a table grows with the table.
#[tokio::test]
async fn no_read_walks_through_a_whole_table() {
    let statements = Statements::default();
    let opened = open_sqlite(statements.options(4)).await;
    with_one_of_each(&opened).await;
    assert_eq!(walks(&opened, "SELECT id FROM orders WHERE failure = 'x'").await, ["SCAN orders"]);
    for (name, run) in every_read(&opened.backend, &statements).await {
        for sql in run {
            assert_eq!(walks(&opened, &sql).await, [""; 0], "{name}: {sql}");
        }
    }
    opened.close().await;
}
