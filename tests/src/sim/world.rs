//! The world of one run: time, processes, what they stand on, and what everybody remembers.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chrono::TimeDelta;
use namaskah_domain::{
    Clock, Entity, Id, OrderId, PaymentId, PhoneNumber, Time, UserId,
    memory::{FakeMailer, FakeNumberProvider, FakePaymentGateway, SeededRandom, laws::Snapshot},
    notification::{NotificationPorts, NotificationService},
    outbox::{Jobs, Leases},
    verification::{AskQuote, Buy, DirectTerms},
};

use super::{
    calls::{Called, SimLeases},
    canary::Canary,
    choices::{Dice, Script},
    gateway::SimGateway,
    process::{Kind, Ports, Process},
    provider::SimProvider,
    store::Kept,
    told::Told,
    turns::{ProcessNo, Tasks, Turns},
    users::{Again, Batched, Refunded},
    watch::Watch,
};

/// A command of a user that can be repeated under its key.
#[derive(Debug, Clone)]
pub struct Ordered {
    /// The command.
    pub buy: Buy,
    /// The most that it may cost.
    pub most: i64,
    /// Which of the commands under keys it repeats: 0 for itself.
    pub key: usize,
}

/// What a command under a key may make.
#[derive(Debug, Clone)]
pub struct Commanded {
    /// Whose key.
    pub user: UserId,
    /// Which.
    pub key: String,
    /// The orders that it may make.
    pub orders: Vec<OrderId>,
}

/// Everything.
pub struct World {
    /// Who goes next, and the time.
    pub turns: Arc<Turns>,
    /// Tasks under way.
    pub tasks: Tasks,
    /// What the run is made of.
    pub script: Script,
    /// Makes identifiers.
    pub random: Arc<SeededRandom>,
    /// The stores.
    pub kept: Arc<Kept>,
    /// Who sells numbers.
    pub provider: Arc<SimProvider>,
    /// Who takes payments.
    pub gateway: Arc<SimGateway>,
    /// What was committed.
    pub watch: Arc<Watch>,
    /// What users were told.
    pub told: Arc<Mutex<Told>>,
    /// What processes stand on.
    pub ports: Ports,
    /// Processes by number; those that are down are none.
    pub processes: Vec<Option<Process>>,
    /// Users.
    pub users: Vec<UserId>,
    /// Quotes that were asked for.
    pub quotes: Vec<AskQuote>,
    /// Purchases that were asked for.
    pub ordered: Vec<Ordered>,
    /// Retries and swaps that were asked for.
    pub again: Vec<Again>,
    /// Batches that were asked for.
    pub batched: Vec<Batched>,
    /// Refunds that were asked for.
    pub refunded: Vec<Refunded>,
    /// Every order that was asked for.
    pub placed: Vec<(UserId, OrderId)>,
    /// Every command under a key that may make orders.
    pub commanded: Vec<Commanded>,
    /// Orders that are placed all together, or none of them.
    pub together: Vec<Vec<OrderId>>,
    /// The most that each order may cost.
    pub most: BTreeMap<OrderId, i64>,
    /// Payments that were asked for.
    pub opened: Vec<(UserId, PaymentId)>,
    /// Numbers that were sold again.
    pub recycled: BTreeSet<PhoneNumber>,
    /// When a process last died or began.
    pub restarted_at: Time,
    /// The books after the last step.
    pub before: Snapshot,
}

/// The number of no process: tasks of the world itself survive every crash.
pub const OUTSIDE: ProcessNo = usize::MAX;

impl World {
    /// Over a store that is empty.
    pub fn new(script: Script, kept: Arc<Kept>, canary: Option<Canary>) -> Self {
        let dice = Arc::new(Dice::default());
        let turns = Arc::new(Turns::new(dice));
        let watch = Arc::new(Watch::default());
        let provider = Arc::new(SimProvider::new(FakeNumberProvider::new(turns.clone()), turns.clone()));
        let gateway = Arc::new(SimGateway::new(FakePaymentGateway::new(turns.clone()), turns.clone()));
        let mut ports = ports(&turns, &watch, &kept, &provider, &gateway);
        if let Some(canary) = canary {
            canary.replace_in(&mut ports, &turns);
        }
        Self {
            random: Arc::new(SeededRandom::new(script.seed())),
            tasks: Tasks::new(turns.clone()),
            restarted_at: turns.now(),
            turns,
            script,
            kept,
            provider,
            gateway,
            watch,
            told: Arc::default(),
            ports,
            processes: Vec::new(),
            users: Vec::new(),
            quotes: Vec::new(),
            ordered: Vec::new(),
            again: Vec::new(),
            batched: Vec::new(),
            refunded: Vec::new(),
            placed: Vec::new(),
            commanded: Vec::new(),
            together: Vec::new(),
            most: BTreeMap::new(),
            opened: Vec::new(),
            recycled: BTreeSet::new(),
            before: Snapshot::default(),
        }
    }

