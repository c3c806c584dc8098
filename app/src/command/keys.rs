//! `keys reseal`: moves every sealed value to the newest key, while the product serves.

use std::process::ExitCode;

use namaskah_adapters::persistence::{
    Access,
    keys::{self, Column, Done},
};

use super::CommandError;
use crate::{cli::Keys, config::Config, start, wiring};

pub(super) async fn run(config: &Config, what: &Keys) -> Result<ExitCode, CommandError> {
    let Keys::Reseal = what;
    let database = start::connect(config, Access::Change).await?;
    let stores = wiring::open_stores(config, &database).await?;
    start::stamp_mode(config, &stores).await?;
    let keys = wiring::master_keys(config)?;
    let mut tell = |of: Column, done: Done| {
        say!("{}.{}: {} sealed anew", of.table, of.column, done.resealed);
        if done.unreadable > 0 {
            say!("{}.{}: {} open with no key", of.table, of.column, done.unreadable);
        }
    };
    let left = keys::reseal(&database, &keys, &mut tell).await?;
    database.close().await;
    if left == 0 {
        say!("nothing needs an older key: the newest may stand alone");
        return Ok(ExitCode::SUCCESS);
    }
    say!("{left} values still need an older key; run this again, and keep the older keys until then");
    Ok(ExitCode::FAILURE)
}
