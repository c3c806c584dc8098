//! A payment gateway whose customers pay when they are told to.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use rust_decimal::Decimal;

use super::failures::Script;
use crate::{
    Amount, Clock, Fault, Money, PaymentReference, Time,
    payment::{
        Charge, ChargeRequest, ChargeStatus, ChargedMoney, Checkout, GatewayError, OpenChargeError,
        PaymentGateway,
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
    charges: BTreeMap<PaymentReference, Opened>,
    script: Script<GatewayOperation, GatewayFailure>,
}

#[derive(Debug)]
struct Opened {
    created_at: Time,
    charge: Charge,
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
        Self { books: Mutex::new(Books { charges: BTreeMap::new(), script: Script::new() }), clock }
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
        self.books().charges.keys().cloned().collect()
    }

    fn change(&self, reference: &PaymentReference, how: impl FnOnce(&mut Charge)) -> bool {
        self.books().charges.get_mut(reference).map(|opened| how(&mut opened.charge)).is_some()
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read<T>(
        &self,
        operation: GatewayOperation,
        read: impl FnOnce(&Books) -> T,
    ) -> Result<T, GatewayError> {
        let mut books = self.books();
        match books.script.call(operation) {
            None => Ok(read(&books)),
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
        if books.charges.contains_key(&request.reference) {
            return Err(OpenChargeError::DuplicateReference);
        }
        books.charges.insert(request.reference.clone(), opened(request, now));
        match failure {
            None => Ok(Checkout { url: format!("{PAGE}{}", request.reference) }),
            Some(_) => Err(OpenChargeError::Unknown(Fault::new("told to lose the answer"))),
        }
    }

    async fn verify(&self, reference: &PaymentReference) -> Result<Option<Charge>, GatewayError> {
        self.read(GatewayOperation::Verify, |books| {
            books.charges.get(reference).map(|opened| opened.charge.clone())
        })
    }

    async fn succeeded_since(&self, from: Time) -> Result<Vec<Charge>, GatewayError> {
        self.read(GatewayOperation::List, |books| {
            let made_since = books.charges.values().filter(|opened| opened.created_at >= from);
            let charges = made_since.map(|opened| opened.charge.clone());
            charges.filter(|charge| charge.status == ChargeStatus::Succeeded).collect()
        })
    }
}
