//! Whether every account is where the journal and its holds say: what moved lately each time, and all accounts in turn, a
//! slice each time.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::VitalsReads;
use crate::{Currency, Fault, Money, UserId};

/// So many accounts are looked at each time, those of the next slice.
pub const DRIFT_SLICE: u32 = 1_000;
/// So many slices that had drifted are looked at again each time, so that what was mended is seen at once.
const AGAIN: usize = 4;

/// Accounts that follow one another by their identifier, looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DriftSlice {
    /// How far they are apart from what is said of them, in dollars and without signs.
    pub drift: Money,
    /// The last of them; `None` if there are none behind where it began.
    pub last: Option<UserId>,
}

/// Where the pass through all accounts is.
#[derive(Debug, Default)]
struct Pass {
    /// The last account that was looked at.
    after: Option<UserId>,
    /// Slices that had drifted when they were last looked at, by what they begin behind, with how far.
    apart: BTreeMap<Option<UserId>, i64>,
    passes: u64,
}

/// Looks for drift at intervals, at the same cost each time.
pub struct DriftWatch {
    vitals: Arc<dyn VitalsReads>,
    slice: u32,
    pass: Mutex<Pass>,
}

impl DriftWatch {
    /// Over any store; so many accounts each time.
    pub fn new(vitals: Arc<dyn VitalsReads>, slice: u32) -> Self {
        Self { vitals, slice: slice.max(1), pass: Mutex::default() }
    }

    /// How far accounts are from what is said of them: those that moved lately, and what is known of all others from when their
    /// slice was last looked at. One caller at a time.
    ///
    /// # Errors
    /// If the store does not answer; the next call goes on from there.
    pub async fn look(&self) -> Result<Money, Fault> {
        let lately = self.vitals.drift().await?.units();
        let again: Vec<Option<UserId>> = self.pass().apart.keys().copied().take(AGAIN).collect();
        for after in again {
            let slice = self.vitals.drift_of(after, self.slice).await?;
            self.pass().note(after, slice);
        }
        let after = self.pass().after;
        let slice = self.vitals.drift_of(after, self.slice).await?;
        let mut pass = self.pass();
        pass.note(after, slice);
        pass.after = slice.last;
        pass.passes += u64::from(slice.last.is_none());
        // What moved lately is of some slice, too.
        let apart = pass.apart.values().fold(0, |sum: i64, units| sum.saturating_add(*units));
        Ok(Money::from_units(lately.max(apart), Currency::Usd))
    }

    /// How often every account was looked at.
    pub fn passes(&self) -> u64 {
        self.pass().passes
    }

    fn pass(&self) -> MutexGuard<'_, Pass> {
        self.pass.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pass {
    fn note(&mut self, after: Option<UserId>, slice: DriftSlice) {
        if slice.drift.is_zero() {
            self.apart.remove(&after);
        } else {
            self.apart.insert(after, slice.drift.units());
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::vitals::MockVitalsReads;

    type Books = Arc<Mutex<(i64, Vec<i64>)>>;

    fn user(n: usize) -> UserId {
        UserId::from_uuid(Uuid::from_u128(n as u128 + 1))
    }

    fn dollars(units: i64) -> Money {
        Money::from_units(units, Currency::Usd)
    }

    /// What moved lately is so far apart, and each account so far.
    fn watch(books: &Books, slice: u32) -> DriftWatch {
        let mut reads = MockVitalsReads::new();
        let known = books.clone();
        reads.expect_drift().returning(move || Ok(dollars(known.lock().expect("sound").0)));
        let known = books.clone();
        reads.expect_drift_of().returning(move |after, limit| {
            let accounts = known.lock().expect("sound").1.clone();
            let behind =
                accounts.iter().enumerate().filter(|(n, _)| after.is_none_or(|after| user(*n) > after));
            let looked_at: Vec<(usize, &i64)> = behind.take(limit as usize).collect();
            let drift = dollars(looked_at.iter().map(|(_, units)| **units).sum());
            Ok(DriftSlice { drift, last: looked_at.last().map(|(n, _)| user(*n)) })
        });
        DriftWatch::new(Arc::new(reads), slice)
    }

    async fn looks(watch: &DriftWatch, times: usize) -> Vec<i64> {
        let mut told = Vec::new();
        for _ in 0..times {
            told.push(watch.look().await.expect("readable").units());
        }
        told
    }

    #[tokio::test]
    async fn every_account_is_looked_at_in_turn_and_from_the_beginning_again() {
        let books = Books::new(Mutex::new((0, vec![0, 0, 0, 0, 7])));
        let watch = watch(&books, 2);
        assert_eq!(looks(&watch, 3).await, [0, 0, 7]);
        assert_eq!((looks(&watch, 1).await, watch.passes()), (vec![7], 1), "there is none behind the last");
        books.lock().expect("sound").1 = vec![3, 0, 0, 0, 7];
        assert_eq!(looks(&watch, 1).await, [10]);
    }

    #[tokio::test]
    async fn what_was_mended_is_seen_without_a_whole_pass() {
        let books = Books::new(Mutex::new((0, vec![5, 0, 0, 0, 0, 0])));
        let watch = watch(&books, 1);
        assert_eq!(looks(&watch, 3).await, [5, 5, 5]);
        books.lock().expect("sound").1[0] = 0;
        assert_eq!(looks(&watch, 2).await, [0, 0]);
        assert_eq!(watch.passes(), 0);
    }

    #[tokio::test]
    async fn many_that_have_drifted_are_all_seen_to_be_mended_in_the_end() {
        let books = Books::new(Mutex::new((0, vec![1; 9])));
        let watch = watch(&books, 1);
        assert_eq!(looks(&watch, 10).await.last(), Some(&9));
        books.lock().expect("sound").1 = vec![0; 9];
        assert_eq!(looks(&watch, 3).await.last(), Some(&0));
    }

    #[tokio::test]
    async fn what_moved_lately_is_told_at_once_and_once() {
        let books = Books::new(Mutex::new((4, vec![0, 0, 4])));
        let watch = watch(&books, 1);
        assert_eq!(looks(&watch, 4).await, [4, 4, 4, 4]);
    }
}
