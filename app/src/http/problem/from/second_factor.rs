//! Errors of the second factor and of the step-up.
//!
//! Whoever is signed in is told of a wrong proof by its field: a 401 would say that the access token is void.

use namaskah_domain::{
    auth::{CodeError, ConfirmTotpError, DisableTotpError, EnrollTotpError, StepUpError},
    staff::Refusal,
};

use super::{identities::no_password, unavailable};
use crate::http::problem::Problem;

impl From<CodeError> for Problem {
    fn from(error: CodeError) -> Self {
        match error {
            CodeError::Required => Self::refused(401, "totp_required", &"A one-time code is required."),
            CodeError::Wrong => Self::refused(401, "totp_invalid", &"The code is wrong, or was used before."),
            CodeError::Closed { wait_s } => closed(wait_s),
            CodeError::Unavailable(fault) => unavailable(&fault),
        }
    }
}

fn closed(wait_s: u64) -> Problem {
    Problem::told(429, "rate_limited", "Too many codes were wrong.").with_retry_after(wait_s)
}

/// A code in a field of whoever is signed in.
fn of_field(error: CodeError, field: &str) -> Problem {
    match error {
        CodeError::Required => Problem::invalid(field, "required", "a one-time code"),
        CodeError::Wrong => Problem::invalid(field, "wrong", "this code is wrong, or was used before"),
        CodeError::Closed { wait_s } => closed(wait_s),
        CodeError::Unavailable(fault) => unavailable(&fault),
    }
}

fn wrong_password() -> Problem {
    Problem::invalid("password", "wrong", "this is not the present password")
}

pub(super) fn step_up_required() -> Problem {
    Problem::refused(403, "step_up_required", &"Prove again that it is you: POST /api/v1/auth/step-up.")
}

impl From<StepUpError> for Problem {
    fn from(error: StepUpError) -> Self {
        match error {
            StepUpError::SignedOut => Self::unauthorized(),
            StepUpError::OverForStaff => Refusal::SessionOver.into(),
            StepUpError::PasswordRequired => Self::invalid("password", "required", "the present password"),
            StepUpError::NoPassword => no_password(),
            StepUpError::WrongPassword => wrong_password(),
            StepUpError::Code(error) => of_field(error, "totp_code"),
            StepUpError::Unavailable(fault) => unavailable(&fault),
        }
    }
}

impl From<EnrollTotpError> for Problem {
    fn from(error: EnrollTotpError) -> Self {
        match error {
            EnrollTotpError::StepUpRequired => step_up_required(),
            EnrollTotpError::AlreadyOn => already_on(),
            EnrollTotpError::Unavailable(fault) => unavailable(&fault),
        }
    }
}

fn already_on() -> Problem {
    Problem::refused(409, "totp_already_enabled", &"A second factor is on already.")
}

impl From<ConfirmTotpError> for Problem {
    fn from(error: ConfirmTotpError) -> Self {
        match error {
            ConfirmTotpError::AlreadyOn => already_on(),
            ConfirmTotpError::NothingPending => {
                Self::refused(409, "totp_not_pending", &"No second factor waits to be confirmed.")
            }
            ConfirmTotpError::WrongCode => of_field(CodeError::Wrong, "code"),
            ConfirmTotpError::Unavailable(fault) => unavailable(&fault),
        }
    }
}

impl From<DisableTotpError> for Problem {
    fn from(error: DisableTotpError) -> Self {
        match error {
            DisableTotpError::NotOn => {
                Self::refused(409, "totp_not_enabled", &"There is no second factor to turn off.")
            }
            DisableTotpError::NoPassword => no_password(),
            DisableTotpError::WrongPassword => wrong_password(),
            DisableTotpError::Code(error) => of_field(error, "code"),
            DisableTotpError::Unavailable(fault) => unavailable(&fault),
        }
    }
}
