//! What every `PaymentGateway` does. The suite talks to the port, and to the customer and the gateway's own side
//! through [`PaymentWorld`].

use async_trait::async_trait;
use chrono::TimeDelta;
use namaskah_domain::{
    Amount, Clock, Currency, Money, PaymentReference,
    auth::Email,
    payment::{
        Charge, ChargeRequest, ChargeStatus, ChargedMoney, GatewayDispute, GatewayDisputeId,
        GatewayDisputeStatus, GatewayError, GatewayRefund, GatewayRefundId, GatewayRefundStatus, Listed,
        OpenChargeError, PaymentGateway, RefundFailure, RefundRequest,
    },
    time::{minutes, seconds},
};

use super::number_provider::Trouble;

/// What a customer does at the checkout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Customer {
    /// Pays what was asked.
    Pays,
    /// Pays another sum, in its currency.
    PaysOtherwise(Amount),
    /// Pays in the other mode (test or live).
    PaysInOtherMode,
    /// Is refused by the bank.
    IsRefused,
    /// Leaves.
    Leaves,
}

/// A gateway and the strings behind it. A new one has no transactions.
#[async_trait]
pub trait PaymentWorld: Send + Sync {
    /// The adapter under test.
    fn gateway(&self) -> &dyn PaymentGateway;

    /// The clock that the gateway dates by.
    fn clock(&self) -> &dyn Clock;

    /// Time passes, for the gateway too.
    async fn advance(&self, by: TimeDelta);

    /// The customer acts.
    async fn customer(&self, reference: &PaymentReference, does: Customer);

    /// The next opening of a charge fails so.
    async fn fail_next_opening(&self, trouble: Trouble);

    /// The next request for a refund fails so.
    async fn fail_next_refund(&self, trouble: Trouble);

    /// The gateway moves a refund on.
    async fn refund_becomes(&self, id: &GatewayRefundId, status: GatewayRefundStatus);

    /// Somebody refunds a payment in the gateway's dashboard.
    async fn dashboard_refund(&self, reference: &PaymentReference, amount: Amount);

    /// The customer disputes a payment: all of it, or what is claimed.
    async fn dispute(&self, reference: &PaymentReference, claimed: Option<Amount>);

    /// The open dispute of a payment is decided.
    async fn decide(&self, dispute: &GatewayDispute, status: GatewayDisputeStatus);

    /// No call is answered any more.
    async fn shut(&self);
}

fn naira(subunits: i64) -> Amount {
    let money = Money::from_subunits(subunits, Currency::Ngn);
    money.and_then(Amount::try_new).expect("a sum above zero")
}

fn reference(serial: usize) -> PaymentReference {
    PaymentReference::try_new(&format!("nmk-contract-{serial:06}")).expect("a reference")
}

/// A request for 5,000.00 naira.
fn request(serial: usize) -> ChargeRequest {
    ChargeRequest {
        reference: reference(serial),
        email: Email::try_new("ada@example.com").expect("an address"),
        amount: naira(500_000),
        return_url: Some("http://127.0.0.1:8080/wallet".into()),
    }
}

async fn opened(world: &dyn PaymentWorld, serial: usize) -> PaymentReference {
    world.gateway().open(&request(serial)).await.expect("a checkout");
    reference(serial)
}

async fn charge(world: &dyn PaymentWorld, reference: &PaymentReference) -> Charge {
    world.gateway().verify(reference).await.expect("readable").expect("a charge")
}

/// An opened charge has a page to pay at, and is not paid.
pub async fn an_opened_charge_has_a_checkout_and_is_not_paid(world: &dyn PaymentWorld) {
    let checkout = world.gateway().open(&request(1)).await.expect("a checkout");
    assert!(checkout.url.starts_with("http") && checkout.url.contains(reference(1).as_str()), "{checkout:?}");
    let charge = charge(world, &reference(1)).await;
    assert!(matches!(charge.status, ChargeStatus::Open | ChargeStatus::Abandoned), "{charge:?}");
    assert_eq!((charge.reference, charge.paid_at), (reference(1), None));
}

