//! Builders: records as tests need them, with every field filled. Identifiers and names are unique in the process
//! and rise in the order in which they are made.

mod identities;
mod returns;
mod staff;
mod webhooks;

pub use identities::identity;
pub use returns::*;
pub use staff::*;
pub use webhooks::*;

use std::{
    hash::{BuildHasher, RandomState},
    sync::atomic::{AtomicU64, Ordering},
};

use namaskah_domain::{
    Amount, Change, Claim, Currency, Fingerprint, Id, IdempotencyKey, JobKind, Letter, MailSecret, Money,
    NewJob, Notice, NoticeState, OrderId, PaymentReference, PhoneNumber, Random, ReservationId, Sender,
    ShownNumber, Store, Time, UnitOfWork, UserId, Version,
    auth::{
        AllowedIps, ApiKey, Email, KeyName, MailToken, MailTokenPurpose, PasswordHash, RefreshToken, Role,
        Scope, Scopes, SecondFactor, Session, SessionKind, TokenHash, Totp, TotpSecret, TotpStep, User,
    },
    payment::{FxRate, Intent, IntentState, PaidBack},
    time,
    verification::{
        AreaCode, Ask, Bought, Capability, Carrier, Code, CountryCode, Head, Line, Message, ProviderId,
        Purchase, PurchaseState, Quote, Receivable, Report, ReportReason, Requested, ServiceCode, Waiting,
    },
    wallet::{
        Account, EndHold, EntryKind, HoldEnd, House, JournalEntry, LedgerAccount, Legs, PlaceHold, Purpose,
        Purse, Settings, Source, Transfer, repay,
    },
};

static NUMBER: AtomicU64 = AtomicU64::new(1);

/// A number that this process has not given before.
pub fn number() -> u64 {
    NUMBER.fetch_add(1, Ordering::Relaxed)
}

/// Fills `bytes` differently each time, in each process.
pub fn fill(bytes: &mut [u8]) {
    let state = RandomState::new();
    for chunk in bytes.chunks_mut(8) {
        let random = state.hash_one(number()).to_le_bytes();
        chunk.copy_from_slice(&random[..chunk.len()]);
    }
}

/// [`Random`] for tests.
pub struct TestRandom;

impl Random for TestRandom {
    fn fill(&self, bytes: &mut [u8]) {
        fill(bytes);
    }
}

/// The instant at which tests begin, with microseconds that a coarser store would lose.
pub fn start() -> Time {
    Time::from_timestamp_micros(1_795_341_600_123_457).expect("an instant")
}

/// So many seconds after the start.
pub fn at(seconds: i64) -> Time {
    start() + time::seconds(seconds)
}

/// A new identifier, above every one before.
pub fn id<T>() -> Id<T> {
    let number = number();
    let mut tail = [0u8; 10];
    tail[2..].copy_from_slice(&number.to_be_bytes());
    Id::from_parts(start() + chrono::TimeDelta::milliseconds(i64::try_from(number).expect("few")), tail)
}

/// Dollars in ledger units.
pub fn usd(units: i64) -> Money {
    Money::from_units(units, Currency::Usd)
}

/// Dollars above zero, in ledger units.
pub fn amount(units: i64) -> Amount {
    Amount::try_new(usd(units)).expect("above zero")
}

/// Naira above zero, in ledger units.
pub fn naira(units: i64) -> Amount {
    Amount::try_new(Money::from_units(units, Currency::Ngn)).expect("above zero")
}

/// A user of an address of its own.
pub fn user() -> User {
    User {
        id: id(),
        email: email(),
        password: PasswordHash::from_stored("$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaA".into()),
        role: Role::Customer,
        email_verified_at: None,
        suspension: None,
        must_change_password: false,
        second_factor: SecondFactor::Off,
        password_changed_at: start(),
        created_at: start(),
        version: Version::FIRST,
    }
}

