//! Money of the house, providers and connections, as gauges: read when they are asked for.

use std::sync::atomic::AtomicU64;

use chrono::TimeDelta;
use namaskah_adapters::persistence::PoolUse;
use namaskah_domain::{
    Currency, Money, Time,
    staff::{Pulse, Standings, Waiting},
};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{family::Family, gauge::Gauge},
    registry::{Registry, Unit},
};
use tokio::sync::Mutex;

/// Sums over the journal are no older than that by the product's clock, and made no more often.
const MONEY_AGE: TimeDelta = TimeDelta::seconds(60);

type Dollars = Gauge<f64, AtomicU64>;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Provider {
    provider: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Connection {
    state: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Paid {
    currency: &'static str,
}

#[derive(Default)]
pub(super) struct House {
    float: Dollars,
    receivable: Dollars,
    held: Dollars,
    debt: Dollars,
    drift: Dollars,
    suspense: Family<Paid, Dollars>,
    is_on: Family<Provider, Gauge>,
    is_well: Family<Provider, Gauge>,
    connections: Family<Connection, Gauge>,
    connections_max: Gauge,
    /// When money was last summed.
    pub(super) summed: Mutex<Option<Time>>,
}

impl House {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let all = Self::default();
        let dollars = || Unit::Other("usd".to_owned());
        for (name, about, gauge) in [
            ("provider_float", "Prepaid balance at the number provider, as the journal says", &all.float),
            ("receivable", "What the number provider may still give back", &all.receivable),
            ("wallets_held", "What open holds reserve", &all.held),
            ("wallets_debt", "What users owe", &all.debt),
            ("ledger_drift", "How far accounts are from their journal and their holds: 0", &all.drift),
        ] {
            registry.register_with_unit(name, about, dollars(), gauge.clone());
        }
        let about = "What was paid and waits for a person, in the currency that it was paid in";
        registry.register("suspense", about, all.suspense.clone());
        let about = "1 unless staff has switched the provider off";
        registry.register("provider_on", about, all.is_on.clone());
        let about = "1 unless the provider's last answer to this process was not as it should be";
        registry.register("provider_well", about, all.is_well.clone());
        let about = "Connections to the database; on SQLite, of readers";
        registry.register("database_connections", about, all.connections.clone());
        let about = "As many connections as there may be";
        registry.register("database_connections_max", about, all.connections_max.clone());
        all
    }

    /// Nothing was summed within [`MONEY_AGE`] of `now`.
    pub(super) fn is_due(summed: Option<Time>, now: Time) -> bool {
        summed.is_none_or(|at| now - at >= MONEY_AGE)
    }

    pub(super) fn set_money(&self, standings: &Standings, drift: Money) {
        let Standings { receivable, float, held, debt } = standings;
        for (gauge, money) in [
            (&self.float, float),
            (&self.receivable, receivable),
            (&self.held, held),
            (&self.debt, debt),
            (&self.drift, &drift),
        ] {
            gauge.set(amount(*money));
        }
    }

    pub(super) fn set_suspense(&self, waiting: &[Waiting]) {
        // What was resolved is told as nothing, and not left out.
        for currency in Currency::ALL {
            let paid = waiting.iter().find(|waiting| waiting.paid.currency() == currency);
            let label = Paid { currency: currency.code() };
            self.suspense.get_or_create(&label).set(paid.map_or(0.0, |waiting| amount(waiting.paid)));
        }
    }

    pub(super) fn set_providers(&self, pulses: &[Pulse]) {
        for Pulse { provider, is_on, is_well } in pulses {
            let label = Provider { provider: provider.name() };
            self.is_on.get_or_create(&label).set(i64::from(*is_on));
            self.is_well.get_or_create(&label).set(i64::from(*is_well));
        }
    }

    pub(super) fn set_pool(&self, pool: PoolUse) {
        for (state, count) in [("in_use", pool.in_use), ("idle", pool.idle)] {
            self.connections.get_or_create(&Connection { state }).set(i64::from(count));
        }
        self.connections_max.set(i64::from(pool.most));
    }
}

/// For graphs: exact to a millionth up to nine thousand millions.
#[allow(clippy::cast_precision_loss)] // A graph is no ledger.
fn amount(money: Money) -> f64 {
    money.units() as f64 / 1_000_000.0
}
