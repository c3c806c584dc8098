//! A provider of identities in memory.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;

use crate::{
    Clock, Fault,
    auth::{
        Assertion, AttemptSecrets, Email, IdentityProvider, IdentityProviderError, Issuer, Secret, Subject,
    },
    time::{hours, minutes},
};

/// Somebody with an account at the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The provider's name for him.
    pub subject: Subject,
    /// His address there.
    pub email: Email,
    /// True if the provider has proven it.
    pub email_verified: bool,
}

/// [`IdentityProvider`] whose people agree as a test tells them to.
pub struct FakeIdentityProvider {
    clock: Arc<dyn Clock>,
    issuer: Issuer,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// By their states.
    attempts: BTreeMap<String, AttemptSecrets>,
    codes: BTreeMap<String, Granted>,
    given: u64,
    is_away: bool,
    twist: Option<fn(&mut Assertion)>,
}

struct Granted {
    person: Person,
    attempt: AttemptSecrets,
    at: crate::Time,
}

/// What the fake calls us.
const CLIENT: &str = "namaskah.fake";

impl FakeIdentityProvider {
    /// A provider that dates by this clock.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, issuer: Issuer::of_fake(), state: Mutex::default() }
    }

    /// Somebody agrees, on the page that a browser was sent to: its state and a code. `None` for another page.
    pub fn consent(&self, url: &str, person: &Person) -> Option<(Secret, Secret)> {
        let (_, wanted) = url.split_once("state=")?;
        let mut state = self.state();
        let attempt = state.attempts.get(wanted)?.clone();
        state.given += 1;
        let code = format!("code-{}", state.given);
        let came_back = attempt.state.clone();
        let granted = Granted { person: person.clone(), attempt, at: self.clock.now() };
        state.codes.insert(code.clone(), granted);
        Some((came_back, Secret::new(code)))
    }

    /// No call is answered any more, or each is again.
    pub fn set_away(&self, is_away: bool) {
        self.state().is_away = is_away;
    }

    /// What is asserted from now on is changed so.
    pub fn twist(&self, twist: fn(&mut Assertion)) {
        self.state().twist = Some(twist);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn away() -> IdentityProviderError {
    IdentityProviderError::Unavailable(Fault::new("the provider is away"))
}

#[async_trait]
impl IdentityProvider for FakeIdentityProvider {
    fn issuer(&self) -> &Issuer {
        &self.issuer
    }

    fn client(&self) -> &str {
        CLIENT
    }

    async fn authorization_url(&self, attempt: &AttemptSecrets) -> Result<String, IdentityProviderError> {
        let mut state = self.state();
        if state.is_away {
            return Err(away());
        }
        let wanted = attempt.state.expose().to_owned();
        let url = format!("{}/authorize?state={wanted}", self.issuer.as_str());
        state.attempts.insert(wanted, attempt.clone());
        Ok(url)
    }

    async fn redeem(&self, code: &Secret, verifier: &Secret) -> Result<Assertion, IdentityProviderError> {
        let now = self.clock.now();
        let mut state = self.state();
        if state.is_away {
            return Err(away());
        }
        let granted = state.codes.remove(code.expose());
        let granted =
            granted.filter(|granted| granted.attempt.verifier == *verifier && now < granted.at + minutes(10));
        let refused = || IdentityProviderError::Refused(Fault::new("invalid_grant"));
        let Granted { person, attempt, .. } = granted.ok_or_else(refused)?;
        let mut assertion = Assertion {
            issuer: self.issuer.as_str().to_owned(),
            subject: person.subject,
            audience: vec![CLIENT.to_owned()],
            authorized_party: Some(CLIENT.to_owned()),
            issued_at: now,
            expires_at: now + hours(1),
            nonce: Some(attempt.nonce),
            // Its people belong to organisations that it keeps the mail of.
            hosted_domain: Some(person.email.domain().to_owned()),
            email: Some(person.email),
            email_verified: person.email_verified,
        };
        if let Some(twist) = state.twist {
            twist(&mut assertion);
        }
        Ok(assertion)
    }
}
