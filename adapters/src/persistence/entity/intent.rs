//! Payments.

use namaskah_domain::{
    Fault, PaymentId, PaymentReference, UserId, Version,
    payment::{FxRate, Intent, IntentState, PaidBack},
};
use rust_decimal::Decimal;
use sea_orm::entity::prelude::*;

use crate::persistence::stored::{amount, count, money, optional_time, time, unreadable, us};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "intents")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub user_id: Uuid,
    pub reference: String,
    pub amount_units: i64,
    pub amount_currency: String,
    pub charged_units: i64,
    pub charged_currency: String,
    /// An exact decimal as text: never computed with in SQL.
    pub ngn_per_usd: String,
    pub checkout_url: Option<String>,
    pub state: String,
    pub state_at_us: Option<i64>,
    pub created_at_us: i64,
    pub expires_at_us: i64,
    pub checks: i64,
    pub next_check_at_us: Option<i64>,
    pub back_taken_units: i64,
    pub back_charged_units: i64,
    pub back_arrived_units: i64,
    pub back_disputes: i64,
    pub version: i64,
}
alone!();

impl From<&Intent> for Model {
    fn from(intent: &Intent) -> Self {
        let (state, at) = match intent.state {
            IntentState::Pending => ("pending", None),
            IntentState::Succeeded { at } => ("succeeded", Some(at)),
            IntentState::Failed { at } => ("failed", Some(at)),
            IntentState::Expired { at } => ("expired", Some(at)),
            IntentState::Suspense { at } => ("suspense", Some(at)),
        };
        Self {
            id: intent.id.uuid(),
            user_id: intent.user.uuid(),
            reference: intent.reference.as_str().to_owned(),
            amount_units: intent.amount.units(),
            amount_currency: intent.amount.currency().code().to_owned(),
            charged_units: intent.charged.units(),
            charged_currency: intent.charged.currency().code().to_owned(),
            ngn_per_usd: intent.rate.ngn_per_usd().to_string(),
            checkout_url: intent.checkout_url.clone(),
            state: state.to_owned(),
            state_at_us: at.map(us),
            created_at_us: us(intent.created_at),
            expires_at_us: us(intent.expires_at),
            checks: i64::from(intent.checks),
            next_check_at_us: intent.next_check_at.map(us),
            back_taken_units: intent.back.taken.units(),
            back_charged_units: intent.back.charged.units(),
            back_arrived_units: intent.back.arrived.units(),
            back_disputes: i64::from(intent.back.open_disputes),
            version: intent.version.get(),
        }
    }
}

fn rate(text: &str) -> Result<FxRate, Fault> {
    let decimal: Decimal = text.parse().map_err(|_| unreadable("rate"))?;
    FxRate::try_new(decimal).map_err(|_| unreadable("rate"))
}

impl TryFrom<Model> for Intent {
    type Error = Fault;

    fn try_from(row: Model) -> Result<Self, Fault> {
        let state = match (row.state.as_str(), optional_time(row.state_at_us)?) {
            ("pending", _) => IntentState::Pending,
            ("succeeded", Some(at)) => IntentState::Succeeded { at },
            ("failed", Some(at)) => IntentState::Failed { at },
            ("expired", Some(at)) => IntentState::Expired { at },
            ("suspense", Some(at)) => IntentState::Suspense { at },
            _ => return Err(unreadable("state of a payment")),
        };
        Ok(Self {
            id: PaymentId::from_uuid(row.id),
            user: UserId::from_uuid(row.user_id),
            reference: PaymentReference::try_new(&row.reference).map_err(|_| unreadable("reference"))?,
            amount: amount(row.amount_units, &row.amount_currency)?,
            charged: amount(row.charged_units, &row.charged_currency)?,
            rate: rate(&row.ngn_per_usd)?,
            checkout_url: row.checkout_url,
            state,
            created_at: time(row.created_at_us)?,
            expires_at: time(row.expires_at_us)?,
            checks: count(row.checks)?,
            next_check_at: optional_time(row.next_check_at_us)?,
            back: PaidBack {
                taken: money(row.back_taken_units, &row.amount_currency)?,
                charged: money(row.back_charged_units, &row.charged_currency)?,
                arrived: money(row.back_arrived_units, &row.charged_currency)?,
                open_disputes: count(row.back_disputes)?,
            },
            version: Version::from_stored(row.version),
        })
    }
}
