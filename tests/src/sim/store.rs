//! What a run is kept in, and the whole of it as the laws read it.

use std::sync::Arc;

use chrono::DateTime;
use namaskah_adapters::{
    persistence::{Database, Options, Stores, connect},
    vault::Vault,
};
use namaskah_domain::{
    Amount, Currency, Fault, Money, Page, PaymentId, Time, UserId, Version,
    memory::{MemoryStore, laws::Snapshot},
    payment::{GatewayDisputeId, Suspended, SuspenseReason, SuspenseState},
    verification::{OrderFilter, ProviderId},
    wallet::{EntryKind, House, LedgerAccount, Purse, Source, Transfer},
};
use sea_orm::{ConnectionTrait, DbErr, QueryResult, Statement};
use uuid::Uuid;

use crate::contract::store::Backend;

/// A store for one run.
pub enum Kept {
    /// In memory.
    Memory(Arc<MemoryStore>, Backend),
    /// In SQLite, through its adapter.
    Sqlite(Database, Backend),
}

/// More rows than a run makes.
const ALL: u32 = 100_000;

impl Kept {
    /// Memory.
    pub fn in_memory() -> Self {
        let store = Arc::new(MemoryStore::new());
        Self::Memory(store.clone(), store.into())
    }

    /// A SQLite database that is gone with the run. Needs a runtime of tokio around it.
    ///
    /// # Errors
    /// If the database cannot be opened.
    pub async fn in_sqlite() -> Result<Self, Fault> {
        let database = connect("sqlite::memory:", Options::default()).await?;
        namaskah_migration::migrate(database.connection()).await.map_err(Fault::new)?;
        let stores = Stores::open(&database, Arc::new(Vault::new([7; 32])));
        Ok(Self::Sqlite(database, stores.into()))
    }

    /// Closes what is open.
    pub async fn close(&self) {
        match self {
            Self::Memory(..) => {}
            Self::Sqlite(database, _) => database.clone().close().await,
        }
    }

    /// Every port.
    pub fn backend(&self) -> &Backend {
        match self {
            Self::Memory(_, backend) | Self::Sqlite(_, backend) => backend,
        }
    }

    /// Everything that is kept now.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn snapshot(&self, users: &[UserId]) -> Result<Snapshot, Fault> {
        match self {
            Self::Memory(store, _) => Ok(Snapshot::of(store)),
            Self::Sqlite(database, backend) => read(database, backend, users).await,
        }
    }
}

async fn read(database: &Database, backend: &Backend, users: &[UserId]) -> Result<Snapshot, Fault> {
    let mut all = Snapshot::default();
    for user in users {
        all.accounts.extend(backend.wallet.account(*user).await?);
        all.grants.extend(backend.books.open_grants(*user).await?);
        all.holds.extend(backend.wallet.holds(*user, Page { after: None, limit: ALL }).await?.rows);
        let page = Page { after: None, limit: ALL };
        all.orders.extend(backend.orders.orders(*user, &OrderFilter::default(), page).await?.rows);
        all.intents.extend(backend.payments.intents(*user, Page { after: None, limit: ALL }).await?.rows);
    }
    for intent in &all.intents {
        all.refunds.extend(backend.payments.refunds_of(intent.id).await?);
    }
    for row in query(database, "SELECT gateway_id FROM disputes ORDER BY id").await? {
        let name: String = row.try_get("", "gateway_id").map_err(Fault::new)?;
        let name = GatewayDisputeId::try_new(&name).map_err(Fault::new)?;
        all.disputes.extend(backend.payments.dispute_named(&name).await?);
    }
    let since = backend.orders.purchases_since(ProviderId::TextVerified, DateTime::UNIX_EPOCH).await?;
    all.purchases = since;
    let orders: Vec<_> = all.orders.iter().map(|order| order.head().id).collect();
    all.messages = backend.orders.messages_of(&orders).await?;
    for row in query(database, "SELECT * FROM transfers ORDER BY id").await? {
        all.journal.push(transfer(&row)?);
    }
    for row in query(database, "SELECT * FROM suspense").await? {
        all.suspended.push(suspended(&row).map_err(Fault::new)?);
    }
    Ok(all)
}

async fn query(database: &Database, sql: &str) -> Result<Vec<QueryResult>, Fault> {
    let connection = database.connection();
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    connection.query_all_raw(statement).await.map_err(Fault::new)
}

fn transfer(row: &QueryResult) -> Result<(Transfer, Option<Money>), Fault> {
    let get = |column: &str| row.try_get::<String>("", column).map_err(Fault::new);
    let user: Option<Uuid> = row.try_get("", "user_id").map_err(Fault::new)?;
    let account = |name: &str| match (name, user) {
        ("wallet", Some(user)) => Ok(LedgerAccount::User(UserId::from_uuid(user), Purse::Wallet)),
        ("promo", Some(user)) => Ok(LedgerAccount::User(UserId::from_uuid(user), Purse::Promo)),
        ("debt", Some(user)) => Ok(LedgerAccount::User(UserId::from_uuid(user), Purse::Debt)),
        (house, _) => house.parse::<House>().map(LedgerAccount::House).map_err(Fault::new),
    };
    let currency: Currency = get("currency")?.parse().map_err(Fault::new)?;
    let units = |column: &str| row.try_get::<Option<i64>>("", column).map_err(Fault::new);
    let kind = get("kind")?;
    let kind = EntryKind::ALL.into_iter().find(|known| known.name() == kind);
    let transfer = Transfer {
        debit: account(&get("debit_account")?)?,
        credit: account(&get("credit_account")?)?,
        amount: Amount::try_new(Money::from_units(units("amount_units")?.unwrap_or_default(), currency))
            .map_err(Fault::new)?,
        kind: kind.ok_or_else(|| Fault::new("a kind of entry that is not known"))?,
        source: Source::from_stored(get("source")?),
        leg: u16::try_from(units("leg")?.unwrap_or_default()).map_err(Fault::new)?,
        at: time(units("created_at_us")?.unwrap_or_default())?,
    };
    let after = units("balance_after_units")?.map(|units| Money::from_units(units, currency));
    Ok((transfer, after))
}

fn suspended(row: &QueryResult) -> Result<Suspended, DbErr> {
    let text = |column: &str| row.try_get::<String>("", column);
    let odd = |error: &dyn std::fmt::Display| DbErr::Custom(error.to_string());
    let currency: Currency = text("paid_currency")?.parse().map_err(|e| odd(&e))?;
    let paid = Money::from_units(row.try_get("", "paid_units")?, currency);
    Ok(Suspended {
        payment: PaymentId::from_uuid(row.try_get("", "payment_id")?),
        user: UserId::from_uuid(row.try_get("", "user_id")?),
        paid: Amount::try_new(paid).map_err(|e| odd(&e))?,
        reason: match text("reason")?.as_str() {
            "currency_differs" => SuspenseReason::CurrencyDiffers,
            "account_closed" => SuspenseReason::AccountClosed,
            _ => SuspenseReason::AmountDiffers,
        },
        at: time(row.try_get("", "at_us")?).map_err(|e| odd(&e))?,
        // Nobody in a run closes one.
        state: SuspenseState::Open,
        version: Version::from_stored(row.try_get("", "version")?),
    })
}

fn time(us: i64) -> Result<Time, Fault> {
    DateTime::from_timestamp_micros(us).ok_or_else(|| Fault::new("no instant"))
}
