//! Reads of quotes, orders, purchases and messages.

use async_trait::async_trait;
use namaskah_domain::{
    BatchId, Fault, HoldId, OrderId, Page, PageOf, PhoneNumber, PurchaseId, QuoteId, ReservationId, Time,
    UserId,
    auth::AuthReads,
    verification::{
        Batch, Message, Order, OrderFilter, OrderReads, ProviderId, Purchase, Quote, Requested, ServiceCode,
        ServiceStats, UpstreamOrder, Waiting,
    },
    wallet::{Account, BookReads, Hold, PromoGrant, WalletReads},
};
use sea_orm::{
    ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, Value, sea_query::Expr,
};
use uuid::Uuid;

use super::{Reads, all, fault, one_more, page_of};
use crate::persistence::{
    entity::{batch, message, order, purchase, quote, shown_number, suppressed_number},
    stored::{columns, count, number_digest, time, unreadable, us},
};

pub(super) fn reservation(text: &str) -> Result<ReservationId, Fault> {
    ReservationId::try_new(text).map_err(|_| unreadable("reservation"))
}

/// `$n`, `$n+1`, … for a list of values.
pub(super) fn places(from: usize, count: usize) -> String {
    let places: Vec<String> = (from..from + count).map(|n| format!("${n}")).collect();
    places.join(", ")
}

impl Reads {
    /// Rows of an order and its reservation.
    async fn upstream(&self, sql: &str, values: Vec<Value>) -> Result<Vec<UpstreamOrder>, Fault> {
        all(self.database.read(sql, values).await?, |row| {
            let text: String = row.try_get("", "reservation").map_err(fault)?;
            let order: Uuid = row.try_get("", "id").map_err(fault)?;
            Ok(UpstreamOrder { order: OrderId::from_uuid(order), reservation: reservation(&text)? })
        })
    }

    async fn many(&self, sql: &str, values: Vec<Value>) -> Result<u32, Fault> {
        let rows = self.database.read(sql, values).await?;
        let Some(row) = rows.first() else { return Ok(0) };
        count(row.try_get::<i64>("", "many").map_err(fault)?)
    }

    /// One row that cannot be read holds up nobody else's money.
    fn open_over(&self, row: order::Model) -> Option<Order> {
        let id = OrderId::from_uuid(row.id);
        let opened = row.open(&self.vault);
        opened
            .inspect_err(|error| tracing::error!(order = %id, %error, "an order that is over cannot be read"))
            .ok()
    }

    fn open_purchases(&self, rows: Vec<purchase::Model>) -> Result<Vec<Purchase>, Fault> {
        all(rows, |row| row.open(&self.vault))
    }
}

#[async_trait]
impl OrderReads for Reads {
    async fn quote(&self, id: QuoteId) -> Result<Option<Quote>, Fault> {
        let row = quote::Entity::find_by_id(id.uuid()).one(self.database.reads()).await;
        row.map_err(fault)?.map(Quote::try_from).transpose()
    }

    async fn order(&self, id: OrderId) -> Result<Option<Order>, Fault> {
        let row = order::Entity::find_by_id(id.uuid()).one(self.database.reads()).await;
        row.map_err(fault)?.map(|row| row.open(&self.vault)).transpose()
    }

    async fn orders_among(&self, orders: &[OrderId]) -> Result<Vec<Order>, Fault> {
        if orders.is_empty() {
            return Ok(Vec::new());
        }
        let ids = orders.iter().map(|id| id.uuid());
        let query = order::Entity::find().filter(order::Column::Id.is_in(ids));
        all(query.all(self.database.reads()).await.map_err(fault)?, |row| row.open(&self.vault))
    }

    async fn batch(&self, id: BatchId) -> Result<Option<Batch>, Fault> {
        let row = batch::Entity::find_by_id(id.uuid()).one(self.database.reads()).await;
        row.map_err(fault)?.map(Batch::try_from).transpose()
    }

    async fn orders(
        &self,
        user: UserId,
        filter: &OrderFilter,
        page: Page<OrderId>,
    ) -> Result<PageOf<Order>, Fault> {
        let mut query = order::Entity::find().filter(order::Column::UserId.eq(user.uuid()));
        if let Some(status) = filter.status {
            query = query.filter(order::Column::State.eq(status.name()));
        }
        if let Some(service) = &filter.service {
            query = query.filter(order::Column::Service.eq(service.as_str()));
        }
        if let Some(after) = page.after {
            query = query.filter(order::Column::Id.lt(after.uuid()));
        }
        let query = query.order_by_desc(order::Column::Id).limit(one_more(&page));
        let rows = query.all(self.database.reads()).await.map_err(fault)?;
        page_of(rows, page.limit, |row| row.open(&self.vault))
    }

