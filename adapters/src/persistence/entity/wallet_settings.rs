//! What users wish of their wallets.

use namaskah_domain::{Amount, Currency, Fault, UserId, Version, wallet::Settings};
use sea_orm::entity::prelude::*;

use crate::persistence::stored::{amount, unreadable};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "wallet_settings")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: Uuid,
    pub low_balance_threshold_units: Option<i64>,
    pub version: i64,
}
alone!();

impl From<&Settings> for Model {
    fn from(settings: &Settings) -> Self {
        Self {
            user_id: settings.user.uuid(),
            low_balance_threshold_units: settings.low_balance_threshold().map(Amount::units),
            version: settings.version.get(),
        }
    }
}

impl TryFrom<Model> for Settings {
    type Error = Fault;

    fn try_from(row: Model) -> Result<Self, Fault> {
        let usd = |units| amount(units, Currency::Usd.code());
        let threshold = row.low_balance_threshold_units.map(usd).transpose()?;
        let settings = Self::unset(UserId::from_uuid(row.user_id)).with_low_balance_threshold(threshold);
        let mut settings = settings.map_err(|_| unreadable("threshold"))?;
        settings.version = Version::from_stored(row.version);
        Ok(settings)
    }
}
