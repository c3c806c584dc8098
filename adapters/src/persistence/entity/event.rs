//! Events. `recorded` rises in the order of recording; `sequence` is stamped after the commit.

use namaskah_domain::{Event, EventId, EventKind, Fault, UserId, Version, outbox::SequencedEvent};
use sea_orm::entity::prelude::*;

use crate::persistence::stored::{cause, time, traceparent, unreadable, us};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "events")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub recorded: i64,
    pub id: Uuid,
    pub user_id: Uuid,
    pub kind: String,
    pub subject: Uuid,
    pub subject_version: i64,
    pub at_us: i64,
    pub sequence: Option<i64>,
    pub traceparent: Option<String>,
}
alone!();

impl From<&Event> for Model {
    /// `recorded` is the database's to give; the row is written without it.
    fn from(event: &Event) -> Self {
        Self {
            recorded: 0,
            id: event.id.uuid(),
            user_id: event.user.uuid(),
            kind: event.kind.name().to_owned(),
            subject: event.subject,
            subject_version: event.version.get(),
            at_us: us(event.at),
            sequence: None,
            traceparent: traceparent(event.cause),
        }
    }
}

impl TryFrom<Model> for SequencedEvent {
    type Error = Fault;

    fn try_from(row: Model) -> Result<Self, Fault> {
        Ok(Self {
            sequence: row.sequence.ok_or_else(|| unreadable("sequence"))?,
            event: Event {
                id: EventId::from_uuid(row.id),
                user: UserId::from_uuid(row.user_id),
                kind: EventKind::from_name(&row.kind).ok_or_else(|| unreadable("kind of event"))?,
                subject: row.subject,
                version: Version::from_stored(row.subject_version),
                at: time(row.at_us)?,
                cause: cause(row.traceparent.as_deref()),
            },
        })
    }
}
