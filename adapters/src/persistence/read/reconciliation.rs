//! Reads of what is held against providers' lists, and of what was found.

use async_trait::async_trait;
use namaskah_domain::{
    Currency, Fault, FindingId, Money, PaymentReference, PurchaseId, ReservationId, Time,
    reconciliation::{Book, Finding, Float, OurNumber, OurPayment, ReconciliationReads, Run},
    verification::ProviderId,
};
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QueryResult, QuerySelect, Value, sea_query::Expr,
};
use uuid::Uuid;

use super::{
    Reads, all, fault,
    orders::{places, reservation},
};
use crate::persistence::{
    entity::{finding, reconciliation_run},
    stored::{amount, money, time, unreadable, us},
};

const PAYMENTS: &str = "SELECT i.reference, i.state, i.charged_units, i.charged_currency, i.state_at_us, \
     i.created_at_us, s.paid_units, s.paid_currency FROM intents i \
     LEFT JOIN suspense s ON s.payment_id = i.id AND i.state = 'suspense'";

/// A credit that came after the receivable was closed otherwise shows in the journal alone.
const NUMBERS: &str = "SELECT p.id, p.reservation, p.cost_units, p.cost_currency, p.cost_cap_units, p.reserved_at_us, \
     CASE WHEN p.receivable = 'credited' OR EXISTS (SELECT 1 FROM transfers t \
     WHERE t.source = 'credit:' || p.reservation AND t.leg = 1) THEN 1 ELSE 0 END AS credited FROM purchases p";

fn payment(row: &QueryResult) -> Result<OurPayment, Fault> {
    let units = |column| row.try_get::<Option<i64>>("", column).map_err(fault);
    let text = |column| row.try_get::<Option<String>>("", column).map_err(fault);
    let missing = || unreadable("payment");
    let state = text("state")?.ok_or_else(missing)?;
    let (booked, at) = match state.as_str() {
        "succeeded" => (Some(("charged_units", "charged_currency")), "state_at_us"),
        "suspense" => (Some(("paid_units", "paid_currency")), "state_at_us"),
        _ => (None, "created_at_us"),
    };
    let booked = match booked {
        Some((sum, currency)) => match (units(sum)?, text(currency)?) {
            (Some(sum), Some(currency)) => Some(amount(sum, &currency)?),
            _ => None,
        },
        None => None,
    };
    let reference = text("reference")?.ok_or_else(missing)?;
    Ok(OurPayment {
        reference: PaymentReference::try_new(&reference).map_err(|_| unreadable("reference"))?,
        booked,
        at: time(units(at)?.ok_or_else(missing)?)?,
    })
}

fn number(row: &QueryResult) -> Result<OurNumber, Fault> {
    let units = |column| row.try_get::<i64>("", column).map_err(fault);
    let text = |column| row.try_get::<String>("", column).map_err(fault);
    Ok(OurNumber {
        purchase: PurchaseId::from_uuid(row.try_get::<Uuid>("", "id").map_err(fault)?),
        reservation: reservation(&text("reservation")?)?,
        cost: money(units("cost_units")?, &text("cost_currency")?)?,
        cap: money(units("cost_cap_units")?, &text("cost_currency")?)?,
        at: time(units("reserved_at_us")?)?,
        credited: row.try_get::<i32>("", "credited").map_err(fault)? == 1,
    })
}

#[async_trait]
impl ReconciliationReads for Reads {
    async fn payments_named(&self, references: &[PaymentReference]) -> Result<Vec<OurPayment>, Fault> {
        if references.is_empty() {
            return Ok(Vec::new());
        }
        let named = places(1, references.len());
        let sql = format!("{PAYMENTS} WHERE i.reference IN ({named}) ORDER BY i.reference");
        let values = references.iter().map(|reference| reference.as_str().into()).collect();
        all(self.database.read(&sql, values).await?, |row| payment(&row))
    }

    async fn payments_booked(&self, from: Time, to: Time) -> Result<Vec<OurPayment>, Fault> {
        let sql = format!(
            "{PAYMENTS} WHERE i.state IN ('succeeded', 'suspense') AND i.state_at_us >= $1 \
             AND i.state_at_us < $2 ORDER BY i.state_at_us, i.reference"
        );
        all(self.database.read(&sql, vec![us(from).into(), us(to).into()]).await?, |row| payment(&row))
    }

