//! Canned answers. The house's own words, so they are not sealed.

use namaskah_domain::{
    CannedAnswerId, Fault, Version,
    support::{CannedAnswer, TicketSubject, TicketText},
};
use sea_orm::entity::prelude::*;

use crate::persistence::stored::{optional_time, time, unreadable, us};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "canned_answers")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub name: String,
    pub text: String,
    pub updated_at_us: i64,
    pub removed_at_us: Option<i64>,
    pub version: i64,
}
alone!();

impl From<&CannedAnswer> for Model {
    fn from(canned: &CannedAnswer) -> Self {
        Self {
            id: canned.id.uuid(),
            name: canned.name.as_str().to_owned(),
            text: canned.text.as_str().to_owned(),
            updated_at_us: us(canned.updated_at),
            removed_at_us: canned.removed_at.map(us),
            version: canned.version.get(),
        }
    }
}

impl TryFrom<Model> for CannedAnswer {
    type Error = Fault;

    fn try_from(row: Model) -> Result<Self, Fault> {
        Ok(Self {
            id: CannedAnswerId::from_uuid(row.id),
            name: TicketSubject::try_new(&row.name).map_err(|_| unreadable("name"))?,
            text: TicketText::try_new(&row.text).map_err(|_| unreadable("canned answer"))?,
            updated_at: time(row.updated_at_us)?,
            removed_at: optional_time(row.removed_at_us)?,
            version: Version::from_stored(row.version),
        })
    }
}