    /// A new identifier.
    pub fn id<T: Entity>(&self) -> Id<T> {
        Id::generate(self.turns.now(), self.random.as_ref())
    }

    /// What users were told.
    pub fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says what happens, if anybody listens.
    pub fn say(&self, what: impl FnOnce() -> String) {
        self.turns.say(what);
    }

    /// One of the processes that are up, and its number.
    pub fn a_process(&self) -> Option<(ProcessNo, &Process)> {
        let up: Vec<_> =
            self.processes.iter().enumerate().filter_map(|(no, p)| Some((no, p.as_ref()?))).collect();
        if up.is_empty() { None } else { Some(up[self.turns.dice().roll(up.len())]) }
    }

    /// Starts what is down.
    pub fn start_processes(&mut self) {
        for no in 0..self.processes.len() {
            if self.processes[no].is_none() {
                self.processes[no] = Some(Process::start(&self.ports, &self.random));
                self.restarted_at = self.turns.now();
            }
        }
    }

    /// A process dies at this instant: its tasks are dropped where they wait, its memory is lost, and the jobs in
    /// its hands are free once their leases have run out.
    pub fn kill(&mut self, no: ProcessNo) {
        let Some(process) = self.processes[no].take() else { return };
        let dropped = self.tasks.kill(no);
        self.restarted_at = self.turns.now();
        let kept = self.kept.clone();
        let turns = self.turns.clone();
        let jobs = kept.backend().jobs.clone();
        self.tasks.start(OUTSIDE, async move {
            turns.take().await;
            let freed = turns.outside(Jobs::release(jobs.as_ref(), process.holder)).await;
            debug_assert!(freed.is_ok(), "jobs are freed");
        });
        self.say(|| format!("process {no} dies with {dropped} tasks under way"));
    }

    /// Lets workers plan, and those who are due begin.
    pub fn work(&mut self, coarse: TimeDelta) {
        let now = self.turns.now();
        let (wakes, first_end) = {
            let mut seen = self.watch.seen();
            (std::mem::take(&mut seen.wakes), seen.waits.values().map(|(end, _)| *end).min())
        };
        for no in 0..self.processes.len() {
            let Some(process) = &mut self.processes[no] else { continue };
            process.plan(&mut self.watch.seen(), now, coarse);
            process.wake(&wakes, first_end, now);
            for run in process.due_runs(now) {
                self.tasks.start(no, run);
            }
        }
    }

    /// When something can happen by itself.
    pub fn next_at(&self) -> Option<Time> {
        let due = self.processes.iter().flatten().filter_map(Process::next_due).min();
        [self.tasks.next_at(), due].into_iter().flatten().min()
    }
}

fn ports(
    turns: &Arc<Turns>,
    watch: &Arc<Watch>,
    kept: &Arc<Kept>,
    provider: &Arc<SimProvider>,
    gateway: &Arc<SimGateway>,
) -> Ports {
    macro_rules! called {
        ($port:expr) => {
            Arc::new(Called::new($port.clone(), turns.clone(), watch.clone()))
        };
    }
    let backend = kept.backend();
    let leases: Arc<dyn Leases> = Arc::new(SimLeases::new(turns.clone()));
    Ports {
        store: called!(backend.store),
        payments: called!(backend.payments),
        wallets: called!(backend.wallet),
        books: called!(backend.books),
        compared: called!(backend.reconciliation),
        orders: called!(backend.orders),
        auth: called!(backend.auth),
        notices: called!(backend.notices),
        events: called!(backend.events),
        jobs: called!(backend.jobs),
        leases,
        terms: Arc::new(DirectTerms(called!(backend.terms))),
        clock: turns.clone(),
        provider: provider.clone(),
        gateway: gateway.clone(),
        mailer: Arc::new(FakeMailer::default()),
        notifications: Arc::new(notifications(kept, turns)),
        workers: Kind::ALL.to_vec(),
    }
}

/// What users are told. No letter is sent in a simulation, so it is asked for nothing.
fn notifications(kept: &Kept, turns: &Arc<Turns>) -> NotificationService {
    let backend = kept.backend();
    NotificationService::new(NotificationPorts {
        store: backend.store.clone(),
        reads: backend.notifications.clone(),
        users: backend.auth.clone(),
        staff: backend.staff.clone(),
        wallets: backend.wallet.clone(),
        payments: backend.payments.clone(),
        orders: backend.orders.clone(),
        tickets: backend.support.clone(),
        clock: turns.clone(),
        random: Arc::new(SeededRandom::default()),
    })
}
