//! When work comes again. A task that this code does not know is another version's, and left to it.

use async_trait::async_trait;
use namaskah_domain::{
    Fault,
    outbox::{Schedule, ScheduleReads},
    upkeep::Task,
};
use sea_orm::{EntityTrait, QueryOrder};

use super::{Reads, fault};
use crate::persistence::entity::schedule;

#[async_trait]
impl ScheduleReads for Reads {
    async fn schedules(&self) -> Result<Vec<Schedule>, Fault> {
        let all = schedule::Entity::find().order_by_asc(schedule::Column::Task);
        let rows = all.all(self.database.reads()).await.map_err(fault)?;
        let known = rows.into_iter().filter(|row| Task::from_name(&row.task).is_some());
        known.map(Schedule::try_from).collect()
    }
}
