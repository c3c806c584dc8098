//! Batches: up to fifty purchases, one commit A for all of them, and then each is sent once.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::ControlFlow,
};

use crate::{
    Amount, BatchId, Change, Claim, CommitError, Committed, Fault, Money, MoneyError, OrderId, QuoteId,
    Standing, Time, UnitOfWork, UserId,
    payment::service::Done,
    race,
    verification::{
        Ask, Batch, BatchError, BatchMode, BuyError, ItemRefusal, ItemResult, Message, Order, PriceLimit,
        Purchase, QuoteError, Requested, Shown, VerificationError, VerificationService,
        buying::{Agreed, NewOrder},
        service::CostKey,
    },
    wallet::Account,
};

/// Items in one batch.
pub const MAX_ITEMS: usize = 50;
/// Purchases on their way at once: two rounds are begun before their time to be sent is over, unless the provider takes
/// longer than that for one.
const SENDS: usize = 25;
/// Prices asked for at once.
const ASKS: usize = 8;
/// How often a decision is made again while others are quicker.
const ATTEMPTS: u32 = 16;

/// One order of a batch.
#[derive(Debug, Clone)]
pub struct BatchItem {
    /// The new order, should there be one.
    pub id: OrderId,
    /// What.
    pub ask: Ask,
    /// At which price.
    pub limit: PriceLimit,
    /// The user's own notes: a JSON object as text.
    pub metadata: Option<String>,
}

/// 1 to [`MAX_ITEMS`] items.
#[derive(Debug, Clone)]
pub struct BatchItems(Vec<BatchItem>);

/// Why items make no batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected 1 to {MAX_ITEMS} items")]
pub struct WrongSize;

impl BatchItems {
    /// The items of a batch.
    ///
    /// # Errors
    /// [`WrongSize`] if there are none, or too many.
    pub fn try_new(items: Vec<BatchItem>) -> Result<Self, WrongSize> {
        if (1..=MAX_ITEMS).contains(&items.len()) { Ok(Self(items)) } else { Err(WrongSize) }
    }
}

/// "Get me these numbers."
#[derive(Debug, Clone)]
pub struct BuyBatch {
    /// The new batch.
    pub id: BatchId,
    /// For whom.
    pub user: UserId,
    /// What a refusal does to the others.
    pub mode: BatchMode,
    /// What.
    pub items: BatchItems,
    /// The client's key and what it stands for; its outcome must be `id`.
    pub claim: Claim,
}

/// A batch with its orders as they are now, in the order of its items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownBatch {
    /// What was decided.
    pub batch: Batch,
    /// Its orders.
    pub orders: Vec<Shown>,
}

/// What a batch is to be, before its commit.
struct Draft {
    unit: UnitOfWork,
    batch: Batch,
    opened: Vec<(Requested, Purchase)>,
}

type Prices = HashMap<CostKey, Result<(Money, Amount), QuoteError>>;

impl VerificationService {
    /// Holds the prices of all items in one commit, sends each purchase once, and answers when each has an outcome or
    /// is unknown. Items are decided on in their order: one that does not fit beside those before it is refused. With
    /// `AllOrNothing` the first refusal is the answer, and nothing was committed; with `BestEffort` refusals are
    /// recorded beside the orders.
    ///
    /// # Errors
    /// Each comes before money is held, and leaves the key unused.
    pub async fn buy_batch(&self, cmd: BuyBatch) -> Result<Done<ShownBatch>, BatchError> {
        match self.place_batch(&cmd).await {
            Err(refused) if !matches!(refused, BatchError::Commit(_)) => {
                match self.store.replay(&cmd.claim).await? {
                    Some(id) => Ok(Done { value: self.made(BatchId::from_uuid(id)).await?, replayed: true }),
                    None => Err(refused),
                }
            }
            answered => answered,
        }
    }

    /// One batch of `user`, with its orders as they are now.
    ///
    /// # Errors
    /// `NotFound` also for somebody else's.
    pub async fn batch(&self, user: UserId, id: BatchId) -> Result<ShownBatch, VerificationError> {
        let batch = self.reads.batch(id).await?.filter(|batch| batch.user == user);
        Ok(self.with_orders(batch.ok_or(VerificationError::NotFound)?).await?)
    }

