//! Money of users that moved for no reason, put there by hand.

use namaskah_domain::{
    BookingId, Change, DisputeId, GrantId, HoldId, OrderId, RefundId, UnitOfWork, UserId,
    payment::{Dispute, DisputeState, Refund, RefundState},
    wallet::{HoldEnd, PlaceHold, Purpose},
};

use super::*;

found! {
    a_wallet_line_whose_source_names_no_booking_refund_dispute_grant_hold_order_or_payment,
    a_wallet_line_whose_source_names_what_is_another_users,
    a_failed_refund_with_an_open_hold,
    a_processed_refund_that_took_nothing,
    a_refund_that_was_revived_without_its_hold_is_sound_if_it_took_what_it_says,
    a_hold_for_a_refund_that_nobody_asked_for,
    a_lost_dispute_that_took_nothing,
    an_account_that_counts_another_sum_of_disputes,
}

async fn a_wallet_line_whose_source_names_no_booking_refund_dispute_grant_hold_order_or_payment(w: World) {
    let (booking, refund, dispute): (BookingId, RefundId, DisputeId) =
        (given::id(), given::id(), given::id());
    let (grant, user, hold, order): (GrantId, UserId, HoldId, OrderId) =
        (given::id(), given::id(), given::id(), given::id());
    let of_no_record = [
        format!("book:{booking}"),
        format!("refund:{refund}"),
        format!("refund:{refund}:3"),
        format!("unrefund:{refund}"),
        format!("unrefund:{refund}:4"),
        format!("dispute:{dispute}:1"),
        format!("undispute:{dispute}:2"),
        format!("grant:{grant}"),
        format!("take:{grant}:2"),
        format!("collect:{user}:1"),
        "paystack:nmk-nobody".to_owned(),
        "pspr:1".to_owned(),
        "gift:7".to_owned(),
        "cap:nothing".to_owned(),
        format!("dispute:{dispute}"),
        format!("book:{booking}:1"),
    ];
    for source in &of_no_record {
        w.run(&user_line(&w, "wallet", 1, source, 1)).await;
    }
    let compared_elsewhere = [("capture", format!("cap:{hold}")), ("report", format!("rep:{order}"))];
    for (_, source) in &compared_elsewhere {
        w.run(&user_line(&w, "wallet", 1, source, 1)).await;
    }
    let rows: Vec<String> = of_no_record.iter().map(|source| format!(" {source}: line ")).collect();
    w.names("source", &rows.iter().map(String::as_str).collect::<Vec<_>>());
    for (law, source) in compared_elsewhere {
        w.names(law, &[&source]);
    }
    w.opened.close().await;
}

async fn a_wallet_line_whose_source_names_what_is_another_users(w: World) {
    let ben = given::account().stored_in(w.opened.backend.store.as_ref()).await;
    let paid = namaskah_domain::wallet::Source::paystack(&w.paid.reference);
    let line = user_line(&w, "promo", 1, paid.as_str(), 9);
    w.run(&line.replace(&w.key(w.ada.uuid()), &w.key(ben.uuid()))).await;
    w.finds("source", paid.as_str()).await;
}

/// A refund of a dollar with its hold, as its state says it stands, or another way.
async fn refund(w: &World, state: RefundState, end: Option<HoldEnd>) -> Refund {
    let refund = given::refund(&w.paid);
    let namaskah_domain::payment::RefundOrigin::Asked { hold } = refund.origin else { unreachable!("asked") };
    let purpose = Purpose::Refund { refund: refund.id };
    let place = PlaceHold { id: hold, purpose, ..given::hold(w.ada, refund.amount.units()) };
    let on = &w.opened.backend;
    on.apply(UnitOfWork::new().place(place.clone()).with(Change::Refund(refund.clone()))).await;
    let ended = end.into_iter().fold(UnitOfWork::new(), |unit, end| unit.end(given::end(&place, end)));
    let refund = Refund { state, version: refund.version.next(), ..refund };
    on.apply(ended.with(Change::Refund(refund.clone()))).await;
    refund
}

fn failed() -> RefundState {
    RefundState::Failed { gateway: Some(given::refund_name()), at: given::at(5) }
}

async fn a_failed_refund_with_an_open_hold(w: World) {
    refund(&w, failed(), Some(HoldEnd::Release)).await;
    assert_eq!(w.broken().await, [""; 0], "released is sound");
    let broken = refund(&w, failed(), None).await;
    assert_eq!(w.broken().await, ["refund"]);
    w.finds("refund", &broken.id.to_string()).await;
}

fn processed() -> RefundState {
    RefundState::Processed { gateway: given::refund_name(), at: given::at(5) }
}

async fn a_processed_refund_that_took_nothing(w: World) {
    let broken = refund(&w, processed(), Some(HoldEnd::Release)).await;
    w.finds("refund", &broken.id.to_string()).await;
}

/// It was processed after all, when it had failed and its hold was released: booked by the writing of a version.
async fn a_refund_that_was_revived_without_its_hold_is_sound_if_it_took_what_it_says(w: World) {
    let revived = refund(&w, processed(), Some(HoldEnd::Release)).await;
    let (name, units) = (revived.id.to_string(), revived.amount.units());
    let took = user_line(&w, "wallet", units, &format!("refund:{name}:2"), 1);
    w.run(&took.replace("'revenue', 'wallet'", "'wallet', 'fx'")).await;
    assert!(!w.broken().await.contains(&"refund"));
    w.tamper(&format!("UPDATE transfers SET amount_units = 1 WHERE source = 'refund:{name}:2'")).await;
    w.finds("refund", &name).await;
}

async fn a_hold_for_a_refund_that_nobody_asked_for(w: World) {
    let hold = given::refund_hold(w.ada, 5);
    w.opened.backend.apply(UnitOfWork::new().place(hold.clone())).await;
    assert_eq!(w.broken().await, ["hold_refund"]);
    w.finds("hold_refund", &hold.id.to_string()).await;
}

async fn a_lost_dispute_that_took_nothing(w: World) {
    let state = DisputeState::Lost { taken: given::amount(1_000_000), at: given::at(5) };
    let lost = Dispute { state, ..given::dispute(&w.paid) };
    w.opened.backend.apply(UnitOfWork::new().with(Change::Dispute(lost.clone()))).await;
    w.finds("dispute", &lost.id.to_string()).await;
}

async fn an_account_that_counts_another_sum_of_disputes(w: World) {
    let open = given::dispute(&w.paid);
    let unit = UnitOfWork::new().with(Change::Dispute(open)).open_dispute(w.ada, given::amount(1_000_000));
    w.opened.backend.apply(unit).await;
    assert!(!w.broken().await.contains(&"disputed"));
    w.run("UPDATE accounts SET disputed_units = disputed_units + 1").await;
    let user = w.ada.to_string();
    w.finds("disputed", &user).await;
}
