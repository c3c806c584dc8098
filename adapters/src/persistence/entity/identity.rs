//! Users as a provider of identities knows them.

use namaskah_domain::{
    Fault, IdentityId, UserId, Version,
    auth::{Identity, Issuer, Subject},
};
use sea_orm::entity::prelude::*;

use crate::persistence::stored::{time, unreadable, us};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "identities")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub user_id: Uuid,
    pub issuer: String,
    /// Null once the user has left.
    pub subject: Option<String>,
    pub linked_at_us: i64,
    pub version: i64,
}
alone!();

impl From<&Identity> for Model {
    fn from(identity: &Identity) -> Self {
        Self {
            id: identity.id.uuid(),
            user_id: identity.user.uuid(),
            issuer: identity.issuer.as_str().to_owned(),
            subject: identity.subject.as_ref().map(|subject| subject.as_str().to_owned()),
            linked_at_us: us(identity.linked_at),
            version: identity.version.get(),
        }
    }
}

impl TryFrom<Model> for Identity {
    type Error = Fault;

    fn try_from(row: Model) -> Result<Self, Fault> {
        let subject = row.subject.as_deref().map(Subject::try_new).transpose();
        Ok(Self {
            id: IdentityId::from_uuid(row.id),
            user: UserId::from_uuid(row.user_id),
            issuer: Issuer::try_new(&row.issuer).map_err(|_| unreadable("issuer"))?,
            subject: subject.map_err(|_| unreadable("subject"))?,
            linked_at: time(row.linked_at_us)?,
            version: Version::from_stored(row.version),
        })
    }
}
