//! The contract of the store on SQLite and on Postgres, and what only databases can show.

use std::sync::Arc;

use namaskah_adapters::{
    persistence::{Database, Options, Stores, connect},
    vault::Vault,
};
use namaskah_tests::{
    contract::store::Backend,
    postgres::{self, TestDatabase},
};

/// A migrated database of its own for one test.
pub struct Opened {
    backend: Backend,
    stores: Stores,
    database: Database,
    _folder: Option<tempfile::TempDir>,
    postgres: Option<TestDatabase>,
}

impl Opened {
    fn new(database: Database, folder: Option<tempfile::TempDir>, postgres: Option<TestDatabase>) -> Self {
        let stores = Stores::open(&database, Arc::new(Vault::new([7; 32])));
        Self { backend: stores.clone().into(), stores, database, _folder: folder, postgres }
    }

    async fn close(self) {
        self.database.close().await;
        if let Some(postgres) = self.postgres {
            postgres.remove().await;
        }
    }
}

mod sqlite {
    use super::*;

    async fn open_with(options: Options) -> Option<Opened> {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}/test.db", folder.path().display());
        let database = connect(&url, options).await.expect("a database");
        namaskah_migration::migrate(database.connection()).await.expect("the migrations apply");
        Some(Opened::new(database, Some(folder), None))
    }

    async fn open() -> Option<Opened> {
        open_with(Options::default()).await
    }

    namaskah_tests::store_contract!(open);
}

mod on_postgres {
    use super::*;

    async fn open_with(options: Options) -> Option<Opened> {
        let postgres = postgres::database().await?;
        let database = connect(&postgres.url, options).await.expect("a database");
        Some(Opened::new(database, None, Some(postgres)))
    }

    async fn open() -> Option<Opened> {
        open_with(Options::default()).await
    }

    namaskah_tests::store_contract!(open);
}
