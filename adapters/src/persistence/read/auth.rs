//! Reads of users, sessions and tokens.

use async_trait::async_trait;
use namaskah_domain::{
    Fault, SessionId, Time, UserId,
    auth::{
        ApiKey, AuthReads, Before, Email, Identity, Issuer, KeyStanding, MailToken, RefreshToken, Session,
        Subject, TokenHash, User,
    },
};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, sea_query::Expr};

use super::{Reads, all, fault};
use crate::persistence::{
    entity::{api_key, identity, mail_token, refresh_token, session, user},
    stored::{unreadable, us},
};

/// Walks through the user's own sessions at the worst, those that are kept.
const BEFORE: &str = "SELECT \
     CASE WHEN EXISTS (SELECT 1 FROM sessions WHERE user_id = $1) THEN 1 ELSE 0 END AS any_device, \
     CASE WHEN EXISTS (SELECT 1 FROM sessions WHERE user_id = $1 AND COALESCE(device, '') = COALESCE($2, '')) \
     THEN 1 ELSE 0 END AS same_device";

#[async_trait]
impl AuthReads for Reads {
    async fn user(&self, id: UserId) -> Result<Option<User>, Fault> {
        let row = user::Entity::find_by_id(id.uuid()).one(self.database.reads()).await;
        row.map_err(fault)?.map(|row| row.open(&self.vault)).transpose()
    }

    async fn user_by_email(&self, email: &Email) -> Result<Option<User>, Fault> {
        let query = user::Entity::find().filter(user::Column::Email.eq(email.as_str()));
        let row = query.one(self.database.reads()).await;
        row.map_err(fault)?.map(|row| row.open(&self.vault)).transpose()
    }

    async fn session(&self, id: SessionId) -> Result<Option<Session>, Fault> {
        let row = session::Entity::find_by_id(id.uuid()).one(self.database.reads()).await;
        row.map_err(fault)?.map(Session::try_from).transpose()
    }

    async fn session_by_cookie(&self, cookie: TokenHash) -> Result<Option<Session>, Fault> {
        let query = session::Entity::find().filter(session::Column::CookieHash.eq(cookie.0.to_vec()));
        query.one(self.database.reads()).await.map_err(fault)?.map(Session::try_from).transpose()
    }

    async fn open_sessions(&self, user: UserId, now: Time) -> Result<Vec<Session>, Fault> {
        let query = session::Entity::find()
            .filter(session::Column::UserId.eq(user.uuid()))
            .filter(session::Column::EndedAtUs.is_null())
            .filter(session::Column::ExpiresAtUs.gt(us(now)))
            .order_by_desc(session::Column::Id);
        all(query.all(self.database.reads()).await.map_err(fault)?, Session::try_from)
    }

    async fn signed_in_before<'a>(&self, user: UserId, device: Option<&'a str>) -> Result<Before, Fault> {
        let values = vec![user.uuid().into(), device.map(str::to_owned).into()];
        let rows = self.database.read(BEFORE, values).await?;
        let row = rows.first().ok_or_else(|| unreadable("sign-in"))?;
        let is = |column| row.try_get::<i32>("", column).map(|found| found == 1).map_err(fault);
        Ok(Before { any: is("any_device")?, same_device: is("same_device")? })
    }

    async fn refresh_token(&self, hash: TokenHash) -> Result<Option<RefreshToken>, Fault> {
        let row = refresh_token::Entity::find_by_id(hash.0.to_vec()).one(self.database.reads()).await;
        row.map_err(fault)?.map(RefreshToken::try_from).transpose()
    }

    async fn mail_token(&self, hash: TokenHash) -> Result<Option<MailToken>, Fault> {
        let row = mail_token::Entity::find_by_id(hash.0.to_vec()).one(self.database.reads()).await;
        row.map_err(fault)?.map(MailToken::try_from).transpose()
    }

    async fn api_keys(&self, user: UserId) -> Result<Vec<ApiKey>, Fault> {
        let query = api_key::Entity::find()
            .filter(api_key::Column::UserId.eq(user.uuid()))
            .filter(api_key::Column::EndedAtUs.is_null())
            .order_by_desc(api_key::Column::Id);
        all(query.all(self.database.reads()).await.map_err(fault)?, ApiKey::try_from)
    }

    async fn api_key(&self, hash: TokenHash) -> Result<Option<KeyStanding>, Fault> {
        let query = api_key::Entity::find().filter(api_key::Column::SecretHash.eq(hash.0.to_vec()));
        let found = query.find_also_related(user::Entity).one(self.database.reads()).await.map_err(fault)?;
        let Some((key, Some(user))) = found else { return Ok(None) };
        Ok(Some(KeyStanding { key: key.try_into()?, user: user.open(&self.vault)? }))
    }

    async fn identity(&self, issuer: &Issuer, subject: &Subject) -> Result<Option<Identity>, Fault> {
        let query = identity::Entity::find()
            .filter(identity::Column::Issuer.eq(issuer.as_str()))
            .filter(identity::Column::Subject.eq(subject.as_str()));
        query.one(self.database.reads()).await.map_err(fault)?.map(Identity::try_from).transpose()
    }

    async fn identities(&self, user: UserId) -> Result<Vec<Identity>, Fault> {
        let query = identity::Entity::find()
            .filter(identity::Column::UserId.eq(user.uuid()))
            .filter(identity::Column::Subject.is_not_null())
            .order_by_desc(identity::Column::Id);
        all(query.all(self.database.reads()).await.map_err(fault)?, Identity::try_from)
    }

    async fn staff_count(&self) -> Result<u32, Fault> {
        let query = user::Entity::find().filter(Expr::cust("role <> 'user'"));
        let count = query.count(self.database.reads()).await.map_err(fault)?;
        u32::try_from(count).map_err(|_| unreadable("count"))
    }
}
