//! Identities: users as a provider of identities knows them; a browser's way there and back; and the rules by which
//! a provider's word is believed.
//!
//! Architecture invariant: a user is known by issuer and subject, never by an address. An address can be given to
//! somebody else; a subject never is.

use std::fmt;

use chrono::TimeDelta;

use crate::{
    IdentityId, SessionId, Time, UserId, Version,
    auth::{AttemptSecrets, Email, Secret, TokenHash, TokenKind, TokenSigner, credential::MailTokenPurpose},
    time::minutes,
};

/// How far a clock elsewhere may be ahead of ours.
const SKEW: TimeDelta = minutes(1);
/// So old a provider's word may be: it is fetched the moment that a browser is back.
const FRESH: TimeDelta = minutes(10);
const MAX_CHARS: usize = 255;

/// Whose subjects: the provider's own URL, as it signs it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Issuer(String);

/// A text that names no issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an issuer is an http or https address without a query")]
pub struct InvalidIssuer;

impl Issuer {
    /// # Errors
    /// [`InvalidIssuer`] unless it is an address of visible ASCII, without query and fragment, of at most 255 characters.
    pub fn try_new(text: &str) -> Result<Self, InvalidIssuer> {
        let is_web = ["https://", "http://"]
            .iter()
            .any(|scheme| text.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()));
        let is_plain = text.bytes().all(|b| b.is_ascii_graphic() && b != b'?' && b != b'#');
        if is_web && is_plain && text.len() <= MAX_CHARS {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidIssuer)
        }
    }

    /// That of the provider in memory.
    #[cfg(feature = "memory")]
    pub(crate) fn of_fake() -> Self {
        Self("https://identities.example".to_owned())
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The provider's own name for somebody, given to nobody else ever. `Debug` hides it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Subject(String);

/// A text that names nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a subject has 1 to 255 visible ASCII characters")]
pub struct InvalidSubject;

impl Subject {
    /// # Errors
    /// [`InvalidSubject`] unless it is 1 to 255 visible ASCII characters.
    pub fn try_new(text: &str) -> Result<Self, InvalidSubject> {
        let fits = (1..=MAX_CHARS).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        if fits { Ok(Self(text.to_owned())) } else { Err(InvalidSubject) }
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Subject(…)")
    }
}

/// A user as a provider knows him.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The identifier.
    pub id: IdentityId,
    /// Whom it signs in.
    pub user: UserId,
    /// Whose subject.
    pub issuer: Issuer,
    /// Which; unique among those of the issuer. `None`: its user has left.
    pub subject: Option<Subject>,
    /// Since when it signs him in.
    pub linked_at: Time,
    /// Counts every change.
    pub version: Version,
}

impl Identity {
    /// A new one.
    pub const fn new(
        id: IdentityId,
        user: UserId,
        issuer: Issuer,
        subject: Subject,
        linked_at: Time,
    ) -> Self {
        Self { id, user, issuer, subject: Some(subject), linked_at, version: Version::FIRST }
    }

    /// What stays of the identity of a user who has left: nothing about the person. The subject may come again, as
    /// somebody new.
    #[must_use]
    pub fn anonymised(self) -> Self {
        Self { subject: None, version: self.version.next(), ..self }
    }
}

/// What an attempt is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptFor {
    /// To sign in.
    SignIn,
    /// To let an identity sign in the user of this session, which alone may finish it.
    Link(SessionId),
}

/// A browser's way to a provider and back. It is kept by the browser alone, in a cookie, until it is used.
///
/// State, nonce and verifier are derived from its random secret together with its time and its purpose. So whoever
/// changes one of them gets a nonce that the provider has not signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    secret: Secret,
    begun_at: Time,
    /// What it is for.
    pub purpose: AttemptFor,
}

impl Attempt {
    /// A new one around a token of [`MailTokenPurpose::IdentityAttempt`].
    pub const fn new(secret: Secret, begun_at: Time, purpose: AttemptFor) -> Self {
        Self { secret, begun_at, purpose }
    }

    /// As the browser keeps it.
    pub fn to_text(&self) -> Secret {
        Secret::new(format!("{}.{}", self.secret.expose(), self.label()))
    }

    /// What [`Self::to_text`] has written.
    pub fn read(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let (secret, begun_us, purpose) = (parts.next()?, parts.next()?, parts.next()?);
        let is_ours = TokenKind::of(secret) == Some(TokenKind::Mail(MailTokenPurpose::IdentityAttempt));
        if !is_ours || parts.next().is_some() {
            return None;
        }
        let purpose = match purpose {
            "-" => AttemptFor::SignIn,
            session => AttemptFor::Link(session.parse().ok()?),
        };
        let begun_at = Time::from_timestamp_micros(begun_us.parse().ok()?)?;
        let read = Self { secret: Secret::new(secret.to_owned()), begun_at, purpose };
        // One attempt has one text.
        (read.to_text().expose() == text).then_some(read)
    }

