//! Sentences about the house's books, from the services down to the journal: debt, corrections, gifts, suspense.

use chrono::TimeDelta;
use namaskah_domain::{
    Amount, Claim, CommitError, Committed, Currency, Fingerprint, Money, Store, UnitOfWork, UserId,
    memory::OddPayment,
    payment::{ChargedMoney, Destination, IntentState, SuspenseError, SuspenseState},
    staff::By,
    verification::{OrderStatus, ReservationState},
    wallet::{
        Book, BookError, BookReads, Booking, ClawBack, Direction, EntryKind, Grant, House, LedgerAccount,
        Legs, Movement, PromoGrant, Purse, Reason, Source, WalletReads,
    },
};

use crate::world::{World, ngn, usd};

fn reason() -> Reason {
    Reason::try_new("as agreed").expect("a reason")
}

fn units(dollars: &str) -> i64 {
    usd(dollars).units()
}

impl World {
    fn key(&self, key: &str, outcome: uuid::Uuid) -> Claim {
        self.platform.claim(UserId::from_uuid(uuid::Uuid::nil()), key, outcome).expect("a claim")
    }

    async fn book(&self, key: &str, movement: Movement) -> Result<(Booking, bool), BookError> {
        let id = self.platform.id();
        let claim = self.key(key, namaskah_domain::BookingId::uuid(id));
        let done = self.platform.books.book(Book { id, movement, reason: reason(), claim }).await?;
        Ok((done.value, done.replayed))
    }

    fn adjustment(&self, direction: Direction, dollars: &str) -> Movement {
        Movement::Adjusted { user: self.ada, direction, amount: usd(dollars) }
    }

    pub async fn gift(&self, dollars: &str, minutes: Option<i64>) -> PromoGrant {
        self.gift_to(self.ada, dollars, minutes).await
    }

    pub async fn gift_to(&self, user: UserId, dollars: &str, minutes: Option<i64>) -> PromoGrant {
        let id: namaskah_domain::GrantId = self.platform.id();
        let expires_at = minutes
            .map(|minutes| namaskah_domain::Clock::now(&*self.platform.clock) + TimeDelta::minutes(minutes));
        let claim = self.key(&format!("{id}"), id.uuid());
        let cmd = Grant { id, user, amount: usd(dollars), expires_at, reason: reason(), claim };
        self.platform.books.grant(cmd).await.expect("a gift").value
    }

    /// What the user owes, as after a lost dispute over money that is spent.
    pub async fn owe(&self, dollars: &str) {
        self.owes(self.ada, dollars).await;
    }

    pub async fn owes(&self, user: UserId, dollars: &str) {
        let mut legs = Legs::new(
            Source::from_stored(format!(
                "lost:{}",
                self.platform.id::<namaskah_domain::entity::EntryEntity>()
            )),
            EntryKind::Chargeback,
            namaskah_domain::Clock::now(&*self.platform.clock),
        );
        let fx = LedgerAccount::House(House::Fx);
        legs.add(LedgerAccount::User(user, Purse::Debt), fx, usd(dollars));
        let naira =
            Amount::try_new(Money::from_units(units(dollars) * 1_600, Currency::Ngn)).expect("above zero");
        legs.add(fx, LedgerAccount::House(House::PspClearingPaystack), naira);
        let committed =
            self.platform.store.commit(UnitOfWork::new().post(legs.into_entry().expect("balanced"))).await;
        assert!(matches!(committed, Ok(Committed::Applied)), "{committed:?}");
    }

    async fn debt(&self) -> String {
        self.platform.balance(self.ada).await.expect("a balance").debt.to_string()
    }

    pub async fn promo(&self) -> String {
        self.platform.balance(self.ada).await.expect("a balance").promo.to_string()
    }
}

#[tokio::test]
async fn a_deposit_repays_debt_in_its_own_commit_and_the_payment_says_what_was_paid() {
    let world = World::new().await;
    world.owe("4.00").await;
    let intent = world.open("10.00").await;
    world.platform.gateway.pay(&intent.reference);
    world.platform.payments.settle(&intent.reference).await.expect("settled");
    assert_eq!((world.available().await, world.debt().await), ("6.00".into(), "0.00".into()));
    assert_eq!(world.now(&intent).await.amount, usd("10.00"));
    assert!(world.journal().contains(&"wallet -> debt 4.00 USD".to_owned()), "{:?}", world.journal());
    world.lawful();
}

