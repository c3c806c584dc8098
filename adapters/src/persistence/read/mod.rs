//! Every read, and the ports of those who work after a commit. One statement each, but for [`events`] stamping.
//!
//! A state that an index is made for is spelt out in the text and not bound, so that a prepared plan can use it.

mod adjustments;
mod auth;
mod books;
mod desk;
mod erasures;
mod events;
mod exports;
mod figures;
mod job_desk;
mod jobs;
mod leases;
mod leftovers;
mod notices;
mod notifications;
mod order_desk;
mod orders;
mod payments;
mod reconciliation;
mod schedules;
mod settings;
mod staff;
mod support;
mod terms;
mod vitals;
mod wallet;
mod webhooks;

use std::sync::Arc;

use namaskah_domain::{Fault, Page, PageOf};
use sea_orm::DbErr;

pub use settings::Settings;

use super::database::Database;
use crate::vault::Vault;

/// Implements every read port over one database.
#[derive(Clone)]
pub(crate) struct Reads {
    database: Database,
    vault: Arc<Vault>,
}

impl Reads {
    pub(crate) fn new(database: Database, vault: Arc<Vault>) -> Self {
        Self { database, vault }
    }
}

fn fault(error: DbErr) -> Fault {
    Fault::new(error)
}

/// One row more than the page, to know whether there is one.
fn one_more<C>(page: &Page<C>) -> u64 {
    u64::from(page.limit) + 1
}

fn page_of<M, T>(rows: Vec<M>, limit: u32, each: impl Fn(M) -> Result<T, Fault>) -> Result<PageOf<T>, Fault> {
    Ok(PageOf::from_one_more(all(rows, each)?, limit))
}

fn all<M, T>(rows: Vec<M>, each: impl Fn(M) -> Result<T, Fault>) -> Result<Vec<T>, Fault> {
    rows.into_iter().map(each).collect()
}
