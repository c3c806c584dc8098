//! One cycle: load, a blow at a moment, a restart, rest, comparison.

use std::{fmt, time::Duration};

use nix::sys::signal::Signal;
use tokio::{task::JoinSet, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{
    Failure,
    dice::Dice,
    load::{self, Spirit},
    plan::{Act, HELD_BACK_MS, Moment, Plan, Victims},
    world::World,
};

/// Longer than a purchase may wait to be sent.
const FROZEN: Duration = Duration::from_millis(2_300);
/// Who is left goes on so long before help comes.
const ALONE: Duration = Duration::from_millis(150);
/// What happened.
pub struct Story {
    /// As it was drawn.
    pub plan: Plan,
    /// How long the load had lasted.
    pub struck_at: Duration,
    /// What was on its way then.
    pub in_flight: Vec<(&'static str, i64)>,
    /// How long the restart took.
    pub restarted: Duration,
    /// How many commands had to be repeated.
    pub repeated: usize,
    /// From the restart to rest.
    pub settled: Duration,
    /// What must not be.
    pub breaches: Vec<String>,
}

impl World {
    /// Plays the cycle of that seed.
    ///
    /// # Errors
    /// If something cannot even be compared; that is a failure of the product too, unless the machine is at fault.
    pub async fn cycle(&mut self, n: u64, seed: u64) -> Result<Story, Failure> {
        let mut dice = Dice::new(seed);
        let plan = Plan::draw(&mut dice, n, self.most_instances);
        self.plays(plan, &mut dice).await
    }

    /// Plays a cycle of that plan.
    ///
    /// # Errors
    /// As [`Self::cycle`].
    pub async fn plays(&mut self, plan: Plan, dice: &mut Dice) -> Result<Story, Failure> {
        self.serve(plan.instances).await?;
        if matches!(plan.moment, Moment::Outstanding(_)) {
            self.scene.outside.answers_purchases_late(HELD_BACK_MS, 6).await?;
        }
        let (stop, begun) = (CancellationToken::new(), Instant::now());
        let spirit = Spirit::draw(dice);
        let tasks = load::start(&self.scene, dice, spirit, &stop);
        plan.moment.comes(&self.scene.memory, &self.products[0].process).await;
        let (struck_at, in_flight) = (begun.elapsed(), self.scene.memory.in_flight());
        self.strikes(&plan, dice, &stop).await?;
        stop.cancel();
        ended(tasks).await?;
        let restarted = self.serve(plan.instances).await?;
        let begun = Instant::now();
        let repeated = self.settles().await?;
        if plan.ends_everything {
            self.ends_every_order().await?;
        }
        if plan.a_day_passes {
            self.a_day_passes().await?;
        }
        let settled = begun.elapsed();
        let mut breaches = self.breaches().await?;
        breaches.extend(self.audit().await.err().map(|found| found.to_string()));
        Ok(Story { plan, struck_at, in_flight, restarted, repeated, settled, breaches })
    }

    async fn strikes(
        &mut self,
        plan: &Plan,
        dice: &mut Dice,
        stop: &CancellationToken,
    ) -> Result<(), Failure> {
        match plan.act {
            Act::Kill => self.kills(plan.victims, stop).await?,
            Act::KillTwice => {
                self.kills(plan.victims, stop).await?;
                self.serve(plan.instances).await?;
                tokio::time::sleep(Duration::from_millis(dice.between(0, 60))).await;
                self.kills(plan.victims, stop).await?;
            }
            Act::KillWhileStarting(times) => {
                self.kills(plan.victims, stop).await?;
                self.starts_and_dies(times, dice).await?;
            }
            Act::Freeze => self.freezes(plan.victims).await?,
            Act::FreezeThenKill => {
                self.signals(plan.victims, Signal::SIGSTOP)?;
                tokio::time::sleep(Duration::from_millis(dice.between(0, 200))).await;
                self.kills(plan.victims, stop).await?;
            }
            Act::Stop => self.stops(plan.victims, stop).await?,
            Act::KillWhileMigrating => {
                self.kills(plan.victims, stop).await?;
                self.migrates_and_dies(dice).await?;
            }
        }
        if self.products.is_empty() {
            stop.cancel();
        } else {
            tokio::time::sleep(ALONE).await;
        }
        Ok(())
    }

    fn struck(&self, victims: Victims) -> std::ops::Range<usize> {
        match victims {
            Victims::First => 0..1.min(self.products.len()),
            Victims::Second => 1.min(self.products.len())..self.products.len(),
            Victims::All => 0..self.products.len(),
        }
    }

    async fn kills(&mut self, victims: Victims, stop: &CancellationToken) -> Result<(), Failure> {
        let range = self.struck(victims);
        let mut dying: Vec<_> = self.products.drain(range).collect();
        // All at once, before anybody is waited for.
        for product in &dying {
            product.process.signal(Signal::SIGKILL)?;
            self.kills += 1;
        }
        self.tell_addresses();
        if self.products.is_empty() {
            stop.cancel();
        }
        for product in &mut dying {
            product.process.ended().await?;
        }
        Ok(())
    }

    fn signals(&mut self, victims: Victims, signal: Signal) -> Result<(), Failure> {
        for product in &self.products[self.struck(victims)] {
            product.process.signal(signal)?;
            self.stops += u64::from(signal == Signal::SIGSTOP);
        }
        Ok(())
    }

    /// Frozen for longer than a purchase may wait. Where another serves, it takes over meanwhile: the leases of the
    /// frozen one run out, and time passes.
    async fn freezes(&mut self, victims: Victims) -> Result<(), Failure> {
        self.signals(victims, Signal::SIGSTOP)?;
        let thaws = Instant::now() + FROZEN;
        if self.struck(victims).len() < self.products.len() {
            let books = self.books().await?;
            books.leases_run_out().await?;
            books.close().await;
            for _ in 0..3 {
                self.scene.outside.advance(45).await?;
            }
        }
        tokio::time::sleep_until(thaws).await;
        self.signals(victims, Signal::SIGCONT)
    }

    async fn stops(&mut self, victims: Victims, stop: &CancellationToken) -> Result<(), Failure> {
        let range = self.struck(victims);
        let mut stopping: Vec<_> = self.products.drain(range).collect();
        for product in &stopping {
            product.process.signal(Signal::SIGTERM)?;
        }
        self.tell_addresses();
        if self.products.is_empty() {
            stop.cancel();
        }
        for product in &mut stopping {
            let ended = product.process.ended().await?;
            if !ended.success() {
                self.scene.memory.breach(format!("told to stop, it ended with {ended}"));
            }
        }
        Ok(())
    }
}

/// Everybody ends what was begun.
///
/// # Errors
/// If one could not go on.
pub async fn ended(mut tasks: JoinSet<Result<(), Failure>>) -> Result<(), Failure> {
    while let Some(ended) = tasks.join_next().await {
        ended??;
    }
    Ok(())
}

impl fmt::Display for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let on_its_way: Vec<String> = self.in_flight.iter().map(|(kind, n)| format!("{n} {kind}")).collect();
        let on_its_way = if on_its_way.is_empty() { "nothing".to_owned() } else { on_its_way.join(", ") };
        let (at, again) = (self.struck_at.as_millis(), self.restarted.as_millis());
        write!(f, "{} (at {at} ms; in flight: {on_its_way}); ", self.plan)?;
        write!(f, "serves again in {again} ms, {} repeated, ", self.repeated)?;
        write!(f, "at rest in {} ms: ", self.settled.as_millis())?;
        if self.breaches.is_empty() { write!(f, "clean") } else { write!(f, "BROKEN") }
    }
}