#[tokio::test]
async fn a_correction_takes_effect_once_for_its_key_and_repays_debt_first() {
    let world = World::new().await;
    world.owe("2.00").await;
    let credit = || world.adjustment(Direction::Credit, "5.00");
    let (booking, replayed) = world.book("k", credit()).await.expect("booked");
    assert!(!replayed);
    let (again, replayed) = world.book("k", credit()).await.expect("booked before");
    assert_eq!((again, replayed), (booking, true));
    assert_eq!((world.available().await, world.debt().await), ("3.00".into(), "0.00".into()));
    let goodwill = world.platform.store.goodwill(world.ada).await.expect("readable");
    assert_eq!(goodwill.to_string(), "5.00");
    world.lawful();
}

#[tokio::test]
async fn a_debit_takes_no_more_than_is_available() {
    let world = World::new().await;
    world.platform.fund(world.ada, "5.00").await.expect("funded");
    world.platform.buy(world.ada, "whatsapp", "2.00").await.expect("an order");
    let refused = world.book("k", world.adjustment(Direction::Debit, "3.88")).await;
    assert!(matches!(refused, Err(BookError::Commit(CommitError::InsufficientFunds))), "{refused:?}");
    world.book("k", world.adjustment(Direction::Debit, "3.87")).await.expect("the key is unused");
    assert_eq!(world.available().await, "0.00");
    world.lawful();
}

#[tokio::test]
async fn movements_in_the_wrong_currency_and_for_nobody_are_refused() {
    let world = World::new().await;
    let nobody = world.platform.id();
    for movement in [
        Movement::Adjusted { user: world.ada, direction: Direction::Credit, amount: ngn("5.00") },
        Movement::ToppedUp { amount: ngn("5.00") },
        Movement::Converted { sold: ngn("5.00"), bought: ngn("5.00") },
    ] {
        let refused = world.book("k", movement).await;
        assert!(matches!(refused, Err(BookError::Money(_))), "{refused:?}");
    }
    let movement = Movement::Adjusted { user: nobody, direction: Direction::Credit, amount: usd("1.00") };
    assert!(matches!(world.book("k", movement).await, Err(BookError::NoSuchUser)));
    assert_eq!(world.journal(), [""; 0]);
}

#[tokio::test]
async fn the_houses_own_money_moves_between_its_own_accounts() {
    let world = World::new().await;
    world.book("a", Movement::PaidOut { amount: ngn("16000.00") }).await.expect("booked");
    world
        .book("b", Movement::Converted { sold: ngn("16000.00"), bought: usd("10.00") })
        .await
        .expect("booked");
    world.book("c", Movement::ToppedUp { amount: usd("10.00") }).await.expect("booked");
    assert_eq!(
        world.journal(),
        [
            "treasury -> psp_clearing:paystack 16000.00 NGN",
            "fx -> treasury 16000.00 NGN",
            "treasury -> fx 10.00 USD",
            "provider_float:textverified -> treasury 10.00 USD",
        ]
    );
    world.lawful();
}

#[tokio::test]
async fn debt_is_written_off_once_and_only_if_there_is_some() {
    let world = World::new().await;
    let write_off = async |key: &str| {
        let id: namaskah_domain::BookingId = world.platform.id();
        world.platform.books.write_off_debt(id, world.ada, reason(), world.key(key, id.uuid())).await
    };
    assert!(matches!(write_off("k").await, Err(BookError::NothingLeft)));
    world.owe("2.50").await;
    assert!(!write_off("k").await.expect("given up").replayed);
    assert!(write_off("k").await.expect("given up before").replayed);
    assert_eq!(world.debt().await, "0.00");
    let account = world.platform.store.account(world.ada).await.expect("readable").expect("an account");
    assert!(account.may_order());
    assert!(world.journal().contains(&"write_off -> debt 2.50 USD".to_owned()));
    world.lawful();
}

#[tokio::test]
async fn money_that_is_released_repays_debt_by_itself() {
    let world = World::new().await;
    world.platform.fund(world.ada, "2.00").await.expect("funded");
    let order = world.platform.buy(world.ada, "whatsapp", "2.00").await.expect("an order");
    world.owe("3.00").await;
    world.platform.tick().await;
    assert_eq!((world.available().await, world.debt().await), ("0.00".into(), "2.13".into()));
    let cancelled = world.platform.orders.cancel(world.ada, order.head().id).await.expect("cancelled");
    assert_eq!(cancelled.status(), OrderStatus::Cancelled);
    world.platform.tick().await;
    assert_eq!((world.available().await, world.debt().await), ("0.00".into(), "1.00".into()));
    world.lawful();
}

