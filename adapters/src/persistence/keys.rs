//! The keys that seal rows, while there are several: which of them a database needs, and moving everything to the newest.
//!
//! The key for digests is no key of the configuration: it is kept in the database, sealed, and sealed anew when the
//! others are. What is digested is gone, so it can never change. A database from before that was kept takes the one that
//! was derived from the key of its rows.

use namaskah_domain::{Fault, Time};
use sea_orm::{QueryResult, Value};
use uuid::Uuid;

use super::{
    database::Database,
    read::Settings,
    stored::{RowVault, time, unreadable},
};
use crate::vault::{HEADER, KeyName, MasterKeys, Place, Vault};

/// A column of sealed values. The row's key is `id`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its table.
    pub table: &'static str,
    /// Its name.
    pub column: &'static str,
}

/// Every column of sealed values.
pub const SEALED: [Column; 13] = [
    column("users", "totp_secret_sealed"),
    column("orders", "number_sealed"),
    column("purchases", "number_sealed"),
    column("messages", "sender_sealed"),
    column("messages", "text_sealed"),
    column("messages", "code_sealed"),
    column("notices", "body_sealed"),
    column("jobs", "payload_sealed"),
    column("tickets", "subject_sealed"),
    column("ticket_lines", "text_sealed"),
    column("webhook_endpoints", "url_sealed"),
    column("webhook_endpoints", "secret_sealed"),
    column("webhook_endpoints", "previous_secret_sealed"),
];

const fn column(table: &'static str, column: &'static str) -> Column {
    Column { table, column }
}

/// Values that are sealed anew by one statement.
const BATCH: usize = 200;
/// Values of a column that are tried to find out which key a database is of.
const SAMPLES: usize = 5;
const DIGEST_KEY: &str = "digest_key";
const DIGEST_KEY_PLACE: Place<'static> = Place { table: "settings", column: "value", row: b"digest_key" };
const DIGEST_KEY_COLUMN: Column = column("settings", DIGEST_KEY);

/// Why a database cannot be served with the configured keys.
#[derive(Debug, Clone, thiserror::Error)]
pub enum KeyError {
    /// No configured key opens it.
    #[error(
        "encryption_key is not the one that this database was written with: put that one behind the new one, \
         separated by a comma"
    )]
    Foreign,
    /// Some values may need keys that are not configured.
    #[error(
        "encryption_key lacks a key that values here were sealed with ({0}): put it behind the newest one, run \
         `namaskah keys reseal`, and take it away then"
    )]
    Missing(String),
    /// The database does not answer, or what it keeps cannot be read.
    #[error(transparent)]
    Unavailable(#[from] Fault),
}

/// What was done in one column.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Done {
    /// Values that the newest key has sealed now.
    pub resealed: u64,
    /// Values that no key opens. They stay as they are.
    pub unreadable: u64,
}

/// The vault of a database whose schema is current. Of several instances that start at once on a new database, one
/// decides about the key for digests. It is noted that the newest key seals from now on.
///
/// # Errors
/// `Foreign` and `Missing` before anything is read wrongly or written; `Unavailable`.
pub async fn unlock(database: &Database, keys: &MasterKeys) -> Result<Vault, KeyError> {
    let settings = Settings::new(database.clone());
    let opening = keys.vault(&[0; 32]);
    let kept = match settings.get(DIGEST_KEY).await? {
        Some(kept) => kept,
        None => first_digest_key(database, &settings, keys, &opening).await?,
    };
    let digest_key = opened(&opening, &kept)?;
    none_is_missing(database, keys).await?;
    note(database, keys.newest_name()).await?;
    Ok(keys.vault(&digest_key))
}

/// The vault that [`unlock`] would give, for whoever only looks: nothing is decided or noted.
///
/// # Errors
/// As [`unlock`]'s.
pub async fn look(database: &Database, keys: &MasterKeys) -> Result<Vault, KeyError> {
    let opening = keys.vault(&[0; 32]);
    let digest_key = match Settings::new(database.clone()).get(DIGEST_KEY).await? {
        Some(kept) => opened(&opening, &kept)?,
        None => {
            let of = first_key(database, keys, &opening).await?;
            keys.digest_key(of).ok_or(KeyError::Foreign)?
        }
    };
    none_is_missing(database, keys).await?;
    Ok(keys.vault(&digest_key))
}

/// The key for digests as it is kept.
fn opened(opening: &Vault, kept: &str) -> Result<[u8; 32], KeyError> {
    let clear = opening.open(DIGEST_KEY_PLACE, &bytes(kept)?).map_err(|_| KeyError::Foreign)?;
    Ok(clear.try_into().map_err(|_| unreadable("key for digests"))?)
}

