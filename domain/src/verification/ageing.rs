//! Receivables that aged out: what a number cost, and nobody will bear, is written off.

use std::sync::Arc;

use crate::{
    Amount, Change, Clock, CommitError, Fault, Store, Time, UnitOfWork,
    verification::{Bought, Purchase, Receivable},
    wallet::{BookReads, EntryKind, House, JournalEntry, LedgerAccount, Legs, Source, Unbalanced},
};

/// So many are closed in one go.
const BATCH: u32 = 100;
/// Days after which a receivable is given up, unless something else is wished.
pub const RECEIVABLE_DAYS: i64 = 14;

impl Bought {
    /// Nobody will bear the cost: write_off → provider_receivable. `None` if it was free.
    ///
    /// # Errors
    /// Never for a cost above zero; the entry checks its laws.
    pub fn aged_out(&self, at: Time) -> Result<Option<JournalEntry>, Unbalanced> {
        let Ok(amount) = Amount::try_new(self.cost) else { return Ok(None) };
        let mut legs = Legs::new(Source::aged_out(&self.reservation), EntryKind::Cost, at);
        let receivable = LedgerAccount::House(House::ProviderReceivable);
        legs.add(LedgerAccount::House(House::WriteOff), receivable, amount);
        legs.into_entry().map(Some)
    }
}

/// Gives up receivables by their age. A credit that comes later is booked against the write-off.
pub struct ReceivableService {
    store: Arc<dyn Store>,
    books: Arc<dyn BookReads>,
    clock: Arc<dyn Clock>,
    days: i64,
}

impl ReceivableService {
    /// Over any store; `days` after a number was bought its cost is given up.
    pub fn new(store: Arc<dyn Store>, books: Arc<dyn BookReads>, clock: Arc<dyn Clock>, days: i64) -> Self {
        Self { store, books, clock, days }
    }

    /// Writes off what has aged out. Returns how many.
    ///
    /// # Errors
    /// If the store cannot be asked; the next call finds the same.
    pub async fn write_off_aged(&self) -> Result<u32, CommitError> {
        let now = self.clock.now();
        let before = now - crate::time::hours(24 * self.days);
        let aged = self.books.receivables_since(before, BATCH).await.map_err(CommitError::Unavailable)?;
        let mut closed = 0;
        for purchase in aged {
            let Some(unit) = written_off(purchase, now).map_err(broken)? else { continue };
            match self.store.commit(unit).await {
                Ok(_) => closed += 1,
                // The provider's credit, or a capture, came first.
                Err(CommitError::Stale) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(closed)
    }
}

fn written_off(purchase: Purchase, now: Time) -> Result<Option<UnitOfWork>, Unbalanced> {
    let entry = match purchase.bought() {
        Some(bought) => bought.aged_out(now)?,
        None => None,
    };
    let Some(closed) = purchase.close_receivable(Receivable::WrittenOff { at: now }) else { return Ok(None) };
    let unit = UnitOfWork::new().with(Change::Purchase(closed));
    Ok(Some(match entry {
        Some(entry) => unit.post(entry),
        None => unit,
    }))
}

fn broken(error: Unbalanced) -> CommitError {
    CommitError::Unavailable(Fault::new(error))
}
