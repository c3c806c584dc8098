//! One text for both databases: words in capitals between angle brackets become the database's own.

use sea_orm_migration::{
    prelude::*,
    sea_orm::{ConnectionTrait, DbBackend},
};

const WORDS: [(&str, &str, &str); 8] = [
    ("<UUID>", "UUID", "BLOB"),
    ("<BYTES>", "BYTEA", "BLOB"),
    ("<INT>", "BIGINT", "INTEGER"),
    ("<BOOL>", "BOOLEAN", "INTEGER"),
    ("<SERIAL>", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "INTEGER PRIMARY KEY AUTOINCREMENT"),
    ("<STRICT>", "", "STRICT"),
    ("<BYTEWISE>", "COLLATE \"C\"", ""),
    ("<ROOMY>", "WITH (fillfactor = 80)", "STRICT"),
];

/// Runs statements that both databases understand once their words are put in.
pub(crate) async fn both(manager: &SchemaManager<'_>, statements: &[&str]) -> Result<(), DbErr> {
    let postgres = is_postgres(manager);
    for statement in statements {
        let sql = WORDS.iter().fold((*statement).to_owned(), |sql, (word, on_postgres, on_sqlite)| {
            sql.replace(word, if postgres { on_postgres } else { on_sqlite })
        });
        manager.get_connection().execute_unprepared(&sql).await?;
    }
    Ok(())
}

/// Runs statements on Postgres alone.
pub(crate) async fn on_postgres(manager: &SchemaManager<'_>, statements: &[&str]) -> Result<(), DbErr> {
    if is_postgres(manager) { both(manager, statements).await } else { Ok(()) }
}

/// Runs statements on SQLite alone.
pub(crate) async fn on_sqlite(manager: &SchemaManager<'_>, statements: &[&str]) -> Result<(), DbErr> {
    if is_postgres(manager) { Ok(()) } else { both(manager, statements).await }
}

fn is_postgres(manager: &SchemaManager<'_>) -> bool {
    manager.get_database_backend() == DbBackend::Postgres
}
