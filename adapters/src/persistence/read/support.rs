//! Reads of tickets.

use async_trait::async_trait;
use namaskah_domain::{
    CannedAnswerId, Fault, Page, PageOf, TicketId, TicketLineId, UserId,
    support::{CannedAnswer, Line, Reading, SupportReads, Ticket, TicketQuery},
};
use sea_orm::{
    ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr,
};

use super::{Reads, all, fault, one_more, page_of};
use crate::persistence::entity::{canned_answer, ticket, ticket_line};

#[async_trait]
impl SupportReads for Reads {
    async fn ticket(&self, id: TicketId) -> Result<Option<Ticket>, Fault> {
        let row = ticket::Entity::find_by_id(id.uuid()).one(self.database.reads()).await;
        row.map_err(fault)?.map(|row| row.open(&self.vault)).transpose()
    }

    async fn tickets(&self, query: &TicketQuery, page: Page<TicketId>) -> Result<PageOf<Ticket>, Fault> {
        use ticket::Column;
        let mut wanted = ticket::Entity::find();
        if let Some(user) = query.user {
            wanted = wanted.filter(Column::UserId.eq(user.uuid()));
        }
        if let Some(status) = query.status {
            wanted = wanted.filter(Column::Status.eq(status.name()));
        }
        if let Some(category) = query.category {
            wanted = wanted.filter(Column::Category.eq(category.name()));
        }
        if let Some(assignee) = query.assignee {
            wanted = wanted.filter(Column::Assignee.eq(assignee.uuid()));
        }
        if let Some(after) = page.after {
            wanted = wanted.filter(Column::Id.lt(after.uuid()));
        }
        let rows = wanted.order_by_desc(Column::Id).limit(one_more(&page)).all(self.database.reads()).await;
        page_of(rows.map_err(fault)?, page.limit, |row| row.open(&self.vault))
    }

    async fn ticket_lines(
        &self,
        ticket: TicketId,
        reading: Reading,
        page: Page<TicketLineId>,
    ) -> Result<PageOf<Line>, Fault> {
        use ticket_line::Column;
        let mut wanted = ticket_line::Entity::find().filter(Column::TicketId.eq(ticket.uuid()));
        if reading == Reading::Customer {
            wanted = wanted.filter(Column::Author.ne("note"));
        }
        if let Some(after) = page.after {
            wanted = wanted.filter(Column::Id.lt(after.uuid()));
        }
        let rows = wanted.order_by_desc(Column::Id).limit(one_more(&page)).all(self.database.reads()).await;
        page_of(rows.map_err(fault)?, page.limit, |row| row.open(&self.vault))
    }

    async fn canned_answers(&self) -> Result<Vec<CannedAnswer>, Fault> {
        let kept = canned_answer::Entity::find().filter(Expr::cust("removed_at_us IS NULL"));
        all(kept.all(self.database.reads()).await.map_err(fault)?, CannedAnswer::try_from)
    }

    async fn canned_answer(&self, id: CannedAnswerId) -> Result<Option<CannedAnswer>, Fault> {
        let row = canned_answer::Entity::find_by_id(id.uuid()).one(self.database.reads()).await;
        row.map_err(fault)?.map(CannedAnswer::try_from).transpose()
    }

    async fn open_tickets(&self, user: UserId) -> Result<u32, Fault> {
        let open = ticket::Entity::find()
            .filter(ticket::Column::UserId.eq(user.uuid()))
            .filter(Expr::cust("status <> 'closed'"));
        let count = open.count(self.database.reads()).await.map_err(fault)?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }
}
