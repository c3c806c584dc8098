//! Our books and the providers', compared.

use std::collections::BTreeSet;

use namaskah_adapters::persistence::{
    Database, Options,
    audit::{Audit, Question, Scope},
    connect,
};
use sea_orm::{ConnectionTrait, Statement};
use serde_json::Value;

use super::controls::{Controls, eventually};

/// Our database, read from outside.
pub struct Books {
    database: Database,
    controls: Controls,
}

const OPEN_ORDERS: &str = "SELECT COUNT(*) FROM orders WHERE state IN ('requested', 'waiting')";
const OPEN_HOLDS: &str = "SELECT COUNT(*) FROM holds WHERE state = 'open' AND purpose = 'order'";
impl Books {
    pub async fn open(url: &str, controls: Controls) -> Self {
        let options = Options { max_connections: 2, ..Options::default() };
        Self { database: connect(url, options).await.expect("the product's database"), controls }
    }

    pub async fn close(self) {
        self.database.close().await;
    }

    /// The one number that a statement gives.
    pub async fn count(&self, sql: &str) -> i64 {
        let connection = self.database.connection();
        let sql = format!("SELECT CAST(({sql}) AS BIGINT) AS n");
        let row = connection.query_one_raw(Statement::from_string(connection.get_database_backend(), &sql));
        row.await.expect(&sql).expect("a row").try_get("", "n").expect("a number")
    }

    /// Something that only a long time or a rare failure would bring about.
    pub async fn run(&self, sql: &str) {
        let connection = self.database.connection();
        let statement = Statement::from_string(connection.get_database_backend(), sql);
        connection.execute_raw(statement).await.expect(sql);
    }

    /// The first column, as text.
    pub async fn texts(&self, sql: &str) -> Vec<String> {
        let connection = self.database.connection();
        let statement = Statement::from_string(connection.get_database_backend(), sql);
        let rows = connection.query_all_raw(statement).await.expect(sql);
        rows.iter().map(|row| row.try_get_by_index(0).expect("a text")).collect()
    }

    /// Every promise about our own records holds.
    pub async fn keep_promises(&self) {
        let asked = Question::of(Scope::Everything);
        let report = Audit::new(&self.database).run(&asked, &mut |_| {}).await.expect("an audit");
        let broken: Vec<_> = report.broken().collect();
        assert!(broken.is_empty(), "{broken:#?}");
        assert_eq!(self.count(OPEN_ORDERS).await, self.count(OPEN_HOLDS).await, "one hold an open order");
    }

    /// Every purchase at the provider is bound to one order or listed as an orphan, and none of ours is invented.
    pub async fn agree_on_purchases(&self) {
        eventually("no purchase has an unknown outcome", || async {
            let unknown = self.count("SELECT COUNT(*) FROM purchases WHERE state = 'sent'").await;
            (unknown == 0).then_some(())
        })
        .await;
        let theirs = self.controls.purchases().await;
        let theirs: BTreeSet<String> = theirs.iter().map(|p| super::customer::text(p, "id")).collect();
        let ours = self.texts("SELECT reservation FROM purchases WHERE state IN ('bound', 'orphan')").await;
        assert_eq!(ours.len(), ours.iter().collect::<BTreeSet<_>>().len(), "each reservation once: {ours:?}");
        assert_eq!(ours.into_iter().collect::<BTreeSet<_>>(), theirs, "ours and theirs");
    }

    /// The float that we believe to have at the provider is the one it says, once its credits were seen.
    pub async fn agree_on_money(&self) {
        eventually("the provider's books and ours agree", || async {
            let spent =
                "SELECT COALESCE(SUM(units), 0) FROM postings WHERE account = 'provider_float:textverified'";
            let ours = self.count(spent).await;
            let theirs: i64 = self
                .controls
                .purchases()
                .await
                .iter()
                .map(|purchase| units(&purchase["charged"]) - units(&purchase["credited"]))
                .sum();
            (ours == theirs).then_some(())
        })
        .await;
        let open = "SELECT COALESCE(-SUM(units), 0) FROM postings WHERE account LIKE 'provider_receivable%'";
        let items = "SELECT COALESCE(SUM(cost_units), 0) FROM purchases WHERE receivable = 'open'";
        assert_eq!(self.count(open).await, self.count(items).await, "the receivable is the sum of its items");
    }
}

/// Decimal text of dollars as ledger units.
pub fn units(dollars: &Value) -> i64 {
    let dollars = dollars.as_str().expect("decimal text");
    let money = namaskah_domain::Money::parse(dollars, namaskah_domain::Currency::Usd).expect("an amount");
    money.units()
}
