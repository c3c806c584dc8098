//! Payments in suspense whose money goes elsewhere at the gateway, without us.

use namaskah_domain::{
    Amount, Change, Clock, Currency, Money, Store, UnitOfWork, UserId,
    auth::AuthReads,
    memory::{GatewayFailure, GatewayOperation, OddPayment},
    payment::{
        ChargeStatus, ChargedMoney, Destination, Followed, FxRate, GatewayDisputeStatus, GatewayNotice,
        GatewayRefundStatus, Intent, IntentState, PaidBack, Settled, Suspended, SuspenseError,
        SuspenseReason, SuspenseState,
    },
    staff::By,
    time::{hours, seconds},
    wallet::{BookReads, WalletReads},
};
use rust_decimal::Decimal;

use crate::world::{World, ngn, usd};

/// 8,000 naira where 16,000 were asked.
async fn set_aside(world: &World) -> Intent {
    let intent = world.open("10.00").await;
    let odd = OddPayment { paid: Some(ChargedMoney::Known(ngn("8000"))), ..OddPayment::default() };
    world.platform.gateway.pay_oddly(&intent.reference, &odd);
    world.platform.payments.settle(&intent.reference).await.expect("settled");
    assert!(world.now(&intent).await.is_suspended());
    intent
}

impl World {
    async fn resolve(&self, of: &Intent, to: Destination) -> Result<Suspended, SuspenseError> {
        let nobody = UserId::from_uuid(uuid::Uuid::nil());
        let key = format!("resolve-{}", of.id);
        let claim = self.platform.claim(nobody, &key, of.id.uuid()).expect("a claim");
        Ok(self.platform.suspense.resolve(&By::Console, of.id, to, claim).await?.value)
    }

    async fn left(&self, of: &Intent) -> String {
        self.platform.suspense.left_to_return(of.id).await.expect("known").to_string()
    }
}

#[tokio::test]
async fn what_was_refunded_at_the_desk_is_not_credited_too() {
    for (becomes, is_told) in [
        (GatewayRefundStatus::Pending, true),
        (GatewayRefundStatus::NeedsAttention, true),
        (GatewayRefundStatus::Processed, true),
        (GatewayRefundStatus::Failed, false),
    ] {
        let world = World::new().await;
        let intent = set_aside(&world).await;
        let before = world.journal();
        let desk = world.platform.gateway.refund_in_dashboard(&intent.reference, ngn("1000"));
        let desk = desk.expect("a refund");
        assert!(world.platform.gateway.set_refund(&desk, becomes));
        let outcome = world.resolve(&intent, Destination::Owner).await;
        if is_told {
            assert!(matches!(&outcome, Err(SuspenseError::Refunded(name)) if *name == desk), "{outcome:?}");
            assert_eq!(world.journal(), before);
        } else {
            outcome.expect("credited");
            assert_eq!(world.available().await, "5.00");
        }
        world.lawful();
    }
}

#[tokio::test]
async fn what_is_disputed_or_was_lost_is_not_credited_too() {
    for status in [GatewayDisputeStatus::Open, GatewayDisputeStatus::Unknown, GatewayDisputeStatus::Lost] {
        let world = World::new().await;
        let intent = set_aside(&world).await;
        let before = world.journal();
        let name = world.platform.gateway.open_dispute(&intent.reference, None).expect("a dispute");
        assert!(world.platform.gateway.decide_dispute(&name, status));
        let refused = world.resolve(&intent, Destination::Owner).await.expect_err("refused");
        let says_so = match &refused {
            SuspenseError::DisputeLost(of) => status == GatewayDisputeStatus::Lost && *of == name,
            SuspenseError::Disputed(of) => status != GatewayDisputeStatus::Lost && *of == name,
            _ => false,
        };
        assert!(says_so, "{status:?}: {refused:?}");
        assert_eq!(world.journal(), before);
        world.lawful();
    }
}

