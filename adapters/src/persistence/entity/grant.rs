//! Gifts of promo money.

use namaskah_domain::{
    Currency, Fault, GrantId, Money, UserId, Version,
    wallet::{PromoGrant, Reason},
};
use sea_orm::entity::prelude::*;

use crate::persistence::stored::{amount, optional_time, time, unreadable, us};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "promo_grants")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub user_id: Uuid,
    pub amount_units: i64,
    pub taken_units: i64,
    pub reason: String,
    pub expires_at_us: Option<i64>,
    pub clawed_back_at_us: Option<i64>,
    pub clawed_back_for: Option<String>,
    /// The sooner of the two above, for the index of what is due.
    pub due_at_us: Option<i64>,
    pub granted_at_us: i64,
    pub closed_at_us: Option<i64>,
    pub version: i64,
}
alone!();

impl From<&PromoGrant> for Model {
    fn from(grant: &PromoGrant) -> Self {
        let (clawed_back_at, clawed_back_for) = grant.clawed_back.clone().unzip();
        Self {
            id: grant.id.uuid(),
            user_id: grant.user.uuid(),
            amount_units: grant.amount.units(),
            taken_units: grant.taken.units(),
            reason: grant.reason.as_str().to_owned(),
            expires_at_us: grant.expires_at.map(us),
            clawed_back_at_us: clawed_back_at.map(us),
            clawed_back_for: clawed_back_for.map(|reason| reason.as_str().to_owned()),
            due_at_us: grant.due_at().map(us),
            granted_at_us: us(grant.granted_at),
            closed_at_us: grant.closed_at.map(us),
            version: grant.version.get(),
        }
    }
}

fn reason(text: &str) -> Result<Reason, Fault> {
    Reason::try_new(text).map_err(|_| unreadable("reason"))
}

impl TryFrom<Model> for PromoGrant {
    type Error = Fault;

    fn try_from(row: Model) -> Result<Self, Fault> {
        let clawed_back = match (optional_time(row.clawed_back_at_us)?, row.clawed_back_for) {
            (Some(at), Some(why)) => Some((at, reason(&why)?)),
            (None, None) => None,
            _ => return Err(unreadable("claw-back")),
        };
        Ok(Self {
            id: GrantId::from_uuid(row.id),
            user: UserId::from_uuid(row.user_id),
            amount: amount(row.amount_units, Currency::Usd.code())?,
            reason: reason(&row.reason)?,
            expires_at: optional_time(row.expires_at_us)?,
            clawed_back,
            taken: Money::from_units(row.taken_units, Currency::Usd),
            granted_at: time(row.granted_at_us)?,
            closed_at: optional_time(row.closed_at_us)?,
            version: Version::from_stored(row.version),
        })
    }
}