/// A reference that the gateway has never heard of is none.
pub async fn an_unknown_reference_is_none(world: &dyn PaymentWorld) {
    assert_eq!(world.gateway().verify(&reference(1)).await.ok(), Some(None));
}

/// A reference opens one charge.
pub async fn a_reference_opens_one_charge(world: &dyn PaymentWorld) {
    opened(world, 1).await;
    let outcome = world.gateway().open(&request(1)).await;
    assert!(matches!(outcome, Err(OpenChargeError::DuplicateReference)), "{outcome:?}");
}

/// A paid charge tells its sum, fee, time and mode.
pub async fn a_paid_charge_tells_its_sum_its_fee_its_time_and_its_mode(world: &dyn PaymentWorld) {
    let reference = opened(world, 1).await;
    world.customer(&reference, Customer::Pays).await;
    let charge = charge(world, &reference).await;
    assert_eq!(charge.status, ChargeStatus::Succeeded);
    assert_eq!(charge.paid, ChargedMoney::Known(naira(500_000)));
    assert_eq!(charge.fee, Some(naira(7_500).money()));
    assert!(charge.paid_at.is_some_and(|at| (world.clock().now() - at).abs() < seconds(30)));
    assert!(charge.of_our_mode);
}

/// A charge tells what was really paid, not what was asked.
pub async fn a_charge_tells_what_was_really_paid(world: &dyn PaymentWorld) {
    let (less, foreign) = (opened(world, 1).await, opened(world, 2).await);
    let cedi = Money::from_subunits(500_000, Currency::Ghs).and_then(Amount::try_new).expect("a sum");
    world.customer(&less, Customer::PaysOtherwise(naira(100))).await;
    world.customer(&foreign, Customer::PaysOtherwise(cedi)).await;
    assert_eq!(charge(world, &less).await.paid, ChargedMoney::Known(naira(100)));
    assert_eq!(charge(world, &foreign).await.paid, ChargedMoney::Known(cedi));
}

/// A payment of the other mode is marked.
pub async fn a_payment_of_the_other_mode_is_marked(world: &dyn PaymentWorld) {
    let reference = opened(world, 1).await;
    world.customer(&reference, Customer::PaysInOtherMode).await;
    let charge = charge(world, &reference).await;
    assert_eq!((charge.status, charge.of_our_mode), (ChargeStatus::Succeeded, false));
}

/// A charge that was refused or left can still be paid.
pub async fn a_charge_that_was_refused_or_left_can_still_be_paid(world: &dyn PaymentWorld) {
    let (refused, left) = (opened(world, 1).await, opened(world, 2).await);
    world.customer(&refused, Customer::IsRefused).await;
    world.customer(&left, Customer::Leaves).await;
    assert_eq!(charge(world, &refused).await.status, ChargeStatus::Failed);
    assert_eq!(charge(world, &left).await.status, ChargeStatus::Abandoned);
    for reference in [refused, left] {
        world.customer(&reference, Customer::Pays).await;
        assert_eq!(charge(world, &reference).await.status, ChargeStatus::Succeeded);
    }
}

/// A charge whose answer is lost is unknown, is found by its reference, and is not opened twice.
pub async fn a_charge_whose_answer_is_lost_is_found_by_its_reference(world: &dyn PaymentWorld) {
    world.fail_next_opening(Trouble::AnswerLost).await;
    let outcome = world.gateway().open(&request(1)).await;
    assert!(matches!(outcome, Err(OpenChargeError::Unknown(_))), "{outcome:?}");
    assert_eq!(charge(world, &reference(1)).await.reference, reference(1));
    let again = world.gateway().open(&request(1)).await;
    assert!(matches!(again, Err(OpenChargeError::DuplicateReference)), "{again:?}");
}