    async fn messages_of(&self, orders: &[OrderId]) -> Result<Vec<Message>, Fault> {
        let query = message::Entity::find()
            .filter(message::Column::OrderId.is_in(orders.iter().map(|order| order.uuid())))
            .order_by_asc(message::Column::ReceivedAtUs)
            .order_by_asc(message::Column::Id);
        all(query.all(self.database.reads()).await.map_err(fault)?, |row| row.open(&self.vault))
    }

    async fn purchase(&self, id: PurchaseId) -> Result<Option<Purchase>, Fault> {
        let row = purchase::Entity::find_by_id(id.uuid()).one(self.database.reads()).await;
        row.map_err(fault)?.map(|row| row.open(&self.vault)).transpose()
    }

    async fn purchase_by_reservation(
        &self,
        provider: ProviderId,
        reservation: &ReservationId,
    ) -> Result<Option<Purchase>, Fault> {
        let query = purchase::Entity::find()
            .filter(purchase::Column::Provider.eq(provider.name()))
            .filter(purchase::Column::Reservation.eq(reservation.as_str()));
        let row = query.one(self.database.reads()).await.map_err(fault)?;
        row.map(|row| row.open(&self.vault)).transpose()
    }

    async fn sent_purchases(&self, provider: ProviderId) -> Result<Vec<Purchase>, Fault> {
        let query = purchase::Entity::find()
            .filter(purchase::Column::Provider.eq(provider.name()))
            .filter(Expr::cust("state = 'sent'"))
            .order_by_asc(purchase::Column::SentAtUs)
            .order_by_asc(purchase::Column::Id);
        self.open_purchases(query.all(self.database.reads()).await.map_err(fault)?)
    }

    async fn purchases_since(&self, provider: ProviderId, from: Time) -> Result<Vec<Purchase>, Fault> {
        let query = purchase::Entity::find()
            .filter(purchase::Column::Provider.eq(provider.name()))
            .filter(purchase::Column::SentAtUs.gte(us(from)))
            .order_by_asc(purchase::Column::SentAtUs)
            .order_by_asc(purchase::Column::Id);
        self.open_purchases(query.all(self.database.reads()).await.map_err(fault)?)
    }

    async fn held_among(
        &self,
        provider: ProviderId,
        reservations: &[ReservationId],
    ) -> Result<Vec<ReservationId>, Fault> {
        let query = purchase::Entity::find()
            .select_only()
            .column(purchase::Column::Reservation)
            .filter(purchase::Column::Provider.eq(provider.name()))
            .filter(purchase::Column::Reservation.is_in(reservations.iter().map(ReservationId::as_str)))
            .order_by_asc(purchase::Column::Reservation)
            .into_tuple::<String>();
        all(query.all(self.database.reads()).await.map_err(fault)?, |text| reservation(&text))
    }

    async fn was_shown(
        &self,
        user: UserId,
        service: &ServiceCode,
        number: &PhoneNumber,
    ) -> Result<bool, Fault> {
        let key = (user.uuid(), service.to_string(), number_digest(&self.vault, number));
        let row = shown_number::Entity::find_by_id(key).one(self.database.reads()).await;
        row.map(|row| row.is_some()).map_err(fault)
    }

    async fn ending(&self, now: Time, limit: u32) -> Result<Vec<Waiting>, Fault> {
        let query = order::Entity::find()
            .filter(Expr::cust("state = 'waiting'"))
            .filter(order::Column::SwapPurchaseId.is_null())
            .filter(order::Column::ExpiresAtUs.lte(us(now)))
            .order_by_asc(order::Column::ExpiresAtUs)
            .limit(u64::from(limit));
        let rows = query.all(self.database.reads()).await.map_err(fault)?;
        let waiting = |order| match order {
            Order::Waiting(waiting) => Some(waiting),
            _ => None,
        };
        Ok(rows.into_iter().filter_map(|row| self.open_over(row)).filter_map(waiting).collect())
    }

