//! A user's sessions, listed and ended.

use super::{ATTEMPTS, AuthService, KeptChanging, Origin, SignedIn};
use crate::{
    Change, EndSessions, Fault, SessionId, UnitOfWork, UserId,
    auth::{Email, EndSessionError, Session, SessionEnd, SessionError},
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

    /// Ends every session of the user, that of this request too. Needs a step-up, as whatever keeps others out does.
    ///
    /// # Errors
    /// `StepUpRequired`; `Unavailable` if the store does not answer.
    pub async fn logout_all(&self, by: SignedIn) -> Result<(), EndSessionError> {
        for _ in 0..ATTEMPTS {
            let now = self.ports.clock.now();
            if !self.is_elevated(by, now).await? {
                return Err(EndSessionError::StepUpRequired);
            }
            let all = EndSessions { user: by.user, except: None, at: now };
            if self.commit(UnitOfWork::new().with(Change::EndSessions(all))).await? {
                self.ports.standings.forget(by.user).await;
                return Ok(());
            }
        }
        Err(Fault::new(KeptChanging).into())
    }

    /// Ends one session of the user. That of this request ends as by signing out; another needs a step-up.
    ///
    /// # Errors
    /// `StepUpRequired`; `NotFound` if there is no such open session or it is another user's; `Unavailable` if the
    /// store does not answer.
    pub async fn end_session(&self, by: SignedIn, id: SessionId) -> Result<(), EndSessionError> {
        let is_own = id == by.session;
        if !is_own && !self.is_elevated(by, self.ports.clock.now()).await? {
            return Err(EndSessionError::StepUpRequired);
        }
        let why = if is_own { SessionEnd::SignedOut } else { SessionEnd::Revoked };
        Ok(self.end(by.user, id, why).await?)
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
