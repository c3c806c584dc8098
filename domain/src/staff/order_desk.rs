//! Orders and attempts at providers, as staff sees them: by what is known of them, and never by what a user received.

use std::sync::Arc;

use crate::{
    Fault, OrderId, Page, PageOf, PurchaseId,
    staff::{AuditQuery, Evidence, OrderDeskReads, OrderQuery, PurchaseStatus, StaffReads, Subject, history},
    verification::{Order, OrderReads, Purchase},
    wallet::{Hold, Source},
};

/// Lines of the log about one order that are shown.
const LINES: u32 = 100;

/// Everything outside that the desk needs.
#[derive(Clone)]
pub struct OrderDeskPorts {
    /// What staff alone asks.
    pub reads: Arc<dyn OrderDeskReads>,
    /// Orders and texts, without what is past retention.
    pub orders: Arc<dyn OrderReads>,
    /// The log.
    pub staff: Arc<dyn StaffReads>,
}

/// An order with its money and its attempts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderDetail {
    /// The order.
    pub order: Order,
    /// What pays for it.
    pub hold: Option<Hold>,
    /// Its attempts, oldest first, without their numbers.
    pub purchases: Vec<Purchase>,
}

/// Shows orders to staff.
pub struct OrderDesk {
    ports: OrderDeskPorts,
}

impl OrderDesk {
    /// Over any ports.
    pub const fn new(ports: OrderDeskPorts) -> Self {
        Self { ports }
    }

    /// Orders of anybody, newest first.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn orders(&self, query: &OrderQuery, page: Page<OrderId>) -> Result<PageOf<Order>, Fault> {
        let PageOf { rows, has_more } = self.ports.reads.order_ids(query, page).await?;
        let mut orders = self.ports.orders.orders_among(&rows).await?;
        orders.sort_by_key(|order| std::cmp::Reverse(order.head().id));
        Ok(PageOf { rows: orders, has_more })
    }

    /// One order; `None` if there is none.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn order(&self, id: OrderId) -> Result<Option<OrderDetail>, Fault> {
        let Some(order) = self.ports.orders.order(id).await? else { return Ok(None) };
        let hold = self.ports.orders.payment(order.head().hold).await?;
        let purchases = self.ports.reads.purchases_of(id).await?;
        let purchases = purchases.into_iter().map(Purchase::without_number).collect();
        Ok(Some(OrderDetail { order, hold, purchases }))
    }

    /// Every step of an order as far as it has left a trace, in order; `None` if there is no such order.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn history(&self, id: OrderId) -> Result<Option<Vec<Evidence>>, Fault> {
        let Some(detail) = self.order(id).await? else { return Ok(None) };
        let texts = self.ports.orders.messages_of(&[id]).await?;
        let posted = self.ports.reads.posted(&sources(&detail)).await?;
        let about = AuditQuery { subject: Some(Subject::of("verification", id).id), ..AuditQuery::default() };
        let lines = self.ports.staff.audit_log(&about, Page { limit: LINES, after: None }).await?.rows;
        let successor = match detail.order.head().retried_by {
            Some(successor) => self.ports.orders.order(successor).await?,
            None => None,
        };
        Ok(Some(history::of(&detail, successor.as_ref(), texts, posted, lines)))
    }

    /// Attempts at providers, newest first, without their numbers.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn purchases(
        &self,
        status: Option<PurchaseStatus>,
        page: Page<PurchaseId>,
    ) -> Result<PageOf<Purchase>, Fault> {
        let PageOf { rows, has_more } = self.ports.reads.purchases_in(status, page).await?;
        Ok(PageOf { rows: rows.into_iter().map(Purchase::without_number).collect(), has_more })
    }
}

/// Everything that may have been posted about an order.
fn sources(detail: &OrderDetail) -> Vec<Source> {
    let head = detail.order.head();
    let bought = detail.purchases.iter().filter_map(Purchase::bought);
    let of_numbers = bought.flat_map(|bought| {
        let of = &bought.reservation;
        [Source::bought(of), Source::credited(of), Source::late(of), Source::aged_out(of)]
    });
    of_numbers.chain([Source::captured(head.hold), Source::reported(head.id)]).collect()
}
