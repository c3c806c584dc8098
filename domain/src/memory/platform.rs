//! The whole product in memory: every service over fakes, a clock that is moved by hand, and no runtime needed.

mod news;
mod round;

use std::sync::Arc;

use chrono::TimeDelta;
use rust_decimal::Decimal;
use uuid::Uuid;

use super::{FakeMailer, FakeNumberProvider, FakePaymentGateway, ManualClock, MemoryStore, SeededRandom};
use crate::{
    Amount, Change, Claim, Clock, Currency, Entity, Fault, Fingerprint, Id, IdempotencyKey, Money, Notice,
    NoticeId, NoticeState, OrderId, PaymentId, PaymentReference, RefundId, Sender, Store, UnitOfWork, UserId,
    Version,
    auth::{Email, PasswordHash, Role, SecondFactor, User},
    notification::NotificationService,
    outbox::Jobs,
    payment::{
        AskRefund, FxRate, GatewayNotice, Intent, OpenPayment, PaymentGateway, PaymentPolicy, PaymentService,
        Refund, SuspenseService,
    },
    reconciliation::ReconciliationService,
    verification::{
        Ask, Buy, Capability, CatalogueService, CountryCode, DirectTerms, IncomingMessage, NumberProvider,
        Order, OrderPolicy, OrderReads, PriceLimit, PriceRule, RECEIVABLE_DAYS, ReceivableService,
        ServiceCode, VerificationService,
    },
    wallet::{Balance, BookService, WalletService},
};

/// Rounds of work after which [`Platform::tick`] stops, as the workers of the server do.
const MAX_ROUNDS: u32 = 50;
const NGN_PER_USD: i64 = 1_600;

/// What the services stand on: replace a part to try your own in its place.
#[derive(Clone)]
pub struct Ports {
    /// Where every commit goes; the memory store behind it is still what is read.
    pub store: Arc<dyn Store>,
    /// Who sells numbers.
    pub numbers: Arc<dyn NumberProvider>,
    /// Who takes payments.
    pub gateway: Arc<dyn PaymentGateway>,
    /// What the house allows of orders.
    pub orders: OrderPolicy,
    /// What the house allows of payments.
    pub payments: PaymentPolicy,
}

/// What [`Platform::tick`] did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ticked {
    /// Pieces of work that were done.
    pub done: u32,
    /// Runs that failed, in words. The same work is found again by the next tick.
    pub failures: Vec<String>,
}

/// Everything needed to fund a wallet, rent a number and receive its code, in one process and without a network.
///
/// ```
/// # use namaskah_domain::{Fault, memory::Platform, verification::OrderStatus};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Fault> {
/// let platform = Platform::new(7);
/// let ada = platform.new_user("ada@example.com").await?;
/// platform.fund(ada, "10.00").await?;
/// let order = platform.buy(ada, "whatsapp", "2.00").await?;
/// let order = platform.deliver(order.head().id, "Your code is 482913").await?;
/// assert_eq!(order.status(), OrderStatus::Completed);
/// assert_eq!(platform.balance(ada).await?.available.to_string(), "8.87");
/// # Ok(())
/// # }
/// ```
pub struct Platform {
    /// Moved by [`Platform::advance`].
    pub clock: Arc<ManualClock>,
    /// The same for the same seed.
    pub random: Arc<SeededRandom>,
    /// What is stored.
    pub store: Arc<MemoryStore>,
    /// Sells numbers, unless another provider was put in its place.
    pub provider: Arc<FakeNumberProvider>,
    /// Takes payments, unless another gateway was put in its place.
    pub gateway: Arc<FakePaymentGateway>,
    /// Keeps letters.
    pub mailer: Arc<FakeMailer>,
    /// Shows wallets.
    pub wallet: WalletService,
    /// Opens and settles payments.
    pub payments: PaymentService,
    /// Keeps the house's books.
    pub books: BookService,
    /// Resolves payments that are not what was asked.
    pub suspense: SuspenseService,
    /// Gives up what a provider will not credit any more.
    pub receivables: ReceivableService,
    /// Holds the fakes' lists against the books.
    pub reconciliation: ReconciliationService,
    /// Sells numbers to users.
    pub orders: Arc<VerificationService>,
    /// Tells users what happened.
    pub notifications: NotificationService,
    /// Lists what is for sale.
    pub catalogue: Arc<CatalogueService>,
    ports: Ports,
    holder: Uuid,
}

impl Platform {
    /// Over the fakes alone. Two platforms of one seed that are told the same do the same.
    pub fn new(seed: u64) -> Self {
        Self::with(seed, |_, _| {})
    }