    async fn place_batch(&self, cmd: &BuyBatch) -> Result<Done<ShownBatch>, BatchError> {
        let prices = self.prices(&cmd.items.0).await;
        for _ in 0..ATTEMPTS {
            let Draft { unit, batch, opened } = self.draft_batch(cmd, &prices).await?;
            match self.store.commit(unit).await {
                Ok(Committed::Applied) => {
                    let orders = self.send_all(opened).await;
                    return Ok(Done { value: ShownBatch { batch, orders }, replayed: false });
                }
                Ok(Committed::Replayed(id)) => {
                    return Ok(Done { value: self.made(BatchId::from_uuid(id)).await?, replayed: true });
                }
                // The account or a quote has moved on: what fits is decided anew.
                Err(CommitError::Stale) => {}
                Err(refused) => return Err(refused.into()),
            }
        }
        Err(CommitError::Stale.into())
    }

    async fn made(&self, id: BatchId) -> Result<ShownBatch, Fault> {
        let batch = self.reads.batch(id).await?;
        self.with_orders(batch.ok_or_else(|| Fault::new("a committed batch cannot be read"))?).await
    }

    async fn with_orders(&self, batch: Batch) -> Result<ShownBatch, Fault> {
        let ids: Vec<OrderId> = batch.results.iter().filter_map(|result| result.order()).collect();
        let orders = self.reads.orders_among(&ids).await?;
        let mut orders: HashMap<OrderId, Order> =
            orders.into_iter().map(|order| (order.head().id, order)).collect();
        let mut texts: HashMap<OrderId, Vec<Message>> = HashMap::new();
        for message in self.reads.messages_of(&ids).await? {
            texts.entry(message.order).or_default().push(message);
        }
        let show = |id: &OrderId| {
            let order = orders.remove(id).ok_or_else(|| Fault::new("a committed order cannot be read"))?;
            Ok(Shown { order, messages: texts.remove(id).unwrap_or_default() })
        };
        let orders = ids.iter().map(show).collect::<Result<_, Fault>>()?;
        Ok(ShownBatch { batch, orders })
    }

    /// Today's prices of what is asked for without a quote, each asked for once.
    async fn prices(&self, items: &[BatchItem]) -> Prices {
        let mut asks: Vec<(CostKey, Ask)> = Vec::new();
        for item in items.iter().filter(|item| matches!(item.limit, PriceLimit::AtMost(_))) {
            let key = CostKey::of(&item.ask);
            if asks.iter().all(|(known, _)| *known != key) {
                asks.push((key, item.ask.clone()));
            }
        }
        let mut prices = Prices::new();
        let asked = asks.into_iter().map(|(key, ask)| async move { (key, self.offer(&ask).await) });
        race::each(asked, ASKS, |(key, price)| {
            prices.insert(key, price);
            ControlFlow::Continue(())
        })
        .await;
        prices
    }

    /// Claim, batch, and of each item that fits hold, order and attempt, in one unit.
    async fn draft_batch(&self, cmd: &BuyBatch, prices: &Prices) -> Result<Draft, BatchError> {
        let account = self.reads.payer(cmd.user).await?.ok_or(CommitError::Stale)?;
        let as_read = Standing::AsRead(account.version);
        let mut room =
            Room { account, quotes: BTreeSet::new(), max_open_orders: self.policy.max_open_orders };
        let mut unit = UnitOfWork::claiming(cmd.claim.clone());
        let (mut results, mut opened) = (Vec::with_capacity(cmd.items.0.len()), Vec::new());
        let now = self.clock.now();
        for (index, item) in cmd.items.0.iter().enumerate() {
            let agreed = match self.agree_on(cmd.user, item, prices).await? {
                Ok(agreed) => room.take(&agreed)?.map(|()| agreed),
                Err(refusal) => Err(refusal),
            };
            match agreed {
                Ok(agreed) => {
                    let (more, requested, purchase) = self.open_item(unit, cmd, item, agreed, now);
                    unit = more;
                    results.push(ItemResult::Created(item.id));
                    opened.push((requested, purchase));
                }
                Err(refusal) => match cmd.mode {
                    BatchMode::AllOrNothing => return Err(BatchError::Item { index, refusal }),
                    BatchMode::BestEffort => results.push(ItemResult::Refused(refusal)),
                },
            }
        }
        if !opened.is_empty() {
            unit = unit.expecting(cmd.user, as_read);
        }
        let batch = Batch { id: cmd.id, user: cmd.user, mode: cmd.mode, results, created_at: now };
        Ok(Draft { unit: unit.with(Change::Batch(batch.clone())), batch, opened })
    }

