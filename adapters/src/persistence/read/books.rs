//! Reads of the house's books.

use async_trait::async_trait;
use namaskah_domain::{
    BookingId, Currency, Fault, GrantId, Money, PaymentId, Time, UserId,
    payment::Suspended,
    verification::Purchase,
    wallet::{BookReads, Booking, PromoGrant},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr};
use uuid::Uuid;

use super::{Reads, all, fault};
use crate::persistence::{
    entity::{booking, grant, purchase, suspended},
    stored::us,
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
        Ok(Money::from_units(units.max(0), Currency::Usd))
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

    async fn grants_due(&self, now: Time, limit: u32) -> Result<Vec<PromoGrant>, Fault> {
        let query = grant::Entity::find()
            .filter(Expr::cust("closed_at_us IS NULL AND due_at_us IS NOT NULL"))
            .filter(grant::Column::DueAtUs.lte(us(now)))
            .order_by_asc(grant::Column::DueAtUs)
            .order_by_asc(grant::Column::Id)
            .limit(u64::from(limit));
        all(query.all(self.database.reads()).await.map_err(fault)?, PromoGrant::try_from)
    }

    /// Accounts have no index but their key. Debt arises by transfers that name it, and those are few.
    async fn debtors(&self, limit: u32) -> Result<Vec<UserId>, Fault> {
        let sql = "SELECT a.user_id AS user_id FROM accounts a \
             WHERE a.user_id IN (SELECT t.user_id FROM transfers t WHERE t.debit_account = 'debt') \
             AND a.debt_units > 0 AND a.wallet_posted_units - a.wallet_held_units > a.disputed_units \
             ORDER BY a.user_id LIMIT $1";
        let rows = self.database.read(sql, vec![i64::from(limit).into()]).await?;
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

    async fn receivables_since(&self, before: Time, limit: u32) -> Result<Vec<Purchase>, Fault> {
        let query = purchase::Entity::find()
            .filter(Expr::cust("receivable = 'open'"))
            .filter(purchase::Column::BoundAtUs.lte(us(before)))
            .order_by_asc(purchase::Column::BoundAtUs)
            .order_by_asc(purchase::Column::Id)
            .limit(u64::from(limit));
        all(query.all(self.database.reads()).await.map_err(fault)?, |row| row.open(&self.vault))
    }
}
