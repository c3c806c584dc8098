//! Wallets to begin with, and what must be true of them at the end.

use namaskah_adapters::persistence::{
    Database,
    audit::{Audit, Question, Scope},
};
use sea_orm::ConnectionTrait;

use crate::{Failure, traffic::UNITS};

/// What every wallet begins with: more than any run can spend.
pub const FUNDS: i64 = 1_000_000_000_000;
const AT: i64 = 1_795_341_600_000_000;

pub async fn run(database: &Database, sql: &str) -> Result<(), Failure> {
    database.connection().execute_unprepared(sql).await?;
    Ok(())
}

/// Wallets 1 to `count` on Postgres, each with the transfer that paid it in.
pub async fn fill(database: &Database, count: u64) -> Result<(), Failure> {
    let user = "lpad(to_hex(n), 32, '0')::uuid";
    run(
        database,
        &format!(
            "INSERT INTO accounts (user_id, wallet_posted_units, wallet_held_units, promo_posted_units, \
             promo_held_units, debt_units, open_orders, open_intents, frozen, version) \
             SELECT {user}, {FUNDS}, 0, 0, 0, 0, 0, 0, false, 2 FROM generate_series(1::bigint, {count}) n"
        ),
    )
    .await?;
    run(
        database,
        &format!(
            "INSERT INTO transfers (user_id, debit_account, credit_account, amount_units, currency, kind, source, leg, \
             balance_after_units, account_version, created_at_us) \
             SELECT {user}, 'adjustment', 'wallet', {FUNDS}, 'USD', 'adjustment', 'begin:' || n, 1, {FUNDS}, 2, {AT} \
             FROM generate_series(1::bigint, {count}) n"
        ),
    )
    .await?;
    for sequence in ["bench_holds", "bench_orders", "bench_sources"] {
        run(database, &format!("CREATE SEQUENCE {sequence} CACHE 100")).await?;
    }
    settle(database).await
}

/// What the server would do in its own time is done before the clock runs.
pub async fn settle(database: &Database) -> Result<(), Failure> {
    for sql in
        ["VACUUM (ANALYZE) accounts", "VACUUM (ANALYZE) holds", "VACUUM (ANALYZE) transfers", "CHECKPOINT"]
    {
        run(database, sql).await?;
    }
    Ok(())
}

/// Open holds for pgbench to end, numbered from `first`, of the wallets `low + 1` to `low + wallets`.
pub async fn stock(
    database: &Database,
    first: u64,
    count: u64,
    low: u64,
    wallets: u64,
) -> Result<(), Failure> {
    let last = first + count - 1;
    run(
        database,
        &format!(
            "WITH placed AS (INSERT INTO holds (id, user_id, order_id, amount_units, promo_units, wallet_units, \
             currency, state, placed_at_us) \
             SELECT ('0000001' || lpad(to_hex(n), 25, '0'))::uuid, \
             lpad(to_hex({low} + 1 + (n * 7919) % {wallets}), 32, '0')::uuid, \
             ('0000003' || lpad(to_hex(n), 25, '0'))::uuid, {UNITS}, 0, {UNITS}, 'USD', 'open', {AT} \
             FROM generate_series({first}::bigint, {last}) n RETURNING user_id), \
             counted AS (SELECT user_id, count(*) AS holds FROM placed GROUP BY user_id) \
             UPDATE accounts a SET wallet_held_units = wallet_held_units + {UNITS} * c.holds, \
             open_orders = open_orders + c.holds, version = version + 1 FROM counted c WHERE a.user_id = c.user_id"
        ),
    )
    .await
}

/// What `namaskah audit` checks of the ledger: these holds have no orders, which its other laws ask for.
///
/// # Errors
/// Names the laws that are broken, and rows.
pub async fn audit(database: &Database) -> Result<(), Failure> {
    let report = Audit::new(database).run(&Question::of(Scope::Ledger), &mut |_| {}).await?;
    let broken: Vec<_> = report
        .broken()
        .map(|law| format!("{} rows break {}: {:?}", law.broken, law.law, law.offenders.first()))
        .collect();
    if broken.is_empty() { Ok(()) } else { Err(broken.join("; ").into()) }
}
