//! Providers' lists against our books, on fakes: every class is found, and clean books give nothing.
#![cfg(feature = "memory")]

mod balances;
mod staffed;
mod windows;

use chrono::TimeDelta;
use namaskah_domain::{
    Amount, Clock, Currency, Money, PaymentReference, UserId,
    memory::{GatewayFailure, GatewayOperation, OddPayment, Platform, ProviderFailure, ProviderOperation},
    payment::{ChargeRequest, ChargeStatus, ChargedMoney, PaymentGateway},
    reconciliation::{
        BALANCE, Book, Finding, FindingState, Mismatch, ReconcileError, Report, ResolveError, Window,
    },
    staff::By,
    verification::{NumberProvider, OpenAttempt, Order, OrderStatus, ReservationState},
    wallet::Reason,
};

struct World {
    platform: Platform,
    ada: UserId,
}

fn usd(text: &str) -> Money {
    Money::parse(text, Currency::Usd).expect("dollars")
}

fn naira(text: &str) -> Amount {
    Amount::try_new(Money::parse(text, Currency::Ngn).expect("naira")).expect("above zero")
}

fn note() -> Reason {
    Reason::try_new("looked at").expect("a reason")
}

impl World {
    async fn new() -> Self {
        let platform = Platform::new(11);
        let ada = platform.new_user("ada@example.com").await.expect("a user");
        platform.fund(ada, "100.00").await.expect("funds");
        Self { platform, ada }
    }

    /// A day and two hours back, ten minutes from now.
    async fn compare(&self) -> Report {
        self.later(10);
        self.compare_now().await
    }

    async fn compare_now(&self) -> Report {
        let to = self.platform.clock.now();
        self.platform.reconciliation.run(Window { from: to - TimeDelta::hours(26), to }).await
    }

    fn later(&self, minutes: i64) {
        self.platform.clock.advance(TimeDelta::minutes(minutes));
    }

    async fn open(&self) -> Vec<Finding> {
        self.platform.reconciliation.open().await.expect("readable")
    }

    /// The one finding that is open.
    async fn found(&self) -> Finding {
        let mut open = self.open().await;
        assert_eq!(open.len(), 1, "{open:?}");
        open.remove(0)
    }

    async fn nothing_open(&self) {
        assert_eq!(self.open().await, []);
    }

    async fn completed(&self) -> namaskah_domain::verification::Completed {
        let order = self.platform.buy(self.ada, "whatsapp", "2.00").await.expect("an order");
        let order = self.platform.deliver(order.head().id, "Your code is 482913").await.expect("a text");
        let Order::Completed(done) = order else { panic!("{order:?}") };
        done
    }

    /// A success at the gateway under a reference that no intent has.
    async fn foreign_success(&self, reference: &str) -> PaymentReference {
        let reference = PaymentReference::try_new(reference).expect("a reference");
        let email = namaskah_domain::auth::Email::try_new("eve@example.com").expect("an address");
        let request =
            ChargeRequest { reference: reference.clone(), email, amount: naira("500"), return_url: None };
        self.platform.gateway.open(&request).await.expect("a checkout");
        assert!(self.platform.gateway.pay(&reference));
        reference
    }

    async fn bought_by_hand(&self) -> namaskah_domain::ReservationId {
        let ask = self.platform.ask("telegram").expect("an ask");
        let attempt = OpenAttempt { ask, cost_cap: usd("1.00") };
        self.platform.provider.buy(&attempt).await.expect("a number").id
    }
}

#[tokio::test]
async fn ordinary_traffic_gives_no_finding() {
    let world = World::new().await;
    let platform = &world.platform;
    platform.reconciliation.accept_balance(&By::Console, note()).await.expect("a balance");
    world.completed().await;
    let cancelled = platform.buy(world.ada, "telegram", "2.00").await.expect("an order");
    platform.orders.cancel(world.ada, cancelled.head().id).await.expect("cancelled");
    platform.buy(world.ada, "google", "2.00").await.expect("an order that expires");
    world.later(20);
    platform.tick().await;
    platform.open_payment(world.ada, "5.00").await.expect("a payment that nobody pays");
    platform.buy(world.ada, "google", "2.00").await.expect("an order that waits");
    let report = world.compare().await;
    let (payments, numbers) = (report.payments.expect("compared"), report.numbers.expect("compared"));
    let float = report.float.expect("compared").expect("a balance was accepted");
    assert_eq!((payments.matched, payments.differ, payments.late), (1, 0, 0));
    assert_eq!((numbers.matched, numbers.differ, numbers.late), (4, 0, 0));
    assert_eq!((float.matched, float.differ), (1, 0));
    assert_eq!((numbers.booked, payments.whole, numbers.whole), (0, true, true));
    world.nothing_open().await;
}

