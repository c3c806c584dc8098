//! Who is staff.

use std::sync::Arc;

use namaskah_domain::{
    Time, UserId,
    auth::{Email, Role, User},
    staff::StaffService,
};
use poem_openapi::{Object, OpenApi, param::Path};
use serde::Deserialize;

use crate::http::{
    body::{Body, Created, Listed, NoContent, Shown, Text, word_enum},
    detached::detached,
    problem::Problem,
    staff_scheme::{Staff, SteppedUp, may},
    tags::Tag,
};

word_enum! {
    /// What staff may do.
    pub StaffRoleWord, "a role of staff";
    Support = "support",
    Finance = "finance",
    Operator = "operator",
    Owner = "owner",
}

impl From<StaffRoleWord> for Role {
    fn from(word: StaffRoleWord) -> Self {
        match word {
            StaffRoleWord::Support => Self::Support,
            StaffRoleWord::Finance => Self::Finance,
            StaffRoleWord::Operator => Self::Operator,
            StaffRoleWord::Owner => Self::Owner,
        }
    }
}

/// Somebody who becomes staff.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "NewStaff")]
pub struct AddBody {
    /// Where the link that sets a password is mailed to.
    pub email: Text<Email>,
    /// As what.
    pub role: Text<StaffRoleWord>,
}

/// Another role.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "StaffChange")]
pub struct ChangeRoleBody {
    /// Which; `user` makes a customer of staff.
    pub role: Text<Role>,
}

/// Somebody who works here.
#[derive(Debug, Object)]
#[oai(rename = "StaffMember")]
pub struct MemberBody {
    /// The identifier.
    pub id: Text<UserId>,
    /// The address.
    pub email: String,
    /// As what.
    pub role: Text<Role>,
    /// True if the password must be set or changed before anything else.
    pub password_due: bool,
    /// True if a second factor is on; without one staff may do nothing.
    pub totp_enabled: bool,
    /// When the user was made.
    pub created_at: Text<Time>,
}

impl From<User> for MemberBody {
    fn from(user: User) -> Self {
        Self {
            id: Text(user.id),
            email: user.email.as_str().to_owned(),
            role: Text(user.role),
            password_due: user.must_change_password,
            totp_enabled: user.second_factor.is_on(),
            created_at: Text(user.created_at),
        }
    }
}

/// Routes of staff.
pub struct MembersApi {
    /// Makes and unmakes it.
    pub staff: Arc<StaffService>,
}

#[OpenApi(prefix_path = "/api/v1/admin/staff", tag = "Tag::Admin")]
impl MembersApi {
    /// Who is staff
    #[oai(path = "/", method = "get", operation_id = "list_staff")]
    async fn list(&self, _staff: Staff<may::Staff>) -> Result<Shown<Listed<MemberBody>>, Problem> {
        let staff = self.staff.staff().await?;
        Ok(Shown(Listed::whole(staff.into_iter().map(MemberBody::from).collect())))
    }

    /// Make somebody staff
    ///
    /// Mails a link that sets a password. A customer of that address becomes staff, and his sessions, second factor,
    /// Google account and API keys end.
    #[oai(path = "/", method = "post", operation_id = "add_staff")]
    async fn add(
        &self,
        staff: Staff<SteppedUp<may::Staff>>,
        body: Body<AddBody>,
    ) -> Result<Created<MemberBody>, Problem> {
        let AddBody { email, role } = body.0;
        let (service, actor) = (self.staff.clone(), staff.0);
        let adding = async move { service.add_staff(&actor, &email.0, role.0.into()).await };
        let added = detached(adding).await?;
        let location = format!("/api/v1/admin/users/{}", added.id);
        Ok(Created::new(added.into(), location))
    }

    /// Give staff another role
    ///
    /// Ends all its sessions. Never your own.
    #[oai(path = "/:id", method = "patch", operation_id = "change_staff")]
    async fn change(
        &self,
        staff: Staff<SteppedUp<may::Staff>>,
        id: Path<Text<UserId>>,
        body: Body<ChangeRoleBody>,
    ) -> Result<Shown<MemberBody>, Problem> {
        let (service, actor, role) = (self.staff.clone(), staff.0, body.0.role.0);
        let changed = detached(async move { service.change_role(&actor, id.0.0, role).await }).await?;
        Ok(Shown(changed.into()))
    }

    /// Make a customer of staff
    ///
    /// Ends all its sessions. Never yourself.
    #[oai(path = "/:id", method = "delete", operation_id = "remove_staff")]
    async fn remove(
        &self,
        staff: Staff<SteppedUp<may::Staff>>,
        id: Path<Text<UserId>>,
    ) -> Result<NoContent, Problem> {
        let (service, actor) = (self.staff.clone(), staff.0);
        detached(async move { service.change_role(&actor, id.0.0, Role::Customer).await }).await?;
        Ok(NoContent)
    }
}
