//! What a database's refusal means: the one table from constraints to the port's own words.

use namaskah_domain::{CommitError, Fault, Unique};
use sea_orm::{DbErr, RuntimeErr, sqlx};

/// Why a commit did not apply, before its claim was looked up.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The claim's key is taken.
    Claimed,
    /// Another commit was in the way; the same unit may be tried again at once.
    Collision(Fault),
    /// Final.
    Error(CommitError),
}

impl From<CommitError> for Refusal {
    fn from(error: CommitError) -> Self {
        Self::Error(error)
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self::Error(CommitError::Unavailable(fault))
    }
}

fn of_database(error: &DbErr) -> Option<&dyn sqlx::error::DatabaseError> {
    let (DbErr::Exec(RuntimeErr::SqlxError(e)) | DbErr::Query(RuntimeErr::SqlxError(e))) = error else {
        return None;
    };
    e.as_database_error()
}

/// A refusal by Postgres, which names the constraint.
pub(crate) fn on_postgres(error: DbErr) -> Refusal {
    let Some(database) = of_database(&error) else { return Fault::new(error).into() };
    if matches!(database.code().as_deref(), Some("40P01" | "40001")) {
        return Refusal::Collision(Fault::new(error));
    }
    match database.constraint() {
        Some("idempotency_once") => Refusal::Claimed,
        Some(name) => match named(name) {
            Some(refused) => refused.into(),
            None => Fault::new(error).into(),
        },
        None => Fault::new(error).into(),
    }
}

fn named(constraint: &str) -> Option<CommitError> {
    Some(match constraint {
        "accounts_wallet_covers_held" | "accounts_promo_covers_held" | "accounts_have_the_money" => {
            CommitError::InsufficientFunds
        }
        "accounts_not_blocked" => CommitError::AccountBlocked,
        "accounts_may_open_an_order" => CommitError::TooManyOpenOrders,
        "accounts_may_open_an_intent" => CommitError::TooManyOpenIntents,
        "accounts_open_orders_not_negative"
        | "accounts_open_intents_not_negative"
        | "accounts_debt_not_negative"
        | "accounts_disputed_not_negative"
        | "accounts_promo_lapsed_not_negative"
        | "accounts_open_disputes_not_negative" => CommitError::Stale,
        "users_email_once" => CommitError::Duplicate(Unique::Email),
        "transfers_source_once" => CommitError::Duplicate(Unique::Source),
        "intents_reference_once" => CommitError::Duplicate(Unique::Reference),
        "purchases_reservation_once" => CommitError::Duplicate(Unique::Reservation),
        "shown_numbers_once" => CommitError::Duplicate(Unique::ShownNumber),
        "orders_retried_once" => CommitError::Duplicate(Unique::Retry),
        "messages_once" => CommitError::Duplicate(Unique::Message),
        "notices_once" => CommitError::Duplicate(Unique::Notice),
        name if name.ends_with("_as_decided") => CommitError::Stale,
        name if name.ends_with("_key") || name.ends_with("_once") || name == "holds_one_open_an_order" => {
            CommitError::Duplicate(Unique::Record)
        }
        _ => return None,
    })
}

/// A refusal by SQLite, which does not name the constraint: the statement that was refused tells, by its table.
pub(crate) fn on_sqlite(error: DbErr, table: &str) -> CommitError {
    const PRIMARY_KEY: &str = "1555";
    const UNIQUE: &str = "2067";
    const CHECK: &str = "275";
    let code = of_database(&error).and_then(|e| e.code()).map(|code| code.into_owned());
    let unique = match (table, code.as_deref()) {
        ("shown_numbers", Some(PRIMARY_KEY | UNIQUE)) => Unique::ShownNumber,
        (_, Some(PRIMARY_KEY)) => Unique::Record,
        ("users", Some(UNIQUE)) => Unique::Email,
        ("transfers", Some(UNIQUE)) => Unique::Source,
        ("intents", Some(UNIQUE)) => Unique::Reference,
        ("purchases", Some(UNIQUE)) => Unique::Reservation,
        ("orders", Some(UNIQUE)) => Unique::Retry,
        ("messages", Some(UNIQUE)) => Unique::Message,
        ("notices", Some(UNIQUE)) => Unique::Notice,
        (_, Some(UNIQUE)) => Unique::Record,
        ("accounts", Some(CHECK)) => return CommitError::InsufficientFunds,
        _ => return CommitError::Unavailable(Fault::new(error)),
    };
    CommitError::Duplicate(unique)
}
