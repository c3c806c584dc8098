//! Reads of endpoints and deliveries.

use async_trait::async_trait;
use namaskah_domain::{
    DeliveryId, EndpointId, EventId, Fault, Page, PageOf, Time, UserId,
    outbox::SequencedEvent,
    webhook::{Attempt, Cursor, Delivery, DeliveryStatus, DueEndpoint, Endpoint, LEASE, WebhookReads},
};
use sea_orm::{
    ColumnTrait, EntityTrait, ExprTrait, JoinType, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr,
};
use uuid::Uuid;

use super::{Reads, all, fault, one_more, page_of};
use crate::persistence::{
    Database,
    entity::{event, webhook_attempt, webhook_cursor, webhook_delivery, webhook_endpoint},
    stored::{unreadable, us},
};

const WAITING: &str = "WITH e AS (SELECT 1 FROM webhook_deliveries \
     WHERE endpoint_id = $1 AND state = 'waiting' LIMIT $2) SELECT CAST(COUNT(*) AS BIGINT) AS waiting FROM e";

/// What waits for an endpoint that rests is not rewritten, so it is passed over here.
///
/// A lease that is held has an end to come; one that was given back, the instant at which it was.
fn due_by_turns(database: &Database) -> String {
    let clock = database.now_us();
    let hex = match database.is_postgres() {
        true => "replace(w.endpoint_id::TEXT, '-', '')",
        false => "lower(hex(w.endpoint_id))",
    };
    format!(
        "SELECT endpoint_id, user_id FROM ( \
         SELECT *, ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY is_held DESC, used_at_us, due_at_us, endpoint_id) AS turn FROM ( \
         SELECT w.endpoint_id, w.due_at_us, COALESCE(l.until_us, 0) AS used_at_us, \
         CASE WHEN l.holder IS NOT NULL AND l.until_us > {clock} THEN 1 ELSE 0 END AS is_held, \
         (SELECT o.user_id FROM webhook_deliveries o WHERE o.endpoint_id = w.endpoint_id LIMIT 1) AS user_id FROM ( \
         SELECT endpoint_id, MIN(state_at_us) AS due_at_us FROM webhook_deliveries \
         WHERE state = 'waiting' AND state_at_us <= $1 \
         AND endpoint_id NOT IN (SELECT id FROM webhook_endpoints WHERE rests_until_us > $1 AND state = 'on') \
         GROUP BY endpoint_id) w \
         LEFT JOIN leases l ON l.name = '{LEASE}' || {hex}) d) t \
         WHERE is_held = 0 ORDER BY turn, used_at_us, due_at_us, endpoint_id LIMIT $2"
    )
}

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

    async fn attempts(&self, deliveries: &[DeliveryId], count: u32) -> Result<Vec<Attempt>, Fault> {
        use webhook_attempt::Column;
        let to_delivery = webhook_attempt::Entity::belongs_to(webhook_delivery::Entity)
            .from(Column::DeliveryId)
            .to(webhook_delivery::Column::Id);
        let is_one = webhook_delivery::Column::Id.is_in(deliveries.iter().map(|delivery| delivery.uuid()));
        // A range of the index, which is by delivery and number: what is older is not looked at.
        let attempts = Expr::col((webhook_delivery::Entity, webhook_delivery::Column::Attempts));
        let is_late = Expr::col((webhook_attempt::Entity, Column::Number)).gt(attempts.sub(i64::from(count)));
        let found = webhook_attempt::Entity::find()
            .join(JoinType::InnerJoin, to_delivery.into())
            .filter(is_one)
            .filter(is_late)
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

    async fn due(&self, now: Time, limit: u32) -> Result<Vec<DueEndpoint>, Fault> {
        let sql = due_by_turns(&self.database);
        let rows = self.database.read(&sql, vec![us(now).into(), i64::from(limit).into()]).await?;
        all(rows, |row| {
            let id = |column: &str| row.try_get::<Uuid>("", column).map_err(fault);
            let (endpoint, user) = (id("endpoint_id")?, id("user_id")?);
            Ok(DueEndpoint { endpoint: EndpointId::from_uuid(endpoint), user: UserId::from_uuid(user) })
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
