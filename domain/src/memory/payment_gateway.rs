//! A payment gateway whose customers pay when they are told to.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use rust_decimal::Decimal;

use super::{
    failures::Script,
    gateway_books::{GatewayBooks, Opened},
};
use crate::{
    Amount, Clock, Fault, Money, PaymentReference, Time,
    payment::{
        Charge, ChargeRequest, ChargeStatus, ChargedMoney, Checkout, GatewayDispute, GatewayDisputeId,
        GatewayDisputeStatus, GatewayError, GatewayNotice, GatewayRefund, GatewayRefundId,
        GatewayRefundStatus, Listed, OpenChargeError, PaymentGateway, RefundFailure, RefundRequest,
    },
};

/// What can be asked of the fake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum GatewayOperation {
    /// [`PaymentGateway::open`].
    Open,
    /// [`PaymentGateway::verify`].
    Verify,
    /// [`PaymentGateway::succeeded_since`].
    List,
    /// [`PaymentGateway::refund`].
    Refund,
    /// [`PaymentGateway::refunds_of`] and [`PaymentGateway::refunds_since`].
    Refunds,
    /// [`PaymentGateway::disputes_since`].
    Disputes,
}

/// How a call shall fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GatewayFailure {
    /// Done, but the answer is lost.
    LostAnswer,
    /// Not done, and no answer.
    Unavailable,
    /// Not done, and refused.
    Refused,
}

/// What a customer really does, where that differs from what was asked.
#[derive(Debug, Clone, Default)]
pub struct OddPayment {
    /// Another sum than asked.
    pub paid: Option<ChargedMoney>,
    /// The transaction belongs to the other mode (test or live).
    pub in_other_mode: bool,
    /// The gateway does not tell its fee yet.
    pub without_fee: bool,
}

/// [`PaymentGateway`] in memory. Keeps 1.5 % of every payment, rounded up to the coin.
pub struct FakePaymentGateway {
    books: Mutex<Books>,
    clock: Arc<dyn Clock>,
}

#[derive(Debug)]
struct Books {
    desk: GatewayBooks,
    script: Script<GatewayOperation, GatewayFailure>,
}

const PAGE: &str = "https://checkout.invalid/";

impl fmt::Debug for FakePaymentGateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakePaymentGateway").field("books", &self.books).finish_non_exhaustive()
    }
}

