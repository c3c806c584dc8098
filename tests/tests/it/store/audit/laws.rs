//! Each law broken by hand, and found.

mod reports;
mod returns;

use namaskah_domain::wallet::Source;
use namaskah_tests::given::{self, amount};

use self::{reports::*, returns::*};
use super::{World, open_postgres, open_sqlite};
use crate::store::Options;

/// Makes a test of each breach on each database.
macro_rules! found {
    ($($breach:ident),+ $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test]
            async fn $breach() {
                let world = super::World::new(super::open_sqlite(super::Options::default()).await).await;
                super::$breach(world).await;
            })+
        }

        mod on_postgres {
            $(#[tokio::test]
            async fn $breach() {
                let Some(opened) = super::open_postgres(super::Options::default()).await else { return };
                super::$breach(super::World::new(opened).await).await;
            })+
        }
    };
}

mod books;
mod sources;

found! {
    a_line_of_a_house_account_that_names_a_user,
    a_bridge_with_one_bank,
    a_line_with_another_balance,
    a_line_with_a_falling_version,
    a_wallet_that_is_not_the_sum_of_its_postings,
    a_promo_that_is_not_the_sum_of_its_postings,
    a_debt_that_is_not_the_sum_of_its_postings,
    a_deleted_line,
    an_account_that_has_vanished,
    an_account_older_than_its_last_line,
    a_wallet_that_holds_more_than_its_holds,
    a_promo_that_holds_more_than_its_holds,
    a_promo_of_which_more_has_lapsed_than_there_is,
    a_wallet_that_does_not_cover_what_it_holds,
    a_wrong_count_of_open_orders,
    a_wrong_count_of_open_payments,
    a_hold_whose_parts_are_not_its_amount,
    a_captured_hold_without_its_entry,
    a_captured_hold_that_charged_less_than_its_part,
    a_captured_hold_that_charged_somebody_else,
    a_released_hold_with_an_entry,
    a_capture_without_a_hold,
    a_cost_that_was_not_booked,
    an_ended_order_with_an_open_hold,
    an_order_whose_hold_has_vanished,
    a_hold_without_an_order,
    an_order_that_charges_above_its_price,
    an_order_that_costs_more_than_was_quoted,
    a_number_of_another_reservation,
    a_claim_of_nothing,
    a_payment_that_credited_another_amount,
    a_payment_that_credited_and_does_not_say_so,
    a_payment_that_says_so_and_credited_nothing,
    a_payment_that_is_set_aside_with_another_sum,
    a_payment_that_is_said_to_have_gone_back,
    a_deposit_that_nobody_asked_for,
    a_reservation_that_belongs_to_two_purchases,
    a_number_that_is_not_booked,
    a_number_that_is_booked_at_another_cost,
    a_booked_number_that_nobody_had,
    a_credit_that_is_not_booked,
    a_cost_that_was_given_up_while_it_is_open,
    a_receivable_that_its_items_do_not_explain,
    a_number_that_was_shown_twice,
    a_late_code_whose_number_was_credited,
    a_swap_without_a_purchase,
    a_purchase_beside_that_of_an_order,
    a_batch_that_has_vanished,
    an_order_of_a_batch_that_has_vanished,
    an_order_that_left_its_batch,
    an_order_that_its_batch_does_not_list,
    a_payment_that_was_refunded_twice,
    what_waits_aside_is_sound,
    a_payment_whose_coins_were_refunded_twice,
    a_refund_that_its_payment_does_not_tell,
    a_lost_dispute_that_its_payment_does_not_tell,
    an_open_dispute_that_its_payment_does_not_count,
    a_report_that_gave_more_back_than_was_paid,
    a_report_that_gave_back_twice,
    a_report_without_the_providers_credit,
    a_report_that_nobody_made,
    a_report_of_an_order_that_was_not_paid_for,
    a_guard_that_was_taken_away,
    a_guard_of_the_journal_that_was_taken_away,
}

async fn a_line_of_a_house_account_that_names_a_user(w: World) {
    let source = Source::bought(&w.orphan.bought().expect("a number").reservation);
    let line = w.line(source.as_str(), 1).await;
    w.tamper(&format!("UPDATE transfers SET user_id = {} WHERE id = {line}", w.key(w.ada.uuid()))).await;
    w.finds("transfers", &line).await;
}

