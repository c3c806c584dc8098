//! What users were told, and may rely on.

use std::collections::{BTreeMap, BTreeSet};

use namaskah_domain::{
    BatchId, CommitError, OrderId, PaymentId, QuoteId, RefundId, UserId,
    payment::{AskRefund, Intent, Refund, RefundError, service::Done},
    verification::{
        BatchError, Buy, BuyError, ItemResult, Order, OrderStatus, PriceLimit, QuoteError, Retry, RetryError,
        Shown, ShownBatch, Swap, SwapError,
    },
};

/// What users were told, and may rely on.
#[derive(Debug, Default)]
pub struct Told {
    /// The newest answer about an order: its version and state.
    pub orders: BTreeMap<OrderId, (i64, OrderStatus)>,
    /// The newest answer about a payment.
    pub payments: BTreeMap<PaymentId, i64>,
    /// The newest answer about a refund.
    pub refunds: BTreeMap<RefundId, i64>,
    /// Prices that were promised.
    pub quotes: BTreeMap<QuoteId, i64>,
    /// The orders that keys stand for.
    keys: BTreeMap<(UserId, String), OrderId>,
    /// Batches, and what was decided about their items.
    batches: BTreeMap<BatchId, Vec<ItemResult>>,
    /// Orders of which it was said that they were not placed.
    pub refused: BTreeSet<OrderId>,
    /// Refunds of which it was said that they were not made.
    pub refused_refunds: BTreeSet<RefundId>,
    /// What was said and must never be said.
    pub broken: Vec<String>,
}

impl Told {
    /// A price.
    pub fn quoted(&mut self, id: QuoteId, price: Result<i64, QuoteError>) -> String {
        match price {
            Ok(price) => {
                self.quotes.insert(id, price);
                format!("{id} costs {price}")
            }
            Err(error) => format!("no quote: {error}"),
        }
    }

    /// An order.
    pub fn bought(&mut self, asked: &Buy, most: i64, answer: Result<Done<Order>, BuyError>) -> String {
        let id = asked.id;
        match answer {
            Ok(done) => {
                let head = done.value.head();
                let most = match asked.limit {
                    PriceLimit::Quote(quote) => self.quotes.get(&quote).copied().unwrap_or(most),
                    PriceLimit::AtMost(_) => most,
                };
                if !done.replayed && (head.id != id || head.price.units() > most) {
                    self.broken.push(format!("5: {} costs {:?}, above {most}", head.id, head.price));
                }
                if head.ask != asked.ask {
                    self.broken.push(format!("4: {id} was answered with {}, another command", head.id));
                }
                self.one_key_one_order(asked.user, asked.claim.key.as_str(), head.id);
                self.order(asked.user, &done.value)
            }
            Err(error) => {
                if is_certain(&error) {
                    self.refused.insert(id);
                }
                format!("{id} is refused: {error}")
            }
        }
    }

    /// An order as it is.
    pub fn order(&mut self, user: UserId, order: &Order) -> String {
        let head = order.head();
        if head.user != user {
            self.broken.push(format!("12: {user} was told of {}, which is not his", head.id));
        }
        let newest = self.orders.entry(head.id).or_insert((0, order.status()));
        if head.version.get() >= newest.0 {
            *newest = (head.version.get(), order.status());
        }
        format!("{} is {} at version {}", head.id, order.status().name(), head.version.get())
    }

    /// An order with its texts.
    pub fn shown(&mut self, user: UserId, shown: &Shown) -> String {
        let id = shown.order.head().id;
        if shown.messages.iter().any(|message| message.order != id) {
            self.broken.push(format!("7: {id} was shown with another order's text"));
        }
        self.order(user, &shown.order)
    }

    /// A payment as it is.
    pub fn payment(&mut self, intent: &Intent) -> String {
        let newest = self.payments.entry(intent.id).or_default();
        *newest = (*newest).max(intent.version.get());
        format!("{} is {:?}", intent.id, intent.state)
    }

    fn one_key_one_order(&mut self, user: UserId, key: &str, order: OrderId) {
        let first = *self.keys.entry((user, key.to_owned())).or_insert(order);
        if first != order {
            self.broken.push(format!("4: one key has made {first} and {order}"));
        }
    }

    /// An order in the place of another.
    pub fn retried(&mut self, asked: &Retry, answer: Result<Done<Order>, RetryError>) -> String {
        match answer {
            Ok(done) => {
                let head = done.value.head();
                if head.retry_of != Some(asked.of) || (!done.replayed && head.id != asked.id) {
                    self.broken.push(format!("4: {} was answered with {}, another order", asked.id, head.id));
                }
                self.one_key_one_order(asked.user, asked.claim.key.as_str(), head.id);
                self.order(asked.user, &done.value)
            }
            Err(error) => {
                let is_unknown = match &error {
                    RetryError::Commit(error) => is_unknown(error),
                    error => matches!(error, RetryError::Unavailable(_)),
                };
                if !is_unknown {
                    self.refused.insert(asked.id);
                }
                format!("{} is not retried: {error}", asked.of)
            }
        }
    }

