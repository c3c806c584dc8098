//! Disputes: what is claimed is frozen, and a lost one is paid from the wallet or owed.

use namaskah_domain::{
    EventKind,
    memory::{GatewayFailure, GatewayOperation, OddPayment},
    payment::{
        ChargedMoney, Destination, DisputeState, GatewayDisputeId, GatewayDisputeStatus, GatewayNotice,
        Intent, RefundError, SuspenseError,
    },
    staff::By,
    time::{hours, minutes, seconds},
};

use crate::world::{World, ngn};

async fn open(world: &World, of: &Intent, claimed: Option<&str>) -> GatewayDisputeId {
    let name = world.platform.gateway.open_dispute(&of.reference, claimed.map(ngn)).expect("a dispute");
    world.platform.tick().await;
    name
}

pub async fn decide(world: &World, name: &GatewayDisputeId, status: GatewayDisputeStatus) {
    assert!(world.platform.gateway.decide_dispute(name, status));
    world.platform.tick().await;
}

/// Available, held and owed.
pub async fn shown(world: &World) -> [String; 3] {
    let balance = world.platform.balance(world.ada).await.expect("a balance");
    [balance.available.to_string(), balance.held.to_string(), balance.debt.to_string()]
}

#[tokio::test]
async fn a_dispute_freezes_what_it_claims_and_blocks_orders_and_refunds() {
    let world = World::new().await;
    let intent = world.fund("10.00").await;
    open(&world, &intent, Some("4000")).await;
    assert_eq!(shown(&world).await, ["7.50", "2.50", "0.00"]);
    assert_eq!(world.now(&intent).await.back.open_disputes, 1);
    assert!(world.platform.buy(world.ada, "whatsapp", "2.00").await.is_err());
    assert!(matches!(world.refused(&intent, None).await, RefundError::DisputeOpen));
    assert_eq!(world.told().await, [EventKind::PaymentSucceeded, EventKind::PaymentDisputed]);
    world.lawful();
}

#[tokio::test]
async fn reminders_repetitions_and_sweeps_change_nothing() {
    let world = World::new().await;
    let intent = world.fund("10.00").await;
    let name = open(&world, &intent, None).await;
    let before = world.platform.store.all_disputes();
    for _ in 0..3 {
        world
            .platform
            .notify_gateway(&GatewayNotice::Dispute(intent.reference.clone()))
            .await
            .expect("stored");
        world.platform.advance(hours(1)).await;
    }
    assert_eq!(world.platform.store.all_disputes(), before);
    decide(&world, &name, GatewayDisputeStatus::Lost).await;
    let after = (world.platform.store.all_disputes(), world.journal());
    world.platform.advance(hours(1)).await;
    assert_eq!((world.platform.store.all_disputes(), world.journal()), after);
    world.lawful();
}

#[tokio::test]
async fn a_won_dispute_lifts_the_freeze_and_posts_nothing() {
    let world = World::new().await;
    let intent = world.fund("10.00").await;
    let name = open(&world, &intent, None).await;
    assert_eq!(shown(&world).await, ["0.00", "10.00", "0.00"]);
    decide(&world, &name, GatewayDisputeStatus::Won).await;
    assert_eq!(shown(&world).await, ["10.00", "0.00", "0.00"]);
    assert_eq!(world.journal().len(), 3);
    assert_eq!(world.now(&intent).await.back.open_disputes, 0);
    world.lawful();
    world.refund(&intent, None).await;
    world.lawful();
}

