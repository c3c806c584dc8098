//! What every `IdentityProvider` does. The suite talks to the port, and to people at the provider through
//! [`IdentityWorld`].

use async_trait::async_trait;
use namaskah_domain::{
    Clock,
    auth::{
        Assertion, AttemptSecrets, Disbelief, Email, Expected, IdentityProvider, IdentityProviderError,
        Secret,
    },
    memory::Person,
    time::minutes,
};

/// A provider and the people there.
#[async_trait]
pub trait IdentityWorld: Send + Sync {
    /// The adapter under test.
    fn provider(&self) -> &dyn IdentityProvider;

    /// The clock that the provider dates by.
    fn clock(&self) -> &dyn Clock;

    /// Time passes, for the provider too.
    async fn advance(&self, by: chrono::TimeDelta);

    /// Somebody agrees on the page at `url`: the state and the code that his browser comes back with.
    async fn consent(&self, url: &str, person: &Person) -> (Secret, Secret);

    /// The provider signs with other keys from now on.
    async fn rotate(&self);

    /// No call is answered any more.
    async fn shut(&self);
}

/// Somebody with a proven address.
pub fn person(subject: &str, email: &str) -> Person {
    Person {
        subject: namaskah_domain::auth::Subject::try_new(subject).expect("a subject"),
        email: Email::try_new(email).expect("an address"),
        email_verified: true,
    }
}

/// What goes along with an attempt; each is as long as the real ones.
pub fn attempt(name: &str) -> AttemptSecrets {
    let long = |what: &str| Secret::new(format!("{what}-{name}-{}", "0123456789abcdef".repeat(4)));
    AttemptSecrets { state: long("state"), nonce: long("nonce"), verifier: long("verifier") }
}

async fn code_of(world: &dyn IdentityWorld, attempt: &AttemptSecrets, person: &Person) -> Secret {
    let url = world.provider().authorization_url(attempt).await.expect("a page");
    let (state, code) = world.consent(&url, person).await;
    assert_eq!(state, attempt.state);
    code
}

fn believed(
    world: &dyn IdentityWorld,
    assertion: Assertion,
    nonce: &Secret,
) -> Result<namaskah_domain::auth::Proven, Disbelief> {
    let (issuer, client) = (world.provider().issuer(), world.provider().client());
    assertion.believed(&Expected { issuer, client, nonce, now: world.clock().now() })
}

fn is_refused(outcome: &Result<Assertion, IdentityProviderError>) -> bool {
    matches!(outcome, Err(IdentityProviderError::Refused(_)))
}

/// And it is believed.
pub async fn whoever_agrees_is_proven(world: &dyn IdentityWorld) {
    let (ada, attempt) = (person("108", "ada@example.com"), attempt("one"));
    let code = code_of(world, &attempt, &ada).await;
    let assertion = world.provider().redeem(&code, &attempt.verifier).await.expect("an assertion");
    let proven = believed(world, assertion, &attempt.nonce).expect("it is believed");
    assert_eq!((proven.subject, proven.email), (ada.subject, ada.email));
    assert!(proven.is_authoritative, "it keeps the mail of her organisation");
}

/// The nonce is that of the attempt.
pub async fn an_assertion_belongs_to_its_attempt(world: &dyn IdentityWorld) {
    let (mine, other) = (attempt("mine"), attempt("other"));
    let code = code_of(world, &mine, &person("108", "ada@example.com")).await;
    let assertion = world.provider().redeem(&code, &mine.verifier).await.expect("an assertion");
    assert_eq!(believed(world, assertion, &other.nonce), Err(Disbelief::Nonce));
}

/// It is used up by the first try.
pub async fn a_code_works_once(world: &dyn IdentityWorld) {
    let attempt = attempt("one");
    let code = code_of(world, &attempt, &person("108", "ada@example.com")).await;
    world.provider().redeem(&code, &attempt.verifier).await.expect("an assertion");
    assert!(is_refused(&world.provider().redeem(&code, &attempt.verifier).await));
}

/// PKCE: a stolen code is worth nothing without the verifier.
pub async fn a_code_works_with_the_verifier_of_its_attempt_alone(world: &dyn IdentityWorld) {
    let (mine, other) = (attempt("mine"), attempt("other"));
    let code = code_of(world, &mine, &person("108", "ada@example.com")).await;
    assert!(is_refused(&world.provider().redeem(&code, &other.verifier).await));
    assert!(is_refused(&world.provider().redeem(&code, &mine.verifier).await), "and it is used up");
}

/// Nobody was given it.
pub async fn an_unknown_code_is_refused(world: &dyn IdentityWorld) {
    let guessed = Secret::new("4/guessed".into());
    assert!(is_refused(&world.provider().redeem(&guessed, &attempt("one").verifier).await));
}

/// Ten minutes.
pub async fn a_code_is_good_for_a_short_time(world: &dyn IdentityWorld) {
    let attempt = attempt("one");
    let code = code_of(world, &attempt, &person("108", "ada@example.com")).await;
    world.advance(minutes(10)).await;
    assert!(is_refused(&world.provider().redeem(&code, &attempt.verifier).await));
}

/// The provider says so, and it is not believed.
pub async fn an_address_that_is_not_proven_is_told_as_such(world: &dyn IdentityWorld) {
    let (ada, attempt) = (person("108", "ada@example.com"), attempt("one"));
    let code = code_of(world, &attempt, &Person { email_verified: false, ..ada }).await;
    let assertion = world.provider().redeem(&code, &attempt.verifier).await.expect("an assertion");
    assert!(!assertion.email_verified);
    assert_eq!(believed(world, assertion, &attempt.nonce), Err(Disbelief::EmailNotVerified));
}

/// Keys come and go.
pub async fn a_new_key_of_the_provider_is_found(world: &dyn IdentityWorld) {
    for name in ["before", "after", "later"] {
        let attempt = attempt(name);
        let code = code_of(world, &attempt, &person("108", "ada@example.com")).await;
        let assertion = world.provider().redeem(&code, &attempt.verifier).await.expect("an assertion");
        believed(world, assertion, &attempt.nonce).expect("it is believed");
        world.rotate().await;
    }
}

/// Neither call.
pub async fn a_provider_that_does_not_answer_is_unavailable(world: &dyn IdentityWorld) {
    let attempt = attempt("one");
    let code = code_of(world, &attempt, &person("108", "ada@example.com")).await;
    world.shut().await;
    let outcome = world.provider().redeem(&code, &attempt.verifier).await;
    assert!(matches!(outcome, Err(IdentityProviderError::Unavailable(_))), "{outcome:?}");
}

/// Every sentence as a test of the world that `$world` makes.
#[macro_export]
macro_rules! identity_provider_contract {
    ($world:path) => {
        $crate::contract_tests!($crate::contract::identity_provider, $world,
            whoever_agrees_is_proven
            an_assertion_belongs_to_its_attempt
            a_code_works_once
            a_code_works_with_the_verifier_of_its_attempt_alone
            an_unknown_code_is_refused
            a_code_is_good_for_a_short_time
            an_address_that_is_not_proven_is_told_as_such
            a_new_key_of_the_provider_is_found
            a_provider_that_does_not_answer_is_unavailable
        );
    };
}
