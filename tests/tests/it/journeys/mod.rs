//! Journeys: the whole product over HTTP, as a customer meets it, against the simulators, on both databases.
//!
//! Nothing here waits for a fixed time. Time passes by the simulators' clock; what happens by itself is waited for by
//! long poll, by stream, or by asking until it is so, with a limit.

mod balancer;
mod books;
pub mod controls;
pub mod customer;
mod process;
pub mod world;

mod account;
mod addresses;
mod admin;
mod again;
mod api_keys;
mod backup;
mod bad_input;
mod batches;
mod clients;
mod deposits;
mod forwarding;
mod google;
mod idempotency;
mod jobs;
mod leaks;
mod lifecycle;
mod limits;
mod listener;
mod logs;
mod metrics;
mod notifications;
mod orders;
mod pooled;
mod reconciling;
mod refunds;
mod retention;
mod rights;
mod rollout;
mod second_factor;
mod seeing;
mod shoppers;
mod status;
mod streams;
mod unknown;
mod webhooks;

pub use process::binary;

/// Plays each journey in a world of its own, on SQLite and on Postgres. Afterwards the books are audited.
macro_rules! on_both {
    ($($journey:ident),+ $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $journey() {
                $crate::journeys::world::World::on_sqlite(&[]).await.play(super::$journey).await;
            })+
        }

        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $journey() {
                if let Some(world) = $crate::journeys::world::World::on_postgres(&[]).await {
                    world.play(super::$journey).await;
                }
            })+
        }
    };
}
use on_both;
