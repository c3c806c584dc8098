//! Refunds to source: reserved first, sent once, and ended by what the gateway lists.

use namaskah_domain::{
    Change, CommitError, EventKind, Store, UnitOfWork,
    memory::{GatewayFailure, GatewayOperation},
    payment::{GatewayNotice, GatewayRefundStatus, Intent, RefundError, RefundState},
    time::{hours, minutes, seconds},
    wallet::{EntryKind, House, LedgerAccount, Legs, Purse, Source},
};

use crate::world::{World, ngn, usd};

pub fn is_pending(state: &RefundState) -> bool {
    matches!(state, RefundState::Pending { .. })
}

pub fn is_processed(state: &RefundState) -> bool {
    matches!(state, RefundState::Processed { .. })
}

pub fn is_failed(state: &RefundState) -> bool {
    matches!(state, RefundState::Failed { .. })
}

pub async fn shown(world: &World) -> (String, String) {
    let balance = world.platform.balance(world.ada).await.expect("a balance");
    (balance.available.to_string(), balance.held.to_string())
}

pub fn money(available: &str, held: &str) -> (String, String) {
    (available.to_owned(), held.to_owned())
}

#[tokio::test]
async fn a_refund_is_held_first_and_booked_in_both_currencies_when_the_customer_has_it() {
    let world = World::new().await;
    let intent = world.fund("10.00").await;
    let refund = world.refund(&intent, None).await;
    assert!(is_pending(&refund.state));
    assert_eq!((refund.amount, refund.charged), (usd("10.00"), ngn("16000")));
    assert_eq!(shown(&world).await, money("0.00", "10.00"));
    assert_eq!(world.journal().len(), 3);
    world.lawful();
    world.platform.advance(seconds(11)).await;
    assert!(is_processed(&world.state(&refund)));
    assert_eq!(shown(&world).await, money("0.00", "0.00"));
    assert_eq!(world.journal()[3..], ["wallet -> fx 10.00 USD", "fx -> psp_clearing:paystack 16000.00 NGN"]);
    let back = world.now(&intent).await.back;
    assert_eq!((back.taken, back.arrived), (usd("10.00").money(), ngn("16000").money()));
    assert_eq!(world.told().await, [EventKind::PaymentSucceeded, EventKind::PaymentRefunded]);
    assert_eq!(world.platform.gateway.calls(GatewayOperation::Refund), 1);
    world.lawful();
}

#[tokio::test]
async fn partial_refunds_follow_one_another_until_nothing_is_left() {
    let world = World::new().await;
    let intent = world.fund("10.00").await;
    for dollars in ["3.333333", "3.333333"] {
        world.refund(&intent, Some(dollars)).await;
        world.platform.advance(seconds(11)).await;
    }
    let last = world.refund(&intent, None).await;
    assert_eq!(last.amount, usd("3.333334"));
    world.platform.advance(seconds(11)).await;
    assert_eq!(world.now(&intent).await.back.arrived, ngn("16000").money());
    assert!(matches!(world.refused(&intent, None).await, RefundError::NotRefundable { .. }));
    world.lawful();
}

#[tokio::test]
async fn a_second_refund_waits_for_the_first() {
    let world = World::new().await;
    let intent = world.fund("10.00").await;
    world.refund(&intent, Some("1.00")).await;
    assert!(matches!(world.refused(&intent, Some("1.00")).await, RefundError::NotRefundable { .. }));
    world.platform.advance(seconds(11)).await;
    world.refund(&intent, Some("1.00")).await;
    world.lawful();
}

#[tokio::test]
async fn more_than_is_refundable_other_money_and_less_than_a_coin_are_refused() {
    let world = World::new().await;
    let intent = world.fund("10.00").await;
    world.platform.buy(world.ada, "whatsapp", "2.00").await.expect("an order");
    match world.refused(&intent, Some("8.880000")).await {
        RefundError::NotRefundable { refundable } => assert_eq!(refundable.to_string(), "8.87"),
        other => panic!("{other}"),
    }
    assert!(matches!(world.refused(&intent, Some("0.000001")).await, RefundError::Amount));
    let unpaid = world.open("10.00").await;
    assert!(matches!(world.refused(&unpaid, None).await, RefundError::NotRefundable { .. }));
    assert_eq!(world.platform.store.all_refunds(), []);
    world.refund(&intent, Some("8.87")).await;
    world.lawful();
}

