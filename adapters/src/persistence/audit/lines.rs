//! Lines of the journal by the sources that records say they have. Looked up by name, so it does not matter how a
//! database sorts texts.

use std::collections::HashMap;

use namaskah_domain::{Fault, UserId, wallet::Transfer};
use sea_orm::{DbErr, QueryResult, Value};
use uuid::Uuid;

use super::{Snapshot, places};

/// Sources that one query asks for.
const AT_ONCE: usize = 1_000;

const LINES: &str = "SELECT source, user_id, debit_account, credit_account, amount_units, currency FROM transfers WHERE source IN ";

/// A line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Posted {
    pub user: Option<Uuid>,
    pub debit: String,
    pub credit: String,
    pub units: i64,
    pub currency: String,
}

impl Posted {
    fn read(row: &QueryResult) -> Result<(String, Self), DbErr> {
        let line = Self {
            user: row.try_get("", "user_id")?,
            debit: row.try_get("", "debit_account")?,
            credit: row.try_get("", "credit_account")?,
            units: row.try_get("", "amount_units")?,
            currency: row.try_get("", "currency")?,
        };
        Ok((row.try_get("", "source")?, line))
    }

    /// True if it is exactly this.
    pub(super) fn is(&self, due: &Transfer) -> bool {
        let user = due.debit.user().or(due.credit.user()).map(UserId::uuid);
        (self.user, self.units, self.currency.as_str())
            == (user, due.amount.units(), due.amount.currency().code())
            && (self.debit.as_str(), self.credit.as_str()) == (due.debit.name(), due.credit.name())
    }

    /// True if it goes from there to there, of this user.
    pub(super) fn goes(&self, user: Uuid, from: &str, to: &str) -> bool {
        (self.user, self.debit.as_str(), self.credit.as_str()) == (Some(user), from, to)
    }
}

/// The lines of these sources, by source, leg by leg.
pub(super) async fn of(
    snapshot: &Snapshot,
    sources: Vec<String>,
) -> Result<HashMap<String, Vec<Posted>>, Fault> {
    let mut found: HashMap<String, Vec<Posted>> = HashMap::new();
    for some in sources.chunks(AT_ONCE) {
        let sql = format!("{LINES}({}) ORDER BY source, leg", places(some.len()));
        for row in
            snapshot.rows(&sql, some.iter().map(|source| Value::from(source.as_str())).collect()).await?
        {
            let (source, line) = Posted::read(&row).map_err(Fault::new)?;
            found.entry(source).or_default().push(line);
        }
    }
    Ok(found)
}

/// What these lines took from a user's wallet or left as debt. What repays debt takes nothing.
pub(super) fn loss<'l>(lines: impl Iterator<Item = &'l Posted>, user: Uuid) -> i64 {
    let is_his = |account: &str| i64::from(matches!(account, "wallet" | "debt"));
    let mine = lines.filter(|line| line.user == Some(user));
    mine.map(|line| (is_his(&line.debit) - is_his(&line.credit)).saturating_mul(line.units))
        .fold(0, i64::saturating_add)
}
