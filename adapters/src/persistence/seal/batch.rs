//! A batch: the rows of a stretch of a chain, and their digest over the digest before.

use namaskah_domain::Fault;
use sea_orm::{QueryResult, Value};
use sha2::{Digest, Sha256};

use super::chain::{Chain, Key, joined};
use crate::persistence::{snapshot::Snapshot, stored::unreadable};

/// A seal as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seal {
    pub sequence: i64,
    pub first: Key,
    pub last: Key,
    pub rows: i64,
    pub digest: Vec<u8>,
    pub sealed_at_us: i64,
}

/// What a batch consists of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Content {
    /// Canonical texts of the rows of the stretch that are final.
    pub fresh: String,
    /// Keys of the rows of the stretch that were not, each with a semicolon; a later batch seals them.
    pub open: String,
    /// Canonical texts of rows of earlier stretches that are final now.
    pub late: String,
    /// How many canonical texts there are.
    pub rows: i64,
}

pub(super) fn read(chain: &Chain, row: &QueryResult) -> Result<Seal, Fault> {
    let text = |column| row.try_get::<String>("", column).map_err(Fault::new);
    let number = |column| row.try_get::<i64>("", column).map_err(Fault::new);
    Ok(Seal {
        sequence: number("sequence")?,
        first: chain.key(&text("first_key")?)?,
        last: chain.key(&text("last_key")?)?,
        rows: number("sealed_rows")?,
        digest: row.try_get("", "digest").map_err(Fault::new)?,
        sealed_at_us: number("sealed_at_us")?,
    })
}

/// The columns of a seal, in SQL.
pub(super) const COLUMNS: &str = "sequence, first_key, last_key, sealed_rows, digest, sealed_at_us";

/// The newest seal of a chain.
pub(super) async fn head(on: &Snapshot, chain: &Chain) -> Result<Option<Seal>, Fault> {
    let sql = format!("SELECT {COLUMNS} FROM seals WHERE chain = $1 ORDER BY sequence DESC LIMIT 1");
    let rows = on.rows(&sql, vec![chain.name.into()]).await?;
    rows.first().map(|row| read(chain, row)).transpose()
}

impl Seal {
    /// The digest that this seal should have: every part with its length before it, so that none can pass for
    /// a piece of another.
    pub fn expected(&self, chain: &Chain, before: &[u8], content: &Content) -> Vec<u8> {
        let mut hash = Sha256::new();
        let place = format!(
            "{} {} {} {} {} {}",
            chain.name,
            self.sequence,
            self.first.text(),
            self.last.text(),
            self.rows,
            self.sealed_at_us
        );
        for part in [
            place.as_bytes(),
            before,
            content.fresh.as_bytes(),
            content.open.as_bytes(),
            content.late.as_bytes(),
        ] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hash.finalize().to_vec()
    }
}

/// What is there to be sealed after `after`, up to and with `up_to`: content, first and last key, and keys that were
/// carried and are final now.
pub(super) struct Found {
    pub content: Content,
    pub stretch: Option<(Key, Key)>,
    pub late: Vec<String>,
}

pub(super) async fn find(
    on: &Snapshot,
    chain: &Chain,
    after: Key,
    up_to: Key,
    limit: u32,
) -> Result<Found, Fault> {
    let is_final = chain.is_final.unwrap_or("1 = 1");
    let sql = stretch(on, chain, is_final, limit);
    let row = on.row(&sql, vec![after.value(), up_to.value()]).await?;
    let text = |column| row.try_get::<Option<String>>("", column).map_err(Fault::new);
    let (first, last) = (text("first_key")?, text("last_key")?);
    let stretch = match (first, last) {
        (Some(first), Some(last)) => Some((chain.key(&first)?, chain.key(&last)?)),
        _ => None,
    };
    let mut content = Content {
        fresh: text("fresh")?.unwrap_or_default(),
        open: text("open")?.unwrap_or_default(),
        late: String::new(),
        rows: row.try_get("", "sealed_rows").map_err(Fault::new)?,
    };
    let mut late = Vec::new();
    if chain.is_final.is_some() {
        let sql = carried(on, chain, &format!("p.sealed_in IS NULL AND r.{is_final}"), limit);
        let row = on.row(&sql, vec![chain.name.into()]).await?;
        let (lines, keys, rows) = of_carried(&row)?;
        content.late = lines;
        content.rows += rows;
        late = keys.split_terminator(';').map(str::to_owned).collect();
    }
    Ok(Found { content, stretch, late })
}

