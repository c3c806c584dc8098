//! Addresses that were refused, by a keyed digest: whoever reads the table learns of none.

use namaskah_domain::{Fault, SuppressionId, UserId, Version, auth::Email, suppression::Suppression};
use sea_orm::entity::prelude::*;

use crate::{
    persistence::stored::{optional_time, time, unreadable, us},
    vault::Vault,
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mail_suppressions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub address_digest: Vec<u8>,
    pub id: Uuid,
    pub user_id: Option<Uuid>,
    pub reply: i64,
    pub at_us: i64,
    pub lifted_at_us: Option<i64>,
    pub version: i64,
}
alone!();

/// What an address is found by.
pub(crate) fn digest(vault: &Vault, email: &Email) -> Vec<u8> {
    vault.digest("address", email.as_str().as_bytes()).to_vec()
}

impl Model {
    pub(crate) fn of(known: &Suppression, vault: &Vault) -> Self {
        Self {
            address_digest: digest(vault, &known.email),
            id: known.id.uuid(),
            user_id: known.user.map(|user| user.uuid()),
            reply: i64::from(known.reply),
            at_us: us(known.at),
            lifted_at_us: known.lifted_at.map(us),
            version: known.version.get(),
        }
    }

    /// The row of this address.
    pub(crate) fn open(self, email: &Email) -> Result<Suppression, Fault> {
        Ok(Suppression {
            id: SuppressionId::from_uuid(self.id),
            email: email.clone(),
            user: self.user_id.map(UserId::from_uuid),
            reply: u16::try_from(self.reply).map_err(|_| unreadable("reply"))?,
            at: time(self.at_us)?,
            lifted_at: optional_time(self.lifted_at_us)?,
            version: Version::from_stored(self.version),
        })
    }
}
