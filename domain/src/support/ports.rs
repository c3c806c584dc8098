//! What support needs from outside.

use async_trait::async_trait;

use crate::{
    CannedAnswerId, Fault, Page, PageOf, TicketId, TicketLineId, UserId,
    support::{CannedAnswer, Line, Ticket, TicketCategory, TicketStatus},
};

/// Which tickets are wanted. What is `None` does not matter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TicketQuery {
    /// Whose.
    pub user: Option<UserId>,
    /// Whose turn it is.
    pub status: Option<TicketStatus>,
    /// What they are about.
    pub category: Option<TicketCategory>,
    /// Who of staff looks after them.
    pub assignee: Option<UserId>,
}

/// Who reads a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// Its user: no notes.
    Customer,
    /// Staff: everything.
    Staff,
}

/// Reads of tickets. One statement each.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait SupportReads: Send + Sync {
    /// One ticket of anybody; the service checks whose it is.
    async fn ticket(&self, id: TicketId) -> Result<Option<Ticket>, Fault>;

    /// Tickets, newest first.
    async fn tickets(&self, query: &TicketQuery, page: Page<TicketId>) -> Result<PageOf<Ticket>, Fault>;

    /// Lines of a ticket, newest first.
    async fn ticket_lines(
        &self,
        ticket: TicketId,
        reading: Reading,
        page: Page<TicketLineId>,
    ) -> Result<PageOf<Line>, Fault>;

    /// Canned answers that are in use, in no order.
    async fn canned_answers(&self) -> Result<Vec<CannedAnswer>, Fault>;

    /// One canned answer, in use or not.
    async fn canned_answer(&self, id: CannedAnswerId) -> Result<Option<CannedAnswer>, Fault>;

    /// How many tickets of a user are not closed.
    async fn open_tickets(&self, user: UserId) -> Result<u32, Fault>;
}
