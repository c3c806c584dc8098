//! What went back for reported codes: `rep:{order}`, against the order, its hold and the provider's credit.
//!
//! The source carries the order's identifier as text, so the two are brought together here.

use std::collections::{BTreeMap, HashMap};

use namaskah_domain::{Fault, OrderId};
use sea_orm::{DbErr, QueryResult, Value};
use uuid::Uuid;

use super::{Finding, Snapshot, places, tally::Tally};

/// Entries that are in memory at a time.
const PAGE: usize = 1_000;

const LINES: &str = "SELECT source, user_id, debit_account, credit_account, amount_units FROM transfers \
     WHERE source IN (SELECT DISTINCT source FROM transfers WHERE source LIKE 'rep:%' AND source > $1 \
     ORDER BY source LIMIT 1000) ORDER BY source";

const ORDERS: &str = "SELECT o.id, o.user_id, o.state, o.reported_for, h.state AS hold, h.promo_units, h.wallet_units, \
     CASE WHEN p.cost_units = 0 OR c.id IS NOT NULL THEN 1 ELSE 0 END AS credits \
     FROM orders o JOIN holds h ON h.id = o.hold_id JOIN purchases p ON p.id = o.purchase_id \
     LEFT JOIN transfers c ON c.source = 'credit:' || p.reservation AND c.leg = 1 WHERE o.id IN ";

/// What the lines of one source come to.
#[derive(Default)]
struct Back {
    users: Vec<Uuid>,
    wallet: i64,
    promo: i64,
    /// What was paid with gifts that are closed: the house has it back.
    expense: i64,
    others: u32,
}

impl Back {
    fn add(&mut self, row: &QueryResult) -> Result<(), DbErr> {
        let units: i64 = row.try_get("", "amount_units")?;
        let (debit, credit): (String, String) =
            (row.try_get("", "debit_account")?, row.try_get("", "credit_account")?);
        match (debit.as_str(), credit.as_str()) {
            ("revenue", "wallet") => self.wallet = self.wallet.saturating_add(units),
            ("revenue", "promo") => self.promo = self.promo.saturating_add(units),
            ("revenue", "promo_expense") => self.expense = self.expense.saturating_add(units),
            // What comes back repays debt at once.
            ("wallet", "debt") => {}
            _ => self.others += 1,
        }
        if let Some(user) = row.try_get::<Option<Uuid>>("", "user_id")?
            && !self.users.contains(&user)
        {
            self.users.push(user);
        }
        Ok(())
    }
}

/// The order that an entry names.
struct Reported {
    user: Uuid,
    is_due: bool,
    promo: i64,
    wallet: i64,
    is_credited: bool,
}

impl Reported {
    fn read(row: &QueryResult) -> Result<(OrderId, Self), DbErr> {
        let (state, hold): (String, String) = (row.try_get("", "state")?, row.try_get("", "hold")?);
        let reported: Option<String> = row.try_get("", "reported_for")?;
        let credits: i64 = row
            .try_get::<i64>("", "credits")
            .or_else(|_| row.try_get::<i32>("", "credits").map(i64::from))?;
        let order = Self {
            user: row.try_get("", "user_id")?,
            is_due: state == "completed" && hold == "captured" && reported.is_some(),
            promo: row.try_get("", "promo_units")?,
            wallet: row.try_get("", "wallet_units")?,
            is_credited: credits == 1,
        };
        Ok((OrderId::from_uuid(row.try_get("", "id")?), order))
    }

    fn fault(&self, back: &Back) -> Option<String> {
        if !self.is_due {
            Some("no code was paid for and reported".to_owned())
        } else if back.users.iter().any(|user| *user != self.user) || back.others > 0 {
            Some("went elsewhere than to the user".to_owned())
        } else if back.wallet > self.wallet || back.promo.saturating_add(back.expense) > self.promo {
            let (promo, house) = (back.promo, back.expense);
            Some(format!(
                "wallet {} of {}, promo {promo} and promo_expense {house} of {}",
                back.wallet, self.wallet, self.promo
            ))
        } else if !self.is_credited {
            Some("the provider has given nothing back".to_owned())
        } else {
            None
        }
    }
}

fn order_of(source: &str) -> Option<OrderId> {
    source.strip_prefix("rep:")?.parse().ok()
}

/// Walks through everything that went back.
pub(super) async fn check(snapshot: &Snapshot, rows: u32) -> Result<Finding, Fault> {
    let says =
        "what goes back for a report is at most what was captured, once, and only with the provider's credit";
    let mut tally = Tally::new(5, "report", says, "entries", rows);
    let mut after = "rep:".to_owned();
    loop {
        let mut entries: BTreeMap<String, Back> = BTreeMap::new();
        let mut last = None;
        for row in snapshot.rows(LINES, vec![after.clone().into()]).await? {
            let source: String = row.try_get("", "source").map_err(Fault::new)?;
            entries.entry(source.clone()).or_default().add(&row).map_err(Fault::new)?;
            last = Some(source);
        }
        let ids: Vec<Value> = entries.keys().filter_map(|s| order_of(s)).map(|id| id.uuid().into()).collect();
        let mut orders: HashMap<OrderId, Reported> = HashMap::new();
        if !ids.is_empty() {
            for row in snapshot.rows(&format!("{ORDERS}({})", places(ids.len())), ids).await? {
                orders.extend([Reported::read(&row).map_err(Fault::new)?]);
            }
        }
        tally.checked(entries.len());
        let is_full = entries.len() == PAGE;
        for (source, back) in entries {
            let fault = match order_of(&source).and_then(|id| orders.get(&id)) {
                Some(order) => order.fault(&back),
                None => Some("there is no such order with a number".to_owned()),
            };
            if let Some(why) = fault {
                tally.add(source, || why);
            }
        }
        match last.filter(|_| is_full) {
            Some(last) => after = last,
            None => break,
        }
    }
    Ok(tally.finding())
}
