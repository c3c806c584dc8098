//! Deleting what is of no more use. Each is a statement that finds its rows by an index, but for deliveries, which take
//! their tries along.

use async_trait::async_trait;
use namaskah_domain::{
    Fault, Time,
    upkeep::{Leftovers, Task},
};

use sea_orm::Value;
use uuid::Uuid;

use super::{Reads, all, fault, orders::places};
use crate::persistence::stored::us;

const MAIL_TOKENS: &str = "DELETE FROM mail_tokens WHERE hash IN (SELECT hash FROM mail_tokens \
     WHERE expires_at_us <= $1 ORDER BY expires_at_us LIMIT $2) RETURNING 1";

const REFRESH_TOKENS: &str = "DELETE FROM refresh_tokens WHERE hash IN (SELECT hash FROM refresh_tokens \
     WHERE expires_at_us <= $1 ORDER BY expires_at_us LIMIT $2) RETURNING 1";

const SESSIONS: &str = "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions \
     WHERE COALESCE(ended_at_us, expires_at_us) <= $1 ORDER BY COALESCE(ended_at_us, expires_at_us) LIMIT $2) \
     RETURNING 1";

const QUOTES: &str = "DELETE FROM quotes WHERE id IN (SELECT id FROM quotes \
     WHERE expires_at_us <= $1 ORDER BY expires_at_us LIMIT $2) RETURNING 1";

/// Of accounts that are closed, which their addresses tell.
const CLAIMS: &str = "DELETE FROM idempotency_claims WHERE (scope, key) IN (SELECT c.scope, c.key \
     FROM users u JOIN idempotency_claims c ON c.scope = u.id \
     WHERE <EMAIL> >= 'deleted-' AND <EMAIL> < 'deleted.' AND u.email LIKE '%@deleted.invalid' LIMIT $1) \
     RETURNING 1";

const DELIVERIES: &str = "SELECT id FROM webhook_deliveries WHERE state <> 'waiting' AND state_at_us <= $1 \
     ORDER BY state_at_us LIMIT $2";

const READ_NOTIFICATIONS: &str = "DELETE FROM notifications WHERE id IN (SELECT id FROM notifications \
     WHERE read_at_us IS NOT NULL AND read_at_us <= $1 ORDER BY read_at_us LIMIT $2) RETURNING 1";

/// One that is read meanwhile has another time to go.
const UNREAD_NOTIFICATIONS: &str = "DELETE FROM notifications WHERE id IN (SELECT id FROM notifications \
     WHERE read_at_us IS NULL AND at_us <= $1 ORDER BY at_us LIMIT $2) AND read_at_us IS NULL RETURNING 1";

impl Reads {
    /// Tries first: their deliveries make that they are found. A delivery that its user has begun anew meanwhile stays.
    async fn delete_deliveries(&self, over_by: Time, limit: i64) -> Result<u32, Fault> {
        let rows = self.database.read(DELIVERIES, vec![us(over_by).into(), limit.into()]).await?;
        let ids: Vec<Uuid> = all(rows, |row| row.try_get("", "id").map_err(fault))?;
        if ids.is_empty() {
            return Ok(0);
        }
        let values = || ids.iter().map(|id| Value::from(*id)).collect::<Vec<_>>();
        let named = places(1, ids.len());
        let tries = format!("DELETE FROM webhook_attempts WHERE delivery_id IN ({named}) RETURNING 1");
        self.changed(&tries, values()).await?;
        let named = places(2, ids.len());
        let deliveries = format!(
            "DELETE FROM webhook_deliveries WHERE id IN ({named}) AND state <> 'waiting' AND state_at_us <= $1 \
             RETURNING 1"
        );
        self.changed(&deliveries, [vec![us(over_by).into()], values()].concat()).await
    }
}

#[async_trait]
impl Leftovers for Reads {
    async fn delete(&self, task: Task, over_by: Time, limit: u32) -> Result<u32, Fault> {
        let limit = i64::from(limit);
        let by_time = || vec![us(over_by).into(), limit.into()];
        match task {
            Task::MailTokens => self.changed(MAIL_TOKENS, by_time()).await,
            Task::RefreshTokens => self.changed(REFRESH_TOKENS, by_time()).await,
            Task::Sessions => self.changed(SESSIONS, by_time()).await,
            Task::Quotes => self.changed(QUOTES, by_time()).await,
            Task::Claims => {
                let email = self.email_in_bytes();
                self.changed(&CLAIMS.replace("<EMAIL>", email), vec![limit.into()]).await
            }
            Task::Deliveries => self.delete_deliveries(over_by, limit).await,
            Task::ReadNotifications => self.changed(READ_NOTIFICATIONS, by_time()).await,
            Task::UnreadNotifications => self.changed(UNREAD_NOTIFICATIONS, by_time()).await,
        }
    }
}
