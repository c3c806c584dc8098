//! Reporting: the provider's state decides, its credit is needed, and the number is sold no more.

use namaskah_domain::{
    Change, JobLane, Page, UnitOfWork,
    auth::AuthReads,
    memory::{ProviderFailure, ProviderOperation},
    outbox::{JobQuery, JobReads, JobState},
    time::{hours, minutes, seconds},
    verification::{
        DeclineReason, Failure, Order, OrderStatus, Receivable, ReportError, ReportReason, ReservationState,
    },
    wallet::{House, Source},
};

use crate::world::{World, line};

async fn report(world: &World, order: &Order) -> Result<Order, ReportError> {
    world.platform.orders.report(world.ada, order.head().id, ReportReason::NumberUsed).await
}

async fn completed(world: &World) -> Order {
    let order = world.buy("whatsapp").await;
    world.platform.deliver(order.head().id, "Your code is 482913").await.expect("delivered")
}

fn upstream(world: &World, order: &Order) -> ReservationState {
    let own = line(order).reservation;
    let all = world.platform.provider.reservations();
    all.into_iter().find(|r| r.id == own).expect("its reservation").state
}

#[tokio::test]
async fn a_report_while_waiting_tells_the_provider_and_its_state_ends_the_order() {
    let world = World::new().await;
    let order = world.buy("whatsapp").await;
    let after = report(&world, &order).await.expect("reported");
    assert_eq!(after.status(), OrderStatus::Cancelled);
    assert_eq!(after.head().report.map(|r| (r.reason, r.is_told)), Some((ReportReason::NumberUsed, true)));
    assert_eq!(world.money().await, ("100.00".into(), "0.00".into()));
    assert_eq!(upstream(&world, &order), ReservationState::Reported);
    world.lawful();
    // "Reported" alone is no credit: the cost stays open until it is seen.
    world.pass(20).await;
    let receivable = |world: &World| world.purchase_of(order.head().id).bought().expect("bought").receivable;
    assert_eq!(receivable(&world), Receivable::Open);
    world.platform.provider.set_state(&line(&order).reservation, ReservationState::Cancelled);
    world.platform.advance(minutes(2)).await;
    assert!(matches!(receivable(&world), Receivable::Credited { .. }));
    world.settled();
}

#[tokio::test]
async fn a_report_that_a_code_outran_is_kept_and_the_code_is_paid_for() {
    let world = World::new().await;
    let order = world.buy("whatsapp").await;
    world.text(&line(&order), "Your code is 482913");
    let after = report(&world, &order).await.expect("reported");
    assert_eq!((after.status(), after.head().report.is_some()), (OrderStatus::Completed, true));
    assert_eq!(world.money().await, ("98.87".into(), "0.00".into()));
    world.lawful();
}

#[tokio::test]
async fn a_provider_that_keeps_the_number_open_lets_the_order_wait() {
    let world = World::new().await;
    let order = world.buy("whatsapp").await;
    world.fail(ProviderOperation::Report, ProviderFailure::Declined(DeclineReason::Refused), 1);
    let after = report(&world, &order).await.expect("reported");
    assert_eq!((after.status(), after.head().report.is_some()), (OrderStatus::Waiting, true));
    world.settled();
}

#[tokio::test]
async fn a_provider_that_cannot_be_reached_may_be_told_again() {
    let world = World::new().await;
    let order = world.buy("whatsapp").await;
    world.fail(ProviderOperation::Report, ProviderFailure::Unavailable, 1);
    let refused = report(&world, &order).await;
    assert!(matches!(refused, Err(ReportError::ProviderUnavailable(_))));
    assert_eq!(world.status(order.head().id).await, OrderStatus::Waiting);
    let after = report(&world, &order).await.expect("reported");
    assert_eq!(after.status(), OrderStatus::Cancelled);
    let again = report(&world, &order).await.expect("as before");
    assert_eq!(again, after);
    world.lawful();
}

