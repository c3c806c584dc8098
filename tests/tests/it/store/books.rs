//! The house's books over real databases: whatever staff does, the audit stays clean.

use std::sync::Arc;

use namaskah_adapters::persistence::audit::{Audit, Finding, Question, Scope};
use namaskah_domain::{
    Amount, BookingId, Change, Currency, GrantId, Money, PaymentId, UnitOfWork, UserId,
    auth::Email,
    memory::{FakePaymentGateway, ManualClock, OddPayment},
    payment::{
        ChargeRequest, ChargedMoney, Destination, Intent, IntentState, PaymentGateway, SuspenseService,
    },
    staff::By,
    wallet::{Book, BookService, ClawBack, Direction, Grant, Movement},
};
use namaskah_tests::given::{self, TestRandom, amount, at};

use super::{Opened, both};

fn naira(units: i64) -> Amount {
    Amount::try_new(Money::from_units(units, Currency::Ngn)).expect("above zero")
}

/// The gateway has so much for it.
async fn pay(gateway: &FakePaymentGateway, intent: &Intent, paid: Amount) {
    let request = ChargeRequest {
        reference: intent.reference.clone(),
        email: Email::try_new("ada@example.com").expect("an address"),
        amount: intent.charged,
        return_url: None,
    };
    gateway.open(&request).await.expect("opened");
    let odd = OddPayment { paid: Some(ChargedMoney::Known(paid)), ..OddPayment::default() };
    assert!(gateway.pay_oddly(&intent.reference, &odd));
}

/// A payment of the user that was set aside.
async fn set_aside(opened: &Opened, user: UserId, paid: Amount, gateway: &FakePaymentGateway) -> PaymentId {
    let on = &opened.backend;
    let intent = given::intent(user);
    pay(gateway, &intent, paid).await;
    let opened_unit = UnitOfWork::new().count_intent_opened(user, 10).with(Change::Intent(intent.clone()));
    on.apply(opened_unit).await;
    let item = namaskah_domain::payment::Suspended { paid, ..given::suspended(&intent) };
    let unit = given::set_aside(&intent, paid).with(Change::Suspended(item)).count_intent_closed(user);
    on.apply(unit.with(Change::Intent(intent.clone().closed(IntentState::Suspense { at: at(60) })))).await;
    intent.id
}

#[tokio::test]
async fn whatever_staff_books_the_audit_stays_clean() {
    for opened in both().await {
        let (on, clock) = (&opened.backend, Arc::new(ManualClock::default()));
        let random = Arc::new(TestRandom);
        let books = BookService::new(
            on.store.clone(),
            on.wallet.clone(),
            on.auth.clone(),
            on.books.clone(),
            clock.clone(),
            random.clone(),
        );
        let user = given::account().with(1_000_000).stored_in(on.store.as_ref()).await;
        on.apply(given::owing(user, 5_000_000)).await;
        let book = async |movement: Movement| {
            let id: BookingId = given::id();
            let claim =
                namaskah_domain::Claim { outcome: id.uuid(), ..given::claim(user, &id.to_string(), 1) };
            books.book(Book { id, movement, reason: given::reason(), claim }).await.expect("booked")
        };
        book(Movement::Adjusted { user, direction: Direction::Credit, amount: amount(2_500_000) }).await;
        assert_eq!(books.collect_debts().await.expect("collected"), 0, "the credit has repaid all it could");
        assert_eq!(on.account(user).await.debt, given::usd(1_500_000));
        book(Movement::PaidOut { amount: naira(5_000_000) }).await;
        book(Movement::Converted { sold: naira(4_000_000), bought: amount(2_500) }).await;
        book(Movement::ToppedUp { amount: amount(2_500) }).await;
        let gateway = Arc::new(FakePaymentGateway::new(clock.clone()));
        let suspense = SuspenseService::new(
            on.store.clone(),
            on.payments.clone(),
            on.wallet.clone(),
            on.auth.clone(),
            on.books.clone(),
            gateway.clone(),
            clock.clone(),
            random,
            given::intent(user).rate,
        );
        for (paid, to) in [
            (naira(8_000_000_000), Destination::Owner),
            (amount(700_000), Destination::Owner),
            (naira(9_000_000), Destination::Source),
        ] {
            let payment = set_aside(&opened, user, paid, &gateway).await;
            let key = given::claim(user, &payment.to_string(), 1);
            let claim = namaskah_domain::Claim { outcome: payment.uuid(), ..key };
            suspense.resolve(&By::Console, payment, to, claim).await.expect("resolved");
        }
        set_aside(&opened, user, naira(1_000), &gateway).await;
        let id: GrantId = given::id();
        let claim = |key| namaskah_domain::Claim { outcome: id.uuid(), ..given::claim(user, key, 1) };
        let (reason, amount) = (given::reason(), amount(300_000));
        let grant =
            Grant { id, user, amount, expires_at: None, reason: reason.clone(), claim: claim("grant") };
        books.grant(grant).await.expect("given");
        books
            .claw_back(ClawBack { grant: id, reason, claim: claim("claw-back") })
            .await
            .expect("clawed back");
        assert_eq!(books.expire_grants().await.expect("expired"), 0, "nothing is left of it");
        let account = on.account(user).await;
        assert_eq!((account.debt, account.promo.posted), (given::usd(0), given::usd(0)));
        let report = Audit::new(&opened.database).run(&Question::of(Scope::Everything), &mut |_| {}).await;
        let report = report.expect("readable");
        // What the test itself gave and took has no record, and the audit says so.
        let rows = |finding: &Finding| finding.offenders.iter().all(|told| told.row.starts_with("test:"));
        let broken: Vec<_> =
            report.broken().map(|finding| (finding.law, finding.broken, rows(finding))).collect();
        assert_eq!(broken, [("source", 2, true)]);
        opened.close().await;
    }
}
