//! Tickets, as staff answers them.

use std::{borrow::Cow, sync::Arc};

use namaskah_domain::{
    TicketId, TicketLineId, Time, UserId,
    entity::{TicketEntity, TicketLineEntity, UserEntity},
    staff::OrderDesk,
    support::{Author, Line, SupportService, Ticket, TicketCategory, TicketQuery, TicketStatus, TicketText},
};
use poem_openapi::{
    Object, OpenApi,
    param::{Path, Query},
    registry::MetaSchema,
};
use serde::Deserialize;

use crate::http::{
    admin::orders::history::EvidenceBody,
    body::{
        AfterQuery, Body, LimitQuery, Listed, Shown, Text, TextForm,
        text::{one_of, pattern},
    },
    detached::detached,
    problem::Problem,
    staff_scheme::{Staff, may},
    support::body::TicketBody,
    tags::Tag,
};

/// An answer.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "TicketReply")]
pub struct ReplyBody {
    /// Plain text.
    pub body: Text<TicketText>,
    /// True for a note that staff alone reads; false, or absent, for an answer.
    pub internal: Option<bool>,
}

/// Whose turn it is.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "TicketStatusChange")]
pub struct StatusBody {
    /// From now on.
    pub status: Text<TicketStatus>,
}

/// Somebody, or nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Assignee(Option<UserId>);

const NOBODY: &str = "nobody";

impl TextForm for Assignee {
    const EXPECTED: &'static str = "the identifier of a user, or nobody";

    fn schema() -> MetaSchema {
        pattern("^(usr_[0-7][0-9abcdefghjkmnpqrstvwxyz]{25}|nobody)$", NOBODY)
    }

    fn read(text: &str) -> Option<Self> {
        if text == NOBODY { Some(Self(None)) } else { text.parse().ok().map(|id| Self(Some(id))) }
    }

    fn write(&self) -> Cow<'_, str> {
        self.0.map_or_else(|| NOBODY.into(), |id| id.to_string().into())
    }
}

/// Who looks after a ticket.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "TicketAssignment")]
pub struct AssignBody {
    /// Somebody who answers tickets, or `nobody`.
    pub assignee: Text<Assignee>,
}

/// A ticket, as staff sees it.
#[derive(Debug, Object)]
#[oai(rename = "StaffTicket")]
pub struct StaffTicketBody {
    /// As its user sees it.
    #[oai(flatten)]
    pub ticket: TicketBody,
    /// Whose.
    pub user_id: Text<UserId>,
    /// Who of staff looks after it.
    pub assignee: Option<Text<UserId>>,
}

impl From<Ticket> for StaffTicketBody {
    fn from(ticket: Ticket) -> Self {
        let (user_id, assignee) = (Text(ticket.user), ticket.assignee.map(Text));
        Self { ticket: ticket.into(), user_id, assignee }
    }
}

/// Who wrote a message, and for whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoleWord {
    /// The user.
    Customer,
    /// Staff, to the user.
    Staff,
    /// Staff, to staff.
    Note,
}

const ROLE_WORDS: [(RoleWord, &str); 3] =
    [(RoleWord::Customer, "customer"), (RoleWord::Staff, "staff"), (RoleWord::Note, "note")];

impl TextForm for RoleWord {
    const EXPECTED: &'static str = "customer, staff or note";

    fn schema() -> MetaSchema {
        one_of(&ROLE_WORDS.map(|(_, word)| word))
    }

    fn read(text: &str) -> Option<Self> {
        ROLE_WORDS.into_iter().find(|(_, word)| *word == text).map(|(role, _)| role)
    }

    fn write(&self) -> Cow<'_, str> {
        ROLE_WORDS.into_iter().find(|(role, _)| role == self).map_or("", |(_, word)| word).into()
    }
}

/// A message of a ticket, as staff sees it.
#[derive(Debug, Object)]
#[oai(rename = "StaffTicketMessage")]
pub struct StaffMessageBody {
    /// Its identifier.
    pub id: Text<TicketLineId>,
    /// Who wrote it, and for whom.
    pub from: Text<RoleWord>,
    /// Who of staff; null for the user.
    pub author_id: Option<Text<UserId>>,
    /// What it says: plain text, to be escaped wherever it is shown. Null once the account is closed.
    pub body: Option<String>,
    /// When.
    pub created_at: Text<Time>,
}

impl From<Line> for StaffMessageBody {
    fn from(line: Line) -> Self {
        let (from, by) = match line.author {
            Author::Customer => (RoleWord::Customer, None),
            Author::Staff(by) => (RoleWord::Staff, Some(by)),
            Author::Note(by) => (RoleWord::Note, Some(by)),
        };
        Self {
            id: Text(line.id),
            from: Text(from),
            author_id: by.map(Text),
            body: line.text.map(|text| text.as_str().to_owned()),
            created_at: Text(line.at),
        }
    }
}

/// Routes of tickets.
pub struct TicketsApi {
    /// Keeps them.
    pub support: Arc<SupportService>,
    /// Knows the orders that they are about.
    pub desk: Arc<OrderDesk>,
}