#[tokio::test]
async fn a_reported_code_is_given_back_once_the_provider_gives_its_price_back() {
    let world = World::new().await;
    let order = completed(&world).await;
    let after = report(&world, &order).await.expect("reported");
    assert_eq!(after.status(), OrderStatus::Completed);
    world.pass(30).await;
    assert_eq!(upstream(&world, &order), ReservationState::Reported);
    assert_eq!(world.money().await.0, "98.87", "a report moves no money by itself");
    world.platform.provider.set_state(&line(&order).reservation, ReservationState::Cancelled);
    for _ in 0..5 {
        world.platform.advance(minutes(2)).await;
        report(&world, &order).await.expect("as before");
    }
    assert_eq!(world.money().await, ("100.00".into(), "0.00".into()));
    assert_eq!(world.status(order.head().id).await, OrderStatus::Completed);
    world.settled();
}

#[tokio::test]
async fn what_goes_back_goes_where_it_came_from() {
    let world = World::new().await;
    world.gift("0.50", 60).await;
    let order = completed(&world).await;
    report(&world, &order).await.expect("reported");
    world.platform.tick().await;
    world.platform.provider.set_state(&line(&order).reservation, ReservationState::Cancelled);
    world.platform.advance(minutes(5)).await;
    let balance = world.platform.balance(world.ada).await.expect("a balance");
    assert_eq!((balance.promo.to_string(), balance.available.to_string()), ("0.50".into(), "100.50".into()));
    world.settled();
}

/// The provider has heard of it, and gives its price back.
async fn credited(world: &World, order: &Order) {
    report(world, order).await.expect("reported");
    world.platform.tick().await;
    world.platform.provider.set_state(&line(order).reservation, ReservationState::Cancelled);
    world.platform.advance(minutes(5)).await;
}

async fn promo_and_available(world: &World) -> (String, String) {
    let balance = world.platform.balance(world.ada).await.expect("a balance");
    (balance.promo.to_string(), balance.available.to_string())
}

#[tokio::test]
async fn what_was_paid_with_a_gift_that_is_closed_goes_back_to_the_house_and_the_books_agree() {
    let world = World::new().await;
    world.gift("0.50", 5).await;
    let order = completed(&world).await;
    assert_eq!(world.money().await, ("99.37".into(), "0.00".into()));
    world.platform.advance(minutes(6)).await;
    assert!(world.platform.store.all_grants().iter().all(|grant| grant.closed_at.is_some()));
    credited(&world, &order).await;
    assert_eq!(promo_and_available(&world).await, ("0.00".into(), "100.00".into()));
    assert_eq!(
        (world.house(House::PromoExpense), world.house(House::Revenue)),
        ("0.00".into(), "0.00".into())
    );
    world.settled();
    world.platform.advance(hours(24)).await;
    assert_eq!(promo_and_available(&world).await, ("0.00".into(), "100.00".into()));
}

#[tokio::test]
async fn of_what_was_paid_with_gifts_as_much_comes_back_as_open_ones_explain() {
    let world = World::new().await;
    world.gift("1.00", 5).await;
    world.gift("0.50", 600).await;
    // 1.00 of the first and 0.13 of the second.
    let order = completed(&world).await;
    world.platform.advance(minutes(6)).await;
    assert_eq!(promo_and_available(&world).await.0, "0.37");
    credited(&world, &order).await;
    assert_eq!(promo_and_available(&world).await.0, "0.50");
    assert_eq!(world.house(House::PromoExpense), "-0.50");
    world.settled();
}

#[tokio::test]
async fn what_was_paid_with_a_gift_that_is_due_and_not_closed_comes_back_and_is_taken_again() {
    let world = World::new().await;
    world.gift("2.00", 5).await;
    let order = completed(&world).await;
    let held = world.buy("whatsapp").await;
    world.platform.advance(minutes(6)).await;
    assert_eq!(promo_and_available(&world).await.0, "0.87", "an order holds it");
    credited(&world, &order).await;
    world.platform.tick().await;
    assert_eq!(promo_and_available(&world).await.0, "0.87", "1.13 came and went");
    world.platform.orders.cancel(world.ada, held.head().id).await.expect("cancelled");
    world.platform.tick().await;
    assert_eq!(promo_and_available(&world).await, ("0.00".into(), "100.00".into()));
    assert_eq!(world.house(House::PromoExpense), "0.00");
    world.settled();
}

