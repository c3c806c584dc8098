//! Receivables that aged out: what a number cost, and nobody will bear, is written off.

use std::sync::Arc;

use crate::{
    Amount, Change, Clock, CommitError, Fault, PurchaseId, Store, Time, UnitOfWork,
    pass::Pass,
    verification::{Bought, OrderReads, Purchase, Receivable},
    wallet::{BookReads, EntryKind, House, JournalEntry, LedgerAccount, Legs, Source, Unbalanced},
};

/// So many are listed at a time.
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
    orders: Arc<dyn OrderReads>,
    clock: Arc<dyn Clock>,
    days: i64,
}

impl ReceivableService {
    /// Over any store; `days` after a number was bought its cost is given up.
    pub fn new(
        store: Arc<dyn Store>,
        books: Arc<dyn BookReads>,
        orders: Arc<dyn OrderReads>,
        clock: Arc<dyn Clock>,
        days: i64,
    ) -> Self {
        Self { store, books, orders, clock, days }
    }

    /// Writes off what has aged out, each by itself. Returns how many.
    ///
    /// # Errors
    /// The first trouble; the next call finds what is left.
    pub async fn write_off_aged(&self) -> Result<u32, CommitError> {
        let now = self.clock.now();
        let before = now - crate::time::hours(24 * self.days);
        let (mut pass, mut after) = (Pass::default(), None);
        loop {
            let aged = self.books.receivables_since(before, after, BATCH).await;
            let aged = aged.map_err(CommitError::Unavailable)?;
            for (_, id) in &aged {
                pass.note(self.write_off(*id, now).await);
            }
            after = aged.last().copied();
            if aged.len() < BATCH as usize {
                return pass.ended();
            }
        }
    }

    async fn write_off(&self, id: PurchaseId, now: Time) -> Result<u32, CommitError> {
        let purchase = self.orders.purchase(id).await.map_err(CommitError::Unavailable)?;
        let Some(purchase) = purchase else { return Ok(0) };
        let Some(unit) = written_off(purchase, now).map_err(broken)? else { return Ok(0) };
        match self.store.commit(unit).await {
            Ok(_) => Ok(1),
            // The provider's credit, or a capture, came first.
            Err(CommitError::Stale) => Ok(0),
            Err(error) => Err(error),
        }
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