/// A charge that never arrived can be opened under the same reference.
pub async fn a_charge_that_never_arrived_can_be_opened_again(world: &dyn PaymentWorld) {
    world.fail_next_opening(Trouble::NotDone).await;
    let outcome = world.gateway().open(&request(1)).await;
    assert!(matches!(outcome, Err(OpenChargeError::Unknown(_))), "{outcome:?}");
    assert_eq!(world.gateway().verify(&reference(1)).await.ok(), Some(None));
    opened(world, 1).await;
}

/// Successes are listed by when they were opened, over as many pages as it takes.
pub async fn successes_are_listed_over_many_pages(world: &dyn PaymentWorld) {
    let old = opened(world, 0).await;
    world.customer(&old, Customer::Pays).await;
    world.advance(minutes(10)).await;
    let since = world.clock().now() - minutes(1);
    let mut paid = Vec::new();
    for serial in 1..=110 {
        let reference = opened(world, serial).await;
        if serial % 10 != 0 {
            world.customer(&reference, Customer::Pays).await;
            paid.push(reference);
        }
    }
    let charges = world.gateway().succeeded_since(since).await.expect("a list");
    assert!(charges.iter().all(|charge| charge.status == ChargeStatus::Succeeded));
    let mut listed: Vec<_> = charges.into_iter().map(|charge| charge.reference).collect();
    listed.sort();
    assert_eq!(listed, paid);
    let all = world.gateway().succeeded_since(since - minutes(60)).await.expect("a list");
    assert_eq!(all.len(), paid.len() + 1);
}

async fn paid(world: &dyn PaymentWorld, serial: usize) -> PaymentReference {
    let reference = opened(world, serial).await;
    world.customer(&reference, Customer::Pays).await;
    reference
}

async fn asked(
    world: &dyn PaymentWorld,
    reference: &PaymentReference,
    subunits: i64,
) -> Result<GatewayRefund, RefundFailure> {
    let request = RefundRequest { reference: reference.clone(), amount: naira(subunits) };
    world.gateway().refund(&request).await
}

async fn refunds(world: &dyn PaymentWorld, reference: &PaymentReference) -> Vec<GatewayRefund> {
    let mut refunds = world.gateway().refunds_of(reference).await.and_then(Listed::whole).expect("a list");
    refunds.sort_by(|one, other| one.id.cmp(&other.id));
    refunds
}

async fn only_dispute(world: &dyn PaymentWorld) -> GatewayDispute {
    let since = world.clock().now() - minutes(60);
    let mut disputes = world.gateway().disputes_since(since).await.and_then(Listed::whole).expect("a list");
    assert_eq!(disputes.len(), 1, "{disputes:?}");
    disputes.remove(0)
}

/// A refund is pending first, is listed with its sum and its time, and is processed after a while.
pub async fn a_refund_is_pending_and_then_processed(world: &dyn PaymentWorld) {
    let reference = paid(world, 1).await;
    let refund = asked(world, &reference, 200_000).await.expect("a refund");
    assert_eq!(refund.amount, ChargedMoney::Known(naira(200_000)));
    assert_eq!((refund.status, refund.dispute.as_ref()), (GatewayRefundStatus::Pending, None));
    assert!((world.clock().now() - refund.created_at).abs() < seconds(30));
    assert_eq!(refunds(world, &reference).await, std::slice::from_ref(&refund));
    world.advance(seconds(11)).await;
    let processed = GatewayRefund { status: GatewayRefundStatus::Processed, ..refund };
    assert_eq!(refunds(world, &reference).await, [processed]);
    assert_eq!(charge(world, &reference).await.status, ChargeStatus::Succeeded);
}

/// Refunds never come to more than was paid, and all of it reverses the charge.
pub async fn refunds_never_pass_what_was_paid(world: &dyn PaymentWorld) {
    let reference = paid(world, 1).await;
    let declined = |outcome| matches!(outcome, Err(RefundFailure::Declined(_)));
    assert!(declined(asked(world, &reference, 500_001).await));
    asked(world, &reference, 300_000).await.expect("a refund");
    assert!(declined(asked(world, &reference, 200_001).await));
    asked(world, &reference, 200_000).await.expect("a refund");
    world.advance(seconds(11)).await;
    assert_eq!(charge(world, &reference).await.status, ChargeStatus::Reversed);
    assert_eq!(refunds(world, &reference).await.len(), 2);
}

