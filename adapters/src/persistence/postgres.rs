//! Store on Postgres. Budget: one statement, no explicit transaction, per commit.
//!
//! A second statement follows only a refusal of a unit with a claim: whatever the reason was, the command may have
//! taken effect meanwhile, so the key is looked up before the refusal is told.

use std::sync::Arc;

use async_trait::async_trait;
use namaskah_domain::{Claim, CommitError, Committed, Fault, Store, UnitOfWork};
use sea_orm::{ConnectionTrait, DatabaseConnection};
use uuid::Uuid;

use super::{
    claims::claimed,
    entity::claim,
    plan::Plan,
    refusal::{self, Refusal},
    statement::statement,
};
use crate::vault::Vault;

/// How often a commit that collided with others is tried. Locks are taken in one order, so collisions are rare.
const TRIES: usize = 8;

/// [`Store`] over a pool of connections to Postgres.
pub struct PostgresStore {
    pool: DatabaseConnection,
    vault: Arc<Vault>,
}

impl PostgresStore {
    pub(crate) fn new(pool: DatabaseConnection, vault: Arc<Vault>) -> Self {
        Self { pool, vault }
    }

    async fn refused(
        &self,
        claim: Option<claim::Model>,
        error: CommitError,
    ) -> Result<Committed, CommitError> {
        match claim {
            Some(claim) if !matches!(error, CommitError::Unavailable(_)) => {
                claimed(&self.pool, &claim).await?.map(Committed::Replayed).ok_or(error)
            }
            _ => Err(error),
        }
    }
}

/// The key was taken, and is free again: its row was removed by hand between two statements.
#[derive(Debug, thiserror::Error)]
#[error("a claim has vanished")]
struct ClaimVanished;

#[async_trait]
impl Store for PostgresStore {
    async fn commit(&self, unit: UnitOfWork) -> Result<Committed, CommitError> {
        let plan = Plan::of(&unit, &self.vault)?;
        let claim = plan.claim.clone();
        let statement = statement(plan);
        let mut tries = 0;
        loop {
            tries += 1;
            let refused = match self.pool.query_one_raw(statement.clone()).await {
                Ok(_) => return Ok(Committed::Applied),
                Err(error) => refusal::on_postgres(error),
            };
            match refused {
                Refusal::Collision(_) if tries < TRIES => {}
                Refusal::Collision(fault) => return Err(CommitError::Unavailable(fault)),
                Refusal::Claimed => {
                    let gone = CommitError::Unavailable(Fault::new(ClaimVanished));
                    let Some(claim) = claim else { return Err(gone) };
                    return claimed(&self.pool, &claim).await?.map(Committed::Replayed).ok_or(gone);
                }
                Refusal::Error(error) => return self.refused(claim, error).await,
            }
        }
    }
    async fn replay(&self, claim: &Claim) -> Result<Option<Uuid>, CommitError> {
        claimed(&self.pool, &claim.into()).await
    }
}
