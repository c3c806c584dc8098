//! Figures on Postgres, with pgbench's between them.

use std::sync::Arc;

use namaskah_adapters::{
    persistence::{Database, Options, Stores, connect},
    vault::Vault,
};
use namaskah_domain::Store;
use namaskah_tests::postgres;
use serde_json::json;

use crate::{
    Failure, Plan, books,
    pgbench::Pgbench,
    traffic::{Kind, Measured, Spread, Stock, Traffic, drive},
};

/// What is measured by default: kind, spread, tasks.
fn figures_of(words: &[String]) -> Vec<(Kind, Spread, usize)> {
    let mut figures = Vec::new();
    for tasks in [1, 16, 64, 256, 512] {
        figures.push((Kind::Hold, Spread::Uniform, tasks));
    }
    for spread in [Spread::Hot10, Spread::Hot1] {
        figures.extend([16, 256].map(|tasks| (Kind::Hold, spread, tasks)));
    }
    for kind in [Kind::Capture, Kind::Release, Kind::Deposit, Kind::Mixed] {
        figures.extend([16, 256].map(|tasks| (kind, Spread::Uniform, tasks)));
    }
    figures.extend([16, 256].map(|tasks| (Kind::Mixed, Spread::Hot1, tasks)));
    figures.retain(|(kind, spread, tasks)| crate::wanted(words, &name(*kind, *spread, *tasks)));
    figures
}

fn name(kind: Kind, spread: Spread, tasks: usize) -> String {
    format!("store.{}.{}.{tasks}", kind.name(), spread.name())
}

/// A filled database, our store over it, and pgbench beside it.
pub struct Bench {
    pub database: Database,
    pub stores: Stores,
    pgbench: Pgbench,
    wallets: u64,
    next_stock: u64,
}

/// Holds to end for each second of a run: more than it can use.
const OURS_A_SECOND: usize = 60_000;
const THEIRS_A_SECOND: u64 = 30_000;

impl Bench {
    /// A new database with twice `wallets`: the first half is ours, the second pgbench's.
    pub async fn open(url: &str, wallets: u64) -> Result<Self, Failure> {
        let database = connect(url, Options::default()).await?;
        namaskah_migration::migrate(database.connection()).await?;
        books::fill(&database, 2 * wallets).await?;
        let stores = Stores::open(&database, Arc::new(Vault::new([7; 32])));
        Ok(Self { database, stores, pgbench: Pgbench::new(url)?, wallets, next_stock: 1 })
    }

    pub fn store(&self) -> &Arc<dyn Store> {
        &self.stores.store
    }

    /// A store that has run for a while has seen its wallets.
    pub async fn warm_up(&self) -> Result<(), Failure> {
        Stock::fill(self.store(), self.wallets, usize::try_from(self.wallets)?).await.map(|_| ())
    }

    pub async fn ours(
        &self,
        kind: Kind,
        spread: Spread,
        tasks: usize,
        plan: Plan,
    ) -> Result<Measured, Failure> {
        let wallets = spread.of(self.wallets);
        let count = if kind.ends() { OURS_A_SECOND * usize::try_from(plan.seconds)? } else { 0 };
        let stock = Stock::fill(self.store(), wallets, count).await?;
        let traffic = Arc::new(Traffic { kind, wallets, stock });
        drive(self.store(), &traffic, tasks, plan.time()).await
    }

    pub async fn theirs(&mut self, kind: Kind, spread: Spread, plan: Plan) -> Result<Measured, Failure> {
        let (low, wallets) = (self.wallets, spread.of(self.wallets));
        let first = self.next_stock;
        if kind.ends() {
            let count = THEIRS_A_SECOND * plan.seconds;
            books::stock(&self.database, first, count, low, wallets).await?;
            self.next_stock += count;
        }
        self.pgbench.run(kind, low, wallets, first, plan.seconds).await
    }

    pub async fn close(self) -> Result<(), Failure> {
        books::audit(&self.database).await?;
        self.database.close().await;
        Ok(())
    }
}

/// Every figure, and what the books say at the end.
pub async fn figures(plan: Plan, words: &[String]) -> Result<(), Failure> {
    let figures = figures_of(words);
    if figures.is_empty() {
        return Ok(());
    }
    let cluster = postgres::durable_cluster()?;
    let mut bench = Bench::open(&cluster.empty_database().await, plan.wallets).await?;
    bench.warm_up().await?;
    for (kind, spread, tasks) in figures {
        let (mut ours, mut theirs) = (Measured::default(), Measured::default());
        for _ in 0..plan.rounds {
            ours.add(bench.ours(kind, spread, tasks, plan).await?);
            theirs.add(bench.theirs(kind, spread, plan).await?);
        }
        println!(
            "{}",
            json!({
                "figure": name(kind, spread, tasks),
                "per_s": ours.per_s(), "pgbench_per_s": theirs.per_s(),
                "pgbench_p99_ms": theirs.at_ms(0.99), "ratio": crate::ratio(ours.per_s(), theirs.per_s()),
                "p50_ms": ours.at_ms(0.5), "p99_ms": ours.at_ms(0.99),
            })
        );
    }
    bench.close().await?;
    println!("{}", json!({"figure": "store.audit", "clean": true}));
    Ok(())
}