/// What was not paid, or is not known, is not refunded.
pub async fn only_a_paid_charge_is_refunded(world: &dyn PaymentWorld) {
    let unpaid = opened(world, 1).await;
    for reference in [unpaid, reference(2)] {
        let outcome = asked(world, &reference, 100).await;
        assert!(matches!(outcome, Err(RefundFailure::Declined(_))), "{outcome:?}");
    }
}

/// A refund whose answer is lost is unknown, and is found among those of its charge.
pub async fn a_refund_whose_answer_is_lost_is_found_by_its_charge(world: &dyn PaymentWorld) {
    let reference = paid(world, 1).await;
    world.fail_next_refund(Trouble::AnswerLost).await;
    let outcome = asked(world, &reference, 200_000).await;
    assert!(matches!(outcome, Err(RefundFailure::Unknown(_))), "{outcome:?}");
    let amounts: Vec<_> = refunds(world, &reference).await.into_iter().map(|refund| refund.amount).collect();
    assert_eq!(amounts, [ChargedMoney::Known(naira(200_000))]);
}

/// A refund that never arrived is unknown, and is not there.
pub async fn a_refund_that_never_arrived_is_not_listed(world: &dyn PaymentWorld) {
    let reference = paid(world, 1).await;
    world.fail_next_refund(Trouble::NotDone).await;
    let outcome = asked(world, &reference, 200_000).await;
    assert!(matches!(outcome, Err(RefundFailure::Unknown(_))), "{outcome:?}");
    assert_eq!(refunds(world, &reference).await, []);
}

/// A charge lists its own refunds, also those that were made in the dashboard; the account lists the charges.
pub async fn a_charge_lists_its_own_refunds_whoever_asked_for_them(world: &dyn PaymentWorld) {
    let (ours, theirs, none) = (paid(world, 1).await, paid(world, 2).await, paid(world, 3).await);
    let refund = asked(world, &ours, 100_000).await.expect("a refund");
    world.advance(minutes(10)).await;
    let since = world.clock().now() - minutes(1);
    world.dashboard_refund(&theirs, naira(50_000)).await;
    let listed = refunds(world, &ours).await;
    assert_eq!(listed.into_iter().map(|listed| listed.id).collect::<Vec<_>>(), [refund.id]);
    let listed = refunds(world, &theirs).await;
    assert_eq!(listed[0].amount, ChargedMoney::Known(naira(50_000)));
    assert_eq!(refunds(world, &none).await, []);
    let lately = world.gateway().refunds_since(since).await.and_then(Listed::whole).expect("a list");
    assert_eq!(lately, [(theirs.clone(), listed[0].clone())]);
    let all =
        world.gateway().refunds_since(since - minutes(60)).await.and_then(Listed::whole).expect("a list");
    assert_eq!(all.len(), 2);
}

/// A refund may need attention, fail, or fail after all.
pub async fn a_refund_may_need_attention_or_fail(world: &dyn PaymentWorld) {
    use GatewayRefundStatus::{Failed, NeedsAttention, Processed};
    let reference = paid(world, 1).await;
    let refund = asked(world, &reference, 500_000).await.expect("a refund");
    for status in [NeedsAttention, Processed, Failed] {
        world.refund_becomes(&refund.id, status).await;
        assert_eq!(refunds(world, &reference).await[0].status, status);
    }
    // What failed is there to be refunded again.
    asked(world, &reference, 500_000).await.expect("a refund");
}

/// A payment of the other mode tells nothing of its refunds, and one that the gateway does not know is none without any.
pub async fn refunds_of_the_other_mode_and_of_nothing_known_are_refused(world: &dyn PaymentWorld) {
    let reference = opened(world, 1).await;
    world.customer(&reference, Customer::PaysInOtherMode).await;
    for reference in [reference, request(2).reference] {
        let listed = world.gateway().refunds_of(&reference).await;
        assert!(matches!(listed, Err(GatewayError::Refused(_))), "{listed:?}");
    }
}

