//! Answers of a gateway that are about something else.

use std::sync::{Arc, Mutex};

use namaskah_domain::{
    Time,
    payment::{
        Charge, ChargeRequest, ChargeStatus, ChargedMoney, Checkout, GatewayDispute, GatewayError,
        GatewayNotice, GatewayRefund, Listed, OpenChargeError, PaymentGateway, PaymentReference,
        RefundFailure, RefundRequest, Settled,
    },
    time::minutes,
};

use crate::world::{World, ngn};

/// Answers every question with the charge of another payment.
struct Confused(Mutex<Charge>);

impl Confused {
    fn charge(&self) -> Charge {
        self.0.lock().expect("a charge").clone()
    }
}

#[async_trait::async_trait]
impl PaymentGateway for Confused {
    async fn open(&self, _: &ChargeRequest) -> Result<Checkout, OpenChargeError> {
        Ok(Checkout { url: "https://checkout.invalid/x".into() })
    }

    async fn verify(&self, _: &PaymentReference) -> Result<Option<Charge>, GatewayError> {
        Ok(Some(self.charge()))
    }

    async fn succeeded_since(&self, _: Time) -> Result<Vec<Charge>, GatewayError> {
        Ok(vec![self.charge()])
    }

    async fn refund(&self, _: &RefundRequest) -> Result<GatewayRefund, RefundFailure> {
        Err(RefundFailure::Unknown(namaskah_domain::Fault::new("confused")))
    }

    async fn refunds_of(&self, _: &PaymentReference) -> Result<Listed<GatewayRefund>, GatewayError> {
        Ok(Listed::default())
    }

    async fn refunds_since(
        &self,
        _: Time,
    ) -> Result<Listed<(PaymentReference, GatewayRefund)>, GatewayError> {
        Ok(Listed::default())
    }

    async fn disputes_since(&self, _: Time) -> Result<Listed<GatewayDispute>, GatewayError> {
        Ok(Listed::default())
    }

    fn read_notice(&self, _: &[u8]) -> GatewayNotice {
        GatewayNotice::Other
    }
}

fn charge(reference: &str) -> Charge {
    Charge {
        reference: PaymentReference::try_new(reference).expect("a reference"),
        status: ChargeStatus::Succeeded,
        paid: ChargedMoney::Known(ngn("16000")),
        fee: None,
        paid_at: None,
        of_our_mode: true,
    }
}

#[tokio::test]
async fn an_answer_about_another_reference_credits_nobody() {
    let gateway = Arc::new(Confused(Mutex::new(charge("another"))));
    let world = World::with(|ports| ports.gateway = gateway).await;
    let intent = world.open("10.00").await;
    assert!(matches!(world.platform.payments.settle(&intent.reference).await, Ok(Settled::Unchanged)));
    world.platform.advance(minutes(2)).await;
    assert!(world.journal().is_empty());
}

#[tokio::test]
async fn an_answer_about_another_payment_of_ours_credits_it_only_when_it_is_asked_for() {
    let gateway = Arc::new(Confused(Mutex::new(charge("another"))));
    let world = World::with(|ports| ports.gateway = gateway.clone()).await;
    let (asked, other) = (world.open("10.00").await, world.open("10.00").await);
    *gateway.0.lock().expect("a charge") = charge(other.reference.as_str());
    assert!(matches!(world.platform.payments.settle(&asked.reference).await, Ok(Settled::Unchanged)));
    assert!(world.journal().is_empty());
    assert!(matches!(world.platform.payments.settle(&other.reference).await, Ok(Settled::Credited)));
    assert_eq!(world.available().await, "10.00");
    world.lawful();
}