    async fn numbers_named(
        &self,
        provider: ProviderId,
        reservations: &[ReservationId],
    ) -> Result<Vec<OurNumber>, Fault> {
        if reservations.is_empty() {
            return Ok(Vec::new());
        }
        let named = places(2, reservations.len());
        let sql = format!(
            "{NUMBERS} WHERE p.provider = $1 AND p.reservation IN ({named}) \
             AND p.reservation IS NOT NULL ORDER BY p.reservation"
        );
        let mut values: Vec<Value> = vec![provider.name().into()];
        values.extend(reservations.iter().map(|reservation| reservation.as_str().into()));
        all(self.database.read(&sql, values).await?, |row| number(&row))
    }

    async fn numbers_bought(
        &self,
        provider: ProviderId,
        from: Time,
        to: Time,
    ) -> Result<Vec<OurNumber>, Fault> {
        let sql = format!(
            "{NUMBERS} WHERE p.provider = $1 AND p.sent_at_us >= $2 AND p.sent_at_us < $3 \
             AND p.reservation IS NOT NULL ORDER BY p.sent_at_us, p.id"
        );
        let values = vec![provider.name().into(), us(from).into(), us(to).into()];
        all(self.database.read(&sql, values).await?, |row| number(&row))
    }

    /// House accounts have no running row: what moved the float is summed, by its own indexes.
    async fn float(&self, provider: ProviderId, since: Time) -> Result<Float, Fault> {
        const SQL: &str = "SELECT \
             CAST(COALESCE((SELECT SUM(amount_units) FROM transfers \
             WHERE debit_account = 'provider_float:textverified'), 0) - \
             COALESCE((SELECT SUM(amount_units) FROM transfers \
             WHERE credit_account = 'provider_float:textverified'), 0) AS BIGINT) AS booked, \
             CAST(COALESCE((SELECT SUM(cost_cap_units) FROM purchases WHERE provider = $1 AND state = 'sent'), 0) \
             AS BIGINT) AS in_flight, \
             CAST(COALESCE((SELECT SUM(cost_units) FROM purchases WHERE receivable = 'open' AND provider = $1 \
             AND bound_at_us >= $2), 0) AS BIGINT) AS awaited";
        let ProviderId::TextVerified = provider;
        let values = vec![provider.name().into(), us(since).into()];
        let rows = self.database.read(SQL, values).await?;
        let row = rows.first().ok_or_else(|| unreadable("float"))?;
        let usd = |column| {
            let units = row.try_get::<i64>("", column).map_err(fault);
            units.map(|units| Money::from_units(units, Currency::Usd))
        };
        Ok(Float { booked: usd("booked")?, in_flight: usd("in_flight")?, awaited: usd("awaited")? })
    }

    async fn finding(&self, id: FindingId) -> Result<Option<Finding>, Fault> {
        let row = finding::Entity::find_by_id(id.uuid()).one(self.database.reads()).await;
        row.map_err(fault)?.map(Finding::try_from).transpose()
    }

    async fn findings_of(&self, book: Book, keys: &[String]) -> Result<Vec<Finding>, Fault> {
        let query = finding::Entity::find()
            .filter(finding::Column::Book.eq(book.name()))
            .filter(finding::Column::Item.is_in(keys))
            .order_by_asc(finding::Column::Item);
        all(query.all(self.database.reads()).await.map_err(fault)?, Finding::try_from)
    }

    async fn open_findings(&self, limit: u32) -> Result<Vec<Finding>, Fault> {
        let query = finding::Entity::find()
            .filter(Expr::cust("state = 'open'"))
            .order_by_asc(finding::Column::FoundAtUs)
            .order_by_asc(finding::Column::Id)
            .limit(u64::from(limit));
        all(query.all(self.database.reads()).await.map_err(fault)?, Finding::try_from)
    }

    async fn runs(&self, limit: u32) -> Result<Vec<Run>, Fault> {
        use reconciliation_run::{Column, Entity};
        let last = Entity::find().order_by_desc(Column::Id).limit(u64::from(limit));
        all(last.all(self.database.reads()).await.map_err(fault)?, Run::try_from)
    }
}
