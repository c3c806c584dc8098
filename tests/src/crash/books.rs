//! The product's database, read from outside while it serves.

use std::collections::{BTreeMap, BTreeSet};

use namaskah_adapters::persistence::{Database, Options, connect};
use sea_orm::{ConnectionTrait, DbErr, QueryResult, Statement};
use uuid::Uuid;

use super::Failure;

/// Its books. On SQLite they are closed before a product is killed, so that the next one finds the file as the killed
/// one left it.
pub struct Books(Database);

/// An order, as it is stored.
#[derive(Debug)]
pub struct OrderRow {
    /// Whose.
    pub user: Uuid,
    /// Its state.
    pub state: String,
    /// Its price in ledger units.
    pub price_units: i64,
    /// How often it changed.
    pub version: i64,
    /// Its number's name at the provider.
    pub reservation: Option<String>,
}

/// Each statement counts breaches of one law. A text is stamped by the provider's clock, which is ahead of a product
/// that was frozen while the clock was moved; then what counts is that it was taken in before the end. A day after an
/// order's end its texts are erased whole; then the provider's books alone say that there was a code.
const LAWS: [(&str, &str); 13] = [
    (
        "postings of a source sum to zero in each currency",
        "SELECT COUNT(*) FROM (SELECT 1 FROM postings GROUP BY source, currency HAVING SUM(units) <> 0) AS broken",
    ),
    (
        "a posted balance is the sum of its postings",
        "SELECT COUNT(*) FROM accounts a WHERE wallet_posted_units <>
         (SELECT COALESCE(SUM(units), 0) FROM postings p WHERE p.user_id = a.user_id AND p.account = 'wallet')",
    ),
    (
        "promo posted is the sum of its postings",
        "SELECT COUNT(*) FROM accounts a WHERE promo_posted_units <>
         (SELECT COALESCE(SUM(units), 0) FROM postings p WHERE p.user_id = a.user_id AND p.account = 'promo')",
    ),
    (
        "held is the sum of open holds",
        "SELECT COUNT(*) FROM accounts a WHERE wallet_held_units + promo_held_units <>
         (SELECT COALESCE(SUM(amount_units), 0) FROM holds h WHERE h.user_id = a.user_id AND h.state = 'open')",
    ),
    (
        "posted covers held, held is not negative",
        "SELECT COUNT(*) FROM accounts WHERE wallet_held_units < 0 OR promo_held_units < 0
         OR wallet_posted_units < wallet_held_units OR promo_posted_units < promo_held_units",
    ),
    (
        "the count of open orders is right",
        "SELECT COUNT(*) FROM accounts a WHERE open_orders <>
         (SELECT COUNT(*) FROM orders o WHERE o.user_id = a.user_id AND o.state IN ('requested', 'waiting'))",
    ),
    (
        "order and hold agree",
        "SELECT COUNT(*) FROM orders o JOIN holds h ON h.id = o.hold_id WHERE h.state <>
         CASE WHEN o.state IN ('requested', 'waiting') THEN 'open' WHEN o.state = 'completed' THEN 'captured'
              ELSE 'released' END",
    ),
    ("every order has a hold", "SELECT COUNT(*) FROM orders WHERE hold_id NOT IN (SELECT id FROM holds)"),
    (
        "a reservation belongs to one purchase",
        "SELECT COUNT(*) FROM (SELECT 1 FROM purchases WHERE reservation IS NOT NULL
         GROUP BY provider, reservation HAVING COUNT(*) > 1) AS broken",
    ),
    (
        "an order has one attempt at the provider",
        "SELECT COUNT(*) FROM (SELECT 1 FROM purchases WHERE order_id IS NOT NULL
         GROUP BY order_id HAVING COUNT(*) > 1) AS broken",
    ),
    (
        "a number is shown once to a user for a service",
        "SELECT COUNT(*) FROM (SELECT 1 FROM orders WHERE number_digest IS NOT NULL
         GROUP BY user_id, service, number_digest HAVING COUNT(*) > 1) AS broken",
    ),
    (
        "an order that has a number has one bound purchase",
        "SELECT COUNT(*) FROM orders o WHERE o.number_digest IS NOT NULL AND
         (SELECT COUNT(*) FROM purchases p WHERE p.order_id = o.id AND p.state = 'bound') <> 1",
    ),
    (
        "a captured order has a readable code of its own reservation, from after its number was shown",
        "SELECT COUNT(*) FROM orders o WHERE o.state = 'completed' AND NOT EXISTS
         (SELECT 1 FROM messages m WHERE m.order_id = o.id AND m.reservation = o.reservation
          AND (m.code_sealed IS NOT NULL OR m.text_sealed IS NULL) AND m.received_at_us >= o.bound_at_us - 1000000
          AND (m.received_at_us <= o.expires_at_us OR m.stored_at_us <= o.expires_at_us))",
    ),
];

impl Books {
    /// Opens them.
    ///
    /// # Errors
    /// If the database cannot be reached.
    pub async fn open(url: &str) -> Result<Self, Failure> {
        let options = Options { max_connections: 2, ..Options::default() };
        Ok(Self(connect(url, options).await?))
    }