async fn a_bridge_with_one_bank(w: World) {
    let source = Source::paystack(&w.paid.reference);
    w.tamper(&format!("UPDATE transfers SET currency = 'USD' WHERE source = '{source}' AND leg = 1")).await;
    w.finds("bridges", source.as_str()).await;
}

async fn a_line_with_another_balance(w: World) {
    let line = w.line(&w.completed.captured(), 1).await;
    w.tamper(&format!("UPDATE transfers SET balance_after_units = 7 WHERE id = {line}")).await;
    w.finds("lines", &format!("{line}: balance_after 7, due ")).await;
}

async fn a_line_with_a_falling_version(w: World) {
    let line = w.line(&w.completed.captured(), 1).await;
    w.tamper(&format!("UPDATE transfers SET account_version = 1 WHERE id = {line}")).await;
    w.finds("lines", &format!("{line}: version 1 after ")).await;
}

async fn a_wallet_that_is_not_the_sum_of_its_postings(w: World) {
    w.run("UPDATE accounts SET wallet_posted_units = wallet_posted_units + 1").await;
    let user = w.ada.to_string();
    w.finds("posted", &user).await;
}

async fn a_promo_that_is_not_the_sum_of_its_postings(w: World) {
    w.run("UPDATE accounts SET promo_posted_units = promo_posted_units + 1").await;
    let user = w.ada.to_string();
    w.finds("posted", &user).await;
}

async fn a_debt_that_is_not_the_sum_of_its_postings(w: World) {
    w.run("UPDATE accounts SET debt_units = debt_units + 1").await;
    let user = w.ada.to_string();
    w.finds("posted", &user).await;
}

async fn a_deleted_line(w: World) {
    let source = Source::paystack(&w.paid.reference);
    w.tamper(&format!("DELETE FROM transfers WHERE source = '{source}'")).await;
    let user = w.ada.to_string();
    w.finds("posted", &user).await;
}

async fn an_account_that_has_vanished(w: World) {
    w.run("DELETE FROM accounts").await;
    let user = w.ada.to_string();
    w.finds("posted", &user).await;
}

async fn an_account_older_than_its_last_line(w: World) {
    w.run("UPDATE accounts SET version = 1").await;
    assert_eq!(w.broken().await, ["last_line"]);
    let user = w.ada.to_string();
    w.finds("last_line", &user).await;
}

async fn a_wallet_that_holds_more_than_its_holds(w: World) {
    w.run("UPDATE accounts SET wallet_held_units = wallet_held_units + 1").await;
    assert_eq!(w.broken().await, ["held"]);
    let user = w.ada.to_string();
    w.finds("held", &user).await;
}

async fn a_promo_that_holds_more_than_its_holds(w: World) {
    w.unchecked(
        "accounts",
        "accounts_promo_covers_held",
        "UPDATE accounts SET promo_held_units = promo_held_units + 1",
    )
    .await;
    let user = w.ada.to_string();
    w.finds("held", &user).await;
}

async fn a_promo_of_which_more_has_lapsed_than_there_is(w: World) {
    w.run("UPDATE accounts SET promo_lapsed_units = promo_posted_units + 1").await;
    let user = w.ada.to_string();
    w.finds("covered", &user).await;
}

async fn a_wallet_that_does_not_cover_what_it_holds(w: World) {
    w.unchecked(
        "accounts",
        "accounts_wallet_covers_held",
        "UPDATE accounts SET wallet_held_units = wallet_posted_units + 1",
    )
    .await;
    let user = w.ada.to_string();
    w.finds("covered", &user).await;
}

async fn a_wrong_count_of_open_orders(w: World) {
    w.run("UPDATE accounts SET open_orders = open_orders + 1").await;
    assert_eq!(w.broken().await, ["open_orders"]);
    let user = w.ada.to_string();
    w.finds("open_orders", &user).await;
}

async fn a_wrong_count_of_open_payments(w: World) {
    w.run("UPDATE accounts SET open_intents = open_intents - 1").await;
    assert_eq!(w.broken().await, ["open_intents"]);
    let user = w.ada.to_string();
    w.finds("open_intents", &user).await;
}

