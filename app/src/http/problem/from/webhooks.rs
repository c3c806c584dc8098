//! Problems of webhook endpoints.

use namaskah_domain::{
    outbound::DestinationRefusal,
    webhook::{CreateEndpointError, EndpointError, MAX_ENDPOINTS, MAX_WAITING},
};

use super::unavailable;
use crate::http::problem::Problem;

impl From<DestinationRefusal> for Problem {
    fn from(refusal: DestinationRefusal) -> Self {
        Self::invalid("url", "invalid", refusal)
    }
}

impl From<CreateEndpointError> for Problem {
    fn from(error: CreateEndpointError) -> Self {
        match error {
            CreateEndpointError::Url(refusal) => refusal.into(),
            CreateEndpointError::TooMany(_) => {
                let detail = format!("At most {MAX_ENDPOINTS}: delete one first.");
                Self::told(409, "too_many_webhook_endpoints", detail)
            }
            CreateEndpointError::Commit(refused) => refused.into(),
            CreateEndpointError::Unavailable(fault) => unavailable(&fault),
        }
    }
}

impl From<EndpointError> for Problem {
    fn from(error: EndpointError) -> Self {
        match error {
            EndpointError::NotFound => Self::not_found(),
            EndpointError::Url(refusal) => refusal.into(),
            EndpointError::Off => {
                Self::told(409, "webhook_endpoint_off", "Switch the endpoint on first: PATCH enabled.")
            }
            EndpointError::Blocked => {
                Self::told(409, "webhook_endpoint_off", "Staff has switched the endpoint off. Ask support.")
            }
            EndpointError::Busy => {
                let detail =
                    format!("{MAX_WAITING} deliveries of this endpoint wait. Repeat it when fewer do.");
                Self::told(409, "webhook_replay_running", detail)
            }
            EndpointError::Commit(refused) => refused.into(),
            EndpointError::Unavailable(fault) => unavailable(&fault),
        }
    }
}