    /// Closes them.
    pub async fn close(self) {
        self.0.close().await;
    }

    async fn rows<T>(
        &self,
        sql: &str,
        read: impl Fn(&QueryResult) -> Result<T, DbErr>,
    ) -> Result<Vec<T>, Failure> {
        let connection = self.0.reads();
        let statement = Statement::from_string(connection.get_database_backend(), sql);
        let rows = connection.query_all_raw(statement).await.map_err(|error| format!("{error}: {sql}"))?;
        rows.iter().map(|row| read(row).map_err(Into::into)).collect()
    }

    /// What a product holds that was killed or frozen is free again, as it would be after a minute of the database's
    /// own time, which nobody can move.
    ///
    /// # Errors
    /// If the database refuses.
    pub async fn leases_run_out(&self) -> Result<(), Failure> {
        for sql in
            ["UPDATE leases SET until_us = 0", "UPDATE jobs SET leased_until_us = 0 WHERE holder IS NOT NULL"]
        {
            self.0.connection().execute_unprepared(sql).await?;
        }
        Ok(())
    }

    /// The one number that a statement gives.
    ///
    /// # Errors
    /// If the database refuses.
    pub async fn count(&self, sql: &str) -> Result<i64, Failure> {
        let sql = format!("SELECT CAST(({sql}) AS BIGINT) AS n");
        let rows = self.rows(&sql, |row| row.try_get("", "n")).await?;
        rows.first().copied().ok_or_else(|| "no number".into())
    }

    /// Laws that are broken.
    ///
    /// # Errors
    /// If the database refuses.
    pub async fn broken_laws(&self) -> Result<Vec<String>, Failure> {
        let mut broken = Vec::new();
        for (law, breaches) in LAWS {
            let n = self.count(breaches).await?;
            if n != 0 {
                broken.push(format!("{law}: {n} breaches"));
            }
        }
        Ok(broken)
    }

    /// Every order.
    ///
    /// # Errors
    /// If the database refuses.
    pub async fn orders(&self) -> Result<BTreeMap<Uuid, OrderRow>, Failure> {
        let sql = "SELECT id, user_id, state, price_units, version, reservation FROM orders";
        let read = |row: &QueryResult| {
            let order = OrderRow {
                user: row.try_get("", "user_id")?,
                state: row.try_get("", "state")?,
                price_units: row.try_get("", "price_units")?,
                version: row.try_get("", "version")?,
                reservation: row.try_get("", "reservation")?,
            };
            Ok((row.try_get("", "id")?, order))
        };
        Ok(self.rows(sql, read).await?.into_iter().collect())
    }

    /// Reservations that are bound to an order or listed as orphans; each as often as it is.
    ///
    /// # Errors
    /// If the database refuses.
    pub async fn reservations(&self) -> Result<Vec<String>, Failure> {
        let sql = "SELECT reservation FROM purchases WHERE state IN ('bound', 'orphan')";
        self.rows(sql, |row| row.try_get("", "reservation")).await
    }

    /// What was credited to wallets for payments: by the payment's reference, each sum in ledger units.
    ///
    /// # Errors
    /// If the database refuses.
    pub async fn credits(&self) -> Result<BTreeMap<String, Vec<i64>>, Failure> {
        let sql = "SELECT source, amount_units FROM transfers
                   WHERE credit_account = 'wallet' AND source LIKE 'paystack:%'";
        let read = |row: &QueryResult| {
            Ok((row.try_get::<String>("", "source")?, row.try_get::<i64>("", "amount_units")?))
        };
        let mut all: BTreeMap<String, Vec<i64>> = BTreeMap::new();
        for (source, units) in self.rows(sql, read).await? {
            all.entry(source.trim_start_matches("paystack:").to_owned()).or_default().push(units);
        }
        Ok(all)
    }

    /// References whose whole sum went to suspense.
    ///
    /// # Errors
    /// If the database refuses.
    pub async fn suspended(&self) -> Result<BTreeSet<String>, Failure> {
        let sql = "SELECT source FROM transfers WHERE credit_account = 'suspense'";
        let read = |row: &QueryResult| row.try_get::<String>("", "source");
        let all = self.rows(sql, read).await?;
        Ok(all.into_iter().map(|source| source.trim_start_matches("paystack:").to_owned()).collect())
    }

    /// What we believe to have paid for each reservation, less what came back, in ledger units.
    ///
    /// # Errors
    /// If the database refuses.
    pub async fn float(&self) -> Result<BTreeMap<String, i64>, Failure> {
        let sql = "SELECT source, CAST(SUM(units) AS BIGINT) AS units FROM postings
                   WHERE account = 'provider_float:textverified' GROUP BY source";
        let read =
            |row: &QueryResult| Ok((row.try_get::<String>("", "source")?, row.try_get::<i64>("", "units")?));
        let mut all: BTreeMap<String, i64> = BTreeMap::new();
        for (source, units) in self.rows(sql, read).await? {
            let reservation = source.split_once(':').map_or("", |(_, reservation)| reservation);
            *all.entry(reservation.to_owned()).or_default() += units;
        }
        Ok(all)
    }
}
