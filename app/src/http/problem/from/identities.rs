//! Errors of signing in with a provider of identities, and of changes of address.

use namaskah_domain::auth::{ChangeEmailError, ConfirmEmailError, IdentityError, UnlinkError};

use super::{invalid_token, second_factor::step_up_required, unavailable};
use crate::http::problem::Problem;

impl From<IdentityError> for Problem {
    fn from(error: IdentityError) -> Self {
        use IdentityError::{
            InvalidAttempt, LinkedElsewhere, NotLinked, NotProven, PasswordChangeRequired, Provider, SignIn,
            SignedOut, StepUpRequired, Unavailable,
        };
        match error {
            InvalidAttempt => {
                Self::refused(401, "identity_attempt_invalid", &"Begin again, in this browser.")
            }
            NotProven(why) => {
                tracing::warn!(%why, "a provider of identities has proven nobody");
                Self::refused(401, "identity_not_proven", &"Google has not proven who you are.")
            }
            NotLinked => Self::refused(
                409,
                "identity_not_linked",
                &"This address has an account. Sign in with its password, and link Google to it.",
            ),
            LinkedElsewhere => Self::refused(
                409,
                "identity_linked_elsewhere",
                &"This Google account signs in to another account.",
            ),
            SignedOut => Self::unauthorized(),
            StepUpRequired => step_up_required(),
            PasswordChangeRequired => Self::refused(
                403,
                "password_change_required",
                &"Follow the link that was mailed to you, or ask for a new one.",
            ),
            SignIn(error) => error.into(),
            Provider(why) => {
                tracing::error!(%why, "a provider of identities did not answer as it should");
                Self::refused(502, "provider_error", &"Google did not answer.")
            }
            Unavailable(fault) => unavailable(&fault),
        }
    }
}

pub(super) fn no_password() -> Problem {
    Problem::refused(409, "no_password", &"Ask for a link that sets one: POST /api/v1/auth/password/forgot.")
}

impl From<UnlinkError> for Problem {
    fn from(error: UnlinkError) -> Self {
        match error {
            UnlinkError::StepUpRequired => step_up_required(),
            UnlinkError::NotLinked => Self::not_found(),
            UnlinkError::NoPassword => no_password(),
            UnlinkError::Unavailable(fault) => unavailable(&fault),
        }
    }
}

impl From<ChangeEmailError> for Problem {
    fn from(error: ChangeEmailError) -> Self {
        match error {
            ChangeEmailError::StepUpRequired => step_up_required(),
            ChangeEmailError::Unchanged => Self::invalid("email", "unchanged", "this is the present address"),
            ChangeEmailError::Unavailable(fault) => unavailable(&fault),
        }
    }
}

impl From<ConfirmEmailError> for Problem {
    fn from(error: ConfirmEmailError) -> Self {
        match error {
            ConfirmEmailError::InvalidToken => invalid_token(),
            ConfirmEmailError::Taken => {
                Self::refused(409, "email_taken", &"The address belongs to another account by now.")
            }
            ConfirmEmailError::Unavailable(fault) => unavailable(&fault),
        }
    }
}
