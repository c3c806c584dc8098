//! Which numbers a user was shown, by digest.

use namaskah_domain::ShownNumber;
use sea_orm::entity::prelude::*;

use crate::{
    persistence::stored::{number_digest, us},
    vault::Vault,
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "shown_numbers")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub service: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub number_digest: Vec<u8>,
    pub order_id: Uuid,
    pub at_us: i64,
}
alone!();

impl Model {
    pub(crate) fn seal(shown: &ShownNumber, vault: &Vault) -> Self {
        Self {
            user_id: shown.user.uuid(),
            service: shown.service.to_string(),
            number_digest: number_digest(vault, &shown.number),
            order_id: shown.order.uuid(),
            at_us: us(shown.at),
        }
    }
}