#[tokio::test]
async fn without_the_gateways_word_nothing_moves() {
    for (operation, to) in [
        (GatewayOperation::Refunds, Destination::Owner),
        (GatewayOperation::Disputes, Destination::Owner),
        (GatewayOperation::Verify, Destination::Owner),
        (GatewayOperation::Refunds, Destination::Source),
        (GatewayOperation::Disputes, Destination::Source),
    ] {
        let world = World::new().await;
        let intent = set_aside(&world).await;
        let before = world.journal();
        world.platform.gateway.fail_next(operation, GatewayFailure::Unavailable);
        let refused = world.resolve(&intent, to).await;
        assert!(matches!(refused, Err(SuspenseError::Gateway(_))), "{refused:?}");
        assert_eq!(world.journal(), before);
        world.resolve(&intent, to).await.expect("resolved under the same key");
        world.lawful();
    }
}

#[tokio::test]
async fn what_the_gateway_does_not_have_any_more_is_not_credited() {
    for status in [ChargeStatus::Reversed, ChargeStatus::Failed] {
        let world = World::new().await;
        let intent = set_aside(&world).await;
        world.platform.gateway.set_status(&intent.reference, status);
        let refused = world.resolve(&intent, Destination::Owner).await;
        assert!(matches!(refused, Err(SuspenseError::NotHeld)), "{refused:?}");
        assert_eq!(world.available().await, "0.00");
    }
}

#[tokio::test]
async fn what_went_back_at_the_desk_is_not_to_be_sent_again() {
    let world = World::new().await;
    let intent = set_aside(&world).await;
    let sent = world.platform.gateway.refund_in_dashboard(&intent.reference, ngn("3000")).expect("a refund");
    let name = world.platform.gateway.open_dispute(&intent.reference, Some(ngn("1000"))).expect("a dispute");
    let refused = world.resolve(&intent, Destination::Source).await;
    assert!(matches!(&refused, Err(SuspenseError::Disputed(of)) if *of == name), "{refused:?}");
    assert!(world.platform.gateway.decide_dispute(&name, GatewayDisputeStatus::Lost));
    let item = world.resolve(&intent, Destination::Source).await.expect("resolved");
    assert!(matches!(item.state, SuspenseState::Returned { .. }), "{item:?}");
    assert_eq!(world.left(&intent).await, "4000.00");
    assert!(world.platform.gateway.set_refund(&sent, GatewayRefundStatus::Failed));
    assert_eq!(world.left(&intent).await, "7000.00");
    world.platform.gateway.refund_in_dashboard(&intent.reference, ngn("7000")).expect("a refund");
    assert_eq!(world.left(&intent).await, "0.00");
    world.lawful();
}

#[tokio::test]
async fn a_sum_that_cannot_be_compared_is_left_to_a_person() {
    let world = World::new().await;
    let intent = set_aside(&world).await;
    let cedi = Money::parse("5", Currency::Ghs).and_then(Amount::try_new).expect("a sum");
    let name = world.platform.gateway.open_dispute(&intent.reference, Some(cedi)).expect("a dispute");
    assert!(world.platform.gateway.decide_dispute(&name, GatewayDisputeStatus::Lost));
    let refused = world.resolve(&intent, Destination::Source).await;
    assert!(matches!(refused, Err(SuspenseError::OtherMoney)), "{refused:?}");
    world.platform.advance(seconds(60)).await;
    assert!(world.platform.suspense.open(10).await.expect("readable").len() == 1);
}

impl World {
    async fn standing(&self, of: &Intent) -> SuspenseState {
        let item = BookReads::suspended(self.platform.store.as_ref(), of.id).await.expect("readable");
        item.expect("an item").state
    }

    /// Changed, and left to a person, by a look at disputes and one at refunds.
    async fn follow(&self) -> [(u32, u32); 2] {
        let disputes = self.platform.payments.follow_disputes().await.expect("followed");
        let refunds = self.platform.payments.follow_refunds().await.expect("followed");
        [(disputes.changed, disputes.refused), (refunds.changed, refunds.refused)]
    }
}

