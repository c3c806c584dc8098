//! A payment gateway that is late and loses answers; and its own books, which say what was really paid.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use chrono::TimeDelta;
use namaskah_domain::{
    Clock, Fault, PaymentReference, Time,
    memory::{FakePaymentGateway, OddPayment},
    payment::{
        Charge, ChargeRequest, ChargedMoney, Checkout, GatewayDispute, GatewayError, GatewayNotice,
        GatewayRefund, OpenChargeError, PaymentGateway, RefundFailure, RefundRequest,
    },
};

use super::{provider::Way, turns::Turns};

/// What a customer really did.
#[derive(Debug, Clone)]
pub struct Paid {
    /// When.
    pub at: Time,
    /// The sum, where it differs from what was asked.
    pub instead: Option<ChargedMoney>,
    /// In the mode that we run in.
    pub is_of_our_mode: bool,
}

/// [`PaymentGateway`] between the product and the books of the fake.
pub struct SimGateway {
    /// Transactions.
    pub fake: FakePaymentGateway,
    turns: Arc<Turns>,
    paid: Mutex<BTreeMap<PaymentReference, Paid>>,
}

impl SimGateway {
    /// Over a fake without transactions.
    pub fn new(fake: FakePaymentGateway, turns: Arc<Turns>) -> Self {
        Self { fake, turns, paid: Mutex::default() }
    }

    /// What was really paid.
    pub fn paid(&self) -> MutexGuard<'_, BTreeMap<PaymentReference, Paid>> {
        self.paid.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A customer pays; nobody pays twice. False if the gateway does not know the reference.
    pub fn pay(&self, reference: &PaymentReference, odd: &OddPayment) -> bool {
        if self.paid().contains_key(reference) || !self.fake.pay_oddly(reference, odd) {
            return false;
        }
        let paid =
            Paid { at: self.turns.now(), instead: odd.paid.clone(), is_of_our_mode: !odd.in_other_mode };
        self.paid().insert(reference.clone(), paid);
        true
    }

    async fn read<T>(
        &self,
        answer: impl Future<Output = Result<T, GatewayError>>,
    ) -> Result<T, GatewayError> {
        let began = self.turns.now();
        match Way::roll(&self.turns) {
            Way::Through(there, back) => {
                self.turns.take_at(began + TimeDelta::milliseconds(there)).await;
                let answer = answer.await;
                if back > 0 {
                    self.turns.take_at(began + TimeDelta::milliseconds(there + back)).await;
                }
                answer
            }
            Way::Lost | Way::Unanswered(_) => {
                self.turns.take_at(began + TimeDelta::seconds(10)).await;
                Err(GatewayError::Unavailable(Fault::new("no answer in time")))
            }
            Way::Refused => {
                self.turns.take().await;
                Err(GatewayError::Refused(Fault::new("not now")))
            }
        }
    }
}

#[async_trait]
impl PaymentGateway for SimGateway {
    async fn open(&self, request: &ChargeRequest) -> Result<Checkout, OpenChargeError> {
        let began = self.turns.now();
        let way = Way::roll(&self.turns);
        let there = match way {
            Way::Through(there, _) | Way::Unanswered(there) => there,
            Way::Lost | Way::Refused => 0,
        };
        self.turns.take_at(began + TimeDelta::milliseconds(there)).await;
        match way {
            Way::Lost => return Err(OpenChargeError::Unknown(Fault::new("no answer"))),
            Way::Refused => return Err(OpenChargeError::Refused(Fault::new("not now"))),
            Way::Through(..) | Way::Unanswered(_) => {}
        }
        let opened = self.fake.open(request).await;
        match way {
            Way::Unanswered(_) => {
                self.turns.take_at(began + TimeDelta::seconds(10)).await;
                Err(OpenChargeError::Unknown(Fault::new("no answer in time")))
            }
            Way::Through(there, back) if back > 0 => {
                self.turns.take_at(began + TimeDelta::milliseconds(there + back)).await;
                opened
            }
            _ => opened,
        }
    }

    async fn verify(&self, reference: &PaymentReference) -> Result<Option<Charge>, GatewayError> {
        self.read(self.fake.verify(reference)).await
    }

    async fn refund(&self, request: &RefundRequest) -> Result<GatewayRefund, RefundFailure> {
        self.turns.take().await;
        self.fake.refund(request).await
    }

    async fn refunds_of(&self, reference: &PaymentReference) -> Result<Vec<GatewayRefund>, GatewayError> {
        self.read(self.fake.refunds_of(reference)).await
    }

    async fn refunded_since(&self, from: Time) -> Result<Vec<PaymentReference>, GatewayError> {
        self.read(self.fake.refunded_since(from)).await
    }

    async fn disputes_since(&self, from: Time) -> Result<Vec<GatewayDispute>, GatewayError> {
        self.read(self.fake.disputes_since(from)).await
    }

    fn read_notice(&self, body: &[u8]) -> GatewayNotice {
        self.fake.read_notice(body)
    }

    async fn succeeded_since(&self, from: Time) -> Result<Vec<Charge>, GatewayError> {
        let mut charges = self.read(self.fake.succeeded_since(from)).await?;
        match self.turns.dice().roll_trouble(6) {
            4 => charges.reverse(),
            5 => charges.extend(charges.first().cloned()),
            _ => {}
        }
        Ok(charges)
    }
}
