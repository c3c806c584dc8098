//! What staff reads, in memory.

use async_trait::async_trait;

use super::{MemoryStore, reads::page_of};
use crate::{
    AuditId, Fault, Page, PageOf, RefundId, SessionId, Time, UserId,
    auth::{Session, User},
    payment::Refund,
    staff::{Allowlist, AuditEntry, AuditQuery, AuditSeals, SealedLog, StaffReads, UserFilter},
};

fn is_wanted(entry: &AuditEntry, query: &AuditQuery) -> bool {
    let by = entry.by.actor().map(|actor| actor.user);
    query.actor.is_none_or(|actor| by == Some(actor))
        && query.action.is_none_or(|action| action == entry.action)
        && query.subject.as_ref().is_none_or(|subject| *subject == entry.subject.id)
        && query.from.is_none_or(|from| from <= entry.at)
        && query.to.is_none_or(|to| entry.at < to)
}

#[async_trait]
impl StaffReads for MemoryStore {
    async fn allowlist(&self) -> Result<Allowlist, Fault> {
        Ok(self.state().allowlist.clone().unwrap_or_else(Allowlist::empty))
    }

    async fn audit_log(&self, query: &AuditQuery, page: Page<AuditId>) -> Result<PageOf<AuditEntry>, Fault> {
        let state = self.state();
        let wanted = state.audit_log.values().rev().filter(|entry| is_wanted(entry, query)).cloned();
        Ok(page_of(wanted.collect(), page, |entry| entry.id))
    }

    async fn staff(&self) -> Result<Vec<User>, Fault> {
        Ok(self.state().users.values().filter(|user| user.role.is_staff()).cloned().collect())
    }

    async fn users(&self, filter: &UserFilter, now: Time, page: Page<UserId>) -> Result<PageOf<User>, Fault> {
        let state = self.state();
        let wanted = state.users.values().rev().filter(|user| {
            filter.email_prefix.as_ref().is_none_or(|prefix| user.email.as_str().starts_with(prefix))
                && filter.role.is_none_or(|role| user.role == role)
                && filter.state.is_none_or(|state| user.state(now) == state)
        });
        Ok(page_of(wanted.cloned().collect(), page, |user| user.id))
    }

    async fn sign_ins(&self, user: UserId, page: Page<SessionId>) -> Result<PageOf<Session>, Fault> {
        let state = self.state();
        let his = state.sessions.values().rev().filter(|session| session.user == user);
        Ok(page_of(his.cloned().collect(), page, |session| session.id))
    }

    async fn refunds_to(&self, user: UserId, page: Page<RefundId>) -> Result<PageOf<Refund>, Fault> {
        let state = self.state();
        let his = state.refunds.values().rev().filter(|refund| refund.user == user);
        Ok(page_of(his.cloned().collect(), page, |refund| refund.id))
    }
}

/// Nobody can reach behind what is in memory.
#[async_trait]
impl AuditSeals for MemoryStore {
    async fn verify(&self) -> Result<SealedLog, Fault> {
        Ok(SealedLog { batches: 0, broken: Vec::new() })
    }
}
