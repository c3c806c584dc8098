//! What every `LeakedPasswords` does. The suite talks to the port, and to what has leaked through [`LeakWorld`].

use async_trait::async_trait;
use namaskah_domain::auth::{LeakedPasswords, Secret};

/// Known from a leak in every world.
pub const LEAKED: &str = "river stones and tea";
/// And seen often.
pub const OFTEN: &str = "my dog eats mangoes";

/// Somebody who knows of leaks.
#[async_trait]
pub trait LeakWorld: Send + Sync {
    /// The adapter under test.
    fn port(&self) -> &dyn LeakedPasswords;

    /// No question is answered any more.
    async fn shut(&self);

    /// Questions are answered again.
    async fn open(&self);
}

async fn is_known(world: &dyn LeakWorld, password: &str) -> bool {
    world.port().is_known(&Secret::new(password.to_owned())).await.expect("an answer")
}

/// However often it was seen, and however often it is asked about.
pub async fn a_password_from_a_leak_is_known(world: &dyn LeakWorld) {
    for password in [LEAKED, OFTEN, LEAKED] {
        assert!(is_known(world, password).await, "{password}");
    }
}

/// Nobody has ever had it.
pub async fn any_other_password_is_not(world: &dyn LeakWorld) {
    for password in ["kx9 tuba lo", "seven quiet lanterns", &"ab".repeat(128), "žluťoučký kůň 7", ""] {
        assert!(!is_known(world, password).await, "{password}");
    }
}

/// What is like a leaked password is another one.
pub async fn a_password_is_known_to_the_letter(world: &dyn LeakWorld) {
    let capital = LEAKED.to_uppercase();
    for other in [capital.as_str(), "river stones and tea ", " river stones and tea", "river stones and te"] {
        assert!(!is_known(world, other).await, "{other:?}");
    }
}

/// Not that the password is sound.
pub async fn no_answer_is_a_fault(world: &dyn LeakWorld) {
    world.shut().await;
    for password in [LEAKED, "kx9 tuba lo"] {
        let answer = world.port().is_known(&Secret::new(password.to_owned())).await;
        let fault = answer.expect_err("nobody knows").to_string();
        assert!(!fault.contains(password), "{fault}");
    }
}

/// Nothing of a failure is remembered.
pub async fn whoever_answers_again_is_believed_again(world: &dyn LeakWorld) {
    world.shut().await;
    assert!(world.port().is_known(&Secret::new(LEAKED.to_owned())).await.is_err());
    world.open().await;
    assert!(is_known(world, LEAKED).await);
    assert!(!is_known(world, "kx9 tuba lo").await);
}

/// Every sentence as a test of the world that `$world` makes.
#[macro_export]
macro_rules! leaked_passwords_contract {
    ($world:path) => {
        $crate::contract_tests!($crate::contract::leaked_passwords, $world,
            a_password_from_a_leak_is_known
            any_other_password_is_not
            a_password_is_known_to_the_letter
            no_answer_is_a_fault
            whoever_answers_again_is_believed_again
        );
    };
}
