//! The log of events.
//!
//! Stamping gives the next sequences to what is committed, in the order of recording. One instance stamps at a time,
//! under a lock that it takes before it looks, so no sequence is given twice, none is left out, and none appears
//! behind one that was read already. When there is nothing to stamp, it is one statement without a lock.

use async_trait::async_trait;
use namaskah_domain::{
    Fault,
    outbox::{EventLog, EventQuery, SequencedEvent},
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement,
    TransactionTrait,
};

use super::{Reads, all, fault};
use crate::persistence::{entity::event, stored::unreadable};

/// Names the lock of stamping on Postgres.
const STAMPING: i64 = 0x6e6d_6b65_7665_6e74;

const STAMP: &str = "UPDATE events SET sequence = next.sequence FROM (\
         SELECT recorded, (SELECT COALESCE(MAX(sequence), 0) FROM events) \
         + ROW_NUMBER() OVER (ORDER BY recorded) AS sequence FROM (\
             SELECT recorded FROM events WHERE sequence IS NULL ORDER BY recorded LIMIT 1000) AS waiting\
     ) AS next WHERE events.recorded = next.recorded RETURNING events.recorded";

impl Reads {
    async fn stamp_under_lock(&self) -> Result<usize, DbErr> {
        let backend = self.database.backend();
        let transaction = self.database.connection().begin().await?;
        let lock =
            Statement::from_sql_and_values(backend, "SELECT pg_advisory_xact_lock($1)", [STAMPING.into()]);
        transaction.query_one_raw(lock).await?;
        let stamped = transaction.query_all_raw(Statement::from_string(backend, STAMP)).await?.len();
        transaction.commit().await?;
        Ok(stamped)
    }
}

#[async_trait]
impl EventLog for Reads {
    async fn stamp(&self) -> Result<u32, Fault> {
        const WAITING: &str = "SELECT recorded FROM events WHERE sequence IS NULL LIMIT 1";
        if self.database.read(WAITING, Vec::new()).await?.is_empty() {
            return Ok(0);
        }
        let stamped = if self.database.is_postgres() {
            self.stamp_under_lock().await.map_err(fault)?
        } else {
            self.database.write(STAMP.to_owned(), Vec::new()).await?.len()
        };
        u32::try_from(stamped).map_err(|_| unreadable("count"))
    }

    async fn after(&self, query: EventQuery) -> Result<Vec<SequencedEvent>, Fault> {
        let mut find = event::Entity::find().filter(event::Column::Sequence.gt(query.after));
        if let Some(user) = query.user {
            find = find.filter(event::Column::UserId.eq(user.uuid()));
        }
        if let Some(subject) = query.subject {
            find = find.filter(event::Column::Subject.eq(subject));
        }
        let find = find.order_by_asc(event::Column::Sequence).limit(u64::from(query.limit));
        all(find.all(self.database.reads()).await.map_err(fault)?, SequencedEvent::try_from)
    }

    async fn newest(&self) -> Result<i64, Fault> {
        const SQL: &str = "SELECT COALESCE(MAX(sequence), 0) AS newest FROM events";
        let rows = self.database.read(SQL, Vec::new()).await?;
        rows.first().map_or(Ok(0), |row| row.try_get("", "newest").map_err(fault))
    }
}
