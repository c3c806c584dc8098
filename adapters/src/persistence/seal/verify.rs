//! Reading everything again that was sealed.

use namaskah_domain::Fault;

use super::{
    BATCH,
    batch::{self, COLUMNS, Seal},
    chain::{AUDIT_LOG, CHAINS, Chain},
};
use crate::persistence::{audit::Offender, snapshot::Snapshot};

/// Seals that are read at a time.
const PAGE: usize = 500;

/// The newest seal of a chain, to be kept elsewhere: who has it knows every row before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Which chain.
    pub chain: String,
    /// The number of its newest seal.
    pub sequence: i64,
    /// That seal's digest.
    pub digest: Vec<u8>,
    /// The last row that it covers.
    pub last_key: String,
}

/// What was found of one chain.
pub(crate) struct Verified {
    pub law: &'static str,
    pub batches: u64,
    pub offenders: Vec<Offender>,
    pub head: Option<Head>,
}

/// Verifies every chain. Heads that were `expected` must still be in their chains.
pub(crate) async fn verify(on: &Snapshot, expected: &[Head]) -> Result<Vec<Verified>, Fault> {
    let mut all = Vec::new();
    for chain in CHAINS {
        let mut found = check(on, chain).await?;
        for head in expected.iter().filter(|head| head.chain == chain.name) {
            found.offenders.extend(missing(on, chain, head, found.head.as_ref()).await?);
        }
        all.push(found);
    }
    let unknown = expected.iter().filter(|head| CHAINS.iter().all(|chain| chain.name != head.chain));
    let unknown: Vec<Offender> = unknown.map(no_chain).collect();
    if !unknown.is_empty() {
        all.push(Verified { law: "seals", batches: 0, offenders: unknown, head: None });
    }
    Ok(all)
}

/// Verifies the chain of the audit log alone.
pub(crate) async fn verify_audit_log(on: &Snapshot) -> Result<Verified, Fault> {
    check(on, &AUDIT_LOG).await
}

async fn check(on: &Snapshot, chain: &'static Chain) -> Result<Verified, Fault> {
    let mut found = walk(on, chain).await?;
    found.offenders.extend(lost(on, chain).await?);
    Ok(found)
}

fn no_chain(head: &Head) -> Offender {
    let row = format!("{} batch {}", head.chain, head.sequence);
    Offender { row, why: "was kept elsewhere, and there is no such chain".to_owned() }
}

async fn walk(on: &Snapshot, chain: &'static Chain) -> Result<Verified, Fault> {
    let mut found = Verified { law: chain.law, batches: 0, offenders: Vec::new(), head: None };
    let (mut after, mut sequence, mut digest) = (chain.beginning(), 0, Vec::new());
    let sql = format!(
        "SELECT {COLUMNS} FROM seals WHERE chain = $1 AND sequence > $2 ORDER BY sequence LIMIT {PAGE}"
    );
    loop {
        let page = on.rows(&sql, vec![chain.name.into(), sequence.into()]).await?;
        for row in &page {
            let seal = batch::read(chain, row)?;
            if seal.sequence != sequence + 1 {
                found.offenders.push(offender(chain, &seal, format!("follows number {sequence}")));
            }
            // One row more than was sealed is enough to know.
            let limit = u32::try_from(seal.rows).unwrap_or(u32::MAX).saturating_add(BATCH);
            let content = batch::again(on, chain, after, &seal, limit).await?;
            if seal.expected(chain, &digest, &content) != seal.digest {
                let why = match content.rows - seal.rows {
                    0 => "a row or the seal was changed".to_owned(),
                    less if less < 0 => format!("{} rows are missing of {}", -less, seal.rows),
                    more => format!("{more} rows more than the {} that were sealed", seal.rows),
                };
                found.offenders.push(offender(chain, &seal, why));
            }
            found.batches += 1;
            (after, sequence, digest) = (seal.last, seal.sequence, seal.digest.clone());
            let (chain, last_key) = (chain.name.to_owned(), seal.last.text());
            found.head = Some(Head { chain, sequence, digest: seal.digest, last_key });
        }
        if page.len() < PAGE {
            return Ok(found);
        }
    }
}

fn offender(chain: &Chain, seal: &Seal, why: String) -> Offender {
    let row =
        format!("{} batch {}, rows {} to {}", chain.name, seal.sequence, seal.first.text(), seal.last.text());
    Offender { row, why }
}

/// A head that was kept elsewhere and is not in the chain any more.
async fn missing(
    on: &Snapshot,
    chain: &Chain,
    head: &Head,
    present: Option<&Head>,
) -> Result<Option<Offender>, Fault> {
    const SQL: &str = "SELECT digest FROM seals WHERE chain = $1 AND sequence = $2";
    let rows = on.rows(SQL, vec![chain.name.into(), head.sequence.into()]).await?;
    let row = format!("{} batch {}", chain.name, head.sequence);
    let Some(stored) = rows.first() else {
        let ends = present.map_or(0, |present| present.sequence);
        let why = format!("was kept elsewhere, and the chain ends at {ends}: it was cut off");
        return Ok(Some(Offender { row, why }));
    };
    let digest: Vec<u8> = stored.try_get("", "digest").map_err(Fault::new)?;
    let why = "has another digest than the one that was kept elsewhere: the chain was made anew";
    Ok((digest != head.digest).then(|| Offender { row, why: why.to_owned() }))
}

/// Rows that are carried and gone.
async fn lost(on: &Snapshot, chain: &Chain) -> Result<Vec<Offender>, Fault> {
    let sql = format!(
        "SELECT p.key, p.passed_in FROM seals_pending p LEFT JOIN {} r ON r.id = {} \
         WHERE p.chain = $1 AND p.sealed_in IS NULL AND r.id IS NULL ORDER BY p.key LIMIT 100",
        chain.table,
        chain.key_of_text(on.backend())
    );
    let rows = on.rows(&sql, vec![chain.name.into()]).await?;
    let each = rows.iter().map(|row| {
        let key: String = row.try_get("", "key").map_err(Fault::new)?;
        let passed: i64 = row.try_get("", "passed_in").map_err(Fault::new)?;
        let why = format!("was open when batch {passed} was sealed, and is gone");
        Ok(Offender { row: format!("{} row {key}", chain.name), why })
    });
    each.collect()
}
