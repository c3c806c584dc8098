//! Workers: what goes on without a request. Each has one `run`, which does what is due now and says how much it was.
//!
//! A worker is woken by a commit that leaves it something, and looks by itself at intervals. Losing a wake-up costs
//! an interval, never work: everything that is due is found in the store.

mod bookcheck;
mod bookkeeper;
mod clock;
mod deliveries;
mod expirer;
mod fan_out;
mod feed;
mod herald;
mod jobs;
mod notices;
mod pace;
mod patient;
mod poller;
mod reconciler;
mod relay;
mod retention;
mod returns;
mod ringing;
mod run_error;
mod scheduler;
mod sealer;
mod supervisor;
mod sweeper;
mod waking;

use std::time::Duration;

use async_trait::async_trait;

pub use bookcheck::Bookcheck;
pub use bookkeeper::Bookkeeper;
pub use clock::{ClockFollower, Movable};
pub use deliveries::Deliveries;
pub use expirer::Expirer;
pub use fan_out::FanOutRunner;
pub use feed::Feed;
pub use herald::Herald;
pub use jobs::{Doers, JobRunner, MAILS_AT_ONCE};
pub use notices::NoticeHandler;
pub use pace::CallsPerSecond;
pub use patient::Patient;
pub use poller::Poller;
pub use reconciler::Reconciler;
pub use relay::Relay;
pub use retention::Retention;
pub use returns::Returns;
pub use ringing::{Ringer, Unrung, listen};
pub use run_error::RunError;
pub use scheduler::Scheduler;
pub use sealer::Sealer;
pub use supervisor::{Condition, Health, Supervisor, Workers};
pub use sweeper::Sweeper;
pub use waking::{Wakers, WakingStore};

/// Something that goes on without a request.
#[async_trait]
pub trait Worker: Send + Sync {
    /// Its name, in logs, readiness and metrics.
    fn name(&self) -> &'static str;

    /// How long it rests when nothing was due and nobody woke it.
    async fn rest(&self) -> Duration;

    /// Does what is due now. Returns how much was done; 0 if nothing is left.
    ///
    /// # Errors
    /// If something outside could not be asked.
    async fn run(&self) -> Result<u32, RunError>;

    /// The process stops: a run that is under way begins nothing more. Comes before [`Worker::stop`], which waits for it.
    fn leave(&self) {}

    /// Gives back what only this process may have, when it stops.
    async fn stop(&self) {}
}
