//! Accounts that are closed while money is on its way to them: it is nobody's, and is set aside.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use namaskah_domain::{
    BookingId, Change, Claim, CommitError, Committed, GrantId, Standing, Store, UnitOfWork, UserId,
    auth::AuthReads,
    memory::{MemoryStore, OddPayment, Platform},
    payment::{
        ChargedMoney, Destination, DisputeState, GatewayDisputeStatus, GatewayRefundStatus, Intent,
        IntentState, Settled, SuspenseError, SuspenseReason, SuspenseState,
    },
    staff::By,
    time::seconds,
    wallet::{Book, BookError, BookReads, Direction, Grant, Movement, Reason, WalletReads},
};

use crate::{
    disputing::{decide, shown},
    refunding::{is_failed, is_processed},
    world::{World, ngn, usd},
};

/// As the product does it: nothing may have moved on the account since it was found empty.
async fn close(store: &MemoryStore, user: UserId) {
    let account = store.account(user).await.expect("readable").expect("an account");
    let user = AuthReads::user(store, user).await.expect("readable").expect("a user");
    let (id, at) = (user.id, user.created_at);
    let gone = UnitOfWork::new().with(Change::User(user.anonymised(at)));
    let gone = gone.expecting(id, Standing::AsRead(account.version));
    Store::commit(store, gone).await.expect("closed");
}

/// The owner closes the account at the very moment in which a payment of his is about to be credited.
struct Closing {
    store: Arc<MemoryStore>,
    is_armed: AtomicBool,
}

#[async_trait::async_trait]
impl Store for Closing {
    async fn commit(&self, unit: UnitOfWork) -> Result<Committed, CommitError> {
        let credited = unit.changes().iter().find_map(|change| match change {
            Change::Intent(intent) if matches!(intent.state, IntentState::Succeeded { .. }) => {
                Some(intent.user)
            }
            _ => None,
        });
        if let Some(user) = credited.filter(|_| self.is_armed.swap(false, Ordering::SeqCst)) {
            close(&self.store, user).await;
        }
        self.store.commit(unit).await
    }

    async fn replay(&self, claim: &Claim) -> Result<Option<uuid::Uuid>, CommitError> {
        self.store.replay(claim).await
    }
}

async fn about_to_close() -> World {
    let platform = Platform::with(11, |fakes, ports| {
        ports.store = Arc::new(Closing { store: fakes.store.clone(), is_armed: AtomicBool::new(true) });
    });
    let ada = platform.new_user("ada@example.com").await.expect("a user");
    World { platform, ada }
}

impl World {
    async fn closes(&self) {
        close(&self.platform.store, self.ada).await;
    }

    fn claim(&self, key: &str, outcome: uuid::Uuid) -> Claim {
        self.platform.claim(UserId::from_uuid(uuid::Uuid::nil()), key, outcome).expect("a claim")
    }
}

#[tokio::test]
async fn an_account_that_closes_between_the_decision_and_the_commit_of_its_deposit_gets_nothing_and_the_payment_is_set_aside_a_refund_that_comes_back_to_a_closed_account_is_set_aside_too()
 {
    let world = about_to_close().await;
    let intent = world.open("10.00").await;
    world.platform.gateway.pay(&intent.reference);
    let settled = world.platform.payments.settle(&intent.reference).await;
    assert!(matches!(settled, Ok(Settled::Suspended)), "{settled:?}");
    let item = BookReads::suspended(world.platform.store.as_ref(), intent.id).await.expect("readable");
    assert_eq!(item.expect("an item").reason, SuspenseReason::AccountClosed);
    assert_eq!(world.journal(), ["psp_clearing:paystack -> suspense 16000.00 NGN"]);
    world.lawful();

    let world = World::new().await;
    let intent = world.fund("10.00").await;
    let refund = world.refund(&intent, None).await;
    world.platform.advance(seconds(11)).await;
    world.closes().await;
    let name = world.platform.gateway.refunds(&intent.reference)[0].id.clone();
    let before = world.journal().len();
    let becomes = async |status| {
        assert!(world.platform.gateway.set_refund(&name, status));
        world.platform.advance(seconds(1)).await;
        world.lawful();
    };
    becomes(GatewayRefundStatus::Failed).await;
    assert!(is_failed(&world.state(&refund)));
    becomes(GatewayRefundStatus::Processed).await;
    assert!(is_processed(&world.state(&refund)));
    becomes(GatewayRefundStatus::Failed).await;
    // Somebody sends it again at the gateway's desk.
    world.platform.gateway.refund_in_dashboard(&intent.reference, ngn("16000")).expect("a refund");
    world.platform.advance(seconds(11)).await;
    world.lawful();
    let (aside, gone) =
        ("psp_clearing:paystack -> suspense 16000.00 NGN", "suspense -> psp_clearing:paystack 16000.00 NGN");
    assert_eq!(world.journal()[before..], [aside, gone, aside, gone]);
    assert_eq!(shown(&world).await, ["0.00", "0.00", "0.00"]);
    assert_eq!(world.platform.store.all_refunds().len(), 1, "it is the same, by another name");
}

