//! Refunds and disputes against the journal and their holds: what each took is what it says.

use namaskah_domain::{DisputeId, Fault, RefundId, Version, payment::GatewayRefundId, wallet::Source};
use sea_orm::{DbErr, QueryResult};
use uuid::Uuid;

use super::{
    Finding, Snapshot,
    lines::{self, Posted},
    tally::Tally,
};

/// Records that are in memory at a time, and their lines.
const PAGE: usize = 200;
/// No record is written more often; what says so is not read further.
const VERSIONS: i64 = 200;

const REFUNDS: &str = "SELECT r.id, r.user_id, r.amount_units, r.hold_id, r.gateway_id, r.state, r.version, \
     CASE WHEN r.aside THEN 1 ELSE 0 END AS aside, \
     h.state AS hold, CASE WHEN h.user_id = r.user_id AND h.purpose = 'refund' AND h.order_id = r.id \
     AND h.amount_units = r.amount_units THEN 1 ELSE 0 END AS own \
     FROM refunds r LEFT JOIN holds h ON h.id = r.hold_id WHERE r.id > $1 ORDER BY r.id LIMIT 200";

const DISPUTES: &str = "SELECT id, user_id, worth_units, state, version, CASE WHEN aside THEN 1 ELSE 0 END AS aside FROM disputes WHERE id > $1 ORDER BY id LIMIT 200";

fn flag(row: &QueryResult, column: &str) -> Result<bool, DbErr> {
    let number = row.try_get::<i64>("", column).or_else(|_| row.try_get::<i32>("", column).map(i64::from));
    number.map(|number| number == 1)
}

struct Refunded {
    id: RefundId,
    user: Uuid,
    amount: i64,
    gateway: Option<GatewayRefundId>,
    state: String,
    version: i64,
    /// What came back of it waits in suspense: its user is without it.
    is_aside: bool,
    /// How its hold stands, if there is to be one.
    hold: Option<String>,
    is_asked: bool,
}

impl Refunded {
    fn read(row: &QueryResult) -> Result<Self, DbErr> {
        let own = flag(row, "own")?;
        let hold: Option<String> = row.try_get("", "hold")?;
        let gateway: Option<String> = row.try_get("", "gateway_id")?;
        Ok(Self {
            id: RefundId::from_uuid(row.try_get("", "id")?),
            user: row.try_get("", "user_id")?,
            amount: row.try_get("", "amount_units")?,
            gateway: gateway.and_then(|name| GatewayRefundId::try_new(&name).ok()),
            state: row.try_get("", "state")?,
            version: row.try_get("", "version")?,
            is_aside: flag(row, "aside")?,
            hold: hold.map(|state| if own { state } else { "of something else".to_owned() }),
            is_asked: row.try_get::<Option<Uuid>>("", "hold_id")?.is_some(),
        })
    }

    /// Where it was booked, and booked back: once, or by the writing of a version.
    fn sources(&self) -> Vec<String> {
        let versioned = (1..=self.version.min(VERSIONS))
            .flat_map(|v| [self.booked_by(v), format!("unrefund:{}:{v}", self.id)]);
        let found = self.gateway.as_ref().map(|name| Source::gateway_refund(name).to_string());
        let once = [Source::refunded(self.id).to_string(), format!("unrefund:{}", self.id)];
        once.into_iter().chain(versioned).chain(found).collect()
    }

    fn booked_by(&self, version: i64) -> String {
        format!("{}:{version}", Source::refunded(self.id))
    }

    /// True if it was processed after it had failed: its hold was released before, and it was booked without one.
    fn is_revived(&self, lines: &Lines) -> bool {
        (1..=self.version.min(VERSIONS)).any(|version| lines.contains_key(&self.booked_by(version)))
    }