    fn open_item(
        &self,
        unit: UnitOfWork,
        cmd: &BuyBatch,
        item: &BatchItem,
        agreed: Agreed,
        now: Time,
    ) -> (UnitOfWork, Requested, Purchase) {
        let new = NewOrder {
            id: item.id,
            user: cmd.user,
            ask: item.ask.clone(),
            cost: agreed.cost,
            price: agreed.price,
            metadata: item.metadata.clone(),
            attempt: 1,
            retry_of: None,
            batch: Some(cmd.id),
        };
        let used = agreed.quote.map(|quote| Change::Quote(quote.used(item.id)));
        self.opening(used.into_iter().fold(unit, UnitOfWork::with), new, now)
    }

    /// The price of one item, or why it has none.
    async fn agree_on(
        &self,
        user: UserId,
        item: &BatchItem,
        prices: &Prices,
    ) -> Result<Result<Agreed, ItemRefusal>, BatchError> {
        let agreed = match item.limit {
            PriceLimit::Quote(quote) => self.quoted(user, &item.ask, quote).await,
            PriceLimit::AtMost(most) => match prices.get(&CostKey::of(&item.ask)) {
                Some(Ok((cost, price))) => Self::within(*cost, *price, most),
                Some(Err(error)) => Err(error.clone().into()),
                None => Err(Fault::new("a price was not asked for").into()),
            },
        };
        match agreed {
            Ok(agreed) => Ok(Ok(agreed)),
            Err(error) => refusal_of(error).map(Err),
        }
    }

    /// Sends every purchase, each once and in its time; answers in the order in which they came.
    async fn send_all(&self, opened: Vec<(Requested, Purchase)>) -> Vec<Shown> {
        let mut orders = BTreeMap::new();
        let sends = opened.into_iter().enumerate();
        let sends = sends.map(|(place, (requested, purchase))| async move {
            (place, self.send_once(requested, purchase).await)
        });
        race::each(sends, SENDS, |(place, order)| {
            orders.insert(place, order);
            ControlFlow::Continue(())
        })
        .await;
        orders.into_values().map(|order| Shown { order, messages: Vec::new() }).collect()
    }
}

/// What of an account the items before have left.
struct Room {
    account: Account,
    quotes: BTreeSet<QuoteId>,
    max_open_orders: u32,
}

impl Room {
    /// Takes what an item needs, as the store will.
    fn take(&mut self, agreed: &Agreed) -> Result<Result<(), ItemRefusal>, MoneyError> {
        let quote = agreed.quote.as_ref().map(|quote| quote.id);
        if quote.is_some_and(|quote| self.quotes.contains(&quote)) {
            return Ok(Err(ItemRefusal::QuoteUsed));
        }
        if !self.account.may_order() {
            return Ok(Err(ItemRefusal::AccountBlocked));
        }
        if self.account.open_orders >= self.max_open_orders {
            return Ok(Err(ItemRefusal::TooManyOpenOrders));
        }
        let Some(split) = self.account.split(agreed.price) else {
            return Ok(Err(ItemRefusal::InsufficientFunds));
        };
        self.account.promo.held = self.account.promo.held.checked_add(split.promo)?;
        self.account.wallet.held = self.account.wallet.held.checked_add(split.wallet)?;
        self.account.open_orders += 1;
        self.quotes.extend(quote);
        Ok(Ok(()))
    }
}

/// What is said of one item, and what of the whole: a price or a quote that cannot be read now may be there in a
/// moment, so nothing of it is recorded.
fn refusal_of(error: BuyError) -> Result<ItemRefusal, BatchError> {
    match error {
        BuyError::NoSuchQuote => Ok(ItemRefusal::NoSuchQuote),
        BuyError::QuoteMismatch => Ok(ItemRefusal::QuoteMismatch),
        BuyError::QuoteExpired => Ok(ItemRefusal::QuoteExpired),
        BuyError::QuoteUsed => Ok(ItemRefusal::QuoteUsed),
        BuyError::PriceAboveLimit { price } => Ok(ItemRefusal::PriceAboveLimit { price }),
        BuyError::Quote(QuoteError::NoSuchService) => Ok(ItemRefusal::NoSuchService),
        BuyError::Quote(QuoteError::Blocked) => Ok(ItemRefusal::ServiceBlocked),
        // An item cannot be without one.
        BuyError::PriceLimitRequired => Err(Fault::new(error).into()),
        BuyError::Quote(error) => Err(error.into()),
        BuyError::Commit(error) => Err(error.into()),
        BuyError::Unavailable(fault) => Err(fault.into()),
    }
}
