//! Laws of what goes back for a reported number, broken by hand.

use super::*;

/// Books what a report gives back for the completed order, with the provider's credit or without.
async fn report(w: &World, back: i64, credited: bool) -> String {
    let id = w.key(w.completed.order.uuid());
    w.run(&format!(
        "UPDATE orders SET reported_for = 'no_code', reported_at_us = 1, report_is_told = {} WHERE id = {id}",
        w.truth()
    ))
    .await;
    if credited {
        let source = format!("credit:{}", w.completed.reservation);
        w.run(&house_line("provider_float:textverified", "cost_of_numbers", &source)).await;
    }
    let source = Source::reported(w.completed.order).as_str().to_owned();
    w.run(&user_line(w, "wallet", back, &source, 1)).await;
    source
}

/// 0.50 of the price were promo.
const FROM_WALLET: i64 = 630_000;

pub(super) async fn a_report_that_gave_more_back_than_was_paid(w: World) {
    let source = report(&w, FROM_WALLET, true).await;
    assert!(!w.broken().await.contains(&"report"), "as much as was paid is sound");
    w.tamper(&format!("UPDATE transfers SET amount_units = amount_units + 1 WHERE source = '{source}'"))
        .await;
    w.finds("report", &source).await;
}

pub(super) async fn a_report_that_gave_back_twice(w: World) {
    let source = report(&w, FROM_WALLET, true).await;
    w.run(&user_line(&w, "wallet", FROM_WALLET, &source, 2)).await;
    w.finds("report", &source).await;
}

pub(super) async fn a_report_without_the_providers_credit(w: World) {
    let source = report(&w, FROM_WALLET, false).await;
    w.finds("report", &source).await;
}

pub(super) async fn a_report_that_nobody_made(w: World) {
    let source = report(&w, FROM_WALLET, true).await;
    w.run("UPDATE orders SET reported_for = NULL, reported_at_us = NULL, report_is_told = NULL").await;
    w.finds("report", &source).await;
}

pub(super) async fn a_report_of_an_order_that_was_not_paid_for(w: World) {
    let source = Source::reported(w.cancelled.order).as_str().to_owned();
    w.run(&user_line(&w, "wallet", 1, &source, 1)).await;
    w.finds("report", &source).await;
}
