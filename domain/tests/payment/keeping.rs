//! Sentences about what the bookkeeper does for many: one that cannot be helped keeps no other waiting.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::TimeDelta;
use namaskah_domain::{
    Change, Claim, CommitError, Committed, Fault, Store, UnitOfWork, UserId,
    wallet::{BookError, PlaceHold, Purpose, WalletReads},
};
use uuid::Uuid;

use crate::world::{World, usd};

/// Does not answer where a grant or a user is concerned.
struct Failing {
    inner: Arc<dyn Store>,
    about: Mutex<Option<Uuid>>,
}

impl Failing {
    fn about(&self, id: Uuid) {
        *self.about.lock().unwrap_or_else(PoisonError::into_inner) = Some(id);
    }

    fn concerns(&self, unit: &UnitOfWork) -> bool {
        let Some(about) = *self.about.lock().unwrap_or_else(PoisonError::into_inner) else { return false };
        let is_it = |change: &Change| matches!(change, Change::Grant(grant) if grant.id.uuid() == about);
        unit.changes().iter().any(is_it) || unit.accounts().keys().any(|user| user.uuid() == about)
    }
}

#[async_trait::async_trait]
impl Store for Failing {
    async fn commit(&self, unit: UnitOfWork) -> Result<Committed, CommitError> {
        if self.concerns(&unit) {
            return Err(CommitError::Unavailable(Fault::new("the store does not answer")));
        }
        self.inner.commit(unit).await
    }

    async fn replay(&self, claim: &Claim) -> Result<Option<Uuid>, CommitError> {
        self.inner.replay(claim).await
    }
}

async fn world() -> (World, Arc<Failing>) {
    let mut failing = None;
    let world = World::with(|ports| {
        let store = Arc::new(Failing { inner: ports.store.clone(), about: Mutex::new(None) });
        ports.store = store.clone();
        failing = Some(store);
    })
    .await;
    (world, failing.expect("put in"))
}

fn is_silent(told: &Result<u32, BookError>) -> bool {
    matches!(told, Err(BookError::Commit(CommitError::Unavailable(_))))
}

#[tokio::test]
async fn a_gift_that_cannot_be_taken_back_keeps_no_other_waiting() {
    let (world, failing) = world().await;
    let broken = world.gift("2.00", Some(5)).await;
    world.gift("1.00", Some(6)).await;
    failing.about(broken.id.uuid());
    world.platform.clock.advance(TimeDelta::minutes(10));
    let told = world.platform.books.expire_grants().await;
    assert!(is_silent(&told), "{told:?}");
    assert_eq!(world.promo().await, "2.00");
    world.lawful();
}

#[tokio::test]
async fn a_hundred_gifts_that_are_held_keep_no_other_waiting() {
    let (world, _) = world().await;
    for _ in 0..100 {
        world.gift("0.01", Some(5)).await;
    }
    let ben = world.platform.new_user("ben@example.com").await.expect("a user");
    world.gift_to(ben, "0.50", Some(6)).await;
    let at = namaskah_domain::Clock::now(&*world.platform.clock);
    let purpose = Purpose::Order { order: world.platform.id(), max_open_orders: 1 };
    let hold = PlaceHold { id: world.platform.id(), user: world.ada, purpose, amount: usd("1.00"), at };
    world.platform.store.commit(UnitOfWork::new().place(hold)).await.expect("held");
    world.platform.clock.advance(TimeDelta::minutes(10));
    assert_eq!(world.platform.books.expire_grants().await.expect("taken back"), 1);
    let left = world.platform.balance(ben).await.expect("a balance");
    assert_eq!((left.promo.to_string(), world.promo().await), ("0.00".into(), "1.00".into()));
}

#[tokio::test]
async fn a_debt_that_cannot_be_collected_keeps_no_other_waiting() {
    let (world, failing) = world().await;
    let ben = world.platform.new_user("ben@example.com").await.expect("a user");
    for user in [world.ada, ben] {
        world.platform.fund(user, "2.00").await.expect("funded");
        world.owes(user, "3.00").await;
    }
    let debt = async |user: UserId| {
        let account = world.platform.store.account(user).await.expect("readable").expect("an account");
        account.debt.to_string()
    };
    failing.about(world.ada.uuid());
    let told = world.platform.books.collect_debts().await;
    assert!(is_silent(&told), "{told:?}");
    assert_eq!((debt(world.ada).await, debt(ben).await), ("3.00".into(), "1.00".into()));
    world.lawful();
}