    /// An order with another number.
    pub fn swapped(&mut self, asked: &Swap, answer: Result<Done<Order>, SwapError>) -> String {
        match answer {
            Ok(done) => {
                if done.value.head().id != asked.order {
                    let told = done.value.head().id;
                    self.broken.push(format!("4: {} was swapped and {told} was told", asked.order));
                }
                self.one_key_one_order(asked.user, asked.claim.key.as_str(), asked.order);
                self.order(asked.user, &done.value)
            }
            Err(error) => format!("{} is not swapped: {error}", asked.order),
        }
    }

    /// Several orders at once; `asked` are those that the items would make.
    pub fn batched(
        &mut self,
        user: UserId,
        asked: &[OrderId],
        answer: Result<Done<ShownBatch>, BatchError>,
    ) -> String {
        let done = match answer {
            Ok(done) => done,
            Err(error) => {
                let is_unknown = match &error {
                    BatchError::Commit(error) => is_unknown(error),
                    error => matches!(error, BatchError::Unavailable(_)),
                };
                if !is_unknown {
                    self.refused.extend(asked);
                }
                return format!("no batch: {error}");
            }
        };
        let results = &done.value.batch.results;
        let made: Vec<OrderId> = results.iter().filter_map(|result| result.order()).collect();
        let fits = results.len() == asked.len() && made.iter().all(|order| asked.contains(order));
        if !done.replayed && !fits {
            self.broken.push(format!("4: {} decided about other items: {results:?}", done.value.batch.id));
        }
        if !done.replayed {
            self.refused.extend(asked.iter().filter(|order| !made.contains(order)));
        }
        self.shown_batch(user, &done.value)
    }

    /// A batch with its orders as they are.
    pub fn shown_batch(&mut self, user: UserId, shown: &ShownBatch) -> String {
        let ShownBatch { batch, orders } = shown;
        if batch.user != user {
            self.broken.push(format!("12: {user} was told of {}, which is not his", batch.id));
        }
        let made = batch.results.iter().filter_map(|result| result.order());
        if !made.eq(orders.iter().map(|shown| shown.order.head().id)) {
            self.broken.push(format!("4: {} is shown with other orders than it made", batch.id));
        }
        let first = self.batches.entry(batch.id).or_insert_with(|| batch.results.clone());
        if *first != batch.results {
            self.broken.push(format!("4: {} was decided twice", batch.id));
        }
        let of_others = orders.iter().any(|shown| shown.order.head().batch != Some(batch.id));
        if of_others {
            self.broken.push(format!("4: {} is shown with orders that are not its own", batch.id));
        }
        let orders: Vec<String> = orders.iter().map(|shown| self.shown(user, shown)).collect();
        format!("{} made {} of {}: {}", batch.id, orders.len(), batch.results.len(), orders.join(", "))
    }

    /// A refund.
    pub fn refunded(&mut self, asked: &AskRefund, answer: Result<Done<Refund>, RefundError>) -> String {
        match answer {
            Ok(Done { value, replayed }) => {
                let own = value.user == asked.user && value.payment == asked.payment;
                if !own || (!replayed && value.id != asked.id) {
                    self.broken.push(format!("4: {} was answered with {}, another one", asked.id, value.id));
                }
                if !replayed && asked.amount.is_some_and(|amount| amount != value.amount) {
                    self.broken.push(format!("5: {} gives {:?} back", value.id, value.amount));
                }
                let newest = self.refunds.entry(value.id).or_default();
                *newest = (*newest).max(value.version.get());
                format!("{} is {:?}", value.id, value.state)
            }
            Err(error) => {
                if !matches!(&error, RefundError::Commit(error) if is_unknown(error)) {
                    self.refused_refunds.insert(asked.id);
                }
                format!("{} is refused: {error}", asked.id)
            }
        }
    }
}

/// True if the refusal says that nothing was ordered; false if nobody can know.
fn is_certain(error: &BuyError) -> bool {
    match error {
        BuyError::Commit(error) => !is_unknown(error),
        BuyError::Unavailable(_) | BuyError::Quote(QuoteError::Unavailable(_) | QuoteError::Commit(_)) => {
            false
        }
        BuyError::PriceLimitRequired
        | BuyError::NoSuchQuote
        | BuyError::QuoteMismatch
        | BuyError::QuoteExpired
        | BuyError::QuoteUsed
        | BuyError::PriceAboveLimit { .. }
        | BuyError::Quote(_) => true,
    }
}

/// True if nobody can know whether the unit was applied, or who else was quicker.
const fn is_unknown(error: &CommitError) -> bool {
    matches!(error, CommitError::Unavailable(_) | CommitError::Stale | CommitError::Duplicate(_))
}
