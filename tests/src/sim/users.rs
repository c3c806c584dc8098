//! What users do: each command runs in one of the processes, and its answer is remembered if it is ever given.

use std::sync::PoisonError;

use namaskah_domain::{
    Amount, Claim, CommitError, Currency, Fingerprint, IdempotencyKey, Money, OrderId, Page, PaymentId,
    QuoteId, UserId,
    payment::{Intent, OpenPayment, service::Done},
    verification::{
        Ask, AskQuote, Buy, BuyError, Capability, CountryCode, Order, OrderFilter, PriceLimit, QuoteError,
        ServiceCode, Shown,
    },
};

use super::world::{Ordered, Told, World};

/// What is for sale.
pub const SERVICES: [&str; 3] = ["whatsapp", "telegram", "google"];
const LIMITS: [i64; 5] = [200, 113, 75, 60, 40];
const DEPOSITS: [i64; 4] = [100, 250, 500, 900];

/// A service by its place among those for sale.
pub fn service(place: usize) -> ServiceCode {
    ServiceCode::try_new(SERVICES[place % SERVICES.len()]).expect("a service code")
}

/// A request for a text to a number of the United States.
pub fn ask(service: ServiceCode) -> Ask {
    let country = CountryCode::try_new("US").expect("a country");
    Ask { service, country, capability: Capability::Sms, area_code: None, carrier: None }
}

/// Cents of a dollar.
pub fn cents(cents: i64) -> Amount {
    Money::from_subunits(cents, Currency::Usd).and_then(Amount::try_new).expect("above zero")
}

impl World {
    fn roll(&self, sides: usize) -> usize {
        self.turns.dice().roll(sides)
    }

    fn a_user(&self) -> UserId {
        self.users[self.roll(self.users.len())]
    }

