//! Leases over the database's own time.

use async_trait::async_trait;
use namaskah_domain::{
    Fault,
    outbox::{Lease, Leases},
};
use uuid::Uuid;

use super::{Reads, fault};

#[async_trait]
impl Leases for Reads {
    async fn acquire(&self, name: &str, holder: Uuid, seconds: u32) -> Result<Option<Lease>, Fault> {
        let clock = self.database.now_us();
        let sql = format!(
            "INSERT INTO leases (name, holder, fence, until_us) VALUES ($1, $2, 1, {clock} + $3) \
             ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until_us = excluded.until_us, \
             fence = CASE WHEN leases.holder = excluded.holder THEN leases.fence ELSE leases.fence + 1 END \
             WHERE leases.holder IS NULL OR leases.holder = excluded.holder OR leases.until_us <= {clock} \
             RETURNING fence"
        );
        let values = vec![name.into(), holder.into(), (i64::from(seconds) * 1_000_000).into()];
        let rows = self.database.write(sql, values).await?;
        let fence = |row: &sea_orm::QueryResult| row.try_get("", "fence").map_err(fault);
        rows.first().map(|row| fence(row).map(|fence| Lease { fence })).transpose()
    }

    async fn release(&self, name: &str, holder: Uuid) -> Result<(), Fault> {
        // When it was given back is when it was used last.
        let clock = self.database.now_us();
        let sql =
            format!("UPDATE leases SET holder = NULL, until_us = {clock} WHERE name = $1 AND holder = $2");
        self.database.write(sql, vec![name.into(), holder.into()]).await.map(|_| ())
    }
}
