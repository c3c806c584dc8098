//! The laws are worth something only if they name what is broken: each of these snapshots was lawful but for one
//! change.

use namaskah_domain::{
    Currency, Money, Time,
    memory::{
        Platform,
        laws::{self, Snapshot},
    },
    time::{minutes, seconds},
    verification::{Order, PurchaseState, Receivable},
    wallet::{HoldState, House, LedgerAccount},
};

/// A funded user with one order that completed for 1.13 and one that waits for 0.75.
async fn lawful() -> (Snapshot, Time) {
    let platform = Platform::new(31);
    let ada = platform.new_user("ada@example.com").await.expect("a user");
    platform.fund(ada, "10.00").await.expect("funds");
    let order = platform.buy(ada, "whatsapp", "2.00").await.expect("an order");
    platform.deliver(order.head().id, "Your code is 482913").await.expect("delivered");
    platform.buy(ada, "telegram", "2.00").await.expect("an order");
    assert_eq!(laws::check(&platform), [""; 0]);
    (Snapshot::of(&platform.store), namaskah_domain::Clock::now(platform.clock.as_ref()))
}

fn usd(units: i64) -> Money {
    Money::from_units(units, Currency::Usd)
}

/// What the laws of money say after `change`.
async fn money(change: impl FnOnce(&mut Snapshot)) -> String {
    let (mut snapshot, _) = lawful().await;
    change(&mut snapshot);
    laws::of_money(&snapshot).join("\n")
}

fn assert_told(told: &str, law: &str) {
    assert!(told.lines().any(|line| line.contains(law)), "no {law:?} in {told:?}");
}

#[tokio::test]
async fn an_account_that_is_not_the_sum_of_its_lines_is_named() {
    let told = money(|now| now.accounts[0].wallet.posted = usd(1)).await;
    assert_told(&told, "1: Wallet of");
    assert_told(&told, "2: Wallet of");
    assert_told(&money(|now| now.accounts[0].wallet.held = usd(1)).await, "holds 0.000001 USD, its holds");
    assert_told(&money(|now| now.accounts[0].debt = usd(1)).await, "owes 0.000001 USD, the postings say 0");
    let gift = money(|now| now.accounts[0].promo.posted = usd(1)).await;
    assert_told(&gift, "has 0.000001 USD of promo, and gifts explain 0");
    assert_told(&money(|now| now.accounts[0].promo_lapsed = usd(1)).await, "of promo");
    assert_told(&money(|now| now.accounts[0].open_disputes = 1).await, "0 open disputes over 0 and counts 0");
    assert_told(&money(|now| now.accounts[0].disputed = usd(1)).await, "has 0 open disputes over 0.000001");
    assert_told(&money(|now| now.accounts[0].open_orders = 2).await, "counts 2 open orders of 1");
    assert_told(&money(|now| now.accounts[0].open_intents = 1).await, "counts 1 open payments of 0");
}

#[tokio::test]
async fn a_line_that_stands_twice_pays_itself_or_tells_another_balance_is_named() {
    assert_told(&money(|now| now.journal.push(now.journal[0].clone())).await, "is posted twice");
    let itself = |now: &mut Snapshot| now.journal[0].0.debit = now.journal[0].0.credit;
    assert_told(&money(itself).await, "pays itself");
    let deposit = |now: &mut Snapshot| {
        let line = now.journal.iter_mut().find(|(transfer, _)| transfer.credit.user().is_some());
        line.expect("a deposit").1 = Some(usd(1));
    };
    assert_told(&money(deposit).await, "tells a balance of Some(1), not 10000000");
}

#[tokio::test]
async fn a_hold_that_was_not_charged_what_it_is_due_is_named() {
    let held = |now: &mut Snapshot, open: bool| {
        let is_open = |state| state == HoldState::Open;
        now.holds.iter().position(|hold| is_open(hold.state) == open).expect("a hold")
    };
    let taken = money(|now| {
        let place = held(now, true);
        now.holds[place].state = HoldState::Captured { at: Time::UNIX_EPOCH };
    })
    .await;
    assert_told(&taken, "and charged 0 of 0.75 USD");
    assert_told(&taken, "is waiting and its hold Captured");
    assert_told(&taken, "1130000 was revenue, 1880000 was captured");
    let released = money(|now| {
        let place = held(now, false);
        now.holds[place].state = HoldState::Released { at: Time::UNIX_EPOCH };
    })
    .await;
    assert_told(&released, "and charged 1130000 of 1.13 USD");
    assert_told(&released, "is completed and its hold Released");
    assert_told(&money(|now| now.holds[0].split.promo = usd(1)).await, "3: the parts of");
    assert_told(&money(|now| now.holds.clear()).await, "has no hold");
    assert_told(
        &money(|now| now.holds[0].user = namaskah_domain::UserId::from_uuid(uuid::Uuid::nil())).await,
        "5: ver_",
    );
}

