//! Figures.

use std::sync::Arc;

use namaskah_domain::{
    Time,
    staff::{FigureService, Figures, Flow, Stretch, Waiting},
    verification::OrderStatus,
};
use poem_openapi::{Object, OpenApi, param::Query};

use crate::http::{
    body::{MoneyBody, Shown, Text},
    problem::Problem,
    staff_scheme::{Staff, may},
    tags::Tag,
};

/// Orders that were placed, by how they stand now.
#[derive(Debug, Object)]
#[oai(rename = "OrderFigures")]
pub struct OrdersBody {
    /// Being bought.
    pub requested: u64,
    /// Waiting for a code.
    pub waiting: u64,
    /// A code came.
    pub completed: u64,
    /// Cancelled.
    pub cancelled: u64,
    /// No code came in time.
    pub expired: u64,
    /// No number was had.
    pub failed: u64,
    /// Completed ones among those that have ended; null if none has.
    pub success_rate: Option<f64>,
}

/// Money of one currency that came in, or went back.
#[derive(Debug, Object)]
#[oai(rename = "MoneyFlow")]
pub struct FlowBody {
    /// How many.
    pub count: u64,
    /// What was paid, or given back.
    pub charged: MoneyBody,
    /// What it was worth to wallets.
    pub amount: MoneyBody,
}

impl From<Flow> for FlowBody {
    fn from(flow: Flow) -> Self {
        Self { count: flow.count, charged: flow.charged.into(), amount: flow.amount.into() }
    }
}

/// Payments of one currency that wait for a person.
#[derive(Debug, Object)]
#[oai(rename = "WaitingMoney")]
pub struct WaitingBody {
    /// How many.
    pub count: u64,
    /// What was paid.
    pub paid: MoneyBody,
}

impl From<Waiting> for WaitingBody {
    fn from(waiting: Waiting) -> Self {
        Self { count: waiting.count, paid: waiting.paid.into() }
    }
}

/// What came of a time, and what stands now.
#[derive(Debug, Object)]
#[oai(rename = "Stats")]
pub struct StatsBody {
    /// The first instant of the time.
    pub from: Text<Time>,
    /// The first instant after it.
    pub to: Text<Time>,
    /// When this was reckoned.
    pub at: Text<Time>,
    /// Users who registered.
    pub registrations: u64,
    /// Orders that were placed.
    pub orders: OrdersBody,
    /// What completed ones of them earned, less what went back for reported ones.
    pub revenue: MoneyBody,
    /// What numbers cost that were asked for then: those that earned their price, and those that were given up.
    pub cost_of_numbers: MoneyBody,
    /// Revenue less cost.
    pub margin: MoneyBody,
    /// Payments that were credited, by what was paid.
    pub deposits: Vec<FlowBody>,
    /// Refunds that were asked for then and have reached the customer, by what was given back.
    pub refunds: Vec<FlowBody>,
    /// Payments that wait for a person now.
    pub open_suspense: Vec<WaitingBody>,
    /// What providers may still give back now.
    pub receivable: MoneyBody,
    /// Our prepaid balance at providers now, as the journal says.
    pub float: MoneyBody,
    /// What is held now.
    pub held: MoneyBody,
    /// What users owe now.
    pub debt: MoneyBody,
}

impl From<Figures> for StatsBody {
    fn from(figures: Figures) -> Self {
        let (margin, orders) = (figures.margin(), figures.orders);
        let of = |status| orders.of(status);
        Self {
            from: Text(figures.stretch.from()),
            to: Text(figures.stretch.to()),
            at: Text(figures.at),
            registrations: figures.registrations,
            revenue: orders.revenue.into(),
            cost_of_numbers: figures.cost.into(),
            margin: margin.into(),
            deposits: figures.deposits.into_iter().map(FlowBody::from).collect(),
            refunds: figures.refunds.into_iter().map(FlowBody::from).collect(),
            open_suspense: figures.suspense.into_iter().map(WaitingBody::from).collect(),
            receivable: figures.standings.receivable.into(),
            float: figures.standings.float.into(),
            held: figures.standings.held.into(),
            debt: figures.standings.debt.into(),
            orders: OrdersBody {
                requested: of(OrderStatus::Requested),
                waiting: of(OrderStatus::Waiting),
                completed: of(OrderStatus::Completed),
                cancelled: of(OrderStatus::Cancelled),
                expired: of(OrderStatus::Expired),
                failed: of(OrderStatus::Failed),
                success_rate: orders.completed_of_ended().map(rate),
            },
        }
    }
}

/// To four places.
#[allow(clippy::cast_precision_loss)] // A rate is no count.
fn rate((part, whole): (u64, u64)) -> f64 {
    (part as f64 / whole as f64 * 10_000.0).round() / 10_000.0
}

/// Routes of figures.
pub struct StatsApi {
    /// Reckons.
    pub figures: Arc<FigureService>,
}

#[OpenApi(prefix_path = "/api/v1/admin/stats", tag = "Tag::Admin")]
impl StatsApi {
    /// Figures
    ///
    /// Of a time of 366 days at most. Orders, revenue and cost are of what was ordered then, as it stands now; deposits of what
    /// was credited then, refunds of what was asked for then.
    #[oai(path = "/", method = "get", operation_id = "get_stats")]
    async fn get(
        &self,
        _staff: Staff<may::Stats>,
        /// First instant of the time.
        from: Query<Text<Time>>,
        /// First instant after the time.
        to: Query<Text<Time>>,
    ) -> Result<Shown<StatsBody>, Problem> {
        let stretch = Stretch::try_new(from.0.0, to.0.0)?;
        Ok(Shown(self.figures.of(stretch).await?.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::rate;

    #[test]
    #[allow(clippy::float_cmp)] // Both are rounded to four places.
    fn a_rate_is_told_to_four_places() {
        assert_eq!([rate((2, 3)), rate((0, 5)), rate((5, 5))], [0.6667, 0.0, 1.0]);
    }
}