/// A second factor that is on, with ten recovery codes.
pub fn second_factor() -> SecondFactor {
    SecondFactor::On(Totp {
        secret: TotpSecret::generate(&TestRandom),
        since: start(),
        last_step: TotpStep::at(start()),
        misses: 2,
        closed_until: start(),
        recovery: (0..10).map(|_| hash()).collect(),
    })
}

/// An address that nobody has.
pub fn email() -> Email {
    Email::try_new(&format!("user{}@example.com", number())).expect("an address")
}

/// A session that is carried by tokens.
pub fn session(user: UserId) -> Session {
    Session {
        id: id(),
        user,
        kind: SessionKind::Tokens,
        device: Some("Firefox on Linux".into()),
        ip: Some("203.0.113.7".into()),
        created_at: start(),
        last_used_at: start(),
        expires_at: at(3600),
        elevated_until: None,
        ended: None,
        version: Version::FIRST,
    }
}

/// A hash that no token has.
pub fn hash() -> TokenHash {
    let mut bytes = [0u8; 32];
    fill(&mut bytes);
    TokenHash(bytes)
}

/// A refresh token of a session.
pub fn refresh_token(session: &Session) -> RefreshToken {
    RefreshToken {
        hash: hash(),
        session: session.id,
        user: session.user,
        issued_at: start(),
        expires_at: at(3600),
        used_at: None,
        version: Version::FIRST,
    }
}

/// A key that may see the wallet, from one network, for an hour.
pub fn api_key(user: UserId) -> ApiKey {
    let network = AllowedIps::network("203.0.113.0/24").expect("a network");
    ApiKey {
        id: id(),
        user,
        name: KeyName::try_new("Checkout server").expect("a name"),
        prefix: "nmk_0a1b2c3d".into(),
        hash: hash(),
        scopes: Scopes::of([Scope::WalletRead]).expect("a scope"),
        allowed: AllowedIps::only(vec![network]).expect("a network"),
        created_at: start(),
        expires_at: Some(at(3600)),
        last_used_at: None,
        ended_at: None,
        version: Version::FIRST,
    }
}

/// A token that was mailed.
pub fn mail_token(user: UserId, purpose: MailTokenPurpose) -> MailToken {
    MailToken {
        hash: hash(),
        user,
        purpose,
        issued_at: start(),
        expires_at: at(3600),
        used_at: None,
        version: Version::FIRST,
    }
}

/// A payment of ten dollars, nothing known of it yet.
pub fn intent(user: UserId) -> Intent {
    Intent {
        id: id(),
        user,
        reference: PaymentReference::generate(&TestRandom),
        amount: amount(10_000_000),
        charged: naira(16_000_500_000),
        rate: FxRate::try_new("1600.05".parse().expect("a number")).expect("a rate"),
        checkout_url: None,
        state: IntentState::Pending,
        created_at: start(),
        expires_at: at(72 * 3600),
        checks: 0,
        next_check_at: Some(at(60)),
        back: PaidBack::nothing(amount(10_000_000), naira(16_000_500_000)),
        version: Version::FIRST,
    }
}

/// The name of a service.
pub fn service(name: &str) -> ServiceCode {
    ServiceCode::try_new(name).expect("a service")
}

/// A request with every wish.
pub fn ask() -> Ask {
    Ask {
        service: service("whatsapp"),
        country: CountryCode::try_new("US").expect("a country"),
        capability: Capability::Sms,
        area_code: AreaCode::try_new("206").ok(),
        carrier: Carrier::try_new("tmo").ok(),
    }
}

/// What a user wishes who wants to be told below five dollars, stored for the first time.
pub fn wallet_settings(user: UserId) -> Settings {
    let unset = Settings::unset(user);
    let wanted = unset.clone().with_low_balance_threshold(Some(amount(5_000_000)));
    wanted.expect("dollars").replacing(&unset)
}

/// A promised price.
pub fn quote(user: UserId) -> Quote {
    Quote {
        id: id(),
        user,
        ask: ask(),
        cost: usd(750_000),
        price: amount(1_130_000),
        created_at: start(),
        expires_at: at(120),
        used_by: None,
        version: Version::FIRST,
    }
}