#[tokio::test]
async fn a_lost_dispute_takes_what_is_there_and_the_rest_is_owed_until_a_deposit_repays_it() {
    let world = World::new().await;
    let intent = world.fund("10.00").await;
    let order = world.platform.buy(world.ada, "whatsapp", "2.00").await.expect("an order");
    world.platform.deliver(order.head().id, "Your code is 482913").await.expect("a code");
    let before = world.journal().len();
    let name = open(&world, &intent, None).await;
    decide(&world, &name, GatewayDisputeStatus::Lost).await;
    assert_eq!(
        world.journal()[before..],
        ["wallet -> fx 8.87 USD", "debt -> fx 1.13 USD", "fx -> psp_clearing:paystack 16000.00 NGN"]
    );
    assert_eq!(shown(&world).await, ["0.00", "0.00", "1.13"]);
    world.lawful();
    assert!(world.platform.buy(world.ada, "whatsapp", "2.00").await.is_err());
    world.fund("5.00").await;
    assert_eq!(shown(&world).await, ["3.87", "0.00", "0.00"]);
    assert!(world.platform.buy(world.ada, "whatsapp", "2.00").await.is_ok());
    world.lawful();
}

#[tokio::test]
async fn a_dispute_leaves_what_is_held_for_orders_and_refunds() {
    let world = World::new().await;
    let intent = world.fund("10.00").await;
    let order = world.platform.buy(world.ada, "whatsapp", "2.00").await.expect("an order");
    let refund = world.refund(&intent, Some("5.00")).await;
    let name = open(&world, &intent, None).await;
    world.platform.deliver(order.head().id, "Your code is 482913").await.expect("a code");
    world.platform.advance(seconds(11)).await;
    assert!(!world.platform.store.all_refunds().iter().any(|known| known.id == refund.id && known.is_open()));
    assert_eq!(shown(&world).await, ["0.00", "3.87", "0.00"]);
    decide(&world, &name, GatewayDisputeStatus::Lost).await;
    assert_eq!(shown(&world).await, ["0.00", "0.00", "6.13"]);
    world.lawful();
}

#[tokio::test]
async fn a_dispute_that_is_first_seen_decided_ends_the_same() {
    for (status, available) in [(GatewayDisputeStatus::Won, "10.00"), (GatewayDisputeStatus::Lost, "0.00")] {
        let world = World::new().await;
        let intent = world.fund("10.00").await;
        let name = world.platform.gateway.open_dispute(&intent.reference, None).expect("a dispute");
        decide(&world, &name, status).await;
        assert_eq!(world.available().await, available);
        assert!(!world.platform.store.all_disputes()[0].is_open());
        world.lawful();
    }
}

#[tokio::test]
async fn a_dispute_that_is_lost_after_it_was_won_is_lost() {
    let world = World::new().await;
    let intent = world.fund("10.00").await;
    let name = open(&world, &intent, None).await;
    decide(&world, &name, GatewayDisputeStatus::Won).await;
    decide(&world, &name, GatewayDisputeStatus::Lost).await;
    assert_eq!(world.available().await, "0.00");
    assert!(matches!(world.platform.store.all_disputes()[0].state, DisputeState::Lost { .. }));
    world.lawful();
}

#[tokio::test]
async fn a_dispute_that_is_won_after_it_was_lost_gives_back_and_tells_whoever_was_told_of_the_loss() {
    let world = World::new().await;
    let intent = world.fund("10.00").await;
    let order = world.platform.buy(world.ada, "whatsapp", "2.00").await.expect("an order");
    world.platform.deliver(order.head().id, "Your code is 482913").await.expect("a code");
    let name = open(&world, &intent, None).await;
    for _ in 0..2 {
        decide(&world, &name, GatewayDisputeStatus::Lost).await;
        assert_eq!(shown(&world).await, ["0.00", "0.00", "1.13"]);
        world.lawful();
        let before = world.told().await.len();
        decide(&world, &name, GatewayDisputeStatus::Won).await;
        assert_eq!(shown(&world).await, ["8.87", "0.00", "0.00"]);
        assert_eq!(world.told().await[before..], [EventKind::PaymentRefunded]);
        assert!(world.now(&intent).await.back.arrived.is_zero());
        let settled = world.journal();
        world.platform.advance(hours(1)).await;
        assert_eq!(world.journal(), settled);
        world.lawful();
    }
}

