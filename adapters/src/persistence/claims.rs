//! Looking a claim up.

use namaskah_domain::{CommitError, Fault};
use sea_orm::{ConnectionTrait, EntityTrait};
use uuid::Uuid;

use super::entity::claim;

/// The record that the command of this claim made, if the key was used for it.
pub(crate) async fn claimed(
    on: &impl ConnectionTrait,
    claim: &claim::Model,
) -> Result<Option<Uuid>, CommitError> {
    let known = claim::Entity::find_by_id((claim.scope, claim.key.clone())).one(on).await;
    match known.map_err(|error| CommitError::Unavailable(Fault::new(error)))? {
        Some(known) if known.fingerprint == claim.fingerprint => Ok(Some(known.outcome)),
        Some(_) => Err(CommitError::KeyReused),
        None => Ok(None),
    }
}
