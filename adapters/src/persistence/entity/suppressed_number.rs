//! Which numbers are of no use for a service, by digest.

use namaskah_domain::SuppressedNumber;
use sea_orm::entity::prelude::*;

use crate::{
    persistence::stored::{number_digest, us},
    vault::Vault,
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "suppressed_numbers")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub service: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub number_digest: Vec<u8>,
    #[sea_orm(primary_key, auto_increment = false)]
    pub order_id: Uuid,
    pub at_us: i64,
}
alone!();

impl Model {
    pub(crate) fn seal(suppressed: &SuppressedNumber, vault: &Vault) -> Self {
        Self {
            service: suppressed.service.to_string(),
            number_digest: number_digest(vault, &suppressed.number),
            order_id: suppressed.order.uuid(),
            at_us: us(suppressed.at),
        }
    }
}
