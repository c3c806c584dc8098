//! Turns: who goes next, and what time it is. Tasks are futures that are polled by hand; each call of a port waits for
//! a turn, so that tasks take turns at calls, in an order that the dice choose. Time stands still until nobody can go.

use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
    time::Duration,
};

use async_trait::async_trait;
use chrono::TimeDelta;
use namaskah_domain::{Clock, Time, time::to_stored_precision};

use super::choices::Dice;

/// A process among those that serve the product, or nobody's: the world outside.
pub type ProcessNo = usize;

/// Hands out turns.
#[derive(Debug)]
pub struct Turns {
    dice: Arc<Dice>,
    state: Mutex<State>,
    told: Mutex<Option<Vec<String>>>,
}

#[derive(Debug)]
struct State {
    now: Time,
    next: u64,
    waiting: BTreeMap<u64, Waiting>,
    granted: Option<u64>,
    polled: u64,
    outside: u32,
}

#[derive(Debug)]
struct Waiting {
    task: u64,
    from: Time,
    waker: Waker,
}

impl Turns {
    /// At the instant at which every run begins.
    pub fn new(dice: Arc<Dice>) -> Self {
        let now = Time::UNIX_EPOCH + TimeDelta::seconds(1_767_225_600);
        let state = State { now, next: 0, waiting: BTreeMap::new(), granted: None, polled: 0, outside: 0 };
        Self { dice, state: Mutex::new(state), told: Mutex::new(None) }
    }

    /// Waits for a turn at this instant.
    pub async fn take(&self) {
        let from = self.now();
        Turn { turns: self, from, id: None }.await;
    }

    /// Waits for a turn at `from` or later.
    pub async fn take_at(&self, from: Time) {
        Turn { turns: self, from, id: None }.await;
    }

    /// Waits for what really happens outside of the run, such as a database's answer.
    pub async fn outside<T>(&self, answer: impl Future<Output = T>) -> T {
        let _counted = Counted::new(self);
        answer.await
    }

    /// From now on what happens is kept in words.
    pub fn listen(&self) {
        *self.told.lock().unwrap_or_else(PoisonError::into_inner) = Some(Vec::new());
    }

    /// Says what happens, if anybody listens.
    pub fn say(&self, what: impl FnOnce() -> String) {
        if let Some(told) = self.told.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            told.push(format!("{} {}", self.now().format("%H:%M:%S%.3f"), what()));
        }
    }

    /// Everything that was said.
    pub fn said(&self) -> Vec<String> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default()
    }

    /// The choices.
    pub fn dice(&self) -> &Dice {
        &self.dice
    }

    /// Moves time forward.
    pub fn move_to(&self, now: Time) {
        let mut state = self.state();
        state.now = state.now.max(to_stored_precision(now));
    }

    fn first_from(&self) -> Option<Time> {
        self.state().waiting.values().map(|waiting| waiting.from).min()
    }

    /// Grants a turn to one of those who may go now. Returns its task.
    fn grant(&self) -> Option<u64> {
        let mut state = self.state();
        let now = state.now;
        let ready = |(id, waiting): (&u64, &Waiting)| (waiting.from <= now).then_some(*id);
        let ready: Vec<u64> = state.waiting.iter().filter_map(ready).collect();
        let chosen = *ready.get(self.dice.roll(ready.len()))?;
        let waiting = state.waiting.remove(&chosen)?;
        state.granted = Some(chosen);
        waiting.waker.wake();
        Some(waiting.task)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Clock for Turns {
    fn now(&self) -> Time {
        self.state().now
    }

    async fn sleep_until(&self, until: Time) {
        self.take_at(until).await;
    }
}

struct Counted<'a>(&'a Turns);

impl<'a> Counted<'a> {
    fn new(turns: &'a Turns) -> Self {
        turns.state().outside += 1;
        Self(turns)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.state().outside -= 1;
    }
}

struct Turn<'a> {
    turns: &'a Turns,
    from: Time,
    id: Option<u64>,
}

impl Future for Turn<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.turns.state();
        if self.id.is_some() && state.granted == self.id {
            state.granted = None;
            drop(state);
            self.id = None;
            return Poll::Ready(());
        }
        let id = self.id.unwrap_or(state.next);
        state.next = state.next.max(id + 1);
        let waiting = Waiting { task: state.polled, from: self.from, waker: context.waker().clone() };
        state.waiting.insert(id, waiting);
        drop(state);
        self.id = Some(id);
        Poll::Pending
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            self.turns.state().waiting.remove(&id);
        }
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

type Running = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The tasks of a run.
pub struct Tasks {
    turns: Arc<Turns>,
    running: BTreeMap<u64, (ProcessNo, Running)>,
    next: u64,
    waker: Waker,
}

/// What is no rest after so many turns at one instant never comes to rest.
pub const MOST_TURNS: u32 = 20_000;

impl Tasks {
    /// None yet.
    pub fn new(turns: Arc<Turns>) -> Self {
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        Self { turns, running: BTreeMap::new(), next: 1, waker }
    }

    /// Starts a task of a process; it runs to its first call.
    pub fn start(&mut self, process: ProcessNo, task: impl Future<Output = ()> + Send + 'static) {
        let id = self.next;
        self.next += 1;
        self.running.insert(id, (process, Box::pin(task)));
        self.poll(id);
    }

    /// Lets one task go on to its next call. False if nobody can go at this instant.
    pub fn go_on(&mut self) -> bool {
        let Some(task) = self.turns.grant() else { return false };
        self.poll(task);
        true
    }

    /// When the next of them can go.
    pub fn next_at(&self) -> Option<Time> {
        self.turns.first_from()
    }

    /// A process dies: whatever it was at is dropped where it waits.
    pub fn kill(&mut self, process: ProcessNo) -> usize {
        let before = self.running.len();
        self.running.retain(|_, (of, _)| *of != process);
        before - self.running.len()
    }

    fn poll(&mut self, id: u64) {
        let Some((process, mut task)) = self.running.remove(&id) else { return };
        self.turns.state().polled = id;
        let mut context = Context::from_waker(&self.waker);
        loop {
            if task.as_mut().poll(&mut context).is_ready() {
                return;
            }
            let state = self.turns.state();
            let waits_outside = state.outside > 0 || !state.waiting.values().any(|w| w.task == id);
            drop(state);
            if !waits_outside {
                break;
            }
            // The answer of a database is awaited at once, so that its duration decides nothing.
            thread::park_timeout(Duration::from_millis(50));
        }
        self.running.insert(id, (process, task));
    }
}
