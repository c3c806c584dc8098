//! Batches: several orders with one command.

use std::sync::Arc;

use namaskah_domain::{BatchId, Clock, Random, verification::VerificationService};
use poem_openapi::{OpenApi, param::Path};

use super::batching::{BatchAskBody, BatchBody, BatchProgressBody};
use crate::http::{
    body::{Body, Created, Shown, Text},
    detached::detached,
    idempotency::KeyHeader,
    key_scheme::{Caller, VerificationsRead, VerificationsWrite},
    problem::Problem,
    tags::Tag,
};

/// Routes of batches.
pub struct BatchApi {
    /// Sells numbers.
    pub verifications: Arc<VerificationService>,
    /// For identifiers and `server_time`.
    pub clock: Arc<dyn Clock>,
    /// For identifiers.
    pub random: Arc<dyn Random>,
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Verifications")]
impl BatchApi {
    /// Order several numbers
    ///
    /// The prices of all are held at once. With `all_or_nothing` one refusal refuses all, and `index` names the item; with
    /// `best_effort` items are taken in their order, and those that do not fit are recorded as refused. What was decided
    /// stays; the orders go on by themselves.
    #[oai(path = "/verifications/batch", method = "post", operation_id = "create_batch")]
    async fn buy(
        &self,
        user: Caller<VerificationsWrite>,
        #[oai(name = "Idempotency-Key")] key: KeyHeader,
        body: Body<BatchAskBody>,
    ) -> Result<Created<BatchBody>, Problem> {
        let command = body.0.parse(user.id(), key, self.clock.as_ref(), self.random.as_ref())?;
        let service = self.verifications.clone();
        let done = detached(async move { service.buy_batch(command).await }).await?;
        let now = self.clock.now();
        let location = |shown: &namaskah_domain::verification::ShownBatch| {
            format!("/api/v1/verifications/batch/{}", shown.batch.id)
        };
        Ok(Created::done(done, location, |shown| BatchBody::of(shown, now)))
    }

    /// One batch
    ///
    /// What was decided about each item, the orders as they are now, and how many are in which state.
    #[oai(path = "/verifications/batch/:id", method = "get", operation_id = "get_batch")]
    async fn get(
        &self,
        user: Caller<VerificationsRead>,
        id: Path<Text<BatchId>>,
    ) -> Result<Shown<BatchProgressBody>, Problem> {
        let shown = self.verifications.batch(user.id(), id.0.0).await?;
        Ok(Shown(BatchProgressBody::of(shown, self.clock.now())))
    }
}