async fn a_hold_whose_parts_are_not_its_amount(w: World) {
    let id = w.key(w.cancelled.hold.id.uuid());
    let sql = format!("UPDATE holds SET wallet_units = wallet_units + 1 WHERE id = {id}");
    w.unchecked("holds", "holds_parts_make_the_amount", &sql).await;
    let hold = w.cancelled.hold.id.to_string();
    w.finds("holds", &hold).await;
}

async fn a_captured_hold_without_its_entry(w: World) {
    let source = w.completed.captured();
    w.tamper(&format!("DELETE FROM transfers WHERE source = '{source}'")).await;
    let hold = w.completed.hold.id.to_string();
    w.finds("capture", &hold).await;
}

async fn a_captured_hold_that_charged_less_than_its_part(w: World) {
    let source = w.completed.captured();
    w.tamper(&format!("UPDATE transfers SET amount_units = 1 WHERE source = '{source}' AND leg = 1")).await;
    let hold = w.completed.hold.id.to_string();
    w.finds("capture", &hold).await;
}

async fn a_captured_hold_that_charged_somebody_else(w: World) {
    let other = given::account().with(10).stored_in(w.opened.backend.store.as_ref()).await;
    let (source, other) = (w.completed.captured(), w.key(other.uuid()));
    w.tamper(&format!("UPDATE transfers SET user_id = {other} WHERE source = '{source}' AND leg = 1")).await;
    let hold = w.completed.hold.id.to_string();
    w.finds("capture", &hold).await;
}

async fn a_released_hold_with_an_entry(w: World) {
    let from = w.completed.captured();
    let source = w.cancelled.captured();
    w.tamper(&format!("UPDATE transfers SET source = '{source}' WHERE source = '{from}'")).await;
    let hold = w.cancelled.hold.id.to_string();
    w.finds("capture", &hold).await;
}

async fn a_capture_without_a_hold(w: World) {
    let hold: namaskah_domain::HoldId = given::id();
    let source = Source::captured(hold).as_str().to_owned();
    w.run(&house_line("adjustment", "revenue", &source)).await;
    assert_eq!(w.broken().await, ["capture"]);
    w.finds("capture", &source).await;
}

async fn a_cost_that_was_not_booked(w: World) {
    let source = w.completed.captured();
    w.tamper(&format!("DELETE FROM transfers WHERE source = '{source}' AND leg = 3")).await;
    let hold = w.completed.hold.id.to_string();
    w.finds("cost", &hold).await;
}

async fn an_ended_order_with_an_open_hold(w: World) {
    let id = w.key(w.waiting.order.uuid());
    w.run(&format!("UPDATE orders SET state = 'expired', ended_at_us = 1 WHERE id = {id}")).await;
    assert_eq!(w.broken().await, ["order_hold"]);
    let order = w.waiting.order.to_string();
    w.finds("order_hold", &order).await;
}

async fn an_order_whose_hold_has_vanished(w: World) {
    let id = w.key(w.cancelled.hold.id.uuid());
    w.run(&format!("DELETE FROM holds WHERE id = {id}")).await;
    let order = w.cancelled.order.to_string();
    w.finds("order_hold", &format!("{order}: cancelled, hold missing")).await;
}

async fn a_hold_without_an_order(w: World) {
    let hold = given::hold(w.ada, 100);
    w.opened.backend.apply(namaskah_domain::UnitOfWork::new().place(hold.clone())).await;
    assert_eq!(w.broken().await, ["hold_order"]);
    w.finds("hold_order", &hold.id.to_string()).await;
}

async fn an_order_that_charges_above_its_price(w: World) {
    let id = w.key(w.completed.order.uuid());
    w.run(&format!("UPDATE orders SET price_units = price_units - 1 WHERE id = {id}")).await;
    let order = w.completed.order.to_string();
    w.finds("price", &order).await;
}

async fn an_order_that_costs_more_than_was_quoted(w: World) {
    w.run("UPDATE quotes SET price_units = price_units - 1").await;
    assert_eq!(w.broken().await, ["quote"]);
    w.finds("quote", "qte_").await;
}

async fn a_number_of_another_reservation(w: World) {
    let id = w.key(w.waiting.order.uuid());
    w.run(&format!("UPDATE orders SET reservation = 'lr_other' WHERE id = {id}")).await;
    assert_eq!(w.broken().await, ["number"]);
    let order = w.waiting.order.to_string();
    w.finds("number", &order).await;
}

