//! API keys: made, listed, deleted, and known again when a program presents one.

use std::net::IpAddr;

use super::{ATTEMPTS, AuthService, KeptChanging, SignedIn};
use crate::{
    ApiKeyId, Change, Fault, Letter, Time, UnitOfWork, UserId, Version,
    auth::{
        AllowedIps, ApiKey, ApiKeyError, AuthenticateError, CreateApiKeyError, KeyName, KeyStanding, Scopes,
        Secret, TokenHash, TokenKind, User, api_key::MAX_KEYS,
    },
};

/// Makes a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateApiKey {
    /// Whose it will be.
    pub by: SignedIn,
    /// What he calls it.
    pub name: KeyName,
    /// What it may do.
    pub scopes: Scopes,
    /// From where.
    pub allowed: AllowedIps,
    /// From when on it is void; `None`: never.
    pub expires_at: Option<Time>,
}

/// A key that was just made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewApiKey {
    /// The key.
    pub key: ApiKey,
    /// What goes with every request. It is stored nowhere, so this is the last that is seen of it.
    pub secret: Secret,
}

/// Who makes a request by a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyBearer {
    /// The user for whom the program acts.
    pub user: UserId,
    /// By which key.
    pub key: ApiKeyId,
    /// What it may do.
    pub scopes: Scopes,
    /// True if this use is to be written down: [`AuthService::note_key_use`].
    pub use_is_due: bool,
    hash: TokenHash,
    from: IpAddr,
}

impl AuthService {
    /// Who presents this key from that address. Any other credential is none.
    ///
    /// # Errors
    /// `InvalidCredential`, `Suspended`, `WrongAddress`; `Unavailable` if the store cannot be read.
    pub async fn authenticate_key(&self, key: &str, from: IpAddr) -> Result<KeyBearer, AuthenticateError> {
        if TokenKind::of(key) != Some(TokenKind::ApiKey) {
            return Err(AuthenticateError::InvalidCredential);
        }
        let standing = self.ports.standings.of_key(self.ports.signer.hash(key)).await?;
        admit(standing, from, self.ports.clock.now())
    }

