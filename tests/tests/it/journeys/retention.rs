//! Numbers and texts are gone when their time is over, and before if somebody wants them gone.

use serde_json::{Value, json};

use super::{controls::eventually, customer::text, on_both, world::World};

on_both! {
    numbers_and_texts_are_gone_a_day_after_the_end,
    whoever_asks_or_leaves_is_forgotten_at_once,
}

const DAY_S: u32 = 24 * 3_600;
const WORDS: &str = "Your WhatsApp code: 806-185";
/// Sealed values of ended orders that are still there.
const KEPT: &str = "SELECT (SELECT COUNT(*) FROM orders WHERE number_sealed IS NOT NULL OR number_digest IS NOT NULL) \
     + (SELECT COUNT(*) FROM purchases WHERE number_sealed IS NOT NULL OR number_digest IS NOT NULL) \
     + (SELECT COUNT(*) FROM messages WHERE sender_sealed IS NOT NULL OR text_sealed IS NOT NULL \
        OR code_sealed IS NOT NULL)";
const BODIES: &str = "SELECT COUNT(*) FROM notices WHERE length(body_sealed) > 0";

/// The order as it is shown once nothing of its number and text is.
fn forgotten(order: &Value) -> Value {
    let mut order = order.clone();
    order["phone_number"] = Value::Null;
    for field in ["from", "text", "code"] {
        order["messages"][0][field] = Value::Null;
    }
    for changing in ["server_time", "can_cancel", "can_retry", "can_swap"] {
        order[changing] = Value::Null;
    }
    order
}

async fn numbers_and_texts_are_gone_a_day_after_the_end(world: &World) {
    let ada = world.customer_with("10.00").await;
    let order = ada.rents("whatsapp").await;
    world.controls.text(&order, WORDS, "deliver").await;
    let done = ada.awaits(&order).await;

    world.controls.advance(DAY_S - 300).await;
    ada.sign_in().await;
    let kept = ada.order(&order).await;
    assert_eq!((&kept["phone_number"], &kept["messages"]), (&done["phone_number"], &done["messages"]));
    assert_eq!(kept["messages"][0]["text"], WORDS);
    assert!(world.books.count(KEPT).await > 0);

    world.controls.advance(301).await;
    let gone = ada.order(&order).await;
    assert_eq!(forgotten(&gone), forgotten(&done));
    assert_eq!((&gone["phone_number"], &gone["messages"][0]["text"]), (&Value::Null, &Value::Null));
    let path = format!("verifications/{}/messages", text(&order, "id"));
    for shown in [
        ada.get("verifications").await.is(200),
        ada.get(&path).await.is(200),
        ada.get("me/export").await.is(200),
    ] {
        let shown = shown.to_string();
        let number = text(&done, "phone_number");
        assert!(
            !shown.contains("806-185") && !shown.contains("806185") && !shown.contains(&number),
            "{shown}"
        );
    }
    eventually("every sealed value is erased", || async {
        let left = world.books.count(KEPT).await + world.books.count(BODIES).await;
        (left == 0).then_some(())
    })
    .await;
    ada.has("8.87", "0.00").await;
}

async fn whoever_asks_or_leaves_is_forgotten_at_once(world: &World) {
    let (ada, bob) = (world.customer_with("10.00").await, world.customer_with("1.13").await);
    let mut orders = Vec::new();
    for customer in [&ada, &bob] {
        let order = customer.rents("whatsapp").await;
        world.controls.text(&order, WORDS, "deliver").await;
        orders.push(customer.awaits(&order).await);
    }
    let me = ada.get("me").await.is(200);
    let (is_well, told) = world.console(&["purge", "--user", &text(&me, "id")]).await;
    assert!(is_well && told.starts_with("numbers of 1 orders and 1 purchases, 1 texts"), "{told}");
    let gone = ada.order(&orders[0]).await;
    assert_eq!((&gone["phone_number"], &gone["messages"][0]["code"]), (&Value::Null, &Value::Null));
    assert_eq!(bob.order(&orders[1]).await["messages"][0]["text"], json!(WORDS));
    assert_eq!(world.books.count(KEPT).await, 3, "bob's number, twice, and his text");

    bob.delete("me").await.refused(403, "step_up_required");
    bob.steps_up().await;
    bob.delete("me").await.is(204);
    assert_eq!(world.books.count(KEPT).await, 0);
    let (is_well, told) = world.console(&["purge"]).await;
    assert!(is_well && told.starts_with("numbers of 0 orders"), "{told}");
}
