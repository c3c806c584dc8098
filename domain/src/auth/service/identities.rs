//! Signing in with a provider of identities, and letting one sign in a user who is there already.

use std::sync::Arc;

use super::sign_in::may_sign_in;
use super::{ATTEMPTS, AuthService, BrowserSession, KeptChanging, Origin, SignedIn};
use crate::{
    Change, EndSessions, Fault, Letter, Time, UnitOfWork, Version,
    auth::{
        Attempt, AttemptFor, Expected, Identity, IdentityError, IdentityProvider, MailToken,
        MailTokenPurpose, OneTimeCode, Proven, Secret, SignInError, TokenKind, UnlinkError, User,
    },
};

/// A browser that is sent to the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BegunAttempt {
    /// Where to.
    pub url: String,
    /// What it keeps until it is back.
    pub attempt: Secret,
    /// How long that is good.
    pub expires_in_s: i64,
}

/// A browser that is back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Returned {
    /// What it has kept.
    pub attempt: Secret,
    /// What the provider gave back of ours.
    pub state: Secret,
    /// Who says that it sends the browser, where it says so (RFC 9207).
    pub issuer: Option<String>,
    /// The provider's code; `None`: its user did not agree.
    pub code: Option<Secret>,
    /// Who is signed in there.
    pub by: Option<SignedIn>,
    /// Where it comes from.
    pub origin: Origin,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arrived {
    /// A session began.
    SignedIn(Box<BrowserSession>),
    /// A second factor is on: this, with a one-time code, finishes the sign-in.
    CodeWanted {
        /// What the browser keeps until then.
        pending: Secret,
        /// How long it is good.
        expires_in_s: i64,
    },
    /// The identity signs in this user from now on.
    Linked,
}

/// The provider's user did not agree.
#[derive(Debug, thiserror::Error)]
#[error("the browser came back without a code")]
struct Declined;

/// Signs in with a provider of identities.
pub struct IdentityService {
    pub(super) auth: Arc<AuthService>,
    provider: Arc<dyn IdentityProvider>,
}

impl IdentityService {
    /// Over any provider.
    pub fn new(auth: Arc<AuthService>, provider: Arc<dyn IdentityProvider>) -> Self {
        Self { auth, provider }
    }

    /// Sends a browser to the provider, to sign in.
    ///
    /// # Errors
    /// `Provider` if it does not say where to.
    pub async fn begin(&self) -> Result<BegunAttempt, IdentityError> {
        self.attempt_for(AttemptFor::SignIn).await
    }

    /// Sends a browser to the provider, so that the identity that it comes back with signs in this user. That takes a
    /// step-up: whoever finds an open browser does not get in for good.
    ///
    /// # Errors
    /// `StepUpRequired`, `Provider`; `Unavailable` if the store does not answer.
    pub async fn begin_link(&self, by: SignedIn) -> Result<BegunAttempt, IdentityError> {
        if !self.auth.is_elevated(by, self.auth.ports.clock.now()).await? {
            return Err(IdentityError::StepUpRequired);
        }
        self.attempt_for(AttemptFor::Link(by.session)).await
    }

    async fn attempt_for(&self, purpose: AttemptFor) -> Result<BegunAttempt, IdentityError> {
        let ports = &self.auth.ports;
        let kind = TokenKind::Mail(MailTokenPurpose::IdentityAttempt);
        let attempt = Attempt::new(kind.generate(ports.random.as_ref()), ports.clock.now(), purpose);
        let url = self.provider.authorization_url(&attempt.secrets(ports.signer.as_ref())).await?;
        let expires_in_s = self.auth.policy.attempt.num_seconds();
        Ok(BegunAttempt { url, attempt: attempt.to_text(), expires_in_s })
    }

    /// Takes a browser that is back. An attempt serves once, and only the browser that began it; what was used is
    /// committed with its effect.
    ///
    /// Somebody unknown becomes a user, if nobody has proven his address: see `welcome.rs`. The address of an account is
    /// no proof: its owner signs in with his password, and links the identity.
    ///
    /// # Errors
    /// `InvalidAttempt`, `NotProven`, `NotLinked`, `LinkedElsewhere`, `SignedOut`, `StepUpRequired`,
    /// `PasswordChangeRequired`, `SignIn`; `Provider` and `Unavailable` if a port does not answer.
    pub async fn arrive(&self, cmd: Returned) -> Result<Arrived, IdentityError> {
        let ports = &self.auth.ports;
        let attempt = self.attempt_of(&cmd).await?;
        let linking = match attempt.purpose {
            AttemptFor::SignIn => None,
            AttemptFor::Link(session) => {
                let by = cmd.by.filter(|by| by.session == session).ok_or(IdentityError::SignedOut)?;
                self.stepped_up(by).await?;
                Some(by)
            }
        };
        let code = cmd.code.as_ref().ok_or_else(|| IdentityError::NotProven(Fault::new(Declined)))?;
        let secrets = attempt.secrets(ports.signer.as_ref());
        let assertion = self.provider.redeem(code, &secrets.verifier).await?;
        let expected = Expected {
            issuer: self.provider.issuer(),
            client: self.provider.client(),
            nonce: &secrets.nonce,
            now: ports.clock.now(),
        };
        let proven =
            assertion.believed(&expected).map_err(|why| IdentityError::NotProven(Fault::new(why)))?;
        match linking {
            None => self.sign_in(&attempt, &proven, &cmd.origin).await,
            Some(by) => self.link(&attempt, &proven, by).await,
        }
    }

