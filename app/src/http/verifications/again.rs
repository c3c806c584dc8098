//! What can be done about an order that brings no code: another try, another number, a complaint.

use std::sync::Arc;

use namaskah_domain::{
    Clock, OrderId, Random, UserId,
    payment::Done,
    verification::{Order, ReportReason, Retry, Shown as ShownOrder, Swap, VerificationService},
};
use poem_openapi::{Object, OpenApi, param::Path};
use serde::Deserialize;

use super::body::VerificationBody;
use crate::http::{
    body::{Begun, Body, Created, Shown, Text},
    detached::detached,
    idempotency::{Canon, Fingerprinted, KeyHeader},
    key_scheme::{Caller, VerificationsWrite},
    problem::Problem,
    tags::Tag,
};

/// Routes of second tries.
pub struct AgainApi {
    /// Sells numbers.
    pub verifications: Arc<VerificationService>,
    /// For identifiers and `server_time`.
    pub clock: Arc<dyn Clock>,
    /// For identifiers.
    pub random: Arc<dyn Random>,
}

/// What is wrong with a number.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "NewReport")]
pub struct ReportBody {
    /// Why it was of no use.
    pub reason: Text<ReportReason>,
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Verifications")]
impl AgainApi {
    /// Try again
    ///
    /// A new order for the same, at the price of the first try or less. One that still waits is cancelled, unless a
    /// code was first; one that ended without a code can be retried for ten minutes, once.
    #[oai(path = "/verifications/:id/retry", method = "post", operation_id = "retry_verification")]
    async fn retry(
        &self,
        user: Caller<VerificationsWrite>,
        id: Path<Text<OrderId>>,
        #[oai(name = "Idempotency-Key")] key: KeyHeader,
    ) -> Result<Created<VerificationBody>, Problem> {
        let (user, of) = (user.id(), id.0.0);
        let id = OrderId::generate(self.clock.now(), self.random.as_ref());
        let claim = key.claim(user, &RetryCommand { of }, id.uuid());
        let service = self.verifications.clone();
        let done = detached(async move { service.retry(Retry { id, user, of, claim }).await }).await?;
        let replayed = done.replayed;
        let location = format!("/api/v1/verifications/{}", done.value.head().id);
        Ok(Created { body: self.show(user, done).await?, location, replayed })
    }

    /// Ask for another number
    ///
    /// The same order and the same hold, twice at most. Until the other number is bought, `phone_number` is null; if
    /// none can be had the order is cancelled and the money released.
    #[oai(path = "/verifications/:id/swap", method = "post", operation_id = "swap_verification")]
    async fn swap(
        &self,
        user: Caller<VerificationsWrite>,
        id: Path<Text<OrderId>>,
        #[oai(name = "Idempotency-Key")] key: KeyHeader,
    ) -> Result<Begun<VerificationBody>, Problem> {
        let (user, order) = (user.id(), id.0.0);
        let claim = key.claim(user, &SwapCommand { order }, order.uuid());
        let service = self.verifications.clone();
        let done = detached(async move { service.swap(Swap { user, order, claim }).await }).await?;
        let messages = self.verifications.get(user, order).await?.messages;
        let show = |order| VerificationBody::of(ShownOrder { order, messages }, self.clock.now());
        Ok(Begun::done(done, show))
    }

    /// Report a number
    ///
    /// While the order waits the provider is told, and its state decides. After a code was paid for, the price comes
    /// back if the provider gives its own back. Safe to repeat.
    #[oai(path = "/verifications/:id/report", method = "post", operation_id = "report_verification")]
    async fn report(
        &self,
        user: Caller<VerificationsWrite>,
        id: Path<Text<OrderId>>,
        body: Body<ReportBody>,
    ) -> Result<Shown<VerificationBody>, Problem> {
        let (service, user, id) = (self.verifications.clone(), user.id(), id.0.0);
        let reason = body.0.reason.0;
        let order = detached(async move { service.report(user, id, reason).await }).await?;
        let messages = self.verifications.get(user, id).await?.messages;
        Ok(Shown(VerificationBody::of(ShownOrder { order, messages }, self.clock.now())))
    }
}

impl AgainApi {
    /// The order as it came from the command, or as it is now if that was repeated.
    async fn show(&self, user: UserId, done: Done<Order>) -> Result<VerificationBody, Problem> {
        let shown = if done.replayed {
            self.verifications.get(user, done.value.head().id).await?
        } else {
            ShownOrder { order: done.value, messages: Vec::new() }
        };
        Ok(VerificationBody::of(shown, self.clock.now()))
    }
}

struct SwapCommand {
    order: OrderId,
}

impl Fingerprinted for SwapCommand {
    const COMMAND: &'static str = "swap_verification";

    fn fields(&self, canon: &mut Canon) {
        canon.field("order", self.order);
    }
}

struct RetryCommand {
    of: OrderId,
}

impl Fingerprinted for RetryCommand {
    const COMMAND: &'static str = "retry_verification";

    fn fields(&self, canon: &mut Canon) {
        canon.field("of", self.of);
    }
}
