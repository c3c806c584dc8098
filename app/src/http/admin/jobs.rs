//! Jobs: how they stand, and never what is in them.

use std::sync::Arc;

use namaskah_domain::{
    JobId, JobLane, Time,
    entity::JobEntity,
    outbox::{JobDesk, JobFailure, JobQuery, JobState, QueuedJob},
};
use poem_openapi::{
    Object, OpenApi,
    param::{Path, Query},
    registry::MetaSchema,
};

use crate::http::{
    body::{AfterQuery, LimitQuery, Listed, Shown, Text, TextForm, text::one_of},
    detached::detached,
    problem::Problem,
    staff_scheme::{Staff, SteppedUp, may},
    tags::Tag,
};

macro_rules! named {
    ($type:ty, $expected:literal, $name:expr) => {
        impl TextForm for $type {
            const EXPECTED: &'static str = $expected;

            fn schema() -> MetaSchema {
                one_of(&Self::ALL.map($name))
            }

            fn read(text: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|word| $name(*word) == text)
            }

            fn write(&self) -> std::borrow::Cow<'_, str> {
                $name(*self).into()
            }
        }
    };
}

named!(JobState, "waiting, in_work, buried or cancelled", JobState::name);
named!(JobFailure, "failing, refused or exhausted", JobFailure::name);
named!(JobLane, "send_mail, end_reservation or upkeep", JobLane::job);

/// A job that is not done.
#[derive(Debug, Object)]
#[oai(rename = "Job")]
pub struct JobBody {
    /// Its identifier.
    pub id: Text<JobId>,
    /// What kind of work it is.
    pub kind: Text<JobLane>,
    /// How it stands.
    pub state: Text<JobState>,
    /// How often it was taken.
    pub attempts: u32,
    /// Not before.
    pub run_at: Text<Time>,
    /// Which kind of failure it has met: it is tried again, was refused for good, or has failed too often. Null if none.
    pub last_error: Option<Text<JobFailure>>,
}

impl From<QueuedJob> for JobBody {
    fn from(job: QueuedJob) -> Self {
        Self {
            id: Text(job.id),
            kind: Text(job.lane),
            state: Text(job.state),
            attempts: job.attempts,
            run_at: Text(job.run_at),
            last_error: job.failure().map(Text),
        }
    }
}

/// Routes of jobs.
pub struct JobsApi {
    /// Shows them, and decides.
    pub desk: Arc<JobDesk>,
}

#[OpenApi(prefix_path = "/api/v1/admin/jobs", tag = "Tag::Admin")]
impl JobsApi {
    /// Jobs that are not done
    #[oai(path = "/", method = "get", operation_id = "list_jobs")]
    async fn list(
        &self,
        _staff: Staff<may::Jobs>,
        /// How they stand.
        state: Query<Option<Text<JobState>>>,
        /// What kind of work they are.
        kind: Query<Option<Text<JobLane>>>,
        #[oai(default)] limit: Query<LimitQuery>,
        after: Query<AfterQuery<JobEntity>>,
    ) -> Result<Shown<Listed<JobBody>>, Problem> {
        let query = JobQuery { state: state.0.map(|state| state.0), lane: kind.0.map(|kind| kind.0) };
        let page = self.desk.list(query, limit.0.page(after.0)).await?;
        Ok(Shown(Listed::of(page, |job| job.id, JobBody::from)))
    }

    /// Run a job again
    ///
    /// One that was given up or cancelled runs now, with all its attempts.
    #[oai(path = "/:id/retry", method = "post", operation_id = "retry_job")]
    async fn retry(&self, staff: Staff<may::Jobs>, id: Path<Text<JobId>>) -> Result<Shown<JobBody>, Problem> {
        let (desk, actor) = (self.desk.clone(), staff.0);
        Ok(Shown(detached(async move { desk.retry(&actor, id.0.0).await }).await?.into()))
    }

    /// Cancel a job
    ///
    /// One that waits; never one that is being done.
    #[oai(path = "/:id/cancel", method = "post", operation_id = "cancel_job")]
    async fn cancel(
        &self,
        staff: Staff<SteppedUp<may::Jobs>>,
        id: Path<Text<JobId>>,
    ) -> Result<Shown<JobBody>, Problem> {
        let (desk, actor) = (self.desk.clone(), staff.0);
        Ok(Shown(detached(async move { desk.cancel(&actor, id.0.0).await }).await?.into()))
    }
}
