//! What the desk of payments reads.

use async_trait::async_trait;
use namaskah_domain::{
    Fault, Page, PageOf, PaymentId, PaymentReference,
    payment::{DeskReads, Intent, PaymentQuery, PaymentStatus, SetAside, Suspended, SuspenseStatus},
    wallet::{EntryKind, LedgerAccount, Source, Transfer},
};
use sea_orm::{
    ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QueryResult, QuerySelect, Value,
    sea_query::Expr,
};

use super::{Reads, all, fault, one_more, orders::places, page_of};
use crate::persistence::{
    entity::{intent, suspended, transfer},
    stored::{amount, columns, count, time, unreadable},
};

/// How a status is found. What went back is told by its own columns, which have indexes of their own.
const fn standing(status: PaymentStatus) -> &'static str {
    match status {
        PaymentStatus::Pending => "state = 'pending'",
        PaymentStatus::Failed => "state = 'failed'",
        PaymentStatus::Expired => "state = 'expired'",
        PaymentStatus::Suspense => "state = 'suspense'",
        PaymentStatus::Succeeded => "state = 'succeeded' AND back_disputes = 0 AND back_arrived_units = 0",
        PaymentStatus::Refunded => {
            "state = 'succeeded' AND back_disputes = 0 AND back_arrived_units > 0 \
             AND back_arrived_units >= charged_units"
        }
        PaymentStatus::PartiallyRefunded => {
            "state = 'succeeded' AND back_disputes = 0 AND back_arrived_units > 0 \
             AND back_arrived_units < charged_units"
        }
        PaymentStatus::Disputed => "state = 'succeeded' AND back_disputes > 0",
    }
}

fn item(row: &QueryResult) -> Result<SetAside, Fault> {
    let item = suspended::Model::from_query_result(row, "").map_err(fault)?;
    let reference: String = row.try_get("", "reference").map_err(fault)?;
    let reference = PaymentReference::try_new(&reference).map_err(|_| unreadable("reference"))?;
    Ok(SetAside { item: Suspended::try_from(item)?, reference })
}

/// A row of the journal as it was decided.
fn posted(row: transfer::Model) -> Result<Transfer, Fault> {
    let user = row.user_id.map(namaskah_domain::UserId::from_uuid);
    let account = |name: &str| LedgerAccount::from_stored(name, user).ok_or_else(|| unreadable("account"));
    let kind = EntryKind::ALL.into_iter().find(|kind| kind.name() == row.kind);
    Ok(Transfer {
        debit: account(&row.debit_account)?,
        credit: account(&row.credit_account)?,
        amount: amount(row.amount_units, &row.currency)?,
        kind: kind.ok_or_else(|| unreadable("kind of entry"))?,
        source: Source::from_stored(row.source),
        leg: u16::try_from(row.leg).map_err(|_| unreadable("leg"))?,
        at: time(row.created_at_us)?,
    })
}

#[async_trait]
impl DeskReads for Reads {
    async fn set_aside(
        &self,
        status: Option<SuspenseStatus>,
        page: Page<PaymentId>,
    ) -> Result<PageOf<SetAside>, Fault> {
        let limit = i64::try_from(one_more(&page)).map_err(Fault::new)?;
        let mut values: Vec<Value> = vec![limit.into()];
        let mut wanted = status.map_or(String::new(), |status| format!("s.state = '{}' AND ", status.name()));
        if let Some(after) = page.after {
            wanted.push_str("s.payment_id < $2 AND ");
            values.push(after.uuid().into());
        }
        let sql = format!(
            "SELECT {}, i.reference AS reference FROM suspense s JOIN intents i ON i.id = s.payment_id \
             WHERE {wanted}1 = 1 ORDER BY s.payment_id DESC LIMIT $1",
            columns::<suspended::Entity>("s.")
        );
        page_of(self.database.read(&sql, values).await?, page.limit, |row| item(&row))
    }

    async fn payments(&self, query: &PaymentQuery, page: Page<PaymentId>) -> Result<PageOf<Intent>, Fault> {
        use intent::Column;
        let mut wanted = intent::Entity::find();
        if let Some(status) = query.status {
            wanted = wanted.filter(Expr::cust(standing(status)));
        }
        if let Some(user) = query.user {
            wanted = wanted.filter(Column::UserId.eq(user.uuid()));
        }
        if let Some(reference) = &query.reference {
            wanted = wanted.filter(Column::Reference.eq(reference.as_str()));
        }
        if let Some(after) = page.after {
            wanted = wanted.filter(Column::Id.lt(after.uuid()));
        }
        let wanted = wanted.order_by_desc(Column::Id).limit(one_more(&page));
        page_of(wanted.all(self.database.reads()).await.map_err(fault)?, page.limit, Intent::try_from)
    }

    async fn transfers_of(&self, sources: &[Source]) -> Result<Vec<Transfer>, Fault> {
        if sources.is_empty() {
            return Ok(Vec::new());
        }
        let (columns, places) = (columns::<transfer::Entity>(""), places(1, sources.len()));
        let sql = format!("SELECT {columns} FROM transfers WHERE source IN ({places}) ORDER BY id");
        let values = sources.iter().map(|source| source.as_str().into()).collect();
        let rows = self.database.read(&sql, values).await?;
        all(rows, |row| posted(transfer::Model::from_query_result(&row, "").map_err(fault)?))
    }

    async fn notices_about(&self, reference: &PaymentReference) -> Result<u32, Fault> {
        let sql = "SELECT COUNT(*) AS n FROM notices WHERE subject = $1 AND sender = 'paystack'";
        let rows = self.database.read(sql, vec![reference.as_str().into()]).await?;
        rows.first().map_or(Ok(0), |row| count(row.try_get::<i64>("", "n").map_err(fault)?))
    }
}