#[tokio::test]
async fn a_success_that_we_have_not_booked_is_late_and_then_only_theirs() {
    let world = World::new().await;
    let intent = world.platform.open_payment(world.ada, "5.00").await.expect("a payment");
    world.platform.gateway.pay(&intent.reference);
    world.later(1);
    assert_eq!(world.compare_now().await.payments.expect("compared").late, 1);
    world.nothing_open().await;
    let opened = world.compare().await.payments.expect("compared").opened;
    let found = world.found().await;
    assert_eq!(opened, std::slice::from_ref(&found));
    assert_eq!((found.book, found.mismatch), (Book::Paystack, Mismatch::OnlyTheirs));
    assert_eq!((found.key, found.ours), (intent.reference.to_string(), None));
    world.platform.payments.sync(world.ada, intent.id).await.expect("settled");
    let closed = world.compare().await.payments.expect("compared").closed;
    assert!(matches!(closed[..], [Finding { state: FindingState::Matched { .. }, .. }]), "{closed:?}");
    world.nothing_open().await;
}

#[tokio::test]
async fn a_success_of_our_make_without_a_payment_is_only_theirs_and_one_of_others_is_nothing() {
    let world = World::new().await;
    world.foreign_success("shop-17").await;
    let reference = world.foreign_success("nmk-abcdefghijkmnpqrstuvwxyz23").await;
    world.compare().await;
    let found = world.found().await;
    assert_eq!((found.mismatch, found.key.as_str()), (Mismatch::OnlyTheirs, reference.as_str()));
    assert_eq!(found.theirs, Some(naira("500").money()));
    // All of it went back: nothing is owed any more, whatever window is compared.
    world.platform.gateway.set_status(&reference, ChargeStatus::Reversed);
    world.later(60 * 24 * 30);
    world.compare().await;
    world.nothing_open().await;
}

#[tokio::test]
async fn what_was_credited_and_is_no_success_is_only_ours() {
    let world = World::new().await;
    let intent = world.platform.fund(world.ada, "5.00").await.expect("funds");
    world.platform.gateway.set_status(&intent.reference, ChargeStatus::Failed);
    world.compare().await;
    let found = world.found().await;
    assert_eq!((found.mismatch, found.key), (Mismatch::OnlyOurs, intent.reference.to_string()));
    assert_eq!((found.ours, found.theirs), (Some(intent.charged.money()), None));
}

#[tokio::test]
async fn a_payment_that_was_refunded_whole_still_agrees() {
    let world = World::new().await;
    let intent = world.platform.fund(world.ada, "5.00").await.expect("funds");
    world.platform.gateway.set_status(&intent.reference, ChargeStatus::Reversed);
    world.compare().await;
    world.nothing_open().await;
}

#[tokio::test]
async fn another_sum_than_was_credited_differs_and_one_in_suspense_is_known() {
    let world = World::new().await;
    let aside = world.platform.open_payment(world.ada, "5.00").await.expect("a payment");
    let odd = OddPayment { paid: Some(ChargedMoney::Known(naira("7999.99"))), ..OddPayment::default() };
    world.platform.gateway.pay_oddly(&aside.reference, &odd);
    world.platform.payments.sync(world.ada, aside.id).await.expect("set aside");
    world.compare().await;
    world.nothing_open().await;
    let credited = world.platform.fund(world.ada, "5.00").await.expect("funds");
    world.platform.gateway.pay_oddly(&credited.reference, &odd);
    world.compare().await;
    let found = world.found().await;
    assert_eq!((found.mismatch, found.key), (Mismatch::AmountDiffers, credited.reference.to_string()));
    assert_eq!(found.theirs, Some(naira("7999.99").money()));
}

#[tokio::test]
async fn a_reservation_that_no_purchase_holds_is_only_theirs_until_it_is_booked_as_an_orphan() {
    let world = World::new().await;
    let reservation = world.bought_by_hand().await;
    world.later(1);
    assert_eq!(world.compare_now().await.numbers.expect("compared").late, 1);
    world.nothing_open().await;
    world.compare().await;
    let found = world.found().await;
    assert_eq!((found.book, found.mismatch), (Book::TextVerified, Mismatch::OnlyTheirs));
    assert_eq!(found.key, reservation.to_string());
    world.platform.tick().await;
    world.compare().await;
    world.nothing_open().await;
}

#[tokio::test]
async fn another_cost_than_was_booked_differs() {
    let world = World::new().await;
    let done = world.completed().await;
    assert!(world.platform.provider.set_cost(&done.line.reservation, usd("0.80")));
    world.compare().await;
    let found = world.found().await;
    assert_eq!((found.mismatch, found.key), (Mismatch::AmountDiffers, done.line.reservation.to_string()));
    assert_eq!((found.ours, found.theirs), (Some(usd("0.75")), Some(usd("0.80"))));
}

