//! A ticket and its lines. Pure decisions: who writes moves the ticket to the other side.

use crate::{
    OrderId, PaymentId, TicketId, TicketLineId, Time, UserId, Version,
    staff::Facts,
    support::{TicketError, TicketSubject, TicketText},
};

/// Lines that a ticket has at most; then another one is opened.
pub const MAX_LINES: u32 = 200;
/// Tickets that a user may have open at once.
pub const MAX_OPEN: u32 = 20;

/// What a ticket is about, in kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TicketCategory {
    /// An order, a number, a code.
    Verification,
    /// A payment, a refund, the wallet.
    Payment,
    /// Signing in, the account.
    Account,
    /// Anything else.
    Other,
}

impl TicketCategory {
    /// Every category.
    pub const ALL: [Self; 4] = [Self::Verification, Self::Payment, Self::Account, Self::Other];

    /// The name in the API and in storage.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Verification => "verification",
            Self::Payment => "payment",
            Self::Account => "account",
            Self::Other => "other",
        }
    }

    /// The category of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|category| category.name() == name)
    }
}

/// Whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TicketStatus {
    /// Staff's.
    Open,
    /// The user's: staff has answered.
    Answered,
    /// Nobody's. What the user writes opens it again.
    Closed,
}

impl TicketStatus {
    /// Every status.
    pub const ALL: [Self; 3] = [Self::Open, Self::Answered, Self::Closed];

    /// The name in the API and in storage.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Answered => "answered",
            Self::Closed => "closed",
        }
    }

    /// The status of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }
}

/// Who wrote a line, and for whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Author {
    /// The user, to staff.
    Customer,
    /// One of staff, to the user.
    Staff(UserId),
    /// One of staff, to staff alone. The user never sees it.
    Note(UserId),
}

/// One text of a ticket. Never changes, but that it is erased with the account of its user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its identifier.
    pub id: TicketLineId,
    /// In which ticket.
    pub ticket: TicketId,
    /// Who wrote it, and for whom.
    pub author: Author,
    /// What it says; `None` once it is erased.
    pub text: Option<TicketText>,
    /// When.
    pub at: Time,
}

/// A ticket. Its lines are records of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// Its identifier.
    pub id: TicketId,
    /// Whose.
    pub user: UserId,
    /// What it is about; `None` once it is erased.
    pub subject: Option<TicketSubject>,
    /// The same in kind.
    pub category: TicketCategory,
    /// The order that it is about.
    pub order: Option<OrderId>,
    /// The payment that it is about.
    pub payment: Option<PaymentId>,
    /// Whose turn it is.
    pub status: TicketStatus,
    /// Who of staff looks after it.
    pub assignee: Option<UserId>,
    /// How many lines it has, notes included.
    pub lines: u32,
    /// When it was opened.
    pub opened_at: Time,
    /// When somebody last wrote or decided something.
    pub updated_at: Time,
    /// Counts every change.
    pub version: Version,
}

impl Ticket {
    /// The user writes: it is staff's turn.
    ///
    /// # Errors
    /// `Full`.
    pub fn written(self, id: TicketLineId, text: TicketText, now: Time) -> Result<(Self, Line), TicketError> {
        self.line(id, Author::Customer, text, TicketStatus::Open, now)
    }

    /// Staff answers: it is the user's turn. Whoever answers first looks after it from then on.
    ///
    /// # Errors
    /// `Full`; `OwnTicket` if it is his own.
    pub fn answered(
        self,
        by: UserId,
        id: TicketLineId,
        text: TicketText,
        now: Time,
    ) -> Result<(Self, Line), TicketError> {
        let mut ticket = self.of_another(by)?;
        ticket.assignee = ticket.assignee.or(Some(by));
        ticket.line(id, Author::Staff(by), text, TicketStatus::Answered, now)
    }

    /// Staff writes for staff: nothing else changes.
    ///
    /// # Errors
    /// `Full`; `OwnTicket` if it is his own.
    pub fn noted(
        self,
        by: UserId,
        id: TicketLineId,
        text: TicketText,
        now: Time,
    ) -> Result<(Self, Line), TicketError> {
        let ticket = self.of_another(by)?;
        let status = ticket.status;
        ticket.line(id, Author::Note(by), text, status, now)
    }

    /// Staff says whose turn it is.
    ///
    /// # Errors
    /// `OwnTicket` if it is his own.
    pub fn put(self, by: UserId, status: TicketStatus, now: Time) -> Result<Self, TicketError> {
        Ok(Self { status, ..self.of_another(by)? }.touched(now))
    }

    /// Staff gives it to somebody, or to nobody.
    ///
    /// # Errors
    /// `OwnTicket` if it is his own, or becomes it.
    pub fn assigned(self, by: UserId, assignee: Option<UserId>, now: Time) -> Result<Self, TicketError> {
        if assignee == Some(self.user) {
            return Err(TicketError::OwnTicket);
        }
        Ok(Self { assignee, ..self.of_another(by)? }.touched(now))
    }

    fn of_another(self, by: UserId) -> Result<Self, TicketError> {
        if self.user == by { Err(TicketError::OwnTicket) } else { Ok(self) }
    }

    fn line(
        self,
        id: TicketLineId,
        author: Author,
        text: TicketText,
        status: TicketStatus,
        now: Time,
    ) -> Result<(Self, Line), TicketError> {
        if self.lines >= MAX_LINES {
            return Err(TicketError::Full);
        }
        let line = Line { id, ticket: self.id, author, text: Some(text), at: now };
        Ok((Self { lines: self.lines + 1, status, ..self }.touched(now), line))
    }

    fn touched(self, now: Time) -> Self {
        Self { updated_at: now, version: self.version.next(), ..self }
    }

    /// What the log tells of it: no word of what was written.
    pub(super) fn facts(&self) -> Facts {
        Facts::none().with("status", self.status.name()).maybe("assignee", self.assignee)
    }
}