#[tokio::test]
async fn a_payment_that_credited_another_sum_or_tells_of_other_refunds_is_named() {
    let revenue = LedgerAccount::House(House::Revenue);
    let elsewhere = money(|now| {
        let line = now.journal.iter_mut().find(|(transfer, _)| transfer.credit.user().is_some());
        line.expect("a deposit").0.credit = revenue;
    })
    .await;
    assert_told(&elsewhere, "credited 0 of 10000000");
    assert_told(&money(|now| now.intents[0].back.taken = usd(5)).await, "tells (5, 0, 0) of 0, 0, 0");
}

#[tokio::test]
async fn a_cost_that_nobody_accounts_for_is_named() {
    let told = money(|now| {
        let open = now.purchases.iter_mut().find_map(|purchase| match &mut purchase.state {
            PurchaseState::Bound(bought) if bought.receivable == Receivable::Open => Some(bought),
            _ => None,
        });
        open.expect("a number that waits").receivable = Receivable::Costed { at: Time::UNIX_EPOCH };
    })
    .await;
    assert_told(&told, "500000 is receivable, 0 is open");
}

#[tokio::test]
async fn texts_that_are_not_an_orders_own_are_named() {
    let texts = async |change: fn(&mut Snapshot)| {
        let (mut snapshot, _) = lawful().await;
        change(&mut snapshot);
        laws::of_orders(&snapshot, seconds(0)).join("\n")
    };
    assert_eq!(texts(|_| {}).await, "");
    assert_told(&texts(|now| now.messages.clear()).await, "is completed and its code readable: false");
    assert_told(&texts(|now| now.messages[0].received_at -= minutes(1)).await, "a text that is not its own");
    assert_told(&texts(|now| now.messages[0].received_at += minutes(60)).await, "a text from after its end");
    assert_told(&texts(|now| now.messages[0].late = true).await, "a text too late");
    let moved = |now: &mut Snapshot| {
        let waiting = now.orders.iter().find(|order| matches!(order, Order::Waiting(_))).expect("one waits");
        now.messages[0].order = waiting.head().id;
    };
    assert_told(&texts(moved).await, "is waiting and its code readable: true");
}

#[tokio::test]
async fn an_order_that_waits_past_its_end_is_named() {
    let (snapshot, now) = lawful().await;
    assert_eq!(laws::of_time(&snapshot, now), [""; 0]);
    let ends = snapshot.orders.iter().find(|order| !order.status().is_final()).and_then(Order::expires_at);
    let ends = ends.expect("one waits");
    assert_eq!(laws::of_time(&snapshot, ends + seconds(4)), [""; 0]);
    assert_told(&laws::of_time(&snapshot, ends + seconds(5)).join("\n"), "still waits at");
}

#[tokio::test]
async fn a_number_that_is_bought_or_shown_twice_is_named() {
    let (lawful, _) = lawful().await;
    assert_eq!(laws::of_purchases(&lawful), [""; 0]);
    let mut twice = lawful.clone();
    twice.purchases.push(twice.purchases[0].clone());
    let told = laws::of_purchases(&twice).join("\n");
    assert_told(&told, "belongs to two purchases");
    assert_told(&told, "and its purchases do not agree");
    let mut shown = lawful.clone();
    shown.orders.push(shown.orders[0].clone());
    assert_told(&laws::of_purchases(&shown).join("\n"), "shows a number for the second time");
    let mut absent = lawful;
    absent.purchases[0].state = PurchaseState::Sent;
    assert_told(&laws::of_purchases(&absent).join("\n"), "and its purchases do not agree");
}

#[tokio::test]
async fn what_may_never_change_and_did_is_named() {
    let (before, _) = lawful().await;
    assert_eq!(laws::of_history(&before, &before), [""; 0]);
    let after = |change: fn(&mut Snapshot)| {
        let mut after = before.clone();
        change(&mut after);
        laws::of_history(&before, &after).join("\n")
    };
    let gone = "1: an entry has changed or vanished";
    assert_told(&after(|now| drop(now.journal.pop())), gone);
    assert_told(&after(|now| now.journal[0].0.leg = 9), gone);
    assert_told(&after(|now| now.holds.clear()), "ended twice");
    assert_told(&after(|now| now.messages.clear()), "9: a text has vanished");
    assert_told(
        &after(|now| now.orders.retain(|order| !order.status().is_final())),
        "was completed and is None",
    );
}
