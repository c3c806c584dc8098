//! The store and every read, on Postgres and on SQLite.
//!
//! [`connect`] to a database, migrate it, and [`Stores::open`] gives every port over it.
//!
//! # Round trips
//! A commit is at most one statement on Postgres, without an explicit transaction; commits that come together share
//! one ([`PostgresStore`]). On SQLite commits share a transaction of the one writer ([`SqliteStore`]). A read is one
//! statement.
//!
//! # Time
//! Instants are microseconds since 1970 in UTC, as integers, on both databases: they sort and subtract alike.

pub mod audit;
mod batch;
mod bell;
mod claims;
mod database;
mod entity;
mod explain;
pub mod keys;
mod known;
mod plan;
mod pooler;
mod postgres;
mod read;
mod refusal;
pub mod seal;
mod settle;
mod snapshot;
mod sqlite;
mod statement;
mod stored;
mod url;
mod writer;

pub use bell::PostgresBell;
pub use database::{Access, BatchObserver, Database, Options, PoolUse, Ran, StatementObserver, connect};
pub use explain::Explainer;
pub use postgres::PostgresStore;
use read::Reads;
pub use read::Settings;
use seal::{Pace, Sealer};
pub use sqlite::SqliteStore;
pub use url::{InvalidUrl, check_url};

use std::sync::Arc;

use namaskah_domain::{
    Store,
    auth::AuthReads,
    notification::NotificationReads,
    outbox::{EventLog, JobReads, Jobs, Leases, NoticeReads, ScheduleReads},
    payment::{DeskReads, PaymentReads},
    reconciliation::ReconciliationReads,
    retention::Erasures,
    staff::{AdjustmentReads, AuditSeals, ExportReads, FigureReads, OrderDeskReads, StaffReads},
    support::SupportReads,
    suppression::Suppressions,
    upkeep::Leftovers,
    verification::{OrderReads, TermReads},
    vitals::VitalsReads,
    wallet::{BookReads, WalletReads},
    webhook::WebhookReads,
};

use crate::vault::Vault;

/// Every port over one database.
#[derive(Clone)]
pub struct Stores {
    /// The one way in which anything changes.
    pub store: Arc<dyn Store>,
    /// Accounts, holds, the journal, settings of wallets.
    pub wallet: Arc<dyn WalletReads>,
    /// What staff decided, gifts, and what waits to be closed.
    pub books: Arc<dyn BookReads>,
    /// Payments.
    pub payments: Arc<dyn PaymentReads>,
    /// Payments as staff sees them.
    pub desk: Arc<dyn DeskReads>,
    /// Quotes, orders, purchases, messages.
    pub orders: Arc<dyn OrderReads>,
    /// Users, sessions, tokens.
    pub auth: Arc<dyn AuthReads>,
    /// What is held against providers' lists, and what was found.
    pub reconciliation: Arc<dyn ReconciliationReads>,
    /// What staff reads.
    pub staff: Arc<dyn StaffReads>,
    /// Corrections of wallets.
    pub adjustments: Arc<dyn AdjustmentReads>,
    /// Tickets.
    pub support: Arc<dyn SupportReads>,
    /// Endpoints of users, and deliveries to them.
    pub webhooks: Arc<dyn WebhookReads>,
    /// What users are told, and wish to be told.
    pub notifications: Arc<dyn NotificationReads>,
    /// Addresses that get no mail.
    pub suppressions: Arc<dyn Suppressions>,
    /// How work stands.
    pub vitals: Arc<dyn VitalsReads>,
    /// Orders and attempts, as staff asks for them.
    pub order_desk: Arc<dyn OrderDeskReads>,
    /// Figures.
    pub figures: Arc<dyn FigureReads>,
    /// Lists that leave the system.
    pub exports: Arc<dyn ExportReads>,
    /// Terms of trade.
    pub terms: Arc<dyn TermReads>,
    /// Reads the sealed log of staff again.
    pub audit_seals: Arc<dyn AuditSeals>,
    /// Providers' messages.
    pub notices: Arc<dyn NoticeReads>,
    /// The log of events.
    pub events: Arc<dyn EventLog>,
    /// The queue of jobs.
    pub jobs: Arc<dyn Jobs>,
    /// Jobs as staff sees them.
    pub job_desk: Arc<dyn JobReads>,
    /// When work comes again.
    pub schedules: Arc<dyn ScheduleReads>,
    /// Rights that one process has at a time.
    pub leases: Arc<dyn Leases>,
    /// Erases what is past retention.
    pub erasures: Arc<dyn Erasures>,
    /// Deletes what is of no more use.
    pub leftovers: Arc<dyn Leftovers>,
    /// The mode stamp and the clock's offset.
    pub settings: Settings,
    /// Seals what must not change.
    pub sealer: Arc<Sealer>,
}

impl Stores {
    /// Every port over `database`, whose schema is current. `vault` seals what is stored. Within a runtime.
    pub fn open(database: &Database, vault: Arc<Vault>) -> Self {
        let store: Arc<dyn Store> = match database.writer() {
            None => {
                let pool = database.connection().clone();
                Arc::new(PostgresStore::new(pool, database.observers().clone(), vault.clone()))
            }
            Some(writer) => {
                Arc::new(SqliteStore::new(writer.clone(), database.reads().clone(), vault.clone()))
            }
        };
        let reads = Arc::new(Reads::new(database.clone(), vault));
        Self {
            store,
            wallet: reads.clone(),
            books: reads.clone(),
            payments: reads.clone(),
            desk: reads.clone(),
            orders: reads.clone(),
            auth: reads.clone(),
            reconciliation: reads.clone(),
            staff: reads.clone(),
            adjustments: reads.clone(),
            support: reads.clone(),
            webhooks: reads.clone(),
            notifications: reads.clone(),
            suppressions: reads.clone(),
            vitals: reads.clone(),
            order_desk: reads.clone(),
            figures: reads.clone(),
            exports: reads.clone(),
            terms: reads.clone(),
            audit_seals: reads.clone(),
            notices: reads.clone(),
            events: reads.clone(),
            jobs: reads.clone(),
            job_desk: reads.clone(),
            schedules: reads.clone(),
            leases: reads.clone(),
            erasures: reads.clone(),
            leftovers: reads,
            settings: Settings::new(database.clone()),
            sealer: Arc::new(Sealer::new(database, Pace::default())),
        }
    }
}
