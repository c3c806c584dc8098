//! Tries of deliveries.

use namaskah_domain::{
    AttemptId, DeliveryId, Fault,
    webhook::{Attempt, AttemptOutcome},
};
use sea_orm::entity::prelude::*;

use crate::persistence::stored::{count, time, unreadable, us};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_attempts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub delivery_id: Uuid,
    pub number: i64,
    pub at_us: i64,
    pub outcome: String,
    pub status: Option<i64>,
    pub took_ms: i64,
}
alone!();

impl From<&Attempt> for Model {
    fn from(attempt: &Attempt) -> Self {
        Self {
            id: attempt.id.uuid(),
            delivery_id: attempt.delivery.uuid(),
            number: i64::from(attempt.number),
            at_us: us(attempt.at),
            outcome: attempt.outcome.name().to_owned(),
            status: attempt.outcome.status().map(i64::from),
            took_ms: i64::from(attempt.took_ms),
        }
    }
}

impl TryFrom<Model> for Attempt {
    type Error = Fault;

    fn try_from(row: Model) -> Result<Self, Fault> {
        let status = row.status.map(u16::try_from).transpose().map_err(|_| unreadable("status"))?;
        Ok(Self {
            id: AttemptId::from_uuid(row.id),
            delivery: DeliveryId::from_uuid(row.delivery_id),
            number: count(row.number)?,
            at: time(row.at_us)?,
            outcome: AttemptOutcome::from_stored(&row.outcome, status)
                .ok_or_else(|| unreadable("outcome of a try"))?,
            took_ms: count(row.took_ms)?,
        })
    }
}