#[tokio::test]
async fn what_comes_back_for_a_closed_account_is_the_houses_and_the_providers_credit_is_booked() {
    let world = World::new().await;
    let order = completed(&world).await;
    report(&world, &order).await.expect("reported");
    let store = world.platform.store.as_ref();
    let ada = AuthReads::user(store, world.ada).await.expect("readable").expect("a user");
    let gone = UnitOfWork::new().with(Change::User(ada.anonymised(world.now())));
    namaskah_domain::Store::commit(store, gone).await.expect("closed");
    world.platform.provider.set_state(&line(&order).reservation, ReservationState::Cancelled);
    world.platform.advance(minutes(5)).await;
    assert_eq!(world.money().await, ("98.87".into(), "0.00".into()));
    let credit = Source::credited(&line(&order).reservation);
    assert!(world.platform.store.journal().iter().any(|posted| posted.transfer.source == credit));
    world.settled();
}

#[tokio::test]
async fn a_credit_that_came_before_the_report_counts() {
    let world = World::new().await;
    let order = world.buy("whatsapp").await;
    world.text(&line(&order), "Your code is 482913");
    world.platform.provider.set_state(&line(&order).reservation, ReservationState::Cancelled);
    world.platform.orders.follow_states().await.expect("followed");
    assert_eq!(world.status(order.head().id).await, OrderStatus::Completed);
    report(&world, &order).await.expect("reported");
    world.platform.tick().await;
    assert_eq!(world.money().await.0, "100.00");
    world.settled();
}

#[tokio::test]
async fn a_credit_that_never_comes_is_not_waited_for_for_ever() {
    let world = World::new().await;
    let order = completed(&world).await;
    report(&world, &order).await.expect("reported");
    for _ in 0..60 {
        world.platform.advance(hours(1)).await;
    }
    assert_eq!(world.platform.store.buried_jobs(), Vec::<String>::new());
    let asked = world.platform.provider.calls(ProviderOperation::Get);
    world.platform.advance(hours(5)).await;
    assert_eq!(world.platform.provider.calls(ProviderOperation::Get), asked);
    assert_eq!(world.money().await.0, "98.87");
    world.lawful();
}

#[tokio::test]
async fn a_report_that_the_provider_never_credits_is_done_after_48_h_and_is_no_job_that_was_given_up() {
    let world = World::new().await;
    let order = completed(&world).await;
    report(&world, &order).await.expect("reported");
    let jobs = async || {
        let (query, page) =
            (JobQuery { state: None, lane: Some(JobLane::Provider) }, Page { limit: 9, after: None });
        let page = world.platform.store.queued(query, page).await.expect("readable");
        page.rows.into_iter().map(|job| (job.state, job.attempts)).collect::<Vec<_>>()
    };
    let asked = || world.platform.provider.calls(ProviderOperation::Get);
    world.platform.tick().await;
    let first = asked();
    // As often as it may be looked for.
    for _ in 0..48 * 12 - 1 {
        world.platform.advance(minutes(5)).await;
    }
    assert_eq!(jobs().await, [(JobState::Waiting, 0)], "nothing has failed");
    assert!((40..80).contains(&(asked() - first)), "{} looks", asked() - first);
    world.platform.advance(minutes(5)).await;
    assert_eq!(jobs().await, []);
    assert_eq!(world.platform.store.buried_jobs(), Vec::<String>::new());
    world.lawful();
}

