//! What users wish of their wallets.

use namaskah_domain::{Amount, Currency, Fault, UserId, Version, wallet::Settings};
use sea_orm::entity::prelude::*;

use crate::persistence::stored::{amount, optional_time, unreadable, us};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "wallet_settings")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: Uuid,
    pub low_balance_threshold_units: Option<i64>,
    pub version: i64,
    /// Since when the user knows that less is available.
    pub low_since_us: Option<i64>,
}
alone!();

impl From<&Settings> for Model {
    fn from(settings: &Settings) -> Self {
        Self {
            user_id: settings.user.uuid(),
            low_balance_threshold_units: settings.low_balance_threshold().map(Amount::units),
            version: settings.version.get(),
            low_since_us: settings.low_since().map(us),
        }
    }
}

impl TryFrom<Model> for Settings {
    type Error = Fault;

    fn try_from(row: Model) -> Result<Self, Fault> {
        let usd = |units| amount(units, Currency::Usd.code());
        let threshold = row.low_balance_threshold_units.map(usd).transpose()?;
        let settings = Self::unset(UserId::from_uuid(row.user_id)).with_low_balance_threshold(threshold);
        let settings = settings.map_err(|_| unreadable("threshold"))?;
        let mut settings = settings.with_low_since(optional_time(row.low_since_us)?);
        settings.version = Version::from_stored(row.version);
        Ok(settings)
    }
}
