//! Deleting what is of no more use. Each is a statement that finds its rows by an index.

use async_trait::async_trait;
use namaskah_domain::{
    Fault, Time,
    upkeep::{Leftovers, Task},
};

use super::Reads;
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
        }
    }
}