async fn a_claim_of_nothing(w: World) {
    let missing = given::id::<()>().uuid();
    let sql = format!("UPDATE idempotency_claims SET outcome = {} WHERE key = 'open'", w.key(missing));
    w.run(&sql).await;
    assert_eq!(w.broken().await, ["claims"]);
    w.finds("claims", &missing.to_string()).await;
}

async fn a_payment_that_credited_another_amount(w: World) {
    let id = w.key(w.paid.id.uuid());
    w.run(&format!("UPDATE intents SET amount_units = amount_units + 1 WHERE id = {id}")).await;
    assert_eq!(w.broken().await, ["payment"]);
    let payment = w.paid.id.to_string();
    w.finds("payment", &payment).await;
}

async fn a_payment_that_credited_and_does_not_say_so(w: World) {
    let id = w.key(w.paid.id.uuid());
    w.run(&format!("UPDATE intents SET state = 'failed' WHERE id = {id}")).await;
    let payment = w.paid.id.to_string();
    w.finds("payment", &payment).await;
}

async fn a_payment_that_says_so_and_credited_nothing(w: World) {
    let id = w.key(w.aside.id.uuid());
    w.run(&format!("UPDATE intents SET state = 'succeeded' WHERE id = {id}")).await;
    let payment = w.aside.id.to_string();
    w.finds("payment", &payment).await;
}

async fn a_payment_that_is_set_aside_with_another_sum(w: World) {
    w.run("UPDATE suspense SET paid_units = paid_units + 1").await;
    let payment = w.aside.id.to_string();
    w.finds("payment", &payment).await;
}

async fn a_payment_that_is_said_to_have_gone_back(w: World) {
    w.run("UPDATE suspense SET state = 'returned', closed_at_us = 1").await;
    assert_eq!(w.broken().await, ["payment"]);
    let payment = w.aside.id.to_string();
    w.finds("payment", &payment).await;
}

async fn a_deposit_that_nobody_asked_for(w: World) {
    w.run(&house_line("psp_clearing:paystack", "suspense", "paystack:nmk-nobody")).await;
    assert_eq!(w.broken().await, ["payment_source"]);
    w.finds("payment_source", "paystack:nmk-nobody").await;
}

async fn a_reservation_that_belongs_to_two_purchases(w: World) {
    w.run("DROP INDEX purchases_reservation_once").await;
    let (one, other) = (w.key(w.waiting.purchase.uuid()), &w.cancelled.reservation);
    w.run(&format!("UPDATE purchases SET reservation = '{other}' WHERE id = {one}")).await;
    let reservation = w.cancelled.reservation.clone();
    w.finds("reservation_once", &reservation).await;
}

async fn a_number_that_is_not_booked(w: World) {
    let source = Source::bought(&w.orphan.bought().expect("a number").reservation);
    w.tamper(&format!("DELETE FROM transfers WHERE source = '{source}'")).await;
    let purchase = w.orphan.id.to_string();
    w.finds("bought", &purchase).await;
}

async fn a_number_that_is_booked_at_another_cost(w: World) {
    let id = w.key(w.cancelled.purchase.uuid());
    w.run(&format!("UPDATE purchases SET cost_units = cost_units + 1 WHERE id = {id}")).await;
    let purchase = w.cancelled.purchase.to_string();
    w.finds("bought", &purchase).await;
}

async fn a_booked_number_that_nobody_had(w: World) {
    w.run(&house_line("provider_receivable", "provider_float:textverified", "buy:lr_nobody")).await;
    w.finds("bought_source", "buy:lr_nobody").await;
}

async fn a_credit_that_is_not_booked(w: World) {
    let id = w.key(w.waiting.purchase.uuid());
    w.run(&format!("UPDATE purchases SET receivable = 'credited', receivable_at_us = 1 WHERE id = {id}"))
        .await;
    let purchase = w.waiting.purchase.to_string();
    w.finds("credited", &purchase).await;
}

async fn a_cost_that_was_given_up_while_it_is_open(w: World) {
    let source = format!("aged:{}", w.waiting.reservation);
    w.run(&house_line("write_off", "provider_receivable", &source)).await;
    w.finds("aged", &source).await;
}

async fn a_receivable_that_its_items_do_not_explain(w: World) {
    w.run(&house_line("write_off", "provider_receivable", "test:lost")).await;
    assert_eq!(w.broken().await, ["receivable"]);
    w.finds("receivable", "provider_receivable").await;
}

