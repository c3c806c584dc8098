//! Faults other than the product's own death: the database server dies, connections are cut, one of two instances is
//! frozen; for a full disk see [`super::disk`]. The product is not restarted; it must get over them by itself.

use std::time::Duration;

use nix::sys::signal::Signal;
use tokio_util::sync::CancellationToken;

use super::{
    Failure, Kind,
    cycle::ended,
    dice::Dice,
    load::{self, Spirit},
    memory::Progress,
    plan::{Act, Moment, Plan, Victims},
    wire::Wire,
    world::World,
};
use crate::postgres::{self, Server};

/// What a fault left behind.
#[derive(Debug)]
pub struct Verdict {
    /// What must not be.
    pub breaches: Vec<String>,
    /// What went on meanwhile.
    pub seen: Progress,
    /// How often it struck.
    pub strikes: u64,
}

/// After a fault, so many more orders must be acknowledged.
const MORE_ORDERS: u64 = 4;
pub(super) const TO_RECOVER: Duration = Duration::from_secs(30);

impl World {
    /// Load goes on during something, and until orders are taken again.
    pub(super) async fn under_load(
        &mut self,
        dice: &mut Dice,
        during: impl AsyncFnOnce(&mut Self) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let stop = CancellationToken::new();
        let spirit = Spirit { buyers: 3, time_passes: false, providers_fail: false };
        let tasks = load::start(&self.scene, dice, spirit, &stop);
        let done = match during(self).await {
            Ok(()) => self.takes_orders_again().await,
            failed => failed,
        };
        stop.cancel();
        ended(tasks).await?;
        done
    }

    async fn takes_orders_again(&self) -> Result<(), Failure> {
        let mut progress = self.scene.memory.progress();
        let enough = progress.borrow().orders + MORE_ORDERS;
        let taken = progress.wait_for(|p| p.orders >= enough);
        match tokio::time::timeout(TO_RECOVER, taken).await {
            Ok(_) => Ok(()),
            Err(_) => Err("it did not take orders again by itself".into()),
        }
    }

    /// Rests, compares, leaves.
    pub(super) async fn verdict(self, strikes: u64) -> Result<Verdict, Failure> {
        self.settles().await?;
        self.ends_every_order().await?;
        let mut breaches = self.breaches().await?;
        breaches.extend(self.audit().await.err().map(|found| found.to_string()));
        if self.products.iter().any(|product| product.process.has_ended()) {
            breaches.push("the product did not live through it".to_owned());
        }
        let seen = *self.scene.memory.progress().borrow();
        if breaches.is_empty() {
            self.leaves().await?;
        } else {
            breaches.push(format!("kept in {}", self.stays().await?.display()));
        }
        Ok(Verdict { breaches, seen, strikes })
    }
}

pub(super) async fn pause(dice: &mut Dice, least_ms: u64, most_ms: u64) {
    tokio::time::sleep(Duration::from_millis(dice.between(least_ms, most_ms))).await;
}

/// The database server is killed, all at once or its first process alone, and started again.
///
/// # Errors
/// If the product does not recover, or something cannot be compared.
pub async fn the_database_server_dies(seed: u64) -> Result<Option<Verdict>, Failure> {
    let Some(mut server) = tokio::task::block_in_place(Server::start)? else { return Ok(None) };
    let mut dice = Dice::new(seed);
    let mut world = World::at(Kind::Postgres, &server.url("postgres"), 1, &mut dice).await?;
    let deaths = [Signal::SIGKILL, Signal::SIGQUIT, Signal::SIGKILL];
    for by in deaths {
        let mut own = dice.apart();
        let strikes = async |_: &mut World| {
            pause(&mut own, 150, 500).await;
            tokio::task::block_in_place(|| server.dies(by))?;
            pause(&mut own, 100, 700).await;
            Ok(tokio::task::block_in_place(|| server.starts_again())?)
        };
        world.under_load(&mut dice, strikes).await?;
    }
    // The server outlives the comparison.
    let verdict = world.verdict(deaths.len() as u64).await;
    drop(server);
    verdict.map(Some)
}

/// Every connection to the database is ended by the server, again and again.
///
/// # Errors
/// As [`the_database_server_dies`].
pub async fn connections_are_ended(seed: u64) -> Result<Option<Verdict>, Failure> {
    let Some(database) = postgres::empty_database().await else { return Ok(None) };
    let mut dice = Dice::new(seed);
    let mut world = World::at(Kind::Postgres, &database.url, 2, &mut dice).await?;
    world.serve(2).await?;
    let (mut own, mut strikes) = (dice.apart(), 0);
    let cuts = async |_: &mut World| {
        for _ in 0..15 {
            pause(&mut own, 20, 150).await;
            database.cuts_connections().await;
            strikes += 1;
        }
        Ok(())
    };
    world.under_load(&mut dice, cuts).await?;
    let verdict = world.verdict(strikes).await?;
    database.remove().await;
    Ok(Some(verdict))
}

/// Connections break in the middle of answers: the work is done, and nobody is told.
///
/// # Errors
/// As [`the_database_server_dies`].
pub async fn answers_break_off(seed: u64) -> Result<Option<Verdict>, Failure> {
    let Some(database) = postgres::empty_database().await else { return Ok(None) };
    let mut dice = Dice::new(seed);
    let (wire, url) = Wire::to(&database.url, dice.apart())?;
    let mut world = World::at(Kind::Postgres, &url, 1, &mut dice).await?;
    let breaks = async |_: &mut World| {
        wire.may_break(true);
        tokio::time::sleep(Duration::from_millis(2_500)).await;
        wire.may_break(false);
        Ok(())
    };
    world.under_load(&mut dice, breaks).await?;
    let verdict = world.verdict(wire.broken()).await?;
    drop(wire);
    database.remove().await;
    Ok(Some(verdict))
}

/// One of two instances is frozen in the middle of purchases for longer than its leases and `send_by`, while the other
/// works; then it goes on.
///
/// # Errors
/// As [`the_database_server_dies`].
pub async fn a_frozen_instance_wakes_up(seed: u64) -> Result<Option<Verdict>, Failure> {
    let mut dice = Dice::new(seed);
    let Some(mut world) = World::new(Kind::Postgres, &mut dice).await? else { return Ok(None) };
    let mut breaches = Vec::new();
    for victims in [Victims::First, Victims::Second, Victims::First] {
        let plan = Plan {
            instances: 2,
            act: Act::Freeze,
            victims,
            moment: Moment::Outstanding(dice.between(0, 200)),
            ends_everything: false,
            a_day_passes: false,
        };
        breaches.extend(world.plays(plan, &mut dice).await?.breaches);
    }
    let strikes = world.stops;
    let mut verdict = world.verdict(strikes).await?;
    verdict.breaches.extend(breaches);
    Ok(Some(verdict))
}
