//! Which way providers are switched.

use namaskah_domain::{
    Fault, UserId, Version,
    verification::{ProviderSwitch, Switched},
    wallet::Reason,
};
use sea_orm::entity::prelude::*;

use crate::persistence::stored::{provider, time, unreadable, us};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "provider_switches")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub provider: String,
    pub switched: String,
    pub reason: String,
    pub switched_by: Uuid,
    pub switched_at_us: i64,
    pub version: i64,
}
alone!();

impl From<&ProviderSwitch> for Model {
    fn from(switch: &ProviderSwitch) -> Self {
        Self {
            provider: switch.provider.name().to_owned(),
            switched: switch.to.name().to_owned(),
            reason: switch.reason.as_str().to_owned(),
            switched_by: switch.by.uuid(),
            switched_at_us: us(switch.at),
            version: switch.version.get(),
        }
    }
}

impl TryFrom<Model> for ProviderSwitch {
    type Error = Fault;

    /// What cannot be read is a fault and never an open door.
    fn try_from(row: Model) -> Result<Self, Fault> {
        Ok(Self {
            provider: provider(&row.provider)?,
            to: Switched::from_name(&row.switched).ok_or_else(|| unreadable("switch"))?,
            reason: Reason::try_new(&row.reason).map_err(|_| unreadable("reason"))?,
            by: UserId::from_uuid(row.switched_by),
            at: time(row.switched_at_us)?,
            version: Version::from_stored(row.version),
        })
    }
}
