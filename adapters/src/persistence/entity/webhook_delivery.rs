//! Deliveries. What is told is not stored: the event's record is, and is read when it is told.

use namaskah_domain::{
    DeliveryId, EndpointId, EventId, EventKind, Fault, UserId, Version,
    webhook::{Delivery, DeliveryState, DeliveryStatus, Happening, Telling},
};
use sea_orm::entity::prelude::*;

use crate::persistence::stored::{cause, count, time, traceparent, unreadable, us};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_deliveries")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub endpoint_id: Uuid,
    pub user_id: Uuid,
    pub event_id: Uuid,
    pub sequence: Option<i64>,
    pub kind: String,
    pub subject: Option<Uuid>,
    pub happened_at_us: i64,
    pub state: String,
    /// When it is due, while it waits; else when it ended.
    pub state_at_us: i64,
    pub tried: i64,
    pub attempts: i64,
    pub created_at_us: i64,
    pub version: i64,
    pub traceparent: Option<String>,
}
alone!();

impl From<&Delivery> for Model {
    fn from(delivery: &Delivery) -> Self {
        let Telling { id, at, what, cause } = delivery.telling;
        let subject = match what {
            Happening::Event { subject, .. } => Some(subject),
            Happening::Test => None,
        };
        Self {
            id: delivery.id.uuid(),
            endpoint_id: delivery.endpoint.uuid(),
            user_id: delivery.user.uuid(),
            event_id: id.uuid(),
            sequence: what.sequence(),
            kind: what.name().to_owned(),
            subject,
            happened_at_us: us(at),
            state: delivery.state.status().name().to_owned(),
            state_at_us: us(delivery.state.instant()),
            tried: i64::from(delivery.tried),
            attempts: i64::from(delivery.attempts),
            created_at_us: us(delivery.created_at),
            version: delivery.version.get(),
            traceparent: traceparent(cause),
        }
    }
}

impl TryFrom<Model> for Delivery {
    type Error = Fault;

    fn try_from(row: Model) -> Result<Self, Fault> {
        let what = match (row.sequence, row.subject) {
            (Some(sequence), Some(subject)) => {
                let kind = EventKind::from_name(&row.kind).ok_or_else(|| unreadable("kind of event"))?;
                Happening::Event { sequence, kind, subject }
            }
            (None, None) if row.kind == Happening::TEST => Happening::Test,
            _ => return Err(unreadable("delivery")),
        };
        let status =
            DeliveryStatus::from_name(&row.state).ok_or_else(|| unreadable("state of a delivery"))?;
        let telling = Telling {
            id: EventId::from_uuid(row.event_id),
            at: time(row.happened_at_us)?,
            what,
            cause: cause(row.traceparent.as_deref()),
        };
        Ok(Self {
            id: DeliveryId::from_uuid(row.id),
            endpoint: EndpointId::from_uuid(row.endpoint_id),
            user: UserId::from_uuid(row.user_id),
            telling,
            state: DeliveryState::of(status, time(row.state_at_us)?),
            tried: count(row.tried)?,
            attempts: count(row.attempts)?,
            created_at: time(row.created_at_us)?,
            version: Version::from_stored(row.version),
        })
    }
}
