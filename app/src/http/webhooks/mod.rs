//! Webhooks of customers: endpoints, what was sent to them, and the log of events to catch up with.

pub mod body;
pub mod catching_up;

use std::sync::Arc;

use namaskah_domain::{
    DeliveryId, EndpointId,
    entity::DeliveryEntity,
    webhook::{DeliveryStatus, WebhookService},
};
use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};

use self::body::{
    ChangeBody, CreateBody, DeliveryBody, EndpointBody, NewEndpointBody, ReplayBody, ReplayedBody,
};
use crate::http::{
    body::{Accepted, AfterQuery, Body, Created, LimitQuery, Listed, NoContent, Shown, Text},
    detached::detached,
    key_scheme::{Caller, WebhooksWrite},
    problem::Problem,
    tags::Tag,
};

/// Routes of endpoints.
pub struct WebhooksApi {
    /// Keeps them.
    pub webhooks: Arc<WebhookService>,
}

#[OpenApi(prefix_path = "/api/v1/webhook-endpoints", tag = "Tag::Webhooks")]
impl WebhooksApi {
    /// Have events posted to a URL
    ///
    /// Signed as Standard Webhooks says; the secret is shown this once. At most 20 endpoints. What happens from now on is
    /// posted, without phone numbers, texts and codes, and tried 8 times within 28 hours until it is answered with 2xx.
    #[oai(path = "/", method = "post", operation_id = "create_webhook_endpoint")]
    async fn create(
        &self,
        user: Caller<WebhooksWrite>,
        body: Body<CreateBody>,
    ) -> Result<Created<NewEndpointBody>, Problem> {
        let (webhooks, command) = (self.webhooks.clone(), body.0.parse(user.id())?);
        let new = detached(async move { webhooks.create(command).await }).await?;
        let location = format!("/api/v1/webhook-endpoints/{}", new.endpoint.id);
        Ok(Created::new(new.into(), location))
    }

    /// Your endpoints
    #[oai(path = "/", method = "get", operation_id = "list_webhook_endpoints")]
    async fn list(&self, user: Caller<WebhooksWrite>) -> Result<Shown<Listed<EndpointBody>>, Problem> {
        let endpoints = self.webhooks.list(user.id()).await?;
        Ok(Shown(Listed::whole(endpoints.into_iter().map(EndpointBody::from).collect())))
    }

    /// One of your endpoints
    #[oai(path = "/:id", method = "get", operation_id = "get_webhook_endpoint")]
    async fn get(
        &self,
        user: Caller<WebhooksWrite>,
        id: Path<Text<EndpointId>>,
    ) -> Result<Shown<EndpointBody>, Problem> {
        Ok(Shown(self.webhooks.get(user.id(), id.0.0).await?.into()))
    }

    /// Change an endpoint
    ///
    /// What is left out stays. Switching it on makes up for its failures.
    #[oai(path = "/:id", method = "patch", operation_id = "change_webhook_endpoint")]
    async fn change(
        &self,
        user: Caller<WebhooksWrite>,
        id: Path<Text<EndpointId>>,
        body: Body<ChangeBody>,
    ) -> Result<Shown<EndpointBody>, Problem> {
        let change = body.0.parse(|url| Ok(self.webhooks.target(url)?))?;
        let (webhooks, user, id) = (self.webhooks.clone(), user.id(), id.0.0);
        let endpoint = detached(async move { webhooks.change(user, id, change).await }).await?;
        Ok(Shown(endpoint.into()))
    }

    /// Delete an endpoint
    ///
    /// What waits for it is not sent any more.
    #[oai(path = "/:id", method = "delete", operation_id = "delete_webhook_endpoint")]
    async fn delete(
        &self,
        user: Caller<WebhooksWrite>,
        id: Path<Text<EndpointId>>,
    ) -> Result<NoContent, Problem> {
        let (webhooks, user, id) = (self.webhooks.clone(), user.id(), id.0.0);
        detached(async move { webhooks.delete(user, id).await }).await?;
        Ok(NoContent)
    }

