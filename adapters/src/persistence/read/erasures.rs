//! Erasing what is past retention. Each step is a statement of its own that finds its rows by an index of what is not
//! erased yet; a run that stops between two steps leaves an order for the next one.

use async_trait::async_trait;
use namaskah_domain::{
    Fault, Time, UserId,
    retention::{Erased, Erasures},
};
use sea_orm::Value;
use uuid::Uuid;

use super::{Reads, all, fault, orders::places};
use crate::persistence::stored::us;

const ENDED: &str = "SELECT id FROM orders WHERE number_sealed IS NOT NULL AND ended_at_us IS NOT NULL \
     AND ended_at_us <= $1 ORDER BY ended_at_us LIMIT $2";

const OF_USER: &str = "SELECT o.id FROM orders o WHERE o.user_id = $1 AND o.ended_at_us IS NOT NULL AND (\
     o.number_sealed IS NOT NULL \
     OR EXISTS (SELECT 1 FROM messages m WHERE m.order_id = o.id \
         AND (m.sender_sealed IS NOT NULL OR m.text_sealed IS NOT NULL OR m.code_sealed IS NOT NULL)) \
     OR EXISTS (SELECT 1 FROM purchases p WHERE p.order_id = o.id AND p.number_sealed IS NOT NULL)) \
     ORDER BY o.id LIMIT $2";

/// Texts that came to orders whose number was erased before.
const LATE_TEXTS: &str = "UPDATE messages SET sender_sealed = NULL, text_sealed = NULL, code_sealed = NULL \
     WHERE id IN (SELECT m.id FROM messages m JOIN orders o ON o.id = m.order_id \
     WHERE (m.sender_sealed IS NOT NULL OR m.text_sealed IS NOT NULL OR m.code_sealed IS NOT NULL) \
     AND m.stored_at_us <= $1 AND o.ended_at_us <= $1 ORDER BY m.stored_at_us LIMIT $2) RETURNING id";

const PURCHASES: &str = "UPDATE purchases SET number_sealed = NULL, number_digest = NULL \
     WHERE id IN (SELECT p.id FROM purchases p LEFT JOIN orders o ON o.id = p.order_id \
     WHERE p.number_sealed IS NOT NULL AND p.bound_at_us <= $1 AND (o.id IS NULL OR o.ended_at_us <= $1) \
     ORDER BY p.bound_at_us LIMIT $2) RETURNING id";

/// A body that is empty opens as nothing; nobody reads a notice that is handled.
const NOTICES: &str = "UPDATE notices SET body_sealed = $3, state = 'handled' \
     WHERE id IN (SELECT id FROM notices WHERE state <> 'new' AND length(body_sealed) > 0 AND at_us <= $1 \
     ORDER BY at_us LIMIT $2) RETURNING id";

/// Tickets of accounts that were closed: their addresses begin so, and end as nobody else's does.
const TICKETS: &str = "SELECT t.id FROM users u JOIN tickets t ON t.user_id = u.id \
     WHERE <EMAIL> >= 'deleted-' AND <EMAIL> < 'deleted.' AND u.email LIKE '%@deleted.invalid' \
     AND t.subject_sealed IS NOT NULL LIMIT $1";

/// What was told to whom has left.
const NOTIFICATIONS: &str = "DELETE FROM notifications WHERE id IN (\
     SELECT t.id FROM users u JOIN notifications t ON t.user_id = u.id \
     WHERE <EMAIL> >= 'deleted-' AND <EMAIL> < 'deleted.' AND u.email LIKE '%@deleted.invalid' LIMIT $1) RETURNING id";

const WISHES: &str = "DELETE FROM notification_settings WHERE user_id IN (\
     SELECT t.user_id FROM users u JOIN notification_settings t ON t.user_id = u.id \
     WHERE <EMAIL> >= 'deleted-' AND <EMAIL> < 'deleted.' AND u.email LIKE '%@deleted.invalid' LIMIT $1) \
     RETURNING user_id";

const LETTERS: &str = "DELETE FROM jobs WHERE id IN (SELECT id FROM jobs \
     WHERE state = 'buried' AND kind = 'send_mail' AND run_at_us <= $1 ORDER BY run_at_us LIMIT $2) RETURNING id";

impl Reads {
    /// How many rows a statement changed.
    pub(super) async fn changed(&self, sql: &str, values: Vec<Value>) -> Result<u32, Fault> {
        let rows = self.database.write(sql.to_owned(), values).await?;
        Ok(u32::try_from(rows.len()).unwrap_or(u32::MAX))
    }

