//! Webhook endpoints of users, as staff sees them and switches them off.

use std::sync::Arc;

use namaskah_domain::{
    EndpointId, Time, UserId,
    staff::StaffService,
    wallet::Reason,
    webhook::{Endpoint, OffReason, Standing},
};
use poem_openapi::{Object, OpenApi, param::Path};
use serde::Deserialize;

use crate::http::{
    body::{Body, Listed, Shown, Text},
    detached::detached,
    problem::Problem,
    staff_scheme::{Staff, SteppedUp, may},
    tags::Tag,
};

/// An endpoint of a user. Of its URL staff sees the host alone: the rest may hold secrets.
#[derive(Debug, Object)]
#[oai(rename = "UserWebhookEndpoint")]
pub struct UserEndpointBody {
    /// The identifier.
    pub id: Text<EndpointId>,
    /// Whose it is.
    pub user_id: Text<UserId>,
    /// Where events are posted to: the host of the URL.
    pub host: Option<String>,
    /// What is posted.
    pub events: Vec<String>,
    /// False: nothing is posted.
    pub enabled: bool,
    /// Why not: as its user is told.
    pub disabled_reason: Option<Text<OffReason>>,
    /// Since when not.
    pub disabled_at: Option<Text<Time>>,
    /// Since when it has taken nothing; null while it does.
    pub failing_since: Option<Text<Time>>,
    /// When it was made.
    pub created_at: Text<Time>,
    /// When it was last changed.
    pub updated_at: Text<Time>,
}

impl From<Endpoint> for UserEndpointBody {
    fn from(endpoint: Endpoint) -> Self {
        let off = match endpoint.standing {
            Standing::On => None,
            Standing::Off { why, at } => Some((why, at)),
        };
        Self {
            id: Text(endpoint.id),
            user_id: Text(endpoint.user),
            host: endpoint.target.host(),
            events: endpoint.events.names().into_iter().map(str::to_owned).collect(),
            enabled: off.is_none(),
            disabled_reason: off.map(|(why, _)| Text(why)),
            disabled_at: off.map(|(_, at)| Text(at)),
            failing_since: endpoint.health.failing_since.map(Text),
            created_at: Text(endpoint.created_at),
            updated_at: Text(endpoint.updated_at),
        }
    }
}

/// Why nothing is to be posted to an endpoint.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "WebhookEndpointSwitchOff")]
pub struct SwitchOffBody {
    /// Why, for staff.
    pub reason: Text<Reason>,
}

/// Routes of users' endpoints.
pub struct EndpointsApi {
    /// Switches them.
    pub staff: Arc<StaffService>,
}

#[OpenApi(prefix_path = "/api/v1/admin", tag = "Tag::Admin")]
impl EndpointsApi {
    /// A user's webhook endpoints
    #[oai(
        path = "/users/:id/webhook-endpoints",
        method = "get",
        operation_id = "list_user_webhook_endpoints"
    )]
    async fn list(
        &self,
        _staff: Staff<may::UsersRead>,
        id: Path<Text<UserId>>,
    ) -> Result<Shown<Listed<UserEndpointBody>>, Problem> {
        let endpoints = self.staff.endpoints_of(id.0.0).await?;
        Ok(Shown(Listed::whole(endpoints.into_iter().map(UserEndpointBody::from).collect())))
    }

    /// Switch a webhook endpoint off
    ///
    /// Nothing is posted to it, not even to try it out, and its user does not switch it on. He is told by mail, without the
    /// reason. Safe to repeat.
    #[oai(path = "/webhook-endpoints/:id/off", method = "post", operation_id = "switch_webhook_endpoint_off")]
    async fn off(
        &self,
        staff: Staff<SteppedUp<may::UsersManage>>,
        id: Path<Text<EndpointId>>,
        body: Body<SwitchOffBody>,
    ) -> Result<Shown<UserEndpointBody>, Problem> {
        let (service, actor, reason) = (self.staff.clone(), staff.0, body.0.reason.0);
        let switching = async move { service.switch_endpoint_off(&actor, id.0.0, &reason).await };
        Ok(Shown(detached(switching).await?.into()))
    }

    /// Switch a webhook endpoint on again
    ///
    /// One that staff has switched off; any other one stays as it is. Safe to repeat.
    #[oai(path = "/webhook-endpoints/:id/on", method = "post", operation_id = "switch_webhook_endpoint_on")]
    async fn on(
        &self,
        staff: Staff<SteppedUp<may::UsersManage>>,
        id: Path<Text<EndpointId>>,
    ) -> Result<Shown<UserEndpointBody>, Problem> {
        let (service, actor) = (self.staff.clone(), staff.0);
        let switching = async move { service.switch_endpoint_on(&actor, id.0.0).await };
        Ok(Shown(detached(switching).await?.into()))
    }
}