#[tokio::test]
async fn somebody_elses_payment_is_not_found() {
    let world = World::new().await;
    let ben = world.platform.new_user("ben@example.com").await.expect("a user");
    let intent = world.fund("10.00").await;
    let as_ben = Intent { user: ben, ..intent };
    assert!(matches!(world.refused(&as_ben, None).await, RefundError::NotFound));
}

#[tokio::test]
async fn the_money_of_newer_deposits_and_goodwill_stay() {
    let world = World::new().await;
    let old = world.fund("10.00").await;
    world.platform.advance(minutes(1)).await;
    let new = world.fund("5.00").await;
    let mut legs = Legs::new(Source::from_stored("gift".into()), EntryKind::Adjustment, old.created_at);
    let wallet = LedgerAccount::User(world.ada, Purse::Wallet);
    legs.add(LedgerAccount::House(House::Adjustment), wallet, usd("2.00"));
    let gift = UnitOfWork::new().post(legs.into_entry().expect("balanced"));
    world.platform.store.commit(gift).await.expect("a gift");
    let order = world.platform.buy(world.ada, "whatsapp", "2.00").await.expect("an order");
    // 17.00 - 1.13 held - 5.00 newer - 2.00 given.
    let refund = world.refund(&old, None).await;
    assert_eq!(refund.amount, usd("8.87"));
    // 7.00 - 2.00 given, all of the new one.
    let refund = world.refund(&new, None).await;
    assert_eq!(refund.amount, usd("5.00"));
    world.platform.deliver(order.head().id, "Your code is 482913").await.expect("a code");
    world.platform.advance(seconds(11)).await;
    assert_eq!(world.available().await, "2.00");
    world.lawful();
}

#[tokio::test]
async fn a_declined_refund_gives_the_money_back_at_once() {
    let world = World::new().await;
    let intent = world.fund("10.00").await;
    world.platform.gateway.fail_next(GatewayOperation::Refund, GatewayFailure::Refused);
    let refund = world.refund(&intent, None).await;
    assert!(is_failed(&refund.state));
    assert_eq!(shown(&world).await, money("10.00", "0.00"));
    world.lawful();
    assert!(is_pending(&world.refund(&intent, None).await.state));
    world.lawful();
}

#[tokio::test]
async fn a_refund_that_fails_on_its_way_gives_the_money_back() {
    let world = World::new().await;
    let intent = world.fund("10.00").await;
    world.platform.gateway.plan_refund(GatewayRefundStatus::Failed);
    let refund = world.refund(&intent, None).await;
    world.platform.advance(seconds(11)).await;
    assert!(is_failed(&world.state(&refund)));
    assert_eq!(shown(&world).await, money("10.00", "0.00"));
    assert_eq!(world.told().await, [EventKind::PaymentSucceeded]);
    world.lawful();
}

#[tokio::test]
async fn a_refund_that_needs_attention_stays_pending_and_is_told_to_operators() {
    let world = World::new().await;
    let intent = world.fund("10.00").await;
    world.platform.gateway.plan_refund(GatewayRefundStatus::NeedsAttention);
    let refund = world.refund(&intent, None).await;
    world.platform.clock.advance(hours(24));
    let followed = world.platform.payments.follow_refunds().await.expect("followed");
    assert_eq!((followed.attention, followed.changed), (1, 0));
    assert!(is_pending(&world.state(&refund)));
    let name = world.platform.gateway.refunds(&intent.reference)[0].id.clone();
    world.platform.gateway.set_refund(&name, GatewayRefundStatus::Processed);
    world.platform.tick().await;
    assert!(is_processed(&world.state(&refund)));
    world.lawful();
}

#[tokio::test]
async fn a_refund_that_fails_after_it_was_processed_is_reversed_exactly_and_once() {
    let world = World::new().await;
    let intent = world.fund("10.00").await;
    let refund = world.refund(&intent, Some("4.00")).await;
    world.platform.advance(seconds(11)).await;
    let name = world.platform.gateway.refunds(&intent.reference)[0].id.clone();
    world.platform.gateway.set_refund(&name, GatewayRefundStatus::Failed);
    for _ in 0..2 {
        world.platform.tick().await;
        world
            .platform
            .notify_gateway(&GatewayNotice::Refund(intent.reference.clone()))
            .await
            .expect("stored");
    }
    assert!(is_failed(&world.state(&refund)));
    assert_eq!(shown(&world).await, money("10.00", "0.00"));
    assert_eq!(world.journal()[5..], ["psp_clearing:paystack -> fx 6400.00 NGN", "fx -> wallet 4.00 USD"]);
    assert!(world.now(&intent).await.back.arrived.is_zero());
    world.lawful();
}

