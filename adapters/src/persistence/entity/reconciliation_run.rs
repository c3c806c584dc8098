//! Runs of reconciliation.

use namaskah_domain::{
    Fault, RunId,
    reconciliation::{Counts, Outcome, Run, Window},
};
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::persistence::stored::{time, unreadable, us};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "reconciliation_runs")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub from_us: i64,
    pub to_us: i64,
    pub began_at_us: i64,
    pub ended_at_us: i64,
    /// JSON, as the two that follow: how the comparison ended.
    pub payments: String,
    pub numbers: String,
    pub balance: String,
}
alone!();

#[derive(Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case", deny_unknown_fields)]
enum Stored {
    Compared { matched: u32, late: u32, differ: u32, booked: u32, opened: u32, closed: u32, whole: bool },
    Skipped {},
    Failed {},
}

fn written(outcome: Outcome) -> Result<String, Fault> {
    let stored = match outcome {
        Outcome::Compared(Counts { matched, late, differ, booked, opened, closed, whole }) => {
            Stored::Compared { matched, late, differ, booked, opened, closed, whole }
        }
        Outcome::Skipped => Stored::Skipped {},
        Outcome::Failed => Stored::Failed {},
    };
    serde_json::to_string(&stored).map_err(Fault::new)
}

fn read(text: &str) -> Result<Outcome, Fault> {
    let stored = serde_json::from_str(text).map_err(|_| unreadable("outcome of a comparison"))?;
    Ok(match stored {
        Stored::Compared { matched, late, differ, booked, opened, closed, whole } => {
            Outcome::Compared(Counts { matched, late, differ, booked, opened, closed, whole })
        }
        Stored::Skipped {} => Outcome::Skipped,
        Stored::Failed {} => Outcome::Failed,
    })
}

impl Model {
    pub(crate) fn of(run: &Run) -> Result<Self, Fault> {
        Ok(Self {
            id: run.id.uuid(),
            from_us: us(run.window.from),
            to_us: us(run.window.to),
            began_at_us: us(run.began_at),
            ended_at_us: us(run.ended_at),
            payments: written(run.payments)?,
            numbers: written(run.numbers)?,
            balance: written(run.float)?,
        })
    }
}

impl TryFrom<Model> for Run {
    type Error = Fault;

    fn try_from(row: Model) -> Result<Self, Fault> {
        Ok(Self {
            id: RunId::from_uuid(row.id),
            window: Window { from: time(row.from_us)?, to: time(row.to_us)? },
            began_at: time(row.began_at_us)?,
            ended_at: time(row.ended_at_us)?,
            payments: read(&row.payments)?,
            numbers: read(&row.numbers)?,
            float: read(&row.balance)?,
        })
    }
}