    /// As [`Platform::new`], after `change` has replaced what it wants to. It is handed the clock, so that what it
    /// puts in can tell the same time.
    pub fn with(seed: u64, change: impl FnOnce(&Fakes, &mut Ports)) -> Self {
        let clock = Arc::new(ManualClock::default());
        let fakes = Fakes {
            random: Arc::new(SeededRandom::new(seed)),
            store: Arc::new(MemoryStore::new()),
            provider: Arc::new(FakeNumberProvider::new(clock.clone())),
            gateway: Arc::new(FakePaymentGateway::new(clock.clone())),
            mailer: Arc::new(FakeMailer::default()),
            clock,
        };
        let mut ports = Ports {
            store: fakes.store.clone(),
            numbers: fakes.provider.clone(),
            gateway: fakes.gateway.clone(),
            orders: order_policy(),
            payments: payment_policy(),
        };
        change(&fakes, &mut ports);
        Self::over(fakes, ports)
    }

    /// The same stores, providers and time in a new process: what the old one only remembered is forgotten, and
    /// its leases and the jobs in its hands have run out.
    ///
    /// # Errors
    /// Never over the memory store.
    pub async fn restarted(&self) -> Result<Self, Fault> {
        Jobs::release(self.store.as_ref(), self.holder).await?;
        self.store.let_leases_run_out();
        let fakes = Fakes {
            clock: self.clock.clone(),
            random: self.random.clone(),
            store: self.store.clone(),
            provider: self.provider.clone(),
            gateway: self.gateway.clone(),
            mailer: self.mailer.clone(),
        };
        Ok(Self::over(fakes, self.ports.clone()))
    }

    fn over(fakes: Fakes, ports: Ports) -> Self {
        let Fakes { clock, random, store, provider, gateway, mailer } = fakes;
        let mut bytes = [0; 16];
        crate::Random::fill(random.as_ref(), &mut bytes);
        let holder = Uuid::from_bytes(bytes);
        let orders = Arc::new(VerificationService::new(
            ports.store.clone(),
            store.clone(),
            ports.numbers.clone(),
            store.clone(),
            Arc::new(DirectTerms(store.clone())),
            clock.clone(),
            random.clone(),
            ports.orders.clone(),
            holder,
        ));
        let payments = PaymentService::new(
            ports.store.clone(),
            store.clone(),
            store.clone(),
            store.clone(),
            store.clone(),
            ports.gateway.clone(),
            clock.clone(),
            random.clone(),
            ports.payments.clone(),
        );
        let catalogue =
            CatalogueService::new(orders.clone(), ports.numbers.clone(), store.clone(), clock.clone());
        let wallet = WalletService::new(ports.store.clone(), store.clone());
        let books = BookService::new(
            ports.store.clone(),
            store.clone(),
            store.clone(),
            store.clone(),
            clock.clone(),
            random.clone(),
        );
        let suspense = SuspenseService::new(
            ports.store.clone(),
            store.clone(),
            store.clone(),
            store.clone(),
            store.clone(),
            ports.gateway.clone(),
            clock.clone(),
            random.clone(),
            ports.payments.rate,
        );
        let receivables = ReceivableService::new(
            ports.store.clone(),
            store.clone(),
            store.clone(),
            clock.clone(),
            RECEIVABLE_DAYS,
        );
        let reconciliation = ReconciliationService::new(
            ports.store.clone(),
            store.clone(),
            ports.gateway.clone(),
            ports.numbers.clone(),
            orders.clone(),
            clock.clone(),
            random.clone(),
        );
        let notifications = news::service(&ports, &store, &clock, &random);
        Self {
            clock,
            random,
            store,
            provider,
            gateway,
            mailer,
            wallet,
            payments,
            books,
            suspense,
            receivables,
            reconciliation,
            orders,
            notifications,
            catalogue: Arc::new(catalogue),
            ports,
            holder,
        }
    }

    /// A new identifier.
    pub fn id<T: Entity>(&self) -> Id<T> {
        Id::generate(self.clock.now(), self.random.as_ref())
    }

    /// Registers a user with a proven address and an empty account.
    ///
    /// # Errors
    /// For an address that is none, or that is taken.
    pub async fn new_user(&self, email: &str) -> Result<UserId, Fault> {
        let (id, now) = (self.id(), self.clock.now());
        let user = User {
            id,
            email: Email::try_new(email).map_err(Fault::new)?,
            password: PasswordHash::from_stored("none".to_owned()),
            role: Role::Customer,
            email_verified_at: Some(now),
            suspension: None,
            must_change_password: false,
            second_factor: SecondFactor::Off,
            password_changed_at: now,
            created_at: now,
            version: Version::FIRST,
        };
        let unit = UnitOfWork::new().with(Change::User(user)).with(Change::OpenAccount(id));
        self.store.commit(unit).await.map_err(Fault::new)?;
        Ok(id)
    }

