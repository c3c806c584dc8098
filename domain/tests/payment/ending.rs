//! Refunds that no list ends: they are told, and a person ends them.

use namaskah_domain::{
    CommitError, RefundId, Unique, UserId,
    memory::{GatewayFailure, GatewayOperation, OddPayment},
    payment::{
        Done, GatewayRefundId, GatewayRefundStatus, Refund, RefundEnd, RefundState, SettleRefund,
        SettleRefundError,
    },
    staff::{AuditAction, AuditQuery, By, StaffReads},
    time::{hours, minutes, seconds},
    wallet::Reason,
};

use crate::{
    disputing::shown,
    refunding::{is_failed, is_pending, is_processed},
    world::{World, ngn},
};

fn named(text: &str) -> RefundEnd {
    RefundEnd::Processed { named: Some(GatewayRefundId::try_new(text).expect("a name")) }
}

impl World {
    async fn end(
        &self,
        refund: RefundId,
        end: RefundEnd,
        key: &str,
    ) -> Result<Done<Refund>, SettleRefundError> {
        let reason = Reason::try_new("seen in the dashboard").expect("a reason");
        let nobody = UserId::from_uuid(uuid::Uuid::nil());
        let claim = self.platform.claim(nobody, key, refund.uuid()).expect("a claim");
        self.platform.payments.settle_refund(&By::Console, SettleRefund { refund, end, reason, claim }).await
    }

    /// A refund that is asked for, and whose answer is lost on its way there.
    async fn lost(&self) -> Refund {
        let intent = self.fund("10.00").await;
        self.platform.gateway.fail_next(GatewayOperation::Refund, GatewayFailure::Unavailable);
        self.refund(&intent, None).await
    }
}

#[tokio::test]
async fn a_refund_whose_list_cannot_be_read_for_a_week_is_told_as_an_error_and_can_be_ended_by_hand_once() {
    let world = World::new().await;
    let intent = world.fund("10.00").await;
    let refund = world.refund(&intent, None).await;
    // The gateway refuses to list refunds of a payment of the other mode.
    let foreign = OddPayment { in_other_mode: true, ..OddPayment::default() };
    world.platform.gateway.pay_oddly(&intent.reference, &foreign);
    for day in 0..=7 {
        let followed = world.platform.payments.follow_refunds().await.expect("followed");
        assert_eq!((followed.unanswered, followed.stuck), (1, u32::from(day > 0)), "day {day}");
        world.platform.clock.advance(hours(24));
    }
    assert!(is_pending(&world.state(&refund)));
    let done = world.end(refund.id, RefundEnd::Failed, "a").await.expect("ended");
    assert!(is_failed(&done.value.state) && !done.replayed);
    assert_eq!(shown(&world).await, ["10.00", "0.00", "0.00"]);
    let again = world.end(refund.id, RefundEnd::Failed, "a").await.expect("done before");
    assert_eq!((again.value, again.replayed), (done.value, true));
    let other = world.end(refund.id, RefundEnd::Processed { named: None }, "b").await;
    assert!(matches!(other, Err(SettleRefundError::AlreadyEnded)), "{other:?}");
    let about = AuditQuery { action: Some(AuditAction::RefundSettled), ..AuditQuery::default() };
    let page = namaskah_domain::Page { limit: 10, after: None };
    let lines = world.platform.store.audit_log(&about, page).await.expect("readable").rows;
    assert_eq!(lines.len(), 1);
    let told = |name: &str| lines[0].after.0.get(name).cloned().flatten();
    assert_eq!(
        (told("status").as_deref(), told("reason").as_deref()),
        (Some("failed"), Some("seen in the dashboard"))
    );
    world.lawful();
}

#[tokio::test]
async fn a_refund_of_unknown_outcome_is_ended_as_processed_by_the_name_that_the_gateway_has_for_it() {
    let world = World::new().await;
    let refund = world.lost().await;
    assert!(matches!(refund.state, RefundState::Sent { .. }));
    let unnamed = world.end(refund.id, RefundEnd::Processed { named: None }, "a").await;
    assert!(matches!(unnamed, Err(SettleRefundError::Unnamed)), "{unnamed:?}");
    let done = world.end(refund.id, named("77"), "a").await.expect("ended");
    assert!(is_processed(&done.value.state));
    assert_eq!(shown(&world).await, ["0.00", "0.00", "0.00"]);
    world.lawful();
    let other = world.lost().await;
    let taken = world.end(other.id, named("77"), "b").await;
    let is_twin = matches!(taken, Err(SettleRefundError::Commit(CommitError::Duplicate(Unique::Record))));
    assert!(is_twin, "{taken:?}");
    let nobody = world.end(world.platform.id(), RefundEnd::Failed, "c").await;
    assert!(matches!(nobody, Err(SettleRefundError::NotFound)), "{nobody:?}");
    world.lawful();
}

#[tokio::test]
async fn what_the_gateway_lists_after_a_refund_was_ended_by_hand_still_counts() {
    let world = World::new().await;
    let intent = world.fund("10.00").await;
    let refund = world.refund(&intent, None).await;
    let name = world.platform.gateway.refunds(&intent.reference)[0].id.clone();
    let other = world.end(refund.id, named("1"), "a").await;
    assert!(matches!(&other, Err(SettleRefundError::OtherName(known)) if *known == name), "{other:?}");
    world.end(refund.id, RefundEnd::Failed, "a").await.expect("ended");
    assert_eq!(shown(&world).await, ["10.00", "0.00", "0.00"]);
    world.platform.advance(seconds(11)).await;
    assert!(is_processed(&world.state(&refund)));
    assert_eq!(shown(&world).await, ["0.00", "0.00", "0.00"]);
    world.lawful();
}

#[tokio::test]
async fn a_row_that_cannot_be_read_hides_no_other_and_proves_nothing_absent() {
    let world = World::new().await;
    let intent = world.fund("10.00").await;
    let refund = world.refund(&intent, Some("4.00")).await;
    world.platform.gateway.plan_refund(GatewayRefundStatus::Failed);
    world.platform.gateway.refund_in_dashboard(&intent.reference, ngn("1000")).expect("a refund");
    world.platform.gateway.garble_refunds(1);
    world.platform.clock.advance(seconds(11));
    let followed = world.platform.payments.follow_refunds().await.expect("followed");
    assert_eq!((followed.changed, followed.refused), (1, 1));
    assert!(is_processed(&world.state(&refund)));
    world.platform.gateway.fail_next(GatewayOperation::Refund, GatewayFailure::LostAnswer);
    let lost = world.refund(&intent, Some("2.00")).await;
    for _ in 0..5 {
        world.platform.advance(minutes(1)).await;
        assert!(matches!(world.state(&lost), RefundState::Sent { .. }));
    }
    world.platform.gateway.garble_refunds(0);
    world.platform.advance(minutes(1)).await;
    assert!(is_processed(&world.state(&lost)));
    world.lawful();
}
