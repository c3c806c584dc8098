//! What users do: each command runs in one of the processes, and its answer is remembered if it is ever given.

mod again;
mod batches;
mod payments;

use std::sync::PoisonError;

use namaskah_domain::{
    Amount, Claim, Currency, Fingerprint, IdempotencyKey, Money, OrderId, Page, UserId,
    verification::{Ask, AskQuote, Buy, Capability, CountryCode, OrderFilter, PriceLimit, ServiceCode},
};
use uuid::Uuid;

pub use self::{again::Again, batches::Batched, payments::Refunded};
use super::{
    told::Told,
    world::{Commanded, Ordered, World},
};

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

    /// The owner of something, or now and then somebody else.
    fn perhaps_another(&self, owner: UserId) -> UserId {
        if self.roll(12) == 11 { self.a_user() } else { owner }
    }

    /// The orders that a command under a key may make, and the most that each may cost.
    fn command_for(&mut self, user: UserId, key: &str, orders: &[(OrderId, i64)]) {
        self.placed.extend(orders.iter().map(|(order, _)| (user, *order)));
        self.most.extend(orders.iter().copied());
        let orders = orders.iter().map(|(order, _)| *order).collect();
        self.commanded.push(Commanded { user, key: key.to_owned(), orders });
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

    fn ordering(&mut self, user: UserId, ask: Ask, limit: PriceLimit, key: usize) -> Buy {
        let id: OrderId = self.id();
        let claim = claim(user, &format!("key-{key}"), &format!("{} {limit:?}", ask.service), id.uuid());
        Buy { id, user, ask, limit, metadata: None, claim }
    }

    fn send(&mut self, which: usize) {
        let Ordered { buy, most, key } = self.ordered[which].clone();
        let Buy { user, id, limit, .. } = buy.clone();
        self.command_for(user, &format!("key-{key}"), &[(id, most)]);
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

    /// An order, most often one that was placed; the newest are the likeliest to be worth it.
    fn an_order(&self) -> Option<(UserId, OrderId)> {
        let mut orders = self.placed.clone();
        if self.roll(6) != 5 {
            orders = self.before.orders.iter().map(|order| (order.head().user, order.head().id)).collect();
            orders.sort_by_key(|(_, id)| *id);
        }
        if orders.is_empty() {
            return None;
        }
        let back = self.roll(orders.len().min(6));
        orders.get(orders.len() - 1 - back).copied()
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
}

/// A user's claim to a key, for a command that these words stand for.
fn claim(user: UserId, key: &str, command: &str, outcome: Uuid) -> Claim {
    let key = IdempotencyKey::try_new(key).expect("a key");
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in command.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    let mut fingerprint = [0; 32];
    fingerprint[..8].copy_from_slice(&hash.to_be_bytes());
    Claim { scope: user, key, fingerprint: Fingerprint(fingerprint), outcome }
}
