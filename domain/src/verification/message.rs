//! Messages: texts as a provider tells of them, and as an order keeps them.

use std::fmt;

use crate::{
    MessageId, OrderId, PhoneNumber, Time,
    verification::{Code, ReservationId},
};

/// A text as a provider tells of it. `Debug` shows neither text nor number.
#[derive(Clone, PartialEq, Eq)]
pub struct IncomingMessage {
    /// The reservation that it names, if it names one.
    pub reservation: Option<ReservationId>,
    /// The number that it was sent to.
    pub to: Option<PhoneNumber>,
    /// Who sent it, as the provider says.
    pub from: Option<String>,
    /// The text; `None` if the provider cannot show it.
    pub text: Option<String>,
    /// The code that the provider read in it.
    pub parsed_code: Option<String>,
    /// When it came, on the provider's clock.
    pub received_at: Time,
}

impl IncomingMessage {
    /// The code: the provider's reading first, then ours.
    pub fn code(&self) -> Option<Code> {
        let parsed = self.parsed_code.as_deref().and_then(Code::try_new);
        parsed.or_else(|| self.text.as_deref().and_then(Code::find_in))
    }
}

impl fmt::Debug for IncomingMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IncomingMessage({:?} at {})", self.reservation, self.received_at)
    }
}

/// A text as an order keeps it. Its identity is (reservation, received_at, text). `Debug` shows no text.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// Its identifier.
    pub id: MessageId,
    /// The order that it belongs to.
    pub order: OrderId,
    /// The reservation that received it.
    pub reservation: ReservationId,
    /// Who sent it.
    pub from: Option<String>,
    /// The text, kept for the owner.
    pub text: Option<String>,
    /// The code, if there is a readable one.
    pub code: Option<Code>,
    /// When it came, on the provider's clock.
    pub received_at: Time,
    /// When we stored it.
    pub stored_at: Time,
    /// True if it came after the order had expired; shown free.
    pub late: bool,
    /// True once sender, text and code are erased, or past retention.
    pub erased: bool,
}

impl Message {
    /// The same message without sender, text and code.
    #[must_use]
    pub fn without_words(self) -> Self {
        Self { from: None, text: None, code: None, erased: true, ..self }
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Message({} of {} at {})", self.id, self.order, self.received_at)
    }
}
