//! Sessions.

use namaskah_domain::{
    Fault, SessionId, UserId, Version,
    auth::{Session, SessionEnd, SessionKind, TokenHash},
};
use sea_orm::entity::prelude::*;

use crate::persistence::stored::{optional_time, time, unreadable, us};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sessions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub user_id: Uuid,
    /// Set for a browser's session alone.
    pub cookie_hash: Option<Vec<u8>>,
    pub device: Option<String>,
    pub ip: Option<String>,
    pub created_at_us: i64,
    pub last_used_at_us: i64,
    pub expires_at_us: i64,
    pub elevated_until_us: Option<i64>,
    pub ended_at_us: Option<i64>,
    pub ended_for: Option<String>,
    pub version: i64,
}
alone!();

impl From<&Session> for Model {
    fn from(session: &Session) -> Self {
        Self {
            id: session.id.uuid(),
            user_id: session.user.uuid(),
            cookie_hash: match session.kind {
                SessionKind::Tokens => None,
                SessionKind::Browser { cookie } => Some(cookie.0.to_vec()),
            },
            device: session.device.clone(),
            ip: session.ip.clone(),
            created_at_us: us(session.created_at),
            last_used_at_us: us(session.last_used_at),
            expires_at_us: us(session.expires_at),
            elevated_until_us: session.elevated_until.map(us),
            ended_at_us: session.ended.map(|(at, _)| us(at)),
            ended_for: session.ended.map(|(_, why)| why.name().to_owned()),
            version: session.version.get(),
        }
    }
}

/// A token's hash as it was stored.
pub(crate) fn token_hash(stored: Vec<u8>) -> Result<TokenHash, Fault> {
    stored.try_into().map(TokenHash).map_err(|_| unreadable("hash"))
}

impl TryFrom<Model> for Session {
    type Error = Fault;

    fn try_from(row: Model) -> Result<Self, Fault> {
        let ended = match (row.ended_at_us, row.ended_for) {
            (Some(at), Some(why)) => {
                let why = SessionEnd::ALL.into_iter().find(|end| end.name() == why);
                Some((time(at)?, why.ok_or_else(|| unreadable("end of a session"))?))
            }
            _ => None,
        };
        let kind = match row.cookie_hash {
            Some(hash) => SessionKind::Browser { cookie: token_hash(hash)? },
            None => SessionKind::Tokens,
        };
        Ok(Self {
            id: SessionId::from_uuid(row.id),
            user: UserId::from_uuid(row.user_id),
            kind,
            device: row.device,
            ip: row.ip,
            created_at: time(row.created_at_us)?,
            last_used_at: time(row.last_used_at_us)?,
            expires_at: time(row.expires_at_us)?,
            elevated_until: optional_time(row.elevated_until_us)?,
            ended,
            version: Version::from_stored(row.version),
        })
    }
}
