//! Canned answers: what support says often, so that it is said well and the same each time. They are the house's own
//! words; what becomes of them in a ticket is its answerer's.

use crate::{
    CannedAnswerId, Change, CommitError, Fault, Time, UnitOfWork, Version,
    staff::{Actor, AuditAction, By, Facts, Subject},
    support::{SupportService, TicketSubject, TicketText},
    unit::retry_stale,
};

/// Canned answers that are kept at once.
pub const MAX_CANNED: u32 = 200;

/// What support says often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CannedAnswer {
    /// Its identifier.
    pub id: CannedAnswerId,
    /// What it is for, in a line.
    pub name: TicketSubject,
    /// What it says.
    pub text: TicketText,
    /// When somebody last changed it.
    pub updated_at: Time,
    /// When it was taken out of use.
    pub removed_at: Option<Time>,
    /// Counts every change.
    pub version: Version,
}

/// Why a canned answer was not kept.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CannedAnswerError {
    /// There is none of this identifier.
    #[error("no such canned answer")]
    NotFound,
    /// There are as many as are kept.
    #[error("too many canned answers")]
    TooMany,
    /// The commit was refused.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The store does not answer.
    #[error("canned answers cannot be kept now")]
    Unavailable(#[from] Fault),
}

/// What a canned answer is to be.
#[derive(Debug, Clone)]
pub struct Saying {
    /// What it is for, in a line.
    pub name: TicketSubject,
    /// What it says.
    pub text: TicketText,
}

impl SupportService {
    /// Every canned answer that is in use, by what it is for.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn canned_answers(&self) -> Result<Vec<CannedAnswer>, Fault> {
        let mut canned = self.ports.reads.canned_answers().await?;
        canned.sort_by(|one, other| (one.name.as_str(), one.id).cmp(&(other.name.as_str(), other.id)));
        Ok(canned)
    }

    /// A new one.
    ///
    /// # Errors
    /// `TooMany`; `Unavailable`, `Commit` if the store does not answer.
    pub async fn add_canned(
        &self,
        actor: &Actor,
        id: CannedAnswerId,
        saying: Saying,
    ) -> Result<CannedAnswer, CannedAnswerError> {
        if self.ports.reads.canned_answers().await?.len() >= MAX_CANNED as usize {
            return Err(CannedAnswerError::TooMany);
        }
        let Saying { name, text } = saying;
        let now = self.ports.clock.now();
        let canned =
            CannedAnswer { id, name, text, updated_at: now, removed_at: None, version: Version::FIRST };
        self.commit_canned(actor, &canned, Facts::none()).await?;
        Ok(canned)
    }

    /// Says something else from now on.
    ///
    /// # Errors
    /// `NotFound`; `Unavailable`, `Commit` if the store does not answer.
    pub async fn change_canned(
        &self,
        actor: &Actor,
        id: CannedAnswerId,
        saying: &Saying,
    ) -> Result<CannedAnswer, CannedAnswerError> {
        self.decide_canned(actor, id, |found, now| {
            let Saying { name, text } = saying.clone();
            CannedAnswer { name, text, updated_at: now, version: found.version.next(), ..found }
        })
        .await
    }

    /// Is offered no more.
    ///
    /// # Errors
    /// `NotFound`; `Unavailable`, `Commit` if the store does not answer.
    pub async fn remove_canned(&self, actor: &Actor, id: CannedAnswerId) -> Result<(), CannedAnswerError> {
        let removed = self.decide_canned(actor, id, |found, now| CannedAnswer {
            removed_at: Some(now),
            updated_at: now,
            version: found.version.next(),
            ..found
        });
        removed.await.map(|_| ())
    }

    async fn decide_canned(
        &self,
        actor: &Actor,
        id: CannedAnswerId,
        decide: impl Fn(CannedAnswer, Time) -> CannedAnswer + Send + Sync,
    ) -> Result<CannedAnswer, CannedAnswerError> {
        let decide = &decide;
        let decided = retry_stale(|| async move {
            let found = self.ports.reads.canned_answer(id).await.map_err(CommitError::Unavailable)?;
            let Some(found) = found.filter(|found| found.removed_at.is_none()) else { return Ok(None) };
            let before = facts_of(&found);
            let next = decide(found, self.ports.clock.now());
            self.commit_canned(actor, &next, before).await?;
            Ok(Some(next))
        });
        decided.await?.ok_or(CannedAnswerError::NotFound)
    }

    async fn commit_canned(
        &self,
        actor: &Actor,
        canned: &CannedAnswer,
        before: Facts,
    ) -> Result<(), CommitError> {
        let (action, after) = match canned.removed_at {
            None => (AuditAction::CannedAnswerSet, facts_of(canned)),
            Some(_) => (AuditAction::CannedAnswerRemoved, Facts::none()),
        };
        let by = By::Staff(actor.clone());
        let when = (canned.updated_at, self.ports.random.as_ref());
        let line = by.did(action, Subject::of("canned_answer", canned.id), (before, after), when);
        let unit = UnitOfWork::new().with(Change::CannedAnswer(canned.clone())).with(line);
        self.ports.store.commit(unit).await.map(|_| ())
    }
}

/// Its name: the house's own word. What it says may be long.
fn facts_of(canned: &CannedAnswer) -> Facts {
    Facts::none().with("name", canned.name.as_str())
}
