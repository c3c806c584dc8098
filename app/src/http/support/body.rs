//! Tickets as the API shows and takes them.

use std::borrow::Cow;

use namaskah_domain::{
    OrderId, PaymentId, TicketId, TicketLineId, Time, UserId,
    support::{Author, Line, OpenTicket, Ticket, TicketCategory, TicketStatus, TicketSubject, TicketText},
};
use poem_openapi::{Object, registry::MetaSchema};
use serde::Deserialize;

use crate::http::body::{
    Text, TextForm,
    text::{one_of, sized},
};

impl TextForm for TicketCategory {
    const EXPECTED: &'static str = "a category: verification, payment, account or other";

    fn schema() -> MetaSchema {
        one_of(&Self::ALL.map(Self::name))
    }

    fn read(text: &str) -> Option<Self> {
        Self::from_name(text)
    }

    fn write(&self) -> Cow<'_, str> {
        self.name().into()
    }
}

impl TextForm for TicketStatus {
    const EXPECTED: &'static str = "a status: open, answered or closed";

    fn schema() -> MetaSchema {
        one_of(&Self::ALL.map(Self::name))
    }

    fn read(text: &str) -> Option<Self> {
        Self::from_name(text)
    }

    fn write(&self) -> Cow<'_, str> {
        self.name().into()
    }
}

impl TextForm for TicketSubject {
    const EXPECTED: &'static str = "a text of 1 to 200 characters in one line";

    fn schema() -> MetaSchema {
        sized(1, 200, "No code came")
    }

    fn read(text: &str) -> Option<Self> {
        Self::try_new(text).ok()
    }

    fn write(&self) -> Cow<'_, str> {
        self.as_str().into()
    }
}

impl TextForm for TicketText {
    const EXPECTED: &'static str = "a text of 1 to 10000 characters";

    fn schema() -> MetaSchema {
        sized(1, 10_000, "I asked for the code twice.")
    }

    fn read(text: &str) -> Option<Self> {
        Self::try_new(text).ok()
    }

    fn write(&self) -> Cow<'_, str> {
        self.as_str().into()
    }
}

/// A ticket to open.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "NewTicket")]
pub struct NewTicketBody {
    /// What it is about, in a line.
    pub subject: Text<TicketSubject>,
    /// The first message. Plain text.
    pub body: Text<TicketText>,
    /// What it is about, in kind.
    pub category: Text<TicketCategory>,
    /// Your order that it is about.
    pub verification_id: Option<Text<OrderId>>,
    /// Your payment that it is about.
    pub payment_id: Option<Text<PaymentId>>,
}

impl NewTicketBody {
    pub(super) fn parse(self, id: TicketId, user: UserId) -> OpenTicket {
        OpenTicket {
            id,
            user,
            subject: self.subject.0,
            text: self.body.0,
            category: self.category.0,
            order: self.verification_id.map(|id| id.0),
            payment: self.payment_id.map(|id| id.0),
        }
    }
}

/// A message to write.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "NewTicketMessage")]
pub struct NewMessageBody {
    /// Plain text.
    pub body: Text<TicketText>,
}

/// A ticket.
#[derive(Debug, Object)]
#[oai(rename = "Ticket")]
pub struct TicketBody {
    /// Its identifier.
    pub id: Text<TicketId>,
    /// What it is about, in a line.
    pub subject: Option<String>,
    /// What it is about, in kind.
    pub category: Text<TicketCategory>,
    /// `open`: support's turn; `answered`: yours; `closed`: a new message opens it again.
    pub status: Text<TicketStatus>,
    /// The order that it is about.
    pub verification_id: Option<Text<OrderId>>,
    /// The payment that it is about.
    pub payment_id: Option<Text<PaymentId>>,
    /// When it was opened.
    pub created_at: Text<Time>,
    /// When something last happened.
    pub updated_at: Text<Time>,
}

impl From<Ticket> for TicketBody {
    fn from(ticket: Ticket) -> Self {
        Self {
            id: Text(ticket.id),
            subject: ticket.subject.map(|subject| subject.as_str().to_owned()),
            category: Text(ticket.category),
            status: Text(ticket.status),
            verification_id: ticket.order.map(Text),
            payment_id: ticket.payment.map(Text),
            created_at: Text(ticket.opened_at),
            updated_at: Text(ticket.updated_at),
        }
    }
}

/// Who wrote a message, seen from its reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthorWord {
    /// Its user.
    You,
    /// Staff.
    Support,
}

impl TextForm for AuthorWord {
    const EXPECTED: &'static str = "you or support";

    fn schema() -> MetaSchema {
        one_of(&["you", "support"])
    }

    fn read(text: &str) -> Option<Self> {
        match text {
            "you" => Some(Self::You),
            "support" => Some(Self::Support),
            _ => None,
        }
    }

    fn write(&self) -> Cow<'_, str> {
        match self {
            Self::You => "you".into(),
            Self::Support => "support".into(),
        }
    }
}

/// A message of a ticket.
#[derive(Debug, Object)]
#[oai(rename = "TicketMessage")]
pub struct TicketMessageBody {
    /// Its identifier.
    pub id: Text<TicketLineId>,
    /// Who wrote it.
    pub from: Text<AuthorWord>,
    /// What it says: plain text, to be escaped wherever it is shown.
    pub body: Option<String>,
    /// When.
    pub created_at: Text<Time>,
}

impl From<Line> for TicketMessageBody {
    fn from(line: Line) -> Self {
        let from = match line.author {
            Author::Customer => AuthorWord::You,
            Author::Staff(_) | Author::Note(_) => AuthorWord::Support,
        };
        Self {
            id: Text(line.id),
            from: Text(from),
            body: line.text.map(|text| text.as_str().to_owned()),
            created_at: Text(line.at),
        }
    }
}
