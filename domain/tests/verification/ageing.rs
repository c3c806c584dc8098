//! Receivables by their age: what nobody has borne after fourteen days is written off.

use namaskah_domain::{
    time::{hours, seconds},
    verification::{Receivable, ReservationState},
    wallet::{House, LedgerAccount},
};

use crate::world::{World, line};

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
