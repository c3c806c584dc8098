//! Users.

use namaskah_domain::{
    Fault, UserId, Version,
    auth::{Email, PasswordHash, Role, Suspension, User},
};
use sea_orm::entity::prelude::*;

use crate::persistence::stored::{optional_time, time, unreadable, us};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub email: String,
    pub password_hash: String,
    pub role: String,
    pub email_verified_at_us: Option<i64>,
    pub suspended_for: Option<String>,
    pub suspended_since_us: Option<i64>,
    pub suspended_until_us: Option<i64>,
    pub must_change_password: bool,
    pub password_changed_at_us: i64,
    pub created_at_us: i64,
    pub version: i64,
}
alone!();

impl From<&User> for Model {
    fn from(user: &User) -> Self {
        let suspension = user.suspension.as_ref();
        Self {
            id: user.id.uuid(),
            email: user.email.as_str().to_owned(),
            password_hash: user.password.as_str().to_owned(),
            role: user.role.name().to_owned(),
            email_verified_at_us: user.email_verified_at.map(us),
            suspended_for: suspension.map(|s| s.reason.clone()),
            suspended_since_us: suspension.map(|s| us(s.since)),
            suspended_until_us: suspension.and_then(|s| s.until).map(us),
            must_change_password: user.must_change_password,
            password_changed_at_us: us(user.password_changed_at),
            created_at_us: us(user.created_at),
            version: user.version.get(),
        }
    }
}

impl TryFrom<Model> for User {
    type Error = Fault;

    fn try_from(row: Model) -> Result<Self, Fault> {
        let suspension = match (row.suspended_for, row.suspended_since_us) {
            (Some(reason), Some(since)) => Some(Suspension {
                reason,
                since: time(since)?,
                until: optional_time(row.suspended_until_us)?,
            }),
            _ => None,
        };
        Ok(Self {
            id: UserId::from_uuid(row.id),
            email: Email::try_new(&row.email).map_err(|_| unreadable("address"))?,
            password: PasswordHash::from_stored(row.password_hash),
            role: Role::from_name(&row.role).ok_or_else(|| unreadable("role"))?,
            email_verified_at: optional_time(row.email_verified_at_us)?,
            suspension,
            must_change_password: row.must_change_password,
            password_changed_at: time(row.password_changed_at_us)?,
            created_at: time(row.created_at_us)?,
            version: Version::from_stored(row.version),
        })
    }
}