    /// Starts a command in one of the processes; `answered` hears its answer, unless the process dies before.
    fn command<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
        &mut self,
        what: impl FnOnce() -> String,
        command: impl FnOnce(&super::process::Process) -> F,
        answered: impl FnOnce(&mut Told, T) -> String + Send + 'static,
    ) {
        let Some((no, process)) = self.a_process() else { return };
        let (running, told, turns) = (command(process), self.told.clone(), self.turns.clone());
        self.say(|| format!("[{no}] {}", what()));
        self.tasks.start(no, async move {
            let answer = running.await;
            let answer = answered(&mut told.lock().unwrap_or_else(PoisonError::into_inner), answer);
            turns.say(|| format!("[{no}]   it is said: {answer}"));
        });
    }

    /// A price is asked for.
    pub fn quote(&mut self) {
        let (user, ask) = (self.a_user(), ask(service(self.roll(3))));
        let asked = AskQuote { user, ask, id: self.id::<namaskah_domain::entity::QuoteEntity>() };
        self.quotes.push(asked.clone());
        let (id, name) = (asked.id, asked.ask.service.clone());
        self.command(
            || format!("{user} asks what {name} costs: {id}"),
            |process| {
                let orders = process.orders.clone();
                async move { orders.quote(asked).await }
            },
            move |told, quoted| told.quoted(id, quoted.map(|quote| quote.price.units())),
        );
    }

    /// A number is ordered, by a limit or by a quote.
    pub fn buy(&mut self, by_quote: bool) {
        let (user, ask, limit, most) = if by_quote && !self.quotes.is_empty() {
            let quote = &self.quotes[self.roll(self.quotes.len())];
            let most = self.told().quotes.get(&quote.id).copied().unwrap_or(i64::MAX);
            (quote.user, quote.ask.clone(), PriceLimit::Quote(quote.id), most)
        } else {
            let (user, service, most) = (self.a_user(), service(self.roll(3)), LIMITS[self.roll(5)]);
            (user, ask(service), PriceLimit::AtMost(cents(most)), cents(most).units())
        };
        let key = self.ordered.len();
        let buy = self.ordering(user, ask, limit, key);
        self.ordered.push(Ordered { buy, most, key });
        self.send(key);
    }

    /// A command is sent again under its key: its answer was lost, or is still under way.
    pub fn repeat(&mut self) {
        if self.ordered.is_empty() {
            return;
        }
        let first = self.ordered[self.roll(self.ordered.len())].clone();
        let buy = self.ordering(first.buy.user, first.buy.ask.clone(), first.buy.limit, first.key);
        self.ordered.push(Ordered { buy, ..first });
        self.send(self.ordered.len() - 1);
    }

    /// Another command under the key of an earlier one.
    pub fn reuse_key(&mut self) {
        if self.ordered.is_empty() {
            return;
        }
        let first = self.ordered[self.roll(self.ordered.len())].clone();
        let ask = ask(service(self.roll(3)));
        let most = cents(200);
        let buy = self.ordering(first.buy.user, ask, PriceLimit::AtMost(most), first.key);
        self.ordered.push(Ordered { buy, most: most.units(), key: first.key });
        self.send(self.ordered.len() - 1);
    }

    fn ordering(&self, user: UserId, ask: Ask, limit: PriceLimit, key: usize) -> Buy {
        let id: OrderId = self.id();
        let place = SERVICES.iter().position(|name| *name == ask.service.as_str()).unwrap_or_default();
        let mut fingerprint = [u8::try_from(place).unwrap_or_default(); 32];
        if let PriceLimit::AtMost(most) = limit {
            fingerprint[..8].copy_from_slice(&most.units().to_be_bytes());
        }
        let claim = Claim {
            scope: user,
            key: IdempotencyKey::try_new(&format!("key-{key}")).expect("a key"),
            fingerprint: Fingerprint(fingerprint),
            outcome: id.uuid(),
        };
        Buy { id, user, ask, limit, metadata: None, claim }
    }

    fn send(&mut self, which: usize) {
        let Ordered { buy, most, key } = self.ordered[which].clone();
        let Buy { user, id, limit, .. } = buy.clone();
        let (name, asked) = (buy.ask.service.clone(), buy.clone());
        self.command(
            || format!("{user} orders {name} as {id} under key {key}, {limit:?}"),
            |process| {
                let orders = process.orders.clone();
                async move { orders.buy(buy).await }
            },
            move |told, answer| told.bought(&asked, most, answer),
        );
    }

    fn an_order(&self) -> Option<(UserId, OrderId)> {
        if self.ordered.is_empty() {
            return None;
        }
        // The newest are the likeliest to be worth it.
        let back = self.roll(self.ordered.len().min(6));
        let ordered = &self.ordered[self.ordered.len() - 1 - back];
        Some((ordered.buy.user, ordered.buy.id))
    }

    /// A user wants out.
    pub fn cancel(&mut self) {
        let Some((user, id)) = self.an_order() else { return };
        self.command(
            || format!("{user} cancels {id}"),
            |process| {
                let orders = process.orders.clone();
                async move { orders.cancel(user, id).await }
            },
            move |told, answer| match answer {
                Ok(order) => told.order(user, &order),
                Err(error) => format!("{id} is not cancelled: {error}"),
            },
        );
    }

    /// A user looks at an order, perhaps at somebody else's.
    pub fn look(&mut self) {
        let Some((owner, id)) = self.an_order() else { return };
        let user = self.a_user();
        self.command(
            || format!("{user} looks at {id}"),
            |process| {
                let orders = process.orders.clone();
                async move { orders.get(user, id).await }
            },
            move |told, answer| {
                let Ok(shown) = answer else { return format!("{id} is not shown") };
                if user != owner {
                    told.broken.push(format!("12: {user} was shown {id}, which is not his"));
                }
                told.shown(user, &shown)
            },
        );
    }

    /// A user looks at all of his orders.
    pub fn list(&mut self) {
        let user = self.a_user();
        self.command(
            || format!("{user} lists orders"),
            |process| {
                let orders = process.orders.clone();
                async move {
                    orders.list(user, &OrderFilter::default(), Page { after: None, limit: 20 }).await
                }
            },
            move |told, answer| {
                let rows = answer.iter().flat_map(|page| &page.rows);
                rows.map(|row| told.shown(user, row)).collect::<Vec<_>>().join(", ")
            },
        );
    }

    /// A user wants to fund the wallet.
    pub fn deposit(&mut self) {
        let (user, amount, id) = (self.a_user(), cents(DEPOSITS[self.roll(4)]), self.id());
        self.opened.push((user, id));
        self.open(user, amount, id, self.opened.len());
    }

    /// Opens a payment under a key of its own.
    pub fn open(&mut self, user: UserId, amount: Amount, id: PaymentId, key: usize) {
        let claim = Claim {
            scope: user,
            key: IdempotencyKey::try_new(&format!("pay-{key}")).expect("a key"),
            fingerprint: Fingerprint([9; 32]),
            outcome: id.uuid(),
        };
        self.command(
            || format!("{user} opens {id} of {amount}"),
            |process| {
                let payments = process.payments.clone();
                async move { payments.open(OpenPayment { user, amount, claim, id }).await }
            },
            |told, answer| match answer {
                Ok(Done { value, .. }) => told.payment(&value),
                Err(error) => format!("no payment: {error}"),
            },
        );
    }

    /// A user comes back from the checkout.
    pub fn sync(&mut self) {
        if self.opened.is_empty() {
            return;
        }
        let (user, id) = self.opened[self.roll(self.opened.len())];
        self.command(
            || format!("{user} returns from the checkout of {id}"),
            |process| {
                let payments = process.payments.clone();
                async move { payments.sync(user, id).await }
            },
            move |told, answer| match answer {
                Ok(intent) => told.payment(&intent),
                Err(error) => format!("nothing new of {id}: {error}"),
            },
        );
    }
}