#[tokio::test]
async fn a_gift_is_spent_first_and_what_is_left_expires_the_held_part_with_its_hold() {
    let world = World::new().await;
    world.platform.fund(world.ada, "5.00").await.expect("funded");
    world.gift("2.00", Some(5)).await;
    assert_eq!(world.promo().await, "2.00");
    let order = world.platform.buy(world.ada, "whatsapp", "2.00").await.expect("an order");
    world.platform.advance(TimeDelta::minutes(5)).await;
    assert_eq!((world.promo().await, world.available().await), ("1.13".into(), "5.00".into()));
    world.platform.orders.cancel(world.ada, order.head().id).await.expect("cancelled");
    world.platform.tick().await;
    assert_eq!((world.promo().await, world.available().await), ("0.00".into(), "5.00".into()));
    assert!(world.platform.store.all_grants().iter().all(|grant| grant.closed_at.is_some()));
    world.lawful();
}

#[tokio::test]
async fn a_gift_that_was_spent_leaves_nothing_to_expire() {
    let world = World::new().await;
    world.gift("1.13", Some(60)).await;
    let order = world.platform.buy(world.ada, "whatsapp", "2.00").await.expect("an order");
    world.platform.deliver(order.head().id, "Your code is 482913").await.expect("delivered");
    let after = world.gift("0.50", None).await;
    world.platform.advance(TimeDelta::minutes(61)).await;
    assert_eq!(world.promo().await, "0.50");
    let open = world.platform.store.open_grants(world.ada).await.expect("readable");
    assert_eq!(open, [after]);
    world.lawful();
}

#[tokio::test]
async fn gifts_that_expire_and_debts_that_are_repaid_are_counted() {
    let world = World::new().await;
    for dollars in ["2.00", "1.00"] {
        world.gift(dollars, Some(5)).await;
    }
    world.gift("0.50", Some(6)).await;
    world.platform.clock.advance(TimeDelta::minutes(5));
    for moved in [2, 0] {
        assert_eq!(world.platform.books.expire_grants().await.expect("taken back"), moved);
    }
    world.platform.fund(world.ada, "2.00").await.expect("funded");
    world.owe("3.00").await;
    for repaid in [1, 0] {
        assert_eq!(world.platform.books.collect_debts().await.expect("collected"), repaid);
    }
    assert_eq!((world.promo().await, world.debt().await), ("0.50".into(), "1.00".into()));
    world.lawful();
}

#[tokio::test]
async fn a_bonus_is_clawed_back_once_at_most_what_is_left_of_it() {
    let world = World::new().await;
    let grant = world.gift("3.00", None).await;
    world.platform.buy(world.ada, "whatsapp", "2.00").await.expect("an order");
    let claw_back = async |key: &str| {
        let claim = world.key(key, grant.id.uuid());
        world.platform.books.claw_back(ClawBack { grant: grant.id, reason: reason(), claim }).await
    };
    let done = claw_back("k").await.expect("clawed back");
    assert_eq!((done.value.taken.to_string(), done.replayed), ("1.87".into(), false));
    assert!(claw_back("k").await.expect("done before").replayed);
    world.platform.advance(TimeDelta::minutes(20)).await;
    assert_eq!(world.promo().await, "0.00");
    assert!(matches!(claw_back("another").await, Err(BookError::NothingLeft)));
    world.lawful();
}

#[tokio::test]
async fn a_gift_must_expire_in_the_future() {
    let world = World::new().await;
    let id: namaskah_domain::GrantId = world.platform.id();
    let now = namaskah_domain::Clock::now(&*world.platform.clock);
    let (claim, amount) = (world.key("k", id.uuid()), usd("1.00"));
    let cmd = Grant { id, user: world.ada, amount, expires_at: Some(now), reason: reason(), claim };
    assert!(matches!(world.platform.books.grant(cmd).await, Err(BookError::AlreadyExpired)));
    assert_eq!(world.promo().await, "0.00");
}

/// A payment of another amount than was asked.
async fn in_suspense(world: &World, paid: Amount) -> namaskah_domain::payment::Intent {
    let intent = world.open("10.00").await;
    let odd = OddPayment { paid: Some(ChargedMoney::Known(paid)), ..OddPayment::default() };
    world.platform.gateway.pay_oddly(&intent.reference, &odd);
    world.platform.payments.settle(&intent.reference).await.expect("settled");
    assert!(matches!(world.now(&intent).await.state, IntentState::Suspense { .. }));
    intent
}