impl World {
    async fn closes_ada(&self) {
        let store = self.platform.store.as_ref();
        let ada = AuthReads::user(store, self.ada).await.expect("readable").expect("a user");
        let gone = UnitOfWork::new().with(Change::User(ada.anonymised(self.platform.clock.now())));
        Store::commit(store, gone).await.expect("closed");
    }
}

#[tokio::test]
async fn what_comes_after_its_owner_has_closed_the_account_is_set_aside_and_only_goes_back() {
    let world = World::new().await;
    let intent = world.open("10.00").await;
    world.closes_ada().await;
    world.platform.gateway.pay(&intent.reference);
    let settled = world.platform.payments.settle(&intent.reference).await;
    assert!(matches!(settled, Ok(Settled::Suspended)), "{settled:?}");
    let item = BookReads::suspended(world.platform.store.as_ref(), intent.id).await.expect("readable");
    assert_eq!(item.expect("an item").reason, SuspenseReason::AccountClosed);
    let refused = world.resolve(&intent, Destination::Owner).await;
    assert!(matches!(refused, Err(SuspenseError::AccountClosed)), "{refused:?}");
    world.resolve(&intent, Destination::Source).await.expect("it goes back");
    assert_eq!(world.available().await, "0.00");
    world.lawful();
}

#[tokio::test]
async fn a_payment_in_suspense_is_not_credited_once_its_owner_has_closed_the_account() {
    let world = World::new().await;
    let intent = set_aside(&world).await;
    world.closes_ada().await;
    let refused = world.resolve(&intent, Destination::Owner).await;
    assert!(matches!(refused, Err(SuspenseError::AccountClosed)), "{refused:?}");
    assert_eq!(world.standing(&intent).await, SuspenseState::Open);
}

#[tokio::test]
async fn a_lost_dispute_over_a_payment_in_suspense_closes_it_once() {
    let world = World::new().await;
    let intent = set_aside(&world).await;
    let name = world.platform.gateway.open_dispute(&intent.reference, None).expect("a dispute");
    assert_eq!(world.follow().await, [(0, 1), (0, 0)]);
    assert_eq!(world.standing(&intent).await, SuspenseState::Open);
    assert!(world.platform.gateway.decide_dispute(&name, GatewayDisputeStatus::Lost));
    assert_eq!(world.follow().await, [(1, 0), (0, 0)]);
    assert!(matches!(world.standing(&intent).await, SuspenseState::Returned { .. }));
    for _ in 0..2 {
        assert_eq!(world.follow().await, [(0, 0), (0, 0)]);
        world.platform.advance(hours(1)).await;
    }
    assert_eq!(
        world.journal(),
        ["psp_clearing:paystack -> suspense 8000.00 NGN", "suspense -> psp_clearing:paystack 8000.00 NGN"]
    );
    let refused = world.resolve(&intent, Destination::Owner).await;
    assert!(matches!(refused, Err(SuspenseError::AlreadyResolved)), "{refused:?}");
    assert_eq!((world.left(&intent).await, world.available().await), ("0.00".into(), "0.00".into()));
    world.lawful();
}

#[tokio::test]
async fn refunds_at_the_desk_close_a_payment_in_suspense_when_they_come_to_all_of_it() {
    let world = World::new().await;
    let intent = set_aside(&world).await;
    let desk = |sum| world.platform.gateway.refund_in_dashboard(&intent.reference, ngn(sum));
    desk("3000").expect("a refund");
    assert_eq!(world.follow().await, [(0, 0), (0, 0)], "it is on its way");
    world.platform.clock.advance(seconds(11));
    assert_eq!(world.follow().await, [(0, 0), (0, 1)], "a part of it is a person's business");
    assert_eq!((world.standing(&intent).await, world.journal().len()), (SuspenseState::Open, 1));
    desk("5000").expect("a refund");
    world.platform.clock.advance(seconds(11));
    world.platform.notify_gateway(&GatewayNotice::Refund(intent.reference.clone())).await.expect("stored");
    world.platform.tick().await;
    assert!(matches!(world.standing(&intent).await, SuspenseState::Returned { .. }));
    assert_eq!(world.follow().await, [(0, 0), (0, 0)]);
    assert_eq!(world.journal().len(), 2);
    world.lawful();
}

