//! Figures. What was made within a stretch is found by its identifier, which carries the time, so that no index is
//! written for it.

use async_trait::async_trait;
use namaskah_domain::{
    Currency, Fault, Money, OrderId, RefundId, UserId,
    staff::{FigureReads, Flow, OrderFigures, Standings, Stretch, Waiting},
    verification::{OrderStatus, ProviderId},
};
use sea_orm::{QueryResult, Value};
use uuid::Uuid;

use super::{Reads, all, fault};
use crate::persistence::stored::{money, unreadable, us};

/// The row was made within the stretch: `$1` to `$4`, from [`made`].
pub(super) const MADE: &str = "id >= $1 AND id < $2 AND created_at_us >= $3 AND created_at_us < $4";

pub(super) fn made(within: Stretch, (first, end): (Uuid, Uuid)) -> Vec<Value> {
    vec![first.into(), end.into(), us(within.from()).into(), us(within.to()).into()]
}

/// A credit that came after a cost was closed otherwise shows in the journal alone.
const CREDITED: &str =
    "EXISTS (SELECT 1 FROM transfers t WHERE t.source = 'credit:' || r.reservation AND t.leg = 1)";

fn number(row: &QueryResult, column: &str) -> Result<u64, Fault> {
    row.try_get::<i64>("", column).map(i64::unsigned_abs).map_err(fault)
}

fn units(row: &QueryResult, column: &str) -> Result<i64, Fault> {
    row.try_get::<i64>("", column).map_err(fault)
}

fn currency(row: &QueryResult) -> Result<String, Fault> {
    row.try_get::<String>("", "currency").map_err(fault)
}

fn flow(row: &QueryResult) -> Result<Flow, Fault> {
    let charged = money(units(row, "charged")?, &currency(row)?)?;
    let amount = Money::from_units(units(row, "amount")?, Currency::Usd);
    Ok(Flow { count: number(row, "n")?, charged, amount })
}

const FLOWS: &str = "SELECT charged_currency AS currency, COUNT(*) AS n, \
     CAST(SUM(charged_units) AS BIGINT) AS charged, CAST(SUM(amount_units) AS BIGINT) AS amount";

#[async_trait]
impl FigureReads for Reads {
    async fn registrations(&self, within: Stretch) -> Result<u64, Fault> {
        let (first, end) = within.ids::<UserId>();
        let sql = format!("SELECT COUNT(*) AS n FROM users WHERE {MADE}");
        let rows = self.database.read(&sql, made(within, (first.uuid(), end.uuid()))).await?;
        rows.first().map_or(Ok(0), |row| number(row, "n"))
    }

    async fn order_figures(&self, within: Stretch) -> Result<OrderFigures, Fault> {
        let (first, end) = within.ids::<OrderId>();
        let sql = format!(
            "SELECT r.state AS state, COUNT(*) AS n, CAST(SUM(CASE WHEN r.state <> 'completed' \
             OR (r.reported_at_us IS NOT NULL AND {CREDITED}) THEN 0 ELSE r.price_units END) AS BIGINT) AS earned \
             FROM orders r WHERE {MADE} GROUP BY r.state ORDER BY r.state"
        );
        let rows = self.database.read(&sql, made(within, (first.uuid(), end.uuid()))).await?;
        let mut figures = OrderFigures::default();
        let mut earned = 0i64;
        for row in &rows {
            let state: String = row.try_get("", "state").map_err(fault)?;
            let state = OrderStatus::from_name(&state).ok_or_else(|| unreadable("state of an order"))?;
            figures.by_state.push((state, number(row, "n")?));
            earned = earned.saturating_add(units(row, "earned")?);
        }
        figures.revenue = Money::from_units(earned, Currency::Usd);
        Ok(figures)
    }

    async fn cost_of_numbers(&self, within: Stretch) -> Result<Money, Fault> {
        let sql = format!(
            "SELECT CAST(COALESCE(SUM(r.cost_units), 0) AS BIGINT) AS units FROM purchases r \
             WHERE r.provider = $1 AND r.sent_at_us >= $2 AND r.sent_at_us < $3 \
             AND r.receivable IN ('costed', 'written_off') AND NOT {CREDITED}"
        );
        let provider = ProviderId::TextVerified.name();
        let values = vec![provider.into(), us(within.from()).into(), us(within.to()).into()];
        let rows = self.database.read(&sql, values).await?;
        let cost = rows.first().map_or(Ok(0), |row| units(row, "units"))?;
        Ok(Money::from_units(cost, Currency::Usd))
    }

    async fn deposits(&self, within: Stretch) -> Result<Vec<Flow>, Fault> {
        let sql = format!(
            "{FLOWS} FROM intents WHERE state IN ('succeeded', 'suspense') AND state = 'succeeded' \
             AND state_at_us >= $1 AND state_at_us < $2 GROUP BY charged_currency ORDER BY charged_currency"
        );
        let values = vec![us(within.from()).into(), us(within.to()).into()];
        all(self.database.read(&sql, values).await?, |row| flow(&row))
    }

    async fn arrived_refunds(&self, within: Stretch) -> Result<Vec<Flow>, Fault> {
        let (first, end) = within.ids::<RefundId>();
        let sql = format!(
            "{FLOWS} FROM refunds WHERE {MADE} AND state = 'processed' \
             GROUP BY charged_currency ORDER BY charged_currency"
        );
        let rows = self.database.read(&sql, made(within, (first.uuid(), end.uuid()))).await?;
        all(rows, |row| flow(&row))
    }

    async fn waiting_for_a_person(&self) -> Result<Vec<Waiting>, Fault> {
        let sql = "SELECT paid_currency AS currency, COUNT(*) AS n, CAST(SUM(paid_units) AS BIGINT) AS paid \
             FROM suspense WHERE state = 'open' GROUP BY paid_currency ORDER BY paid_currency";
        all(self.database.read(sql, Vec::new()).await?, |row| {
            let paid = money(units(&row, "paid")?, &currency(&row)?)?;
            Ok(Waiting { count: number(&row, "n")?, paid })
        })
    }

    /// Accounts have no index but their key: debt arises by transfers that name it, and what is held is in holds.
    async fn standings(&self) -> Result<Standings, Fault> {
        const SQL: &str = "SELECT \
             CAST(COALESCE((SELECT SUM(cost_units) FROM purchases WHERE receivable = 'open'), 0) AS BIGINT) AS receivable, \
             CAST(COALESCE((SELECT SUM(amount_units) FROM transfers \
             WHERE debit_account = 'provider_float:textverified'), 0) - \
             COALESCE((SELECT SUM(amount_units) FROM transfers \
             WHERE credit_account = 'provider_float:textverified'), 0) AS BIGINT) AS float_units, \
             CAST(COALESCE((SELECT SUM(amount_units) FROM holds WHERE state = 'open'), 0) AS BIGINT) AS held, \
             CAST(COALESCE((SELECT SUM(a.debt_units) FROM accounts a WHERE a.user_id IN \
             (SELECT t.user_id FROM transfers t WHERE t.debit_account = 'debt')), 0) AS BIGINT) AS debt";
        let rows = self.database.read(SQL, Vec::new()).await?;
        let row = rows.first().ok_or_else(|| unreadable("sum"))?;
        let usd = |column| units(row, column).map(|units| Money::from_units(units, Currency::Usd));
        Ok(Standings {
            receivable: usd("receivable")?,
            float: usd("float_units")?,
            held: usd("held")?,
            debt: usd("debt")?,
        })
    }
}