#[tokio::test]
async fn of_two_disputes_each_takes_its_own() {
    let world = World::new().await;
    let (first, second) = (world.fund("10.00").await, world.fund("10.00").await);
    let order = world.platform.buy(world.ada, "whatsapp", "2.00").await.expect("an order");
    world.platform.deliver(order.head().id, "Your code is 482913").await.expect("a code");
    let (one, other) = (open(&world, &first, None).await, open(&world, &second, None).await);
    assert_eq!(shown(&world).await, ["0.00", "18.87", "0.00"]);
    decide(&world, &one, GatewayDisputeStatus::Lost).await;
    assert_eq!(shown(&world).await, ["0.00", "8.87", "0.00"]);
    let counted = (world.now(&first).await.back.open_disputes, world.now(&second).await.back.open_disputes);
    assert_eq!(counted, (0, 1));
    world.lawful();
    decide(&world, &other, GatewayDisputeStatus::Won).await;
    assert_eq!(shown(&world).await, ["8.87", "0.00", "0.00"]);
    world.lawful();
}

#[tokio::test]
async fn a_dispute_that_is_first_seen_lost_leaves_what_another_has_frozen() {
    let world = World::new().await;
    let (first, second) = (world.fund("10.00").await, world.fund("10.00").await);
    let order = world.platform.buy(world.ada, "whatsapp", "2.00").await.expect("an order");
    world.platform.deliver(order.head().id, "Your code is 482913").await.expect("a code");
    open(&world, &first, None).await;
    let name = world.platform.gateway.open_dispute(&second.reference, None).expect("a dispute");
    decide(&world, &name, GatewayDisputeStatus::Lost).await;
    assert_eq!(shown(&world).await, ["0.00", "10.00", "1.13"]);
    world.lawful();
}

#[tokio::test]
async fn a_dispute_is_found_though_it_is_old_and_undecided() {
    let world = World::new().await;
    let intent = world.fund("10.00").await;
    let name = open(&world, &intent, None).await;
    world.platform.advance(hours(24 * 30)).await;
    decide(&world, &name, GatewayDisputeStatus::Won).await;
    assert_eq!(world.available().await, "10.00");
    world.lawful();
}

#[tokio::test]
async fn a_dispute_that_was_won_is_seen_lost_at_once_within_a_week_and_in_an_hour_within_half_a_year() {
    for (days, at_once) in [(6, "0.00"), (179, "10.00")] {
        let world = World::new().await;
        let intent = world.fund("10.00").await;
        let name = open(&world, &intent, None).await;
        decide(&world, &name, GatewayDisputeStatus::Won).await;
        world.platform.advance(hours(24 * days)).await;
        assert!(world.platform.gateway.decide_dispute(&name, GatewayDisputeStatus::Lost));
        world.platform.advance(minutes(1)).await;
        assert_eq!(world.available().await, at_once, "after {days} days");
        world.platform.advance(minutes(59)).await;
        assert_eq!(world.available().await, "0.00", "after {days} days");
        world.lawful();
    }
}

#[tokio::test]
async fn a_dispute_over_a_payment_that_was_not_credited_waits_for_the_credit() {
    let world = World::new().await;
    let intent = world.open("10.00").await;
    world.platform.gateway.pay(&intent.reference);
    world.platform.gateway.open_dispute(&intent.reference, None).expect("a dispute");
    world.platform.payments.follow_disputes().await.expect("followed");
    assert_eq!(world.platform.store.all_disputes(), []);
    world.platform.tick().await;
    assert_eq!(shown(&world).await, ["0.00", "10.00", "0.00"]);
    world.lawful();
}

#[tokio::test]
async fn a_claim_in_another_currency_is_left_to_a_person() {
    let world = World::new().await;
    let intent = world.fund("10.00").await;
    let cedi = namaskah_domain::Money::parse("5", namaskah_domain::Currency::Ghs);
    let cedi = cedi.and_then(namaskah_domain::Amount::try_new).expect("a sum");
    world.platform.gateway.open_dispute(&intent.reference, Some(cedi)).expect("a dispute");
    let followed = world.platform.payments.follow_disputes().await.expect("followed");
    assert_eq!((followed.refused, followed.changed), (1, 0));
    assert_eq!(world.available().await, "10.00");
}