/// Every key that something was sealed with is there.
async fn none_is_missing(database: &Database, keys: &MasterKeys) -> Result<(), KeyError> {
    let rows = database.read("SELECT id FROM sealing_keys ORDER BY since_us, id", Vec::new()).await?;
    let names: Vec<String> =
        rows.iter().map(|row| row.try_get("", "id")).collect::<Result<_, _>>().map_err(Fault::new)?;
    let missing: Vec<&str> = names.iter().map(String::as_str).filter(|name| !keys.have(name)).collect();
    if !missing.is_empty() {
        return Err(KeyError::Missing(missing.join(", ")));
    }
    Ok(())
}

/// Decides which key digests are made with, and notes which key has sealed what is here.
async fn first_digest_key(
    database: &Database,
    settings: &Settings,
    keys: &MasterKeys,
    opening: &Vault,
) -> Result<String, KeyError> {
    let of = first_key(database, keys, opening).await?;
    note(database, of).await?;
    let digest_key = keys.digest_key(of).ok_or(KeyError::Foreign)?;
    let sealed = opening.seal(DIGEST_KEY_PLACE, &digest_key).map_err(Fault::new)?;
    Ok(settings.set_if_absent(DIGEST_KEY, &hex::encode(sealed)).await?)
}

/// The key that has sealed what is here, or that will.
async fn first_key(database: &Database, keys: &MasterKeys, opening: &Vault) -> Result<KeyName, KeyError> {
    match sampled(database, opening).await? {
        (_, Some(name)) => Ok(name),
        (0, None) => Ok(keys.oldest_name()),
        (_, None) => Err(KeyError::Foreign),
    }
}

/// How many values were tried, and by which key the first of them opened that does.
async fn sampled(database: &Database, opening: &Vault) -> Result<(usize, Option<KeyName>), Fault> {
    let mut tried = 0;
    for Column { table, column } in SEALED {
        let sql = format!(
            "SELECT id, {column} AS sealed FROM {table} \
             WHERE {column} IS NOT NULL AND length({column}) > 0 LIMIT {SAMPLES}"
        );
        for row in database.read(&sql, Vec::new()).await? {
            let (id, sealed) = value(&row)?;
            tried += 1;
            if let Ok((name, _)) = opening.open_by(Place { table, column, row: id.as_bytes() }, &sealed) {
                return Ok((tried, Some(name)));
            }
        }
    }
    Ok((tried, None))
}

/// Since when the newest key seals here.
///
/// # Errors
/// If the database does not answer, or was never unlocked with it.
pub async fn in_use_since(database: &Database, keys: &MasterKeys) -> Result<Time, Fault> {
    let sql = "SELECT since_us FROM sealing_keys WHERE id = $1";
    let rows = database.read(sql, vec![keys.newest_name().to_string().into()]).await?;
    let since = rows.first().ok_or_else(|| unreadable("key that seals"))?;
    time(since.try_get("", "since_us").map_err(Fault::new)?)
}

/// Notes that a key has sealed something here.
async fn note(database: &Database, name: KeyName) -> Result<(), Fault> {
    let now = database.now_us();
    let sql = format!(
        "INSERT INTO sealing_keys (id, since_us) VALUES ($1, {now}) ON CONFLICT (id) DO NOTHING RETURNING id"
    );
    database.write(sql, vec![name.to_string().into()]).await.map(|_| ())
}

/// How many values of each column an older key is needed for. Walks through the tables.
///
/// # Errors
/// If the database does not answer.
pub async fn needing_older(database: &Database, keys: &MasterKeys) -> Result<Vec<(Column, u64)>, Fault> {
    let mut needing = Vec::new();
    let newest = keys.newest_name().header();
    for of in SEALED {
        let Column { table, column } = of;
        let sql = format!("SELECT COUNT(*) AS many FROM {table} WHERE {}", older(column, 1));
        let rows = database.read(&sql, vec![newest.to_vec().into()]).await?;
        let many = rows.first().map_or(Ok(0i64), |row| row.try_get("", "many")).map_err(Fault::new)?;
        needing.push((of, many.unsigned_abs()));
    }
    let kept = Settings::new(database.clone()).get(DIGEST_KEY).await?;
    let is_older = kept.as_deref().map(bytes).transpose()?.is_some_and(|kept| !kept.starts_with(&newest));
    needing.push((DIGEST_KEY_COLUMN, u64::from(is_older)));
    needing.retain(|(_, many)| *many > 0);
    Ok(needing)
}

