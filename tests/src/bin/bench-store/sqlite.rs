//! Figures on SQLite, with `synchronous=FULL`, against the same statements one transaction each on one connection:
//! that is the store with one task, whose next unit is never there before the last one is durable.

use std::sync::Arc;

use namaskah_adapters::{
    persistence::{Options, Stores, connect},
    vault::Vault,
};
use namaskah_domain::{Change, Store, UnitOfWork, wallet::Purse};
use namaskah_tests::given;
use serde_json::json;

use crate::{
    Failure, Plan,
    books::{self, FUNDS},
    traffic::{Kind, Measured, Stock, Traffic, drive, user},
};

const WALLETS: u64 = 2_000;
const TASKS: [usize; 2] = [16, 128];

async fn fill(store: &Arc<dyn Store>) -> Result<(), Failure> {
    let units = (1..=WALLETS).map(|number| {
        let user = user(number);
        let unit = UnitOfWork::new().with(Change::OpenAccount(user));
        store.commit(unit.post(given::posting(user, Purse::Wallet, FUNDS)))
    });
    for done in futures::future::join_all(units).await {
        done?;
    }
    Ok(())
}

async fn measure(store: &Arc<dyn Store>, kind: Kind, tasks: usize, plan: Plan) -> Result<Measured, Failure> {
    let count = if kind.ends() { 20_000 * usize::try_from(plan.seconds)? } else { 0 };
    let stock = Stock::fill(store, WALLETS, count).await?;
    drive(store, &Arc::new(Traffic { kind, wallets: WALLETS, stock }), tasks, plan.time()).await
}

/// Every figure, in rounds.
pub async fn figures(plan: Plan, words: &[String]) -> Result<(), Failure> {
    let name = |kind: Kind, tasks| format!("store.sqlite.{}.{tasks}", kind.name());
    let wanted = |kind, tasks| crate::wanted(words, &name(kind, tasks));
    let kinds = [Kind::Hold, Kind::Capture];
    if !kinds.iter().any(|kind| TASKS.iter().any(|tasks| wanted(*kind, *tasks))) {
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let url = format!("sqlite://{}?mode=rwc", folder.path().join("bench.db").display());
    let database = connect(&url, Options::default()).await?;
    namaskah_migration::migrate(database.connection()).await?;
    let store = Stores::open(&database, Arc::new(Vault::new([7; 32]))).store;
    fill(&store).await?;
    for kind in kinds {
        let mut alone = Measured::default();
        let mut together = TASKS.map(|_| Measured::default());
        for _ in 0..plan.rounds {
            alone.add(measure(&store, kind, 1, plan).await?);
            for (tasks, measured) in TASKS.into_iter().zip(&mut together) {
                if wanted(kind, tasks) {
                    measured.add(measure(&store, kind, tasks, plan).await?);
                }
            }
        }
        for (tasks, mut ours) in TASKS.into_iter().zip(together) {
            if wanted(kind, tasks) {
                let (per_s, alone_per_s) = (ours.per_s(), alone.per_s());
                println!(
                    "{}",
                    json!({
                        "figure": name(kind, tasks), "per_s": per_s, "one_by_one_per_s": alone_per_s,
                        "one_by_one_p99_ms": alone.at_ms(0.99), "ratio": crate::ratio(per_s, alone_per_s),
                        "p50_ms": ours.at_ms(0.5), "p99_ms": ours.at_ms(0.99),
                    })
                );
            }
        }
    }
    books::audit(&database).await?;
    println!("{}", json!({"figure": "store.sqlite.audit", "clean": true}));
    database.close().await;
    Ok(())
}
