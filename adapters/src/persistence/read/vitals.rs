//! How work stands. Every count is of rows that an index holds alone, so none grows with the years.

use async_trait::async_trait;
use namaskah_domain::{
    Currency, Fault, JobLane, Money, Time, UserId,
    vitals::{DRIFT_LINES, DriftSlice, Queue, Vitals, VitalsReads},
};
use sea_orm::{DbErr, QueryResult};
use uuid::Uuid;

use super::{Reads, fault};
use crate::persistence::stored::{unreadable, us};

/// A name, and what it counts; `$1` is now, `$2` the instant before which an end is overdue.
const COUNTS: [(&str, &str); 14] = [
    ("orders_waiting", "SELECT COUNT(*) FROM orders WHERE state = 'waiting'"),
    ("orders_overdue", "SELECT COUNT(*) FROM orders WHERE state = 'waiting' AND expires_at_us < $2"),
    ("purchases_unknown", "SELECT COUNT(*) FROM purchases WHERE state = 'sent'"),
    ("notices_new", "SELECT COUNT(*) FROM notices WHERE state = 'new'"),
    ("notices_oldest_us", "SELECT COALESCE($1 - MIN(at_us), 0) FROM notices WHERE state = 'new'"),
    ("suspense_open", "SELECT COUNT(*) FROM suspense WHERE state = 'open'"),
    ("refunds_open", "SELECT COUNT(*) FROM refunds WHERE state IN ('sent', 'pending')"),
    (
        "refunds_oldest_us",
        "SELECT COALESCE($1 - MIN(created_at_us), 0) FROM refunds WHERE state IN ('sent', 'pending')",
    ),
    ("orphans_open", "SELECT COUNT(*) FROM purchases WHERE receivable = 'open' AND state = 'orphan'"),
    (
        "orphans_oldest_us",
        "SELECT COALESCE($1 - MIN(bound_at_us), 0) FROM purchases WHERE receivable = 'open' AND state = 'orphan'",
    ),
    ("disputes_open", "SELECT COUNT(*) FROM disputes WHERE state = 'open'"),
    ("findings_open", "SELECT COUNT(*) FROM findings WHERE state = 'open'"),
    (
        "webhooks_due",
        "SELECT COUNT(*) FROM webhook_deliveries WHERE state = 'waiting' AND state_at_us <= $1 \
         AND endpoint_id NOT IN (SELECT id FROM webhook_endpoints WHERE rests_until_us > $1 AND state = 'on')",
    ),
    (
        "webhooks_oldest_us",
        "SELECT COALESCE($1 - MIN(state_at_us), 0) FROM webhook_deliveries \
         WHERE state = 'waiting' AND state_at_us <= $1 \
         AND endpoint_id NOT IN (SELECT id FROM webhook_endpoints WHERE rests_until_us > $1 AND state = 'on')",
    ),
];

/// The newest line of each account that moved lately against its row, and open holds against what it holds. Both are found
/// by an index first, and grouped afterwards: grouped at once, they would be walked through in the order of users.
const DRIFT: &str = "WITH r AS MATERIALIZED (SELECT id, user_id FROM transfers \
     WHERE id > (SELECT MAX(id) FROM transfers) - $1 AND user_id IS NOT NULL), \
     e AS MATERIALIZED (SELECT user_id, amount_units FROM holds WHERE state = 'open') \
     SELECT CAST(COALESCE(SUM(ABS(r.units)), 0) AS BIGINT) AS drift_units FROM (\
     SELECT COALESCE(a.wallet_posted_units + a.promo_posted_units, 0) - t.balance_after_units AS units \
     FROM (SELECT MAX(id) AS id FROM r GROUP BY user_id) r \
     JOIN transfers t ON t.id = r.id LEFT JOIN accounts a ON a.user_id = t.user_id \
     UNION ALL SELECT COALESCE(a.wallet_held_units + a.promo_held_units, 0) - e.units \
     FROM (SELECT user_id, SUM(amount_units) AS units FROM e GROUP BY user_id) e \
     LEFT JOIN accounts a ON a.user_id = e.user_id) r";

/// The same of accounts behind `$1`, at most `$2`. Each asks for its newest line; open holds are found by their own index
/// first, since the one of a user's holds has those of all years.
const DRIFT_OF: &str = "WITH s AS MATERIALIZED (SELECT user_id, wallet_posted_units + promo_posted_units AS posted, \
     wallet_held_units + promo_held_units AS held FROM accounts WHERE user_id > $1 ORDER BY user_id LIMIT $2), \
     e AS MATERIALIZED (SELECT user_id, amount_units FROM holds WHERE state = 'open') \
     SELECT CAST(COALESCE(SUM(ABS(s.posted - COALESCE((SELECT t.balance_after_units FROM transfers t \
     WHERE t.user_id = s.user_id ORDER BY t.id DESC LIMIT 1), 0)) + ABS(s.held - COALESCE(h.units, 0))), 0) AS BIGINT) \
     AS drift_units, (SELECT user_id FROM s ORDER BY user_id DESC LIMIT 1) AS last FROM s \
     LEFT JOIN (SELECT user_id, SUM(amount_units) AS units FROM e GROUP BY user_id) h ON h.user_id = s.user_id";

