//! What the desk of payments reads, in memory.

use async_trait::async_trait;

use super::{MemoryStore, reads::page_of};
use crate::{
    Fault, Page, PageOf, PaymentId, Sender,
    payment::{DeskReads, Intent, PaymentQuery, PaymentReference, SetAside, SuspenseStatus},
    wallet::{Source, Transfer},
};

#[async_trait]
impl DeskReads for MemoryStore {
    async fn set_aside(
        &self,
        status: Option<SuspenseStatus>,
        page: Page<PaymentId>,
    ) -> Result<PageOf<SetAside>, Fault> {
        let state = self.state();
        let wanted = state.suspended.values().rev().filter(|item| status.is_none_or(|s| item.status() == s));
        let wanted = wanted.filter_map(|item| {
            let reference = state.intents.get(&item.payment)?.reference.clone();
            Some(SetAside { item: item.clone(), reference })
        });
        Ok(page_of(wanted.collect(), page, |found| found.item.payment))
    }

    async fn payments(&self, query: &PaymentQuery, page: Page<PaymentId>) -> Result<PageOf<Intent>, Fault> {
        let state = self.state();
        let wanted = state.intents.values().rev().filter(|intent| {
            query.status.is_none_or(|status| intent.status() == status)
                && query.user.is_none_or(|user| intent.user == user)
                && query.reference.as_ref().is_none_or(|reference| intent.reference == *reference)
        });
        Ok(page_of(wanted.cloned().collect(), page, |intent| intent.id))
    }

    async fn transfers_of(&self, sources: &[Source]) -> Result<Vec<Transfer>, Fault> {
        let state = self.state();
        let of = state.transfers.iter().filter(|posted| sources.contains(&posted.transfer.source));
        Ok(of.map(|posted| posted.transfer.clone()).collect())
    }

    async fn notices_about(&self, reference: &PaymentReference) -> Result<u32, Fault> {
        let state = self.state();
        let about = state.notices.values().filter(|notice| {
            notice.sender == Sender::Paystack && notice.subject.as_deref() == Some(reference.as_str())
        });
        Ok(u32::try_from(about.count()).unwrap_or(u32::MAX))
    }
}
