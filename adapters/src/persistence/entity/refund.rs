//! Refunds of payments.

use namaskah_domain::{
    Fault, HoldId, PaymentId, PaymentReference, RefundId, UserId, Version,
    payment::{GatewayRefundId, Refund, RefundOrigin, RefundState},
};
use sea_orm::entity::prelude::*;

use crate::persistence::stored::{amount, optional_time, time, unreadable, us};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "refunds")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub payment_id: Uuid,
    pub reference: String,
    pub user_id: Uuid,
    pub amount_units: i64,
    pub amount_currency: String,
    pub charged_units: i64,
    pub charged_currency: String,
    /// None for one that was found in the gateway's dashboard.
    pub hold_id: Option<Uuid>,
    pub gateway_id: Option<String>,
    pub state: String,
    pub state_at_us: Option<i64>,
    pub missed_at_us: Option<i64>,
    pub created_at_us: i64,
    pub send_by_us: i64,
    pub revived: bool,
    pub aside: bool,
    pub version: i64,
}
alone!();

impl From<&Refund> for Model {
    fn from(refund: &Refund) -> Self {
        let (state, at, missed_at) = match &refund.state {
            RefundState::Sent { missed_at } => ("sent", None, *missed_at),
            RefundState::Pending { .. } => ("pending", None, None),
            RefundState::Processed { at, .. } => ("processed", Some(*at), None),
            RefundState::Failed { at, .. } => ("failed", Some(*at), None),
        };
        Self {
            id: refund.id.uuid(),
            payment_id: refund.payment.uuid(),
            reference: refund.reference.as_str().to_owned(),
            user_id: refund.user.uuid(),
            amount_units: refund.amount.units(),
            amount_currency: refund.amount.currency().code().to_owned(),
            charged_units: refund.charged.units(),
            charged_currency: refund.charged.currency().code().to_owned(),
            hold_id: match refund.origin {
                RefundOrigin::Asked { hold } => Some(hold.uuid()),
                RefundOrigin::Found => None,
            },
            gateway_id: refund.gateway().map(|name| name.as_str().to_owned()),
            state: state.to_owned(),
            state_at_us: at.map(us),
            missed_at_us: missed_at.map(us),
            created_at_us: us(refund.created_at),
            send_by_us: us(refund.send_by),
            revived: refund.revived,
            aside: refund.aside,
            version: refund.version.get(),
        }
    }
}

impl TryFrom<Model> for Refund {
    type Error = Fault;

    fn try_from(row: Model) -> Result<Self, Fault> {
        let name = row.gateway_id.as_deref().map(GatewayRefundId::try_new).transpose();
        let gateway = name.map_err(|_| unreadable("gateway's name of a refund"))?;
        let state = match (row.state.as_str(), gateway, optional_time(row.state_at_us)?) {
            ("sent", None, None) => RefundState::Sent { missed_at: optional_time(row.missed_at_us)? },
            ("pending", Some(gateway), None) => RefundState::Pending { gateway },
            ("processed", Some(gateway), Some(at)) => RefundState::Processed { gateway, at },
            ("failed", gateway, Some(at)) => RefundState::Failed { gateway, at },
            _ => return Err(unreadable("state of a refund")),
        };
        let origin = row
            .hold_id
            .map_or(RefundOrigin::Found, |hold| RefundOrigin::Asked { hold: HoldId::from_uuid(hold) });
        Ok(Self {
            id: RefundId::from_uuid(row.id),
            payment: PaymentId::from_uuid(row.payment_id),
            reference: PaymentReference::try_new(&row.reference).map_err(|_| unreadable("reference"))?,
            user: UserId::from_uuid(row.user_id),
            amount: amount(row.amount_units, &row.amount_currency)?,
            charged: amount(row.charged_units, &row.charged_currency)?,
            origin,
            state,
            created_at: time(row.created_at_us)?,
            send_by: time(row.send_by_us)?,
            revived: row.revived,
            aside: row.aside,
            version: Version::from_stored(row.version),
        })
    }
}
