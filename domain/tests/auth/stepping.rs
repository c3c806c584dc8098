//! Stepping up, and going on with what that gives.

use namaskah_domain::auth::{Elevation, Renewed, SignedIn, StepUp, Tokens};

use crate::fakes::{RIGHT, World, secret};

impl World {
    /// Signed in and stepped up.
    pub async fn lifted(&self) -> SignedIn {
        let by = self.signed_in(&self.login().await).await;
        self.steps_up(by).await
    }

    /// By what the sign-in goes on with.
    pub async fn steps_up(&self, by: SignedIn) -> SignedIn {
        let password = StepUp { by, password: Some(secret(RIGHT)), code: None };
        self.goes_on(self.auth.step_up(password).await.expect("a step-up")).await
    }

    pub async fn steps_up_by_tokens(&self, by: SignedIn) -> Tokens {
        let password = StepUp { by, password: Some(secret(RIGHT)), code: None };
        let lifted = self.auth.step_up(password).await.expect("a step-up");
        let Renewed::Tokens(tokens) = lifted.credentials else { panic!("no tokens: {lifted:?}") };
        tokens
    }

    pub async fn goes_on(&self, lifted: Elevation) -> SignedIn {
        match lifted.credentials {
            Renewed::Tokens(tokens) => self.signed_in(&tokens).await,
            Renewed::Browser(session) => {
                self.auth.authenticate_cookie(&session.cookie).await.expect("somebody")
            }
        }
    }
}
