//! A platform to which things happen, and what they broke.

use chrono::TimeDelta;
use namaskah_domain::{
    Amount, Currency, Money, OrderId, PaymentId, QuoteId, UserId,
    memory::{OddPayment, Platform, ProviderFailure, laws},
    payment::{ChargedMoney, OpenPayment},
    verification::{
        AskQuote, Buy, IncomingMessage, NumberProvider, OpenAttempt, Order, PriceLimit, ReportReason,
        ReservationState, Retry, ServiceCode, Swap,
    },
};
use proptest::sample::Index;

use crate::step::{Paid, Step, Told};

const SERVICES: [&str; 3] = ["whatsapp", "telegram", "google"];
const TEXTS: [&str; 5] =
    ["Your code is 482913", "WhatsApp code: 806-185", "Hello, how are you?", "G-123456", "Welcome!"];

pub struct History {
    platform: Platform,
    users: Vec<UserId>,
    quotes: Vec<AskQuote>,
    buys: Vec<Buy>,
    before: laws::Snapshot,
}

impl History {
    /// Lets everything happen, then waits until nothing is on its way. Returns what was broken, with its step.
    pub async fn run(seed: u64, steps: &[Step]) -> Vec<String> {
        let mut history = Self::begin(seed).await;
        for (at, step) in steps.iter().enumerate() {
            history.take(step).await;
            let broken = history.judge();
            if !broken.is_empty() {
                return vec![format!("after step {at}, {step:?}: {broken:#?}")];
            }
        }
        history.settle().await
    }

    async fn begin(seed: u64) -> Self {
        let platform = Platform::new(seed);
        let mut users = Vec::new();
        for email in ["ada@example.com", "ben@example.com"] {
            let user = platform.new_user(email).await.expect("a user");
            platform.fund(user, "6.00").await.expect("funds");
            users.push(user);
        }
        platform.tick().await;
        let before = laws::Snapshot::of(&platform.store);
        Self { platform, users, quotes: Vec::new(), buys: Vec::new(), before }
    }

    fn judge(&mut self) -> Vec<String> {
        let after = laws::Snapshot::of(&self.platform.store);
        let mut broken = laws::check(&self.platform);
        broken.extend(laws::of_history(&self.before, &after));
        self.before = after;
        broken
    }

    /// The world is well again and time passes: every unknown is settled and the books agree.
    async fn settle(&mut self) -> Vec<String> {
        let provider = &self.platform.provider;
        provider.set_listing_lag(TimeDelta::zero());
        // A provider that does not give back what was reported would be waited for, for days.
        for reservation in provider.reservations() {
            if reservation.state == ReservationState::Reported {
                provider.set_state(&reservation.id, ReservationState::Cancelled);
            }
        }
        for round in 0..80 {
            self.platform.advance(TimeDelta::seconds(45)).await;
            let broken = self.judge();
            if !broken.is_empty() {
                return vec![format!("while settling, round {round}: {broken:#?}")];
            }
        }
        let mut broken = laws::when_settled(&self.platform);
        broken.extend(self.platform.store.buried_jobs().into_iter().map(|why| format!("buried: {why}")));
        broken
    }

    async fn take(&mut self, step: &Step) {
        match step {
            Step::Tick => drop(self.platform.tick().await),
            Step::Advance { seconds } => drop(self.platform.advance(TimeDelta::seconds(*seconds)).await),
            Step::Restart => {
                self.platform = self.platform.restarted().await.expect("a new process");
                self.platform.tick().await;
            }
            Step::Open { .. } | Step::Pay { .. } | Step::Refuse { .. } => self.take_payment(step).await,
            Step::Quote { .. } | Step::BuyQuoted { .. } | Step::Buy { .. } | Step::BuyWithKeyOf { .. } => {
                self.take_purchase(step).await;
            }
            Step::Text { which, text, told } => self.text(*which, *text, *told).await,
            Step::StrayText { which } => self.stray_text(*which),
            Step::LateText { which } => self.late_text(*which),
            Step::Cancel { which } => self.cancel(*which).await,
            Step::Retry { which } => self.retry(*which).await,
            Step::Swap { which } => self.swap(*which).await,
            Step::Report { which } => self.report(*which).await,
            Step::Credit { which } => self.credit(*which),
            _ => self.take_outside(step).await,
        }
    }

    async fn take_payment(&mut self, step: &Step) {
        let platform = &self.platform;
        let intents = platform.store.all_intents();
        match step {
            Step::Open { user, cents } => {
                let (id, user): (PaymentId, _) = (platform.id(), *user.get(&self.users));
                let claim = platform.claim(user, &id.uuid().to_string(), id.uuid()).expect("a claim");
                let _ = platform.payments.open(OpenPayment { user, amount: usd(*cents), claim, id }).await;
            }
            Step::Pay { which, how, notices } => {
                let intent = which.get(&intents);
                platform.gateway.pay_oddly(&intent.reference, &odd(*how, intent.charged));
                for _ in 0..*notices {
                    platform.notify_payment(&intent.reference).await.expect("stored");
                }
                if *notices == 3 {
                    let _ = platform.payments.settle(&intent.reference).await;
                }
            }
            Step::Refuse { which, status } => {
                platform.gateway.set_status(&which.get(&intents).reference, *status);
            }
            _ => unreachable!("not of payment"),
        }
    }

