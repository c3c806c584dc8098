//! How the service does, for everybody: from orders of the last hours, and from what providers answered last. No user, no
//! number, no name of a provider and no money is in it.

use std::sync::Arc;

use crate::{
    Clock, Fault, Time,
    payment::WatchedGateway,
    time::{hours, seconds},
    verification::{
        Answers, CurrentTerms, NumberProvider, OrderReads, ServiceCode, ServiceStats, Trouble, Watched,
    },
};

/// Orders that ended within so many hours count.
pub const WINDOW_H: i64 = 24;
/// Of fewer orders nothing is told: a share of them would say more about those who placed them than about the service.
pub const LEAST_SAMPLE: u64 = 10;
/// For so long a status is told again as it is.
const FRESH_S: i64 = 30;
/// What was wrong longer ago than this says nothing about now.
const TROUBLE_COUNTS_S: i64 = 300;
/// Without a good answer for so long a provider is down; before that it may be a slip.
const DOWN_AFTER_S: i64 = 60;

/// How a part does. The worst of the parts is how the whole does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Condition {
    /// As it should.
    Operational,
    /// It works, not always or not fast.
    Degraded,
    /// Nobody can tell.
    Unknown,
    /// It does not work.
    Down,
}

/// What must work for a code to arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Accounts, orders and wallets: what is ours.
    Orders,
    /// Buying numbers, and the texts that they receive.
    Numbers,
    /// Adding money.
    Payments,
}

/// How one service did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceExperience {
    /// Which.
    pub service: ServiceCode,
    /// Numbers that were given out for it, and whose orders have ended.
    pub sample_size: u64,
    /// Of these, those that a code came for.
    pub completed: u64,
    /// Median seconds from number to code; `None` without codes.
    pub time_to_code_p50_s: Option<i64>,
}

/// How everything does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Each part.
    pub parts: [(Part, Condition); 3],
    /// Services with orders enough, by code; `None`: nobody can tell.
    pub services: Option<Vec<ServiceExperience>>,
    /// As it was at.
    pub at: Time,
}

impl Status {
    /// How the whole does.
    pub fn condition(&self) -> Condition {
        self.parts.iter().map(|(_, condition)| *condition).max().unwrap_or(Condition::Operational)
    }

    /// True if it may be told at `now` without looking again.
    pub fn is_fresh(&self, now: Time) -> bool {
        now < self.at + seconds(FRESH_S)
    }
}

/// How a provider does whose answers these are. Other processes ask it too, and perhaps in this one's place: what was
/// wrong counts only as long as it is new.
fn condition_of(answers: Answers, now: Time) -> Condition {
    let Some((trouble, at)) = answers.trouble.filter(|(_, at)| now <= *at + seconds(TROUBLE_COUNTS_S)) else {
        return Condition::Operational;
    };
    let answered_since = answers.well_at.is_some_and(|well_at| well_at > at);
    let is_long = answers.well_at.is_none_or(|well_at| now > well_at + seconds(DOWN_AFTER_S));
    match trouble {
        // It answers, and sells us nothing: reads that go well do not change that.
        Trouble::HouseBalance | Trouble::AccountLimit | Trouble::NotServing => Condition::Degraded,
        Trouble::Unreachable | Trouble::UnknownPurchase if !answered_since && is_long => Condition::Down,
        Trouble::Unreachable | Trouble::UnknownPurchase => Condition::Degraded,
    }
}

/// What is known to be wrong stays so; what was well may be anything.
fn unasked(condition: Condition) -> Condition {
    if condition == Condition::Operational { Condition::Unknown } else { condition }
}

fn experience(stats: Vec<ServiceStats>) -> Vec<ServiceExperience> {
    let enough = stats.into_iter().filter(|stats| stats.ended >= LEAST_SAMPLE);
    let mut told: Vec<_> = enough
        .map(|stats| ServiceExperience {
            service: stats.service,
            sample_size: stats.ended,
            completed: stats.completed,
            time_to_code_p50_s: stats.time_to_code_p50_s,
        })
        .collect();
    told.sort_by(|a, b| a.service.as_str().cmp(b.service.as_str()));
    told
}

/// Everything that the status is made of.
#[derive(Clone)]
pub struct StatusPorts {
    /// What orders have shown.
    pub orders: Arc<dyn OrderReads>,
    /// Which providers are switched off.
    pub terms: Arc<dyn CurrentTerms>,
    /// Who sells numbers.
    pub numbers: Arc<Watched>,
    /// Who takes payments.
    pub payments: Arc<WatchedGateway>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// Tells how everything does.
pub struct StatusService {
    ports: StatusPorts,
}

impl StatusService {
    /// Over any ports.
    pub const fn new(ports: StatusPorts) -> Self {
        Self { ports }
    }

