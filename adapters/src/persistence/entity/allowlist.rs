//! From where staff may come: one row.

use namaskah_domain::{
    Fault, UserId, Version,
    staff::{AllowedNetwork, Allowlist},
    wallet::Reason,
};
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::persistence::stored::{time, unreadable, us};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "allowlists")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    /// A JSON array, in the order in which they were entered.
    pub networks: String,
    pub version: i64,
}
alone!();

/// The name of the one row.
pub(crate) const NAME: &str = "staff";

#[derive(Serialize, Deserialize)]
struct Stored {
    network: String,
    note: String,
    added_by: Uuid,
    added_at_us: i64,
}

impl Model {
    pub(crate) fn of(list: &Allowlist) -> Result<Self, Fault> {
        let stored = list.networks.iter().map(|allowed| Stored {
            network: allowed.network.to_string(),
            note: allowed.note.as_str().to_owned(),
            added_by: allowed.added_by.uuid(),
            added_at_us: us(allowed.added_at),
        });
        Ok(Self {
            name: NAME.to_owned(),
            networks: serde_json::to_string(&stored.collect::<Vec<_>>()).map_err(Fault::new)?,
            version: list.version.get(),
        })
    }
}

impl TryFrom<Model> for Allowlist {
    type Error = Fault;

    /// What cannot be read is a fault and never an open door.
    fn try_from(row: Model) -> Result<Self, Fault> {
        let broken = || unreadable("allowed network");
        let stored: Vec<Stored> = serde_json::from_str(&row.networks).map_err(|_| broken())?;
        let allowed = stored.into_iter().map(|stored| {
            Ok(AllowedNetwork {
                network: stored.network.parse().map_err(|_| broken())?,
                note: Reason::try_new(&stored.note).map_err(|_| broken())?,
                added_by: UserId::from_uuid(stored.added_by),
                added_at: time(stored.added_at_us)?,
            })
        });
        Ok(Self {
            networks: allowed.collect::<Result<_, Fault>>()?,
            version: Version::from_stored(row.version),
        })
    }
}
