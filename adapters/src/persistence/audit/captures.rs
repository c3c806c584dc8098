//! Holds and captures side by side: a captured hold for an order has exactly its entry `cap:{hold}`, any other hold
//! none, and no capture is without its hold.
//!
//! A source carries the hold's identifier as text, which sorts as the identifier does. So a page of holds and the
//! captures between its first and last text are compared with each other, and every capture falls into one page.

use std::collections::HashMap;

use namaskah_domain::{Fault, HoldId, wallet::Source};
use sea_orm::QueryResult;
use uuid::Uuid;

use super::{Finding, Scope, Snapshot, tally::Tally};

/// Holds that are in memory at a time, and their lines.
const PAGE: usize = 5_000;

const HOLDS: &str = "SELECT h.id, h.user_id, CASE WHEN h.purpose = 'order' THEN h.state END AS state, h.promo_units, h.wallet_units, h.currency, \
     CASE WHEN p.receivable = 'costed' THEN p.cost_units END AS cost_units \
     FROM holds h LEFT JOIN orders o ON o.id = h.order_id AND o.state = 'completed' \
     LEFT JOIN purchases p ON p.id = o.purchase_id WHERE h.id > $1 ORDER BY h.id LIMIT 5000";

const LINES: &str = "SELECT source, user_id, debit_account, credit_account, amount_units, currency FROM transfers \
     WHERE source LIKE 'cap:%' AND source > $1 AND source <= $2";

/// Below and above every source of a capture.
const FIRST: &str = "cap:";
const LAST: &str = "cap:i";

struct Held {
    id: HoldId,
    user: Uuid,
    /// For an order; what a refund's hold took is booked by the refund.
    is_captured: bool,
    promo: i64,
    wallet: i64,
    currency: String,
    cost: Option<i64>,
}

impl Held {
    fn read(row: &QueryResult) -> Result<Self, sea_orm::DbErr> {
        Ok(Self {
            id: HoldId::from_uuid(row.try_get("", "id")?),
            user: row.try_get("", "user_id")?,
            is_captured: row.try_get::<Option<String>>("", "state")?.as_deref() == Some("captured"),
            promo: row.try_get("", "promo_units")?,
            wallet: row.try_get("", "wallet_units")?,
            currency: row.try_get("", "currency")?,
            cost: row.try_get("", "cost_units")?,
        })
    }
}

/// What the lines of one source come to.
#[derive(Default, PartialEq, Eq, Debug)]
struct Captured {
    users: Vec<Uuid>,
    currencies: Vec<String>,
    wallet: i64,
    promo: i64,
    cost: i64,
    others: u32,
}

impl Captured {
    fn add(&mut self, row: &QueryResult) -> Result<(), sea_orm::DbErr> {
        let units: i64 = row.try_get("", "amount_units")?;
        let (debit, credit): (String, String) =
            (row.try_get("", "debit_account")?, row.try_get("", "credit_account")?);
        match (debit.as_str(), credit.as_str()) {
            ("wallet", "revenue") => self.wallet = self.wallet.saturating_add(units),
            ("promo", "revenue") => self.promo = self.promo.saturating_add(units),
            ("cost_of_numbers", "provider_receivable") => self.cost = self.cost.saturating_add(units),
            _ => self.others += 1,
        }
        if let Some(user) = row.try_get::<Option<Uuid>>("", "user_id")?
            && !self.users.contains(&user)
        {
            self.users.push(user);
        }
        let currency = row.try_get::<String>("", "currency")?;
        if !self.currencies.contains(&currency) {
            self.currencies.push(currency);
        }
        Ok(())
    }

    fn belongs_to(&self, hold: &Held) -> bool {
        self.users == [hold.user]
            && self.currencies == [hold.currency.as_str()]
            && (self.wallet, self.promo, self.others) == (hold.wallet, hold.promo, 0)
    }
}

/// Walks through every hold and every capture.
pub(super) async fn check(snapshot: &Snapshot, scope: Scope, rows: u32) -> Result<Vec<Finding>, Fault> {
    let mut captures = Tally::new(
        3,
        "capture",
        "a captured hold for an order has exactly the entry of its parts, any other hold none",
        "holds",
        rows,
    );
    let says = "a number that earned its price is booked as a cost with it";
    let mut costs = Tally::new(5, "cost", says, "holds", rows);
    let (mut after, mut low) = (Uuid::nil(), FIRST.to_owned());
    loop {
        let page = snapshot.rows(HOLDS, vec![after.into()]).await?;
        let page: Vec<Held> = page.iter().map(Held::read).collect::<Result<_, _>>().map_err(Fault::new)?;
        let last = page.last().filter(|_| page.len() == PAGE).map(|hold| hold.id);
        let high = last.map_or_else(|| LAST.to_owned(), |id| Source::captured(id).as_str().to_owned());
        let mut entries: HashMap<String, Captured> = HashMap::new();
        for row in snapshot.rows(LINES, vec![low.into(), high.clone().into()]).await? {
            let source = row.try_get("", "source").map_err(Fault::new)?;
            entries.entry(source).or_default().add(&row).map_err(Fault::new)?;
        }
        captures.checked(page.len());
        costs.checked(page.iter().filter(|hold| hold.is_captured).count());
        compare(&page, entries, &mut captures, &mut costs);
        let Some(id) = last else { break };
        (after, low) = (id.uuid(), high);
    }
    Ok(match scope {
        Scope::Everything => vec![captures.finding(), costs.finding()],
        Scope::Ledger => vec![captures.finding()],
    })
}

fn compare(page: &[Held], mut entries: HashMap<String, Captured>, captures: &mut Tally, costs: &mut Tally) {
    for hold in page {
        let entry = entries.remove(Source::captured(hold.id).as_str());
        match (hold.is_captured, entry) {
            (true, Some(entry)) if entry.belongs_to(hold) => {
                let due = hold.cost.unwrap_or(0);
                if entry.cost != due {
                    costs.add(hold.id.to_string(), || format!("booked {}, due {due}", entry.cost));
                }
            }
            (false, None) => {}
            (true, None) => {
                captures.add(hold.id.to_string(), || "captured, and nothing is posted".to_owned())
            }
            (captured, Some(entry)) => captures.add(hold.id.to_string(), || {
                let state = if captured { "captured" } else { "not captured" };
                format!(
                    "{state}, wallet {} of {}, promo {} of {}, {} lines of another kind",
                    entry.wallet, hold.wallet, entry.promo, hold.promo, entry.others
                )
            }),
        }
    }
    let mut orphans: Vec<String> = entries.into_keys().collect();
    orphans.sort();
    for source in orphans {
        captures.add(source, || "there is no such hold".to_owned());
    }
}
