//! `purge`: erases numbers and texts at once, while the product serves.

use namaskah_adapters::persistence::Access;
use namaskah_domain::{
    UserId,
    retention::{Erased, RetentionService},
};

use super::CommandError;
use crate::{config::Config, start, wiring};

pub(super) async fn run(config: &Config, user: Option<UserId>) -> Result<(), CommandError> {
    let database = start::connect(config, Access::Change).await?;
    let stores = wiring::open_stores(config, &database).await?;
    start::stamp_mode(config, &stores).await?;
    let clock = start::clock_of(config, &stores).await?;
    let service = RetentionService::new(stores.erasures.clone(), clock, config.retention);
    let erased = match user {
        Some(user) => service.purge_user(user).await?,
        None => service.purge().await?,
    };
    let Erased { orders, purchases, messages, notices, letters, tickets, notifications } = erased;
    say!("numbers of {orders} orders and {purchases} purchases, {messages} texts");
    if user.is_none() {
        say!("bodies of {notices} notices, {letters} letters that were given up, {tickets} tickets");
        say!("{notifications} notifications of accounts that were closed, and wishes about them");
    }
    database.close().await;
    Ok(())
}
