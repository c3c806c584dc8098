//! [`Allowlists`] that remembers its answer for one second of the machine's own time, so that a busy back office costs
//! one read a second. What this process itself changes is forgotten at once.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use moka::future::Cache;
use namaskah_domain::{
    Fault,
    staff::{Allowlist, Allowlists, StaffReads},
};

use crate::look_ups::LookUps;

/// How old an answer may be.
const MAX_AGE: Duration = Duration::from_secs(1);

/// The list over any reads, with a short memory. Requests that ask at once share one answer.
pub struct CachedAllowlists {
    reads: Arc<dyn StaffReads>,
    recent: Cache<(), Allowlist>,
    look_ups: LookUps,
}

impl CachedAllowlists {
    /// Over any reads.
    pub fn new(reads: Arc<dyn StaffReads>) -> Self {
        let recent = Cache::builder().max_capacity(1).time_to_live(MAX_AGE).build();
        Self { reads, recent, look_ups: LookUps::default() }
    }

    /// Tells how often the answer was remembered, as `allowlist`.
    #[must_use]
    pub fn observed(self, look_ups: LookUps) -> Self {
        Self { look_ups, ..self }
    }
}

#[async_trait]
impl Allowlists for CachedAllowlists {
    async fn current(&self) -> Result<Allowlist, Fault> {
        let read = self.reads.allowlist();
        let found = self.recent.entry(()).or_try_insert_with(read).await;
        self.look_ups.tell("allowlist", found.as_ref().is_ok_and(|entry| !entry.is_fresh()));
        found.map(moka::Entry::into_value).map_err(|fault| (*fault).clone())
    }

    async fn forget(&self) {
        self.recent.invalidate(&()).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use namaskah_domain::{
        AuditId, Page, PageOf, RefundId, SessionId, Time, UserId,
        auth::{Session, User},
        payment::Refund,
        staff::{AuditEntry, AuditQuery, UserFilter},
    };

    use super::*;

    /// An empty list, and how often it was read.
    #[derive(Default)]
    struct Counted(AtomicU32);

    const fn nothing<T>() -> PageOf<T> {
        PageOf { rows: Vec::new(), has_more: false }
    }

    #[async_trait]
    impl StaffReads for Counted {
        async fn allowlist(&self) -> Result<Allowlist, Fault> {
            self.0.fetch_add(1, Ordering::SeqCst);
            Ok(Allowlist::empty())
        }
        async fn audit_log(&self, _: &AuditQuery, _: Page<AuditId>) -> Result<PageOf<AuditEntry>, Fault> {
            Ok(nothing())
        }
        async fn staff(&self) -> Result<Vec<User>, Fault> {
            Ok(Vec::new())
        }
        async fn users(&self, _: &UserFilter, _: Time, _: Page<UserId>) -> Result<PageOf<User>, Fault> {
            Ok(nothing())
        }
        async fn sign_ins(&self, _: UserId, _: Page<SessionId>) -> Result<PageOf<Session>, Fault> {
            Ok(nothing())
        }
        async fn refunds_to(&self, _: UserId, _: Page<RefundId>) -> Result<PageOf<Refund>, Fault> {
            Ok(nothing())
        }
    }

    #[tokio::test]
    async fn the_list_is_read_once_and_again_when_it_is_forgotten() {
        let reads = Arc::new(Counted::default());
        let lists = CachedAllowlists::new(reads.clone());
        for _ in 0..3 {
            assert_eq!(lists.current().await.expect("an answer"), Allowlist::empty());
        }
        assert_eq!(reads.0.load(Ordering::SeqCst), 1);
        lists.forget().await;
        lists.current().await.expect("an answer");
        assert_eq!(reads.0.load(Ordering::SeqCst), 2);
    }

    #[test]
    fn no_answer_is_older_than_a_second() {
        let lists = CachedAllowlists::new(Arc::new(Counted::default()));
        assert_eq!(lists.recent.policy().time_to_live(), Some(Duration::from_secs(1)));
    }
}