    async fn take_purchase(&mut self, step: &Step) {
        let platform = &self.platform;
        let ask = |service: &Index| platform.ask(SERVICES[service.index(SERVICES.len())]).expect("an ask");
        match step {
            Step::Quote { user, service } => {
                let id: QuoteId = platform.id();
                let asked = AskQuote { user: *user.get(&self.users), ask: ask(service), id };
                if platform.orders.quote(asked.clone()).await.is_ok() {
                    self.quotes.push(asked);
                }
            }
            Step::BuyQuoted { which } if !self.quotes.is_empty() => {
                let quote = which.get(&self.quotes);
                let mut buy = platform.order(quote.user, "google", "1.00").expect("an order");
                (buy.ask, buy.limit) = (quote.ask.clone(), PriceLimit::Quote(quote.id));
                self.buy(buy).await;
            }
            Step::Buy { user, service, cents } => {
                let mut buy = platform.order(*user.get(&self.users), "google", "1.00").expect("an order");
                (buy.ask, buy.limit) = (ask(service), PriceLimit::AtMost(usd(*cents)));
                self.buy(buy).await;
            }
            Step::BuyWithKeyOf { which, service } if !self.buys.is_empty() => {
                let first = which.get(&self.buys).clone();
                let id: OrderId = platform.id();
                let mut claim = first.claim.clone();
                claim.outcome = id.uuid();
                self.buy(Buy { id, claim, ask: ask(service), ..first }).await;
            }
            _ => {}
        }
    }

    async fn buy(&mut self, buy: Buy) {
        if let Ok(done) = self.platform.orders.buy(buy.clone()).await {
            let limit = match buy.limit {
                PriceLimit::AtMost(most) if !done.replayed => most.units(),
                _ => i64::MAX,
            };
            assert!(done.value.head().price.units() <= limit, "charged above the limit");
            self.buys.push(buy);
        }
    }

    fn waiting(&self) -> Vec<Order> {
        self.platform.store.all_orders().into_iter().filter(|order| order.line().is_some()).collect()
    }

    async fn text(&self, which: Index, text: Index, told: Told) {
        let orders = self.waiting();
        if orders.is_empty() {
            return;
        }
        let line = which.get(&orders).line().expect("a number").clone();
        let message = self.platform.provider.receive(&line.reservation, TEXTS[text.index(TEXTS.len())], None);
        let Some(message) = message else { return };
        let times = match told {
            Told::Nobody => 0,
            Told::ByNotice => 1,
            Told::Twice => 2,
        };
        for _ in 0..times {
            self.platform.notify_text(&message).await.expect("stored");
        }
    }

    /// A text to the same number, of a reservation that is not ours, or from long before.
    fn stray_text(&self, which: Index) {
        let orders = self.waiting();
        if orders.is_empty() {
            return;
        }
        let line = which.get(&orders).line().expect("a number").clone();
        let older = which.index(2) == 0;
        let received_at = line.bound_at - TimeDelta::minutes(if older { 1 } else { 0 });
        let other = namaskah_domain::ReservationId::try_new("lr_somebody_else").expect("a reservation");
        self.platform.provider.list_message(IncomingMessage {
            reservation: Some(if older { line.reservation } else { other }),
            to: line.number,
            from: Some("22395".into()),
            text: Some("Your code is 999999".into()),
            parsed_code: Some("999999".into()),
            received_at,
        });
    }

    /// A text to the number of an order that has expired, whatever has become of its reservation.
    fn late_text(&self, which: Index) {
        let mut orders = self.waiting();
        orders.retain(|order| matches!(order, Order::Expired(_)));
        if orders.is_empty() {
            return;
        }
        let line = which.get(&orders).line().expect("a number").clone();
        self.platform.provider.list_message(IncomingMessage {
            reservation: Some(line.reservation),
            to: line.number,
            from: Some("22395".into()),
            text: Some("Your code is 777777".into()),
            parsed_code: None,
            received_at: namaskah_domain::Clock::now(self.platform.clock.as_ref()),
        });
    }

    async fn cancel(&self, which: Index) {
        let orders = self.platform.store.all_orders();
        if orders.is_empty() {
            return;
        }
        let head = which.get(&orders).head();
        let before = self.platform.balance(head.user).await.expect("a balance").total;
        let first = self.platform.orders.cancel(head.user, head.id).await;
        let again = self.platform.orders.cancel(head.user, head.id).await;
        if matches!(first, Ok(Order::Cancelled(_))) {
            assert!(matches!(again, Ok(Order::Cancelled(_))), "a second cancel is answered like the first");
            let after = self.platform.balance(head.user).await.expect("a balance").total;
            assert_eq!(before, after, "a cancel posts nothing");
        }
    }