    /// The time of the product.
    pub fn now(&self) -> Time {
        self.ports.clock.now()
    }

    /// How everything does now. A store that cannot be read is a part that is down, and no reason to tell nothing. Nobody
    /// is asked for anything then, so that a provider whose last answer was good may be away by now.
    pub async fn status(&self) -> Status {
        let now = self.now();
        let numbers = condition_of(self.ports.numbers.answers(), now);
        let payments = condition_of(self.ports.payments.answers(), now);
        let (conditions, services) = match self.read(now).await {
            Ok((true, stats)) => ([Condition::Operational, numbers, payments], Some(experience(stats))),
            Ok((false, stats)) => {
                ([Condition::Operational, Condition::Down, payments], Some(experience(stats)))
            }
            Err(_) => ([Condition::Down, unasked(numbers), unasked(payments)], None),
        };
        let [orders, numbers, payments] = conditions;
        Status {
            parts: [(Part::Orders, orders), (Part::Numbers, numbers), (Part::Payments, payments)],
            services,
            at: now,
        }
    }

    /// Whether numbers are sold at all, and what orders have shown.
    async fn read(&self, now: Time) -> Result<(bool, Vec<ServiceStats>), Fault> {
        let terms = self.ports.terms.current(now).await?;
        let stats = self.ports.orders.service_stats(now - hours(WINDOW_H)).await?;
        Ok((terms.is_on(self.ports.numbers.id()), stats))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> Time {
        Time::from_timestamp_millis(1_767_225_600_000).expect("an instant")
    }

    fn seen(well_s: Option<i64>, trouble: Option<(Trouble, i64)>) -> Answers {
        Answers {
            well_at: well_s.map(|s| start() + seconds(s)),
            trouble: trouble.map(|(kind, s)| (kind, start() + seconds(s))),
        }
    }

    #[test]
    fn a_provider_is_down_once_it_has_given_no_good_answer_for_a_minute() {
        use Condition::{Degraded, Down, Operational};
        use Trouble::{HouseBalance, NotServing, UnknownPurchase, Unreachable};
        for (well_s, trouble, now_s, expected) in [
            (None, None, 0, Operational),
            (Some(0), None, 10_000, Operational),
            (Some(0), Some((Unreachable, 5)), 6, Degraded),
            (Some(0), Some((Unreachable, 5)), 60, Degraded),
            (Some(0), Some((Unreachable, 59)), 61, Down),
            (None, Some((Unreachable, 0)), 0, Down),
            (Some(10), Some((UnknownPurchase, 5)), 100, Degraded),
            (Some(10), Some((UnknownPurchase, 5)), 305, Degraded),
            (Some(10), Some((UnknownPurchase, 5)), 306, Operational),
            // Another process asks in this one's place.
            (Some(0), Some((Unreachable, 5)), 306, Operational),
            (Some(200), Some((HouseBalance, 0)), 201, Degraded),
            (Some(0), Some((NotServing, 200)), 201, Degraded),
        ] {
            let condition = condition_of(seen(well_s, trouble), start() + seconds(now_s));
            assert_eq!(condition, expected, "well at {well_s:?}, {trouble:?}, now {now_s}");
        }
    }

    #[test]
    fn the_whole_does_as_its_worst_part() {
        use Condition::{Degraded, Down, Operational, Unknown};
        for (conditions, whole) in [
            ([Operational, Operational, Operational], Operational),
            ([Operational, Degraded, Operational], Degraded),
            ([Operational, Degraded, Down], Down),
            ([Operational, Degraded, Unknown], Unknown),
        ] {
            let [orders, numbers, payments] = conditions;
            let parts = [(Part::Orders, orders), (Part::Numbers, numbers), (Part::Payments, payments)];
            let status = Status { parts, services: Some(Vec::new()), at: start() };
            assert_eq!(status.condition(), whole);
        }
    }

    #[test]
    fn a_status_is_told_again_for_half_a_minute() {
        let parts = [Part::Orders, Part::Numbers, Part::Payments].map(|part| (part, Condition::Operational));
        let status = Status { parts, services: Some(Vec::new()), at: start() };
        assert!(status.is_fresh(start() + seconds(29)));
        assert!(!status.is_fresh(start() + seconds(30)));
    }

    #[test]
    fn of_a_service_with_few_orders_nothing_is_told() {
        let stats = |service: &str, ended| ServiceStats {
            service: ServiceCode::try_new(service).expect("a service"),
            ended,
            completed: 7,
            time_to_code_p50_s: Some(12),
        };
        let told = experience(vec![stats("whatsapp", 10), stats("google", 9), stats("telegram", 12)]);
        let told: Vec<_> = told.iter().map(|each| (each.service.as_str(), each.sample_size)).collect();
        assert_eq!(told, [("telegram", 12), ("whatsapp", 10)]);
    }
}
