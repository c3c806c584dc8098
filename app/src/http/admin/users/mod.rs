//! Users, as staff finds, sees and manages them.

pub mod body;
mod timeline;

use std::sync::Arc;

use namaskah_domain::{
    Clock, Page, PageOf, UserId,
    auth::{Role, User},
    entity::{TimelineEntity, UserEntity},
    staff::{Happening, StaffService, UserFilter},
};
use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};

use self::{
    body::{DetailBody, FoundBody, SearchWord, SuspendBody, UserStateWord},
    timeline::HappeningBody,
};
use crate::http::{
    body::{AfterQuery, Body, LimitQuery, Listed, NoContent, Shown, Text},
    detached::detached,
    problem::Problem,
    staff_scheme::{Staff, SteppedUp, may},
    tags::Tag,
};

/// Routes of users.
pub struct UsersApi {
    /// Finds and manages them.
    pub staff: Arc<StaffService>,
    /// Whether a suspension lasts.
    pub clock: Arc<dyn Clock>,
}

#[OpenApi(prefix_path = "/api/v1/admin/users", tag = "Tag::Admin")]
impl UsersApi {
    /// Find users
    ///
    /// By identifier or by what the address begins with.
    #[oai(path = "/", method = "get", operation_id = "list_users")]
    async fn list(
        &self,
        _staff: Staff<may::UsersRead>,
        /// An identifier, or the beginning of an address.
        q: Query<Option<Text<SearchWord>>>,
        /// How they are.
        status: Query<Option<Text<UserStateWord>>>,
        /// What they may do.
        role: Query<Option<Text<Role>>>,
        #[oai(default)] limit: Query<LimitQuery>,
        after: Query<AfterQuery<UserEntity>>,
    ) -> Result<Shown<Listed<FoundBody>>, Problem> {
        let state = status.0.map(|status| status.0.into());
        let role = role.0.map(|role| role.0);
        let page = match q.0.map(|q| q.0) {
            Some(SearchWord::User(id)) => {
                self.alone(id, &UserFilter { email_prefix: None, state, role }).await?
            }
            Some(SearchWord::Address(begins)) => {
                let filter = UserFilter { email_prefix: Some(begins), state, role };
                self.staff.users(&filter, limit.0.page(after.0)).await?
            }
            None => {
                let filter = UserFilter { email_prefix: None, state, role };
                self.staff.users(&filter, limit.0.page(after.0)).await?
            }
        };
        let now = self.clock.now();
        Ok(Shown(Listed::of(page, |user| -> UserId { user.id }, |user| FoundBody::of(user, now))))
    }

    /// One user
    #[oai(path = "/:id", method = "get", operation_id = "get_user")]
    async fn one(
        &self,
        _staff: Staff<may::UsersRead>,
        id: Path<Text<UserId>>,
    ) -> Result<Shown<DetailBody>, Problem> {
        let detail = self.staff.user(id.0.0).await?.ok_or_else(Problem::not_found)?;
        Ok(Shown(DetailBody::of(detail, self.clock.now())))
    }

    /// What happened around a user
    ///
    /// Orders, payments, refunds, movements, sign-ins, and what staff did: newest first.
    #[oai(path = "/:id/timeline", method = "get", operation_id = "get_user_timeline")]
    async fn timeline(
        &self,
        _staff: Staff<may::UsersRead>,
        id: Path<Text<UserId>>,
        #[oai(default)] limit: Query<LimitQuery>,
        after: Query<AfterQuery<TimelineEntity>>,
    ) -> Result<Shown<Listed<HappeningBody>>, Problem> {
        let page = self.staff.timeline(id.0.0, limit.0.page(after.0)).await?;
        Ok(Shown(Listed::of(page, Happening::place, HappeningBody::from)))
    }

    /// Suspend a user
    ///
    /// He may do nothing, and all his sessions end. Open orders go on and end by themselves; webhooks wait.
    #[oai(path = "/:id/suspend", method = "post", operation_id = "suspend_user")]
    async fn suspend(
        &self,
        staff: Staff<SteppedUp<may::UsersManage>>,
        id: Path<Text<UserId>>,
        body: Body<SuspendBody>,
    ) -> Result<Shown<FoundBody>, Problem> {
        let (service, actor, command) = (self.staff.clone(), staff.0, body.0.parse());
        let user = detached(async move { service.suspend(&actor, id.0.0, command).await }).await?;
        Ok(self.shown(user))
    }

    /// Lift a suspension
    #[oai(path = "/:id/unsuspend", method = "post", operation_id = "unsuspend_user")]
    async fn unsuspend(
        &self,
        staff: Staff<SteppedUp<may::UsersManage>>,
        id: Path<Text<UserId>>,
    ) -> Result<Shown<FoundBody>, Problem> {
        let (service, actor) = (self.staff.clone(), staff.0);
        let user = detached(async move { service.unsuspend(&actor, id.0.0).await }).await?;
        Ok(self.shown(user))
    }

    /// Make a user choose a new password
    ///
    /// The present one is void. A link is mailed, and all his sessions end, as do his API keys and what Google may sign
    /// in to; his webhook endpoints are switched off.
    #[oai(path = "/:id/force-reset", method = "post", operation_id = "reset_user")]
    async fn force_reset(
        &self,
        staff: Staff<SteppedUp<may::UsersManage>>,
        id: Path<Text<UserId>>,
    ) -> Result<NoContent, Problem> {
        let (service, actor) = (self.staff.clone(), staff.0);
        detached(async move { service.force_reset(&actor, id.0.0).await }).await?;
        Ok(NoContent)
    }

    /// End all sessions of a user
    #[oai(path = "/:id/end-sessions", method = "post", operation_id = "end_user_sessions")]
    async fn end_sessions(
        &self,
        staff: Staff<SteppedUp<may::UsersManage>>,
        id: Path<Text<UserId>>,
    ) -> Result<NoContent, Problem> {
        let (service, actor) = (self.staff.clone(), staff.0);
        detached(async move { service.end_sessions(&actor, id.0.0).await }).await?;
        Ok(NoContent)
    }
}

impl UsersApi {
    fn shown(&self, user: User) -> Shown<FoundBody> {
        Shown(FoundBody::of(user, self.clock.now()))
    }

    /// The list of one, if he fits the rest of the question.
    async fn alone(&self, id: UserId, filter: &UserFilter) -> Result<PageOf<User>, Problem> {
        let found = self.staff.user(id).await?.map(|detail| detail.user);
        let now = self.clock.now();
        let found = found.filter(|user| {
            filter.role.is_none_or(|role| role == user.role)
                && filter.state.is_none_or(|state| state == user.state(now))
        });
        let page = Page::<()> { limit: 1, after: None };
        Ok(PageOf::from_one_more(found.into_iter().collect(), page.limit))
    }
}
