//! Orders of everybody, as staff finds, sees and cancels them.

mod body;
pub mod history;

use std::sync::Arc;

use namaskah_domain::{
    Clock, OrderId, UserId,
    entity::{OrderEntity, UserEntity},
    staff::{OrderDesk, OrderQuery},
    verification::{OrderStatus, ServiceCode, VerificationService},
};
use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};

use self::{
    body::{OrderBody, OrderDetailBody},
    history::EvidenceBody,
};
use crate::http::{
    body::{AfterQuery, LimitQuery, Listed, NowOrSoon, Shown, Text},
    detached::detached,
    problem::Problem,
    staff_scheme::{Staff, may},
    tags::Tag,
};

/// Routes of orders.
pub struct OrdersApi {
    /// Finds them.
    pub desk: Arc<OrderDesk>,
    /// Cancels them.
    pub verifications: Arc<VerificationService>,
    /// How old attempts are.
    pub clock: Arc<dyn Clock>,
}

#[OpenApi(prefix_path = "/api/v1/admin/verifications", tag = "Tag::Admin")]
impl OrdersApi {
    /// Orders of everybody
    ///
    /// Without texts; of a number the last two digits.
    #[oai(path = "/", method = "get", operation_id = "list_orders")]
    async fn list(
        &self,
        _staff: Staff<may::OrdersRead>,
        /// How they stand.
        status: Query<Option<Text<OrderStatus>>>,
        /// For which service.
        service: Query<Option<Text<ServiceCode>>>,
        /// Whose.
        user: Query<AfterQuery<UserEntity>>,
        #[oai(default)] limit: Query<LimitQuery>,
        after: Query<AfterQuery<OrderEntity>>,
    ) -> Result<Shown<Listed<OrderBody>>, Problem> {
        let query = OrderQuery {
            status: status.0.map(|status| status.0),
            service: service.0.map(|service| service.0),
            user: user.0.map(|user| -> UserId { user.0 }),
        };
        let page = self.desk.orders(&query, limit.0.page(after.0)).await?;
        Ok(Shown(Listed::of(page, |order| order.head().id, OrderBody::from)))
    }

    /// One order, with its money and its attempts at providers
    #[oai(path = "/:id", method = "get", operation_id = "get_order")]
    async fn one(
        &self,
        _staff: Staff<may::OrdersRead>,
        id: Path<Text<OrderId>>,
    ) -> Result<Shown<OrderDetailBody>, Problem> {
        let detail = self.desk.order(id.0.0).await?.ok_or_else(Problem::not_found)?;
        Ok(Shown(OrderDetailBody::of(detail, self.clock.now())))
    }

    /// Every step of an order, oldest first
    ///
    /// Whatever it has left a trace of: its hold, attempts, arrivals of texts, wishes of its user, its end, what was
    /// posted, and what staff did.
    #[oai(path = "/:id/timeline", method = "get", operation_id = "get_order_timeline")]
    async fn timeline(
        &self,
        _staff: Staff<may::OrdersRead>,
        id: Path<Text<OrderId>>,
    ) -> Result<Shown<Listed<EvidenceBody>>, Problem> {
        let steps = self.desk.history(id.0.0).await?.ok_or_else(Problem::not_found)?;
        Ok(Shown(Listed::whole(steps.into_iter().map(EvidenceBody::from).collect())))
    }

    /// Cancel an order
    ///
    /// By the rules for its user: a code that was first wins. Safe to repeat.
    #[oai(path = "/:id/cancel", method = "post", operation_id = "cancel_order")]
    async fn cancel(
        &self,
        staff: Staff<may::OrdersCancel>,
        id: Path<Text<OrderId>>,
    ) -> Result<NowOrSoon<OrderBody>, Problem> {
        let (service, actor) = (self.verifications.clone(), staff.0);
        let order = detached(async move { service.cancel_as_staff(&actor, id.0.0).await }).await?;
        let is_over = order.status().is_final();
        let body = Box::new(OrderBody::from(order));
        Ok(if is_over { NowOrSoon::Now(body) } else { NowOrSoon::Soon(body) })
    }
}
