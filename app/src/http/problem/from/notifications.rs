//! Errors of notifications and of mail.

use namaskah_domain::{
    notification::{NotificationError, RequiredChannel},
    suppression::SuppressionError,
};

use super::unavailable;
use crate::http::problem::Problem;

impl From<NotificationError> for Problem {
    fn from(error: NotificationError) -> Self {
        match error {
            NotificationError::NotFound => Self::not_found(),
            NotificationError::Commit(error) => error.into(),
            NotificationError::Unavailable(fault) => unavailable(&fault),
        }
    }
}

impl From<RequiredChannel> for Problem {
    fn from(error: RequiredChannel) -> Self {
        let field = format!("{}.{}", error.kind.name(), error.channel.name());
        Self::invalid(&field, "required", error)
    }
}

impl From<SuppressionError> for Problem {
    fn from(error: SuppressionError) -> Self {
        match error {
            SuppressionError::NotFound => Self::not_found(),
            SuppressionError::Commit(error) => error.into(),
            SuppressionError::Unavailable(fault) => unavailable(&fault),
        }
    }
}