impl Told {
    fn quoted(&mut self, id: QuoteId, price: Result<i64, QuoteError>) -> String {
        match price {
            Ok(price) => {
                self.quotes.insert(id, price);
                format!("{id} costs {price}")
            }
            Err(error) => format!("no quote: {error}"),
        }
    }

    fn bought(&mut self, asked: &Buy, most: i64, answer: Result<Done<Order>, BuyError>) -> String {
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
                if let Some(first) =
                    self.keys.insert((asked.user, asked.claim.key.as_str().to_owned()), head.id)
                    && first != head.id
                {
                    self.broken.push(format!("4: one key has made {first} and {}", head.id));
                }
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

    fn order(&mut self, user: UserId, order: &Order) -> String {
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

    fn shown(&mut self, user: UserId, shown: &Shown) -> String {
        let id = shown.order.head().id;
        if shown.messages.iter().any(|message| message.order != id) {
            self.broken.push(format!("7: {id} was shown with another order's text"));
        }
        self.order(user, &shown.order)
    }

    fn payment(&mut self, intent: &Intent) -> String {
        let newest = self.payments.entry(intent.id).or_default();
        *newest = (*newest).max(intent.version.get());
        format!("{} is {:?}", intent.id, intent.state)
    }
}

/// True if the refusal says that nothing was ordered; false if nobody can know.
fn is_certain(error: &BuyError) -> bool {
    match error {
        BuyError::Unavailable(_)
        | BuyError::Commit(CommitError::Unavailable(_) | CommitError::Stale | CommitError::Duplicate(_))
        | BuyError::Quote(QuoteError::Unavailable(_) | QuoteError::Commit(_)) => false,
        BuyError::PriceLimitRequired
        | BuyError::NoSuchQuote
        | BuyError::QuoteMismatch
        | BuyError::QuoteExpired
        | BuyError::QuoteUsed
        | BuyError::PriceAboveLimit { .. }
        | BuyError::Quote(_)
        | BuyError::Commit(_) => true,
    }
}
