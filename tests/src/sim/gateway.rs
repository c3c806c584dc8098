//! A payment gateway that is late and loses answers; and its own books, which say what was really paid and given back.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use chrono::TimeDelta;
use futures::FutureExt;
use namaskah_domain::{
    Clock, Fault, PaymentReference, Time,
    memory::{FakePaymentGateway, OddPayment},
    payment::{
        Charge, ChargeRequest, ChargeStatus, ChargedMoney, Checkout, GatewayDispute, GatewayDisputeId,
        GatewayDisputeStatus, GatewayError, GatewayNotice, GatewayRefund, GatewayRefundId,
        GatewayRefundStatus, Listed, OpenChargeError, PaymentGateway, RefundFailure, RefundRequest,
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

/// What a refund or a dispute once was, and need not be any more.
#[derive(Debug, Default)]
pub struct Past {
    /// Refunds that we sent, for each payment.
    pub sent: BTreeMap<PaymentReference, usize>,
    /// Refunds that had reached the customer and have failed all the same.
    pub came_back: BTreeSet<GatewayRefundId>,
    /// Disputes that were won, for the time being at least.
    pub won: BTreeSet<GatewayDisputeId>,
}

/// What becomes of a refund, where that is not done ten seconds later.
const BECOMES: [Option<GatewayRefundStatus>; 6] = [
    None,
    None,
    None,
    Some(GatewayRefundStatus::Pending),
    Some(GatewayRefundStatus::NeedsAttention),
    Some(GatewayRefundStatus::Failed),
];

/// [`PaymentGateway`] between the product and the books of the fake.
pub struct SimGateway {
    /// Transactions.
    pub fake: FakePaymentGateway,
    turns: Arc<Turns>,
    paid: Mutex<BTreeMap<PaymentReference, Paid>>,
    past: Mutex<Past>,
    lag: Mutex<TimeDelta>,
}

impl SimGateway {
    /// Over a fake without transactions.
    pub fn new(fake: FakePaymentGateway, turns: Arc<Turns>) -> Self {
        Self { fake, turns, paid: Mutex::default(), past: Mutex::default(), lag: Mutex::default() }
    }

    /// What was, and need not be any more.
    pub fn past(&self) -> MutexGuard<'_, Past> {
        self.past.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// New refunds are listed so much later from now on.
    pub fn set_listing_lag(&self, lag: TimeDelta) {
        *self.lag.lock().unwrap_or_else(PoisonError::into_inner) = lag;
    }

    /// A transaction as it really is.
    pub fn charge(&self, reference: &PaymentReference) -> Option<Charge> {
        self.fake.verify(reference).now_or_never()?.ok()?
    }

    /// True if all of a payment has gone back.
    pub fn is_reversed(&self, reference: &PaymentReference) -> bool {
        self.charge(reference).is_some_and(|charge| charge.status == ChargeStatus::Reversed)
    }

    /// Every dispute as it really is.
    pub fn disputes(&self) -> Vec<GatewayDispute> {
        let all = self.fake.disputes_since(Time::UNIX_EPOCH).now_or_never();
        all.and_then(Result::ok).unwrap_or_default().rows
    }

    /// A refund is now there.
    pub fn move_refund(&self, refund: &GatewayRefund, to: GatewayRefundStatus) {
        if refund.status == GatewayRefundStatus::Processed && to == GatewayRefundStatus::Failed {
            self.past().came_back.insert(refund.id.clone());
        }
        self.fake.set_refund(&refund.id, to);
    }

    /// A dispute is now there.
    pub fn move_dispute(&self, dispute: &GatewayDisputeId, to: GatewayDisputeStatus) {
        if to == GatewayDisputeStatus::Won {
            self.past().won.insert(dispute.clone());
        }
        self.fake.decide_dispute(dispute, to);
    }

    /// What is on its way arrives, and what is not decided is decided: every other dispute for the customer.
    pub fn come_to_rest(&self) {
        self.set_listing_lag(TimeDelta::zero());
        for reference in self.fake.references() {
            for refund in self.fake.refunds(&reference) {
                if matches!(refund.status, GatewayRefundStatus::Pending | GatewayRefundStatus::NeedsAttention)
                {
                    self.move_refund(&refund, GatewayRefundStatus::Processed);
                }
            }
        }
        let open = |dispute: &GatewayDispute| {
            matches!(dispute.status, GatewayDisputeStatus::Open | GatewayDisputeStatus::Unknown)
        };
        for (place, dispute) in self.disputes().into_iter().filter(open).enumerate() {
            let to = if place % 2 == 0 { GatewayDisputeStatus::Won } else { GatewayDisputeStatus::Lost };
            self.move_dispute(&dispute.id, to);
        }
    }

    /// What lists show of refunds now.
    fn listed(
        &self,
        refunds: impl Iterator<Item = (PaymentReference, GatewayRefund)>,
    ) -> Vec<(PaymentReference, GatewayRefund)> {
        let lag = *self.lag.lock().unwrap_or_else(PoisonError::into_inner);
        let by = self.turns.now() - lag;
        let mut shown: Vec<_> = refunds.filter(|(_, refund)| refund.created_at <= by).collect();
        match self.turns.dice().roll_trouble(6) {
            4 => shown.reverse(),
            5 => shown.extend(shown.first().cloned()),
            _ => {}
        }
        shown
    }

    /// The gateway lists what a lost dispute took among the refunds too, under the dispute's name.
    fn taken_by_disputes(&self) -> impl Iterator<Item = (PaymentReference, GatewayRefund)> {
        let lost = self.disputes().into_iter().filter(|d| d.status == GatewayDisputeStatus::Lost);
        lost.filter_map(|dispute| {
            let refund = GatewayRefund {
                id: GatewayRefundId::try_new(&format!("d-{}", dispute.id)).ok()?,
                amount: dispute.amount,
                status: GatewayRefundStatus::Processed,
                created_at: dispute.created_at,
                dispute: Some(dispute.id),
            };
            Some((dispute.reference, refund))
        })
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
        *self.past().sent.entry(request.reference.clone()).or_default() += 1;
        let began = self.turns.now();
        let way = Way::roll(&self.turns);
        self.turns.say(|| format!("    a refund of {:?} goes {way:?}", request.amount));
        let there = match way {
            Way::Through(there, _) | Way::Unanswered(there) => there,
            Way::Lost | Way::Refused => 0,
        };
        self.turns.take_at(began + TimeDelta::milliseconds(there)).await;
        match way {
            Way::Lost => return Err(RefundFailure::Unknown(Fault::new("no answer"))),
            Way::Refused => return Err(RefundFailure::Declined(Fault::new("not now"))),
            Way::Through(..) | Way::Unanswered(_) => {}
        }
        let asked = self.fake.refund(request).await;
        if let (Ok(refund), Some(to)) = (&asked, self.turns.dice().one_of(&BECOMES)) {
            self.move_refund(refund, to);
        }
        match way {
            Way::Unanswered(_) => {
                self.turns.take_at(began + TimeDelta::seconds(10)).await;
                Err(RefundFailure::Unknown(Fault::new("no answer in time")))
            }
            Way::Through(there, back) if back > 0 => {
                self.turns.take_at(began + TimeDelta::milliseconds(there + back)).await;
                asked
            }
            _ => asked,
        }
    }

    async fn refunds_of(&self, reference: &PaymentReference) -> Result<Listed<GatewayRefund>, GatewayError> {
        let answer = async {
            let own = self.fake.refunds_of(reference).await?.whole()?;
            let own = own.into_iter().map(|refund| (reference.clone(), refund));
            let taken = self.taken_by_disputes().filter(|(of, _)| of == reference);
            let listed = self.listed(own.chain(taken)).into_iter().map(|(_, refund)| refund);
            Ok(Listed::of(listed.collect()))
        };
        self.read(answer).await
    }

    async fn refunds_since(
        &self,
        from: Time,
    ) -> Result<Listed<(PaymentReference, GatewayRefund)>, GatewayError> {
        let answer = async {
            let all = self.fake.refunds_since(from).await?.whole()?.into_iter();
            let taken = self.taken_by_disputes().filter(|(_, r)| r.created_at >= from);
            Ok(Listed::of(self.listed(all.chain(taken))))
        };
        self.read(answer).await
    }

    async fn disputes_since(&self, from: Time) -> Result<Listed<GatewayDispute>, GatewayError> {
        let mut disputes = self.read(self.fake.disputes_since(from)).await?;
        match self.turns.dice().roll_trouble(6) {
            4 => disputes.rows.reverse(),
            5 => disputes.rows.extend(disputes.rows.first().cloned()),
            _ => {}
        }
        Ok(disputes)
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
