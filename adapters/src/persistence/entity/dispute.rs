//! Disputes over payments.

use namaskah_domain::{
    Amount, Currency, DisputeId, Fault, PaymentId, PaymentReference, UserId, Version,
    payment::{Dispute, DisputeState, GatewayDisputeId},
};
use sea_orm::entity::prelude::*;

use crate::persistence::stored::{amount, optional_time, time, unreadable, us};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "disputes")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub gateway_id: String,
    pub payment_id: Uuid,
    pub reference: String,
    pub user_id: Uuid,
    pub claimed_units: i64,
    pub claimed_currency: String,
    /// What it freezes while it is open, and took when it was lost.
    pub worth_units: i64,
    pub worth_currency: String,
    pub state: String,
    pub state_at_us: Option<i64>,
    pub opened_at_us: i64,
    pub aside: bool,
    pub version: i64,
}
alone!();

impl From<&Dispute> for Model {
    fn from(dispute: &Dispute) -> Self {
        let (state, worth, at) = match dispute.state {
            DisputeState::Open { frozen } => ("open", Some(frozen), None),
            DisputeState::Won { at } => ("won", None, Some(at)),
            DisputeState::Lost { taken, at } => ("lost", Some(taken), Some(at)),
        };
        let currency = worth.map_or(Currency::Usd, Amount::currency);
        Self {
            id: dispute.id.uuid(),
            gateway_id: dispute.gateway.as_str().to_owned(),
            payment_id: dispute.payment.uuid(),
            reference: dispute.reference.as_str().to_owned(),
            user_id: dispute.user.uuid(),
            claimed_units: dispute.claimed.units(),
            claimed_currency: dispute.claimed.currency().code().to_owned(),
            worth_units: worth.map_or(0, Amount::units),
            worth_currency: currency.code().to_owned(),
            state: state.to_owned(),
            state_at_us: at.map(us),
            opened_at_us: us(dispute.opened_at),
            aside: dispute.aside,
            version: dispute.version.get(),
        }
    }
}

impl TryFrom<Model> for Dispute {
    type Error = Fault;

    fn try_from(row: Model) -> Result<Self, Fault> {
        let worth = || amount(row.worth_units, &row.worth_currency);
        let state = match (row.state.as_str(), optional_time(row.state_at_us)?) {
            ("open", None) => DisputeState::Open { frozen: worth()? },
            ("won", Some(at)) => DisputeState::Won { at },
            ("lost", Some(at)) => DisputeState::Lost { taken: worth()?, at },
            _ => return Err(unreadable("state of a dispute")),
        };
        let gateway = GatewayDisputeId::try_new(&row.gateway_id);
        Ok(Self {
            id: DisputeId::from_uuid(row.id),
            gateway: gateway.map_err(|_| unreadable("gateway's name of a dispute"))?,
            payment: PaymentId::from_uuid(row.payment_id),
            reference: PaymentReference::try_new(&row.reference).map_err(|_| unreadable("reference"))?,
            user: UserId::from_uuid(row.user_id),
            claimed: amount(row.claimed_units, &row.claimed_currency)?,
            state,
            opened_at: time(row.opened_at_us)?,
            aside: row.aside,
            version: Version::from_stored(row.version),
        })
    }
}
