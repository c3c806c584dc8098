//! How far events were given to endpoints: one row, which the migration has made.

use namaskah_domain::{Version, webhook::Cursor};
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_cursors")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    pub sequence: i64,
    pub version: i64,
}
alone!();

/// The name of the one row.
pub(crate) const NAME: &str = "events";

impl From<&Cursor> for Model {
    fn from(cursor: &Cursor) -> Self {
        Self { name: NAME.to_owned(), sequence: cursor.sequence, version: cursor.version.get() }
    }
}

impl From<Model> for Cursor {
    fn from(row: Model) -> Self {
        Self { sequence: row.sequence, version: Version::from_stored(row.version) }
    }
}
