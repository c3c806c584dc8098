//! What was asked in naira and paid in dollars goes back in dollars: no bridge between currencies.

use namaskah_domain::{
    memory::OddPayment,
    payment::{ChargedMoney, Destination, GatewayDisputeStatus, GatewayRefundStatus, Intent},
    staff::By,
    time::seconds,
};

use crate::{
    disputing::{decide, shown},
    world::{World, usd},
};

/// What was asked in naira and paid in dollars, and given to its owner all the same.
async fn paid_in_dollars(world: &World) -> Intent {
    let intent = world.open("10.00").await;
    let dollars = OddPayment { paid: Some(ChargedMoney::Known(usd("10.00"))), ..OddPayment::default() };
    world.platform.gateway.pay_oddly(&intent.reference, &dollars);
    world.platform.payments.settle(&intent.reference).await.expect("settled");
    let nobody = namaskah_domain::UserId::from_uuid(uuid::Uuid::nil());
    let claim = world.platform.claim(nobody, "resolve", intent.id.uuid()).expect("a claim");
    world
        .platform
        .suspense
        .resolve(&By::Console, intent.id, Destination::Owner, claim)
        .await
        .expect("credited");
    world.now(&intent).await
}

#[tokio::test]
async fn a_lost_dispute_over_dollars_is_booked_without_a_bridge() {
    let world = World::new().await;
    let intent = paid_in_dollars(&world).await;
    world.platform.buy(world.ada, "whatsapp", "2.00").await.expect("an order");
    let name = world.platform.gateway.open_dispute(&intent.reference, Some(usd("12.00"))).expect("a dispute");
    decide(&world, &name, GatewayDisputeStatus::Lost).await;
    // 1.13 are held; the bank took two dollars more than was paid.
    assert_eq!(shown(&world).await, ["0.00", "1.13", "1.13"]);
    assert_eq!(
        world.journal()[3..],
        [
            "wallet -> psp_clearing:paystack 8.87 USD",
            "debt -> psp_clearing:paystack 1.13 USD",
            "write_off -> psp_clearing:paystack 2.00 USD"
        ]
    );
    world.lawful();
}

#[tokio::test]
async fn a_refund_of_dollars_is_booked_and_reversed_without_a_bridge() {
    let world = World::new().await;
    let intent = paid_in_dollars(&world).await;
    world.refund(&intent, Some("2.505")).await;
    world.platform.advance(seconds(11)).await;
    assert_eq!(shown(&world).await, ["7.495", "0.00", "0.00"]);
    world.lawful();
    let name = world.platform.gateway.refunds(&intent.reference)[0].id.clone();
    assert!(world.platform.gateway.set_refund(&name, GatewayRefundStatus::Failed));
    world.platform.tick().await;
    assert_eq!(
        world.journal()[2..],
        [
            "wallet -> psp_clearing:paystack 2.50 USD",
            "wallet -> write_off 0.005 USD",
            "write_off -> wallet 0.005 USD",
            "psp_clearing:paystack -> wallet 2.50 USD"
        ]
    );
    assert_eq!(shown(&world).await, ["10.00", "0.00", "0.00"]);
    world.lawful();
}
