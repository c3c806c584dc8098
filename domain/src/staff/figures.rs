//! Figures: what came of a stretch of time, and what stands now. Orders, their revenue and their cost are counted by when
//! they were placed and sent, so that they belong together; money in by when it was credited, money back by when it was
//! asked for.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{Clock, Currency, Fault, Money, Time, staff::Stretch, verification::OrderStatus};

/// Orders that were placed in a stretch, as they stand now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderFigures {
    /// How many, by state; a state without orders is left out.
    pub by_state: Vec<(OrderStatus, u64)>,
    /// What completed ones earned, less what went back for reported ones.
    pub revenue: Money,
}

/// Orders of nothing.
impl Default for OrderFigures {
    fn default() -> Self {
        Self { by_state: Vec::new(), revenue: Money::zero(Currency::Usd) }
    }
}

impl OrderFigures {
    /// How many there are of a state.
    pub fn of(&self, status: OrderStatus) -> u64 {
        self.by_state.iter().find(|(state, _)| *state == status).map_or(0, |(_, count)| *count)
    }

    /// Completed ones among those that have ended; `None` if none has.
    pub fn completed_of_ended(&self) -> Option<(u64, u64)> {
        let ended = self.by_state.iter().filter(|(state, _)| state.is_final()).map(|(_, count)| count).sum();
        (ended > 0).then(|| (self.of(OrderStatus::Completed), ended))
    }
}

/// Payments or refunds of one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flow {
    /// How many.
    pub count: u64,
    /// What was paid, or given back.
    pub charged: Money,
    /// What it was worth to wallets.
    pub amount: Money,
}

/// Payments of one currency that wait for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// How many.
    pub count: u64,
    /// What was paid.
    pub paid: Money,
}

/// What stands now, in dollars.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standings {
    /// What providers may still give back.
    pub receivable: Money,
    /// Our prepaid balance, as the journal says.
    pub float: Money,
    /// What open holds reserve.
    pub held: Money,
    /// What users owe.
    pub debt: Money,
}

/// Everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figures {
    /// Of which time.
    pub stretch: Stretch,
    /// As it stood at.
    pub at: Time,
    /// Users who registered.
    pub registrations: u64,
    /// Orders.
    pub orders: OrderFigures,
    /// What numbers cost that were ordered then and earned their price, or whose cost was given up.
    pub cost: Money,
    /// Payments that were credited, by what was paid.
    pub deposits: Vec<Flow>,
    /// Refunds that were asked for then and have reached the customer, by what was given back.
    pub refunds: Vec<Flow>,
    /// What waits for a person now.
    pub suspense: Vec<Waiting>,
    /// What stands now.
    pub standings: Standings,
}

impl Figures {
    /// Revenue less cost.
    pub const fn margin(&self) -> Money {
        let (revenue, cost) = (self.orders.revenue, self.cost);
        Money::from_units(revenue.units().saturating_sub(cost.units()), revenue.currency())
    }
}

/// What figures are made of. One statement each.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait FigureReads: Send + Sync {
    /// Users who registered.
    async fn registrations(&self, within: Stretch) -> Result<u64, Fault>;

    /// Orders that were placed.
    async fn order_figures(&self, within: Stretch) -> Result<OrderFigures, Fault>;

    /// What numbers cost that were asked for: earned or given up, and not given back since.
    async fn cost_of_numbers(&self, within: Stretch) -> Result<Money, Fault>;

    /// Payments that were credited, by currency.
    async fn deposits(&self, within: Stretch) -> Result<Vec<Flow>, Fault>;

    /// Refunds that were asked for and have arrived, by currency.
    async fn arrived_refunds(&self, within: Stretch) -> Result<Vec<Flow>, Fault>;

    /// What waits for a person, by currency.
    async fn waiting_for_a_person(&self) -> Result<Vec<Waiting>, Fault>;

    /// What stands now.
    async fn standings(&self) -> Result<Standings, Fault>;
}

/// Reckons figures.
pub struct FigureService {
    reads: Arc<dyn FigureReads>,
    clock: Arc<dyn Clock>,
}

impl FigureService {
    /// Over any reads.
    pub const fn new(reads: Arc<dyn FigureReads>, clock: Arc<dyn Clock>) -> Self {
        Self { reads, clock }
    }

    /// The figures of a stretch.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn of(&self, stretch: Stretch) -> Result<Figures, Fault> {
        let reads = &self.reads;
        Ok(Figures {
            stretch,
            at: self.clock.now(),
            registrations: reads.registrations(stretch).await?,
            orders: reads.order_figures(stretch).await?,
            cost: reads.cost_of_numbers(stretch).await?,
            deposits: reads.deposits(stretch).await?,
            refunds: reads.arrived_refunds(stretch).await?,
            suspense: reads.waiting_for_a_person().await?,
            standings: reads.standings().await?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn orders(by_state: &[(OrderStatus, u64)]) -> OrderFigures {
        OrderFigures { by_state: by_state.to_vec(), ..OrderFigures::default() }
    }

    #[test]
    fn what_has_not_ended_is_no_failure() {
        let open = [(OrderStatus::Requested, 3), (OrderStatus::Waiting, 4)];
        assert_eq!(orders(&open).completed_of_ended(), None);
        let all = [
            (OrderStatus::Waiting, 9),
            (OrderStatus::Completed, 6),
            (OrderStatus::Cancelled, 1),
            (OrderStatus::Expired, 1),
            (OrderStatus::Failed, 2),
        ];
        assert_eq!(orders(&all).completed_of_ended(), Some((6, 10)));
        assert_eq!(orders(&all[3..]).completed_of_ended(), Some((0, 3)));
    }

    #[test]
    fn a_margin_may_be_below_zero() {
        let usd = |units| Money::from_units(units, Currency::Usd);
        let at = Time::UNIX_EPOCH;
        let figures = Figures {
            stretch: Stretch::try_new(at, at + crate::time::hours(1)).expect("an hour"),
            at,
            registrations: 0,
            orders: OrderFigures { revenue: usd(10), ..OrderFigures::default() },
            cost: usd(25),
            deposits: Vec::new(),
            refunds: Vec::new(),
            suspense: Vec::new(),
            standings: Standings { receivable: usd(0), float: usd(0), held: usd(0), debt: usd(0) },
        };
        assert_eq!(figures.margin(), usd(-15));
    }
}