    /// Finishes a sign-in that a second factor has stopped. A code works once; a wrong one leaves the rest as it is. What
    /// an identity has begun ends with it.
    ///
    /// # Errors
    /// `InvalidAttempt`, `PasswordChangeRequired`, `SignIn`; `Unavailable` if the store does not answer.
    pub async fn finish(
        &self,
        pending: &Secret,
        code: &OneTimeCode,
        origin: &Origin,
    ) -> Result<BrowserSession, IdentityError> {
        let auth = &self.auth;
        for _ in 0..ATTEMPTS {
            let now = auth.ports.clock.now();
            let found =
                auth.open_mail_token(pending.expose(), &[MailTokenPurpose::SecondFactor], now).await?;
            // A new password ends every session, and so whatever was about to become one.
            let (token, user) = found
                .filter(|(token, user)| token.issued_at >= user.password_changed_at)
                .ok_or(IdentityError::InvalidAttempt)?;
            let identities = auth.ports.reads.identities(user.id).await?;
            if !identities.iter().any(|identity| identity.linked_at <= token.issued_at) {
                return Err(IdentityError::InvalidAttempt);
            }
            may_begin(&user, now)?;
            let Some(user) = auth.pass(user, Some(code), now).await.map_err(SignInError::from)? else {
                continue;
            };
            let user = user.touched();
            let (session, cookie) = auth.new_browser_session(&user, origin, now);
            let unit = UnitOfWork::new()
                .with(Change::MailToken(token.used(now)))
                .with(Change::User(user.clone()))
                .with(Change::Session(session.clone()));
            let unit = auth.telling_of(unit, &user, &session).await?;
            if auth.commit(unit).await? {
                return Ok(AuthService::in_browser(user, &session, cookie, now));
            }
        }
        Err(Fault::new(KeptChanging).into())
    }

    /// The attempt that a browser has kept, if it is the one that the provider answers to.
    async fn attempt_of(&self, cmd: &Returned) -> Result<Attempt, IdentityError> {
        let ports = &self.auth.ports;
        let attempt = Attempt::read(cmd.attempt.expose()).ok_or(IdentityError::InvalidAttempt)?;
        let state = attempt.secrets(ports.signer.as_ref()).state;
        // Digests, so that time tells nothing.
        let is_ours = ports.signer.hash(state.expose()) == ports.signer.hash(cmd.state.expose());
        let is_from_there =
            cmd.issuer.as_deref().is_none_or(|issuer| issuer == self.provider.issuer().as_str());
        if !is_ours || !is_from_there || !attempt.is_open(ports.clock.now(), self.auth.policy.attempt) {
            return Err(IdentityError::InvalidAttempt);
        }
        self.unused(&attempt).await?;
        Ok(attempt)
    }

    async fn unused(&self, attempt: &Attempt) -> Result<(), IdentityError> {
        let hash = attempt.hash(self.auth.ports.signer.as_ref());
        match self.auth.ports.reads.mail_token(hash).await? {
            None => Ok(()),
            Some(_) => Err(IdentityError::InvalidAttempt),
        }
    }

    async fn stepped_up(&self, by: SignedIn) -> Result<(), IdentityError> {
        let now = self.auth.ports.clock.now();
        if self.auth.is_elevated(by, now).await? { Ok(()) } else { Err(IdentityError::StepUpRequired) }
    }

    async fn sign_in(
        &self,
        attempt: &Attempt,
        proven: &Proven,
        origin: &Origin,
    ) -> Result<Arrived, IdentityError> {
        for _ in 0..ATTEMPTS {
            let now = self.auth.ports.clock.now();
            self.unused(attempt).await?;
            let arrived = match self.known(proven).await? {
                Some(user) => {
                    may_begin(&user, now)?;
                    if user.second_factor.is_on() {
                        self.ask_for_code(attempt, &user, now).await?
                    } else {
                        self.begin_session(UnitOfWork::new(), attempt, user.touched(), origin, now).await?
                    }
                }
                None => self.welcome(attempt, proven, origin, now).await?,
            };
            if let Some(arrived) = arrived {
                return Ok(arrived);
            }
        }
        Err(Fault::new(KeptChanging).into())
    }

    /// The user whom this identity signs in.
    async fn known(&self, proven: &Proven) -> Result<Option<User>, Fault> {
        let reads = &self.auth.ports.reads;
        match reads.identity(self.provider.issuer(), &proven.subject).await? {
            Some(identity) => reads.user(identity.user).await,
            None => Ok(None),
        }
    }

    pub(super) fn identity(&self, proven: &Proven, user: &User, now: Time) -> Identity {
        let issuer = self.provider.issuer().clone();
        Identity::new(self.auth.id(now), user.id, issuer, proven.subject.clone(), now)
    }

