//! Receivables by their age: what nobody has borne after fourteen days is written off.

use std::sync::{Arc, Mutex, PoisonError};

use namaskah_domain::{
    Change, Claim, CommitError, Committed, Fault, PurchaseId, Store, UnitOfWork,
    time::{hours, seconds},
    verification::{Receivable, ReservationState},
    wallet::{House, LedgerAccount},
};

use crate::world::{World, line};

/// Does not answer where this purchase is concerned.
struct Failing(Arc<dyn Store>, Mutex<Option<PurchaseId>>);

#[async_trait::async_trait]
impl Store for Failing {
    async fn commit(&self, unit: UnitOfWork) -> Result<Committed, CommitError> {
        let about = *self.1.lock().unwrap_or_else(PoisonError::into_inner);
        if unit.changes().iter().any(|c| matches!(c, Change::Purchase(p) if Some(p.id) == about)) {
            return Err(CommitError::Unavailable(Fault::new("the store does not answer")));
        }
        self.0.commit(unit).await
    }

    async fn replay(&self, claim: &Claim) -> Result<Option<uuid::Uuid>, CommitError> {
        self.0.replay(claim).await
    }
}

#[tokio::test]
async fn a_cost_that_cannot_be_written_off_keeps_no_other_waiting() {
    let mut failing = None;
    let world = World::with(|_, ports| {
        let store = Arc::new(Failing(ports.store.clone(), Mutex::default()));
        ports.store = store.clone();
        failing = Some(store);
    })
    .await;
    let orders = [world.buy("whatsapp").await, world.buy("telegram").await];
    for order in &orders {
        world.platform.provider.set_state(&line(order).reservation, ReservationState::Completed);
    }
    world.pass(80).await;
    world.platform.clock.advance(hours(14 * 24));
    let broken = world.purchase_of(orders[0].head().id).id;
    let failing = failing.expect("put in");
    *failing.1.lock().unwrap_or_else(PoisonError::into_inner) = Some(broken);
    world.platform.receivables.write_off_aged().await.expect_err("one cannot be closed");
    let receivables =
        orders.each_ref().map(|o| world.purchase_of(o.head().id).bought().expect("bought").receivable);
    assert_eq!(receivables, [Receivable::Open, Receivable::WrittenOff { at: world.now() }]);
    world.lawful();
}

#[tokio::test]
async fn what_no_credit_has_borne_after_fourteen_days_is_written_off_and_counted() {
    let world = World::new().await;
    let orders = [world.buy("whatsapp").await, world.buy("telegram").await];
    for order in &orders {
        // "Completed" upstream, and no text is listed: no credit comes.
        world.platform.provider.set_state(&line(order).reservation, ReservationState::Completed);
    }
    world.pass(80).await;
    let bought =
        || orders.each_ref().map(|o| world.purchase_of(o.head().id).bought().expect("bought").clone());
    assert_eq!(bought().map(|b| b.receivable), [Receivable::Open, Receivable::Open]);

    let age = world.now() - bought()[0].bound_at;
    world.platform.clock.advance(hours(14 * 24) - age - seconds(1));
    assert_eq!(world.platform.receivables.write_off_aged().await.expect("asked"), 0);
    world.platform.clock.advance(seconds(1));
    assert_eq!(world.platform.receivables.write_off_aged().await.expect("asked"), 2);

    let closed = Receivable::WrittenOff { at: world.now() };
    assert_eq!(bought().map(|b| b.receivable), [closed, closed]);
    let account = LedgerAccount::House(House::WriteOff);
    let lost: i64 =
        world.platform.store.journal().iter().map(|p| -p.transfer.effect_on(account).units()).sum();
    assert_eq!(lost, bought().iter().map(|b| b.cost.units()).sum::<i64>());
    assert_eq!(world.platform.receivables.write_off_aged().await.expect("asked"), 0);
    world.lawful();
}
