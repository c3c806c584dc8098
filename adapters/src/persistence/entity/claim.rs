//! A claim: which command a client's key was first used for, and what it made.

use namaskah_domain::Claim;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "idempotency_claims")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub scope: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    pub fingerprint: Vec<u8>,
    pub outcome: Uuid,
}
alone!();

impl From<&Claim> for Model {
    fn from(claim: &Claim) -> Self {
        Self {
            scope: claim.scope.uuid(),
            key: claim.key.as_str().to_owned(),
            fingerprint: claim.fingerprint.0.to_vec(),
            outcome: claim.outcome,
        }
    }
}
