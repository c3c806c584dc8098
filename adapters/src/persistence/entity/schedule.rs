//! When work comes again.

use namaskah_domain::{Fault, Version, outbox::Schedule, upkeep::Task};
use sea_orm::entity::prelude::*;

use crate::persistence::stored::{time, unreadable, us};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "schedules")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub task: String,
    pub next_at_us: i64,
    pub version: i64,
}
alone!();

impl From<&Schedule> for Model {
    fn from(schedule: &Schedule) -> Self {
        Self {
            task: schedule.task.name().to_owned(),
            next_at_us: us(schedule.next_at),
            version: schedule.version.get(),
        }
    }
}

impl TryFrom<Model> for Schedule {
    type Error = Fault;

    fn try_from(row: Model) -> Result<Self, Fault> {
        Ok(Self {
            task: Task::from_name(&row.task).ok_or_else(|| unreadable("task"))?,
            next_at: time(row.next_at_us)?,
            version: Version::from_stored(row.version),
        })
    }
}
