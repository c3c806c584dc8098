//! Tickets of support. The subject is sealed, and erased with the account of its user.

use namaskah_domain::{
    Fault, OrderId, PaymentId, TicketId, UserId, Version,
    support::{Ticket, TicketCategory, TicketStatus, TicketSubject},
};
use sea_orm::entity::prelude::*;

use crate::{
    persistence::stored::{RowVault, count, time, unreadable, us},
    vault::Vault,
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tickets")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub user_id: Uuid,
    pub subject_sealed: Option<Vec<u8>>,
    pub category: String,
    pub order_id: Option<Uuid>,
    pub payment_id: Option<Uuid>,
    pub status: String,
    pub assignee: Option<Uuid>,
    pub lines: i64,
    pub opened_at_us: i64,
    pub updated_at_us: i64,
    pub version: i64,
}
alone!();

const TABLE: &str = "tickets";
const SUBJECT: &str = "subject_sealed";

impl Model {
    pub(crate) fn seal(ticket: &Ticket, vault: &Vault) -> Result<Self, Fault> {
        let row = RowVault::new(vault, TABLE, ticket.id.uuid());
        Ok(Self {
            id: ticket.id.uuid(),
            user_id: ticket.user.uuid(),
            subject_sealed: row.seal_text(SUBJECT, ticket.subject.as_ref().map(TicketSubject::as_str))?,
            category: ticket.category.name().to_owned(),
            order_id: ticket.order.map(OrderId::uuid),
            payment_id: ticket.payment.map(PaymentId::uuid),
            status: ticket.status.name().to_owned(),
            assignee: ticket.assignee.map(UserId::uuid),
            lines: i64::from(ticket.lines),
            opened_at_us: us(ticket.opened_at),
            updated_at_us: us(ticket.updated_at),
            version: ticket.version.get(),
        })
    }

    pub(crate) fn open(self, vault: &Vault) -> Result<Ticket, Fault> {
        let row = RowVault::new(vault, TABLE, self.id);
        let subject = row.open_text(SUBJECT, self.subject_sealed.as_deref())?;
        let subject = subject.map(|text| TicketSubject::try_new(&text).map_err(|_| unreadable("subject")));
        Ok(Ticket {
            id: TicketId::from_uuid(self.id),
            user: UserId::from_uuid(self.user_id),
            subject: subject.transpose()?,
            category: TicketCategory::from_name(&self.category).ok_or_else(|| unreadable("category"))?,
            order: self.order_id.map(OrderId::from_uuid),
            payment: self.payment_id.map(PaymentId::from_uuid),
            status: TicketStatus::from_name(&self.status).ok_or_else(|| unreadable("status"))?,
            assignee: self.assignee.map(UserId::from_uuid),
            lines: count(self.lines)?,
            opened_at: time(self.opened_at_us)?,
            updated_at: time(self.updated_at_us)?,
            version: Version::from_stored(self.version),
        })
    }
}