    async fn swaps_ending(&self, now: Time, limit: u32) -> Result<Vec<Requested>, Fault> {
        let query = order::Entity::find()
            .filter(Expr::cust("state = 'waiting'"))
            .filter(order::Column::SwapPurchaseId.is_not_null())
            .filter(order::Column::ExpiresAtUs.lte(us(now)))
            .order_by_asc(order::Column::ExpiresAtUs)
            .order_by_asc(order::Column::Id)
            .limit(u64::from(limit));
        let rows = query.all(self.database.reads()).await.map_err(fault)?;
        let swap = |order| match order {
            Order::Requested(requested) => Some(requested),
            _ => None,
        };
        Ok(rows.into_iter().filter_map(|row| self.open_over(row)).filter_map(swap).collect())
    }

    async fn oldest_waiting(&self, provider: ProviderId) -> Result<Option<Time>, Fault> {
        const SQL: &str = "SELECT MIN(o.bound_at_us) AS bound_at_us FROM orders o \
             JOIN purchases p ON p.id = o.purchase_id WHERE o.state = 'waiting' \
             AND o.swap_purchase_id IS NULL AND p.provider = $1";
        let rows = self.database.read(SQL, vec![provider.name().into()]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        row.try_get::<Option<i64>>("", "bound_at_us").map_err(fault)?.map(time).transpose()
    }

    async fn uncredited(&self, provider: ProviderId, from: Time) -> Result<Vec<Purchase>, Fault> {
        let sql = format!(
            "SELECT {} FROM orders o JOIN purchases p ON p.id = o.purchase_id \
             WHERE o.ended_at_us >= $1 AND o.state IN ('expired', 'cancelled') \
             AND p.provider = $2 AND p.receivable = 'open' ORDER BY p.id",
            columns::<purchase::Entity>("p.")
        );
        let rows = self.database.read(&sql, vec![us(from).into(), provider.name().into()]).await?;
        let rows = all(rows, |row| purchase::Model::from_query_result(&row, "").map_err(fault))?;
        self.open_purchases(rows)
    }

    async fn orders_of(
        &self,
        provider: ProviderId,
        reservations: &[ReservationId],
    ) -> Result<Vec<UpstreamOrder>, Fault> {
        if reservations.is_empty() {
            return Ok(Vec::new());
        }
        let sql = format!(
            "SELECT o.id, p.reservation FROM purchases p JOIN orders o ON o.id = p.order_id AND o.purchase_id = p.id \
             WHERE p.provider = $1 AND p.reservation IN ({}) AND o.state IN ('waiting', 'completed') \
             AND o.swap_purchase_id IS NULL ORDER BY o.id",
            places(2, reservations.len())
        );
        let mut values: Vec<Value> = vec![provider.name().into()];
        values.extend(reservations.iter().map(|reservation| reservation.as_str().into()));
        self.upstream(&sql, values).await
    }

    async fn waiting_on(
        &self,
        provider: ProviderId,
        number: &PhoneNumber,
    ) -> Result<Vec<UpstreamOrder>, Fault> {
        const SQL: &str = "SELECT o.id, o.reservation FROM orders o JOIN purchases p ON p.id = o.purchase_id \
             WHERE o.state = 'waiting' AND o.swap_purchase_id IS NULL AND o.number_digest = $1 AND p.provider = $2 \
             ORDER BY o.id";
        let digest = number_digest(&self.vault, number);
        self.upstream(SQL, vec![digest.into(), provider.name().into()]).await
    }

    async fn oldest_expired(&self, provider: ProviderId, since: Time) -> Result<Option<Time>, Fault> {
        const SQL: &str = "SELECT MIN(o.bound_at_us) AS bound_at_us FROM orders o \
             JOIN purchases p ON p.id = o.purchase_id WHERE o.state = 'expired' AND o.ended_at_us >= $1 \
             AND o.retried_by IS NULL AND o.reported_at_us IS NULL AND p.provider = $2";
        let rows = self.database.read(SQL, vec![us(since).into(), provider.name().into()]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        row.try_get::<Option<i64>>("", "bound_at_us").map_err(fault)?.map(time).transpose()
    }

    async fn expired_of(
        &self,
        provider: ProviderId,
        reservations: &[ReservationId],
        since: Time,
    ) -> Result<Vec<UpstreamOrder>, Fault> {
        if reservations.is_empty() {
            return Ok(Vec::new());
        }
        let sql = format!(
            "SELECT o.id, p.reservation FROM purchases p JOIN orders o ON o.id = p.order_id AND o.purchase_id = p.id \
             WHERE p.provider = $1 AND p.reservation IN ({}) AND o.state = 'expired' AND o.ended_at_us >= $2 \
             ORDER BY o.id",
            places(3, reservations.len())
        );
        let mut values: Vec<Value> = vec![provider.name().into(), us(since).into()];
        values.extend(reservations.iter().map(|reservation| reservation.as_str().into()));
        self.upstream(&sql, values).await
    }

    async fn expired_on(
        &self,
        provider: ProviderId,
        number: &PhoneNumber,
        since: Time,
    ) -> Result<Vec<UpstreamOrder>, Fault> {
        const SQL: &str = "SELECT o.id, o.reservation FROM orders o JOIN purchases p ON p.id = o.purchase_id \
             WHERE o.state = 'expired' AND o.number_digest = $1 AND o.ended_at_us >= $2 AND p.provider = $3 \
             ORDER BY o.id";
        let digest = number_digest(&self.vault, number);
        self.upstream(SQL, vec![digest.into(), us(since).into(), provider.name().into()]).await
    }

    async fn late_texts_since(&self, user: UserId, from: Time) -> Result<u32, Fault> {
        const SQL: &str = "SELECT COUNT(*) AS many FROM messages m JOIN orders o ON o.id = m.order_id \
             WHERE m.late AND m.stored_at_us >= $1 AND o.user_id = $2";
        self.many(SQL, vec![us(from).into(), user.uuid().into()]).await
    }

    async fn reports_since(&self, user: UserId, from: Time) -> Result<u32, Fault> {
        const SQL: &str = "SELECT COUNT(*) AS many FROM orders WHERE user_id = $1 AND reported_at_us >= $2";
        self.many(SQL, vec![user.uuid().into(), us(from).into()]).await
    }

    async fn is_suppressed(&self, service: &ServiceCode, number: &PhoneNumber) -> Result<bool, Fault> {
        let query = suppressed_number::Entity::find()
            .filter(suppressed_number::Column::Service.eq(service.as_str()))
            .filter(suppressed_number::Column::NumberDigest.eq(number_digest(&self.vault, number)))
            .limit(1);
        query.one(self.database.reads()).await.map(|row| row.is_some()).map_err(fault)
    }

    async fn payer(&self, user: UserId) -> Result<Option<Account>, Fault> {
        self.account(user).await
    }

    async fn gifts(&self, user: UserId) -> Result<Vec<PromoGrant>, Fault> {
        self.open_grants(user).await
    }

    async fn has_left(&self, user: UserId) -> Result<bool, Fault> {
        Ok(self.user(user).await?.is_some_and(|user| user.is_deleted()))
    }

    async fn payment(&self, hold: HoldId) -> Result<Option<Hold>, Fault> {
        self.hold(hold).await
    }

    async fn service_stats(&self, from: Time) -> Result<Vec<ServiceStats>, Fault> {
        const SQL: &str = "WITH ended AS (\
                 SELECT service, state, ended_at_us - bound_at_us AS took_us FROM orders \
                 WHERE ended_at_us >= $1 AND bound_at_us IS NOT NULL), \
             ranked AS (\
                 SELECT service, took_us, ROW_NUMBER() OVER (PARTITION BY service ORDER BY took_us) AS place, \
                 COUNT(*) OVER (PARTITION BY service) AS many FROM ended WHERE state = 'completed') \
             SELECT e.service, COUNT(*) AS ended, SUM(CASE WHEN e.state = 'completed' THEN 1 ELSE 0 END) AS completed, \
             (SELECT r.took_us FROM ranked r WHERE r.service = e.service AND r.place = (r.many + 1) / 2) AS p50_us \
             FROM ended e GROUP BY e.service ORDER BY e.service";
        all(self.database.read(SQL, vec![us(from).into()]).await?, |row| {
            let service: String = row.try_get("", "service").map_err(fault)?;
            let number = |column| row.try_get::<i64>("", column).map_err(fault).map(i64::unsigned_abs);
            let p50: Option<i64> = row.try_get("", "p50_us").map_err(fault)?;
            Ok(ServiceStats {
                service: ServiceCode::try_new(&service).map_err(|_| unreadable("service"))?,
                ended: number("ended")?,
                completed: number("completed")?,
                time_to_code_p50_s: p50.map(|us| us / 1_000_000),
            })
        })
    }
}
