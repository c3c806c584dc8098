//! The simulator: the real services over a world that one seed drives. Time, order, users, providers, the gateway and
//! crashes are choices; after every step the promises are checked. `docs/simulation.md` tells what that covers.

mod calls;
pub mod canary;
mod checks;
pub mod choices;
mod desk;
mod gateway;
mod outside;
mod process;
mod provider;
mod run;
mod shrink;
mod store;
mod told;
mod turns;
mod users;
mod watch;
mod world;

use std::sync::Arc;

use namaskah_domain::Fault;

pub use canary::Canary;
pub use choices::{Plan, Script};
pub use run::Outcome;

/// What runs are kept in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Store {
    /// In memory: thousands of seeds.
    Memory,
    /// In SQLite through its real adapter: some.
    Sqlite,
}

/// Runs scripts, one after the other.
pub struct Simulator {
    store: Store,
    canary: Option<Canary>,
    runtime: Option<tokio::runtime::Runtime>,
}

impl Simulator {
    /// Over a kind of store, with a part replaced by a broken one if a canary is named.
    ///
    /// # Errors
    /// If the runtime that SQLite needs cannot be had.
    pub fn new(store: Store, canary: Option<Canary>) -> Result<Self, Fault> {
        let runtime = match store {
            Store::Memory => None,
            Store::Sqlite => {
                let mut runtime = tokio::runtime::Builder::new_multi_thread();
                Some(runtime.worker_threads(1).enable_all().build().map_err(Fault::new)?)
            }
        };
        Ok(Self { store, canary, runtime })
    }

    /// Runs a script from beginning to end, or until a promise is broken.
    ///
    /// # Errors
    /// If the store cannot be opened.
    pub fn run(&self, script: Script, is_traced: bool) -> Result<Outcome, Fault> {
        let _runtime = self.runtime.as_ref().map(tokio::runtime::Runtime::enter);
        let kept = match (self.store, &self.runtime) {
            (Store::Sqlite, Some(runtime)) => runtime.block_on(store::Kept::in_sqlite())?,
            _ => store::Kept::in_memory(),
        };
        let kept = Arc::new(kept);
        let outcome = run::run(script, kept.clone(), self.canary, is_traced);
        if let Some(runtime) = &self.runtime {
            runtime.block_on(kept.close());
        }
        Ok(outcome)
    }

    /// The smallest plan that still breaks a promise, and what it does. `tries` bounds the search.
    ///
    /// # Errors
    /// If the store cannot be opened.
    pub fn shrink(&self, failed: Outcome, tries: usize) -> Result<Outcome, Fault> {
        let smallest = shrink::shrink(failed.plan, tries, |plan| {
            let outcome = self.run(Script::Given(plan.clone()), false)?;
            Ok::<_, Fault>((!outcome.broken.is_empty()).then_some(outcome.plan))
        })?;
        self.run(Script::Given(smallest), true)
    }
}
