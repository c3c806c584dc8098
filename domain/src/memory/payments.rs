//! Reads of payments, in memory.

use async_trait::async_trait;

use super::{reads::page_of, store::MemoryStore};
use crate::{
    Fault, Money, Page, PageOf, PaymentId, PaymentReference, RefundId, Time, UserId,
    payment::{
        Dispute, GatewayDisputeId, GatewayRefundId, Intent, IntentDue, IntentState, PaymentReads, Refund,
        RefundLimits,
    },
    wallet::{EntryKind, LedgerAccount, Purse, Transfer},
};

#[async_trait]
impl PaymentReads for MemoryStore {
    async fn intent(&self, id: PaymentId) -> Result<Option<Intent>, Fault> {
        Ok(self.state().intents.get(&id).cloned())
    }

    async fn intent_by_reference(&self, reference: &PaymentReference) -> Result<Option<Intent>, Fault> {
        Ok(self.state().intents.values().find(|intent| intent.reference == *reference).cloned())
    }

    async fn intents(&self, user: UserId, page: Page<PaymentId>) -> Result<PageOf<Intent>, Fault> {
        let state = self.state();
        let mine = state.intents.values().rev().filter(|intent| intent.user == user).cloned();
        Ok(page_of(mine.collect(), page, |intent| intent.id))
    }

    async fn intents_due(&self, now: Time, limit: u32) -> Result<Vec<IntentDue>, Fault> {
        let state = self.state();
        let due = state.intents.values().filter(|intent| intent.is_creditable()).filter_map(|intent| {
            let due_at = intent.next_check_at.filter(|at| *at <= now)?;
            Some(IntentDue { reference: intent.reference.clone(), due_at })
        });
        let mut due: Vec<_> = due.collect();
        due.sort_by_key(|d| d.due_at);
        due.truncate(limit as usize);
        Ok(due)
    }

    async fn creditable_among(
        &self,
        references: &[PaymentReference],
    ) -> Result<Vec<PaymentReference>, Fault> {
        let state = self.state();
        let wanted =
            state.intents.values().filter(|i| i.is_creditable() && references.contains(&i.reference));
        Ok(wanted.map(|intent| intent.reference.clone()).collect())
    }

    async fn refund(&self, id: RefundId) -> Result<Option<Refund>, Fault> {
        Ok(self.state().refunds.get(&id).cloned())
    }

    async fn refunds_of(&self, payment: PaymentId) -> Result<Vec<Refund>, Fault> {
        Ok(self.state().refunds.values().filter(|refund| refund.payment == payment).cloned().collect())
    }

    async fn open_refunds(&self, limit: u32) -> Result<Vec<Refund>, Fault> {
        let state = self.state();
        let mut open: Vec<&Refund> = state.refunds.values().filter(|refund| refund.is_open()).collect();
        open.sort_by_key(|refund| (refund.gateway().is_some(), refund.id));
        Ok(open.into_iter().take(limit as usize).cloned().collect())
    }

    async fn refunds_named(&self, names: &[GatewayRefundId]) -> Result<Vec<Refund>, Fault> {
        let state = self.state();
        let named = |refund: &&Refund| refund.gateway().is_some_and(|name| names.contains(name));
        Ok(state.refunds.values().filter(named).cloned().collect())
    }

    async fn refund_limits(&self, of: &Intent) -> Result<RefundLimits, Fault> {
        let state = self.state();
        let age = |intent: &Intent| match intent.state {
            IntentState::Succeeded { at } => Some((at, intent.id)),
            _ => None,
        };
        let newer = state.intents.values().filter(|intent| intent.user == of.user && age(intent) > age(of));
        let left: i64 = newer.map(|i| (i.amount.units() - i.back.taken.units()).max(0)).sum();
        let own = [Purse::Wallet, Purse::Debt].map(|purse| LedgerAccount::User(of.user, purse));
        let effect = |transfer: &Transfer| own.iter().map(|a| transfer.effect_on(*a).units()).sum::<i64>();
        let adjusted = state.transfers.iter().map(|posted| &posted.transfer);
        let adjusted = adjusted.filter(|transfer| transfer.kind == EntryKind::Adjustment);
        let goodwill: i64 = adjusted.map(effect).sum();
        let money = |units| Money::from_units(units, of.amount.currency());
        Ok(RefundLimits { newer_deposits: money(left), goodwill: money(goodwill) })
    }

    async fn dispute_named(&self, name: &GatewayDisputeId) -> Result<Option<Dispute>, Fault> {
        Ok(self.state().disputes.values().find(|dispute| dispute.gateway == *name).cloned())
    }

    async fn disputes_of(&self, payment: PaymentId) -> Result<Vec<Dispute>, Fault> {
        Ok(self.state().disputes.values().filter(|dispute| dispute.payment == payment).cloned().collect())
    }

    async fn oldest_open_dispute(&self) -> Result<Option<Time>, Fault> {
        let state = self.state();
        Ok(state.disputes.values().filter(|dispute| dispute.is_open()).map(|dispute| dispute.opened_at).min())
    }
}