    fn label(&self) -> String {
        let purpose = match self.purpose {
            AttemptFor::SignIn => "-".to_owned(),
            AttemptFor::Link(session) => session.to_string(),
        };
        format!("{}.{purpose}", self.begun_at.timestamp_micros())
    }

    /// When it began.
    pub const fn begun_at(&self) -> Time {
        self.begun_at
    }

    /// True if it may still be finished.
    pub fn is_open(&self, now: Time, lasts: TimeDelta) -> bool {
        self.begun_at <= now + SKEW && now < self.begun_at + lasts
    }

    /// What goes along to the provider.
    pub fn secrets(&self, signer: &dyn TokenSigner) -> AttemptSecrets {
        let label = self.label();
        let derived = |what: &str| signer.derive(&format!("identity {what} {label}"), &self.secret);
        AttemptSecrets { state: derived("state"), nonce: derived("nonce"), verifier: derived("verifier") }
    }

    /// What it is known by once it is used.
    pub fn hash(&self, signer: &dyn TokenSigner) -> TokenHash {
        signer.hash(self.secret.expose())
    }
}

/// What a provider says about somebody, authentic but not believed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assertion {
    /// Who says so.
    pub issuer: String,
    /// About whom.
    pub subject: Subject,
    /// For whom it is meant.
    pub audience: Vec<String>,
    /// Who asked for it, where it names him.
    pub authorized_party: Option<String>,
    /// When it was made.
    pub issued_at: Time,
    /// From when on it is void.
    pub expires_at: Time,
    /// What we sent along.
    pub nonce: Option<Secret>,
    /// The address, if it is one that we know as such.
    pub email: Option<Email>,
    /// True if the provider has proven that the address is his.
    pub email_verified: bool,
    /// The domain whose accounts the provider keeps for their organisation, where his is one of them.
    pub hosted_domain: Option<String>,
}

/// What an assertion must say to be believed.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// Whom we asked.
    pub issuer: &'a Issuer,
    /// What he calls us.
    pub client: &'a str,
    /// What we sent along with this attempt.
    pub nonce: &'a Secret,
    /// The time.
    pub now: Time,
}

/// Why an assertion is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Disbelief {
    /// Somebody else than we asked has made it.
    #[error("it is another issuer's")]
    Issuer,
    /// It is for somebody else, or for others besides.
    #[error("it is not for us alone")]
    Audience,
    /// Somebody else asked for it.
    #[error("somebody else asked for it")]
    AuthorizedParty,
    /// It is void.
    #[error("it has expired")]
    Expired,
    /// It was made in the future, or long ago.
    #[error("it was not made just now")]
    NotFresh,
    /// It belongs to another attempt.
    #[error("it belongs to another attempt")]
    Nonce,
    /// The provider does not say that the address is his.
    #[error("its address is not proven")]
    EmailNotVerified,
}

/// Somebody whom a provider has proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven {
    /// The provider's name for him.
    pub subject: Subject,
    /// His address there. It finds nobody here, except an account that nobody has proven.
    pub email: Email,
    /// True if the provider gives out this address itself, so that whoever it names reads its mail. Of any other it has
    /// seen a proof once, and who has the address today is another question.
    ///
    /// Source: <https://developers.google.com/identity/gsi/web/guides/verify-google-id-token>, read in November 2026.
    pub is_authoritative: bool,
}

/// Domains whose addresses Google gives out to anybody.
const MAIL_OF_GOOGLE: [&str; 2] = ["gmail.com", "googlemail.com"];

/// Whether the provider gives out the address itself. A domain of its own counts only if it is the address's, to the letter.
fn is_of_the_provider(email: &Email, hosted_domain: Option<&str>) -> bool {
    let domain = email.domain();
    MAIL_OF_GOOGLE.contains(&domain)
        || hosted_domain.is_some_and(|hosted| hosted.eq_ignore_ascii_case(domain))
}

impl Assertion {
    /// Decides whether it is believed. It must be for us alone: one that is for others as well could have been given
    /// to them.
    ///
    /// # Errors
    /// The first [`Disbelief`] that applies.
    pub fn believed(self, expected: &Expected<'_>) -> Result<Proven, Disbelief> {
        if self.issuer != expected.issuer.as_str() {
            return Err(Disbelief::Issuer);
        }
        if self.audience != [expected.client] {
            return Err(Disbelief::Audience);
        }
        if self.authorized_party.is_some_and(|party| party != expected.client) {
            return Err(Disbelief::AuthorizedParty);
        }
        if expected.now >= self.expires_at {
            return Err(Disbelief::Expired);
        }
        if self.issued_at > expected.now + SKEW || self.issued_at + FRESH + SKEW <= expected.now {
            return Err(Disbelief::NotFresh);
        }
        if self.nonce.as_ref() != Some(expected.nonce) {
            return Err(Disbelief::Nonce);
        }
        match self.email {
            Some(email) if self.email_verified => {
                let is_authoritative = is_of_the_provider(&email, self.hosted_domain.as_deref());
                Ok(Proven { subject: self.subject, email, is_authoritative })
            }
            Some(_) | None => Err(Disbelief::EmailNotVerified),
        }
    }
}
