//! Corrections of wallets.

use namaskah_domain::{
    AdjustmentId, Currency, Fault, UserId, Version,
    staff::{Adjustment, AdjustmentState},
    wallet::{Direction, Reason},
};
use sea_orm::entity::prelude::*;

use crate::persistence::stored::{amount, optional_time, time, unreadable, us};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "adjustments")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub user_id: Uuid,
    pub direction: String,
    /// In dollars.
    pub amount_units: i64,
    pub reason: String,
    pub proposed_by: Uuid,
    pub proposed_at_us: i64,
    pub state: String,
    /// Without one it was booked at once, or waits.
    pub decided_by: Option<Uuid>,
    pub decided_at_us: Option<i64>,
    pub note: Option<String>,
    pub version: i64,
}
alone!();

impl From<&Adjustment> for Model {
    fn from(asked: &Adjustment) -> Self {
        let (state, by, at, note) = match &asked.state {
            AdjustmentState::Proposed => ("proposed", None, None, None),
            AdjustmentState::Booked { approved_by, at } => ("booked", *approved_by, Some(*at), None),
            AdjustmentState::Rejected { by, note, at } => ("rejected", Some(*by), Some(*at), note.as_ref()),
        };
        let direction = match asked.direction {
            Direction::Credit => "credit",
            Direction::Debit => "debit",
        };
        Self {
            id: asked.id.uuid(),
            user_id: asked.user.uuid(),
            direction: direction.to_owned(),
            amount_units: asked.amount.units(),
            reason: asked.reason.as_str().to_owned(),
            proposed_by: asked.proposed_by.uuid(),
            proposed_at_us: us(asked.proposed_at),
            state: state.to_owned(),
            decided_by: by.map(UserId::uuid),
            decided_at_us: at.map(us),
            note: note.map(|note| note.as_str().to_owned()),
            version: asked.version.get(),
        }
    }
}

fn reason(text: &str) -> Result<Reason, Fault> {
    Reason::try_new(text).map_err(|_| unreadable("reason"))
}

impl TryFrom<Model> for Adjustment {
    type Error = Fault;

    fn try_from(row: Model) -> Result<Self, Fault> {
        let by = row.decided_by.map(UserId::from_uuid);
        let state = match (row.state.as_str(), by, optional_time(row.decided_at_us)?) {
            ("proposed", None, None) => AdjustmentState::Proposed,
            ("booked", approved_by, Some(at)) => AdjustmentState::Booked { approved_by, at },
            ("rejected", Some(by), Some(at)) => {
                let note = row.note.as_deref().map(reason).transpose()?;
                AdjustmentState::Rejected { by, note, at }
            }
            _ => return Err(unreadable("state of a correction")),
        };
        let direction = match row.direction.as_str() {
            "credit" => Direction::Credit,
            "debit" => Direction::Debit,
            _ => return Err(unreadable("direction")),
        };
        Ok(Self {
            id: AdjustmentId::from_uuid(row.id),
            user: UserId::from_uuid(row.user_id),
            direction,
            amount: amount(row.amount_units, Currency::Usd.code())?,
            reason: reason(&row.reason)?,
            proposed_by: UserId::from_uuid(row.proposed_by),
            proposed_at: time(row.proposed_at_us)?,
            state,
            version: Version::from_stored(row.version),
        })
    }
}
