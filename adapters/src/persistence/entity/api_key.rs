//! API keys.

use namaskah_domain::{
    ApiKeyId, Fault, UserId, Version,
    auth::{AllowedIps, ApiKey, KeyName, Scopes},
};
use sea_orm::entity::prelude::*;

use super::{session::token_hash, user};
use crate::persistence::stored::{optional_time, time, unreadable, us};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "api_keys")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub user_id: Uuid,
    pub name: String,
    /// What the secret begins with.
    pub prefix: String,
    pub secret_hash: Vec<u8>,
    /// Names with spaces between.
    pub scopes: String,
    /// Networks with spaces between; null: anywhere.
    pub allowed_ips: Option<String>,
    pub created_at_us: i64,
    pub expires_at_us: Option<i64>,
    pub last_used_at_us: Option<i64>,
    pub ended_at_us: Option<i64>,
    pub version: i64,
}

/// A request reads its key and the key's user by one statement.
#[derive(Copy, Clone, Debug, EnumIter)]
pub enum Relation {
    User,
}

impl RelationTrait for Relation {
    fn def(&self) -> RelationDef {
        match self {
            Self::User => Entity::belongs_to(user::Entity).from(Column::UserId).to(user::Column::Id).into(),
        }
    }
}

impl Related<user::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::User.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

impl From<&ApiKey> for Model {
    fn from(key: &ApiKey) -> Self {
        Self {
            id: key.id.uuid(),
            user_id: key.user.uuid(),
            name: key.name.as_str().to_owned(),
            prefix: key.prefix.clone(),
            secret_hash: key.hash.0.to_vec(),
            scopes: key.scopes.to_text(),
            allowed_ips: key.allowed.to_text(),
            created_at_us: us(key.created_at),
            expires_at_us: key.expires_at.map(us),
            last_used_at_us: key.last_used_at.map(us),
            ended_at_us: key.ended_at.map(us),
            version: key.version.get(),
        }
    }
}

impl TryFrom<Model> for ApiKey {
    type Error = Fault;

    fn try_from(row: Model) -> Result<Self, Fault> {
        let allowed = AllowedIps::from_stored(row.allowed_ips.as_deref());
        Ok(Self {
            id: ApiKeyId::from_uuid(row.id),
            user: UserId::from_uuid(row.user_id),
            name: KeyName::try_new(&row.name).ok_or_else(|| unreadable("name of a key"))?,
            prefix: row.prefix,
            hash: token_hash(row.secret_hash)?,
            scopes: Scopes::from_stored(&row.scopes).ok_or_else(|| unreadable("scope"))?,
            allowed: allowed.ok_or_else(|| unreadable("network"))?,
            created_at: time(row.created_at_us)?,
            expires_at: optional_time(row.expires_at_us)?,
            last_used_at: optional_time(row.last_used_at_us)?,
            ended_at: optional_time(row.ended_at_us)?,
            version: Version::from_stored(row.version),
        })
    }
}