#[tokio::test]
async fn a_dispute_resolved_in_a_word_that_we_do_not_know_stays_frozen_and_is_told() {
    let world = World::new().await;
    let intent = world.fund("10.00").await;
    let name = open(&world, &intent, None).await;
    assert!(world.platform.gateway.decide_dispute(&name, GatewayDisputeStatus::Unknown));
    for _ in 0..2 {
        let followed = world.platform.payments.follow_disputes().await.expect("followed");
        assert_eq!((followed.refused, followed.changed), (1, 0));
    }
    assert_eq!(shown(&world).await, ["0.00", "10.00", "0.00"]);
    decide(&world, &name, GatewayDisputeStatus::Lost).await;
    assert!(world.platform.gateway.decide_dispute(&name, GatewayDisputeStatus::Unknown));
    let followed = world.platform.payments.follow_disputes().await.expect("followed");
    assert_eq!((followed.refused, followed.changed), (0, 0));
    assert_eq!(shown(&world).await, ["0.00", "0.00", "0.00"]);
    world.lawful();
}

#[tokio::test]
async fn a_dispute_that_is_first_seen_in_a_word_that_we_do_not_know_is_frozen_and_told() {
    let world = World::new().await;
    let intent = world.fund("10.00").await;
    let name = world.platform.gateway.open_dispute(&intent.reference, None).expect("a dispute");
    assert!(world.platform.gateway.decide_dispute(&name, GatewayDisputeStatus::Unknown));
    let followed = world.platform.payments.follow_disputes().await.expect("followed");
    assert_eq!((followed.refused, followed.changed), (1, 1));
    assert_eq!(shown(&world).await, ["0.00", "10.00", "0.00"]);
    world.lawful();
}

#[tokio::test]
async fn a_dispute_that_is_opened_again_after_it_was_won_freezes_its_claim_again() {
    for again in [GatewayDisputeStatus::Open, GatewayDisputeStatus::Unknown] {
        let world = World::new().await;
        let intent = world.fund("10.00").await;
        let name = open(&world, &intent, None).await;
        decide(&world, &name, GatewayDisputeStatus::Won).await;
        decide(&world, &name, again).await;
        assert_eq!(shown(&world).await, ["0.00", "10.00", "0.00"]);
        assert_eq!(world.now(&intent).await.back.open_disputes, 1);
        assert_eq!(world.told().await.last(), Some(&EventKind::PaymentDisputed));
        assert!(world.platform.buy(world.ada, "whatsapp", "2.00").await.is_err());
        world.lawful();
        decide(&world, &name, GatewayDisputeStatus::Won).await;
        assert_eq!(shown(&world).await, ["10.00", "0.00", "0.00"]);
        decide(&world, &name, again).await;
        decide(&world, &name, GatewayDisputeStatus::Lost).await;
        assert_eq!(shown(&world).await, ["0.00", "0.00", "0.00"]);
        assert_eq!(world.now(&intent).await.back.open_disputes, 0);
        world.lawful();
    }
}

#[tokio::test]
async fn a_dispute_in_an_unheard_of_status_is_told_as_one_to_look_at_and_a_processed_refund_that_names_it_books_the_loss()
 {
    let world = World::new().await;
    let intent = world.fund("10.00").await;
    let order = world.platform.buy(world.ada, "whatsapp", "2.00").await.expect("an order");
    world.platform.deliver(order.head().id, "Your code is 482913").await.expect("a code");
    let name = open(&world, &intent, None).await;
    assert!(world.platform.gateway.decide_dispute(&name, GatewayDisputeStatus::Unknown));
    let followed = world.platform.payments.follow_disputes().await.expect("followed");
    assert_eq!((followed.refused, followed.changed), (1, 0));
    assert_eq!(shown(&world).await, ["0.00", "8.87", "0.00"]);
    world.platform.gateway.take_for(&name).expect("a refund");
    let before = world.journal().len();
    for _ in 0..3 {
        world.platform.advance(hours(1)).await;
        assert_eq!(shown(&world).await, ["0.00", "0.00", "1.13"]);
        world.lawful();
    }
    assert_eq!(
        world.journal()[before..],
        ["wallet -> fx 8.87 USD", "debt -> fx 1.13 USD", "fx -> psp_clearing:paystack 16000.00 NGN"]
    );
    assert!(matches!(world.platform.store.all_disputes()[0].state, DisputeState::Lost { .. }));
    assert_eq!(world.platform.store.all_refunds(), []);
}

