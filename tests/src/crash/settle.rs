//! After a blow: customers repeat what they do not know the outcome of, time passes, and everything comes to rest.

use std::{collections::BTreeSet, time::Duration};

use tokio::time::Instant;

use super::{Failure, books::Books, compare, load::Scene, world::World};

/// How often customers ask again before they complain.
const REPEATS: usize = 12;
const BETWEEN_REPEATS: Duration = Duration::from_millis(50);
const BETWEEN_LOOKS: Duration = Duration::from_millis(25);
/// So many looks without a change, and the clock goes on.
const LOOKS_BEFORE_TIME_PASSES: u32 = 5;
const PATIENCE: Duration = Duration::from_secs(40);
/// A breach that is gone by then was work on its way.
const TO_AGREE: Duration = Duration::from_secs(8);
/// Longer than any order lives.
const ALL_ORDERS_S: u64 = 17 * 60;
const A_DAY_S: u64 = 24 * 60 * 60;

impl World {
    /// Providers behave, open commands are repeated, what is unknown is found out.
    ///
    /// # Errors
    /// If somebody cannot be asked, or it does not come to rest.
    pub async fn settles(&self) -> Result<usize, Failure> {
        self.scene.outside.behaves().await?;
        let books = self.books().await?;
        books.leases_run_out().await?;
        // A twin of a payment whose page is still being opened is waited for; after half a minute it is not.
        let mut repeated = self.scene.repeats_what_is_open("verifications").await?;
        self.scene.outside.advance(45).await?;
        repeated += self.scene.repeats_what_is_open("payments").await?;
        let rested = self.scene.rests(&books, 45, unsettled).await;
        books.close().await;
        rested.map(|()| repeated)
    }

    /// Every order ends. Then nothing is held, and the money at the provider is what it says.
    ///
    /// # Errors
    /// If somebody cannot be asked, or something stays open.
    pub async fn ends_every_order(&self) -> Result<(), Failure> {
        self.scene.outside.advance(ALL_ORDERS_S).await?;
        let books = self.books().await?;
        let rested = self.scene.rests(&books, 60, open_money).await;
        books.close().await;
        rested
    }

    /// A day goes by.
    ///
    /// # Errors
    /// If the simulators refuse.
    pub async fn a_day_passes(&self) -> Result<(), Failure> {
        self.scene.outside.advance(A_DAY_S).await
    }

    /// Every breach that lasts.
    ///
    /// # Errors
    /// If somebody cannot be asked.
    pub async fn breaches(&self) -> Result<Vec<String>, Failure> {
        let books = self.books().await?;
        let end = Instant::now() + TO_AGREE;
        let mut breaches = loop {
            let found = compare::breaches(&self.scene, &books).await?;
            if found.is_empty() || Instant::now() > end {
                break found;
            }
            tokio::time::sleep(BETWEEN_LOOKS * 4).await;
        };
        books.close().await;
        breaches.extend(self.scene.memory.take_breaches());
        breaches.extend(self.panics()?);
        Ok(breaches)
    }
}

impl Scene {
    async fn repeats_what_is_open(&self, path: &str) -> Result<usize, Failure> {
        let open = self.memory.open_commands(path);
        let mut left = open.clone();
        for _ in 0..REPEATS {
            for command in &left {
                self.repeats(command).await;
            }
            left = self.memory.open_commands(path);
            if left.is_empty() {
                return Ok(open.len());
            }
            tokio::time::sleep(BETWEEN_REPEATS).await;
        }
        Err(format!("{} commands got no answer that settles them, such as {:?}", left.len(), left[0]).into())
    }

    /// Waits until nothing is left, while the clock goes on by steps.
    async fn rests(
        &self,
        books: &Books,
        step_s: u64,
        left: impl AsyncFn(&Self, &Books) -> Result<Vec<(&'static str, i64)>, Failure>,
    ) -> Result<(), Failure> {
        let end = Instant::now() + PATIENCE;
        let mut looks = 0;
        loop {
            let left: Vec<_> = left(self, books).await?.into_iter().filter(|(_, n)| *n != 0).collect();
            if left.is_empty() {
                return Ok(());
            }
            if Instant::now() > end {
                return Err(format!("it did not come to rest: {left:?}").into());
            }
            looks += 1;
            if looks % LOOKS_BEFORE_TIME_PASSES == 0 {
                self.outside.advance(step_s).await?;
            }
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
    }
}

async fn unsettled(scene: &Scene, books: &Books) -> Result<Vec<(&'static str, i64)>, Failure> {
    let state = scene.outside.state().await?;
    let (credits, suspended) = (books.credits().await?, books.suspended().await?);
    let successes = state.successes()?;
    let booked = |reference: &&String| !credits.contains_key(*reference) && !suspended.contains(*reference);
    let listed: BTreeSet<String> = books.reservations().await?.into_iter().collect();
    let unknown = state.purchases()?.keys().filter(|id| !listed.contains(*id)).count();
    let new = "SELECT COUNT(*) FROM notices WHERE state = 'new'";
    let sent = "SELECT COUNT(*) FROM purchases WHERE state = 'sent'";
    Ok(vec![
        ("payments to book", i64::try_from(successes.keys().filter(booked).count())?),
        ("purchases of unknown outcome", books.count(sent).await?),
        ("reservations that we do not know", i64::try_from(unknown)?),
        ("notices to handle", books.count(new).await?),
    ])
}

async fn open_money(scene: &Scene, books: &Books) -> Result<Vec<(&'static str, i64)>, Failure> {
    let holds = "SELECT COUNT(*) FROM holds WHERE state = 'open'";
    let orders = "SELECT COUNT(*) FROM orders WHERE state IN ('requested', 'waiting')";
    let (ours, theirs) = (books.float().await?, scene.outside.state().await?.purchases()?);
    let stored = books.orders().await?;
    let completed = stored.values().filter(|order| order.state == "completed");
    let completed: BTreeSet<&String> = completed.filter_map(|order| order.reservation.as_ref()).collect();
    let differs = theirs.iter().filter(|(id, theirs)| {
        let units = ours.get(*id).copied().unwrap_or(0);
        // Killed between the provider's cancel and our second look, and a code came all the same: the provider gave
        // the price back, and only comparing its list with our books tells.
        let given_back_after_a_code = theirs.cost_units == 0 && completed.contains(id);
        units != theirs.cost_units && !given_back_after_a_code
    });
    Ok(vec![
        ("open holds", books.count(holds).await?),
        ("open orders", books.count(orders).await?),
        ("reservations of another cost at the provider", i64::try_from(differs.count())?),
    ])
}
