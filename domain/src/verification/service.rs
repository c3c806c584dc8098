//! Use cases of verification. Buying, taking in texts, ending and reconciling each have a file of their own.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
};

use uuid::Uuid;

use crate::{
    Amount, Change, Claim, Clock, CommitError, Event, EventId, Fault, Money, OrderId, Page, PageOf,
    PurchaseId, QuoteId, Random, ReservationId, Store, Time, UnitOfWork, UserId,
    outbox::Leases,
    payment::service::Done,
    unit::retry_stale,
    verification::{
        Ask, BuyError, Capability, CountryCode, CurrentTerms, Message, NumberProvider, Order, OrderFilter,
        OrderReads, Pace, PriceRule, Purchase, Quote, QuoteError, ServiceCode, VerificationError,
        recent::Recent,
    },
};

/// What the house allows.
#[derive(Debug, Clone)]
pub struct OrderPolicy {
    /// How prices are made.
    pub rule: PriceRule,
    /// How long a quote holds, in seconds.
    pub quote_s: i64,
    /// How long after commit A a purchase may still be sent, in seconds.
    pub send_within_s: i64,
    /// How long after it was placed an order may be cancelled, in seconds.
    pub cancel_after_s: i64,
    /// Open orders a user may have.
    pub max_open_orders: u32,
    /// False in live mode: the provider's `test_*` services are not for sale there.
    pub sells_test_services: bool,
}

/// "What would this cost?"
#[derive(Debug, Clone)]
pub struct AskQuote {
    /// Who asks.
    pub user: UserId,
    /// What for.
    pub ask: Ask,
    /// The new quote.
    pub id: QuoteId,
}

/// What bounds the price of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PriceLimit {
    /// The price that was promised.
    Quote(QuoteId),
    /// Today's price, if it is at most this.
    AtMost(Amount),
}

/// "Get me a number."
#[derive(Debug, Clone)]
pub struct Buy {
    /// The new order.
    pub id: OrderId,
    /// For whom.
    pub user: UserId,
    /// What.
    pub ask: Ask,
    /// At which price.
    pub limit: PriceLimit,
    /// The user's own notes: a JSON object as text.
    pub metadata: Option<String>,
    /// The client's key and what it stands for; its outcome must be `id`.
    pub claim: Claim,
}

/// An order with its texts, as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The order.
    pub order: Order,
    /// Its texts, oldest first.
    pub messages: Vec<Message>,
}

/// Sells numbers: quotes, buys, takes in texts, ends orders, finds out what is unknown.
pub struct VerificationService {
    pub(super) store: Arc<dyn Store>,
    pub(super) reads: Arc<dyn OrderReads>,
    pub(super) provider: Arc<dyn NumberProvider>,
    pub(super) leases: Arc<dyn Leases>,
    pub(super) terms: Arc<dyn CurrentTerms>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) random: Arc<dyn Random>,
    pub(super) policy: OrderPolicy,
    /// This process among its peers.
    pub(super) holder: Uuid,
    pub(super) memory: Mutex<Memory>,
    /// How fast the provider is told of ends; `None`: as fast as it answers.
    pace: Option<Arc<dyn Pace>>,
}

/// What costs are remembered for at most.
const COSTS: usize = 10_000;

/// What a cost depends on: that a wish is there, not which it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct CostKey {
    service: ServiceCode,
    country: CountryCode,
    capability: Capability,
    in_area: bool,
    by_carrier: bool,
}

impl CostKey {
    pub(super) fn of(ask: &Ask) -> Self {
        Self {
            service: ask.service.clone(),
            country: ask.country.clone(),
            capability: ask.capability,
            in_area: ask.area_code.is_some(),
            by_carrier: ask.carrier.is_some(),
        }
    }
}

/// What a process remembers between calls. Losing it costs a question more, never money.
#[derive(Debug)]
pub(super) struct Memory {
    /// Costs as the provider told them, and when.
    pub(super) costs: Recent<CostKey, Money>,
    /// When the last complete shared poll was started.
    pub(super) polled_at: Option<Time>,
    /// When a poll last reached back to the orders that have expired lately.
    pub(super) late_at: Option<Time>,
    /// When states at the provider were last looked at.
    pub(super) states_at: Option<Time>,
    /// Orders that the provider calls completed although no text is listed, and since when.
    pub(super) completed_without_text: HashMap<OrderId, Time>,
    /// Everything that the provider made before this instant is bound or booked as an orphan.
    pub(super) reconciled_until: Option<Time>,
    /// When the last complete reconciliation was made.
    pub(super) reconciled_at: Option<Time>,
    /// Listed reservations of completed orders whose credit is booked.
    pub(super) credits_booked: HashSet<ReservationId>,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            costs: Recent::at_most(COSTS),
            polled_at: None,
            late_at: None,
            states_at: None,
            completed_without_text: HashMap::new(),
            reconciled_until: None,
            reconciled_at: None,
            credits_booked: HashSet::new(),
        }
    }
}

impl VerificationService {
    /// Over any store, provider and clock. `holder` names this process in leases.
    #[allow(clippy::too_many_arguments)] // One argument a port: a struct of them would only rename the list.
    pub fn new(
        store: Arc<dyn Store>,
        reads: Arc<dyn OrderReads>,
        provider: Arc<dyn NumberProvider>,
        leases: Arc<dyn Leases>,
        terms: Arc<dyn CurrentTerms>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        policy: OrderPolicy,
        holder: Uuid,
    ) -> Self {
        let memory = Mutex::default();
        Self { store, reads, provider, leases, terms, clock, random, policy, holder, memory, pace: None }
    }

