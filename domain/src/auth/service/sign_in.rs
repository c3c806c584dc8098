//! Signing in, by tokens or by a browser's cookie, and renewing a sign-in.

use super::{ATTEMPTS, AuthService, KeptChanging};
use crate::{
    Change, Fault, SessionId, Time, UnitOfWork, Version,
    auth::{
        AccessClaims, Email, MailTokenPurpose, OneTimeCode, PasswordCheck, PasswordHash, RefreshError,
        RefreshToken, Secret, Session, SessionEnd, SessionError, SessionKind, SignInError, TokenKind, User,
    },
    notification::Occasion,
};

const MAX_DEVICE_CHARS: usize = 200;

/// What somebody signs in with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The address.
    pub email: Email,
    /// The password.
    pub password: Secret,
    /// What a second factor asks for; without one it is not looked at.
    pub code: Option<OneTimeCode>,
}

/// Where a sign-in comes from, as its owner is shown it later.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// What the client calls itself. Control characters are dropped, and what is past 200 characters.
    pub device: Option<String>,
    /// The client's address.
    pub ip: Option<String>,
}

/// A sign-in by tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tokens {
    /// Goes with every request.
    pub access: Secret,
    /// How long it does.
    pub expires_in_s: i64,
    /// Brings the next ones, once.
    pub refresh: Secret,
    /// Who signed in.
    pub user: User,
    /// The session that began or goes on.
    pub session: SessionId,
}

/// A sign-in by cookie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrowserSession {
    /// The cookie's value.
    pub cookie: Secret,
    /// How long it is good.
    pub expires_in_s: i64,
    /// Who signed in.
    pub user: User,
    /// The session that began.
    pub session: SessionId,
}

/// A password that was found right: the hash it was compared with, and a stronger one if that is weak.
struct Proof {
    of: PasswordHash,
    stronger: Option<PasswordHash>,
}

impl AuthService {
    /// Begins a session that is carried by tokens.
    ///
    /// # Errors
    /// `InvalidCredentials`, after the same time for unknown addresses and wrong passwords; only with the right
    /// password `Suspended`, `EmailNotVerified`, `Code`, and after the code `PasswordChangeRequired`; `Unavailable` if a
    /// port does not answer.
    pub async fn login(&self, credentials: Credentials, origin: Origin) -> Result<Tokens, SignInError> {
        let begun = self.begin(&credentials, |service, user, now| {
            let session = service.new_session(user, SessionKind::Tokens, &origin, now);
            let (refresh, stored) = service.new_refresh_token(&session, now);
            (session, refresh, Some(Change::RefreshToken(stored)))
        });
        let (user, session, refresh) = begun.await?;
        Ok(self.tokens(user, &session, refresh, session.created_at)?)
    }

    /// Begins a session that is carried by a browser's cookie.
    ///
    /// # Errors
    /// As [`Self::login`].
    pub async fn open_browser_session(
        &self,
        credentials: Credentials,
        origin: Origin,
    ) -> Result<BrowserSession, SignInError> {
        let begun = self.begin(&credentials, |service, user, now| {
            let (session, secret) = service.new_browser_session(user, &origin, now);
            (session, secret, None)
        });
        let (user, session, cookie) = begun.await?;
        let now = session.created_at;
        Ok(Self::in_browser(user, &session, cookie, now))
    }

    /// Tells the user of a session on a device that he has not signed in with before.
    pub(super) async fn telling_of(
        &self,
        unit: UnitOfWork,
        user: &User,
        session: &Session,
    ) -> Result<UnitOfWork, Fault> {
        let before = self.ports.reads.signed_in_before(user.id, session.device.as_deref()).await?;
        if !before.is_news(user.created_at, session.created_at) {
            return Ok(unit);
        }
        let occasion = Occasion::NewSignIn { session: session.id };
        Ok(unit.telling(session.id.uuid(), session.user, occasion, session.created_at))
    }

    /// A session that a browser carries, and the cookie for it.
    pub(super) fn new_browser_session(&self, user: &User, origin: &Origin, now: Time) -> (Session, Secret) {
        let (secret, kind) = self.new_cookie();
        (self.new_session(user, kind, origin, now), secret)
    }