#[tokio::test]
async fn a_dispute_that_is_won_after_all_over_a_closed_account_is_set_aside_until_it_is_lost_again() {
    let world = World::new().await;
    let intent = world.fund("10.00").await;
    let name = world.platform.gateway.open_dispute(&intent.reference, None).expect("a dispute");
    decide(&world, &name, GatewayDisputeStatus::Lost).await;
    world.closes().await;
    let before = world.journal().len();
    for status in [
        GatewayDisputeStatus::Won,
        GatewayDisputeStatus::Open,
        GatewayDisputeStatus::Lost,
        GatewayDisputeStatus::Won,
    ] {
        world.platform.clock.advance(seconds(1));
        decide(&world, &name, status).await;
        world.lawful();
    }
    let (aside, gone) =
        ("psp_clearing:paystack -> suspense 16000.00 NGN", "suspense -> psp_clearing:paystack 16000.00 NGN");
    assert_eq!(world.journal()[before..], [aside, gone, aside]);
    assert!(matches!(world.platform.store.all_disputes()[0].state, DisputeState::Won { .. }));
    assert_eq!(shown(&world).await, ["0.00", "0.00", "0.00"]);
}

/// What waits aside of a payment whose account is closed: a refund that somebody made at the desk, a dispute, or a refund
/// that the user asked for.
async fn waiting(how: &str) -> (World, Intent) {
    let world = World::new().await;
    let intent = world.fund("10.00").await;
    let gateway = &world.platform.gateway;
    if how == "a dispute" {
        let name = gateway.open_dispute(&intent.reference, None).expect("a dispute");
        decide(&world, &name, GatewayDisputeStatus::Lost).await;
        world.closes().await;
        world.platform.clock.advance(seconds(1));
        decide(&world, &name, GatewayDisputeStatus::Won).await;
    } else {
        if how == "asked" {
            world.refund(&intent, None).await;
        } else {
            gateway.refund_in_dashboard(&intent.reference, ngn("16000")).expect("a refund");
        }
        world.platform.advance(seconds(11)).await;
        world.closes().await;
        let name = gateway.refunds(&intent.reference)[0].id.clone();
        assert!(gateway.set_refund(&name, GatewayRefundStatus::Failed));
        world.platform.advance(seconds(1)).await;
    }
    world.lawful();
    assert_eq!(in_suspense(&world), 1);
    (world, intent)
}

/// How often the sum has come to suspense and has not left it.
fn in_suspense(world: &World) -> usize {
    let journal = world.journal();
    let lines = |part: &str| journal.iter().filter(|line| line.contains(part)).count();
    lines("-> suspense 16000.00 NGN") - lines("suspense -> ")
}

#[tokio::test]
async fn what_waits_aside_leaves_once_however_its_sum_leaves_the_gateway() {
    for how in ["asked", "at the desk", "a dispute"] {
        for is_disputed in [false, true] {
            let (world, intent) = waiting(how).await;
            let gateway = &world.platform.gateway;
            if is_disputed {
                let name = gateway.open_dispute(&intent.reference, None).expect("a dispute");
                decide(&world, &name, GatewayDisputeStatus::Lost).await;
            } else {
                gateway.refund_in_dashboard(&intent.reference, ngn("16000")).expect("a refund");
            }
            for _ in 0..3 {
                world.platform.advance(seconds(11)).await;
                world.lawful();
                assert_eq!(in_suspense(&world), 0, "{how} {is_disputed}");
                assert_eq!(shown(&world).await, ["0.00", "0.00", "0.00"], "{how} {is_disputed}");
            }
        }
    }
}

#[tokio::test]
async fn another_sum_than_waits_aside_is_owed_and_what_waits_stays() {
    let (world, intent) = waiting("asked").await;
    world.platform.gateway.refund_in_dashboard(&intent.reference, ngn("8000")).expect("a refund");
    world.platform.advance(seconds(11)).await;
    world.lawful();
    assert_eq!(in_suspense(&world), 1);
    assert_eq!(shown(&world).await, ["0.00", "0.00", "5.00"]);
}

#[tokio::test]
async fn a_payment_in_suspense_is_not_credited_to_an_account_that_closes_meanwhile() {
    let world = about_to_close().await;
    let intent = world.open("10.00").await;
    let odd = OddPayment { paid: Some(ChargedMoney::Known(ngn("8000"))), ..OddPayment::default() };
    world.platform.gateway.pay_oddly(&intent.reference, &odd);
    world.platform.payments.settle(&intent.reference).await.expect("settled");
    let claim = world.claim("resolve", intent.id.uuid());
    let resolved = world.platform.suspense.resolve(&By::Console, intent.id, Destination::Owner, claim).await;
    assert!(matches!(resolved, Err(SuspenseError::AccountClosed)), "{resolved:?}");
    let item = BookReads::suspended(world.platform.store.as_ref(), intent.id).await.expect("readable");
    assert_eq!(item.expect("an item").state, SuspenseState::Open);
    world.lawful();
}

#[tokio::test]
async fn nothing_is_given_to_a_closed_account_at_the_console() {
    let world = World::new().await;
    world.closes().await;
    let reason = Reason::try_new("as agreed").expect("a reason");
    let (id, user, amount): (BookingId, _, _) = (world.platform.id(), world.ada, usd("5.00"));
    let movement = Movement::Adjusted { user, direction: Direction::Credit, amount };
    let book = Book { id, movement, reason: reason.clone(), claim: world.claim("a", id.uuid()) };
    let refused = world.platform.books.book(book).await;
    assert!(matches!(refused, Err(BookError::AccountClosed)), "{refused:?}");
    let id: GrantId = world.platform.id();
    let grant = Grant { id, user, amount, expires_at: None, reason, claim: world.claim("b", id.uuid()) };
    let refused = world.platform.books.grant(grant).await;
    assert!(matches!(refused, Err(BookError::AccountClosed)), "{refused:?}");
    assert_eq!(world.journal(), [""; 0]);
}
