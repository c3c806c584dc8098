//! The bookkeeper: takes back promo money that has expired, collects debts, gives up receivables that have aged out.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use namaskah_domain::{verification::ReceivableService, wallet::BookService};

use super::{RunError, Worker};

const REST: Duration = Duration::from_secs(60);

/// Keeps the books.
pub struct Bookkeeper {
    books: Arc<BookService>,
    receivables: Arc<ReceivableService>,
}

impl Bookkeeper {
    /// Over the books.
    pub fn new(books: Arc<BookService>, receivables: Arc<ReceivableService>) -> Self {
        Self { books, receivables }
    }
}

#[async_trait]
impl Worker for Bookkeeper {
    fn name(&self) -> &'static str {
        "bookkeeper"
    }

    async fn rest(&self) -> Duration {
        REST
    }

    async fn run(&self) -> Result<u32, RunError> {
        // None's trouble may hold up the others.
        let (grants, debts, receivables) = tokio::join!(
            self.books.expire_grants(),
            self.books.collect_debts(),
            self.receivables.write_off_aged()
        );
        let (expired, collected) = (*grants.as_ref().unwrap_or(&0), *debts.as_ref().unwrap_or(&0));
        let written_off = *receivables.as_ref().unwrap_or(&0);
        if written_off > 0 {
            tracing::warn!(receivables = written_off, "costs of numbers were given up after their time");
        }
        if expired + collected > 0 {
            tracing::info!(expired, collected, "promo money was taken back, or debts were repaid");
        }
        let (grants, debts) = (grants.map_err(RunError::from), debts.map_err(RunError::from));
        first([("grants", grants), ("debts", debts), ("receivables", receivables.map_err(RunError::from))])?;
        Ok(expired + collected + written_off)
    }
}

/// The first trouble is the run's; others would be lost with it.
fn first(of: [(&'static str, Result<u32, RunError>); 3]) -> Result<(), RunError> {
    let mut troubles = of.into_iter().filter_map(|(what, came)| came.err().map(|error| (what, error)));
    let Some((_, trouble)) = troubles.next() else { return Ok(()) };
    for (what, error) in troubles {
        tracing::warn!(what, %error, "another trouble of the same run");
    }
    Err(trouble)
}

#[cfg(test)]
mod tests {
    use namaskah_domain::{
        Amount, Change, Claim, Clock, CommitError, Committed, Currency, Fault, GrantId, Money, Store,
        UnitOfWork, UserId,
        memory::{MemoryStore, Platform},
        time::minutes,
        verification::RECEIVABLE_DAYS,
        wallet::{EntryKind, Grant, House, LedgerAccount, Legs, Purse, Reason, Source},
    };
    use uuid::Uuid;

    use super::*;

    /// Does not answer where this grant is concerned.
    struct Failing(Arc<MemoryStore>, GrantId);

    #[async_trait]
    impl Store for Failing {
        async fn commit(&self, unit: UnitOfWork) -> Result<Committed, CommitError> {
            if unit
                .changes()
                .iter()
                .any(|change| matches!(change, Change::Grant(grant) if grant.id == self.1))
            {
                return Err(CommitError::Unavailable(Fault::new("the store does not answer")));
            }
            self.0.commit(unit).await
        }

        async fn replay(&self, claim: &Claim) -> Result<Option<Uuid>, CommitError> {
            self.0.replay(claim).await
        }
    }

    fn usd(dollars: i64) -> Amount {
        Amount::try_new(Money::from_units(dollars * 1_000_000, Currency::Usd)).expect("above zero")
    }

    async fn gift(platform: &Platform, user: UserId, dollars: i64, lasts: i64) -> GrantId {
        let (id, now): (GrantId, _) = (platform.id(), platform.clock.now());
        let reason = Reason::try_new("welcome").expect("a reason");
        let claim = platform.claim(user, &id.to_string(), id.uuid()).expect("a claim");
        let expires_at = Some(now + minutes(lasts));
        let cmd = Grant { id, user, amount: usd(dollars), expires_at, reason, claim };
        platform.books.grant(cmd).await.expect("a gift").value.id
    }

    async fn owes(platform: &Platform, user: UserId, dollars: i64) {
        let source = Source::from_stored("test:lost".to_owned());
        let mut legs = Legs::new(source, EntryKind::Chargeback, platform.clock.now());
        let debt = LedgerAccount::User(user, Purse::Debt);
        legs.add(debt, LedgerAccount::House(House::WriteOff), usd(dollars));
        let unit = UnitOfWork::new().post(legs.into_entry().expect("balanced"));
        platform.store.commit(unit).await.expect("posted");
    }

    #[tokio::test]
    async fn a_grant_that_cannot_be_taken_keeps_neither_the_next_grant_nor_a_debt_waiting() {
        let platform = Platform::new(3);
        let ada = platform.new_user("ada@example.com").await.expect("a user");
        platform.fund(ada, "2.00").await.expect("funded");
        let broken = gift(&platform, ada, 2, 5).await;
        gift(&platform, ada, 1, 6).await;
        owes(&platform, ada, 3).await;
        platform.clock.advance(minutes(10));

        let (store, clock) = (Arc::new(Failing(platform.store.clone(), broken)), platform.clock.clone());
        let read = platform.store.clone();
        let random = platform.random.clone();
        let books =
            BookService::new(store.clone(), read.clone(), read.clone(), read.clone(), clock.clone(), random);
        let receivables = ReceivableService::new(store, read.clone(), read, clock, RECEIVABLE_DAYS);
        let keeper = Bookkeeper::new(Arc::new(books), Arc::new(receivables));
        let trouble = keeper.run().await.expect_err("one grant cannot be taken");
        assert!(trouble.to_string().contains("does not answer"), "{trouble}");

        let balance = platform.balance(ada).await.expect("a balance");
        assert_eq!((balance.promo.to_string(), balance.debt.to_string()), ("2.00".into(), "1.00".into()));
    }
}
