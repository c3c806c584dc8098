//! Errors of terms.

use namaskah_domain::staff::TradeError;

use super::unavailable;
use crate::http::problem::Problem;

impl From<TradeError> for Problem {
    fn from(error: TradeError) -> Self {
        match error {
            TradeError::NotFound => Self::not_found(),
            TradeError::FromPast => Self::invalid("valid_from", "out_of_range", "now or later"),
            TradeError::LaterRule => Self::told(
                409,
                "pricing_rule_scheduled",
                "A rule of the same scope begins at that time or later. End it first.",
            ),
            TradeError::Price(error) => Self::invalid("multiplier", "out_of_range", error),
            TradeError::Catalogue(error) => error.into(),
            TradeError::Unavailable(fault) => unavailable(&fault),
        }
    }
}
