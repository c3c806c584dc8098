//! `migrate`: the schema of the database.

use namaskah_adapters::persistence::Access;
use sea_orm::DatabaseConnection;

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
        Migrate::Down { steps, yes } => down(connection, *steps, *yes).await?,
        Migrate::Status | Migrate::Grants { .. } => {}
    }
    for (step, applied) in namaskah_migration::status(connection).await? {
        say!("{} {step}", if applied { "applied" } else { "pending" });
    }
    database.close().await;
    Ok(())
}

/// Why nothing is taken back.
#[derive(Debug, thiserror::Error)]
enum NotTakenBack {
    #[error("{asked} steps cannot be taken back: {applied} are applied")]
    TooMany { asked: u32, applied: usize },
    #[error("this would take back, with their data: {}. Stop every process and say --yes if that is meant", .0.join(", "))]
    NotSure(Vec<String>),
}

async fn down(connection: &DatabaseConnection, steps: u32, is_sure: bool) -> Result<(), CommandError> {
    let status = namaskah_migration::status(connection).await?;
    let applied: Vec<String> =
        status.into_iter().rev().filter_map(|(step, applied)| applied.then_some(step)).collect();
    let newest: Vec<String> = applied.iter().take(steps as usize).cloned().collect();
    if newest.len() < steps as usize {
        return Err(NotTakenBack::TooMany { asked: steps, applied: applied.len() }.into());
    }
    if !is_sure {
        return Err(NotTakenBack::NotSure(newest).into());
    }
    Ok(namaskah_migration::down(connection, steps).await?)
}