impl FakePaymentGateway {
    /// A gateway without transactions, which dates them by `clock`.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let books = Books { desk: GatewayBooks::default(), script: Script::new() };
        Self { books: Mutex::new(books), clock }
    }

    /// The customer pays what was asked. False if the gateway does not know the reference.
    pub fn pay(&self, reference: &PaymentReference) -> bool {
        self.pay_oddly(reference, &OddPayment::default())
    }

    /// The customer pays otherwise than asked. False if the gateway does not know the reference.
    pub fn pay_oddly(&self, reference: &PaymentReference, odd: &OddPayment) -> bool {
        let now = self.clock.now();
        self.change(reference, |charge| {
            charge.status = ChargeStatus::Succeeded;
            charge.paid_at = Some(now);
            charge.of_our_mode = !odd.in_other_mode;
            if let Some(paid) = &odd.paid {
                charge.paid = paid.clone();
            }
            charge.fee = match charge.paid {
                ChargedMoney::Known(amount) if !odd.without_fee => fee(amount),
                _ => None,
            };
        })
    }

    /// The gateway now says this of the transaction: the card was refused, the customer left, it was given back.
    /// False if it does not know the reference.
    pub fn set_status(&self, reference: &PaymentReference, status: ChargeStatus) -> bool {
        self.change(reference, |charge| charge.status = status)
    }

    /// The next refund becomes this by itself, ten seconds after it was asked for; without a plan it is processed.
    /// Repeat for several.
    pub fn plan_refund(&self, becomes: GatewayRefundStatus) {
        self.books().desk.plan_refund(becomes);
    }

    /// The gateway now says this of a refund. False if there is none of that name.
    pub fn set_refund(&self, id: &GatewayRefundId, status: GatewayRefundStatus) -> bool {
        self.books().desk.set_refund(id, status)
    }

    /// Somebody refunds a payment in the gateway's dashboard. `None` unless it was paid and so much of it is left.
    pub fn refund_in_dashboard(
        &self,
        reference: &PaymentReference,
        amount: Amount,
    ) -> Option<GatewayRefundId> {
        let now = self.clock.now();
        self.books().desk.refund(reference, amount, now).map(|refund| refund.id)
    }

    /// The customer disputes a payment, whole unless an amount is `claimed`. `None` unless it was paid.
    pub fn open_dispute(
        &self,
        reference: &PaymentReference,
        claimed: Option<Amount>,
    ) -> Option<GatewayDisputeId> {
        let now = self.clock.now();
        self.books().desk.open_dispute(reference, claimed, now)
    }

    /// A dispute is decided. False if there is none of that name.
    pub fn decide_dispute(&self, id: &GatewayDisputeId, status: GatewayDisputeStatus) -> bool {
        self.books().desk.set_dispute(id, status)
    }

    /// The bank has taken what a dispute claims: its money is listed among the refunds, whatever is said of the dispute.
    /// `None` if there is none of that name, or its sum cannot be told.
    pub fn take_for(&self, dispute: &GatewayDisputeId) -> Option<GatewayRefundId> {
        let now = self.clock.now();
        self.books().desk.take_for(dispute, now)
    }

    /// The rows of so many refunds of each payment, the newest, cannot be read from now on.
    pub fn garble_refunds(&self, newest: usize) {
        self.books().desk.garble_refunds(newest);
    }

    /// The rows of so many disputes, the newest, cannot be read from now on.
    pub fn garble_disputes(&self, newest: usize) {
        self.books().desk.garble_disputes(newest);
    }

    /// The gateway names this sum for a dispute from now on. False if there is none of that name.
    pub fn tell_dispute_sum(&self, id: &GatewayDisputeId, sum: ChargedMoney) -> bool {
        self.books().desk.tell_dispute_sum(id, sum)
    }

    /// The bytes of a notice that hints at this, as [`PaymentGateway::read_notice`] understands it.
    pub fn notice_of(hint: &GatewayNotice) -> Vec<u8> {
        match hint {
            GatewayNotice::Charge(reference) => format!("charge {reference}"),
            GatewayNotice::Refund(reference) => format!("refund {reference}"),
            GatewayNotice::Dispute(reference) => format!("dispute {reference}"),
            GatewayNotice::Other => String::new(),
        }
        .into_bytes()
    }

    /// Every refund of a payment, as its dashboard shows them.
    pub fn refunds(&self, reference: &PaymentReference) -> Vec<GatewayRefund> {
        let now = self.clock.now();
        self.books().desk.refunds_of(reference, now)
    }

    /// The next call of an operation fails so. Repeat for several.
    pub fn fail_next(&self, operation: GatewayOperation, failure: GatewayFailure) {
        self.books().script.fail_next(operation, failure);
    }

    /// How often an operation was called.
    pub fn calls(&self, operation: GatewayOperation) -> u32 {
        self.books().script.calls(operation)
    }

    /// Every reference that it knows.
    pub fn references(&self) -> Vec<PaymentReference> {
        self.books().desk.charges.keys().cloned().collect()
    }

    fn change(&self, reference: &PaymentReference, how: impl FnOnce(&mut Charge)) -> bool {
        self.books().desk.charges.get_mut(reference).map(|opened| how(&mut opened.charge)).is_some()
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read<T>(
        &self,
        operation: GatewayOperation,
        read: impl FnOnce(&GatewayBooks, Time) -> T,
    ) -> Result<T, GatewayError> {
        let now = self.clock.now();
        let mut books = self.books();
        match books.script.call(operation) {
            None => Ok(read(&books.desk, now)),
            Some(GatewayFailure::Refused) => Err(GatewayError::Refused(Fault::new("told to refuse"))),
            Some(_) => Err(GatewayError::Unavailable(Fault::new("told to be unavailable"))),
        }
    }
}

fn fee(amount: Amount) -> Option<Money> {
    amount.money().times_up_to_coin(Decimal::new(15, 3), amount.currency()).ok()
}

fn opened(request: &ChargeRequest, now: Time) -> Opened {
    let charge = Charge {
        reference: request.reference.clone(),
        status: ChargeStatus::Open,
        paid: ChargedMoney::Known(request.amount),
        fee: None,
        paid_at: None,
        of_our_mode: true,
    };
    Opened { created_at: now, charge }
}

