//! Tokens that were mailed, by their hashes.

use namaskah_domain::{
    Fault, UserId, Version,
    auth::{MailToken, MailTokenPurpose},
};
use sea_orm::entity::prelude::*;

use crate::persistence::{
    entity::session::token_hash,
    stored::{optional_time, time, unreadable, us},
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mail_tokens")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub hash: Vec<u8>,
    pub user_id: Uuid,
    pub purpose: String,
    pub issued_at_us: i64,
    pub expires_at_us: i64,
    pub used_at_us: Option<i64>,
    pub version: i64,
}
alone!();

impl From<&MailToken> for Model {
    fn from(token: &MailToken) -> Self {
        Self {
            hash: token.hash.0.to_vec(),
            user_id: token.user.uuid(),
            purpose: token.purpose.name().to_owned(),
            issued_at_us: us(token.issued_at),
            expires_at_us: us(token.expires_at),
            used_at_us: token.used_at.map(us),
            version: token.version.get(),
        }
    }
}

impl TryFrom<Model> for MailToken {
    type Error = Fault;

    fn try_from(row: Model) -> Result<Self, Fault> {
        let purpose = MailTokenPurpose::ALL.into_iter().find(|purpose| purpose.name() == row.purpose);
        Ok(Self {
            hash: token_hash(row.hash)?,
            user: UserId::from_uuid(row.user_id),
            purpose: purpose.ok_or_else(|| unreadable("purpose"))?,
            issued_at: time(row.issued_at_us)?,
            expires_at: time(row.expires_at_us)?,
            used_at: optional_time(row.used_at_us)?,
            version: Version::from_stored(row.version),
        })
    }
}
