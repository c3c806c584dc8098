//! Reads of endpoints and deliveries.

use async_trait::async_trait;
use namaskah_domain::{
    DeliveryId, EndpointId, EventId, Fault, Page, PageOf, Time, UserId,
    outbox::SequencedEvent,
    webhook::{Attempt, Cursor, Delivery, DeliveryStatus, Endpoint, WebhookReads},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr};
use uuid::Uuid;

use super::{Reads, all, fault, one_more, page_of};
use crate::persistence::{
    entity::{event, webhook_attempt, webhook_cursor, webhook_delivery, webhook_endpoint},
    stored::{unreadable, us},
};

const WAITING: &str = "SELECT CAST(COUNT(*) AS BIGINT) AS waiting FROM (SELECT 1 FROM webhook_deliveries \
     WHERE endpoint_id = $1 AND state = 'waiting' LIMIT $2) w";

/// What waits for an endpoint that rests is not rewritten, so it is passed over here.
const DUE: &str = "SELECT endpoint_id FROM webhook_deliveries WHERE state = 'waiting' AND state_at_us <= $1 \
     AND endpoint_id NOT IN (SELECT id FROM webhook_endpoints WHERE rests_until_us > $1 AND state = 'on') \
     GROUP BY endpoint_id ORDER BY MIN(state_at_us), endpoint_id LIMIT $2";

#[async_trait]
impl WebhookReads for Reads {
    async fn endpoint(&self, id: EndpointId) -> Result<Option<Endpoint>, Fault> {
        let found = webhook_endpoint::Entity::find_by_id(id.uuid())
            .filter(webhook_endpoint::Column::DeletedAtUs.is_null())
            .one(self.database.reads())
            .await;
        found.map_err(fault)?.map(|row| row.open(&self.vault)).transpose()
    }

    async fn endpoints(&self, user: UserId) -> Result<Vec<Endpoint>, Fault> {
        use webhook_endpoint::Column;
        let found = webhook_endpoint::Entity::find()
            .filter(Column::UserId.eq(user.uuid()))
            .filter(Column::DeletedAtUs.is_null())
            .order_by_desc(Column::Id)
            .all(self.database.reads())
            .await;
        all(found.map_err(fault)?, |row| row.open(&self.vault))
    }

    async fn listening(&self, users: &[UserId]) -> Result<Vec<Endpoint>, Fault> {
        use webhook_endpoint::Column;
        let found = webhook_endpoint::Entity::find()
            .filter(Column::UserId.is_in(users.iter().map(|user| user.uuid())))
            .filter(Column::DeletedAtUs.is_null())
            .filter(Column::State.eq("on"))
            .order_by_asc(Column::Id)
            .all(self.database.reads())
            .await;
        all(found.map_err(fault)?, |row| row.open(&self.vault))
    }

    async fn cursor(&self) -> Result<Cursor, Fault> {
        let found = webhook_cursor::Entity::find_by_id(webhook_cursor::NAME).one(self.database.reads()).await;
        found.map_err(fault)?.map(Cursor::from).ok_or_else(|| unreadable("cursor"))
    }

    async fn delivery(&self, id: DeliveryId) -> Result<Option<Delivery>, Fault> {
        let found = webhook_delivery::Entity::find_by_id(id.uuid()).one(self.database.reads()).await;
        found.map_err(fault)?.map(Delivery::try_from).transpose()
    }

    async fn deliveries(
        &self,
        endpoint: EndpointId,
        status: Option<DeliveryStatus>,
        page: Page<DeliveryId>,
    ) -> Result<PageOf<Delivery>, Fault> {
        use webhook_delivery::Column;
        let mut wanted = webhook_delivery::Entity::find().filter(Column::EndpointId.eq(endpoint.uuid()));
        if let Some(status) = status {
            wanted = wanted.filter(Column::State.eq(status.name()));
        }
        if let Some(after) = page.after {
            wanted = wanted.filter(Column::Id.lt(after.uuid()));
        }
        let rows = wanted.order_by_desc(Column::Id).limit(one_more(&page)).all(self.database.reads()).await;
        page_of(rows.map_err(fault)?, page.limit, Delivery::try_from)
    }

    async fn deliveries_of(&self, endpoint: EndpointId, events: &[EventId]) -> Result<Vec<Delivery>, Fault> {
        use webhook_delivery::Column;
        let found = webhook_delivery::Entity::find()
            .filter(Column::EndpointId.eq(endpoint.uuid()))
            .filter(Column::EventId.is_in(events.iter().map(|event| event.uuid())))
            .order_by_asc(Column::Id)
            .all(self.database.reads())
            .await;
        all(found.map_err(fault)?, Delivery::try_from)
    }

    async fn attempts(&self, deliveries: &[DeliveryId]) -> Result<Vec<Attempt>, Fault> {
        use webhook_attempt::Column;
        let found = webhook_attempt::Entity::find()
            .filter(Column::DeliveryId.is_in(deliveries.iter().map(|delivery| delivery.uuid())))
            .order_by_asc(Column::DeliveryId)
            .order_by_asc(Column::Number)
            .all(self.database.reads())
            .await;
        all(found.map_err(fault)?, Attempt::try_from)
    }

    async fn waiting(&self, endpoint: EndpointId, limit: u32) -> Result<u32, Fault> {
        let values = vec![endpoint.uuid().into(), i64::from(limit).into()];
        let rows = self.database.read(WAITING, values).await?;
        let row = rows.first().ok_or_else(|| unreadable("count"))?;
        let waiting: i64 = row.try_get("", "waiting").map_err(fault)?;
        u32::try_from(waiting).map_err(|_| unreadable("count"))
    }

    async fn due(&self, now: Time, limit: u32) -> Result<Vec<EndpointId>, Fault> {
        let rows = self.database.read(DUE, vec![us(now).into(), i64::from(limit).into()]).await?;
        all(rows, |row| {
            let id: Uuid = row.try_get("", "endpoint_id").map_err(fault)?;
            Ok(EndpointId::from_uuid(id))
        })
    }

    async fn due_of(&self, endpoint: EndpointId, now: Time, limit: u32) -> Result<Vec<Delivery>, Fault> {
        use webhook_delivery::Column;
        let found = webhook_delivery::Entity::find()
            .filter(Column::EndpointId.eq(endpoint.uuid()))
            .filter(Expr::cust("state = 'waiting'"))
            .filter(Column::StateAtUs.lte(us(now)))
            .order_by_asc(Expr::cust("COALESCE(sequence, 0)"))
            .order_by_asc(Column::Id)
            .limit(u64::from(limit))
            .all(self.database.reads())
            .await;
        all(found.map_err(fault)?, Delivery::try_from)
    }

    async fn happened_since(
        &self,
        user: UserId,
        since: Time,
        limit: u32,
    ) -> Result<Vec<SequencedEvent>, Fault> {
        use event::Column;
        let found = event::Entity::find()
            .filter(Column::UserId.eq(user.uuid()))
            .filter(Column::Sequence.is_not_null())
            .filter(Column::AtUs.gte(us(since)))
            .order_by_asc(Column::AtUs)
            .order_by_asc(Column::Sequence)
            .limit(u64::from(limit))
            .all(self.database.reads())
            .await;
        all(found.map_err(fault)?, SequencedEvent::try_from)
    }
}