    fn fault(&self, lines: &Lines) -> Option<String> {
        let took =
            lines::loss(self.sources().iter().filter_map(|source| lines.get(source)).flatten(), self.user);
        let due = if self.state == "processed" || self.is_aside { self.amount } else { 0 };
        if took != due {
            return Some(format!("{}, took {took} of {due}", self.state));
        }
        if !self.is_asked || self.is_revived(lines) {
            return None;
        }
        let was_spent = lines.contains_key(Source::refunded(self.id).as_str());
        let due = match self.state.as_str() {
            "sent" | "pending" => "open",
            "failed" if !was_spent => "released",
            _ => "captured",
        };
        let hold = self.hold.as_deref().unwrap_or("missing");
        (hold != due).then(|| format!("{}, its hold is {hold} and not {due}", self.state))
    }
}

type Lines = std::collections::HashMap<String, Vec<Posted>>;

/// Walks through every refund.
pub(super) async fn check_refunds(snapshot: &Snapshot, rows: u32) -> Result<Finding, Fault> {
    let says = "what a refund took from its user is what it says, and its hold stands as it does";
    let mut tally = Tally::new(5, "refund", says, "refunds", rows);
    let mut after = Uuid::nil();
    loop {
        let page = snapshot.rows(REFUNDS, vec![after.into()]).await?;
        let page: Vec<Refunded> =
            page.iter().map(Refunded::read).collect::<Result<_, _>>().map_err(Fault::new)?;
        let lines = lines::of(snapshot, page.iter().flat_map(Refunded::sources).collect()).await?;
        tally.checked(page.len());
        for refund in &page {
            if let Some(why) = refund.fault(&lines) {
                tally.add(refund.id.to_string(), || why);
            }
        }
        match page.last().filter(|_| page.len() == PAGE) {
            Some(last) => after = last.id.uuid(),
            None => return Ok(tally.finding()),
        }
    }
}

struct Disputed {
    id: DisputeId,
    user: Uuid,
    due: i64,
    state: String,
    version: i64,
    is_aside: bool,
}

impl Disputed {
    fn read(row: &QueryResult) -> Result<Self, DbErr> {
        let (state, worth): (String, i64) = (row.try_get("", "state")?, row.try_get("", "worth_units")?);
        Ok(Self {
            id: DisputeId::from_uuid(row.try_get("", "id")?),
            user: row.try_get("", "user_id")?,
            due: if state == "lost" { worth } else { 0 },
            state,
            version: row.try_get("", "version")?,
            is_aside: flag(row, "aside")?,
        })
    }

    /// What it took is what it says. Of one whose money waits in suspense its user is without it, however much that is.
    const fn agrees(&self, took: i64) -> bool {
        if self.is_aside { took > 0 && self.due == 0 } else { took == self.due }
    }

    fn sources(&self) -> impl Iterator<Item = String> + use<> {
        let id = self.id;
        (1..=self.version.min(VERSIONS)).map(Version::from_stored).flat_map(move |version| {
            [Source::disputed(id, version).to_string(), Source::undisputed(id, version).to_string()]
        })
    }
}

/// Walks through every dispute.
pub(super) async fn check_disputes(snapshot: &Snapshot, rows: u32) -> Result<Finding, Fault> {
    let says = "a lost dispute took from its user what it says, and any other one nothing";
    let mut tally = Tally::new(5, "dispute", says, "disputes", rows);
    let mut after = Uuid::nil();
    loop {
        let page = snapshot.rows(DISPUTES, vec![after.into()]).await?;
        let page: Vec<Disputed> =
            page.iter().map(Disputed::read).collect::<Result<_, _>>().map_err(Fault::new)?;
        let lines = lines::of(snapshot, page.iter().flat_map(Disputed::sources).collect()).await?;
        tally.checked(page.len());
        for dispute in &page {
            let sources: Vec<String> = dispute.sources().collect();
            let took =
                lines::loss(sources.iter().filter_map(|source| lines.get(source)).flatten(), dispute.user);
            if !dispute.agrees(took) {
                tally.add(dispute.id.to_string(), || {
                    format!("{}, took {took} of {}", dispute.state, dispute.due)
                });
            }
        }
        match page.last().filter(|_| page.len() == PAGE) {
            Some(last) => after = last.id.uuid(),
            None => return Ok(tally.finding()),
        }
    }
}
