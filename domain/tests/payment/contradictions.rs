//! Disputes of which the gateway's two lists, or the list and our books, do not say the same.

use namaskah_domain::{
    UserId,
    payment::{
        ChargedMoney, DisputeEnd, DisputeState, Followed, GatewayDisputeId, GatewayDisputeStatus, Intent,
        SettleDispute, SettleDisputeError,
    },
    staff::{AuditAction, AuditQuery, By, StaffReads},
    time::hours,
    wallet::Reason,
};

use crate::{
    disputing::{decide, shown},
    world::{World, ngn, usd},
};

fn disputed(world: &World, of: &Intent) -> GatewayDisputeId {
    world.platform.gateway.open_dispute(&of.reference, None).expect("a dispute")
}

async fn followed(world: &World) -> (Followed, Followed) {
    let refunds = world.platform.payments.follow_refunds().await.expect("followed");
    (world.platform.payments.follow_disputes().await.expect("followed"), refunds)
}

#[tokio::test]
async fn a_refund_for_a_dispute_that_cannot_be_read_proves_that_it_is_lost_once() {
    let world = World::new().await;
    let intent = world.fund("10.00").await;
    world.platform.gateway.garble_disputes(1);
    let name = disputed(&world, &intent);
    assert_eq!(followed(&world).await.0.refused, 1, "somebody must look");
    world.platform.gateway.take_for(&name).expect("a refund");
    let before = world.journal().len();
    for readable in [false, true, true] {
        world.platform.advance(hours(1)).await;
        assert_eq!(shown(&world).await, ["0.00", "0.00", "0.00"]);
        assert_eq!(
            world.journal()[before..],
            ["wallet -> fx 10.00 USD", "fx -> psp_clearing:paystack 16000.00 NGN"]
        );
        world.lawful();
        world.platform.gateway.garble_disputes(usize::from(!readable));
        assert!(world.platform.gateway.decide_dispute(&name, GatewayDisputeStatus::Lost));
    }
    assert_eq!(followed(&world).await, (Followed::default(), Followed::default()));
}

#[tokio::test]
async fn a_refund_for_a_dispute_that_the_house_has_won_is_told_and_not_booked() {
    let world = World::new().await;
    let intent = world.fund("10.00").await;
    let name = disputed(&world, &intent);
    world.platform.tick().await;
    decide(&world, &name, GatewayDisputeStatus::Won).await;
    world.platform.gateway.take_for(&name).expect("a refund");
    for _ in 0..2 {
        world.platform.advance(hours(1)).await;
        assert_eq!(followed(&world).await.1.refused, 1);
        assert_eq!(shown(&world).await, ["10.00", "0.00", "0.00"]);
    }
    world.lawful();
}

#[tokio::test]
async fn a_won_dispute_lifts_the_freeze_whatever_sum_it_comes_with() {
    for sum in [ChargedMoney::Unbookable, ChargedMoney::Known(ngn("1"))] {
        let world = World::new().await;
        let intent = world.fund("10.00").await;
        let name = disputed(&world, &intent);
        world.platform.tick().await;
        assert_eq!(shown(&world).await, ["0.00", "10.00", "0.00"]);
        assert!(world.platform.gateway.tell_dispute_sum(&name, sum));
        decide(&world, &name, GatewayDisputeStatus::Won).await;
        assert_eq!(shown(&world).await, ["10.00", "0.00", "0.00"]);
        assert_eq!(world.now(&intent).await.back.open_disputes, 0);
        assert_eq!(followed(&world).await.0.refused, 0);
        world.lawful();
    }
}

async fn settle(
    world: &World,
    name: &GatewayDisputeId,
    end: DisputeEnd,
    key: &str,
) -> Result<bool, SettleDisputeError> {
    let reason = Reason::try_new("seen in the dashboard").expect("a reason");
    let known = world.platform.payments.dispute(name).await?.ok_or(SettleDisputeError::NotFound)?;
    let nobody = UserId::from_uuid(uuid::Uuid::nil());
    let claim = world.platform.claim(nobody, key, known.id.uuid()).expect("a claim");
    let cmd = SettleDispute { dispute: name.clone(), end, reason, claim };
    Ok(world.platform.payments.settle_dispute(&By::Console, cmd).await?.replayed)
}

#[tokio::test]
async fn a_dispute_that_cannot_be_read_any_more_is_decided_by_hand_once_and_told_in_the_log() {
    let half = DisputeEnd::Lost { given_back: Some(ngn("8000")) };
    for (end, left) in [
        (DisputeEnd::Won, ["10.00", "0.00", "0.00"]),
        (DisputeEnd::Lost { given_back: None }, ["0.00", "0.00", "0.00"]),
        (half, ["5.00", "0.00", "0.00"]),
    ] {
        let world = World::new().await;
        let intent = world.fund("10.00").await;
        let name = disputed(&world, &intent);
        world.platform.tick().await;
        world.platform.gateway.garble_disputes(1);
        assert_eq!(settle(&world, &name, end, "a").await.ok(), Some(false));
        assert_eq!(settle(&world, &name, end, "a").await.ok(), Some(true));
        let again = settle(&world, &name, end, "b").await;
        assert!(matches!(again, Err(SettleDisputeError::AlreadyDecided)), "{again:?}");
        world.platform.advance(hours(1)).await;
        assert_eq!(shown(&world).await, left, "{end:?}");
        let about = AuditQuery { action: Some(AuditAction::DisputeSettled), ..AuditQuery::default() };
        let page = namaskah_domain::Page { limit: 10, after: None };
        assert_eq!(world.platform.store.audit_log(&about, page).await.expect("readable").rows.len(), 1);
        world.lawful();
    }
}

#[tokio::test]
async fn a_dispute_is_decided_by_hand_in_its_own_money_and_only_if_it_is_there() {
    let world = World::new().await;
    let intent = world.fund("10.00").await;
    let name = disputed(&world, &intent);
    world.platform.tick().await;
    let dollars = DisputeEnd::Lost { given_back: Some(usd("5.00")) };
    let refused = settle(&world, &name, dollars, "a").await;
    assert!(matches!(refused, Err(SettleDisputeError::OtherMoney)), "{refused:?}");
    let unknown = GatewayDisputeId::try_new("1").expect("a name");
    let refused = settle(&world, &unknown, DisputeEnd::Won, "a").await;
    assert!(matches!(refused, Err(SettleDisputeError::NotFound)), "{refused:?}");
    assert_eq!(shown(&world).await, ["0.00", "10.00", "0.00"]);
    world.lawful();
}

#[tokio::test]
async fn a_lost_dispute_that_comes_to_another_sum_is_told() {
    let world = World::new().await;
    let intent = world.fund("10.00").await;
    let name = disputed(&world, &intent);
    assert!(world.platform.gateway.tell_dispute_sum(&name, ChargedMoney::Known(ngn("8000"))));
    decide(&world, &name, GatewayDisputeStatus::Lost).await;
    assert_eq!(followed(&world).await.0.refused, 0);
    assert!(world.platform.gateway.tell_dispute_sum(&name, ChargedMoney::Known(ngn("16000"))));
    assert_eq!(followed(&world).await.0.refused, 1);
    // The list of refunds says the same: more has gone than is booked.
    world.platform.gateway.take_for(&name).expect("a refund");
    assert_eq!(followed(&world).await.1.refused, 1);
    assert_eq!(shown(&world).await, ["5.00", "0.00", "0.00"]);
    assert!(matches!(world.platform.store.all_disputes()[0].state, DisputeState::Lost { .. }));
    world.lawful();
}