    /// The same, telling its provider of ends no faster than this.
    #[must_use]
    pub fn paced(self, pace: Arc<dyn Pace>) -> Self {
        Self { pace: Some(pace), ..self }
    }

    /// Waits until one more call that nobody waits for may be made.
    pub(super) async fn turn(&self) {
        if let Some(pace) = &self.pace {
            pace.turn().await;
        }
    }

    /// Promises a price for two minutes.
    ///
    /// # Errors
    /// If it is not for sale, or the provider or the store cannot be asked.
    pub async fn quote(&self, cmd: AskQuote) -> Result<Quote, QuoteError> {
        self.make_quote(cmd).await
    }

    /// One quote of `user`.
    ///
    /// # Errors
    /// `NotFound` also for somebody else's.
    pub async fn quote_of(&self, user: UserId, id: QuoteId) -> Result<Quote, VerificationError> {
        let quote = self.reads.quote(id).await?.filter(|quote| quote.user == user);
        quote.ok_or(VerificationError::NotFound)
    }

    /// Holds the price, sends the purchase once, and binds the number that comes back.
    ///
    /// # Errors
    /// Every refusal comes before money is held, and leaves the key unused. From the hold on the answer is the
    /// order in whatever state it is: `waiting`, `failed`, or `requested` while the outcome is unknown.
    pub async fn buy(&self, cmd: Buy) -> Result<Done<Order>, BuyError> {
        let claim = cmd.claim.clone();
        match self.place(cmd).await {
            Err(refused) if !matches!(refused, BuyError::Commit(_)) => match self.store.replay(&claim).await?
            {
                Some(id) => Ok(Done { value: self.known(OrderId::from_uuid(id)).await?, replayed: true }),
                None => Err(refused),
            },
            answered => answered,
        }
    }

    /// One order of `user`, with its texts.
    ///
    /// # Errors
    /// `NotFound` also for somebody else's.
    pub async fn get(&self, user: UserId, id: OrderId) -> Result<Shown, VerificationError> {
        let order = self.order_of(user, id).await?;
        let messages = self.reads.messages_of(&[id]).await?;
        Ok(Shown { order, messages })
    }

    /// One order of `user`, without its texts.
    ///
    /// # Errors
    /// `NotFound` also for somebody else's.
    pub async fn order_of(&self, user: UserId, id: OrderId) -> Result<Order, VerificationError> {
        self.reads
            .order(id)
            .await?
            .filter(|order| order.head().user == user)
            .ok_or(VerificationError::NotFound)
    }

    /// Orders of `user` with their texts, newest first.
    ///
    /// # Errors
    /// `Unavailable` if the store cannot be read.
    pub async fn list(
        &self,
        user: UserId,
        filter: &OrderFilter,
        page: Page<OrderId>,
    ) -> Result<PageOf<Shown>, VerificationError> {
        let orders = self.reads.orders(user, filter, page).await?;
        let ids: Vec<_> = orders.rows.iter().map(|order| order.head().id).collect();
        let mut texts: HashMap<OrderId, Vec<Message>> = HashMap::new();
        for message in self.reads.messages_of(&ids).await? {
            texts.entry(message.order).or_default().push(message);
        }
        let show = |order: Order| {
            let messages = texts.remove(&order.head().id).unwrap_or_default();
            Shown { order, messages }
        };
        Ok(PageOf { rows: orders.rows.into_iter().map(show).collect(), has_more: orders.has_more })
    }

    /// When this process began the last shared poll that was complete; `None` if it has made none.
    pub fn polled_at(&self) -> Option<Time> {
        self.remember(|memory| memory.polled_at)
    }

    /// True if waiting orders make the shared poll worth its haste.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn anybody_waits(&self) -> Result<bool, Fault> {
        Ok(self.reads.oldest_waiting(self.provider.id()).await?.is_some())
    }

    pub(super) async fn known(&self, id: OrderId) -> Result<Order, Fault> {
        self.reads.order(id).await?.ok_or_else(|| Fault::new("a committed order cannot be read"))
    }

    pub(super) fn remember<T>(&self, with: impl FnOnce(&mut Memory) -> T) -> T {
        // A panic elsewhere leaves at worst an old answer here.
        with(&mut self.memory.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn event(&self, order: &Order, now: Time) -> Change {
        Change::Event(Event::about_order(self.event_id(now), order, now))
    }

    pub(super) fn event_id(&self, now: Time) -> EventId {
        EventId::generate(now, self.random.as_ref())
    }

    /// Loads order and purchase, decides, commits; again while somebody else is quicker. `decide` answers `None`
    /// where nothing is left to do. Returns the order as it is afterwards.
    pub(super) async fn change(
        &self,
        order: OrderId,
        purchase: PurchaseId,
        decide: impl Fn(Order, Purchase, Time) -> Result<Option<(UnitOfWork, Order)>, CommitError>,
    ) -> Result<Order, CommitError> {
        retry_stale(|| async {
            let read = self.reads.order(order).await.map_err(CommitError::Unavailable)?;
            let bought = self.reads.purchase(purchase).await.map_err(CommitError::Unavailable)?;
            let (Some(now_order), Some(now_purchase)) = (read, bought) else {
                return Err(CommitError::Stale);
            };
            match decide(now_order.clone(), now_purchase, self.clock.now())? {
                None => Ok(now_order),
                Some((unit, after)) => self.store.commit(unit).await.map(|_| after),
            }
        })
        .await
    }
}
