//! Errors of credentials, and of API keys among them.

use namaskah_domain::auth::{ApiKeyError, AuthenticateError, CreateApiKeyError};

use super::{second_factor::step_up_required, suspended, unavailable};
use crate::http::problem::Problem;

impl From<AuthenticateError> for Problem {
    fn from(error: AuthenticateError) -> Self {
        match error {
            AuthenticateError::InvalidCredential => Self::unauthorized(),
            AuthenticateError::Suspended => suspended(),
            AuthenticateError::WrongAddress => {
                Self::refused(403, "forbidden", &"This API key may not be used from your address.")
            }
            AuthenticateError::Unavailable(fault) => unavailable(&fault),
        }
    }
}

impl From<CreateApiKeyError> for Problem {
    fn from(error: CreateApiKeyError) -> Self {
        match error {
            CreateApiKeyError::StepUpRequired => step_up_required(),
            CreateApiKeyError::TooMany(_) => {
                Self::refused(409, "too_many_api_keys", &"There are as many API keys as there may be.")
            }
            CreateApiKeyError::Expired => Self::invalid("expires_at", "out_of_range", "a time to come"),
            CreateApiKeyError::SignedOut => Self::unauthorized(),
            CreateApiKeyError::Unavailable(fault) => unavailable(&fault),
        }
    }
}

impl From<ApiKeyError> for Problem {
    fn from(error: ApiKeyError) -> Self {
        match error {
            ApiKeyError::StepUpRequired => step_up_required(),
            ApiKeyError::NotFound => Self::not_found(),
            ApiKeyError::Unavailable(fault) => unavailable(&fault),
        }
    }
}
