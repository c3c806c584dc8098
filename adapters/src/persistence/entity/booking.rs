//! Movements that staff decided.

use namaskah_domain::{
    Amount, BookingId, Fault, UserId,
    wallet::{Booking, Direction, Movement, Reason},
};
use sea_orm::entity::prelude::*;

use crate::persistence::stored::{amount, time, unreadable, us};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "bookings")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub kind: String,
    pub user_id: Option<Uuid>,
    pub amount_units: i64,
    pub currency: String,
    /// What a conversion bought; its amount is what was sold.
    pub bought_units: Option<i64>,
    pub bought_currency: Option<String>,
    pub reason: String,
    pub at_us: i64,
}
alone!();

impl From<&Booking> for Model {
    fn from(booking: &Booking) -> Self {
        let (kind, amount, bought): (_, Amount, Option<Amount>) = match booking.movement {
            Movement::Adjusted { direction: Direction::Credit, amount, .. } => ("credit", amount, None),
            Movement::Adjusted { direction: Direction::Debit, amount, .. } => ("debit", amount, None),
            Movement::DebtWrittenOff { amount, .. } => ("debt_written_off", amount, None),
            Movement::PaidOut { amount } => ("paid_out", amount, None),
            Movement::ToppedUp { amount } => ("topped_up", amount, None),
            Movement::Converted { sold, bought } => ("converted", sold, Some(bought)),
        };
        Self {
            id: booking.id.uuid(),
            kind: kind.to_owned(),
            user_id: booking.movement.user().map(UserId::uuid),
            amount_units: amount.units(),
            currency: amount.currency().code().to_owned(),
            bought_units: bought.map(Amount::units),
            bought_currency: bought.map(|bought| bought.currency().code().to_owned()),
            reason: booking.reason.as_str().to_owned(),
            at_us: us(booking.at),
        }
    }
}

impl TryFrom<Model> for Booking {
    type Error = Fault;

    fn try_from(row: Model) -> Result<Self, Fault> {
        let moved = amount(row.amount_units, &row.currency)?;
        let bought = match (row.bought_units, row.bought_currency) {
            (Some(units), Some(currency)) => Some(amount(units, &currency)?),
            _ => None,
        };
        let movement = match (row.kind.as_str(), row.user_id.map(UserId::from_uuid), bought) {
            ("credit", Some(user), None) => {
                Movement::Adjusted { user, direction: Direction::Credit, amount: moved }
            }
            ("debit", Some(user), None) => {
                Movement::Adjusted { user, direction: Direction::Debit, amount: moved }
            }
            ("debt_written_off", Some(user), None) => Movement::DebtWrittenOff { user, amount: moved },
            ("paid_out", None, None) => Movement::PaidOut { amount: moved },
            ("topped_up", None, None) => Movement::ToppedUp { amount: moved },
            ("converted", None, Some(bought)) => Movement::Converted { sold: moved, bought },
            _ => return Err(unreadable("booking")),
        };
        Ok(Self {
            id: BookingId::from_uuid(row.id),
            movement,
            reason: Reason::try_new(&row.reason).map_err(|_| unreadable("reason"))?,
            at: time(row.at_us)?,
        })
    }
}