    /// What a browser keeps, and what we keep of it.
    pub(super) fn new_cookie(&self) -> (Secret, SessionKind) {
        let secret = TokenKind::Cookie.generate(self.ports.random.as_ref());
        let cookie = self.ports.signer.hash(secret.expose());
        (secret, SessionKind::Browser { cookie })
    }

    pub(super) fn in_browser(user: User, session: &Session, cookie: Secret, now: Time) -> BrowserSession {
        let expires_in_s = (session.expires_at - now).num_seconds();
        BrowserSession { cookie, expires_in_s, user, session: session.id }
    }

    /// Exchanges a refresh token for the next tokens of its session.
    ///
    /// Each works once. A second exchange means that there is a copy, so it ends the session; that holds for two
    /// exchanges at the same moment too: one commits, the other finds the token used.
    ///
    /// Staff that was idle for 30 minutes, or signed in 12 hours ago, signs in anew.
    ///
    /// # Errors
    /// `InvalidToken`, `Reused`, `Suspended`; `Unavailable` if a port does not answer.
    pub async fn refresh(&self, token: &str) -> Result<Tokens, RefreshError> {
        if TokenKind::of(token) != Some(TokenKind::Refresh) {
            return Err(RefreshError::InvalidToken);
        }
        let hash = self.ports.signer.hash(token);
        for _ in 0..ATTEMPTS {
            let now = self.ports.clock.now();
            let reads = &self.ports.reads;
            let used = reads.refresh_token(hash).await?.ok_or(RefreshError::InvalidToken)?;
            if used.used_at.is_some() {
                return Err(self.end_family(&used).await?);
            }
            let session = reads.session(used.session).await?.ok_or(RefreshError::InvalidToken)?;
            let user = reads.user(used.user).await?.ok_or(RefreshError::InvalidToken)?;
            if now >= used.expires_at || !may_go_on(&session, &user, now) {
                return Err(RefreshError::InvalidToken);
            }
            if user.is_suspended(now) {
                return Err(RefreshError::Suspended);
            }
            let until = (now + self.policy.refresh).min(session.created_at + self.policy.longest);
            // A client that renews by itself does not keep staff from being idle.
            let session =
                if user.role.is_staff() { session.extended(until) } else { session.renewed(now, until) };
            let (next, stored) = self.new_refresh_token(&session, now);
            let unit = UnitOfWork::new()
                .with(Change::RefreshToken(used.used(now)))
                .with(Change::RefreshToken(stored))
                .with(Change::Session(session.clone()));
            if self.commit(unit).await? {
                return Ok(self.tokens(user, &session, next, now)?);
            }
        }
        Err(Fault::new(KeptChanging).into())
    }

    /// Ends the session of a token that came twice.
    async fn end_family(&self, token: &RefreshToken) -> Result<RefreshError, Fault> {
        match self.end(token.user, token.session, SessionEnd::TokenReused).await {
            Ok(()) | Err(SessionError::NotFound) => Ok(RefreshError::Reused),
            Err(SessionError::Unavailable(fault)) => Err(fault),
        }
    }

    /// Checks the password, whether the user may sign in, and the code; commits what `open` makes of the user together
    /// with the user's next version, in which the code is used. The password is compared again only if it was changed
    /// in between.
    async fn begin(
        &self,
        credentials: &Credentials,
        open: impl Fn(&Self, &User, Time) -> (Session, Secret, Option<Change>) + Send + Sync,
    ) -> Result<(User, Session, Secret), SignInError> {
        let mut proof: Option<Proof> = None;
        for _ in 0..ATTEMPTS {
            let user = self.ports.reads.user_by_email(&credentials.email).await?;
            let known =
                proof.take().filter(|proof| user.as_ref().is_some_and(|user| user.password == proof.of));
            let (user, proven) = match known {
                Some(known) => (user.ok_or(SignInError::InvalidCredentials)?, known),
                None => self.prove(user, &credentials.password).await?,
            };
            let now = self.ports.clock.now();
            may_sign_in(&user, now)?;
            let Some(user) = self.pass(user, credentials.code.as_ref(), now).await? else {
                proof = Some(proven);
                continue;
            };
            if user.must_change_password {
                if let Some(change_token) = self.change_token(user, now).await? {
                    return Err(SignInError::PasswordChangeRequired { change_token });
                }
                proof = Some(proven);
                continue;
            }
            let (session, secret, more) = open(self, &user, now);
            let password = proven.stronger.clone().unwrap_or_else(|| user.password.clone());
            let user = User { password, ..user }.touched();
            let changes = [Change::User(user.clone()), Change::Session(session.clone())];
            let unit = changes.into_iter().chain(more).fold(UnitOfWork::new(), UnitOfWork::with);
            let unit = self.telling_of(unit, &user, &session).await?;
            if self.commit(unit).await? {
                return Ok((user, session, secret));
            }
            proof = Some(proven);
        }
        Err(Fault::new(KeptChanging).into())
    }