    /// `None`: the record has moved on.
    pub(super) async fn begin_session(
        &self,
        unit: UnitOfWork,
        attempt: &Attempt,
        user: User,
        origin: &Origin,
        now: Time,
    ) -> Result<Option<Arrived>, Fault> {
        let (session, cookie) = self.auth.new_browser_session(&user, origin, now);
        let unit = unit
            .with(Change::MailToken(self.spent(attempt, &user, now)))
            .with(Change::User(user.clone()))
            .with(Change::Session(session.clone()));
        let unit = self.auth.telling_of(unit, &user, &session).await?;
        let begun = self.auth.commit(unit).await?;
        Ok(begun.then(|| Arrived::SignedIn(Box::new(AuthService::in_browser(user, &session, cookie, now)))))
    }

    async fn ask_for_code(
        &self,
        attempt: &Attempt,
        user: &User,
        now: Time,
    ) -> Result<Option<Arrived>, Fault> {
        let (pending, token) = self.auth.mail_token(user.id, MailTokenPurpose::SecondFactor, now);
        let unit = UnitOfWork::new()
            .with(Change::MailToken(self.spent(attempt, user, now)))
            .with(Change::MailToken(token));
        let asked = self.auth.commit(unit).await?;
        let expires_in_s = self.auth.policy.attempt_code.num_seconds();
        Ok(asked.then_some(Arrived::CodeWanted { pending, expires_in_s }))
    }

    /// The record that an attempt was used. It is made once, so of two who bring one attempt one comes through.
    pub(super) fn spent(&self, attempt: &Attempt, user: &User, now: Time) -> MailToken {
        MailToken {
            hash: attempt.hash(self.auth.ports.signer.as_ref()),
            user: user.id,
            purpose: MailTokenPurpose::IdentityAttempt,
            issued_at: attempt.begun_at(),
            expires_at: attempt.begun_at() + self.auth.policy.attempt,
            used_at: Some(now),
            version: Version::FIRST,
        }
    }

    async fn link(&self, attempt: &Attempt, proven: &Proven, by: SignedIn) -> Result<Arrived, IdentityError> {
        let auth = &self.auth;
        for _ in 0..ATTEMPTS {
            let now = auth.ports.clock.now();
            self.unused(attempt).await?;
            self.stepped_up(by).await?;
            let user = auth.ports.reads.user(by.user).await?.ok_or(IdentityError::SignedOut)?;
            may_begin(&user, now)?;
            let spent = UnitOfWork::new().with(Change::MailToken(self.spent(attempt, &user, now)));
            let unit = match self.known(proven).await? {
                Some(known) if known.id == user.id => spent,
                Some(_) => return Err(IdentityError::LinkedElsewhere),
                None => {
                    let identity = self.identity(proven, &user, now);
                    let unit = spent.with(Change::Identity(identity));
                    let unit = auth.mail(unit, &user.email, Letter::IdentityLinked, now);
                    // With the user's next version: an account that is being closed gets no identity any more.
                    unit.with(Change::User(user.touched()))
                }
            };
            if auth.commit(unit).await? {
                return Ok(Arrived::Linked);
            }
        }
        Err(Fault::new(KeptChanging).into())
    }
}

impl AuthService {
    /// From now on the user signs in by his password alone. Ends every other session, which such an identity may have
    /// begun, and tells the user by mail.
    ///
    /// # Errors
    /// `StepUpRequired`, `NotLinked`, `NoPassword`; `Unavailable` if the store does not answer.
    pub async fn unlink_identities(&self, by: SignedIn) -> Result<(), UnlinkError> {
        for _ in 0..ATTEMPTS {
            let now = self.ports.clock.now();
            let user = self.ports.reads.user(by.user).await?.ok_or(UnlinkError::StepUpRequired)?;
            if !self.is_elevated(by, now).await? {
                return Err(UnlinkError::StepUpRequired);
            }
            let identities = self.ports.reads.identities(user.id).await?;
            if identities.is_empty() {
                return Err(UnlinkError::NotLinked);
            }
            if !user.password.is_set() {
                return Err(UnlinkError::NoPassword);
            }
            let others = EndSessions { user: user.id, except: Some(by.session), at: now };
            let unit = self.mail(UnitOfWork::new(), &user.email, Letter::IdentityUnlinked, now);
            let unit = unit.with(Change::User(user.touched())).with(Change::EndSessions(others));
            let forget = |unit: UnitOfWork, known: Identity| unit.with(Change::Identity(known.anonymised()));
            if self.commit(identities.into_iter().fold(unit, forget)).await? {
                self.ports.standings.forget(by.user).await;
                return Ok(());
            }
        }
        Err(Fault::new(KeptChanging).into())
    }
}

/// What a right password would be refused for.
fn may_begin(user: &User, now: Time) -> Result<(), IdentityError> {
    may_sign_in(user, now)?;
    if user.must_change_password { Err(IdentityError::PasswordChangeRequired) } else { Ok(()) }
}
