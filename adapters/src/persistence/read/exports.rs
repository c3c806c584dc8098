//! Lists that leave the system, page by page. A page goes on where the last one ended.

use async_trait::async_trait;
use namaskah_domain::{
    EntryId, Fault, OrderId, UserId,
    auth::User,
    staff::{ExportReads, OrderLine, OwnedEntry, Stretch},
    verification::OrderStatus,
    wallet::Entry,
};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QueryResult, QuerySelect, Value,
};
use uuid::Uuid;

use super::{
    Reads, all, fault,
    figures::{MADE, made},
};
use crate::persistence::{
    entity::{
        transfer::{self, PURSES, number_of},
        user,
    },
    stored::{amount, ask, count, optional_time, time, unreadable, us},
};

/// Neither the number, nor texts, nor what the user wrote beside it is read at all.
const ORDERS: &str = "SELECT id, user_id, service, country, capability, area_code, carrier, price_units, \
     price_currency, attempt, retry_of, created_at_us, state, ended_at_us FROM orders";

fn line(row: &QueryResult) -> Result<OrderLine, Fault> {
    let text = |column| row.try_get::<String>("", column).map_err(fault);
    let maybe = |column| row.try_get::<Option<String>>("", column).map_err(fault);
    let number = |column| row.try_get::<i64>("", column).map_err(fault);
    let id = |column| row.try_get::<Uuid>("", column).map_err(fault);
    let (area_code, carrier) = (maybe("area_code")?, maybe("carrier")?);
    let (service, country, capability) = (text("service")?, text("country")?, text("capability")?);
    let retry_of: Option<Uuid> = row.try_get("", "retry_of").map_err(fault)?;
    Ok(OrderLine {
        id: OrderId::from_uuid(id("id")?),
        user: UserId::from_uuid(id("user_id")?),
        ask: ask(&service, &country, &capability, area_code.as_deref(), carrier.as_deref())?,
        status: OrderStatus::from_name(&text("state")?).ok_or_else(|| unreadable("state of an order"))?,
        price: amount(number("price_units")?, &text("price_currency")?)?,
        attempt: count(number("attempt")?)?,
        retry_of: retry_of.map(OrderId::from_uuid),
        created_at: time(number("created_at_us")?)?,
        ended_at: optional_time(row.try_get("", "ended_at_us").map_err(fault)?)?,
    })
}

#[async_trait]
impl ExportReads for Reads {
    async fn users_within(
        &self,
        within: Stretch,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<User>, Fault> {
        use user::Column;
        let (first, end) = within.ids::<UserId>();
        let mut wanted = user::Entity::find()
            .filter(Column::Id.gte(first.uuid()))
            .filter(Column::Id.lt(end.uuid()))
            .filter(Column::CreatedAtUs.gte(us(within.from())))
            .filter(Column::CreatedAtUs.lt(us(within.to())));
        if let Some(after) = after {
            wanted = wanted.filter(Column::Id.gt(after.uuid()));
        }
        let wanted = wanted.order_by_asc(Column::Id).limit(u64::from(limit));
        all(wanted.all(self.database.reads()).await.map_err(fault)?, |row| row.open(&self.vault))
    }

    /// The journal has no index by time but for Postgres: it is read in its own order, once for a whole export.
    async fn entries_within(
        &self,
        within: Stretch,
        after: Option<EntryId>,
        limit: u32,
    ) -> Result<Vec<OwnedEntry>, Fault> {
        use transfer::Column;
        let purse =
            Condition::any().add(Column::DebitAccount.is_in(PURSES)).add(Column::CreditAccount.is_in(PURSES));
        let wanted = transfer::Entity::find()
            .filter(Column::Id.gt(after.map_or(0, number_of)))
            .filter(Column::CreatedAtUs.gte(us(within.from())))
            .filter(Column::CreatedAtUs.lt(us(within.to())))
            .filter(purse)
            .order_by_asc(Column::Id)
            .limit(u64::from(limit));
        all(wanted.all(self.database.reads()).await.map_err(fault)?, |row| {
            let user = row.user_id.ok_or_else(|| unreadable("user of a movement"))?;
            Ok(OwnedEntry { user: UserId::from_uuid(user), entry: Entry::try_from(row)? })
        })
    }

    async fn orders_within(
        &self,
        within: Stretch,
        after: Option<OrderId>,
        limit: u32,
    ) -> Result<Vec<OrderLine>, Fault> {
        let (first, end) = within.ids::<OrderId>();
        let mut values: Vec<Value> = made(within, (first.uuid(), end.uuid()));
        values.push(i64::from(limit).into());
        let mut wanted = MADE.to_owned();
        if let Some(after) = after {
            wanted.push_str(" AND id > $6");
            values.push(after.uuid().into());
        }
        let sql = format!("{ORDERS} WHERE {wanted} ORDER BY id LIMIT $5");
        all(self.database.read(&sql, values).await?, |row| line(&row))
    }
}