    async fn retry(&self, which: Index) {
        let orders = self.platform.store.all_orders();
        if orders.is_empty() {
            return;
        }
        let (head, id): (_, OrderId) = (which.get(&orders).head(), self.platform.id());
        let claim = self.platform.claim(head.user, &id.uuid().to_string(), id.uuid()).expect("a claim");
        let command = Retry { id, user: head.user, of: head.id, claim };
        if let Ok(done) = self.platform.orders.retry(command).await {
            let new = done.value.head();
            assert_eq!((new.retry_of, new.attempt), (Some(head.id), head.attempt + 1));
        }
    }

    async fn swap(&self, which: Index) {
        let orders = self.platform.store.all_orders();
        if orders.is_empty() {
            return;
        }
        let head = which.get(&orders).head();
        let key: OrderId = self.platform.id();
        let claim = self.platform.claim(head.user, &key.uuid().to_string(), head.id.uuid());
        let command = Swap { user: head.user, order: head.id, claim: claim.expect("a claim") };
        if let Ok(done) = self.platform.orders.swap(command).await {
            let new = done.value.head();
            assert_eq!((new.id, new.hold, new.swaps), (head.id, head.hold, head.swaps + 1));
        }
    }

    async fn report(&self, which: Index) {
        let orders = self.platform.store.all_orders();
        if orders.is_empty() {
            return;
        }
        let head = which.get(&orders).head();
        let before = self.platform.balance(head.user).await.expect("a balance").total;
        let _ = self.platform.orders.report(head.user, head.id, ReportReason::WrongCode).await;
        let after = self.platform.balance(head.user).await.expect("a balance").total;
        // A code that is found by the way is paid for; nothing ever comes in.
        assert!(after.is_at_most(before), "a report gives nothing back by itself");
    }

    /// The provider gives the price of a reported number back.
    fn credit(&self, which: Index) {
        let mut sold = self.platform.provider.reservations();
        sold.retain(|reservation| reservation.state == ReservationState::Reported);
        if !sold.is_empty() {
            self.platform.provider.set_state(&which.get(&sold).id, ReservationState::Cancelled);
        }
    }

    async fn take_outside(&self, step: &Step) {
        let (provider, sold) = (&self.platform.provider, self.platform.provider.reservations());
        match step {
            Step::Upstream { which, state } if !sold.is_empty() => {
                let chosen = which.get(&sold);
                if chosen.state == ReservationState::Pending {
                    provider.set_state(&chosen.id, *state);
                }
            }
            Step::NumberOfNobody { service } => {
                let ask = self.platform.ask(SERVICES[service.index(SERVICES.len())]).expect("an ask");
                let cost_cap = usd(500).money();
                let _ = provider.buy(&OpenAttempt { ask, cost_cap }).await;
            }
            Step::NumberAgain { which } if !sold.is_empty() => {
                provider.next_number(which.get(&sold).number.clone());
            }
            Step::Provider { operation, failure } => {
                // A purchase that is refused and yet made is no failure that a provider can have.
                let failure = *failure;
                provider.fail_next(*operation, failure);
                if matches!(failure, ProviderFailure::Unavailable) {
                    provider.fail_next(*operation, failure);
                }
            }
            Step::Gateway { operation, failure } => self.platform.gateway.fail_next(*operation, *failure),
            Step::Lag { seconds } => provider.set_listing_lag(TimeDelta::seconds(*seconds)),
            Step::PriceRises { service } => {
                let service =
                    ServiceCode::try_new(SERVICES[service.index(SERVICES.len())]).expect("a service");
                provider.sell(service, usd(61).money(), 1_000);
            }
            _ => {}
        }
    }
}

fn usd(cents: i64) -> Amount {
    Money::from_subunits(cents, Currency::Usd).and_then(Amount::try_new).expect("an amount")
}

fn odd(how: Paid, charged: Amount) -> OddPayment {
    let known = |money: Money| Some(ChargedMoney::Known(Amount::try_new(money).expect("above zero")));
    match how {
        Paid::Exactly => OddPayment::default(),
        Paid::Less => {
            let less = Money::from_units(charged.units() - 10_000, charged.currency());
            OddPayment { paid: known(less), ..OddPayment::default() }
        }
        Paid::InDollars => {
            let dollars = Money::from_units(charged.units(), Currency::Usd);
            OddPayment { paid: known(dollars), ..OddPayment::default() }
        }
        Paid::InAnotherMode => OddPayment { in_other_mode: true, ..OddPayment::default() },
        Paid::WithoutFee => OddPayment { without_fee: true, ..OddPayment::default() },
    }
}
