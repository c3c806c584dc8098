//! A user's sessions, listed and ended.

use super::{ATTEMPTS, AuthService, KeptChanging, Origin, SignedIn};
use crate::{
    Change, EndSessions, Fault, SessionId, UnitOfWork, UserId,
    auth::{Email, Session, SessionEnd, SessionError},
};

impl AuthService {
    /// Open sessions, newest first.
    ///
    /// # Errors
    /// `Unavailable` if the store cannot be read.
    pub async fn sessions(&self, user: UserId) -> Result<Vec<Session>, SessionError> {
        Ok(self.ports.reads.open_sessions(user, self.ports.clock.now()).await?)
    }

    /// True if whoever has that account is signed in from there already.
    ///
    /// # Errors
    /// `Unavailable` if the store cannot be read.
    pub async fn is_familiar(&self, account: &Email, origin: &Origin) -> Result<bool, SessionError> {
        let (Some(ip), Some(user)) = (&origin.ip, self.ports.reads.user_by_email(account).await?) else {
            return Ok(false);
        };
        let open = self.sessions(user.id).await?;
        Ok(open.iter().any(|session| session.ip.as_ref() == Some(ip)))
    }

    /// Ends the session of this request. Safe to repeat.
    ///
    /// # Errors
    /// `Unavailable` if the store does not answer.
    pub async fn logout(&self, by: SignedIn) -> Result<(), SessionError> {
        match self.end(by.user, by.session, SessionEnd::SignedOut).await {
            Err(SessionError::NotFound) => Ok(()),
            ended => ended,
        }
    }

    /// Ends every session of the user, that of this request too.
    ///
    /// # Errors
    /// `Unavailable` if the store does not answer.
    pub async fn logout_all(&self, user: UserId) -> Result<(), SessionError> {
        let all = EndSessions { user, except: None, at: self.ports.clock.now() };
        for _ in 0..ATTEMPTS {
            if self.commit(UnitOfWork::new().with(Change::EndSessions(all.clone()))).await? {
                self.ports.standings.forget(user).await;
                return Ok(());
            }
        }
        Err(Fault::new(KeptChanging).into())
    }

    /// Ends one session of the user.
    ///
    /// # Errors
    /// `NotFound` if there is no such open session or it is another user's; `Unavailable` if the store does not
    /// answer.
    pub async fn end_session(&self, user: UserId, id: SessionId) -> Result<(), SessionError> {
        self.end(user, id, SessionEnd::Revoked).await
    }

    pub(super) async fn end(&self, user: UserId, id: SessionId, why: SessionEnd) -> Result<(), SessionError> {
        for _ in 0..ATTEMPTS {
            let now = self.ports.clock.now();
            let session = self
                .ports
                .reads
                .session(id)
                .await?
                .filter(|session| session.user == user && session.is_open(now))
                .ok_or(SessionError::NotFound)?;
            if self.commit(UnitOfWork::new().with(Change::Session(session.ended(why, now)))).await? {
                self.ports.standings.forget(user).await;
                return Ok(());
            }
        }
        Err(Fault::new(KeptChanging).into())
    }
}