/// An order whose number is being bought, with the hold `hold`.
pub fn requested(user: UserId) -> Requested {
    Requested {
        head: Head {
            id: id(),
            user,
            ask: ask(),
            price: amount(1_130_000),
            hold: id(),
            metadata: Some(r#"{"note":"mine"}"#.into()),
            attempt: 2,
            retry_of: Some(id()),
            retried_by: None,
            batch: Some(id()),
            created_at: start(),
            cancel_allowed_at: at(5),
            cancel_requested_at: None,
            report: Some(Report { reason: ReportReason::NoCode, at: at(20), is_told: true }),
            swaps: 1,
            version: Version::FIRST,
        },
        former: None,
    }
}

/// The attempt at a provider that serves an order.
pub fn purchase(order: &Requested) -> Purchase {
    Purchase {
        id: id(),
        provider: ProviderId::TextVerified,
        wanted_by: Some((order.head.id, order.head.user)),
        ask: order.head.ask.clone(),
        cost_cap: usd(750_000),
        sent_at: start(),
        send_by: at(2),
        state: PurchaseState::Sent,
        missed: None,
        version: Version::FIRST,
    }
}

/// A number that nobody was given yet.
pub fn phone() -> PhoneNumber {
    PhoneNumber::try_new(&format!("+1206{:07}", number() % 10_000_000)).expect("a number")
}

/// A provider's name for a number, not used before.
pub fn reservation() -> ReservationId {
    ReservationId::try_new(&format!("lr_{:06}", number())).expect("a reservation")
}

/// A number as a provider sold it.
pub fn bought() -> Bought {
    Bought {
        reservation: reservation(),
        number: Some(phone()),
        cost: usd(750_000),
        created_at: at(1),
        bound_at: at(2),
        receivable: Receivable::Open,
    }
}

/// What an order shows of the purchase that serves it.
pub fn line(purchase: &Purchase, bought: &Bought) -> Line {
    Line {
        purchase: purchase.id,
        reservation: bought.reservation.clone(),
        number: bought.number.clone(),
        bound_at: bought.bound_at,
        expires_at: at(900),
    }
}

/// A text of an order.
pub fn message(order: &Waiting, text: &str) -> Message {
    Message {
        id: id(),
        order: order.head.id,
        reservation: order.line.reservation.clone(),
        from: Some("22395".into()),
        text: Some(text.into()),
        code: Code::find_in(text),
        received_at: at(10),
        stored_at: at(11),
        late: false,
        erased: false,
    }
}

/// "This user was shown this number."
pub fn shown(order: &Waiting) -> ShownNumber {
    ShownNumber {
        user: order.head.user,
        service: order.head.ask.service.clone(),
        number: order.line.number.clone().expect("a number"),
        order: order.head.id,
        at: at(2),
    }
}

/// A provider's message about `subject`.
pub fn notice(sender: Sender, subject: Option<String>) -> Notice {
    Notice {
        id: id(),
        sender,
        key: format!("event-{}", number()),
        subject,
        body: br#"{"event":"sms","text":"your code is 123456"}"#.to_vec(),
        at: start(),
        state: NoticeState::New,
        version: Version::FIRST,
    }
}

/// A mail with a secret, due at once.
pub fn job() -> NewJob {
    let letter = Letter::ResetPassword { token: MailSecret("a-secret-of-a-mail".into()) };
    NewJob::new(id(), JobKind::SendMail { to: email(), letter }, start())
}

/// A source that was not posted before.
pub fn source() -> Source {
    Source::from_stored(format!("test:{}", number()))
}

/// A transfer between a house account and a purse: plus credits the user, minus debits.
pub fn transfer(user: UserId, purse: Purse, units: i64, source: &Source, leg: u16) -> Transfer {
    let (house, kind) = match purse {
        Purse::Promo => (House::PromoExpense, EntryKind::Promo),
        Purse::Wallet | Purse::Debt => (House::Adjustment, EntryKind::Adjustment),
    };
    let (house, purse) = (LedgerAccount::House(house), LedgerAccount::User(user, purse));
    let (debit, credit) = if units > 0 { (house, purse) } else { (purse, house) };
    Transfer { debit, credit, amount: amount(units.abs()), kind, source: source.clone(), leg, at: start() }
}

/// An entry of one such transfer.
pub fn posting(user: UserId, purse: Purse, units: i64) -> JournalEntry {
    JournalEntry::try_new(vec![transfer(user, purse, units, &source(), 1)]).expect("a balanced entry")
}

/// An account that is not stored yet.
pub struct AccountBuilder {
    wallet: i64,
    promo: i64,
}

/// An account, empty unless said otherwise.
pub const fn account() -> AccountBuilder {
    AccountBuilder { wallet: 0, promo: 0 }
}

impl AccountBuilder {
    /// With so many units paid in.
    #[must_use]
    pub const fn with(self, wallet: i64) -> Self {
        Self { wallet, ..self }
    }

    /// With so many units given by the house.
    #[must_use]
    pub const fn with_promo(self, promo: i64) -> Self {
        Self { promo, ..self }
    }

    /// Stores it.
    ///
    /// # Panics
    /// If the store refuses.
    pub async fn stored_in(self, store: &dyn Store) -> UserId {
        let user = id();
        store.commit(UnitOfWork::new().with(Change::OpenAccount(user))).await.expect("an account");
        for (purse, units) in [(Purse::Wallet, self.wallet), (Purse::Promo, self.promo)] {
            if units > 0 {
                let unit = UnitOfWork::new().post(posting(user, purse, units));
                store.commit(unit).await.expect("money");
            }
        }
        user
    }
}

/// A hold for a new order.
pub fn hold(user: UserId, units: i64) -> PlaceHold {
    PlaceHold { id: id(), user, purpose: order_of(id(), 100), amount: amount(units), at: start() }
}

/// What an order's hold is for, with the number of open orders that it may meet.
pub fn order_of(order: OrderId, max_open_orders: u32) -> Purpose {
    Purpose::Order { order, max_open_orders }
}

/// A hold for a new refund.
pub fn refund_hold(user: UserId, units: i64) -> PlaceHold {
    PlaceHold { purpose: Purpose::Refund { refund: id() }, ..hold(user, units) }
}

/// Debt of a user that a lost dispute left: debt → fx, with its counterpart.
pub fn owing(user: UserId, units: i64) -> UnitOfWork {
    let mut legs = Legs::new(source(), EntryKind::Chargeback, start());
    let (debt, fx) = (LedgerAccount::User(user, Purse::Debt), LedgerAccount::House(House::Fx));
    legs.add(debt, fx, amount(units));
    let naira = Amount::try_new(Money::from_units(units, Currency::Ngn)).expect("above zero");
    legs.add(fx, LedgerAccount::House(House::PspClearingPaystack), naira);
    UnitOfWork::new().post(legs.into_entry().expect("balanced"))
}

/// A credit of the wallet that repays debt, as every use case makes it.
pub fn credit(account: &Account, units: i64) -> UnitOfWork {
    let mut legs = Legs::new(source(), EntryKind::Adjustment, start());
    let wallet = LedgerAccount::User(account.user, Purse::Wallet);
    legs.add(LedgerAccount::House(House::Adjustment), wallet, amount(units));
    let standing = repay(&mut legs, account, amount(units)).expect("in range");
    UnitOfWork::new().post(legs.into_entry().expect("balanced")).expecting(account.user, standing)
}

/// The end of a hold.
pub fn end(hold: &PlaceHold, end: HoldEnd) -> EndHold {
    EndHold { hold: hold.id, user: hold.user, end, at: at(30) }
}

/// A claim of a user; the fingerprint is made of `command`.
pub fn claim(user: UserId, key: &str, command: u8) -> Claim {
    Claim {
        scope: user,
        key: IdempotencyKey::try_new(key).expect("a key"),
        fingerprint: Fingerprint([command; 32]),
        outcome: id::<()>().uuid(),
    }
}
