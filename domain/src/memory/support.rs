//! Reads of tickets, in memory.

use async_trait::async_trait;

use super::{MemoryStore, reads::page_of};
use crate::{
    CannedAnswerId, Fault, Page, PageOf, TicketId, TicketLineId, UserId,
    support::{Author, CannedAnswer, Line, Reading, SupportReads, Ticket, TicketQuery, TicketStatus},
};

#[async_trait]
impl SupportReads for MemoryStore {
    async fn ticket(&self, id: TicketId) -> Result<Option<Ticket>, Fault> {
        Ok(self.state().tickets.get(&id).cloned())
    }

    async fn tickets(&self, query: &TicketQuery, page: Page<TicketId>) -> Result<PageOf<Ticket>, Fault> {
        let state = self.state();
        let wanted = state.tickets.values().rev().filter(|ticket| {
            query.user.is_none_or(|user| ticket.user == user)
                && query.status.is_none_or(|status| ticket.status == status)
                && query.category.is_none_or(|category| ticket.category == category)
                && query.assignee.is_none_or(|assignee| ticket.assignee == Some(assignee))
        });
        Ok(page_of(wanted.cloned().collect(), page, |ticket| ticket.id))
    }

    async fn ticket_lines(
        &self,
        ticket: TicketId,
        reading: Reading,
        page: Page<TicketLineId>,
    ) -> Result<PageOf<Line>, Fault> {
        let state = self.state();
        let wanted = state.ticket_lines.values().rev().filter(|line| {
            line.ticket == ticket && (reading == Reading::Staff || !matches!(line.author, Author::Note(_)))
        });
        Ok(page_of(wanted.cloned().collect(), page, |line| line.id))
    }

    async fn canned_answers(&self) -> Result<Vec<CannedAnswer>, Fault> {
        let state = self.state();
        Ok(state.canned_answers.values().filter(|canned| canned.removed_at.is_none()).cloned().collect())
    }

    async fn canned_answer(&self, id: CannedAnswerId) -> Result<Option<CannedAnswer>, Fault> {
        Ok(self.state().canned_answers.get(&id).cloned())
    }

    async fn open_tickets(&self, user: UserId) -> Result<u32, Fault> {
        let state = self.state();
        let open = state.tickets.values().filter(|t| t.user == user && t.status != TicketStatus::Closed);
        Ok(u32::try_from(open.count()).unwrap_or(u32::MAX))
    }
}
