//! How work stands, as gauges: read when it is asked for, and the same on every instance.

use namaskah_domain::{
    JobLane,
    vitals::{Queue, Vitals},
};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{family::Family, gauge::Gauge},
    registry::{Registry, Unit},
};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Lane {
    pub(super) lane: &'static str,
}

pub(super) const fn name(lane: JobLane) -> &'static str {
    match lane {
        JobLane::Mail => "mail",
        JobLane::Provider => "provider",
        JobLane::Upkeep => "upkeep",
    }
}

#[derive(Clone, Default)]
pub(super) struct Gauges {
    orders_waiting: Gauge,
    orders_overdue: Gauge,
    purchases_unknown: Gauge,
    jobs_due: Family<Lane, Gauge>,
    jobs_oldest: Family<Lane, Gauge>,
    jobs_buried: Family<Lane, Gauge>,
    notices_new: Gauge,
    notices_oldest: Gauge,
    suspense_open: Gauge,
    refunds_open: Gauge,
    refunds_oldest: Gauge,
    orphans_open: Gauge,
    orphans_oldest: Gauge,
    disputes_open: Gauge,
    findings_open: Gauge,
    webhooks_due: Gauge,
    webhooks_oldest: Gauge,
}

impl Gauges {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let all = Self::default();
        let counts = [
            ("orders_waiting", "Orders that wait for a code", &all.orders_waiting),
            (
                "orders_overdue",
                "Orders whose time was over ten seconds ago and that wait: 0",
                &all.orders_overdue,
            ),
            ("purchases_unknown", "Purchases whose outcome is unknown", &all.purchases_unknown),
            ("notices_new", "Notices of providers that nobody has looked at", &all.notices_new),
            ("suspense_open", "Payments that wait for a person", &all.suspense_open),
            ("refunds_open", "Refunds that are under way", &all.refunds_open),
            ("orphans_open", "Numbers that serve no order and were not credited", &all.orphans_open),
            ("disputes_open", "Disputes that are not decided", &all.disputes_open),
            ("findings_open", "Mismatches that nobody has closed", &all.findings_open),
            ("webhooks_due", "Deliveries of webhooks that are due and not sent", &all.webhooks_due),
        ];
        for (name, about, gauge) in counts {
            registry.register(name, about, gauge.clone());
        }
        for (name, about, gauge) in [
            ("notices_oldest", "Seconds since the oldest of them came", &all.notices_oldest),
            ("refunds_oldest", "Seconds since the oldest of them was asked for", &all.refunds_oldest),
            ("orphans_oldest", "Seconds since the oldest of them was found", &all.orphans_oldest),
        ] {
            registry.register_with_unit(name, about, Unit::Seconds, gauge.clone());
        }
        let about = "Seconds for which the oldest of them has been due";
        registry.register_with_unit("webhooks_oldest", about, Unit::Seconds, all.webhooks_oldest.clone());
        registry.register("jobs_due", "Jobs that are due and not done", all.jobs_due.clone());
        let about = "Seconds for which the oldest of them has been due";
        registry.register_with_unit("jobs_oldest", about, Unit::Seconds, all.jobs_oldest.clone());
        registry.register("jobs_buried", "Jobs that were given up", all.jobs_buried.clone());
        all
    }

    pub(super) fn set(&self, vitals: &Vitals) {
        for (gauge, count) in [
            (&self.orders_waiting, vitals.orders_waiting),
            (&self.orders_overdue, vitals.orders_overdue),
            (&self.purchases_unknown, vitals.purchases_unknown),
            (&self.notices_new, vitals.notices_new),
            (&self.suspense_open, vitals.suspense_open),
            (&self.refunds_open, vitals.refunds_open),
            (&self.orphans_open, vitals.orphans_open),
            (&self.disputes_open, vitals.disputes_open),
            (&self.findings_open, vitals.findings_open),
            (&self.webhooks_due, vitals.webhooks_due),
        ] {
            gauge.set(number(count));
        }
        self.notices_oldest.set(vitals.notices_oldest_s);
        self.webhooks_oldest.set(vitals.webhooks_oldest_s);
        self.refunds_oldest.set(vitals.refunds_oldest_s);
        self.orphans_oldest.set(vitals.orphans_oldest_s);
        for Queue { lane, due, oldest_s, buried } in vitals.queues {
            let lane = Lane { lane: name(lane) };
            self.jobs_due.get_or_create(&lane).set(number(due));
            self.jobs_oldest.get_or_create(&lane).set(oldest_s);
            self.jobs_buried.get_or_create(&lane).set(number(buried));
        }
    }
}

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