#[async_trait]
impl PaymentGateway for FakePaymentGateway {
    async fn open(&self, request: &ChargeRequest) -> Result<Checkout, OpenChargeError> {
        let now = self.clock.now();
        let mut books = self.books();
        let failure = books.script.call(GatewayOperation::Open);
        match failure {
            Some(GatewayFailure::Unavailable) => {
                return Err(OpenChargeError::Unknown(Fault::new("told to be unavailable")));
            }
            Some(GatewayFailure::Refused) => {
                return Err(OpenChargeError::Refused(Fault::new("told to refuse")));
            }
            Some(GatewayFailure::LostAnswer) | None => {}
        }
        if books.desk.charges.contains_key(&request.reference) {
            return Err(OpenChargeError::DuplicateReference);
        }
        books.desk.charges.insert(request.reference.clone(), opened(request, now));
        match failure {
            None => Ok(Checkout { url: format!("{PAGE}{}", request.reference) }),
            Some(_) => Err(OpenChargeError::Unknown(Fault::new("told to lose the answer"))),
        }
    }

    async fn verify(&self, reference: &PaymentReference) -> Result<Option<Charge>, GatewayError> {
        self.read(GatewayOperation::Verify, |desk, now| desk.charge(reference, now))
    }

    async fn succeeded_since(&self, from: Time) -> Result<Vec<Charge>, GatewayError> {
        self.read(GatewayOperation::List, |desk, now| {
            let made_since = desk.charges.iter().filter(|(_, opened)| opened.created_at >= from);
            let charges = made_since.filter_map(|(reference, _)| desk.charge(reference, now));
            charges.filter(|charge| charge.status == ChargeStatus::Succeeded).collect()
        })
    }

    async fn refund(&self, request: &RefundRequest) -> Result<GatewayRefund, RefundFailure> {
        let now = self.clock.now();
        let mut books = self.books();
        let failure = books.script.call(GatewayOperation::Refund);
        match failure {
            Some(GatewayFailure::Unavailable) => {
                return Err(RefundFailure::Unknown(Fault::new("told to be unavailable")));
            }
            Some(GatewayFailure::Refused) => {
                return Err(RefundFailure::Declined(Fault::new("told to refuse")));
            }
            Some(GatewayFailure::LostAnswer) | None => {}
        }
        let refund = books.desk.refund(&request.reference, request.amount, now);
        let refund = refund.ok_or_else(|| RefundFailure::Declined(Fault::new("not so much is left")))?;
        match failure {
            None => Ok(refund),
            Some(_) => Err(RefundFailure::Unknown(Fault::new("told to lose the answer"))),
        }
    }

    async fn refunds_of(&self, reference: &PaymentReference) -> Result<Listed<GatewayRefund>, GatewayError> {
        let is_ours =
            |desk: &GatewayBooks| desk.charges.get(reference).is_some_and(|opened| opened.charge.of_our_mode);
        let read = self
            .read(GatewayOperation::Refunds, |desk, now| is_ours(desk).then(|| desk.listed(reference, now)));
        read?.ok_or_else(|| GatewayError::Refused(Fault::new("no payment, or one of the other mode")))
    }

    async fn refunds_since(
        &self,
        from: Time,
    ) -> Result<Listed<(PaymentReference, GatewayRefund)>, GatewayError> {
        self.read(GatewayOperation::Refunds, |desk, now| Listed::of(desk.refunds_since(from, now)))
    }

    async fn disputes_since(&self, from: Time) -> Result<Listed<GatewayDispute>, GatewayError> {
        self.read(GatewayOperation::Disputes, |desk, _| desk.disputes_since(from))
    }

    fn read_notice(&self, body: &[u8]) -> GatewayNotice {
        let words = std::str::from_utf8(body).ok().and_then(|text| text.split_once(' '));
        let Some((what, reference)) = words else { return GatewayNotice::Other };
        match (what, PaymentReference::try_new(reference)) {
            ("charge", Ok(reference)) => GatewayNotice::Charge(reference),
            ("refund", Ok(reference)) => GatewayNotice::Refund(reference),
            ("dispute", Ok(reference)) => GatewayNotice::Dispute(reference),
            _ => GatewayNotice::Other,
        }
    }
}
