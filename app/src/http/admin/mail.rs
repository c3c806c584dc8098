//! Mail to users, as staff sees whether there is any.

use std::sync::Arc;

use namaskah_domain::{
    Time, UserId,
    suppression::{Suppression, SuppressionService},
};
use poem_openapi::{Object, OpenApi, param::Path};

use crate::http::{
    body::{Shown, Text},
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

/// Routes of mail.
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