#[tokio::test]
async fn what_went_back_twice_is_told_and_booked_once() {
    let world = World::new().await;
    let intent = set_aside(&world).await;
    world.resolve(&intent, Destination::Source).await.expect("resolved");
    world.platform.gateway.refund_in_dashboard(&intent.reference, ngn("8000")).expect("a refund");
    world.platform.clock.advance(seconds(11));
    assert_eq!(world.follow().await, [(0, 0), (0, 0)], "as it was said to");
    let name = world.platform.gateway.open_dispute(&intent.reference, None).expect("a dispute");
    assert!(world.platform.gateway.decide_dispute(&name, GatewayDisputeStatus::Lost));
    assert_eq!(world.follow().await, [(0, 1), (0, 0)]);
    assert_eq!(world.journal().len(), 2);
    world.lawful();
}

impl World {
    /// What a look an hour later leaves to somebody at the gateway.
    async fn looked_at_again(&self) -> u32 {
        self.platform.clock.advance(hours(1));
        self.platform.payments.follow_refunds().await.expect("followed").attention
    }
}

#[tokio::test]
async fn what_was_booked_back_and_never_sent_is_told_after_a_day_until_it_has_gone() {
    let world = World::new().await;
    let intent = set_aside(&world).await;
    world.resolve(&intent, Destination::Source).await.expect("resolved");
    assert_eq!(world.looked_at_again().await, 0, "somebody is about to");
    world.platform.clock.advance(hours(23));
    assert_eq!(world.looked_at_again().await, 1);
    world.platform.gateway.refund_in_dashboard(&intent.reference, ngn("7000")).expect("a refund");
    assert_eq!(world.looked_at_again().await, 1, "a part of it");
    world.platform.gateway.refund_in_dashboard(&intent.reference, ngn("1000")).expect("a refund");
    assert_eq!(world.looked_at_again().await, 0);
    assert_eq!(world.journal().len(), 2);
    world.lawful();
}

#[tokio::test]
async fn the_hundred_and_first_payment_that_was_booked_back_and_not_sent_is_told() {
    let world = World::new().await;
    let mut booked = Vec::new();
    for _ in 0..101 {
        let intent = set_aside(&world).await;
        world.resolve(&intent, Destination::Source).await.expect("resolved");
        booked.push(intent);
    }
    booked.sort_by_key(|intent| intent.id);
    for intent in &booked[..100] {
        world.platform.gateway.refund_in_dashboard(&intent.reference, ngn("8000")).expect("a refund");
    }
    world.platform.clock.advance(hours(24));
    assert_eq!(world.looked_at_again().await, 1);
}

#[tokio::test]
async fn a_refund_at_the_desk_that_closed_an_item_and_failed_afterwards_is_told() {
    let world = World::new().await;
    let intent = set_aside(&world).await;
    let desk = world.platform.gateway.refund_in_dashboard(&intent.reference, ngn("8000")).expect("a refund");
    world.platform.clock.advance(seconds(11));
    world.follow().await;
    assert!(matches!(world.standing(&intent).await, SuspenseState::Returned { .. }));
    world.platform.clock.advance(hours(24));
    assert_eq!(world.looked_at_again().await, 0);
    assert!(world.platform.gateway.set_refund(&desk, GatewayRefundStatus::Failed));
    assert_eq!(world.looked_at_again().await, 1);
}

