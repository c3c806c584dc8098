//! Store on Postgres. Budget: at most one statement a commit, no explicit transaction; commits that come together
//! share one.
//!
//! A unit that touches one account or none goes to a lane ([`lanes`]), which writes what has queued as one statement
//! ([`super::batch`], [`write`]). Every other unit, and every unit that a lane cannot apply, takes a statement of its own
//! ([`alone`]), which is the authority: no refusal is told by anything else.

mod alone;
mod lanes;
mod wire;
mod write;

use std::sync::Arc;

use async_trait::async_trait;
use namaskah_domain::{Claim, CommitError, Committed, Store, UnitOfWork};
use sea_orm::DatabaseConnection;
use uuid::Uuid;

use self::{
    alone::Alone,
    lanes::{Answer, Lanes},
};
use super::{batch, claims::claimed, database::Observers, plan::Plan};
use crate::vault::Vault;

/// [`Store`] over a pool of connections to Postgres.
pub struct PostgresStore {
    pool: DatabaseConnection,
    alone: Alone,
    lanes: Lanes,
    vault: Arc<Vault>,
}

impl PostgresStore {
    /// Starts the lanes, so it is called within a runtime.
    pub(crate) fn new(pool: DatabaseConnection, observers: Observers, vault: Arc<Vault>) -> Self {
        let lanes = Lanes::start(&pool, &observers);
        Self { alone: Alone::new(pool.clone(), observers), pool, lanes, vault }
    }

    async fn alone(&self, plan: Plan) -> Result<Committed, CommitError> {
        let touched: Vec<Uuid> = plan.accounts.iter().map(|(user, _)| *user).collect();
        let outcome = self.alone.commit(plan).await;
        self.lanes.forget(&touched);
        outcome
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn commit(&self, unit: UnitOfWork) -> Result<Committed, CommitError> {
        let plan = Plan::of(&unit, &self.vault)?;
        if !batch::suits(&plan) {
            return self.alone(plan).await;
        }
        match self.lanes.commit(plan).await {
            Answer::Told(outcome) => outcome,
            Answer::Alone(plan) => self.alone(plan).await,
        }
    }

    async fn replay(&self, claim: &Claim) -> Result<Option<Uuid>, CommitError> {
        claimed(&self.pool, &claim.into()).await
    }
}
