//! Mail to users, as staff sees whether there is any.

use std::sync::Arc;

use namaskah_domain::{
    SuppressionId, Time, UserId,
    entity::SuppressionEntity,
    suppression::{Suppressed, Suppression, SuppressionService},
};
use poem_openapi::{
    Object, OpenApi,
    param::{Path, Query},
};

use crate::http::{
    body::{AfterQuery, LimitQuery, Listed, Shown, Text},
    detached::detached,
    problem::Problem,
    staff_scheme::{Staff, may},
    tags::Tag,
};

/// Whether a user's address gets mail.
#[derive(Debug, Object)]
#[oai(rename = "UserMail")]
pub struct UserMailBody {
    /// True if nothing is sent to it: a mail server has said that there is no such mailbox.
    pub suppressed: bool,
    /// When it was refused last; null if it never was.
    pub refused_at: Option<Text<Time>>,
    /// The number of the mail server's answer.
    pub reply: Option<u16>,
    /// When staff allowed it again.
    pub allowed_at: Option<Text<Time>>,
}

impl From<Option<Suppression>> for UserMailBody {
    fn from(known: Option<Suppression>) -> Self {
        Self {
            suppressed: known.as_ref().is_some_and(Suppression::is_active),
            refused_at: known.as_ref().map(|known| Text(known.at)),
            reply: known.as_ref().map(|known| known.reply),
            allowed_at: known.and_then(|known| known.lifted_at).map(Text),
        }
    }
}

/// An address that gets no mail.
#[derive(Debug, Object)]
#[oai(rename = "SuppressedAddress")]
pub struct SuppressedBody {
    /// The identifier of the suppression.
    pub id: Text<SuppressionId>,
    /// Whose address it is: by him it is allowed again. Null if it is nobody's, or was refused before this was kept.
    pub user_id: Option<Text<UserId>>,
    /// The address, if it is a user's: of others only a digest is kept.
    pub email: Option<String>,
    /// When it was refused last.
    pub refused_at: Text<Time>,
    /// The number of the mail server's answer.
    pub reply: u16,
}

impl From<Suppressed> for SuppressedBody {
    fn from(row: Suppressed) -> Self {
        let (user_id, email) = row.owner.unzip();
        Self {
            id: Text(row.id),
            user_id: user_id.map(Text),
            email: email.map(|email| email.as_str().to_owned()),
            refused_at: Text(row.at),
            reply: row.reply,
        }
    }
}

/// Routes of addresses that get no mail.
pub struct SuppressionsApi {
    /// Knows them.
    pub suppressions: Arc<SuppressionService>,
}

#[OpenApi(prefix_path = "/api/v1/admin/suppressions", tag = "Tag::Admin")]
impl SuppressionsApi {
    /// Addresses that get no mail
    ///
    /// A mail server has said that there is no such mailbox. Newest first.
    #[oai(path = "/", method = "get", operation_id = "list_suppressions")]
    async fn list(
        &self,
        _staff: Staff<may::UsersRead>,
        #[oai(default)] limit: Query<LimitQuery>,
        after: Query<AfterQuery<SuppressionEntity>>,
    ) -> Result<Shown<Listed<SuppressedBody>>, Problem> {
        let page = self.suppressions.list(limit.0.page(after.0)).await?;
        Ok(Shown(Listed::of(page, |row| row.id, SuppressedBody::from)))
    }
}

/// Routes of a user's mail.
pub struct MailApi {
    /// Knows addresses that get none.
    pub suppressions: Arc<SuppressionService>,
}

#[OpenApi(prefix_path = "/api/v1/admin/users", tag = "Tag::Admin")]
impl MailApi {
    /// Does a user's address get mail?
    #[oai(path = "/:id/mail", method = "get", operation_id = "get_user_mail")]
    async fn mail(
        &self,
        _staff: Staff<may::UsersRead>,
        id: Path<Text<UserId>>,
    ) -> Result<Shown<UserMailBody>, Problem> {
        Ok(Shown(self.suppressions.of(id.0.0).await?.into()))
    }

    /// Let a user's address get mail again
    ///
    /// After the mailbox was set right. If it is refused again, nothing is sent to it again. Safe to repeat.
    #[oai(path = "/:id/mail/allow", method = "post", operation_id = "allow_user_mail")]
    async fn allow(
        &self,
        staff: Staff<may::Tickets>,
        id: Path<Text<UserId>>,
    ) -> Result<Shown<UserMailBody>, Problem> {
        let (suppressions, actor) = (self.suppressions.clone(), staff.0);
        let known = detached(async move { suppressions.lift(&actor, id.0.0).await }).await?;
        Ok(Shown(known.into()))
    }
}
