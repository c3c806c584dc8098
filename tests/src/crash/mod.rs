//! The crash harness: the real binary, killed and frozen at random moments under load, and compared afterwards with
//! the simulators' own books, with what the customers know, and with the laws of the ledger.
//!
//! The simulators are a process of their own (`namaskah sandbox`) that outlives every blow, so they are an independent
//! witness. One world lives over many cycles: only the product is restarted. Everything random comes from the seed of
//! the cycle, but for the interleaving itself, which is the machine's.

mod books;
mod compare;
mod customer;
mod cycle;
mod dice;
pub mod disk;
pub mod faults;
mod load;
mod memory;
mod outside;
mod plan;
mod process;
mod settle;
mod wire;
mod world;

use std::{error::Error, time::Instant};

use serde_json::{Value, json};

pub use dice::Dice;
pub use world::World;

/// What ends the harness early.
pub type Failure = Box<dyn Error + Send + Sync>;

/// Where the product keeps its books.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// In a file of its own.
    Sqlite,
    /// On a server, with up to two instances of the product.
    Postgres,
}

impl Kind {
    /// As the figures call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

/// Plays so many cycles on that database, a printed line each, and prints the figure. True if all were clean; the
/// first that is not ends the run and keeps its folder. A skipped database says so and counts as clean, unless
/// `TEST_REQUIRE_PG` is 1.
///
/// # Errors
/// If the harness itself cannot go on.
pub async fn run(kind: Kind, cycles: u64, seed: u64) -> Result<bool, Failure> {
    let begun = Instant::now();
    let Some(mut world) = World::new(kind, &mut Dice::new(seed)).await? else { return Ok(true) };
    for n in 0..cycles {
        let own = seed.wrapping_add(n);
        let played = world.cycle(n, own).await;
        let head = format!("cycle {n} {} seed {own}", kind.name());
        let breaches = match played {
            Ok(story) => {
                println!("{head}: {story}");
                story.breaches
            }
            Err(failure) => {
                println!("{head}: BROKEN");
                vec![failure.to_string()]
            }
        };
        if !breaches.is_empty() {
            for breach in &breaches {
                println!("  {breach}");
            }
            println!("{}", figure(kind, n + 1, &world, false).await);
            println!(
                "  kept in {}; this cycle again: --cycles {} --seed {seed}",
                world.stays().await?.display(),
                n + 1
            );
            return Ok(false);
        }
    }
    println!("{}", figure(kind, cycles, &world, true).await);
    eprintln!("{cycles} cycles in {:.0} s", begun.elapsed().as_secs_f64());
    world.leaves().await?;
    Ok(true)
}

async fn figure(kind: Kind, cycles: u64, world: &World, clean: bool) -> Value {
    let seen = *world.scene.memory.progress().borrow();
    let purchases = world.scene.outside.state().await.and_then(|state| state.purchases());
    json!({
        "figure": format!("crash.{}", kind.name()),
        "cycles": cycles,
        "kills": world.kills,
        "stops": world.stops,
        "orders": seen.orders,
        "purchases": purchases.map_or(0, |purchases| purchases.len()),
        "codes": seen.codes,
        "deposits": seen.deposits,
        "cancels": seen.cancels,
        "clean": clean,
    })
}