    /// Give an endpoint another secret
    ///
    /// It is shown this once. For 24 hours, deliveries carry a signature of each, so that nothing is refused meanwhile.
    #[oai(path = "/:id/rotate-secret", method = "post", operation_id = "rotate_webhook_secret")]
    async fn rotate(
        &self,
        user: Caller<WebhooksWrite>,
        id: Path<Text<EndpointId>>,
    ) -> Result<Shown<NewEndpointBody>, Problem> {
        let (webhooks, user, id) = (self.webhooks.clone(), user.id(), id.0.0);
        Ok(Shown(detached(async move { webhooks.rotate(user, id).await }).await?.into()))
    }

    /// Try an endpoint out
    ///
    /// Posts one `webhook.test`, once, also to an endpoint that is off, but not by staff. Its deliveries tell how it went.
    #[oai(path = "/:id/test", method = "post", operation_id = "test_webhook_endpoint")]
    async fn test(
        &self,
        user: Caller<WebhooksWrite>,
        id: Path<Text<EndpointId>>,
    ) -> Result<Accepted<DeliveryBody>, Problem> {
        let (webhooks, user, id) = (self.webhooks.clone(), user.id(), id.0.0);
        let delivery = detached(async move { webhooks.test(user, id).await }).await?;
        Ok(Accepted(DeliveryBody::of((delivery, Vec::new()))))
    }

    /// What was sent to an endpoint
    ///
    /// Each with its tries: their outcome, status and latency.
    #[oai(path = "/:id/deliveries", method = "get", operation_id = "list_webhook_deliveries")]
    async fn deliveries(
        &self,
        user: Caller<WebhooksWrite>,
        id: Path<Text<EndpointId>>,
        /// Where they stand.
        status: Query<Option<Text<DeliveryStatus>>>,
        #[oai(default)] limit: Query<LimitQuery>,
        after: Query<AfterQuery<DeliveryEntity>>,
    ) -> Result<Shown<Listed<DeliveryBody>>, Problem> {
        let status = status.0.map(|status| status.0);
        let page = self.webhooks.deliveries(user.id(), id.0.0, status, limit.0.page(after.0)).await?;
        Ok(Shown(Listed::of(page, |(delivery, _)| delivery.id, DeliveryBody::of)))
    }

    /// Send one delivery again
    ///
    /// From the first try on, whatever became of it. Its `webhook-id` stays, so a receiver knows that it may have it
    /// already.
    #[oai(path = "/deliveries/:id/replay", method = "post", operation_id = "replay_webhook_delivery")]
    async fn replay(
        &self,
        user: Caller<WebhooksWrite>,
        id: Path<Text<DeliveryId>>,
    ) -> Result<Accepted<DeliveryBody>, Problem> {
        let (webhooks, user, id) = (self.webhooks.clone(), user.id(), id.0.0);
        let delivery = detached(async move { webhooks.replay(user, id).await }).await?;
        Ok(Accepted(DeliveryBody::of((delivery, Vec::new()))))
    }

    /// Send everything again since an instant
    ///
    /// Whatever the endpoint wants, taken or not, also what happened while it was off. A thousand events a request:
    /// `next_since` says where to go on. Not while a thousand deliveries of it wait.
    #[oai(path = "/:id/replay", method = "post", operation_id = "replay_webhook_deliveries")]
    async fn replay_since(
        &self,
        user: Caller<WebhooksWrite>,
        id: Path<Text<EndpointId>>,
        body: Body<ReplayBody>,
    ) -> Result<Accepted<ReplayedBody>, Problem> {
        let since = body.0.since.0;
        let (webhooks, user, id) = (self.webhooks.clone(), user.id(), id.0.0);
        let replayed = detached(async move { webhooks.replay_since(user, id, since).await }).await?;
        Ok(Accepted(replayed.into()))
    }
}
