//! How orders and payments end, as their commits tell: by whoever committed them, so the sum over instances is right.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

use namaskah_domain::{
    Change, UnitOfWork,
    payment::{Intent, IntentState},
    unit::AccountChange,
    verification::{Order, OrderStatus, ServiceCode},
    wallet::EntryKind,
};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::{Registry, Unit},
};

use super::calls::{PAYSTACK, TEXTVERIFIED};

/// Services with a series of their own, the first that are used. A catalogue may have thousands.
const SERVICES: usize = 64;
/// Every other one.
const OTHER: &str = "other";
/// Bounds in seconds: codes take longer than requests.
const WAITS: [f64; 9] = [5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0];

fn waits() -> Histogram {
    Histogram::new(WAITS)
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Served {
    service: String,
    provider: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ended {
    service: String,
    provider: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Paid {
    provider: &'static str,
    outcome: &'static str,
}

/// What a unit ends, if it is applied.
pub(super) enum Ending {
    /// An order; for one that was completed, with the seconds from its number to its code.
    Order { service: ServiceCode, outcome: &'static str, code_after_s: Option<i64> },
    /// A payment.
    Payment { outcome: &'static str },
}

pub(super) struct Outcomes {
    orders: Family<Ended, Counter>,
    code_after: Family<Served, Histogram, fn() -> Histogram>,
    payments: Family<Paid, Counter>,
    services: Mutex<BTreeSet<String>>,
}

impl Outcomes {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let all = Self {
            orders: Family::default(),
            code_after: Family::new_with_constructor(waits as fn() -> Histogram),
            payments: Family::default(),
            services: Mutex::default(),
        };
        let about = "Orders by how they ended; a number that was given up for another does not count";
        registry.register("verifications_ended", about, all.orders.clone());
        let about = "Seconds from a number that was shown to its code";
        registry.register_with_unit(
            "verification_time_to_code",
            about,
            Unit::Seconds,
            all.code_after.clone(),
        );
        let about = "Payments by what became of them; money that comes late counts once more";
        registry.register("payments_ended", about, all.payments.clone());
        all
    }

    pub(super) fn tell(&self, endings: Vec<Ending>) {
        for ending in endings {
            match ending {
                Ending::Order { service, outcome, code_after_s } => {
                    let (service, provider) = (self.known(&service), TEXTVERIFIED);
                    if let Some(seconds) = code_after_s.and_then(|seconds| i32::try_from(seconds).ok()) {
                        let served = Served { service: service.clone(), provider };
                        self.code_after.get_or_create(&served).observe(f64::from(seconds));
                    }
                    self.orders.get_or_create(&Ended { service, provider, outcome }).inc();
                }
                Ending::Payment { outcome } => {
                    self.payments.get_or_create(&Paid { provider: PAYSTACK, outcome }).inc();
                }
            }
        }
    }

    fn known(&self, service: &ServiceCode) -> String {
        // A panic elsewhere leaves whole names behind.
        let mut services = self.services.lock().unwrap_or_else(PoisonError::into_inner);
        let name = service.as_str();
        if services.contains(name) {
            return name.to_owned();
        }
        if services.len() >= SERVICES {
            return OTHER.to_owned();
        }
        services.insert(name.to_owned());
        name.to_owned()
    }
}

/// What a unit ends: an order together with its hold, a payment together with its count or its money. Whatever is
/// written again for another reason has ended before.
pub(super) fn endings(unit: &UnitOfWork) -> Vec<Ending> {
    let of = |change: &Change| match change {
        Change::Order(order) => ended_order(unit, order),
        Change::Intent(intent) => ended_payment(unit, intent),
        _ => None,
    };
    unit.changes().iter().filter_map(of).collect()
}

fn ended_order(unit: &UnitOfWork, order: &Order) -> Option<Ending> {
    let head = order.head();
    let ends = |account: &AccountChange| account.ends.iter().any(|end| end.hold == head.hold);
    if !unit.accounts().get(&head.user).is_some_and(ends) {
        return None;
    }
    let code_after_s = match order {
        Order::Completed(done) => Some((done.at - done.line.bound_at).num_seconds()),
        _ => None,
    };
    let outcome = match order.status() {
        OrderStatus::Requested | OrderStatus::Waiting => return None,
        ended => ended.name(),
    };
    Some(Ending::Order { service: head.ask.service.clone(), outcome, code_after_s })
}

fn ended_payment(unit: &UnitOfWork, intent: &Intent) -> Option<Ending> {
    let (outcome, booked) = match intent.state {
        IntentState::Pending => return None,
        IntentState::Succeeded { .. } => ("succeeded", Some(EntryKind::Deposit)),
        IntentState::Suspense { .. } => ("suspense", Some(EntryKind::Suspense)),
        IntentState::Failed { .. } => ("failed", None),
        IntentState::Expired { .. } => ("expired", None),
    };
    let closed = unit.accounts().get(&intent.user).is_some_and(|account| account.intents_closed > 0);
    let came = booked.is_some_and(|kind| unit.transfers().iter().any(|transfer| transfer.kind == kind));
    (closed || came).then_some(Ending::Payment { outcome })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(n: usize) -> ServiceCode {
        ServiceCode::try_new(&format!("service{n}")).expect("a service")
    }

    #[test]
    fn only_so_many_services_have_a_series_of_their_own() {
        let mut registry = Registry::default();
        let outcomes = Outcomes::register(&mut registry);
        for n in 0..SERVICES + 20 {
            for _ in 0..2 {
                let ended =
                    Ending::Order { service: service(n), outcome: "completed", code_after_s: Some(7) };
                outcomes.tell(vec![ended]);
            }
        }
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).expect("a text");
        let series = text.lines().filter(|line| line.starts_with("verifications_ended_total{"));
        assert_eq!(series.count(), SERVICES + 1);
        assert!(
            text.contains("service=\"other\",provider=\"textverified\",outcome=\"completed\"} 40"),
            "{text}"
        );
        assert!(text.contains(
            "verification_time_to_code_seconds_count{service=\"service0\",provider=\"textverified\"} 2"
        ));
    }
}
