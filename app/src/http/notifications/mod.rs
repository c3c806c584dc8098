//! Notifications: what a user is told, and wishes to be told.

pub mod body;

use std::sync::Arc;

use namaskah_domain::{NotificationId, entity::NotificationEntity, notification::NotificationService};
use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};

use self::body::{NotificationBody, NotificationSettingsBody};
use crate::http::{
    auth_scheme::SignedIn,
    body::{AfterQuery, Body, LimitQuery, Listed, Shown, Text},
    detached::detached,
    problem::Problem,
    tags::Tag,
};

/// Routes of notifications.
pub struct NotificationsApi {
    /// Keeps them.
    pub notifications: Arc<NotificationService>,
}

#[OpenApi(prefix_path = "/api/v1/notifications", tag = "Tag::Notifications")]
impl NotificationsApi {
    /// What you are told
    ///
    /// Newest first, without the kinds that you have switched off here.
    #[oai(path = "/", method = "get", operation_id = "list_notifications")]
    async fn list(
        &self,
        user: SignedIn,
        /// True for those alone that you have not read.
        unread: Query<Option<bool>>,
        #[oai(default)] limit: Query<LimitQuery>,
        after: Query<AfterQuery<NotificationEntity>>,
    ) -> Result<Shown<Listed<NotificationBody>>, Problem> {
        let page = limit.0.page(after.0);
        let page = self.notifications.list(user.id(), unread.0.unwrap_or_default(), page).await?;
        Ok(Shown(Listed::of(page, |told| told.id, NotificationBody::from)))
    }

    /// You have read it
    #[oai(path = "/:id/read", method = "post", operation_id = "read_notification")]
    async fn read(
        &self,
        user: SignedIn,
        id: Path<Text<NotificationId>>,
    ) -> Result<Shown<NotificationBody>, Problem> {
        let (notifications, by) = (self.notifications.clone(), user.id());
        let read = detached(async move { notifications.read(by, id.0.0).await }).await?;
        Ok(Shown(read.into()))
    }

    /// What you wish to be told
    #[oai(path = "/settings", method = "get", operation_id = "get_notification_settings")]
    async fn settings(&self, user: SignedIn) -> Result<Shown<NotificationSettingsBody>, Problem> {
        let settings = self.notifications.settings(user.id()).await?;
        Ok(Shown(NotificationSettingsBody::of(&settings, user.0.role)))
    }

    /// Change what you wish to be told
    ///
    /// Replaces all of it.
    #[oai(path = "/settings", method = "put", operation_id = "put_notification_settings")]
    async fn change_settings(
        &self,
        user: SignedIn,
        body: Body<NotificationSettingsBody>,
    ) -> Result<Shown<NotificationSettingsBody>, Problem> {
        let wanted = body.0.parse(user.id())?;
        let notifications = self.notifications.clone();
        let changed = detached(async move { notifications.change_settings(wanted).await }).await?;
        Ok(Shown(NotificationSettingsBody::of(&changed, user.0.role)))
    }
}
