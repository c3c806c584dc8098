//! What staff alone asks of orders and attempts.

use async_trait::async_trait;
use namaskah_domain::{
    Fault, OrderId, Page, PageOf, PurchaseId,
    staff::{OrderDeskReads, OrderQuery, Posted, PurchaseStatus},
    verification::{OrderStatus, Purchase},
    wallet::{EntryKind, Source},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select, sea_query::Expr};
use uuid::Uuid;

use super::{Reads, all, fault, one_more, page_of};
use crate::persistence::{
    entity::{order, purchase, transfer},
    stored::{amount, time, unreadable},
};

/// Orders in a state. Those that are open are few, and found by what is made for them: an order whose number is being
/// bought has an attempt that is under way.
fn standing(wanted: Select<order::Entity>, status: OrderStatus) -> Select<order::Entity> {
    match status {
        OrderStatus::Requested => wanted.filter(Expr::cust(
            "state = 'requested' AND id IN (SELECT order_id FROM purchases WHERE state = 'sent')",
        )),
        OrderStatus::Waiting => wanted.filter(Expr::cust("state = 'waiting'")),
        ended => wanted.filter(order::Column::State.eq(ended.name())),
    }
}

impl TryFrom<transfer::Model> for Posted {
    type Error = Fault;

    fn try_from(row: transfer::Model) -> Result<Self, Fault> {
        let kind = EntryKind::ALL.into_iter().find(|kind| kind.name() == row.kind);
        Ok(Self {
            source: Source::from_stored(row.source),
            kind: kind.ok_or_else(|| unreadable("kind of entry"))?,
            debit: row.debit_account,
            credit: row.credit_account,
            amount: amount(row.amount_units, &row.currency)?,
            at: time(row.created_at_us)?,
        })
    }
}

#[async_trait]
impl OrderDeskReads for Reads {
    async fn order_ids(&self, query: &OrderQuery, page: Page<OrderId>) -> Result<PageOf<OrderId>, Fault> {
        let mut wanted = order::Entity::find();
        if let Some(status) = query.status {
            wanted = standing(wanted, status);
        }
        if let Some(service) = &query.service {
            wanted = wanted.filter(order::Column::Service.eq(service.as_str()));
        }
        if let Some(user) = query.user {
            wanted = wanted.filter(order::Column::UserId.eq(user.uuid()));
        }
        if let Some(after) = page.after {
            wanted = wanted.filter(order::Column::Id.lt(after.uuid()));
        }
        let wanted = wanted.select_only().column(order::Column::Id);
        let wanted = wanted.order_by_desc(order::Column::Id).limit(one_more(&page)).into_tuple::<Uuid>();
        let rows = wanted.all(self.database.reads()).await.map_err(fault)?;
        page_of(rows, page.limit, |id| Ok(OrderId::from_uuid(id)))
    }

    async fn purchases_of(&self, order: OrderId) -> Result<Vec<Purchase>, Fault> {
        let wanted = purchase::Entity::find()
            .filter(purchase::Column::OrderId.eq(order.uuid()))
            .order_by_asc(purchase::Column::Id);
        all(wanted.all(self.database.reads()).await.map_err(fault)?, |row| row.open(&self.vault))
    }

    async fn purchases_in(
        &self,
        status: Option<PurchaseStatus>,
        page: Page<PurchaseId>,
    ) -> Result<PageOf<Purchase>, Fault> {
        let mut wanted = purchase::Entity::find();
        if let Some(status) = status {
            wanted = wanted.filter(Expr::cust(format!("state = '{}'", status.name())));
        }
        if let Some(after) = page.after {
            wanted = wanted.filter(purchase::Column::Id.lt(after.uuid()));
        }
        let wanted = wanted.order_by_desc(purchase::Column::Id).limit(one_more(&page));
        let rows = wanted.all(self.database.reads()).await.map_err(fault)?;
        page_of(rows, page.limit, |row| row.open(&self.vault))
    }

    async fn posted(&self, sources: &[Source]) -> Result<Vec<Posted>, Fault> {
        let wanted = transfer::Entity::find()
            .filter(transfer::Column::Source.is_in(sources.iter().map(Source::as_str)))
            .order_by_asc(transfer::Column::Id);
        all(wanted.all(self.database.reads()).await.map_err(fault)?, Posted::try_from)
    }
}