    /// An address of a user as its index sorts it.
    pub(super) fn email_in_bytes(&self) -> &'static str {
        if self.database.is_postgres() { "u.email COLLATE \"C\"" } else { "u.email" }
    }

    /// The statement with the column of addresses as the index on them has it.
    fn of_the_left(&self, sql: &str) -> String {
        sql.replace("<EMAIL>", self.email_in_bytes())
    }

    async fn erase_notifications(&self, limit: u32) -> Result<u32, Fault> {
        let limit = || vec![i64::from(limit).into()];
        let told = self.changed(&self.of_the_left(NOTIFICATIONS), limit()).await?;
        Ok(told.saturating_add(self.changed(&self.of_the_left(WISHES), limit()).await?))
    }

    /// Lines first: the subjects make that a ticket is found again.
    async fn erase_tickets(&self, limit: u32) -> Result<u32, Fault> {
        let rows = self.database.read(&self.of_the_left(TICKETS), vec![i64::from(limit).into()]).await?;
        let ids: Vec<Uuid> = all(rows, |row| row.try_get("", "id").map_err(fault))?;
        if ids.is_empty() {
            return Ok(0);
        }
        let named = places(1, ids.len());
        let values = || ids.iter().map(|id| Value::from(*id)).collect::<Vec<_>>();
        let lines = format!(
            "UPDATE ticket_lines SET text_sealed = NULL WHERE ticket_id IN ({named}) AND text_sealed IS NOT NULL \
             RETURNING id"
        );
        let subjects = format!("UPDATE tickets SET subject_sealed = NULL WHERE id IN ({named}) RETURNING id");
        self.changed(&lines, values()).await?;
        self.changed(&subjects, values()).await
    }

    /// Texts, purchases and numbers of the orders that a query names. The numbers go last: they make that an order is
    /// found again.
    async fn erase_orders(&self, sql: &str, values: Vec<Value>) -> Result<Erased, Fault> {
        let rows = self.database.read(sql, values).await?;
        let ids: Vec<Uuid> = all(rows, |row| row.try_get("", "id").map_err(fault))?;
        if ids.is_empty() {
            return Ok(Erased::default());
        }
        let named = places(1, ids.len());
        let values = || ids.iter().map(|id| Value::from(*id)).collect::<Vec<_>>();
        let texts = format!(
            "UPDATE messages SET sender_sealed = NULL, text_sealed = NULL, code_sealed = NULL \
             WHERE order_id IN ({named}) \
             AND (sender_sealed IS NOT NULL OR text_sealed IS NOT NULL OR code_sealed IS NOT NULL) RETURNING id"
        );
        let purchases = format!(
            "UPDATE purchases SET number_sealed = NULL, number_digest = NULL \
             WHERE order_id IN ({named}) AND number_sealed IS NOT NULL RETURNING id"
        );
        let numbers = format!(
            "UPDATE orders SET number_sealed = NULL, number_digest = NULL \
             WHERE id IN ({named}) AND number_sealed IS NOT NULL AND ended_at_us IS NOT NULL RETURNING id"
        );
        Ok(Erased {
            messages: self.changed(&texts, values()).await?,
            purchases: self.changed(&purchases, values()).await?,
            orders: self.changed(&numbers, values()).await?,
            ..Erased::default()
        })
    }
}

#[async_trait]
impl Erasures for Reads {
    async fn erase_ended(&self, ended_by: Time, limit: u32) -> Result<Erased, Fault> {
        let values = || vec![us(ended_by).into(), i64::from(limit).into()];
        let mut erased = self.erase_orders(ENDED, values()).await?;
        erased += Erased {
            messages: self.changed(LATE_TEXTS, values()).await?,
            purchases: self.changed(PURCHASES, values()).await?,
            notices: self.changed(NOTICES, [values(), vec![Vec::<u8>::new().into()]].concat()).await?,
            letters: self.changed(LETTERS, values()).await?,
            tickets: self.erase_tickets(limit).await?,
            notifications: self.erase_notifications(limit).await?,
            ..Erased::default()
        };
        Ok(erased)
    }

    async fn erase_of(&self, user: UserId, limit: u32) -> Result<Erased, Fault> {
        self.erase_orders(OF_USER, vec![user.uuid().into(), i64::from(limit).into()]).await
    }
}