/// What a seal covers, read again.
pub(super) async fn again(
    on: &Snapshot,
    chain: &Chain,
    after: Key,
    seal: &Seal,
    limit: u32,
) -> Result<Content, Fault> {
    let not_carried = format!(
        "NOT EXISTS (SELECT 1 FROM seals_pending p WHERE p.chain = '{}' AND p.passed_in = {} AND p.key = {})",
        chain.name,
        seal.sequence,
        chain.key_text(on.backend())
    );
    let is_final = if chain.is_final.is_some() { not_carried.as_str() } else { "1 = 1" };
    let sql = stretch(on, chain, is_final, limit);
    let row = on.row(&sql, vec![after.value(), seal.last.value()]).await?;
    let fresh: Option<String> = row.try_get("", "fresh").map_err(Fault::new)?;
    let rows: i64 = row.try_get("", "sealed_rows").map_err(Fault::new)?;
    let mut content = Content { fresh: fresh.unwrap_or_default(), rows, ..Content::default() };
    if chain.is_final.is_some() {
        let keys = joined(on.backend(), "p.key || ';'", "p.key");
        let sql =
            format!("SELECT {keys} AS keys FROM seals_pending p WHERE p.chain = $1 AND p.passed_in = $2");
        let row = on.row(&sql, vec![chain.name.into(), seal.sequence.into()]).await?;
        content.open = row.try_get::<Option<String>>("", "keys").map_err(Fault::new)?.unwrap_or_default();
        let sql = carried(on, chain, &format!("p.sealed_in = {}", seal.sequence), limit);
        let (lines, _, rows) = of_carried(&on.row(&sql, vec![chain.name.into()]).await?)?;
        content.late = lines;
        content.rows += rows;
    }
    Ok(content)
}

/// The rows after `$1`, up to and with `$2`, `limit` at most, summed up in one row.
fn stretch(on: &Snapshot, chain: &Chain, is_final: &str, limit: u32) -> String {
    let backend = on.backend();
    let (table, key, line) = (chain.table, chain.key_text(backend), chain.line(backend));
    let (first, last) = (chain.extreme("MIN"), chain.extreme("MAX"));
    let (fresh, open) = (joined(backend, "b.line", "b.id"), joined(backend, "b.key || ';'", "b.key"));
    format!(
        "SELECT {first} AS first_key, {last} AS last_key, \
         CAST(COUNT(*) FILTER (WHERE b.is_final) AS BIGINT) AS sealed_rows, \
         {fresh} FILTER (WHERE b.is_final) AS fresh, {open} FILTER (WHERE NOT b.is_final) AS open \
         FROM (SELECT r.id AS id, {key} AS key, {line} AS line, ({is_final}) AS is_final FROM {table} r \
         WHERE r.id > $1 AND r.id <= $2 ORDER BY r.id LIMIT {limit}) b"
    )
}

/// Rows that were carried and fulfil `which`, summed up in one row.
fn carried(on: &Snapshot, chain: &Chain, which: &str, limit: u32) -> String {
    let backend = on.backend();
    let (table, line, key) = (chain.table, chain.line(backend), chain.key_of_text(backend));
    let (lines, keys) = (joined(backend, "b.line", "b.key"), joined(backend, "b.key || ';'", "b.key"));
    format!(
        "SELECT {lines} AS lines, {keys} AS keys, CAST(COUNT(*) AS BIGINT) AS many \
         FROM (SELECT p.key AS key, {line} AS line FROM seals_pending p JOIN {table} r ON r.id = {key} \
         WHERE p.chain = $1 AND {which} ORDER BY p.key LIMIT {limit}) b"
    )
}

fn of_carried(row: &QueryResult) -> Result<(String, String, i64), Fault> {
    let text = |column| row.try_get::<Option<String>>("", column).map_err(Fault::new);
    let many: i64 = row.try_get("", "many").map_err(|_| unreadable("count"))?;
    Ok((text("lines")?.unwrap_or_default(), text("keys")?.unwrap_or_default(), many))
}

/// The values of a seal, in the order of its columns after its chain.
pub(super) fn values(chain: &Chain, seal: &Seal) -> Vec<Value> {
    vec![
        chain.name.into(),
        seal.sequence.into(),
        seal.first.text().into(),
        seal.last.text().into(),
        seal.rows.into(),
        seal.digest.clone().into(),
        seal.sealed_at_us.into(),
    ]
}