#[tokio::test]
async fn a_reservation_that_the_provider_forgot_is_only_ours() {
    let world = World::new().await;
    let done = world.completed().await;
    assert!(world.platform.provider.forget(&done.line.reservation));
    world.platform.provider.set_listings_complete(false);
    assert!(!world.compare().await.numbers.expect("compared").whole);
    world.nothing_open().await;
    world.platform.provider.set_listings_complete(true);
    world.compare().await;
    let found = world.found().await;
    assert_eq!((found.mismatch, found.key), (Mismatch::OnlyOurs, done.line.reservation.to_string()));
}

#[tokio::test]
async fn a_credit_that_only_the_list_shows_is_booked() {
    let world = World::new().await;
    world.platform.reconciliation.accept_balance(&By::Console, note()).await.expect("a balance");
    let done = world.completed().await;
    world.platform.provider.set_state(&done.line.reservation, ReservationState::Cancelled);
    world.later(130);
    let report = world.compare().await;
    assert_eq!(report.numbers.expect("compared").booked, 1);
    assert_eq!(report.float.expect("compared").expect("accepted").differ, 0);
    assert_eq!(world.compare().await.numbers.expect("compared").booked, 0);
    world.nothing_open().await;
    assert_eq!(world.platform.read(done.head.id).await.expect("readable").status(), OrderStatus::Completed);
}

#[tokio::test]
async fn states_that_are_followed_show_a_credit_for_a_number_whose_code_was_paid_for() {
    let world = World::new().await;
    let done = world.completed().await;
    world.platform.provider.set_state(&done.line.reservation, ReservationState::Cancelled);
    world.platform.buy(world.ada, "google", "2.00").await.expect("an order that waits");
    world.later(1);
    world.platform.orders.follow_states().await.expect("followed");
    assert_eq!(world.compare().await.numbers.expect("compared").booked, 0);
}

#[tokio::test]
async fn a_balance_that_moved_by_itself_differs_until_it_is_accepted() {
    let world = World::new().await;
    assert!(world.compare().await.float.expect("compared").is_none());
    world.platform.reconciliation.accept_balance(&By::Console, note()).await.expect("a balance");
    world.completed().await;
    world.platform.provider.set_balance(usd("9000"));
    world.compare().await;
    let found = world.found().await;
    assert_eq!((found.book, found.mismatch), (Book::TextVerified, Mismatch::AmountDiffers));
    assert_eq!((found.key.as_str(), found.theirs), (BALANCE, Some(usd("9000"))));
    world.platform.reconciliation.accept_balance(&By::Console, note()).await.expect("a balance");
    world.nothing_open().await;
    world.completed().await;
    world.compare().await;
    world.nothing_open().await;
}

#[tokio::test]
async fn no_balance_is_accepted_while_a_purchase_is_under_way() {
    let world = World::new().await;
    world.platform.provider.fail_next(ProviderOperation::Buy, ProviderFailure::LostAnswer);
    world.platform.buy(world.ada, "whatsapp", "2.00").await.expect("an order");
    let refused = world.platform.reconciliation.accept_balance(&By::Console, note()).await;
    assert!(matches!(refused, Err(ReconcileError::InFlight)), "{refused:?}");
}

#[tokio::test]
async fn one_side_that_cannot_be_read_holds_up_no_other() {
    let world = World::new().await;
    world.bought_by_hand().await;
    world.platform.gateway.fail_next(GatewayOperation::List, GatewayFailure::Unavailable);
    let report = world.compare().await;
    assert!(matches!(report.payments, Err(ReconcileError::Gateway(_))));
    assert_eq!(world.found().await.mismatch, Mismatch::OnlyTheirs);
}

#[tokio::test]
async fn what_is_resolved_by_hand_stays_closed_and_is_resolved_once() {
    let world = World::new().await;
    world.foreign_success("nmk-abcdefghijkmnpqrstuvwxyz23").await;
    world.compare().await;
    let found = world.found().await;
    world.platform.reconciliation.resolve(&By::Console, found.id, note()).await.expect("resolved");
    world.compare().await;
    world.nothing_open().await;
    let again = world.platform.reconciliation.resolve(&By::Console, found.id, note()).await;
    assert!(matches!(again, Err(ResolveError::Closed)), "{again:?}");
    let unknown = world.platform.reconciliation.resolve(&By::Console, world.platform.id(), note()).await;
    assert!(matches!(unknown, Err(ResolveError::NotFound)), "{unknown:?}");
}
