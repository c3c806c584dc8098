//! Facts about the whole deployment that the database keeps: its mode, and the offset of its clock.

use namaskah_domain::{Fault, Time};
use sea_orm::Value;

use super::fault;
use crate::persistence::{
    database::Database,
    stored::{time, unreadable, us},
};

const CLOCK_OFFSET: &str = "clock_offset_ms";

/// Small facts by name.
#[derive(Debug, Clone)]
pub struct Settings {
    database: Database,
}

impl Settings {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }

    /// The value of `key`, if it was ever set.
    ///
    /// # Errors
    /// [`Fault`] if the database cannot be read.
    pub async fn get(&self, key: &str) -> Result<Option<String>, Fault> {
        let rows = self.database.read("SELECT value FROM settings WHERE key = $1", vec![key.into()]).await?;
        rows.first().map(|row| row.try_get("", "value").map_err(fault)).transpose()
    }

    /// Sets `key` unless it is set; returns what is stored now. Of several at once, one wins for all.
    ///
    /// # Errors
    /// [`Fault`] if the database does not answer; asking again is safe.
    pub async fn set_if_absent(&self, key: &str, value: &str) -> Result<String, Fault> {
        let sql = "INSERT INTO settings (key, value) VALUES ($1, $2) \
             ON CONFLICT (key) DO UPDATE SET value = settings.value RETURNING value";
        self.returned(sql, vec![key.into(), value.into()]).await
    }

    /// How far the clock of the sandbox was moved, in milliseconds; 0 if never.
    ///
    /// # Errors
    /// [`Fault`] if the database cannot be read.
    pub async fn clock_offset_ms(&self) -> Result<i64, Fault> {
        self.get(CLOCK_OFFSET).await?.map_or(Ok(0), |text| milliseconds(&text))
    }

    /// Raises the clock's offset to `offset_ms` unless it is higher already; returns what is stored now.
    ///
    /// # Errors
    /// [`Fault`] if the database does not answer; asking again is safe.
    pub async fn raise_clock_offset_ms(&self, offset_ms: i64) -> Result<i64, Fault> {
        let sql = "INSERT INTO settings (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = \
             CASE WHEN CAST(settings.value AS BIGINT) < CAST(excluded.value AS BIGINT) \
             THEN excluded.value ELSE settings.value END RETURNING value";
        let stored =
            self.returned(sql, vec![CLOCK_OFFSET.into(), offset_ms.max(0).to_string().into()]).await?;
        milliseconds(&stored)
    }

    /// When something of that name was first noted, which is now if it never was.
    ///
    /// # Errors
    /// [`Fault`] if the database does not answer; asking again is safe.
    pub async fn first_noted(&self, what: &str, now: Time) -> Result<Time, Fault> {
        let key = format!("first_noted:{what}");
        let stored = self.set_if_absent(&key, &us(now).to_string()).await?;
        time(stored.parse().map_err(|_| unreadable("instant"))?)
    }

    async fn returned(&self, sql: &str, values: Vec<Value>) -> Result<String, Fault> {
        let rows = self.database.write(sql.to_owned(), values).await?;
        let row = rows.first().ok_or_else(|| unreadable("setting"))?;
        row.try_get("", "value").map_err(fault)
    }
}

fn milliseconds(text: &str) -> Result<i64, Fault> {
    text.parse().map_err(|_| unreadable("clock offset"))
}
