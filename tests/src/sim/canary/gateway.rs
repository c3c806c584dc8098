//! A gateway's adapter that is broken on purpose.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use namaskah_domain::{
    Amount, Currency, Money, PaymentReference, Time,
    payment::{
        Charge, ChargeRequest, ChargeStatus, ChargedMoney, Checkout, GatewayDispute, GatewayDisputeId,
        GatewayDisputeStatus, GatewayError, GatewayNotice, GatewayRefund, GatewayRefundId,
        GatewayRefundStatus, Listed, OpenChargeError, PaymentGateway, RefundFailure, RefundRequest,
    },
};

use super::Canary;

/// A gateway's adapter that does one thing wrong.
pub struct BrokenGateway {
    inner: Arc<dyn PaymentGateway>,
    canary: Canary,
    done: Mutex<BTreeSet<GatewayRefundId>>,
}

impl BrokenGateway {
    /// Over a sound one.
    pub fn new(inner: Arc<dyn PaymentGateway>, canary: Canary) -> Self {
        Self { inner, canary, done: Mutex::default() }
    }

    fn read_wrongly(&self, mut charge: Charge) -> Charge {
        if self.canary == Canary::CreditsFromNotice {
            charge.status = ChargeStatus::Succeeded;
        }
        if self.canary == Canary::IgnoresMode {
            charge.of_our_mode = true;
        }
        if let (Canary::IgnoresCurrency, ChargedMoney::Known(paid)) = (self.canary, &charge.paid) {
            let naira = Money::from_units(paid.units(), Currency::Ngn);
            charge.paid = Amount::try_new(naira).map_or(ChargedMoney::Unbookable, ChargedMoney::Known);
            charge.fee = None;
        }
        charge
    }

    fn told_wrongly(&self, mut refund: GatewayRefund) -> GatewayRefund {
        use GatewayRefundStatus::{Failed, NeedsAttention, Pending, Processed};
        match (self.canary, refund.status) {
            (Canary::BelievesRefundAnswer, Pending | NeedsAttention) => refund.status = Processed,
            (Canary::UnnamedDisputes, _) => refund.dispute = None,
            (Canary::DoneStaysDone, _) => {
                let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
                match refund.status {
                    Processed => drop(done.insert(refund.id.clone())),
                    Failed if done.contains(&refund.id) => refund.status = Processed,
                    Failed | Pending | NeedsAttention => {}
                }
            }
            _ => {}
        }
        refund
    }

    fn disputed_wrongly(&self, mut dispute: GatewayDispute) -> Vec<GatewayDispute> {
        let is_lost = dispute.status == GatewayDisputeStatus::Lost;
        if self.canary == Canary::OpenIsLost && dispute.status == GatewayDisputeStatus::Open {
            dispute.status = GatewayDisputeStatus::Lost;
        }
        let second = GatewayDisputeId::try_new(&format!("{}-2", dispute.id));
        let second = second.ok().filter(|_| self.canary == Canary::LostTwice && is_lost);
        let second = second.map(|id| GatewayDispute { id, ..dispute.clone() });
        [Some(dispute), second].into_iter().flatten().collect()
    }
}

#[async_trait]
impl PaymentGateway for BrokenGateway {
    async fn open(&self, request: &ChargeRequest) -> Result<Checkout, OpenChargeError> {
        self.inner.open(request).await
    }

    async fn verify(&self, reference: &PaymentReference) -> Result<Option<Charge>, GatewayError> {
        Ok(self.inner.verify(reference).await?.map(|charge| self.read_wrongly(charge)))
    }

    async fn succeeded_since(&self, from: Time) -> Result<Vec<Charge>, GatewayError> {
        let listed = self.inner.succeeded_since(from).await?;
        Ok(listed.into_iter().map(|charge| self.read_wrongly(charge)).collect())
    }

    async fn refund(&self, request: &RefundRequest) -> Result<GatewayRefund, RefundFailure> {
        match self.inner.refund(request).await {
            Err(RefundFailure::Unknown(_)) if self.canary == Canary::SendsRefundTwice => {
                self.inner.refund(request).await
            }
            other => other,
        }
    }

    async fn refunds_of(&self, reference: &PaymentReference) -> Result<Listed<GatewayRefund>, GatewayError> {
        let listed = self.inner.refunds_of(reference).await?;
        let rows = listed.rows.into_iter().map(|refund| self.told_wrongly(refund)).collect();
        Ok(Listed { rows, ..listed })
    }

    async fn refunds_since(
        &self,
        from: Time,
    ) -> Result<Listed<(PaymentReference, GatewayRefund)>, GatewayError> {
        if self.canary == Canary::NoRefundList {
            return Ok(Listed::default());
        }
        let listed = self.inner.refunds_since(from).await?;
        let rows = listed.rows.into_iter().map(|(of, refund)| (of, self.told_wrongly(refund))).collect();
        Ok(Listed { rows, ..listed })
    }

    async fn disputes_since(&self, from: Time) -> Result<Listed<GatewayDispute>, GatewayError> {
        let listed = self.inner.disputes_since(from).await?;
        let rows = listed.rows.into_iter().flat_map(|dispute| self.disputed_wrongly(dispute)).collect();
        Ok(Listed { rows, ..listed })
    }

    fn read_notice(&self, body: &[u8]) -> GatewayNotice {
        self.inner.read_notice(body)
    }
}