#[tokio::test]
async fn a_repeated_key_is_answered_with_the_refund_as_it_is_now_and_sends_nothing() {
    let world = World::new().await;
    let intent = world.fund("10.00").await;
    let first = world.try_refund(&intent, None, "k").await.expect("a refund");
    world.platform.advance(seconds(11)).await;
    let again = world.try_refund(&intent, None, "k").await.expect("the same refund");
    assert_eq!((first.replayed, again.replayed), (false, true));
    assert_eq!(again.value.id, first.value.id);
    assert!(is_processed(&again.value.state));
    assert_eq!(world.platform.gateway.calls(GatewayOperation::Refund), 1);
    world.lawful();
}

#[tokio::test]
async fn a_debt_or_a_suspended_account_refunds_nothing() {
    let world = World::new().await;
    let intent = world.fund("10.00").await;
    let order = world.platform.buy(world.ada, "whatsapp", "2.00").await.expect("an order");
    world.platform.deliver(order.head().id, "Your code is 482913").await.expect("a code");
    world.platform.gateway.refund_in_dashboard(&intent.reference, ngn("16000")).expect("a refund");
    world.platform.advance(seconds(11)).await;
    let refused = world.refused(&intent, None).await;
    assert!(matches!(refused, RefundError::Commit(CommitError::AccountBlocked)));
    world.lawful();
}