    /// Compares a password; takes as long without a user.
    async fn prove(&self, user: Option<User>, password: &Secret) -> Result<(User, Proof), SignInError> {
        let stored = user.as_ref().map(|user| &user.password).filter(|password| password.is_set());
        let check = self.ports.hasher.verify(password, stored).await?;
        let user = user.ok_or(SignInError::InvalidCredentials)?;
        let of = user.password.clone();
        match check {
            PasswordCheck::Right => Ok((user, Proof { of, stronger: None })),
            PasswordCheck::RightButRehash(stronger) => Ok((user, Proof { of, stronger: Some(stronger) })),
            PasswordCheck::Wrong => Err(SignInError::InvalidCredentials),
        }
    }

    /// A token that changes the password, committed with the user's next version. `None`: the record has moved on.
    async fn change_token(&self, user: User, now: Time) -> Result<Option<Secret>, Fault> {
        let (change_token, stored) = self.mail_token(user.id, MailTokenPurpose::ChangePassword, now);
        let unit = UnitOfWork::new().with(Change::MailToken(stored)).with(Change::User(user.touched()));
        Ok(self.commit(unit).await?.then_some(change_token))
    }

    fn new_session(&self, user: &User, kind: SessionKind, origin: &Origin, now: Time) -> Session {
        let lifetime = match kind {
            SessionKind::Tokens => self.policy.refresh,
            SessionKind::Browser { .. } => self.policy.browser,
        };
        let device = origin.device.as_deref().map(|device| {
            device.chars().filter(|char| !char.is_control()).take(MAX_DEVICE_CHARS).collect::<String>()
        });
        Session {
            id: self.id(now),
            user: user.id,
            kind,
            device,
            ip: origin.ip.clone(),
            created_at: now,
            last_used_at: now,
            expires_at: now + lifetime,
            elevated_until: None,
            ended: None,
            version: Version::FIRST,
        }
    }

    pub(super) fn new_refresh_token(&self, session: &Session, now: Time) -> (Secret, RefreshToken) {
        let secret = TokenKind::Refresh.generate(self.ports.random.as_ref());
        let token = RefreshToken {
            hash: self.ports.signer.hash(secret.expose()),
            session: session.id,
            user: session.user,
            issued_at: now,
            expires_at: session.expires_at,
            used_at: None,
            version: Version::FIRST,
        };
        (secret, token)
    }

    pub(super) fn tokens(
        &self,
        user: User,
        session: &Session,
        refresh: Secret,
        now: Time,
    ) -> Result<Tokens, Fault> {
        let claims = AccessClaims {
            user: user.id,
            session: session.id,
            issued_at: now,
            expires_at: now + self.policy.access,
        };
        let access = self.ports.signer.sign(&claims)?;
        let expires_in_s = self.policy.access.num_seconds();
        Ok(Tokens { access, expires_in_s, refresh, user, session: session.id })
    }
}

fn may_go_on(session: &Session, user: &User, now: Time) -> bool {
    session.is_open(now)
        && !user.must_change_password
        && (!user.role.is_staff() || session.is_fit_for_staff(now))
}

pub(super) fn may_sign_in(user: &User, now: Time) -> Result<(), SignInError> {
    if user.is_suspended(now) {
        return Err(SignInError::Suspended);
    }
    if user.email_verified_at.is_none() {
        return Err(SignInError::EmailNotVerified);
    }
    Ok(())
}