    /// True while what admitted this bearer still would.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn key_still_stands(&self, bearer: &KeyBearer) -> Result<bool, Fault> {
        let standing = self.ports.standings.of_key(bearer.hash).await?;
        Ok(admit(standing, bearer.from, self.ports.clock.now()).is_ok())
    }

    /// Writes down that a key was used, unless that was done within the last minute. Of several who do so at once,
    /// one writes.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn note_key_use(&self, bearer: &KeyBearer) -> Result<(), Fault> {
        let now = self.ports.clock.now();
        let standing = self.ports.reads.api_key(bearer.hash).await?;
        let due = standing.map(|standing| standing.key).filter(|key| key.is_open(now) && key.is_use_due(now));
        if let Some(key) = due {
            self.commit(UnitOfWork::new().with(Change::ApiKey(key.used(now)))).await?;
            self.ports.standings.forget(bearer.user).await;
        }
        Ok(())
    }

    /// The user's keys, newest first.
    ///
    /// # Errors
    /// `Unavailable` if the store cannot be read.
    pub async fn api_keys(&self, user: UserId) -> Result<Vec<ApiKey>, ApiKeyError> {
        Ok(self.ports.reads.api_keys(user).await?)
    }

    /// Makes a key, and tells its user by mail. That takes a step-up, with or without a second factor: a key outlives the
    /// session that made it, so whoever finds an open session must not get in for good. It is committed together with the user's next version, so not even
    /// two requests at once pass the bound, and none begins on a user who is leaving.
    ///
    /// # Errors
    /// `StepUpRequired`, `TooMany`, `Expired`, `SignedOut`; `Unavailable` if the store does not answer.
    pub async fn create_api_key(&self, cmd: CreateApiKey) -> Result<NewApiKey, CreateApiKeyError> {
        for _ in 0..ATTEMPTS {
            let now = self.ports.clock.now();
            let user = self.ports.reads.user(cmd.by.user).await?.filter(|user| !user.is_suspended(now));
            let user = user.ok_or(CreateApiKeyError::SignedOut)?;
            if !self.is_elevated(cmd.by, now).await? {
                return Err(CreateApiKeyError::StepUpRequired);
            }
            if cmd.expires_at.is_some_and(|until| until <= now) {
                return Err(CreateApiKeyError::Expired);
            }
            let count = self.ports.reads.api_keys(user.id).await?.len();
            if count >= MAX_KEYS {
                return Err(CreateApiKeyError::TooMany(count));
            }
            let (new, to) = (self.new_key(&cmd, now), user.email.clone());
            let unit =
                UnitOfWork::new().with(Change::User(user.touched())).with(Change::ApiKey(new.key.clone()));
            if self.commit(self.mail(unit, &to, Letter::ApiKeyCreated, now)).await? {
                self.ports.standings.forget(cmd.by.user).await;
                return Ok(new);
            }
        }
        Err(Fault::new(KeptChanging).into())
    }

    /// Deletes a key, and tells its user by mail. Without a second factor it takes no step-up: it only takes away.
    ///
    /// # Errors
    /// `StepUpRequired`; `NotFound` if there is no such key or it is another user's; `Unavailable` if the store does
    /// not answer.
    pub async fn delete_api_key(&self, by: SignedIn, id: ApiKeyId) -> Result<(), ApiKeyError> {
        for _ in 0..ATTEMPTS {
            let now = self.ports.clock.now();
            let user = self.ports.reads.user(by.user).await?.ok_or(ApiKeyError::NotFound)?;
            if !self.may_delete_keys(&user, by, now).await? {
                return Err(ApiKeyError::StepUpRequired);
            }
            let keys = self.ports.reads.api_keys(by.user).await?;
            let key = keys.into_iter().find(|key| key.id == id).ok_or(ApiKeyError::NotFound)?;
            let unit = UnitOfWork::new().with(Change::ApiKey(key.ended(now)));
            if self.commit(self.mail(unit, &user.email, Letter::ApiKeyDeleted, now)).await? {
                self.ports.standings.forget(by.user).await;
                return Ok(());
            }
        }
        Err(Fault::new(KeptChanging).into())
    }

    async fn may_delete_keys(&self, user: &User, by: SignedIn, now: Time) -> Result<bool, Fault> {
        Ok(!user.second_factor.is_on() || self.is_elevated(by, now).await?)
    }

    fn new_key(&self, cmd: &CreateApiKey, now: Time) -> NewApiKey {
        let secret = TokenKind::ApiKey.generate(self.ports.random.as_ref());
        let key = ApiKey {
            id: self.id(now),
            user: cmd.by.user,
            name: cmd.name.clone(),
            prefix: ApiKey::shown(secret.expose()),
            hash: self.ports.signer.hash(secret.expose()),
            scopes: cmd.scopes,
            allowed: cmd.allowed.clone(),
            created_at: now,
            expires_at: cmd.expires_at,
            last_used_at: None,
            ended_at: None,
            version: Version::FIRST,
        };
        NewApiKey { key, secret }
    }
}

/// Lets in an open key whose user may do things, from where it may be used.
fn admit(standing: Option<KeyStanding>, from: IpAddr, now: Time) -> Result<KeyBearer, AuthenticateError> {
    let KeyStanding { key, user } = standing
        .filter(|standing| standing.key.is_open(now) && standing.user.id == standing.key.user)
        .ok_or(AuthenticateError::InvalidCredential)?;
    if user.is_suspended(now) {
        return Err(AuthenticateError::Suspended);
    }
    if user.must_change_password {
        return Err(AuthenticateError::InvalidCredential);
    }
    if !key.allowed.allow(from) {
        return Err(AuthenticateError::WrongAddress);
    }
    let use_is_due = key.is_use_due(now);
    Ok(KeyBearer { user: user.id, key: key.id, scopes: key.scopes, use_is_due, hash: key.hash, from })
}