#[tokio::test]
async fn what_a_lost_dispute_took_has_gone() {
    let world = World::new().await;
    let intent = set_aside(&world).await;
    let name = world.platform.gateway.open_dispute(&intent.reference, None).expect("a dispute");
    assert!(world.platform.gateway.decide_dispute(&name, GatewayDisputeStatus::Lost));
    world.follow().await;
    world.platform.clock.advance(hours(24));
    assert_eq!(world.looked_at_again().await, 0);
}

#[tokio::test]
async fn a_part_lost_and_a_part_refunded_may_be_the_same_money_and_are_left_to_a_person() {
    for sum in ["4000", "5000"] {
        let world = World::new().await;
        let intent = set_aside(&world).await;
        world.platform.gateway.refund_in_dashboard(&intent.reference, ngn(sum)).expect("a refund");
        let name = world.platform.gateway.open_dispute(&intent.reference, Some(ngn(sum))).expect("a dispute");
        world.platform.clock.advance(seconds(11));
        assert!(world.platform.gateway.decide_dispute(&name, GatewayDisputeStatus::Lost));
        assert_eq!(world.follow().await, [(0, 1), (0, 1)], "{sum}");
        assert_eq!(world.standing(&intent).await, SuspenseState::Open);
        world.resolve(&intent, Destination::Source).await.expect("resolved by a person");
        assert_eq!(world.left(&intent).await, "0.00", "none of it is sent again");
        world.lawful();
    }
}

#[tokio::test]
async fn a_look_that_finds_the_gateway_silent_books_nothing() {
    let world = World::new().await;
    let intent = set_aside(&world).await;
    let name = world.platform.gateway.open_dispute(&intent.reference, None).expect("a dispute");
    assert!(world.platform.gateway.decide_dispute(&name, GatewayDisputeStatus::Lost));
    world.platform.gateway.fail_next(GatewayOperation::Refunds, GatewayFailure::Unavailable);
    let followed = world.platform.payments.follow_disputes().await.expect("followed");
    assert_eq!((followed.changed, followed.unanswered), (0, 1));
    assert_eq!(world.standing(&intent).await, SuspenseState::Open);
}

#[tokio::test]
async fn a_refund_at_the_desk_that_waits_for_somebody_there_is_counted() {
    for (status, attention) in [(GatewayRefundStatus::NeedsAttention, 1), (GatewayRefundStatus::Pending, 0)] {
        let world = World::new().await;
        let intent = set_aside(&world).await;
        let desk = world.platform.gateway.refund_in_dashboard(&intent.reference, ngn("8000"));
        assert!(world.platform.gateway.set_refund(&desk.expect("a refund"), status));
        let followed = world.platform.payments.follow_refunds_of(&intent.reference).await.expect("followed");
        assert_eq!(followed, Followed { attention, ..Followed::default() });
        assert_eq!(world.standing(&intent).await, SuspenseState::Open);
    }
}

#[tokio::test]
async fn a_payment_that_is_credited_out_of_suspense_tells_the_rate_of_that_day_and_what_was_really_paid() {
    let world = World::new().await;
    let intent = set_aside(&world).await;
    let store = world.platform.store.as_ref();
    let item = BookReads::suspended(store, intent.id).await.expect("readable").expect("an item");
    let account = store.account(world.ada).await.expect("readable").expect("an account");
    let (aside, now) = (world.now(&intent).await, world.platform.clock.now());
    let rate = FxRate::try_new(Decimal::from(1_700)).expect("a rate");
    let unit = item.credited(aside.clone(), &account, rate, world.platform.id(), now).expect("credited");
    let told = unit.changes().iter().find_map(|change| match change {
        Change::Intent(told) => Some(told.clone()),
        _ => None,
    });
    let (amount, charged) = (usd("4.705882"), ngn("8000"));
    let back = PaidBack::nothing(amount, charged);
    let (state, version) = (IntentState::Succeeded { at: now }, aside.version.next());
    assert_eq!(told, Some(Intent { amount, charged, rate, back, state, version, ..aside }));
}
