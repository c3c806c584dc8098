//! Lines of tickets. What they say is sealed, and erased with the account of their ticket's user.

use namaskah_domain::{
    Fault, TicketId, TicketLineId, UserId,
    support::{Author, Line, TicketText},
};
use sea_orm::entity::prelude::*;

use crate::{
    persistence::stored::{RowVault, time, unreadable, us},
    vault::Vault,
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ticket_lines")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub ticket_id: Uuid,
    pub author: String,
    /// Who of staff; the ticket says who its user is.
    pub author_id: Option<Uuid>,
    pub text_sealed: Option<Vec<u8>>,
    pub at_us: i64,
}
alone!();

const TABLE: &str = "ticket_lines";
const TEXT: &str = "text_sealed";

impl Model {
    pub(crate) fn seal(line: &Line, vault: &Vault) -> Result<Self, Fault> {
        let (author, by) = match line.author {
            Author::Customer => ("customer", None),
            Author::Staff(by) => ("staff", Some(by)),
            Author::Note(by) => ("note", Some(by)),
        };
        let row = RowVault::new(vault, TABLE, line.id.uuid());
        Ok(Self {
            id: line.id.uuid(),
            ticket_id: line.ticket.uuid(),
            author: author.to_owned(),
            author_id: by.map(UserId::uuid),
            text_sealed: row.seal_text(TEXT, line.text.as_ref().map(TicketText::as_str))?,
            at_us: us(line.at),
        })
    }

    pub(crate) fn open(self, vault: &Vault) -> Result<Line, Fault> {
        let text = RowVault::new(vault, TABLE, self.id).open_text(TEXT, self.text_sealed.as_deref())?;
        let text = text.map(|text| TicketText::try_new(&text).map_err(|_| unreadable("line")));
        let author = match (self.author.as_str(), self.author_id.map(UserId::from_uuid)) {
            ("customer", None) => Author::Customer,
            ("staff", Some(by)) => Author::Staff(by),
            ("note", Some(by)) => Author::Note(by),
            _ => return Err(unreadable("author")),
        };
        Ok(Line {
            id: TicketLineId::from_uuid(self.id),
            ticket: TicketId::from_uuid(self.ticket_id),
            author,
            text: text.transpose()?,
            at: time(self.at_us)?,
        })
    }
}