/// Seals with the newest key what older ones have sealed, batch by batch, and tells of each column when it is through.
/// Whoever writes meanwhile wins: a value is replaced only if it is as it was read. Returns how many values still need
/// an older key; when none does, older keys are not asked for any more at a start.
///
/// # Errors
/// If the database does not answer; what was sealed anew stays so, and repeating goes on.
pub async fn reseal(
    database: &Database,
    keys: &MasterKeys,
    tell: &mut (dyn FnMut(Column, Done) + Send),
) -> Result<u64, KeyError> {
    let vault = unlock(database, keys).await?;
    for of in SEALED {
        let done = reseal_column(database, keys, &vault, of).await?;
        tell(of, done);
    }
    let done = reseal_digest_key(database, keys, &vault).await?;
    tell(DIGEST_KEY_COLUMN, done);
    let left = needing_older(database, keys).await?.iter().map(|(_, many)| many).sum();
    if left == 0 {
        let sql = "DELETE FROM sealing_keys WHERE id <> $1 RETURNING id".to_owned();
        database.write(sql, vec![keys.newest_name().to_string().into()]).await?;
    }
    Ok(left)
}

async fn reseal_column(
    database: &Database,
    keys: &MasterKeys,
    vault: &Vault,
    Column { table, column }: Column,
) -> Result<Done, Fault> {
    let newest = keys.newest_name().header();
    let sql = format!(
        "SELECT id, {column} AS sealed FROM {table} WHERE id > $2 AND {} ORDER BY id LIMIT {BATCH}",
        older(column, 1)
    );
    let mut done = Done::default();
    let mut after = Uuid::nil();
    loop {
        let rows = database.read(&sql, vec![newest.to_vec().into(), after.into()]).await?;
        let is_last = rows.len() < BATCH;
        let mut values: Vec<Value> = Vec::with_capacity(rows.len() * 3);
        for row in &rows {
            let (id, sealed) = value(row)?;
            after = id;
            let row = RowVault::new(vault, table, id);
            match row.open(column, &sealed) {
                Ok(clear) => {
                    let anew = row.seal(column, &clear)?;
                    values.extend([Value::from(id), sealed.into(), anew.into()]);
                }
                Err(_) => done.unreadable += 1,
            }
        }
        if !values.is_empty() {
            let sql = replacing(table, column, values.len() / 3);
            done.resealed += database.write(sql, values).await?.len() as u64;
        }
        if is_last {
            return Ok(done);
        }
    }
}

async fn reseal_digest_key(database: &Database, keys: &MasterKeys, vault: &Vault) -> Result<Done, Fault> {
    let settings = Settings::new(database.clone());
    let kept = settings.get(DIGEST_KEY).await?.ok_or_else(|| unreadable("key for digests"))?;
    let sealed = bytes(&kept)?;
    if sealed.starts_with(&keys.newest_name().header()) {
        return Ok(Done::default());
    }
    let clear = vault.open(DIGEST_KEY_PLACE, &sealed).map_err(Fault::new)?;
    let anew = hex::encode(vault.seal(DIGEST_KEY_PLACE, &clear).map_err(Fault::new)?);
    let sql = "UPDATE settings SET value = $3 WHERE key = $1 AND value = $2 RETURNING key".to_owned();
    let changed = database.write(sql, vec![DIGEST_KEY.into(), kept.into(), anew.into()]).await?;
    Ok(Done { resealed: changed.len() as u64, unreadable: 0 })
}

/// True of a value that the key of the header `$n` has not sealed.
fn older(column: &str, n: usize) -> String {
    format!("{column} IS NOT NULL AND length({column}) > 0 AND substr({column}, 1, {HEADER}) <> ${n}")
}

/// Replaces so many values, each if it is as it was read. Both databases call the columns of a list `column1` and so on.
fn replacing(table: &str, column: &str, values: usize) -> String {
    let places: Vec<String> =
        (0..values).map(|n| format!("(${}, ${}, ${})", 3 * n + 1, 3 * n + 2, 3 * n + 3)).collect();
    format!(
        "UPDATE {table} SET {column} = v.column3 FROM (VALUES {}) AS v \
         WHERE {table}.id = v.column1 AND {table}.{column} = v.column2 RETURNING id",
        places.join(", ")
    )
}

fn value(row: &QueryResult) -> Result<(Uuid, Vec<u8>), Fault> {
    let id = row.try_get("", "id").map_err(Fault::new)?;
    Ok((id, row.try_get("", "sealed").map_err(Fault::new)?))
}

fn bytes(kept: &str) -> Result<Vec<u8>, Fault> {
    hex::decode(kept).map_err(|_| unreadable("key for digests"))
}