/// A dispute is open, and then won or lost.
pub async fn a_dispute_is_open_and_then_decided(world: &dyn PaymentWorld) {
    for (serial, status) in [(1, GatewayDisputeStatus::Won), (2, GatewayDisputeStatus::Lost)] {
        let reference = paid(world, serial).await;
        world.dispute(&reference, None).await;
        let dispute = only_dispute(world).await;
        assert_eq!((&dispute.reference, dispute.status), (&reference, GatewayDisputeStatus::Open));
        assert_eq!(dispute.amount, ChargedMoney::Known(naira(500_000)));
        world.decide(&dispute, status).await;
        assert_eq!(only_dispute(world).await, GatewayDispute { status, ..dispute });
        world.advance(minutes(120)).await;
    }
}

/// A dispute may claim a part, and its name does not change.
pub async fn a_dispute_may_claim_a_part(world: &dyn PaymentWorld) {
    let reference = paid(world, 1).await;
    world.dispute(&reference, Some(naira(120_000))).await;
    let dispute: GatewayDispute = only_dispute(world).await;
    let id: GatewayDisputeId = dispute.id.clone();
    assert_eq!(dispute.amount, ChargedMoney::Known(naira(120_000)));
    assert_eq!(only_dispute(world).await.id, id);
}

/// A gateway that does not answer is unavailable.
pub async fn a_gateway_that_does_not_answer_is_unavailable(world: &dyn PaymentWorld) {
    let reference = opened(world, 1).await;
    world.shut().await;
    let verified = world.gateway().verify(&reference).await;
    assert!(matches!(verified, Err(GatewayError::Unavailable(_))), "{verified:?}");
    let listed = world.gateway().succeeded_since(world.clock().now()).await;
    assert!(matches!(listed, Err(GatewayError::Unavailable(_))), "{listed:?}");
    let opened = world.gateway().open(&request(2)).await;
    assert!(matches!(opened, Err(OpenChargeError::Unknown(_))), "{opened:?}");
    let refunded = asked(world, &reference, 100).await;
    assert!(matches!(refunded, Err(RefundFailure::Unknown(_))), "{refunded:?}");
    let refunds = world.gateway().refunds_of(&reference).await;
    assert!(matches!(refunds, Err(GatewayError::Unavailable(_))), "{refunds:?}");
    let disputes = world.gateway().disputes_since(world.clock().now()).await;
    assert!(matches!(disputes, Err(GatewayError::Unavailable(_))), "{disputes:?}");
}

/// Runs every sentence of the suite, each on a world of its own: `$world` is an async function without arguments.
#[macro_export]
macro_rules! payment_gateway_contract {
    ($world:path) => {
        $crate::contract_tests!($crate::contract::payment_gateway, $world,
            an_opened_charge_has_a_checkout_and_is_not_paid
            an_unknown_reference_is_none
            a_reference_opens_one_charge
            a_paid_charge_tells_its_sum_its_fee_its_time_and_its_mode
            a_charge_tells_what_was_really_paid
            a_payment_of_the_other_mode_is_marked
            a_charge_that_was_refused_or_left_can_still_be_paid
            a_charge_whose_answer_is_lost_is_found_by_its_reference
            a_charge_that_never_arrived_can_be_opened_again
            successes_are_listed_over_many_pages
            a_refund_is_pending_and_then_processed
            refunds_never_pass_what_was_paid
            only_a_paid_charge_is_refunded
            a_refund_whose_answer_is_lost_is_found_by_its_charge
            a_refund_that_never_arrived_is_not_listed
            a_charge_lists_its_own_refunds_whoever_asked_for_them
            a_refund_may_need_attention_or_fail
            refunds_of_the_other_mode_and_of_nothing_known_are_refused
            a_dispute_is_open_and_then_decided
            a_dispute_may_claim_a_part
            a_gateway_that_does_not_answer_is_unavailable
        );
    };
}
