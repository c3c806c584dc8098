//! Reads of the house's books.

use async_trait::async_trait;
use namaskah_domain::{
    BookingId, Currency, Fault, GrantId, Money, PaymentId, PurchaseId, Time, UserId,
    payment::Suspended,
    wallet::{BookReads, Booking, PromoGrant},
};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select, sea_query::Expr,
};
use uuid::Uuid;

use super::{Reads, all, fault};
use crate::persistence::{
    entity::{booking, grant, purchase, suspended},
    stored::{time, us},
};

#[async_trait]
impl BookReads for Reads {
    async fn booking(&self, id: BookingId) -> Result<Option<Booking>, Fault> {
        let row = booking::Entity::find_by_id(id.uuid()).one(self.database.reads()).await;
        row.map_err(fault)?.map(Booking::try_from).transpose()
    }

    async fn goodwill(&self, user: UserId) -> Result<Money, Fault> {
        let sql = "SELECT CAST(COALESCE(SUM(CASE kind WHEN 'credit' THEN amount_units WHEN 'debit' THEN -amount_units \
             ELSE 0 END), 0) AS BIGINT) AS units FROM bookings WHERE user_id = $1";
        let rows = self.database.read(sql, vec![user.uuid().into()]).await?;
        let units = rows.first().map_or(Ok(0), |row| row.try_get::<i64>("", "units").map_err(fault))?;
        Ok(Money::from_units(Ord::max(units, 0), Currency::Usd))
    }

    async fn grant(&self, id: GrantId) -> Result<Option<PromoGrant>, Fault> {
        let row = grant::Entity::find_by_id(id.uuid()).one(self.database.reads()).await;
        row.map_err(fault)?.map(PromoGrant::try_from).transpose()
    }

    async fn open_grants(&self, user: UserId) -> Result<Vec<PromoGrant>, Fault> {
        let query = grant::Entity::find()
            .filter(grant::Column::UserId.eq(user.uuid()))
            .filter(Expr::cust("closed_at_us IS NULL"))
            .order_by_asc(grant::Column::Id);
        all(query.all(self.database.reads()).await.map_err(fault)?, PromoGrant::try_from)
    }

    async fn grants_due(
        &self,
        now: Time,
        after: Option<(Time, GrantId)>,
        limit: u32,
    ) -> Result<Vec<(Time, GrantId)>, Fault> {
        let (at, id) = (grant::Column::DueAtUs, grant::Column::Id);
        let due = grant::Entity::find()
            .filter(Expr::cust("closed_at_us IS NULL AND due_at_us IS NOT NULL"))
            .filter(at.lte(us(now)));
        let due = slice(due, (at, id), after.map(|(at, id)| (at, id.uuid())), limit);
        let named = |(at, id)| Ok((time(at)?, GrantId::from_uuid(id)));
        all(due.into_tuple().all(self.database.reads()).await.map_err(fault)?, named)
    }

    /// Accounts have no index but their key. Debt arises by transfers that name it, and those are few.
    async fn debtors(&self, after: Option<UserId>, limit: u32) -> Result<Vec<UserId>, Fault> {
        let sql = "SELECT a.user_id AS user_id FROM accounts a \
             WHERE a.user_id IN (SELECT t.user_id FROM transfers t WHERE t.debit_account = 'debt') \
             AND a.debt_units > 0 AND a.wallet_posted_units - a.wallet_held_units > a.disputed_units \
             AND a.user_id > $2 ORDER BY a.user_id LIMIT $1";
        // No identifier is smaller, and none of ours is as small.
        let after = after.map_or_else(Uuid::nil, UserId::uuid);
        let rows = self.database.read(sql, vec![i64::from(limit).into(), after.into()]).await?;
        all(rows, |row| row.try_get::<Uuid>("", "user_id").map(UserId::from_uuid).map_err(fault))
    }

    async fn suspended(&self, payment: PaymentId) -> Result<Option<Suspended>, Fault> {
        let row = suspended::Entity::find_by_id(payment.uuid()).one(self.database.reads()).await;
        row.map_err(fault)?.map(Suspended::try_from).transpose()
    }

    async fn open_suspense(&self, limit: u32) -> Result<Vec<Suspended>, Fault> {
        let query = suspended::Entity::find()
            .filter(Expr::cust("state = 'open'"))
            .order_by_asc(suspended::Column::AtUs)
            .order_by_asc(suspended::Column::PaymentId)
            .limit(u64::from(limit));
        all(query.all(self.database.reads()).await.map_err(fault)?, Suspended::try_from)
    }

    async fn returned_suspense(&self, since: PaymentId, limit: u32) -> Result<Vec<Suspended>, Fault> {
        let query = suspended::Entity::find()
            .filter(suspended::Column::State.eq("returned"))
            .filter(suspended::Column::PaymentId.gte(since.uuid()))
            .order_by_asc(suspended::Column::PaymentId)
            .limit(u64::from(limit));
        all(query.all(self.database.reads()).await.map_err(fault)?, Suspended::try_from)
    }

    async fn receivables_since(
        &self,
        before: Time,
        after: Option<(Time, PurchaseId)>,
        limit: u32,
    ) -> Result<Vec<(Time, PurchaseId)>, Fault> {
        let (at, id) = (purchase::Column::BoundAtUs, purchase::Column::Id);
        let aged =
            purchase::Entity::find().filter(Expr::cust("receivable = 'open'")).filter(at.lte(us(before)));
        let aged = slice(aged, (at, id), after.map(|(at, id)| (at, id.uuid())), limit);
        let named = |(at, id)| Ok((time(at)?, PurchaseId::from_uuid(id)));
        all(aged.into_tuple().all(self.database.reads()).await.map_err(fault)?, named)
    }
}

/// Instant and identifier of the first rows behind `after`, in their order.
fn slice<E: EntityTrait>(
    of: Select<E>,
    (at, id): (E::Column, E::Column),
    after: Option<(Time, Uuid)>,
    limit: u32,
) -> Select<E> {
    let behind = match after {
        Some((instant, last)) => {
            let instant = us(instant);
            of.filter(at.gte(instant)).filter(Condition::any().add(at.gt(instant)).add(id.gt(last)))
        }
        None => of,
    };
    let named = behind.select_only().column(at).column(id);
    named.order_by_asc(at).order_by_asc(id).limit(u64::from(limit))
}
