//! Reads of corrections, in memory.

use async_trait::async_trait;

use super::{MemoryStore, reads::page_of};
use crate::{
    AdjustmentId, Currency, Fault, Money, Page, PageOf, Time, UserId,
    staff::{Adjustment, AdjustmentQuery, AdjustmentReads, AdjustmentState, AuditAction, Recent, Subject},
};

const CHANGES_OF_ROLE: [AuditAction; 4] = [
    AuditAction::OwnerCreated,
    AuditAction::StaffAdded,
    AuditAction::StaffRoleChanged,
    AuditAction::UserUnsuspended,
];

#[async_trait]
impl AdjustmentReads for MemoryStore {
    async fn adjustment(&self, id: AdjustmentId) -> Result<Option<Adjustment>, Fault> {
        Ok(self.state().adjustments.get(&id).cloned())
    }

    async fn adjustments(
        &self,
        query: &AdjustmentQuery,
        now: Time,
        page: Page<AdjustmentId>,
    ) -> Result<PageOf<Adjustment>, Fault> {
        let state = self.state();
        let wanted = state.adjustments.values().rev().filter(|asked| {
            query.status.is_none_or(|status| asked.status(now) == status)
                && query.user.is_none_or(|user| asked.user == user)
        });
        Ok(page_of(wanted.cloned().collect(), page, |asked| asked.id))
    }

    async fn booked_at_once(&self, by: UserId, user: UserId, since: Time) -> Result<Recent, Fault> {
        let state = self.state();
        let at_once = |asked: &&Adjustment| matches!(asked.state, AdjustmentState::Booked { approved_by: None, at } if at > since);
        let sum = |counts: &dyn Fn(&Adjustment) -> bool| {
            let booked = state.adjustments.values().filter(at_once).filter(|asked| counts(asked));
            Money::from_units(booked.map(|asked| asked.amount.units()).sum(), Currency::Usd)
        };
        Ok(Recent {
            by_actor: sum(&|asked| asked.proposed_by == by),
            to_user: sum(&|asked| asked.user == user),
        })
    }

    async fn staff_since(&self, user: UserId) -> Result<Option<Time>, Fault> {
        let state = self.state();
        let Some(found) = state.users.get(&user) else { return Ok(None) };
        let subject = Subject::user(user);
        let told = state
            .audit_log
            .values()
            .filter(|line| line.subject.id == subject.id && CHANGES_OF_ROLE.contains(&line.action));
        Ok(told.map(|line| line.at).chain([found.created_at]).max())
    }
}
