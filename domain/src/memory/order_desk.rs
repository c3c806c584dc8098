//! What staff alone asks of orders and attempts, in memory.

use async_trait::async_trait;

use super::{MemoryStore, reads::page_of};
use crate::{
    Fault, OrderId, Page, PageOf, PurchaseId,
    staff::{OrderDeskReads, OrderQuery, Posted, PurchaseStatus},
    verification::{Order, Purchase},
    wallet::Source,
};

#[async_trait]
impl OrderDeskReads for MemoryStore {
    async fn order_ids(&self, query: &OrderQuery, page: Page<OrderId>) -> Result<PageOf<OrderId>, Fault> {
        let state = self.state();
        let wanted = |order: &&Order| {
            let head = order.head();
            query.status.is_none_or(|status| status == order.status())
                && query.service.as_ref().is_none_or(|service| *service == head.ask.service)
                && query.user.is_none_or(|user| user == head.user)
        };
        let ids = state.orders.values().rev().filter(wanted).map(|order| order.head().id);
        Ok(page_of(ids.collect(), page, |id| *id))
    }

    async fn purchases_of(&self, order: OrderId) -> Result<Vec<Purchase>, Fault> {
        let state = self.state();
        let own = |purchase: &&Purchase| purchase.wanted_by.is_some_and(|(wanted, _)| wanted == order);
        Ok(state.purchases.values().filter(own).cloned().collect())
    }

    async fn purchases_in(
        &self,
        status: Option<PurchaseStatus>,
        page: Page<PurchaseId>,
    ) -> Result<PageOf<Purchase>, Fault> {
        let state = self.state();
        let wanted =
            |purchase: &&Purchase| status.is_none_or(|status| status == PurchaseStatus::of(purchase));
        let purchases = state.purchases.values().rev().filter(wanted).cloned();
        Ok(page_of(purchases.collect(), page, |purchase| purchase.id))
    }

    async fn posted(&self, sources: &[Source]) -> Result<Vec<Posted>, Fault> {
        let state = self.state();
        let ours = state.transfers.iter().map(|posted| &posted.transfer);
        let ours = ours.filter(|transfer| sources.contains(&transfer.source)).map(|transfer| Posted {
            source: transfer.source.clone(),
            kind: transfer.kind,
            debit: transfer.debit.name().to_owned(),
            credit: transfer.credit.name().to_owned(),
            amount: transfer.amount,
            at: transfer.at,
        });
        Ok(ours.collect())
    }
}
