//! Standings that are counted.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use async_trait::async_trait;
use namaskah_domain::{
    Fault, SessionId, UserId,
    auth::{AuthReads, DirectStandings, KeyStanding, Standing, Standings, TokenHash},
};

/// Standings without a memory, and how often one was looked up by a random credential.
pub struct LookUps {
    direct: DirectStandings,
    asked: AtomicU64,
}

impl LookUps {
    pub fn of(reads: Arc<dyn AuthReads>) -> Self {
        Self { direct: DirectStandings::new(reads), asked: AtomicU64::new(0) }
    }

    /// So often.
    pub fn count(&self) -> u64 {
        self.asked.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Standings for LookUps {
    async fn of_session(&self, id: SessionId) -> Result<Option<Standing>, Fault> {
        self.direct.of_session(id).await
    }

    async fn of_cookie(&self, cookie: TokenHash) -> Result<Option<Standing>, Fault> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.direct.of_cookie(cookie).await
    }

    async fn of_key(&self, hash: TokenHash) -> Result<Option<KeyStanding>, Fault> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.direct.of_key(hash).await
    }

    async fn forget(&self, user: UserId) {
        self.direct.forget(user).await;
    }
}
