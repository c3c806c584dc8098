//! `migrate`: the schema of the database.

use namaskah_adapters::persistence::Access;

use super::CommandError;
use crate::{cli::Migrate, config::Config, start};

pub(super) async fn run(config: &Config, what: &Migrate) -> Result<(), CommandError> {
    if let Migrate::Grants { role } = what {
        say!("{}", namaskah_migration::grants::grants(role));
        return Ok(());
    }
    let access = match what {
        Migrate::Up => Access::Make,
        Migrate::Down { .. } => Access::Change,
        Migrate::Status | Migrate::Grants { .. } => Access::Look,
    };
    let database = start::connect(config, access).await?;
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
