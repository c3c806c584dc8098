//! Verifications: quotes, orders, texts, waiting.

pub mod again;
pub mod batch;
pub mod batching;
pub mod body;
pub mod buying;
pub mod events;
pub mod metadata;
pub mod wait;

use std::{sync::Arc, time::Duration};

use namaskah_domain::{
    Clock, OrderId, QuoteId, Random,
    auth::AuthService,
    entity::OrderEntity,
    verification::{
        AskQuote, OrderFilter, OrderStatus, ServiceCode, Shown as ShownOrder, VerificationService,
    },
};
use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};

use self::{
    body::{MessageBody, VerificationBody},
    buying::{BuyBody, QuoteAskBody, QuoteBody},
    events::{EventSource, LastEventId, Streams},
    wait::{VersionQuery, WaitQuery},
};
use crate::http::{
    body::{AfterQuery, Body, Created, LimitQuery, Listed, NowOrSoon, Shown, Text},
    detached::detached,
    feed::Feed,
    idempotency::KeyHeader,
    key_scheme::{Caller, EverythingRead, VerificationsRead, VerificationsWrite},
    problem::Problem,
    tags::Tag,
    telling::Teller,
};

/// Routes of quotes and verifications.
pub struct VerificationsApi {
    /// Sells numbers.
    pub verifications: Arc<VerificationService>,
    /// Whether those who listen may still do so.
    pub auth: Arc<AuthService>,
    /// Tells what happens.
    pub teller: Teller,
    /// News, for those who wait.
    pub feed: Feed,
    /// Who listens.
    pub streams: Streams,
    /// For identifiers and `server_time`.
    pub clock: Arc<dyn Clock>,
    /// For identifiers.
    pub random: Arc<dyn Random>,
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Verifications")]
impl VerificationsApi {
    /// Ask for a price
    ///
    /// It holds for two minutes, for this account and these options, once.
    #[oai(path = "/quotes", method = "post", operation_id = "create_quote")]
    async fn quote(
        &self,
        user: Caller<VerificationsWrite>,
        body: Body<QuoteAskBody>,
    ) -> Result<Created<QuoteBody>, Problem> {
        let id = QuoteId::generate(self.clock.now(), self.random.as_ref());
        let ask = AskQuote { user: user.id(), ask: body.0.parse(), id };
        // Whoever hangs up stops no question that shows how the provider is.
        let service = self.verifications.clone();
        let quote = detached(async move { service.quote(ask).await }).await?;
        Ok(Created::new(quote.into(), format!("/api/v1/quotes/{id}")))
    }

    /// One quote
    #[oai(path = "/quotes/:id", method = "get", operation_id = "get_quote")]
    async fn quote_of(
        &self,
        user: Caller<VerificationsRead>,
        id: Path<Text<QuoteId>>,
    ) -> Result<Shown<QuoteBody>, Problem> {
        Ok(Shown(self.verifications.quote_of(user.id(), id.0.0).await?.into()))
    }

    /// Order a number
    ///
    /// The price is held now and paid only if a code comes.
    #[oai(path = "/verifications", method = "post", operation_id = "create_verification")]
    async fn buy(
        &self,
        user: Caller<VerificationsWrite>,
        #[oai(name = "Idempotency-Key")] key: KeyHeader,
        body: Body<BuyBody>,
    ) -> Result<Created<VerificationBody>, Problem> {
        let id = OrderId::generate(self.clock.now(), self.random.as_ref());
        let command = body.0.parse(user.id(), id, key)?;
        let service = self.verifications.clone();
        let done = detached(async move { service.buy(command).await }).await?;
        let id = done.value.head().id;
        let shown = if done.replayed {
            self.verifications.get(user.id(), id).await?
        } else {
            ShownOrder { order: done.value, messages: Vec::new() }
        };
        let location = format!("/api/v1/verifications/{id}");
        Ok(Created { body: self.show(shown), location, replayed: done.replayed })
    }

