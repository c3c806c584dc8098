//! Jobs as staff sees them. A lease that has run out by the database's time is none.

use async_trait::async_trait;
use namaskah_domain::{
    Fault, JobId, Page, PageOf,
    outbox::{JobQuery, JobReads, JobState, QueuedJob},
};
use sea_orm::{FromQueryResult, QueryResult, Value};

use super::{Reads, fault, one_more, page_of};
use crate::persistence::entity::job::Shown;

fn shown(row: &QueryResult) -> Result<QueuedJob, Fault> {
    Shown::from_query_result(row, "").map_err(fault)?.try_into()
}

impl Reads {
    fn held(&self) -> String {
        format!("(holder IS NOT NULL AND leased_until_us > {})", self.database.now_us())
    }

    fn jobs(&self) -> String {
        format!(
            "SELECT id, kind, run_at_us, state, attempts, fence, cancelled_at_us, \
             CASE WHEN {} THEN 1 ELSE 0 END AS is_held FROM jobs",
            self.held()
        )
    }

    fn standing(&self, state: JobState) -> String {
        match state {
            JobState::Waiting => format!("state = 'pending' AND NOT {}", self.held()),
            JobState::InWork => format!("state = 'pending' AND {}", self.held()),
            JobState::Buried => "state = 'buried' AND cancelled_at_us IS NULL".to_owned(),
            JobState::Cancelled => "state = 'buried' AND cancelled_at_us IS NOT NULL".to_owned(),
        }
    }
}

#[async_trait]
impl JobReads for Reads {
    async fn queued(&self, query: JobQuery, page: Page<JobId>) -> Result<PageOf<QueuedJob>, Fault> {
        let limit = i64::try_from(one_more(&page)).map_err(Fault::new)?;
        let mut values: Vec<Value> = vec![limit.into()];
        let mut wanted = Vec::new();
        wanted.extend(query.state.map(|state| self.standing(state)));
        wanted.extend(query.lane.map(|lane| format!("kind = '{}'", lane.job())));
        if let Some(after) = page.after {
            wanted.push("id < $2".to_owned());
            values.push(after.uuid().into());
        }
        let wanted = if wanted.is_empty() { "1 = 1".to_owned() } else { wanted.join(" AND ") };
        let sql = format!("{} WHERE {wanted} ORDER BY id DESC LIMIT $1", self.jobs());
        page_of(self.database.read(&sql, values).await?, page.limit, |row| shown(&row))
    }

    async fn job(&self, id: JobId) -> Result<Option<QueuedJob>, Fault> {
        let sql = format!("{} WHERE id = $1", self.jobs());
        let rows = self.database.read(&sql, vec![id.uuid().into()]).await?;
        rows.first().map(shown).transpose()
    }
}
