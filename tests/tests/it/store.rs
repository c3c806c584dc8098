//! The contract of the store on SQLite and on Postgres, and what only databases can show.

mod audit;
mod audit_log;
mod bell;
mod books;
mod budget;
mod coalescing;
mod database;
mod drift;
mod keys;
mod migrations;
mod plans;
mod retention;
mod sealed;
mod seals;
mod statements;
mod unreadable;

use std::sync::Arc;

use namaskah_adapters::{
    persistence::{Database, Options, Stores, connect},
    vault::Vault,
};
use namaskah_tests::{
    contract::store::Backend,
    postgres::{self, TestDatabase},
};
use sea_orm::{ConnectionTrait, QueryResult, Statement};

/// A migrated database of its own for one test.
pub struct Opened {
    backend: Backend,
    stores: Stores,
    database: Database,
    url: String,
    folder: Option<tempfile::TempDir>,
    postgres: Option<TestDatabase>,
}

fn vault() -> Arc<Vault> {
    Arc::new(Vault::new([7; 32]))
}

impl Opened {
    fn new(
        database: Database,
        url: String,
        folder: Option<tempfile::TempDir>,
        postgres: Option<TestDatabase>,
    ) -> Self {
        let stores = Stores::open(&database, vault());
        Self { backend: stores.clone().into(), stores, database, url, folder, postgres }
    }

    /// A second instance over the same database.
    async fn second(&self) -> (Backend, Database) {
        let database = connect(&self.url, Options::default()).await.expect("a database");
        (Stores::open(&database, vault()).into(), database)
    }

    async fn query(&self, sql: &str) -> Vec<QueryResult> {
        let connection = self.database.connection();
        let statement = Statement::from_string(connection.get_database_backend(), sql);
        connection.query_all_raw(statement).await.expect(sql)
    }

    async fn close(self) {
        self.database.close().await;
        if let Some(postgres) = self.postgres {
            postgres.remove().await;
        }
        drop(self.folder);
    }
}

async fn open_sqlite(options: Options) -> Opened {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}/test.db", folder.path().display());
    let database = connect(&url, options).await.expect("a database");
    namaskah_migration::migrate(database.connection()).await.expect("the migrations apply");
    Opened::new(database, url, Some(folder), None)
}

async fn open_postgres(options: Options) -> Option<Opened> {
    let postgres = postgres::database().await?;
    let database = connect(&postgres.url, options).await.expect("a database");
    Some(Opened::new(database, postgres.url.clone(), None, Some(postgres)))
}

/// Both databases, or SQLite alone where there is no Postgres.
async fn both() -> Vec<Opened> {
    let sqlite = open_sqlite(Options::default()).await;
    [Some(sqlite), open_postgres(Options::default()).await].into_iter().flatten().collect()
}

mod memory {
    use std::sync::Arc;

    use namaskah_domain::memory::MemoryStore;
    use namaskah_tests::contract::store::Backend;

    struct Opened {
        backend: Backend,
    }

    impl Opened {
        #[allow(clippy::unused_async)] // The databases' counterpart waits.
        async fn close(self) {}
    }

    async fn open() -> Option<Opened> {
        Some(Opened { backend: Arc::new(MemoryStore::new()).into() })
    }

    namaskah_tests::store_contract!(open);
}

mod sqlite {
    use super::*;

    async fn open() -> Option<Opened> {
        Some(open_sqlite(Options::default()).await)
    }

    namaskah_tests::store_contract!(open);
}

mod on_postgres {
    use super::*;

    async fn open() -> Option<Opened> {
        open_postgres(Options::default()).await
    }

    namaskah_tests::store_contract!(open);
}