#[tokio::test]
async fn many_refunds_at_once_give_back_once() {
    let world = World::polite().await;
    let intent = world.fund("10.00").await;
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..50 {
        let (world, intent) = (world.clone(), intent.clone());
        tasks.spawn(async move { world.try_refund(&intent, Some("6.00"), &format!("k{n}")).await });
    }
    let mut asked = 0;
    while let Some(outcome) = tasks.join_next().await {
        match outcome.expect("a task") {
            Ok(_) => asked += 1,
            Err(RefundError::NotRefundable { .. }) => {}
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!((asked, world.platform.gateway.calls(GatewayOperation::Refund)), (1, 1));
    world.platform.advance(seconds(11)).await;
    assert_eq!(world.available().await, "4.00");
    world.lawful();
}

#[tokio::test]
async fn a_refund_and_orders_at_once_spend_what_is_there() {
    let world = World::polite().await;
    let intent = world.fund("10.00").await;
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..20 {
        let (world, intent) = (world.clone(), intent.clone());
        tasks.spawn(async move {
            if n == 10 {
                world.try_refund(&intent, Some("9.00"), "k").await.is_ok()
            } else {
                world.platform.buy(world.ada, "whatsapp", "2.00").await.is_ok()
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.expect("a task");
    }
    world.lawful();
    world.platform.advance(hours(1)).await;
    world.lawful();
}

#[tokio::test]
async fn a_refund_is_never_sent_after_its_time() {
    /// The clock jumps while the commit is on its way.
    struct Slow(
        std::sync::Arc<namaskah_domain::memory::MemoryStore>,
        std::sync::Arc<namaskah_domain::memory::ManualClock>,
        chrono::TimeDelta,
    );

    #[async_trait::async_trait]
    impl Store for Slow {
        async fn commit(&self, unit: UnitOfWork) -> Result<namaskah_domain::Committed, CommitError> {
            if unit.changes().iter().any(|change| matches!(change, Change::Refund(_))) {
                self.1.advance(self.2);
            }
            self.0.commit(unit).await
        }

        async fn replay(&self, claim: &namaskah_domain::Claim) -> Result<Option<uuid::Uuid>, CommitError> {
            self.0.replay(claim).await
        }
    }

    for (seconds_late, calls, left) in [(2, 1, "0.00"), (3, 0, "10.00")] {
        let platform = namaskah_domain::memory::Platform::with(11, |fakes, ports| {
            let (store, clock) = (fakes.store.clone(), fakes.clock.clone());
            ports.store = std::sync::Arc::new(Slow(store, clock, seconds(seconds_late)));
        });
        let ada = platform.new_user("ada@example.com").await.expect("a user");
        let world = World { platform, ada };
        let intent = world.fund("10.00").await;
        let refund = world.refund(&intent, None).await;
        assert_eq!(matches!(refund.state, RefundState::Sent { .. }), calls == 0);
        assert_eq!(world.platform.gateway.calls(GatewayOperation::Refund), calls);
        for _ in 0..4 {
            world.platform.advance(minutes(1)).await;
        }
        assert_eq!(world.available().await, left, "{seconds_late} s late");
        world.lawful();
    }
}

#[tokio::test]
async fn a_refund_that_failed_and_is_processed_after_all_is_taken_from_the_wallet_and_the_rest_is_owed_and_one_that_flips_twice_is_booked_four_times_and_comes_out_even()
 {
    let world = World::new().await;
    let intent = world.fund("10.00").await;
    world.platform.gateway.plan_refund(GatewayRefundStatus::Failed);
    let refund = world.refund(&intent, None).await;
    world.platform.advance(seconds(11)).await;
    assert!(is_failed(&world.state(&refund)));
    let order = world.platform.buy(world.ada, "whatsapp", "2.00").await.expect("an order");
    world.platform.deliver(order.head().id, "Your code is 482913").await.expect("a code");
    let name = world.platform.gateway.refunds(&intent.reference)[0].id.clone();
    let before = world.journal().len();
    let becomes = async |status| {
        assert!(world.platform.gateway.set_refund(&name, status));
        // Again and again, and by a webhook too: once is enough.
        for _ in 0..2 {
            world.platform.advance(seconds(1)).await;
            let notice = GatewayNotice::Refund(intent.reference.clone());
            world.platform.notify_gateway(&notice).await.expect("stored");
        }
        world.platform.tick().await;
        world.lawful();
        crate::disputing::shown(&world).await
    };
    assert_eq!(becomes(GatewayRefundStatus::Processed).await, ["0.00", "0.00", "1.13"]);
    assert!(is_processed(&world.state(&refund)));
    assert_eq!(
        world.journal()[before..],
        ["wallet -> fx 8.87 USD", "debt -> fx 1.13 USD", "fx -> psp_clearing:paystack 16000.00 NGN"]
    );
    assert_eq!(world.told().await.last(), Some(&EventKind::PaymentRefunded));
    assert_eq!(world.now(&intent).await.back.arrived, ngn("16000").money());
    assert_eq!(becomes(GatewayRefundStatus::Failed).await, ["8.87", "0.00", "0.00"]);
    assert_eq!(becomes(GatewayRefundStatus::Processed).await, ["0.00", "0.00", "1.13"]);
    assert_eq!(becomes(GatewayRefundStatus::Failed).await, ["8.87", "0.00", "0.00"]);
    assert!(is_failed(&world.state(&refund)));
    let turns = world.platform.store.journal().into_iter().skip(before);
    let sources: std::collections::BTreeSet<_> = turns.map(|posted| posted.transfer.source).collect();
    assert_eq!(sources.len(), 4, "{sources:?}");
    let back = world.now(&intent).await.back;
    assert!(back.taken.is_zero() && back.charged.is_zero() && back.arrived.is_zero());
}

#[tokio::test]
async fn a_refund_that_comes_after_all_leaves_the_hold_of_the_one_in_its_place() {
    let world = World::new().await;
    let intent = world.fund("10.00").await;
    world.platform.gateway.plan_refund(GatewayRefundStatus::Failed);
    world.refund(&intent, None).await;
    world.platform.advance(seconds(11)).await;
    let second = world.refund(&intent, Some("6.00")).await;
    let first = world.platform.gateway.refunds(&intent.reference)[0].id.clone();
    assert!(world.platform.gateway.set_refund(&first, GatewayRefundStatus::Processed));
    world.platform.tick().await;
    assert_eq!(crate::disputing::shown(&world).await, ["0.00", "6.00", "6.00"]);
    world.lawful();
    world.platform.advance(seconds(11)).await;
    assert!(is_processed(&world.state(&second)));
    assert_eq!(crate::disputing::shown(&world).await, ["0.00", "0.00", "6.00"]);
    world.lawful();
}