#[OpenApi(prefix_path = "/api/v1/admin/tickets", tag = "Tag::Admin")]
impl TicketsApi {
    /// Tickets
    #[oai(path = "/", method = "get", operation_id = "list_all_tickets")]
    #[allow(clippy::too_many_arguments)] // Each is a parameter of the query.
    async fn list(
        &self,
        _staff: Staff<may::Tickets>,
        /// Whose turn it is.
        status: Query<Option<Text<TicketStatus>>>,
        /// What they are about.
        category: Query<Option<Text<TicketCategory>>>,
        /// Who looks after them.
        assignee: Query<AfterQuery<UserEntity>>,
        /// Whose they are.
        user: Query<AfterQuery<UserEntity>>,
        #[oai(default)] limit: Query<LimitQuery>,
        after: Query<AfterQuery<TicketEntity>>,
    ) -> Result<Shown<Listed<StaffTicketBody>>, Problem> {
        let query = TicketQuery {
            user: user.0.map(|user| user.0),
            status: status.0.map(|status| status.0),
            category: category.0.map(|category| category.0),
            assignee: assignee.0.map(|assignee| assignee.0),
        };
        let page = self.support.list(&query, limit.0.page(after.0)).await?;
        Ok(Shown(Listed::of(page, |ticket| ticket.id, StaffTicketBody::from)))
    }

    /// One ticket
    #[oai(path = "/:id", method = "get", operation_id = "get_any_ticket")]
    async fn get(
        &self,
        _staff: Staff<may::Tickets>,
        id: Path<Text<TicketId>>,
    ) -> Result<Shown<StaffTicketBody>, Problem> {
        Ok(Shown(self.support.get(id.0.0, None).await?.into()))
    }

    /// What was written, notes included
    #[oai(path = "/:id/messages", method = "get", operation_id = "list_any_ticket_messages")]
    async fn messages(
        &self,
        _staff: Staff<may::Tickets>,
        id: Path<Text<TicketId>>,
        #[oai(default)] limit: Query<LimitQuery>,
        after: Query<AfterQuery<TicketLineEntity>>,
    ) -> Result<Shown<Listed<StaffMessageBody>>, Problem> {
        let page = self.support.lines(id.0.0, None, limit.0.page(after.0)).await?;
        Ok(Shown(Listed::of(page, |line| line.id, StaffMessageBody::from)))
    }

    /// Every step of the order that a ticket is about, oldest first
    ///
    /// As of an order itself; nothing if the ticket is about none.
    #[oai(path = "/:id/order", method = "get", operation_id = "get_ticket_order")]
    async fn order(
        &self,
        _staff: Staff<may::Tickets>,
        id: Path<Text<TicketId>>,
    ) -> Result<Shown<Listed<EvidenceBody>>, Problem> {
        let ticket = self.support.get(id.0.0, None).await?;
        let steps = match ticket.order {
            Some(order) => self.desk.history(order).await?.unwrap_or_default(),
            None => Vec::new(),
        };
        Ok(Shown(Listed::whole(steps.into_iter().map(EvidenceBody::from).collect())))
    }

    /// Answer, or leave a note
    ///
    /// The user is told by mail that there is an answer, not what it says. Whoever answers first looks after the ticket.
    #[oai(path = "/:id/reply", method = "post", operation_id = "reply_to_ticket")]
    async fn reply(
        &self,
        staff: Staff<may::Tickets>,
        id: Path<Text<TicketId>>,
        body: Body<ReplyBody>,
    ) -> Result<Shown<StaffTicketBody>, Problem> {
        let (support, actor, id) = (self.support.clone(), staff.0, id.0.0);
        let ReplyBody { body: Text(text), internal } = body.0;
        let ticket = detached(async move {
            match internal {
                Some(true) => support.note(&actor, id, text).await,
                Some(false) | None => support.answer(&actor, id, text).await,
            }
        });
        Ok(Shown(ticket.await?.into()))
    }

    /// Say whose turn it is
    #[oai(path = "/:id/status", method = "post", operation_id = "set_ticket_status")]
    async fn status(
        &self,
        staff: Staff<may::Tickets>,
        id: Path<Text<TicketId>>,
        body: Body<StatusBody>,
    ) -> Result<Shown<StaffTicketBody>, Problem> {
        let (support, actor, status) = (self.support.clone(), staff.0, body.0.status.0);
        let ticket = detached(async move { support.put(&actor, id.0.0, status).await }).await?;
        Ok(Shown(ticket.into()))
    }

    /// Give it to somebody
    #[oai(path = "/:id/assign", method = "post", operation_id = "assign_ticket")]
    async fn assign(
        &self,
        staff: Staff<may::Tickets>,
        id: Path<Text<TicketId>>,
        body: Body<AssignBody>,
    ) -> Result<Shown<StaffTicketBody>, Problem> {
        let (support, actor) = (self.support.clone(), staff.0);
        let Assignee(assignee) = body.0.assignee.0;
        let ticket = detached(async move { support.assign(&actor, id.0.0, assignee).await }).await?;
        Ok(Shown(ticket.into()))
    }
}
