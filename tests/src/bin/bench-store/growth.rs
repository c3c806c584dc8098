//! The same figures over a short and over a long journal, side by side on one server.

use std::time::{Duration, Instant};

use namaskah_domain::Page;
use namaskah_tests::postgres;
use serde_json::json;

use crate::{
    Failure, Plan, books,
    postgres::Bench,
    traffic::{Dice, Kind, Measured, Spread, user},
};

const SHORT: u64 = 100_000;
/// Transfers that one statement loads.
const CHUNK: u64 = 1_000_000;
const TASKS: usize = 16;
const LINES: u32 = 20;

/// Adds lines to the wallets' statements in their order until the journal has `transfers`; not by commits.
async fn lengthen(bench: &Bench, wallets: u64, transfers: u64) -> Result<(), Failure> {
    let mut lines = 2 * wallets;
    while lines < transfers {
        let each = CHUNK.min(transfers - lines).div_ceil(2 * wallets);
        books::run(
            &bench.database,
            &format!(
                "INSERT INTO transfers (user_id, debit_account, credit_account, amount_units, currency, kind, source, \
                 leg, balance_after_units, account_version, created_at_us) \
                 SELECT a.user_id, 'adjustment', 'wallet', 100, 'USD', 'adjustment', \
                 'grown:' || ({lines} + row_number() OVER (ORDER BY n, a.user_id)), 1, \
                 a.wallet_posted_units + a.promo_posted_units + 100 * n, a.version + n, 1795341600000000 \
                 FROM generate_series(1::bigint, {each}) n CROSS JOIN accounts a ORDER BY n, a.user_id"
            ),
        )
        .await?;
        books::run(
            &bench.database,
            &format!(
                "UPDATE accounts SET wallet_posted_units = wallet_posted_units + 100 * {each}, version = version + {each}"
            ),
        )
        .await?;
        lines += each * 2 * wallets;
    }
    books::settle(&bench.database).await
}

/// Reads one wallet after another, and the last page of its statement.
async fn reads(bench: &Bench, wallets: u64, time: Duration) -> Result<(Measured, Measured), Failure> {
    let (mut wallet, mut page) = (Measured::default(), Measured::default());
    let (end, mut dice) = (Instant::now() + time, Dice::new(7));
    while Instant::now() < end {
        let user = user(dice.up_to(wallets));
        let begun = Instant::now();
        bench.stores.wallet.account(user).await?.ok_or("no such wallet")?;
        wallet.took.push(u64::try_from(begun.elapsed().as_nanos())?);
        let long = bench.stores.wallet.entries(user, Page { limit: 1_000, after: None }).await?.rows;
        let before_last = long.len().checked_sub(usize::try_from(LINES)? + 1);
        let after = before_last.and_then(|at| long.get(at)).map(|entry| entry.id);
        let begun = Instant::now();
        bench.stores.wallet.entries(user, Page { limit: LINES, after }).await?;
        page.took.push(u64::try_from(begun.elapsed().as_nanos())?);
    }
    Ok((wallet, page))
}

/// `growth [--transfers N]`.
pub async fn bench(words: &[String]) -> Result<(), Failure> {
    let plan = Plan {
        seconds: crate::option(words, "--seconds", 4)?.max(1),
        rounds: crate::option(words, "--rounds", 3)?.max(1),
        wallets: crate::option(words, "--wallets", SHORT)? / 2,
    };
    let transfers = crate::option(words, "--transfers", 10_000_000)?;
    let cluster = postgres::durable_cluster()?;
    let mut benches = Vec::new();
    for length in [0, transfers] {
        let bench = Bench::open(&cluster.empty_database().await, plan.wallets).await?;
        lengthen(&bench, plan.wallets, length).await?;
        bench.warm_up().await?;
        benches.push(bench);
    }
    for (kind, tasks) in
        [(Kind::Hold, TASKS), (Kind::Capture, TASKS), (Kind::Deposit, TASKS), (Kind::Mixed, 256)]
    {
        let mut measured = [Measured::default(), Measured::default()];
        for _ in 0..plan.rounds {
            for (bench, measured) in benches.iter().zip(&mut measured) {
                measured.add(bench.ours(kind, Spread::Uniform, tasks, plan).await?);
            }
        }
        let [short, long] = &mut measured;
        println!(
            "{}",
            json!({
                "figure": format!("growth.{}.uniform.{tasks}", kind.name()), "transfers": transfers,
                "per_s": long.per_s(), "per_s_at_100k": short.per_s(),
                "ratio": crate::ratio(long.per_s(), short.per_s()),
                "p99_ms": long.at_ms(0.99), "p99_ms_at_100k": short.at_ms(0.99),
            })
        );
    }
    if let [_, long] = benches.as_slice() {
        let (wallet, page) = reads(long, plan.wallets, plan.time()).await?;
        for (name, mut read) in [("growth.read.wallet", wallet), ("growth.read.last_page", page)] {
            println!(
                "{}",
                json!({
                    "figure": name, "transfers": transfers, "p50_ms": read.at_ms(0.5), "p99_ms": read.at_ms(0.99),
                })
            );
        }
    }
    for bench in benches {
        bench.close().await?;
    }
    println!("{}", json!({"figure": "growth.audit", "clean": true}));
    Ok(())
}