#[tokio::test]
async fn suspense_goes_to_its_owner_at_the_rate_rounded_down_and_once() {
    let world = World::new().await;
    world.owe("1.00").await;
    let intent = in_suspense(&world, ngn("8000.01")).await;
    let waiting = world.platform.suspense.open(10).await.expect("readable");
    assert_eq!(waiting.iter().map(|item| item.payment).collect::<Vec<_>>(), [intent.id]);
    let resolve = async |key: &str, to| {
        world.platform.suspense.resolve(&By::Console, intent.id, to, world.key(key, intent.id.uuid())).await
    };
    let item = resolve("k", Destination::Owner).await.expect("resolved").value;
    assert!(
        matches!(item.state, SuspenseState::Credited { amount, .. } if amount == usd("5.000006")),
        "{item:?}"
    );
    assert_eq!((world.available().await, world.debt().await), ("4.000006".into(), "0.00".into()));
    let again = resolve("k", Destination::Owner).await.expect("done before");
    assert_eq!((again.value, again.replayed), (item, true));
    for to in [Destination::Owner, Destination::Source] {
        let again = resolve("another", to).await;
        assert!(matches!(again, Err(SuspenseError::AlreadyResolved)), "{again:?}");
    }
    let reused = world.platform.suspense.resolve(
        &By::Console,
        intent.id,
        Destination::Source,
        Claim { fingerprint: Fingerprint([9; 32]), ..world.key("k", intent.id.uuid()) },
    );
    assert!(matches!(reused.await, Err(SuspenseError::Commit(CommitError::KeyReused))));
    let paid = world.now(&intent).await;
    assert!(matches!(paid.state, IntentState::Succeeded { .. }), "{paid:?}");
    assert_eq!((paid.amount, paid.charged), (usd("5.000006"), ngn("8000.01")));
    assert!(world.platform.suspense.open(10).await.expect("readable").is_empty());
    world.lawful();
}

#[tokio::test]
async fn suspense_goes_back_to_its_source_exactly() {
    let world = World::new().await;
    let cedi = Money::parse("123.45", Currency::Ghs).and_then(Amount::try_new).expect("an amount");
    let intent = in_suspense(&world, cedi).await;
    let resolve = async |to| {
        world.platform.suspense.resolve(&By::Console, intent.id, to, world.key("k", intent.id.uuid())).await
    };
    let refused = resolve(Destination::Owner).await;
    assert!(matches!(refused, Err(SuspenseError::NoRate(Currency::Ghs))), "{refused:?}");
    let item = resolve(Destination::Source).await.expect("resolved").value;
    assert!(matches!(item.state, SuspenseState::Returned { .. }), "{item:?}");
    assert_eq!(
        world.journal(),
        ["psp_clearing:paystack -> suspense 123.45 GHS", "suspense -> psp_clearing:paystack 123.45 GHS"]
    );
    assert_eq!(world.available().await, "0.00");
    world.lawful();
    let unknown = world.platform.id();
    let missing = world.platform.suspense.resolve(
        &By::Console,
        unknown,
        Destination::Owner,
        world.key("m", unknown.uuid()),
    );
    assert!(matches!(missing.await, Err(SuspenseError::NotFound)));
}

#[tokio::test]
async fn the_cost_of_a_number_that_nobody_bears_is_given_up_after_its_time_and_once() {
    let world = World::new().await;
    world.platform.fund(world.ada, "5.00").await.expect("funded");
    let order = world.platform.buy(world.ada, "whatsapp", "2.00").await.expect("an order");
    // The provider says that a text came, and shows none: it will not give the money back.
    let reservation = order.line().expect("a number").reservation.clone();
    world.platform.provider.set_state(&reservation, ReservationState::Completed);
    world.platform.advance(TimeDelta::minutes(20)).await;
    assert_eq!(order.status(), OrderStatus::Waiting);
    let written_off = |world: &World| {
        world.journal().iter().filter(|line| line.starts_with("write_off -> provider_receivable")).count()
    };
    world.platform.advance(TimeDelta::days(13)).await;
    assert_eq!(written_off(&world), 0);
    world.platform.clock.advance(TimeDelta::days(2));
    let told = [
        world.platform.receivables.write_off_aged().await.expect("a count"),
        world.platform.receivables.write_off_aged().await.expect("a count"),
    ];
    assert_eq!((told, written_off(&world)), ([1, 0], 1));
    world.platform.advance(TimeDelta::days(2)).await;
    assert_eq!(written_off(&world), 1);
    world.lawful();
}
