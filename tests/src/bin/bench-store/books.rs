//! Wallets to begin with, and what must be true of them at the end.

use namaskah_adapters::persistence::Database;
use sea_orm::{ConnectionTrait, DbBackend, QueryResult, Statement};

use crate::{Failure, traffic::UNITS};

/// What every wallet begins with: more than any run can spend.
pub const FUNDS: i64 = 1_000_000_000_000;
const AT: i64 = 1_795_341_600_000_000;

pub async fn run(database: &Database, sql: &str) -> Result<(), Failure> {
    database.connection().execute_unprepared(sql).await?;
    Ok(())
}

async fn rows(database: &Database, sql: &str) -> Result<Vec<QueryResult>, Failure> {
    let statement = Statement::from_string(DbBackend::Postgres, sql);
    Ok(database.connection().query_all_raw(statement).await?)
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

/// What must be true of every wallet: each query finds the rows of which it is not.
const LAWS: [(&str, &str); 4] = [
    (
        "a posted balance is the sum of its postings",
        "SELECT a.user_id FROM accounts a LEFT JOIN (SELECT user_id, \
         sum(CASE WHEN credit_account = 'wallet' THEN amount_units WHEN debit_account = 'wallet' THEN -amount_units \
         ELSE 0 END) AS units FROM transfers GROUP BY user_id) t ON t.user_id = a.user_id \
         WHERE a.wallet_posted_units <> coalesce(t.units, 0) LIMIT 10",
    ),
    (
        "held is the sum of open holds, and open orders are their number",
        "SELECT a.user_id FROM accounts a LEFT JOIN (SELECT user_id, sum(wallet_units) AS units, count(*) AS holds \
         FROM holds WHERE state = 'open' GROUP BY user_id) h ON h.user_id = a.user_id \
         WHERE a.wallet_held_units <> coalesce(h.units, 0) OR a.open_orders <> coalesce(h.holds, 0) LIMIT 10",
    ),
    (
        "the last line of a statement is the balance",
        "SELECT a.user_id FROM accounts a JOIN (SELECT DISTINCT ON (user_id) user_id, balance_after_units AS units \
         FROM transfers WHERE user_id IS NOT NULL ORDER BY user_id, id DESC) t ON t.user_id = a.user_id \
         WHERE a.wallet_posted_units + a.promo_posted_units <> t.units LIMIT 10",
    ),
    (
        "each line's balance is the one before it and its amount",
        "SELECT user_id FROM (SELECT user_id, balance_after_units - coalesce(lag(balance_after_units) \
         OVER (PARTITION BY user_id ORDER BY id), 0) AS step, \
         CASE WHEN credit_account = 'wallet' THEN amount_units ELSE -amount_units END AS units \
         FROM transfers WHERE user_id IS NOT NULL) t WHERE step <> units LIMIT 10",
    ),
];

/// # Errors
/// Names the law that is broken, and by which rows.
pub async fn audit(database: &Database) -> Result<(), Failure> {
    for (law, sql) in LAWS {
        let broken = rows(database, sql).await?;
        if !broken.is_empty() {
            return Err(format!("not true of {} rows or more: {law}", broken.len()).into());
        }
    }
    Ok(())
}
