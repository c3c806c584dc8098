//! Events as they are told: `{id, sequence, type, created_at, data: {object}}` with the record as it is when it is told.
//! The one place that knows this form; streams, lists and webhooks all tell by it.

use std::{borrow::Cow, sync::Arc};

use async_trait::async_trait;
use namaskah_domain::{
    Clock, EventId, EventKind, Fault, OrderId, PaymentId, Time, UserId,
    outbox::SequencedEvent,
    payment::{PaymentError, PaymentService},
    verification::{VerificationError, VerificationService},
    wallet::{WalletError, WalletService},
    webhook::{Endpoint, EventBodies, Happening, Telling},
};
use poem_openapi::{
    Object,
    registry::{MetaSchema, MetaSchemaRef},
    types::{ParseFromJSON, ParseResult, ToJSON, Type},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    body::Text, payments::PaymentBody, verifications::body::VerificationBody, wallet::body::LowBalanceBody,
    webhooks::body::EndpointBody,
};

/// How much of a record is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Words {
    /// Everything, to its owner.
    All,
    /// No number, no text and no code: for what leaves for elsewhere.
    Withheld,
}

/// Reads records, and writes events about them.
#[derive(Clone)]
pub struct Teller {
    /// Orders.
    pub orders: Arc<VerificationService>,
    /// Payments.
    pub payments: Arc<PaymentService>,
    /// Wallets.
    pub wallet: Arc<WalletService>,
    /// For `server_time`.
    pub clock: Arc<dyn Clock>,
}

/// The record that an event is about: a Verification, a Payment or a LowBalance.
#[derive(Debug)]
pub struct AnyRecord(pub Value);

impl Type for AnyRecord {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "record".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        let schema = MetaSchema {
            description: Some(
                "The Verification or the Payment as it is now, without phone number, texts and codes; of \
                 wallet.low_balance {id, available, low_balance_threshold}",
            ),
            example: Some(json!({"id": "ver_01kax3w8h6f0g8e3r2q1p0n9m8", "status": "completed"})),
            ..MetaSchema::new("object")
        };
        MetaSchemaRef::Inline(Box::new(schema))
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl ParseFromJSON for AnyRecord {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        Ok(Self(value.unwrap_or_default()))
    }
}

impl ToJSON for AnyRecord {
    fn to_json(&self) -> Option<Value> {
        Some(self.0.clone())
    }
}

/// What an event is about.
#[derive(Debug, Object)]
#[oai(rename = "EventData")]
pub struct DataBody {
    /// The record.
    pub object: AnyRecord,
}

/// Something that happened.
#[derive(Debug, Object)]
#[oai(rename = "Event")]
pub struct EventBody {
    /// The identifier: the same wherever and however often it is told.
    pub id: Text<EventId>,
    /// Its place in the log; null if it is only a try.
    pub sequence: Option<i64>,
    /// What happened.
    #[oai(rename = "type")]
    pub kind: String,
    /// When it happened.
    pub created_at: Text<Time>,
    /// To what.
    pub data: DataBody,
}

impl EventBody {
    fn of(telling: &Telling, object: Value) -> Self {
        Self {
            id: Text(telling.id),
            sequence: telling.what.sequence(),
            kind: telling.what.name().to_owned(),
            created_at: Text(telling.at),
            data: DataBody { object: AnyRecord(object) },
        }
    }
}

impl Teller {
    /// An event with its record; `None` if that is gone.
    ///
    /// # Errors
    /// If the record cannot be read.
    pub async fn tell(&self, event: &SequencedEvent, words: Words) -> Result<Option<EventBody>, Fault> {
        let (user, kind, subject) = (event.event.user, event.event.kind, event.event.subject);
        let object = self.object(user, (kind, subject), words).await?;
        Ok(object.map(|object| EventBody::of(&event.into(), object)))
    }

    async fn object(
        &self,
        user: UserId,
        (kind, subject): (EventKind, Uuid),
        words: Words,
    ) -> Result<Option<Value>, Fault> {
        match record_of(kind) {
            Record::Order => self.order(user, OrderId::from_uuid(subject), words).await,
            Record::Payment => self.payment(user, PaymentId::from_uuid(subject)).await,
            Record::Wallet => self.low_balance(user).await,
        }
    }

    async fn order(&self, user: UserId, id: OrderId, words: Words) -> Result<Option<Value>, Fault> {
        match self.orders.get(user, id).await {
            Ok(shown) => {
                let body = VerificationBody::of(shown, self.clock.now());
                let body = if words == Words::All { body } else { body.without_words() };
                Ok(body.to_json())
            }
            Err(VerificationError::NotFound) => Ok(None),
            Err(VerificationError::Unavailable(fault)) => Err(fault),
        }
    }

    async fn payment(&self, user: UserId, id: PaymentId) -> Result<Option<Value>, Fault> {
        match self.payments.get(user, id).await {
            Ok(intent) => Ok(PaymentBody::from(intent).to_json()),
            Err(PaymentError::NotFound) => Ok(None),
            Err(error @ PaymentError::Gateway) => Err(Fault::new(error)),
            Err(PaymentError::Unavailable(fault)) => Err(fault),
        }
    }

    async fn low_balance(&self, user: UserId) -> Result<Option<Value>, Fault> {
        let read = async { Ok((self.wallet.balance(user).await?, self.wallet.settings(user).await?)) };
        match read.await {
            Ok((balance, wishes)) => Ok(LowBalanceBody::of(user, &balance, &wishes).to_json()),
            Err(WalletError::NotFound) => Ok(None),
            Err(WalletError::Unavailable(fault)) => Err(fault),
            Err(error @ (WalletError::Threshold(_) | WalletError::Commit(_))) => Err(Fault::new(error)),
        }
    }
}

#[async_trait]
impl EventBodies for Teller {
    async fn body(&self, endpoint: &Endpoint, telling: &Telling) -> Result<Option<Vec<u8>>, Fault> {
        let object = match telling.what {
            Happening::Event { kind, subject, .. } => {
                self.object(endpoint.user, (kind, subject), Words::Withheld).await?
            }
            Happening::Test => EndpointBody::from(endpoint.clone()).to_json(),
        };
        Ok(object.map(|object| EventBody::of(telling, object).to_json_string().into_bytes()))
    }
}

/// What an event can be about.
enum Record {
    Order,
    Payment,
    Wallet,
}

const fn record_of(kind: EventKind) -> Record {
    match kind {
        EventKind::VerificationRequested
        | EventKind::VerificationWaiting
        | EventKind::VerificationMessage
        | EventKind::VerificationCompleted
        | EventKind::VerificationCancelled
        | EventKind::VerificationExpired
        | EventKind::VerificationFailed => Record::Order,
        EventKind::PaymentSucceeded
        | EventKind::PaymentFailed
        | EventKind::PaymentSuspense
        | EventKind::PaymentRefunded
        | EventKind::PaymentDisputed => Record::Payment,
        EventKind::WalletLowBalance => Record::Wallet,
    }
}