#[tokio::test]
async fn a_list_that_cannot_be_read_changes_nothing() {
    let world = World::new().await;
    let intent = world.fund("10.00").await;
    world.platform.gateway.open_dispute(&intent.reference, None).expect("a dispute");
    world.platform.gateway.fail_next(GatewayOperation::Disputes, GatewayFailure::Unavailable);
    world.platform.payments.follow_disputes().await.expect_err("no list");
    assert_eq!(world.available().await, "10.00");
    world.platform.advance(minutes(1)).await;
    assert_eq!(world.available().await, "0.00");
    world.lawful();
}

#[tokio::test]
async fn a_refund_and_a_dispute_at_once_never_pass_each_other() {
    let world = World::polite().await;
    let intent = world.fund("10.00").await;
    world.platform.gateway.open_dispute(&intent.reference, None).expect("a dispute");
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..10 {
        let (world, intent) = (world.clone(), intent.clone());
        tasks.spawn(async move {
            if n % 2 == 0 {
                let outcome = world.try_refund(&intent, Some("1.00"), &format!("k{n}")).await;
                assert!(
                    matches!(
                        outcome,
                        Ok(_) | Err(RefundError::DisputeOpen | RefundError::NotRefundable { .. })
                    ),
                    "{outcome:?}"
                );
            } else {
                world.platform.payments.follow_disputes().await.expect("followed");
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.expect("a task");
    }
    assert_eq!(world.platform.store.all_disputes().len(), 1);
    world.lawful();
    world.platform.advance(minutes(1)).await;
    world.lawful();
}

#[tokio::test]
async fn a_payment_in_suspense_is_not_credited_while_it_is_disputed() {
    let world = World::new().await;
    let intent = world.open("10.00").await;
    let odd = OddPayment { paid: Some(ChargedMoney::Known(ngn("8000"))), ..OddPayment::default() };
    world.platform.gateway.pay_oddly(&intent.reference, &odd);
    world.platform.payments.settle(&intent.reference).await.expect("settled");
    let name = world.platform.gateway.open_dispute(&intent.reference, None).expect("a dispute");
    let followed = world.platform.payments.follow_disputes().await.expect("followed");
    assert_eq!((followed.refused, followed.changed), (1, 0));
    world.platform.advance(hours(10 * 24)).await;
    let nobody = namaskah_domain::UserId::from_uuid(uuid::Uuid::nil());
    let resolve = async || {
        let claim = world.platform.claim(nobody, "resolve", intent.id.uuid()).expect("a claim");
        world.platform.suspense.resolve(&By::Console, intent.id, Destination::Owner, claim).await
    };
    let refused = resolve().await;
    assert!(matches!(&refused, Err(SuspenseError::Disputed(of)) if *of == name), "{refused:?}");
    assert_eq!(shown(&world).await, ["0.00", "0.00", "0.00"]);
    decide(&world, &name, GatewayDisputeStatus::Won).await;
    resolve().await.expect("credited");
    assert_eq!(shown(&world).await, ["5.00", "0.00", "0.00"]);
    world.platform.gateway.open_dispute(&intent.reference, None).expect("another dispute");
    world.platform.advance(hours(1)).await;
    assert_eq!(shown(&world).await, ["0.00", "5.00", "0.00"]);
    world.lawful();
}