    /// Your orders
    #[oai(path = "/verifications", method = "get", operation_id = "list_verifications")]
    async fn list(
        &self,
        user: Caller<VerificationsRead>,
        status: Query<Option<Text<OrderStatus>>>,
        service: Query<Option<Text<ServiceCode>>>,
        #[oai(default)] limit: Query<LimitQuery>,
        after: Query<AfterQuery<OrderEntity>>,
    ) -> Result<Shown<Listed<VerificationBody>>, Problem> {
        let filter = OrderFilter { status: status.0.map(|s| s.0), service: service.0.map(|s| s.0) };
        let page = self.verifications.list(user.id(), &filter, limit.0.page(after.0)).await?;
        Ok(Shown(Listed::of(page, |shown| shown.order.head().id, |shown| self.show(shown))))
    }

    /// One order
    ///
    /// With `wait` it answers when the order has ended or changed, at the latest after so many seconds.
    #[oai(path = "/verifications/:id", method = "get", operation_id = "get_verification")]
    async fn get(
        &self,
        user: Caller<VerificationsRead>,
        id: Path<Text<OrderId>>,
        /// Seconds to wait for a change, 25 at most.
        wait: Query<Option<WaitQuery>>,
        /// The version that you know. Another one is answered at once.
        version: Query<Option<VersionQuery>>,
    ) -> Result<Shown<VerificationBody>, Problem> {
        let wait = Duration::from_secs(wait.0.map_or(0, |wait| wait.0));
        let known = version.0.map(|version| version.0);
        Ok(Shown(self.show(self.wait_for(user.id(), id.0.0, wait, known).await?)))
    }

    /// The texts of an order
    #[oai(path = "/verifications/:id/messages", method = "get", operation_id = "list_messages")]
    async fn messages(
        &self,
        user: Caller<VerificationsRead>,
        id: Path<Text<OrderId>>,
    ) -> Result<Shown<Listed<MessageBody>>, Problem> {
        let mut shown = self.verifications.get(user.id(), id.0.0).await?;
        shown.messages.reverse();
        Ok(Shown(Listed::whole(shown.messages.into_iter().map(MessageBody::from).collect())))
    }

    /// Cancel an order
    ///
    /// The money is released, unless a code was first. Safe to repeat.
    #[oai(path = "/verifications/:id/cancel", method = "post", operation_id = "cancel_verification")]
    async fn cancel(
        &self,
        user: Caller<VerificationsWrite>,
        id: Path<Text<OrderId>>,
    ) -> Result<NowOrSoon<VerificationBody>, Problem> {
        let (service, user, id) = (self.verifications.clone(), user.id(), id.0.0);
        let order = detached(async move { service.cancel(user, id).await }).await?;
        let soon = !order.status().is_final();
        let messages = self.verifications.get(user, id).await?.messages;
        let body = Box::new(self.show(ShownOrder { order, messages }));
        Ok(if soon { NowOrSoon::Soon(body) } else { NowOrSoon::Now(body) })
    }

    /// News of an order, as server-sent events
    ///
    /// Begins with everything since `Last-Event-ID`, or since the order was placed.
    #[oai(path = "/verifications/:id/events", method = "get", operation_id = "stream_verification")]
    async fn events(
        &self,
        user: Caller<VerificationsRead>,
        id: Path<Text<OrderId>>,
        #[oai(name = "Last-Event-ID")] last: LastEventId,
    ) -> Result<EventSource, Problem> {
        let id = id.0.0;
        self.verifications.order_of(user.id(), id).await?;
        self.stream(user.credential(), Some(id), last.0.unwrap_or(0)).await
    }

    /// News of all your orders and payments, as server-sent events
    ///
    /// Begins with everything since `Last-Event-ID`, or now.
    #[oai(path = "/events/stream", method = "get", operation_id = "stream_events")]
    async fn all_events(
        &self,
        user: Caller<EverythingRead>,
        #[oai(name = "Last-Event-ID")] last: LastEventId,
    ) -> Result<EventSource, Problem> {
        let after = match last.0 {
            Some(after) => after,
            None => self.feed.newest().await?,
        };
        self.stream(user.credential(), None, after).await
    }
}

impl VerificationsApi {
    fn show(&self, shown: ShownOrder) -> VerificationBody {
        VerificationBody::of(shown, self.clock.now())
    }
}
