//! Refresh tokens, by their hashes.

use namaskah_domain::{Fault, SessionId, UserId, Version, auth::RefreshToken};
use sea_orm::entity::prelude::*;

use crate::persistence::{
    entity::session::token_hash,
    stored::{optional_time, time, us},
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "refresh_tokens")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub hash: Vec<u8>,
    pub session_id: Uuid,
    pub user_id: Uuid,
    pub issued_at_us: i64,
    pub expires_at_us: i64,
    pub used_at_us: Option<i64>,
    pub version: i64,
}
alone!();

impl From<&RefreshToken> for Model {
    fn from(token: &RefreshToken) -> Self {
        Self {
            hash: token.hash.0.to_vec(),
            session_id: token.session.uuid(),
            user_id: token.user.uuid(),
            issued_at_us: us(token.issued_at),
            expires_at_us: us(token.expires_at),
            used_at_us: token.used_at.map(us),
            version: token.version.get(),
        }
    }
}

impl TryFrom<Model> for RefreshToken {
    type Error = Fault;

    fn try_from(row: Model) -> Result<Self, Fault> {
        Ok(Self {
            hash: token_hash(row.hash)?,
            session: SessionId::from_uuid(row.session_id),
            user: UserId::from_uuid(row.user_id),
            issued_at: time(row.issued_at_us)?,
            expires_at: time(row.expires_at_us)?,
            used_at: optional_time(row.used_at_us)?,
            version: Version::from_stored(row.version),
        })
    }
}
