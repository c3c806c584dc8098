//! What staff decided and the journal does not show, or shows otherwise; put there by hand.

use namaskah_domain::{
    AdjustmentId, BookingId, Change, UnitOfWork,
    auth::User,
    wallet::{Booking, Direction, Movement},
};

use super::*;

found! {
    a_booking_that_is_not_posted,
    a_booking_that_is_posted_otherwise,
    a_booked_correction_without_its_booking,
    a_gift_that_was_not_posted,
    a_gift_that_says_more_was_taken_back_than_was,
    promo_money_that_no_gift_explains,
    a_closed_account_with_money,
}

fn credit(w: &World) -> Booking {
    let movement =
        Movement::Adjusted { user: w.ada, direction: Direction::Credit, amount: given::amount(70) };
    let id: BookingId = given::id();
    Booking { id, movement, reason: given::reason(), at: given::at(5) }
}

async fn a_booking_that_is_not_posted(w: World) {
    let booking = credit(&w);
    w.opened.backend.apply(UnitOfWork::new().with(Change::Booking(booking.clone()))).await;
    assert_eq!(w.broken().await, ["booking"]);
    w.finds("booking", &booking.id.to_string()).await;
}

async fn a_booking_that_is_posted_otherwise(w: World) {
    let booking = credit(&w);
    let entry = booking.movement.legs(booking.id, booking.at).into_entry().expect("balanced");
    let unit = UnitOfWork::new().post(entry).with(Change::Booking(booking.clone()));
    w.opened.backend.apply(unit).await;
    assert_eq!(w.broken().await, [""; 0]);
    let id = w.key(booking.id.uuid());
    w.run(&format!("UPDATE bookings SET kind = 'debit' WHERE id = {id}")).await;
    w.finds("booking", &booking.id.to_string()).await;
}

async fn a_booked_correction_without_its_booking(w: World) {
    let (id, other): (AdjustmentId, namaskah_domain::UserId) = (given::id(), given::id());
    let sql = format!(
        "INSERT INTO adjustments (id, user_id, direction, amount_units, reason, proposed_by, proposed_at_us, state, \
         decided_at_us, version) VALUES ({}, {}, 'credit', 5, 'lost', {}, 1, 'booked', 1, 1)",
        w.key(id.uuid()),
        w.key(w.ada.uuid()),
        w.key(other.uuid())
    );
    w.run(&sql).await;
    assert_eq!(w.broken().await, ["adjusted"]);
    w.finds("adjusted", &id.to_string()).await;
}

async fn a_gift_that_was_not_posted(w: World) {
    let gift = given::grant(w.ada);
    w.opened.backend.apply(UnitOfWork::new().with(Change::Grant(gift.clone()))).await;
    assert_eq!(w.broken().await, ["grant"]);
    w.finds("grant", &gift.id.to_string()).await;
}

async fn a_gift_that_says_more_was_taken_back_than_was(w: World) {
    w.run("UPDATE promo_grants SET taken_units = 1").await;
    assert_eq!(w.broken().await, ["grant"]);
    let gift = w.gift.id.to_string();
    w.finds("grant", &gift).await;
}

async fn promo_money_that_no_gift_explains(w: World) {
    w.run("UPDATE promo_grants SET closed_at_us = 1").await;
    assert_eq!(w.broken().await, [""; 0], "all of it is spent");
    let more = given::posting(w.ada, namaskah_domain::wallet::Purse::Promo, 5);
    w.opened.backend.apply(UnitOfWork::new().post(more)).await;
    let user = w.ada.to_string();
    w.finds("promo", &user).await;
}

async fn a_closed_account_with_money(w: World) {
    let user = User { id: w.ada, ..given::user() };
    let on = &w.opened.backend;
    on.apply(UnitOfWork::new().with(Change::User(user.clone()))).await;
    assert_eq!(w.broken().await, [""; 0]);
    on.apply(UnitOfWork::new().with(Change::User(user.anonymised(given::at(9))))).await;
    assert_eq!(w.broken().await, ["closed"]);
    let user = w.ada.to_string();
    w.finds("closed", &user).await;
}
