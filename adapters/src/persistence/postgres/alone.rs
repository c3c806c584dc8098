//! One unit, one statement: the authority on what may be applied and why not.
//!
//! A second statement follows only a refusal of a unit with a claim: whatever the reason was, the command may have
//! taken effect meanwhile, so the key is looked up before the refusal is told.

use namaskah_domain::{CommitError, Committed, Fault};
use sea_orm::{ConnectionTrait, DatabaseConnection};

use crate::persistence::{
    claims::claimed,
    database::Observers,
    entity::claim,
    plan::Plan,
    refusal::{self, Refusal},
    statement::statement,
};

/// How often a commit that collided with others is tried. Locks are taken in one order, so collisions are rare.
const TRIES: usize = 8;

/// The key was taken, and is free again: its row was removed by hand between two statements.
#[derive(Debug, thiserror::Error)]
#[error("a claim has vanished")]
struct ClaimVanished;

/// Commits units one by one.
#[derive(Clone)]
pub(super) struct Alone {
    pool: DatabaseConnection,
    observers: Observers,
}

impl Alone {
    pub(super) const fn new(pool: DatabaseConnection, observers: Observers) -> Self {
        Self { pool, observers }
    }

    pub(super) async fn commit(&self, plan: Plan) -> Result<Committed, CommitError> {
        let claim = plan.claim.clone();
        let statement = statement(plan);
        let mut tries = 0;
        loop {
            tries += 1;
            let refused = match self.pool.query_one_raw(statement.clone()).await {
                Ok(_) => {
                    self.observers.wrote(1);
                    return Ok(Committed::Applied);
                }
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
