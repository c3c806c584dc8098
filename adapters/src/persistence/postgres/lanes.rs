//! Natural batching. Nothing waits on a timer: while a lane's statement is under way, what arrives queues; when it
//! returns, what has queued goes as one statement.
//!
//! An account belongs to one lane, so within a process no two statements of lanes wait for each other's row. Another
//! instance may move it all the same: each row is guarded by the version that it was settled on, and a batch that met
//! such a row is settled again. A batch that is refused is split in halves, down to single units, so one bad unit
//! costs the logarithm of the batch and hurts no other.

use std::{
    panic::AssertUnwindSafe,
    sync::{
        Arc, LazyLock, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures::FutureExt;
use namaskah_domain::{CommitError, Committed, Fault};
use sea_orm::{DatabaseConnection, sqlx};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use super::{alone::Alone, wire::Wire, write::write};
use crate::persistence::{
    batch::{Batch, Moved},
    database::Observers,
    entity::{account, hold},
    known::Known,
    plan::Plan,
    stored::columns,
};

/// More lanes mean smaller batches; fewer leave the server idle between two statements.
const LANES: usize = 2;
const BATCH: usize = 128;
const QUEUE: usize = 1024;
/// How often a batch is settled again because another instance moved an account or a lock was contended.
const TRIES: u32 = 3;

static ACCOUNTS: LazyLock<String> = LazyLock::new(|| {
    format!("SELECT {} FROM accounts WHERE user_id = ANY($1)", columns::<account::Entity>(""))
});
/// Said so that no plan walks through the open holds, for which there is an index.
static HOLDS: LazyLock<String> = LazyLock::new(|| {
    let columns = columns::<hold::Entity>("");
    format!("SELECT {columns} FROM holds WHERE id = ANY($1) AND ended_at_us IS NULL")
});

/// What a lane says of a unit.
pub(super) enum Answer {
    /// Its outcome.
    Told(Result<Committed, CommitError>),
    /// Not with others: to be committed alone.
    Alone(Plan),
}

/// A unit and who waits for it.
struct Queued {
    plan: Plan,
    caller: oneshot::Sender<Answer>,
}

impl Queued {
    fn answer(self, outcome: Result<Committed, CommitError>) {
        // A caller that is gone finds out by the record or by its key.
        let _ = self.caller.send(Answer::Told(outcome));
    }

    fn send_alone(self) {
        let _ = self.caller.send(Answer::Alone(self.plan));
    }
}

/// The lane is gone, or it dropped the unit because something panicked.
#[derive(Debug, thiserror::Error)]
#[error("the database's lane did not answer")]
struct NoAnswer;

struct Handle {
    queue: mpsc::Sender<Queued>,
    known: Arc<Mutex<Known>>,
}

/// Every lane of a store. They end with it.
pub(super) struct Lanes {
    lanes: Vec<Handle>,
    next: AtomicUsize,
}

impl Lanes {
    pub(super) fn start(pool: &DatabaseConnection, observers: &Observers) -> Self {
        let lanes = (0..LANES).map(|_| {
            let known = Arc::new(Mutex::new(Known::new()));
            let (queue, waiting) = mpsc::channel(QUEUE);
            let lane = Lane {
                wire: Wire::new(pool.clone(), observers.statements.clone()),
                alone: Alone::new(pool.clone(), observers.clone()),
                observers: observers.clone(),
                known: known.clone(),
            };
            tokio::spawn(lane.run(waiting));
            Handle { queue, known }
        });
        Self { lanes: lanes.collect(), next: AtomicUsize::new(0) }
    }

    /// Waits for the lane's word on a unit.
    pub(super) async fn commit(&self, plan: Plan) -> Answer {
        let (caller, answer) = oneshot::channel();
        let lane = self.lane_of(&plan);
        let gone = || Answer::Told(Err(CommitError::Unavailable(Fault::new(NoAnswer))));
        match lane.queue.send(Queued { plan, caller }).await {
            Ok(()) => answer.await.unwrap_or_else(|_| gone()),
            Err(_) => gone(),
        }
    }

    /// These accounts were changed by other than a lane.
    pub(super) fn forget(&self, accounts: &[Uuid]) {
        for account in accounts {
            lock(&self.lane(*account).known).forget_account(*account);
        }
    }

    fn lane_of(&self, plan: &Plan) -> &Handle {
        let account = plan.accounts.first().map(|(user, _)| *user);
        match account.or(plan.claim.as_ref().map(|claim| claim.scope)) {
            Some(account) => self.lane(account),
            None => &self.lanes[self.next.fetch_add(1, Ordering::Relaxed) % self.lanes.len()],
        }
    }

    fn lane(&self, account: Uuid) -> &Handle {
        let (high, low) = account.as_u64_pair();
        // The upper half of the product depends on every bit of the identifier.
        let mixed = (high ^ low).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
        let at = usize::try_from(mixed).unwrap_or_default() % self.lanes.len();
        &self.lanes[at]
    }
}

fn lock(known: &Mutex<Known>) -> MutexGuard<'_, Known> {
    // What a panic left behind are hints, and whoever uses one guards it.
    known.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Why a batch was not written.
enum Failed {
    /// Another commit was in the way.
    Contended,
    /// A unit of it is refused, or cannot be written so.
    Refused,
    /// Whether it was written is not known, or the database cannot be reached.
    Unknown(Fault),
}

struct Lane {
    wire: Wire,
    alone: Alone,
    observers: Observers,
    known: Arc<Mutex<Known>>,
}

impl Lane {
    async fn run(mut self, mut queue: mpsc::Receiver<Queued>) {
        let mut waiting = Vec::with_capacity(BATCH);
        loop {
            if queue.is_empty() {
                self.wire.release();
            }
            if queue.recv_many(&mut waiting, BATCH).await == 0 {
                return;
            }
            // Whoever is about to commit now, above all those just answered, may come along.
            tokio::task::yield_now().await;
            while waiting.len() < BATCH
                && let Ok(next) = queue.try_recv()
            {
                waiting.push(next);
            }
            let work = waiting.drain(..).filter(|queued| !queued.caller.is_closed()).collect();
            // Callers of units that are dropped by a panic are told that their outcome is unknown.
            if AssertUnwindSafe(self.work(work)).catch_unwind().await.is_err() {
                self.wire.release();
                *lock(&self.known) = Known::new();
            }
        }
    }

    /// Commits units in their order, together as far as that goes.
    async fn work(&mut self, work: Vec<Queued>) {
        let mut parts = vec![(work, 0)];
        while let Some((mut part, tries)) = parts.pop() {
            if part.len() <= 1 {
                if let Some(only) = part.pop() {
                    self.single(only).await;
                }
                continue;
            }
            let Some((failed, part)) = self.together(part).await else { continue };
            match failed {
                Failed::Unknown(fault) => {
                    for queued in part {
                        queued.answer(Err(CommitError::Unavailable(fault.clone())));
                    }
                }
                Failed::Contended if tries < TRIES => parts.push((part, tries + 1)),
                Failed::Contended | Failed::Refused => {
                    let mut first = part;
                    let second = first.split_off(first.len() / 2);
                    parts.push((second, tries));
                    parts.push((first, tries));
                }
            }
        }
    }

    /// A unit that found its lane idle, or that its batch failed with.
    async fn single(&mut self, queued: Queued) {
        let one = self.write(std::slice::from_ref(&queued)).await;
        match one {
            Ok(left) if left.is_empty() => return queued.answer(Ok(Committed::Applied)),
            Err(Failed::Unknown(fault)) => return queued.answer(Err(CommitError::Unavailable(fault))),
            Ok(_) | Err(Failed::Contended | Failed::Refused) => {}
        }
        // Its connection may be the only one.
        self.wire.release();
        let touched: Vec<Uuid> = queued.plan.accounts.iter().map(|(user, _)| *user).collect();
        let Queued { plan, caller } = queued;
        let outcome = self.alone.commit(plan).await;
        touched.into_iter().for_each(|user| lock(&self.known).forget_account(user));
        let _ = caller.send(Answer::Told(outcome));
    }

    /// Writes what fits together and answers it; gives back what failed as a whole.
    async fn together(&mut self, part: Vec<Queued>) -> Option<(Failed, Vec<Queued>)> {
        if let Err(failed) = self.learn(&part).await {
            return Some((failed, part));
        }
        let written = self.write(&part).await;
        let left = match written {
            Ok(left) => left,
            Err(failed) => return Some((failed, part)),
        };
        for (at, queued) in part.into_iter().enumerate() {
            if left.contains(&at) { queued.send_alone() } else { queued.answer(Ok(Committed::Applied)) }
        }
        None
    }

    /// Reads the rows that units need and the lane does not know, with at most two statements, and never more than
    /// the units would need alone.
    async fn learn(&mut self, part: &[Queued]) -> Result<(), Failed> {
        let (mut accounts, mut holds) = (Vec::new(), Vec::new());
        {
            let mut known = lock(&self.known);
            for (user, change) in part.iter().flat_map(|queued| &queued.plan.accounts) {
                if known.account(*user).is_none() {
                    accounts.push(*user);
                }
                let ends = change.ends.iter().map(|end| end.hold.uuid());
                holds.extend(ends.filter(|hold| known.hold(*hold).is_none()));
            }
        }
        accounts.sort_unstable();
        accounts.dedup();
        let reads = usize::from(!accounts.is_empty()) + usize::from(!holds.is_empty());
        if reads + 1 > part.len() {
            return Err(Failed::Refused);
        }
        if !accounts.is_empty() {
            let rows: Vec<account::Model> = self.read(&ACCOUNTS, accounts).await?;
            let mut known = lock(&self.known);
            rows.into_iter().for_each(|row| known.learn_account(row));
        }
        if !holds.is_empty() {
            let rows: Vec<hold::Model> = self.read(&HOLDS, holds).await?;
            let mut known = lock(&self.known);
            rows.into_iter().for_each(|row| known.learn_hold(row));
        }
        Ok(())
    }

    async fn read<M: sea_orm::FromQueryResult>(
        &mut self,
        sql: &str,
        keys: Vec<Uuid>,
    ) -> Result<Vec<M>, Failed> {
        // Nothing was written, so each unit may still be tried alone.
        self.wire.read(sql, keys).await.map_err(|error| Failed::Unknown(Fault::new(error)))
    }

    /// Writes the units that fit together; says which did not.
    async fn write(&mut self, part: &[Queued]) -> Result<Vec<usize>, Failed> {
        let (batch, left) = self.compose(part);
        if left.len() == part.len() {
            return Ok(left);
        }
        let Ok(written) = write(&batch) else { return Err(Failed::Refused) };
        let run = self.wire.run(written).await;
        let mut known = lock(&self.known);
        for (_, end) in &batch.ends {
            known.forget_hold(end.hold);
        }
        if let Err(error) = run {
            batch.accounts.keys().for_each(|user| known.forget_account(*user));
            return Err(failed(error));
        }
        self.observers.wrote(part.len() - left.len());
        for Moved { row, .. } in batch.accounts.into_values() {
            known.learn_account(row);
        }
        for hold in batch.holds {
            known.learn_hold(hold);
        }
        Ok(left)
    }

    fn compose<'a>(&self, part: &'a [Queued]) -> (Batch<'a>, Vec<usize>) {
        let (mut batch, mut left) = (Batch::default(), Vec::new());
        let mut known = lock(&self.known);
        for (at, queued) in part.iter().enumerate() {
            if batch.add(&queued.plan, &mut known).is_err() {
                left.push(at);
            }
        }
        (batch, left)
    }
}

/// What the database's answer to a batch means. Refusals are not told from here, so their names matter little.
fn failed(error: sqlx::Error) -> Failed {
    let Some(refused) = error.as_database_error() else { return Failed::Unknown(Fault::new(error)) };
    match (refused.code().as_deref(), refused.constraint()) {
        (Some("40001" | "40P01"), _) | (_, Some("accounts_as_decided")) => Failed::Contended,
        // Out of connections, space or time, shut down, or broken: the next unit would fare no better.
        (Some(code), _) if ["08", "53", "57", "58", "XX"].iter().any(|class| code.starts_with(class)) => {
            Failed::Unknown(Fault::new(error))
        }
        _ => Failed::Refused,
    }
}