async fn a_number_that_was_shown_twice(w: World) {
    let (to, from) = (w.key(w.waiting.order.uuid()), w.key(w.completed.order.uuid()));
    let sql = format!(
        "UPDATE orders SET number_digest = (SELECT number_digest FROM orders WHERE id = {from}) WHERE id = {to}"
    );
    w.run(&sql).await;
    assert_eq!(w.broken().await, ["shown_once"]);
    let user = w.ada.to_string();
    w.finds("shown_once", &user).await;
}

async fn a_late_code_whose_number_was_credited(w: World) {
    let source = format!("late:{}", w.cancelled.reservation);
    w.run(&house_line("cost_of_numbers", "provider_receivable", &source)).await;
    w.finds("late", &source).await;
}

async fn a_swap_without_a_purchase(w: World) {
    w.run(&format!("UPDATE orders SET swaps = 1 WHERE id = {}", w.key(w.waiting.order.uuid()))).await;
    assert_eq!(w.broken().await, ["swaps"]);
    let order = w.waiting.order.to_string();
    w.finds("swaps", &order).await;
}

async fn a_purchase_beside_that_of_an_order(w: World) {
    let (orphan, order) = (w.key(w.orphan.id.uuid()), w.key(w.waiting.order.uuid()));
    w.run(&format!("UPDATE purchases SET order_id = {order} WHERE id = {orphan}")).await;
    let order = w.waiting.order.to_string();
    w.finds("swaps", &order).await;
}

async fn a_batch_that_has_vanished(w: World) {
    w.run("DELETE FROM batches").await;
    assert_eq!(w.broken().await, ["in_batch"]);
    let order = w.waiting.order.to_string();
    w.finds("in_batch", &order).await;
}

async fn an_order_of_a_batch_that_has_vanished(w: World) {
    w.run(&format!("DELETE FROM orders WHERE id = {}", w.key(w.waiting.order.uuid()))).await;
    let batch = w.batch.id.to_string();
    w.finds("batch", &batch).await;
}

async fn an_order_that_left_its_batch(w: World) {
    w.run("UPDATE orders SET batch_id = NULL").await;
    assert_eq!(w.broken().await, ["batch"]);
    let batch = w.batch.id.to_string();
    w.finds("batch", &batch).await;
}

async fn an_order_that_its_batch_does_not_list(w: World) {
    let (batch, order) = (w.key(w.batch.id.uuid()), w.key(w.cancelled.order.uuid()));
    w.run(&format!("UPDATE orders SET batch_id = {batch} WHERE id = {order}")).await;
    assert_eq!(w.broken().await, ["listed"]);
    let order = w.cancelled.order.to_string();
    w.finds("listed", &order).await;
}

/// A line from revenue to a purse of hers, in SQL.
fn user_line(w: &World, purse: &str, units: i64, source: &str, leg: u16) -> String {
    format!(
        "INSERT INTO transfers (user_id, debit_account, credit_account, amount_units, currency, kind, source, leg, \
         balance_after_units, account_version, created_at_us) VALUES ({}, 'revenue', '{purse}', {units}, 'USD', \
         'refund', '{source}', {leg}, 1, 1, 1)",
        w.key(w.ada.uuid())
    )
}

async fn a_guard_that_was_taken_away(w: World) {
    w.run("DROP INDEX holds_one_open_an_order").await;
    assert_eq!(w.broken().await, ["guards"]);
    w.finds("guards", "holds_one_open_an_order").await;
}

async fn a_guard_of_the_journal_that_was_taken_away(w: World) {
    let off = "ALTER TABLE transfers DISABLE TRIGGER transfers_final";
    w.run(if w.is_postgres() { off } else { "DROP TRIGGER transfers_final" }).await;
    w.finds("guards", "transfers_final").await;
}

/// A line between two accounts of the house, in SQL.
fn house_line(debit: &str, credit: &str, source: &str) -> String {
    format!(
        "INSERT INTO transfers (debit_account, credit_account, amount_units, currency, kind, source, leg, \
         created_at_us) VALUES ('{debit}', '{credit}', {}, 'USD', 'cost', '{source}', 1, 1)",
        amount(5).units()
    )
}
