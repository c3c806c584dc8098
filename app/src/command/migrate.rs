//! `migrate`: the schema of the database.

use super::CommandError;
use crate::{cli::Migrate, config::Config, start};

pub(super) async fn run(config: &Config, what: &Migrate) -> Result<(), CommandError> {
    if let Migrate::Grants { role } = what {
        say!("{}", namaskah_migration::grants::grants(role));
        return Ok(());
    }
    let database = start::connect(config).await?;
    let connection = database.connection();
    match what {
        Migrate::Up => namaskah_migration::migrate(connection).await?,
        Migrate::Down { steps } => namaskah_migration::down(connection, *steps).await?,
        Migrate::Status | Migrate::Grants { .. } => {}
    }
    for (step, applied) in namaskah_migration::status(connection).await? {
        say!("{} {step}", if applied { "applied" } else { "pending" });
    }
    database.close().await;
    Ok(())
}
