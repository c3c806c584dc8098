//! Providers, as staff sees them: what is left there, what our books say, and whether they answer.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::TimeDelta;

use crate::{
    Clock, Fault, Money, Time,
    reconciliation::{Float, ReconciliationReads},
    time::{hours, seconds},
    verification::{
        Answers, CurrentTerms, NumberProvider, ProviderId, ProviderSwitch, VerificationService, Watched,
    },
};

/// How old a balance may be that is shown.
const BALANCE_S: i64 = 30;
/// A poll that was begun longer ago is not on time, whether orders wait or not.
const POLL_S: i64 = 60;
/// A credit is booked within so many hours of the number's purchase.
const AWAITED_H: i64 = 2;

/// Everything outside that the desk needs.
#[derive(Clone)]
pub struct ProviderDeskPorts {
    /// The provider of numbers.
    pub provider: Arc<Watched>,
    /// Our books.
    pub books: Arc<dyn ReconciliationReads>,
    /// Which way it is switched.
    pub terms: Arc<dyn CurrentTerms>,
    /// Who polls.
    pub orders: Arc<VerificationService>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// A provider as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderStanding {
    /// Which.
    pub provider: ProviderId,
    /// What staff has last said of it; nothing: it is on.
    pub switch: Option<ProviderSwitch>,
    /// What is left of our balance there, and when it said so; `None` if it never did.
    pub balance: Option<(Money, Time)>,
    /// The same by our books.
    pub float: Float,
    /// Whether it answers.
    pub answers: Answers,
    /// When this process began the last shared poll that was complete; another one may poll in its place.
    pub polled_at: Option<Time>,
    /// Its clock minus ours.
    pub skew: TimeDelta,
}

impl ProviderStanding {
    /// True if the shared poll is on time; `None` if this process has made none.
    pub fn is_polled_on_time(&self, now: Time) -> Option<bool> {
        self.polled_at.map(|at| now <= at + seconds(POLL_S))
    }
}

/// A provider in two words, for those who watch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pulse {
    /// Which.
    pub provider: ProviderId,
    /// False if staff has switched it off.
    pub is_on: bool,
    /// False if the last of its answers was not as it should be. Until it is asked it is well.
    pub is_well: bool,
}

/// Shows providers.
pub struct ProviderDesk {
    ports: ProviderDeskPorts,
    balance: Mutex<Option<(Money, Time)>>,
}

impl ProviderDesk {
    /// Over any ports.
    pub const fn new(ports: ProviderDeskPorts) -> Self {
        Self { ports, balance: Mutex::new(None) }
    }

    /// The time of the product.
    pub fn now(&self) -> Time {
        self.ports.clock.now()
    }

    /// Every provider.
    ///
    /// # Errors
    /// If the store cannot be read. A provider that does not answer is shown with what it said last.
    pub async fn providers(&self) -> Result<Vec<ProviderStanding>, Fault> {
        let now = self.now();
        let provider = self.ports.provider.id();
        let terms = self.ports.terms.current(now).await?;
        let float = self.ports.books.float(provider, now - hours(AWAITED_H)).await?;
        let balance = self.balance(now).await;
        Ok(vec![ProviderStanding {
            provider,
            switch: terms.switch_of(provider).cloned(),
            balance,
            float,
            answers: self.ports.provider.answers(),
            polled_at: self.ports.orders.polled_at(),
            skew: self.ports.provider.skew(),
        }])
    }

    /// The same in short, without asking a provider or summing the journal.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn pulses(&self) -> Result<Vec<Pulse>, Fault> {
        let provider = self.ports.provider.id();
        let terms = self.ports.terms.current(self.now()).await?;
        let is_well = self.ports.provider.answers().is_well();
        Ok(vec![Pulse { provider, is_on: terms.is_on(provider), is_well }])
    }

    /// Asked for at most every half minute.
    async fn balance(&self, now: Time) -> Option<(Money, Time)> {
        let known = *self.balance.lock().unwrap_or_else(PoisonError::into_inner);
        if known.is_some_and(|(_, at)| now < at + seconds(BALANCE_S)) {
            return known;
        }
        let Ok(balance) = self.ports.provider.balance().await else { return known };
        let told = Some((balance, self.now()));
        *self.balance.lock().unwrap_or_else(PoisonError::into_inner) = told;
        told
    }
}
