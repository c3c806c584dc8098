//! What staff reads: users, the log, from where staff may come.

use async_trait::async_trait;
use namaskah_domain::{
    AuditId, Fault, Page, PageOf, RefundId, SessionId, Time, UserId,
    auth::{Session, User, UserState},
    payment::Refund,
    staff::{Allowlist, AuditEntry, AuditQuery, AuditSeals, Broken, SealedLog, StaffReads, UserFilter},
};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::{Expr, ExprTrait, SimpleExpr},
};

use super::{Reads, all, fault, one_more, page_of};
use crate::persistence::{
    entity::{allowlist, audit_entry, refund, session, user},
    seal,
    snapshot::Snapshot,
    stored::us,
};

impl Reads {
    /// The address, compared byte by byte as its index is.
    fn email(&self) -> SimpleExpr {
        Expr::cust(if self.database.is_postgres() { "email COLLATE \"C\"" } else { "email" })
    }

    /// Addresses are visible ASCII, so what begins with a text is before the same text and a tilde's successor.
    fn begins_with(&self, prefix: &str) -> Condition {
        let end = format!("{prefix}\u{7f}");
        Condition::all().add(self.email().gte(prefix)).add(self.email().lt(end))
    }
}

fn in_state(state: UserState, now: Time) -> Condition {
    let lifted = Condition::any()
        .add(user::Column::SuspendedSinceUs.is_null())
        .add(user::Column::SuspendedUntilUs.lte(us(now)));
    let proven = user::Column::EmailVerifiedAtUs;
    match state {
        UserState::Active => lifted_and(lifted, proven.is_not_null()),
        UserState::Unverified => lifted_and(lifted, proven.is_null()),
        UserState::Suspended => Condition::all().add(user::Column::SuspendedSinceUs.is_not_null()).add(
            Condition::any()
                .add(user::Column::SuspendedUntilUs.is_null())
                .add(user::Column::SuspendedUntilUs.gt(us(now))),
        ),
    }
}

fn lifted_and(lifted: Condition, more: SimpleExpr) -> Condition {
    Condition::all().add(lifted).add(more)
}

fn lines(query: &AuditQuery) -> Select<audit_entry::Entity> {
    use audit_entry::Column;
    let mut lines = audit_entry::Entity::find();
    if let Some(actor) = query.actor {
        lines = lines.filter(Column::ActorId.eq(actor.uuid()));
    }
    if let Some(action) = query.action {
        lines = lines.filter(Column::Action.eq(action.name()));
    }
    if let Some(subject) = &query.subject {
        lines = lines.filter(Column::SubjectId.eq(subject.as_str()));
    }
    if let Some(from) = query.from {
        lines = lines.filter(Column::AtUs.gte(us(from)));
    }
    if let Some(to) = query.to {
        lines = lines.filter(Column::AtUs.lt(us(to)));
    }
    lines
}

#[async_trait]
impl StaffReads for Reads {
    async fn allowlist(&self) -> Result<Allowlist, Fault> {
        let row = allowlist::Entity::find_by_id(allowlist::NAME).one(self.database.reads()).await;
        row.map_err(fault)?.map_or_else(|| Ok(Allowlist::empty()), Allowlist::try_from)
    }

    async fn audit_log(&self, query: &AuditQuery, page: Page<AuditId>) -> Result<PageOf<AuditEntry>, Fault> {
        let mut lines = lines(query);
        if let Some(after) = page.after {
            lines = lines.filter(audit_entry::Column::Id.lt(after.uuid()));
        }
        let lines = lines.order_by_desc(audit_entry::Column::Id).limit(one_more(&page));
        page_of(lines.all(self.database.reads()).await.map_err(fault)?, page.limit, AuditEntry::try_from)
    }

    async fn staff(&self) -> Result<Vec<User>, Fault> {
        let staff = user::Entity::find().filter(Expr::cust("role <> 'user'")).order_by_asc(user::Column::Id);
        all(staff.all(self.database.reads()).await.map_err(fault)?, |row| row.open(&self.vault))
    }

    async fn users(&self, filter: &UserFilter, now: Time, page: Page<UserId>) -> Result<PageOf<User>, Fault> {
        let mut users = user::Entity::find();
        if let Some(prefix) = &filter.email_prefix {
            users = users.filter(self.begins_with(prefix));
        }
        if let Some(state) = filter.state {
            users = users.filter(in_state(state, now));
        }
        if let Some(role) = filter.role {
            users = users.filter(user::Column::Role.eq(role.name()));
        }
        if let Some(after) = page.after {
            users = users.filter(user::Column::Id.lt(after.uuid()));
        }
        let users = users.order_by_desc(user::Column::Id).limit(one_more(&page));
        let rows = users.all(self.database.reads()).await.map_err(fault)?;
        page_of(rows, page.limit, |row| row.open(&self.vault))
    }

    async fn sign_ins(&self, user: UserId, page: Page<SessionId>) -> Result<PageOf<Session>, Fault> {
        let mut his = session::Entity::find().filter(session::Column::UserId.eq(user.uuid()));
        if let Some(after) = page.after {
            his = his.filter(session::Column::Id.lt(after.uuid()));
        }
        let his = his.order_by_desc(session::Column::Id).limit(one_more(&page));
        page_of(his.all(self.database.reads()).await.map_err(fault)?, page.limit, Session::try_from)
    }

    async fn refunds_to(&self, user: UserId, page: Page<RefundId>) -> Result<PageOf<Refund>, Fault> {
        let mut his = refund::Entity::find().filter(refund::Column::UserId.eq(user.uuid()));
        if let Some(after) = page.after {
            his = his.filter(refund::Column::Id.lt(after.uuid()));
        }
        let his = his.order_by_desc(refund::Column::Id).limit(one_more(&page));
        page_of(his.all(self.database.reads()).await.map_err(fault)?, page.limit, Refund::try_from)
    }
}

#[async_trait]
impl AuditSeals for Reads {
    async fn verify(&self) -> Result<SealedLog, Fault> {
        let snapshot = Snapshot::begin(&self.database).await?;
        let found = seal::verify_audit_log(&snapshot).await?;
        snapshot.end().await?;
        let broken = found.offenders.into_iter();
        let broken = broken.map(|offender| Broken { rows: offender.row, why: offender.why });
        Ok(SealedLog { batches: found.batches, broken: broken.collect() })
    }
}