    /// A claim of `user` under `key` whose outcome is `outcome`. Every such claim stands for the same command.
    ///
    /// # Errors
    /// For a text that is no key.
    pub fn claim(&self, user: UserId, key: &str, outcome: Uuid) -> Result<Claim, Fault> {
        let key = IdempotencyKey::try_new(key).map_err(Fault::new)?;
        Ok(Claim { scope: user, key, fingerprint: Fingerprint([0; 32]), outcome })
    }

    /// Opens a payment of so many dollars, which nobody has paid yet.
    ///
    /// # Errors
    /// If the amount or the gateway refuses.
    pub async fn open_payment(&self, user: UserId, dollars: &str) -> Result<Intent, Fault> {
        let (id, amount): (PaymentId, _) = (self.id(), dollars_of(dollars)?);
        let claim = self.claim(user, &id.uuid().to_string(), id.uuid())?;
        let opened = self.payments.open(OpenPayment { user, amount, claim, id }).await;
        opened.map(|done| done.value).map_err(Fault::new)
    }

    /// Funds a wallet with so many dollars: opens a payment, pays it at the gateway, and settles it.
    ///
    /// # Errors
    /// If the amount or the gateway refuses.
    pub async fn fund(&self, user: UserId, dollars: &str) -> Result<Intent, Fault> {
        let intent = self.open_payment(user, dollars).await?;
        self.gateway.pay(&intent.reference);
        self.payments.sync(user, intent.id).await.map_err(Fault::new)
    }

    /// A request for a text to a number of the United States.
    ///
    /// # Errors
    /// For a text that is no service code.
    pub fn ask(&self, service: &str) -> Result<Ask, Fault> {
        Ok(Ask {
            service: ServiceCode::try_new(service).map_err(Fault::new)?,
            country: CountryCode::try_new("US").map_err(Fault::new)?,
            capability: Capability::Sms,
            area_code: None,
            carrier: None,
        })
    }

    /// An order that is not placed yet, under a key of its own.
    ///
    /// # Errors
    /// For a text that is no service code or no amount of dollars.
    pub fn order(&self, user: UserId, service: &str, max_price: &str) -> Result<Buy, Fault> {
        let id: OrderId = self.id();
        Ok(Buy {
            id,
            user,
            ask: self.ask(service)?,
            limit: PriceLimit::AtMost(dollars_of(max_price)?),
            metadata: None,
            claim: self.claim(user, &id.uuid().to_string(), id.uuid())?,
        })
    }

    /// Orders a number at today's price, if that is at most `max_price` dollars.
    ///
    /// # Errors
    /// If the order is refused; the cause is a [`crate::verification::BuyError`].
    pub async fn buy(&self, user: UserId, service: &str, max_price: &str) -> Result<Order, Fault> {
        let command = self.order(user, service, max_price)?;
        self.orders.buy(command).await.map(|done| done.value).map_err(Fault::new)
    }

    /// A text arrives at the fake provider for the number of an order, and is polled. Returns the order after it.
    ///
    /// # Errors
    /// If the order has no number, or its reservation waits no more.
    pub async fn deliver(&self, order: OrderId, text: &str) -> Result<Order, Fault> {
        let line = self.read(order).await?.line().cloned();
        let line = line.ok_or_else(|| Fault::new("the order has no number"))?;
        let message = self.provider.receive(&line.reservation, text, None);
        message.ok_or_else(|| Fault::new("the reservation waits no more"))?;
        self.orders.poll().await.map_err(Fault::new)?;
        self.read(order).await
    }

    /// The gateway's notice of a payment arrives and is stored. It may come twice, or for nothing.
    ///
    /// # Errors
    /// If the store refuses.
    pub async fn notify_payment(&self, reference: &PaymentReference) -> Result<(), Fault> {
        self.notify_gateway(&GatewayNotice::Charge(reference.clone())).await
    }

    /// A notice of the gateway arrives and is stored: of a payment, a refund or a dispute. It may come twice, or for
    /// nothing.
    ///
    /// # Errors
    /// If the store refuses.
    pub async fn notify_gateway(&self, notice: &GatewayNotice) -> Result<(), Fault> {
        let subject = match notice {
            GatewayNotice::Charge(of) | GatewayNotice::Refund(of) | GatewayNotice::Dispute(of) => Some(of),
            GatewayNotice::Other => None,
        };
        let body = FakePaymentGateway::notice_of(notice);
        self.keep(Sender::Paystack, self.id(), subject.map(ToString::to_string), body).await
    }

