//! Bodies of verifications.

use std::collections::HashMap;

use namaskah_domain::{
    BatchId, MessageId, OrderId, Time,
    verification::{Capability, CountryCode, Message, Order, OrderStatus, ServiceCode, Shown},
};
use poem_openapi::Object;

use crate::http::body::{MoneyBody, Text};

/// A text that arrived.
#[derive(Debug, Object)]
#[oai(rename = "Message")]
pub struct MessageBody {
    /// Its identifier.
    pub id: Text<MessageId>,
    /// Who sent it, as the provider says; null past retention, as are text and code.
    pub from: Option<String>,
    /// The text.
    pub text: Option<String>,
    /// The code in it.
    pub code: Option<String>,
    /// When it came.
    pub received_at: Text<Time>,
    /// True if it came after the verification had expired; it is free.
    pub late: bool,
}

impl From<Message> for MessageBody {
    fn from(message: Message) -> Self {
        Self {
            id: Text(message.id),
            from: message.from,
            text: message.text,
            code: message.code.map(|code| code.as_str().to_owned()),
            received_at: Text(message.received_at),
            late: message.late,
        }
    }
}

/// Why no number was had.
#[derive(Debug, Object)]
#[oai(rename = "Failure")]
pub struct FailureBody {
    /// Stable name.
    pub code: String,
    /// In words.
    pub detail: String,
}

/// An order for one code.
#[derive(Debug, Object)]
#[oai(rename = "Verification")]
pub struct VerificationBody {
    /// Its identifier.
    pub id: Text<OrderId>,
    /// Rises with every change.
    pub version: i64,
    /// Where it stands.
    pub status: Text<OrderStatus>,
    /// For which service.
    pub service: Text<ServiceCode>,
    /// From which country.
    pub country: Text<CountryCode>,
    /// How the code arrives.
    pub capability: Text<Capability>,
    /// The number in E.164; null until it is bought, while another one is being bought, and past retention.
    pub phone_number: Option<String>,
    /// What is paid if a code comes.
    pub price: MoneyBody,
    /// Texts, oldest first.
    pub messages: Vec<MessageBody>,
    /// 1, or one more than the one that it retries.
    pub attempt: u32,
    /// The one that it retries.
    pub retry_of: Option<Text<OrderId>>,
    /// The batch that it came in.
    pub batch_id: Option<Text<BatchId>>,
    /// When it was placed.
    pub created_at: Text<Time>,
    /// When it ends; null until the number is bought.
    pub expires_at: Option<Text<Time>>,
    /// From when on it may be cancelled.
    pub cancel_allowed_at: Text<Time>,
    /// True if cancelling is possible now.
    pub can_cancel: bool,
    /// True if retrying is possible now.
    pub can_retry: bool,
    /// True if another number can be had now.
    pub can_swap: bool,
    /// True once you have asked to cancel.
    pub cancel_requested: bool,
    /// True once you have reported the number.
    pub reported: bool,
    /// When its code was taken in.
    pub completed_at: Option<Text<Time>>,
    /// Why no number was had.
    pub failure: Option<FailureBody>,
    /// Your own notes.
    pub metadata: Option<HashMap<String, String>>,
    /// Our clock, to reckon `expires_at` by.
    pub server_time: Text<Time>,
}

impl MessageBody {
    /// That it came, and nothing of what it says.
    fn without_words(self) -> Self {
        Self { from: None, text: None, code: None, ..self }
    }
}

impl VerificationBody {
    /// The same for whoever is told elsewhere: no number, no text, no code.
    #[must_use]
    pub fn without_words(self) -> Self {
        let messages = self.messages.into_iter().map(MessageBody::without_words).collect();
        Self { phone_number: None, messages, ..self }
    }

    /// An order with its texts, as its owner sees it at `now`.
    pub fn of(shown: Shown, now: Time) -> Self {
        let Shown { order, messages } = shown;
        let (status, head, line) = (order.status(), order.head(), order.line());
        let may_cancel = !status.is_final() && head.cancel_requested_at.is_none();
        Self {
            id: Text(head.id),
            version: head.version.get(),
            status: Text(status),
            service: Text(head.ask.service.clone()),
            country: Text(head.ask.country.clone()),
            capability: Text(head.ask.capability),
            phone_number: line.and_then(|line| Some(line.number.as_ref()?.as_str().to_owned())),
            price: head.price.into(),
            messages: messages.into_iter().map(MessageBody::from).collect(),
            attempt: head.attempt,
            retry_of: head.retry_of.map(Text),
            batch_id: head.batch.map(Text),
            created_at: Text(head.created_at),
            expires_at: order.expires_at().map(Text),
            cancel_allowed_at: Text(head.cancel_allowed_at),
            can_cancel: may_cancel && now >= head.cancel_allowed_at,
            can_retry: order.can_retry(now),
            can_swap: order.can_swap(now),
            cancel_requested: head.cancel_requested_at.is_some(),
            reported: head.report.is_some(),
            completed_at: completed_at(&order),
            failure: failure(&order),
            metadata: head.metadata.as_deref().and_then(|text| serde_json::from_str(text).ok()),
            server_time: Text(now),
        }
    }
}

fn completed_at(order: &Order) -> Option<Text<Time>> {
    match order {
        Order::Completed(completed) => Some(Text(completed.at)),
        Order::Requested(_)
        | Order::Waiting(_)
        | Order::Cancelled(_)
        | Order::Expired(_)
        | Order::Failed(_) => None,
    }
}

fn failure(order: &Order) -> Option<FailureBody> {
    match order {
        Order::Failed(failed) => Some(FailureBody {
            code: failed.failure.code().to_owned(),
            detail: failed.failure.detail().to_owned(),
        }),
        Order::Requested(_)
        | Order::Waiting(_)
        | Order::Completed(_)
        | Order::Cancelled(_)
        | Order::Expired(_) => None,
    }
}
