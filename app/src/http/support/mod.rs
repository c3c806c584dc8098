//! Tickets, as their user opens and reads them.

pub mod body;

use std::sync::Arc;

use namaskah_domain::{
    TicketId,
    entity::{TicketEntity, TicketLineEntity},
    support::{SupportService, TicketQuery, TicketStatus},
};
use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};

use self::body::{NewMessageBody, NewTicketBody, TicketBody, TicketMessageBody};
use crate::http::{
    auth_scheme::SignedIn,
    body::{AfterQuery, Body, Created, LimitQuery, Listed, Shown, Text},
    detached::detached,
    problem::Problem,
    tags::Tag,
};

/// Routes of tickets.
pub struct SupportApi {
    /// Keeps them.
    pub support: Arc<SupportService>,
}

#[OpenApi(prefix_path = "/api/v1/support/tickets", tag = "Tag::Support")]
impl SupportApi {
    /// Ask support
    ///
    /// At most 20 tickets that are not closed. An answer is told by mail, without its words.
    #[oai(path = "/", method = "post", operation_id = "open_ticket")]
    async fn open(&self, user: SignedIn, body: Body<NewTicketBody>) -> Result<Created<TicketBody>, Problem> {
        let (support, command) = (self.support.clone(), body.0.parse(self.support.id(), user.id()));
        let ticket = detached(async move { support.open(command).await }).await?;
        let location = format!("/api/v1/support/tickets/{}", ticket.id);
        Ok(Created::new(ticket.into(), location))
    }

    /// Your tickets
    #[oai(path = "/", method = "get", operation_id = "list_tickets")]
    async fn list(
        &self,
        user: SignedIn,
        /// Whose turn it is.
        status: Query<Option<Text<TicketStatus>>>,
        #[oai(default)] limit: Query<LimitQuery>,
        after: Query<AfterQuery<TicketEntity>>,
    ) -> Result<Shown<Listed<TicketBody>>, Problem> {
        let status = status.0.map(|status| status.0);
        let query = TicketQuery { user: Some(user.id()), status, ..TicketQuery::default() };
        let page = self.support.list(&query, limit.0.page(after.0)).await?;
        Ok(Shown(Listed::of(page, |ticket| ticket.id, TicketBody::from)))
    }

    /// One of your tickets
    #[oai(path = "/:id", method = "get", operation_id = "get_ticket")]
    async fn get(&self, user: SignedIn, id: Path<Text<TicketId>>) -> Result<Shown<TicketBody>, Problem> {
        Ok(Shown(self.support.get(id.0.0, Some(user.id())).await?.into()))
    }

    /// What was written
    ///
    /// Newest first.
    #[oai(path = "/:id/messages", method = "get", operation_id = "list_ticket_messages")]
    async fn messages(
        &self,
        user: SignedIn,
        id: Path<Text<TicketId>>,
        #[oai(default)] limit: Query<LimitQuery>,
        after: Query<AfterQuery<TicketLineEntity>>,
    ) -> Result<Shown<Listed<TicketMessageBody>>, Problem> {
        let page = self.support.lines(id.0.0, Some(user.id()), limit.0.page(after.0)).await?;
        Ok(Shown(Listed::of(page, |line| line.id, TicketMessageBody::from)))
    }

    /// Write to support
    ///
    /// Opens the ticket again if it was answered or closed. At most 200 messages a ticket.
    #[oai(path = "/:id/messages", method = "post", operation_id = "write_ticket_message")]
    async fn write(
        &self,
        user: SignedIn,
        id: Path<Text<TicketId>>,
        body: Body<NewMessageBody>,
    ) -> Result<Created<TicketMessageBody>, Problem> {
        let (support, by, id, text) = (self.support.clone(), user.id(), id.0.0, body.0.body.0);
        let line = detached(async move { support.write(by, id, text).await }).await?;
        Ok(Created::new(line.into(), format!("/api/v1/support/tickets/{id}/messages")))
    }
}
