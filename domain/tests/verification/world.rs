//! A funded user, and what a test asks about orders.

use std::sync::Arc;

use chrono::TimeDelta;
use namaskah_domain::{
    Amount, Currency, Money, OrderId, Store, UnitOfWork, UserId,
    entity::EntryEntity as Entry,
    memory::{Fakes, Platform, Ports, ProviderFailure, ProviderOperation, laws},
    verification::{
        Buy, Completed, Failed, Failure, IncomingMessage, Line, Order, OrderStatus, PriceLimit, Purchase,
        PurchaseState, Quote,
    },
    wallet::{EntryKind, Grant, House, LedgerAccount, Legs, Purse, Reason, Source},
};

use crate::wrappers::Odd;

pub struct World {
    pub platform: Platform,
    pub ada: UserId,
}

impl World {
    /// Ada has a hundred dollars.
    pub async fn new() -> Self {
        Self::with(|_, _| {}).await
    }

    pub async fn with(change: impl FnOnce(&Fakes, &mut Ports)) -> Self {
        let platform = Platform::with(23, change);
        let ada = platform.new_user("ada@example.com").await.expect("a user");
        platform.fund(ada, "100.00").await.expect("funds");
        Self { platform, ada }
    }

    /// The same in a new process.
    pub async fn restarted(&self) -> Self {
        Self { platform: self.platform.restarted().await.expect("a new process"), ada: self.ada }
    }

    pub fn now(&self) -> namaskah_domain::Time {
        namaskah_domain::Clock::now(self.platform.clock.as_ref())
    }

    /// With a provider whose answers can be made to wait.
    pub async fn at_an_odd_provider() -> (Arc<Self>, Arc<Odd>) {
        let mut odd = None;
        let world = Self::with(|fakes, ports| {
            let provider = Arc::new(Odd::new(fakes.provider.clone()));
            ports.numbers = provider.clone();
            odd = Some(provider);
        });
        (Arc::new(world.await), odd.expect("put in"))
    }

    pub fn order(&self, service: &str) -> Buy {
        self.platform.order(self.ada, service, "2.00").expect("an order")
    }

    pub async fn buy(&self, service: &str) -> Order {
        self.platform.orders.buy(self.order(service)).await.expect("an answer").value
    }

    /// Buys, and loses the provider's answer.
    pub async fn buy_unknown(&self, service: &str) -> OrderId {
        self.platform.provider.fail_next(ProviderOperation::Buy, ProviderFailure::LostAnswer);
        let order = self.buy(service).await;
        assert_eq!(order.status(), OrderStatus::Requested);
        order.head().id
    }

    pub async fn quote(&self, service: &str) -> Quote {
        let ask = self.platform.ask(service).expect("an ask");
        let command = namaskah_domain::verification::AskQuote { user: self.ada, ask, id: self.platform.id() };
        self.platform.orders.quote(command).await.expect("a quote")
    }

    pub fn quoted(&self, quote: &Quote) -> Buy {
        Buy { limit: PriceLimit::Quote(quote.id), ask: quote.ask.clone(), ..self.order("whatsapp") }
    }

    pub async fn read(&self, id: OrderId) -> Order {
        self.platform.read(id).await.expect("the order")
    }

    pub async fn status(&self, id: OrderId) -> OrderStatus {
        self.read(id).await.status()
    }

    pub async fn failure(&self, id: OrderId) -> Option<Failure> {
        match self.read(id).await {
            Order::Failed(Failed { failure, .. }) => Some(failure),
            _ => None,
        }
    }

    /// available, held
    pub async fn money(&self) -> (String, String) {
        let balance = self.platform.balance(self.ada).await.expect("a balance");
        (balance.available.to_string(), balance.held.to_string())
    }

    pub fn text(&self, line: &Line, text: &str) -> IncomingMessage {
        self.platform.provider.receive(&line.reservation, text, None).expect("it can receive")
    }

    pub async fn codes(&self, id: OrderId) -> Vec<Option<String>> {
        let shown = self.platform.orders.get(self.ada, id).await.expect("the order");
        shown.messages.into_iter().map(|m| m.code.map(|code| code.as_str().to_owned())).collect()
    }

    pub fn purchase_of(&self, id: OrderId) -> Purchase {
        let own = |p: &Purchase| p.wanted_by.is_some_and(|(order, _)| order == id);
        self.platform.store.all_purchases().into_iter().find(own).expect("its purchase")
    }

    pub fn orphans(&self) -> usize {
        let is_orphan = |p: &Purchase| matches!(p.state, PurchaseState::Orphan(_));
        self.platform.store.all_purchases().into_iter().filter(is_orphan).count()
    }

    pub fn fail(&self, operation: ProviderOperation, failure: ProviderFailure, times: u32) {
        for _ in 0..times {
            self.platform.provider.fail_next(operation, failure);
        }
    }

    /// Time passes second by second, as workers see it.
    pub async fn pass(&self, seconds: i64) {
        for _ in 0..seconds {
            self.platform.advance(TimeDelta::seconds(1)).await;
        }
    }

    /// A gift to Ada, for so many minutes.
    pub async fn gift(&self, dollars: &str, minutes: i64) {
        let id: namaskah_domain::GrantId = self.platform.id();
        let claim = self.platform.claim(self.ada, &id.to_string(), id.uuid()).expect("a claim");
        let expires_at = Some(self.now() + TimeDelta::minutes(minutes));
        let reason = Reason::try_new("welcome").expect("a reason");
        let cmd = Grant { id, user: self.ada, amount: usd(dollars), expires_at, reason, claim };
        self.platform.books.grant(cmd).await.expect("a gift");
    }

    /// What was posted to an account of the house, in dollars.
    pub fn house(&self, house: House) -> String {
        let units = laws::Snapshot::of(&self.platform.store).house(house);
        Money::from_units(units, Currency::Usd).to_string()
    }

    /// Ada owes so much, as after a lost dispute: she may not order.
    pub async fn owes(&self, dollars: &str) {
        let source = Source::from_stored(format!("lost:{}", self.platform.id::<Entry>()));
        let mut legs = Legs::new(source, EntryKind::Chargeback, self.now());
        let debt = LedgerAccount::User(self.ada, Purse::Debt);
        legs.add(debt, LedgerAccount::House(House::WriteOff), usd(dollars));
        let unit = UnitOfWork::new().post(legs.into_entry().expect("balanced"));
        self.platform.store.commit(unit).await.expect("posted");
    }

    pub fn lawful(&self) {
        assert_eq!(laws::check(&self.platform), Vec::<String>::new());
    }

    /// Every law holds, nothing is on its way, and the provider's books are ours.
    pub fn settled(&self) {
        self.lawful();
        assert_eq!(laws::when_settled(&self.platform), Vec::<String>::new());
    }
}

pub fn line(order: &Order) -> Line {
    order.line().expect("a number").clone()
}

pub fn usd(text: &str) -> Amount {
    Money::parse(text, Currency::Usd).and_then(Amount::try_new).expect("dollars")
}

pub fn completed(order: &Order) -> Option<&Completed> {
    match order {
        Order::Completed(done) => Some(done),
        _ => None,
    }
}