/// The same of each lane.
fn of_lane(lane: JobLane) -> [(String, String); 3] {
    let kind = lane.job();
    let due = format!("FROM jobs WHERE state = 'pending' AND kind = '{kind}' AND run_at_us <= $1");
    [
        (format!("{kind}_due"), format!("SELECT COUNT(*) {due}")),
        (format!("{kind}_oldest_us"), format!("SELECT COALESCE($1 - MIN(run_at_us), 0) {due}")),
        (
            format!("{kind}_buried"),
            format!("SELECT COUNT(*) FROM jobs WHERE state = 'buried' AND kind = '{kind}'"),
        ),
    ]
}

fn statement() -> String {
    let counts = COUNTS.map(|(name, sql)| (name.to_owned(), sql.to_owned()));
    let all = counts.into_iter().chain(JobLane::ALL.into_iter().flat_map(of_lane));
    let columns: Vec<String> = all.map(|(name, sql)| format!("CAST(({sql}) AS BIGINT) AS {name}")).collect();
    format!("SELECT {}", columns.join(", "))
}

struct Counted(QueryResult);

impl Counted {
    fn number(&self, name: &str) -> Result<i64, Fault> {
        self.0.try_get::<i64>("", name).map_err(|error: DbErr| fault(error))
    }

    fn count(&self, name: &str) -> Result<u64, Fault> {
        u64::try_from(self.number(name)?).map_err(|_| unreadable("count"))
    }

    fn seconds(&self, name: &str) -> Result<i64, Fault> {
        Ok(self.number(name)? / 1_000_000)
    }

    fn queue(&self, lane: JobLane) -> Result<Queue, Fault> {
        let kind = lane.job();
        Ok(Queue {
            lane,
            due: self.count(&format!("{kind}_due"))?,
            oldest_s: self.seconds(&format!("{kind}_oldest_us"))?,
            buried: self.count(&format!("{kind}_buried"))?,
        })
    }
}

#[async_trait]
impl VitalsReads for Reads {
    async fn vitals(&self, now: Time) -> Result<Vitals, Fault> {
        let values = vec![us(now).into(), us(Vitals::overdue_before(now)).into()];
        let rows = self.database.read(&statement(), values).await?;
        let row = Counted(rows.into_iter().next().ok_or_else(|| unreadable("row of counts"))?);
        let queues: Vec<Queue> =
            JobLane::ALL.into_iter().map(|lane| row.queue(lane)).collect::<Result<_, Fault>>()?;
        Ok(Vitals {
            orders_waiting: row.count("orders_waiting")?,
            orders_overdue: row.count("orders_overdue")?,
            purchases_unknown: row.count("purchases_unknown")?,
            queues: queues.try_into().map_err(|_| unreadable("queue"))?,
            notices_new: row.count("notices_new")?,
            notices_oldest_s: row.seconds("notices_oldest_us")?,
            suspense_open: row.count("suspense_open")?,
            refunds_open: row.count("refunds_open")?,
            refunds_oldest_s: row.seconds("refunds_oldest_us")?,
            orphans_open: row.count("orphans_open")?,
            orphans_oldest_s: row.seconds("orphans_oldest_us")?,
            disputes_open: row.count("disputes_open")?,
            findings_open: row.count("findings_open")?,
            webhooks_due: row.count("webhooks_due")?,
            webhooks_oldest_s: row.seconds("webhooks_oldest_us")?,
        })
    }

    async fn drift(&self) -> Result<Money, Fault> {
        let rows = self.database.read(DRIFT, vec![i64::from(DRIFT_LINES).into()]).await?;
        let row = Counted(rows.into_iter().next().ok_or_else(|| unreadable("sum"))?);
        Ok(Money::from_units(row.number("drift_units")?, Currency::Usd))
    }

    async fn drift_of(&self, after: Option<UserId>, limit: u32) -> Result<DriftSlice, Fault> {
        let after = after.map_or(Uuid::nil(), UserId::uuid);
        let rows = self.database.read(DRIFT_OF, vec![after.into(), i64::from(limit).into()]).await?;
        let row = Counted(rows.into_iter().next().ok_or_else(|| unreadable("sum"))?);
        let last: Option<Uuid> = row.0.try_get("", "last").map_err(fault)?;
        let drift = Money::from_units(row.number("drift_units")?, Currency::Usd);
        Ok(DriftSlice { drift, last: last.map(UserId::from_uuid) })
    }
}
