//! Reads of corrections.

use async_trait::async_trait;
use namaskah_domain::{
    AdjustmentId, Currency, Fault, Money, Page, PageOf, Time, UserId,
    staff::{Adjustment, AdjustmentQuery, AdjustmentReads, AdjustmentStatus, Recent, Subject},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select, sea_query::Expr};

use super::{Reads, fault, one_more, page_of};
use crate::persistence::{
    entity::adjustment::{Column, Entity},
    stored::{time, us},
};

/// A proposal that has expired is stored as what it is: a proposal of then.
fn standing(wanted: Select<Entity>, status: AdjustmentStatus, now: Time) -> Select<Entity> {
    let oldest = us(Adjustment::expired_from(now));
    let proposed = |wanted: Select<Entity>| wanted.filter(Expr::cust("state = 'proposed'"));
    match status {
        AdjustmentStatus::Proposed => proposed(wanted).filter(Column::ProposedAtUs.gt(oldest)),
        AdjustmentStatus::Expired => proposed(wanted).filter(Column::ProposedAtUs.lte(oldest)),
        AdjustmentStatus::Booked => wanted.filter(Column::State.eq("booked")),
        AdjustmentStatus::Rejected => wanted.filter(Column::State.eq("rejected")),
    }
}

#[async_trait]
impl AdjustmentReads for Reads {
    async fn adjustment(&self, id: AdjustmentId) -> Result<Option<Adjustment>, Fault> {
        let row = Entity::find_by_id(id.uuid()).one(self.database.reads()).await;
        row.map_err(fault)?.map(Adjustment::try_from).transpose()
    }

    async fn adjustments(
        &self,
        query: &AdjustmentQuery,
        now: Time,
        page: Page<AdjustmentId>,
    ) -> Result<PageOf<Adjustment>, Fault> {
        let mut wanted = Entity::find();
        if let Some(status) = query.status {
            wanted = standing(wanted, status, now);
        }
        if let Some(user) = query.user {
            wanted = wanted.filter(Column::UserId.eq(user.uuid()));
        }
        if let Some(after) = page.after {
            wanted = wanted.filter(Column::Id.lt(after.uuid()));
        }
        let wanted = wanted.order_by_desc(Column::Id).limit(one_more(&page));
        page_of(wanted.all(self.database.reads()).await.map_err(fault)?, page.limit, Adjustment::try_from)
    }

    async fn booked_at_once(&self, by: UserId, user: UserId, since: Time) -> Result<Recent, Fault> {
        let sum = |of: &str| {
            format!(
                "(SELECT CAST(COALESCE(SUM(amount_units), 0) AS BIGINT) FROM adjustments WHERE {of} \
                 AND decided_at_us > $3 AND state = 'booked' AND decided_by IS NULL)"
            )
        };
        let (by_actor, to_user) = (sum("proposed_by = $1"), sum("user_id = $2"));
        let sql = format!("SELECT {by_actor} AS by_actor, {to_user} AS to_user");
        let values = vec![by.uuid().into(), user.uuid().into(), us(since).into()];
        let rows = self.database.read(&sql, values).await?;
        let of = |name: &str| {
            let units = rows.first().map_or(Ok(0), |row| row.try_get::<i64>("", name).map_err(fault));
            units.map(|units| Money::from_units(units, Currency::Usd))
        };
        Ok(Recent { by_actor: of("by_actor")?, to_user: of("to_user")? })
    }

    async fn staff_since(&self, user: UserId) -> Result<Option<Time>, Fault> {
        let sql = "SELECT u.created_at_us AS made_us, (SELECT MAX(a.at_us) FROM audit_log a \
             WHERE a.subject_id = $2 AND a.action IN ('owner.created', 'staff.added', 'staff.role_changed', \
             'user.unsuspended')) AS role_us FROM users u WHERE u.id = $1";
        let values = vec![user.uuid().into(), Subject::user(user).id.into()];
        let rows = self.database.read(sql, values).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let made: i64 = row.try_get("", "made_us").map_err(fault)?;
        let role: Option<i64> = row.try_get("", "role_us").map_err(fault)?;
        time(role.map_or(made, |role| role.max(made))).map(Some)
    }
}