#[tokio::test]
async fn elsewhere_a_report_is_a_remark() {
    let world = World::new().await;
    let cancelled = world.buy("whatsapp").await;
    world.platform.orders.cancel(world.ada, cancelled.head().id).await.expect("cancelled");
    world.fail(ProviderOperation::Buy, ProviderFailure::Declined(DeclineReason::NoNumbers), 1);
    let failed = world.buy("whatsapp").await;
    for order in [&cancelled, &failed] {
        let before = world.status(order.head().id).await;
        let after = report(&world, order).await.expect("noted");
        assert_eq!((after.status(), after.head().report.is_some()), (before, true));
    }
    assert_eq!(world.platform.provider.calls(ProviderOperation::Report), 0);
    let ben = world.platform.new_user("ben@example.com").await.expect("a user");
    let foreign = world.platform.orders.report(ben, failed.head().id, ReportReason::NoCode).await;
    assert!(matches!(foreign, Err(ReportError::NotFound)));
    world.settled();
}

#[tokio::test]
async fn a_reported_number_is_sold_to_nobody_for_that_service() {
    let world = World::new().await;
    let order = world.buy("whatsapp").await;
    report(&world, &order).await.expect("reported");
    world.platform.provider.set_state(&line(&order).reservation, ReservationState::Cancelled);
    let ben = world.platform.new_user("ben@example.com").await.expect("a user");
    world.platform.fund(ben, "10.00").await.expect("funds");
    for (service, status) in [("whatsapp", OrderStatus::Failed), ("telegram", OrderStatus::Waiting)] {
        world.platform.provider.next_number(line(&order).number.expect("it is kept"));
        let next = world.platform.buy(ben, service, "2.00").await.expect("an order");
        assert_eq!(next.status(), status, "{service}");
        if let Order::Failed(failed) = next {
            assert_eq!(failed.failure, Failure::NoNumbers);
        }
    }
    world.platform.advance(minutes(2)).await;
    world.settled();
}

#[tokio::test]
async fn beyond_twenty_a_day_reports_are_kept_and_the_provider_does_not_hear_of_them() {
    let world = World::new().await;
    let mut told = Vec::new();
    for _ in 0..22 {
        let order = world.buy("google").await;
        let after = report(&world, &order).await.expect("kept");
        told.push(after.head().report.is_some_and(|report| report.is_told));
        world.platform.clock.advance(seconds(1));
    }
    assert_eq!(told, [vec![true; 20], vec![false; 2]].concat());
    assert_eq!(world.platform.provider.calls(ProviderOperation::Report), 20);
    world.platform.clock.advance(hours(24));
    world.platform.tick().await;
    let order = world.buy("google").await;
    assert!(report(&world, &order).await.expect("told").head().report.is_some_and(|r| r.is_told));
    world.lawful();
}

#[tokio::test]
async fn a_report_of_a_number_that_was_given_up_says_nothing_against_the_next_one() {
    let world = World::new().await;
    let order = world.buy("whatsapp").await;
    world.fail(ProviderOperation::Report, ProviderFailure::Declined(DeclineReason::Refused), 1);
    let kept = report(&world, &order).await.expect("reported");
    assert_eq!((kept.status(), kept.head().report.is_some()), (OrderStatus::Waiting, true));
    let id = order.head().id;
    let claim = world.platform.claim(world.ada, "swap", id.uuid()).expect("a claim");
    let swap = namaskah_domain::verification::Swap { user: world.ada, order: id, claim };
    let swapped = world.platform.orders.swap(swap).await.expect("another number").value;
    assert_eq!(swapped.head().report, None);
    let done = world.platform.deliver(id, "Your code is 482913").await.expect("delivered");
    assert_eq!(done.status(), OrderStatus::Completed);
    let told = world.platform.provider.calls(ProviderOperation::Report);
    for _ in 0..3 {
        world.platform.advance(minutes(5)).await;
    }
    assert_eq!(world.platform.provider.calls(ProviderOperation::Report), told);
    assert_eq!(world.money().await, ("98.87".into(), "0.00".into()));
    world.lawful();
    let after = report(&world, &done).await.expect("reported");
    assert!(after.head().report.is_some_and(|report| report.is_told));
    world.platform.advance(minutes(5)).await;
    assert_eq!(world.platform.provider.calls(ProviderOperation::Report), told + 1);
}