    /// Asks for a refund of so many dollars of a payment, or of all that may go back.
    ///
    /// # Errors
    /// If it is refused; the cause is a [`crate::payment::RefundError`].
    pub async fn refund(&self, of: &Intent, dollars: Option<&str>) -> Result<Refund, Fault> {
        let id: RefundId = self.id();
        let amount = dollars.map(dollars_of).transpose()?;
        let claim = self.claim(of.user, &id.uuid().to_string(), id.uuid())?;
        let command = AskRefund { user: of.user, payment: of.id, amount, claim, id };
        self.payments.refund(command).await.map(|done| done.value).map_err(Fault::new)
    }

    /// The provider's notice of a text arrives and is stored. It may come twice, or for a number of nobody.
    ///
    /// # Errors
    /// If the store refuses.
    pub async fn notify_text(&self, message: &IncomingMessage) -> Result<(), Fault> {
        let subject = message.reservation.as_ref().map(ToString::to_string);
        let body = self.provider.notice_of(message);
        self.keep(Sender::TextVerified, self.id(), subject, body).await
    }

    async fn keep(
        &self,
        sender: Sender,
        id: NoticeId,
        subject: Option<String>,
        body: Vec<u8>,
    ) -> Result<(), Fault> {
        let (key, at) = (id.to_string(), self.clock.now());
        let notice =
            Notice { id, sender, key, subject, body, at, state: NoticeState::New, version: Version::FIRST };
        let stored = self.store.commit(UnitOfWork::new().with(Change::Notice(notice))).await;
        stored.map(|_| ()).map_err(Fault::new)
    }

    /// An order as it is now, whoever asks.
    ///
    /// # Errors
    /// If there is none.
    pub async fn read(&self, order: OrderId) -> Result<Order, Fault> {
        let read = OrderReads::order(self.store.as_ref(), order).await?;
        read.ok_or_else(|| Fault::new("there is no such order"))
    }

    /// What a user has, holds and owes.
    ///
    /// # Errors
    /// Without an account.
    pub async fn balance(&self, user: UserId) -> Result<Balance, Fault> {
        self.wallet.balance(user).await.map_err(Fault::new)
    }

    /// Moves the clock and does what is due then, as [`Platform::tick`].
    pub async fn advance(&self, by: TimeDelta) -> Ticked {
        self.clock.advance(by);
        self.tick().await
    }

    /// Does everything that is due now, as the workers of the server do: notices, texts, states, ends of orders,
    /// unknown purchases, payments, jobs. Goes on until nothing is left; a run that fails is told, and not repeated.
    pub async fn tick(&self) -> Ticked {
        let mut ticked = Ticked::default();
        for _ in 0..MAX_ROUNDS {
            let round = self.round().await;
            ticked.failures.extend(round.failures);
            ticked.done += round.done;
            if round.done == 0 {
                break;
            }
        }
        ticked
    }
}

/// The fakes of a [`Platform`], before its services stand on them.
pub struct Fakes {
    /// The clock.
    pub clock: Arc<ManualClock>,
    /// The randomness.
    pub random: Arc<SeededRandom>,
    /// The store.
    pub store: Arc<MemoryStore>,
    /// The number provider.
    pub provider: Arc<FakeNumberProvider>,
    /// The payment gateway.
    pub gateway: Arc<FakePaymentGateway>,
    /// The mailer.
    pub mailer: Arc<FakeMailer>,
}

fn dollars_of(text: &str) -> Result<Amount, Fault> {
    Money::parse(text, Currency::Usd).and_then(Amount::try_new).map_err(Fault::new)
}

/// Half again as much as the cost, two minutes for a quote, two seconds to send.
fn order_policy() -> OrderPolicy {
    let rule = PriceRule::try_new(Decimal::new(15, 1), Money::zero(Currency::Usd));
    OrderPolicy {
        rule: rule.unwrap_or(PriceRule::at_cost()),
        quote_s: 120,
        send_within_s: 2,
        cancel_after_s: 0,
        max_open_orders: 100,
        sells_test_services: true,
    }
}

/// 1 to 10,000 dollars at 1,600 naira, ten unpaid payments, a rate that holds for three days.
fn payment_policy() -> PaymentPolicy {
    let dollars = |units: i64| Money::from_units(units * crate::money::UNITS_PER_ONE, Currency::Usd);
    PaymentPolicy {
        rate: FxRate::try_new(Decimal::from(NGN_PER_USD)).unwrap_or(FxRate::one_to_one()),
        min: dollars(1),
        max: dollars(10_000),
        max_open: 10,
        honoured_h: 72,
        return_url: None,
    }
}
