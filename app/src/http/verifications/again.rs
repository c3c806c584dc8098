//! What can be done about an order that brings no code: another try.

use std::sync::Arc;

use namaskah_domain::{
    Clock, OrderId, Random, UserId,
    payment::Done,
    verification::{Order, Retry, Shown as ShownOrder, VerificationService},
};
use poem_openapi::{OpenApi, param::Path};

use super::body::VerificationBody;
use crate::http::{
    auth_scheme::SignedIn,
    body::{Created, Text},
    detached::detached,
    idempotency::{Canon, Fingerprinted, KeyHeader},
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

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Verifications")]
impl AgainApi {
    /// Try again
    ///
    /// A new order for the same, at the price of the first try or less. One that still waits is cancelled, unless a
    /// code was first; one that ended without a code can be retried for ten minutes, once.
    #[oai(path = "/verifications/:id/retry", method = "post", operation_id = "retry_verification")]
    async fn retry(
        &self,
        user: SignedIn,
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

struct RetryCommand {
    of: OrderId,
}

impl Fingerprinted for RetryCommand {
    const COMMAND: &'static str = "retry_verification";

    fn fields(&self, canon: &mut Canon) {
        canon.field("of", self.of);
    }
}
