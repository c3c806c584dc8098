//! Notifications: what a customer is told, here and by mail, and what he wishes of that.

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    admin::{member, owner},
    controls::eventually,
    customer::{Answer, Customer, text},
    on_both,
    world::World,
};

on_both! {
    a_deposit_is_told_with_its_receipt_and_read,
    a_sign_in_from_a_new_device_is_told_and_that_mail_cannot_be_switched_off,
    a_low_balance_is_told_once_and_what_is_switched_off_is_not,
    staff_hears_of_a_new_ticket_and_the_customer_of_its_answer,
    what_was_told_is_exported_and_goes_with_the_account,
    letters_are_shown_at_the_console_and_in_the_sandbox,
    an_address_that_is_refused_gets_no_mail_until_staff_allows_it,
}

async fn told(who: &Customer, query: &str) -> Vec<Value> {
    let list = who.get(&format!("notifications{query}")).await.is(200);
    list["data"].as_array().expect("a list").clone()
}

async fn wishes(who: &Customer, change: impl FnOnce(&mut Value)) -> Answer {
    let mut wanted = who.get("notifications/settings").await.is(200);
    for of_staff in ["ticket_opened", "staff_alert"] {
        wanted.as_object_mut().expect("an object").remove(of_staff);
    }
    change(&mut wanted);
    Answer::of(who.request(Method::PUT, "notifications/settings").json(&wanted)).await
}

async fn mails(world: &World, who: &Customer, subject: &str) -> usize {
    let mails = world.controls.look(&format!("inbox?to={}", who.email)).await;
    mails["data"].as_array().expect("a list").iter().filter(|mail| mail["subject"] == subject).count()
}

async fn a_deposit_is_told_with_its_receipt_and_read(world: &World) {
    let ada = world.customer_with("5.00").await;
    let list = told(&ada, "").await;
    let [deposit] = &list[..] else { panic!("{list:?}") };
    let payment = ada.get("payments").await.is(200)["data"][0].clone();
    assert_eq!((&deposit["kind"], &deposit["subject"]), (&json!("deposit_received"), &payment["id"]));
    assert_eq!(deposit["read_at"], Value::Null);
    let receipt = world.controls.mail(&ada.email, "Your payment has arrived").await.to_string();
    for part in ["5.00 USD", text(&payment, "reference").as_str()] {
        assert!(receipt.contains(part), "{part}: {receipt}");
    }
    let read = format!("notifications/{}/read", text(deposit, "id"));
    let eve = world.customer().await;
    eve.post(&read, json!(null)).await.refused(404, "not_found");
    let first = ada.post(&read, json!(null)).await.is(200);
    assert!(first["read_at"].is_string(), "{first}");
    assert_eq!(ada.post(&read, json!(null)).await.is(200), first);
    assert_eq!(told(&ada, "?unread=true").await, [] as [Value; 0]);
    assert_eq!(told(&ada, "?limit=1").await, [first]);
    assert_eq!(told(&eve, "").await, [] as [Value; 0]);
}

async fn a_sign_in_from_a_new_device_is_told_and_that_mail_cannot_be_switched_off(world: &World) {
    const SUBJECT: &str = "A new sign-in to your account";
    let ada = world.customer().await;
    ada.sign_in().await;
    let signs_in = |device: &'static str| {
        let request = ada.request(Method::POST, "auth/login").json(&ada.credentials());
        request.header("user-agent", device)
    };
    Answer::of(signs_in("<b>Evil</b>/1.0")).await.is(200);
    Answer::of(signs_in("<b>Evil</b>/1.0")).await.is(200);
    let mail = world.controls.mail(&ada.email, SUBJECT).await;
    let html = text(&mail, "html");
    assert!(html.contains("&#60;b&#62;Evil&#60;/b&#62;") && !html.contains("<b>Evil"), "{html}");
    let list = told(&ada, "").await;
    let kinds: Vec<_> = list.iter().map(|told| told["kind"].as_str()).collect();
    assert_eq!(kinds, [Some("new_sign_in")], "the first device of all and the same one again are no news");
    let refused = wishes(&ada, |wanted| wanted["new_sign_in"]["mail"] = json!(false)).await;
    let problem = refused.refused(422, "invalid_request");
    assert_eq!(problem["errors"][0]["field"], "new_sign_in.mail");
    wishes(&ada, |wanted| wanted["new_sign_in"]["in_app"] = json!(false)).await.is(200);
    assert_eq!(told(&ada, "").await, [] as [Value; 0]);
    Answer::of(signs_in("Another/2.0")).await.is(200);
    eventually("another mail about a sign-in", || async {
        (mails(world, &ada, SUBJECT).await == 2).then_some(())
    })
    .await;
}

async fn a_low_balance_is_told_once_and_what_is_switched_off_is_not(world: &World) {
    const SUBJECT: &str = "Your balance is low";
    let ada = world.customer_with("5.00").await;
    let threshold = json!({ "low_balance_threshold": { "amount": "4.50", "currency": "USD" } });
    let put =
        async |body: &Value| Answer::of(ada.request(Method::PUT, "wallet/settings").json(body)).await.is(200);
    put(&threshold).await;
    ada.rents("telegram").await;
    let mail = world.controls.mail(&ada.email, SUBJECT).await.to_string();
    assert!(mail.contains("4.50 USD"), "{mail}");
    put(&threshold).await;
    world.controls.advance(30).await;
    assert_eq!(mails(world, &ada, SUBJECT).await, 1, "he knows");
    let low = ada.get("events?limit=100").await.is(200)["data"].clone();
    let low: Vec<Value> = low
        .as_array()
        .expect("events")
        .iter()
        .filter(|e| e["type"] == "wallet.low_balance")
        .cloned()
        .collect();
    let available = ada.get("wallet").await.is(200)["available"].clone();
    let object = json!({
        "id": ada.get("me").await.is(200)["id"],
        "available": available,
        "low_balance_threshold": threshold["low_balance_threshold"],
    });
    assert_eq!(low.iter().map(|event| &event["data"]["object"]).collect::<Vec<_>>(), [&object]);

    let eve = world.customer_with("5.00").await;
    wishes(&eve, |wanted| wanted["low_balance"] = json!({ "in_app": true, "mail": false })).await.is(200);
    Answer::of(eve.request(Method::PUT, "wallet/settings").json(&threshold)).await.is(200);
    eve.rents("telegram").await;
    let kind = eventually("a notification", || async {
        let newest = told(&eve, "?limit=1").await.remove(0);
        (newest["kind"] == "low_balance").then_some(newest["kind"].clone())
    });
    assert_eq!(kind.await, "low_balance");
    assert_eq!(mails(world, &eve, SUBJECT).await, 0);
}

async fn staff_hears_of_a_new_ticket_and_the_customer_of_its_answer(world: &World) {
    let owner = owner(world).await;
    let support = member(world, &owner, "support").await;
    let ada = world.customer().await;
    let ask = json!({ "subject": "A <private> word", "body": "Help", "category": "account" });
    let ticket = ada.post("support/tickets", ask).await.is(201);
    let mail = world.controls.mail(&support.who.email, "A customer has opened a ticket").await.to_string();
    assert!(!mail.contains("private") && mail.contains(&text(&ticket, "id")), "{mail}");
    let newest = told(&support.who, "?limit=1").await.remove(0);
    assert_eq!((&newest["kind"], &newest["subject"]), (&json!("ticket_opened"), &ticket["id"]));
    let settings = support.who.get("notifications/settings").await.is(200);
    assert_eq!(settings["ticket_opened"], json!({ "in_app": true, "mail": true }));
    assert_eq!(ada.get("notifications/settings").await.is(200)["ticket_opened"], Value::Null);
    let reply = format!("admin/tickets/{}/reply", text(&ticket, "id"));
    support.who.post(&reply, json!({ "body": "So." })).await.is(200);
    let answered = told(&ada, "?unread=true").await.remove(0);
    assert_eq!((&answered["kind"], &answered["subject"]), (&json!("ticket_answered"), &ticket["id"]));
}

async fn what_was_told_is_exported_and_goes_with_the_account(world: &World) {
    let owner = owner(world).await;
    let support = member(world, &owner, "support").await;
    let ada = world.customer().await;
    let ask = json!({ "subject": "Leaving", "body": "How?", "category": "account" });
    let ticket = ada.post("support/tickets", ask).await.is(201);
    let reply = format!("admin/tickets/{}/reply", text(&ticket, "id"));
    support.who.post(&reply, json!({ "body": "So." })).await.is(200);
    wishes(&ada, |wanted| wanted["refund_made"]["mail"] = json!(false)).await.is(200);
    let export = ada.get("me/export").await.is(200);
    assert_eq!(export["notifications"][0]["kind"], "ticket_answered");
    assert_eq!(export["notification_settings"]["refund_made"], json!({ "in_app": true, "mail": false }));
    ada.steps_up().await;
    ada.delete("me").await.is(204);
    eventually("what was told is erased", || async {
        world.controls.advance(70).await;
        let left = world.books.count("SELECT COUNT(*) FROM notification_settings").await;
        (left == 0).then_some(())
    })
    .await;
    let left = "SELECT COUNT(*) FROM notifications WHERE occasion = 'ticket_answered'";
    assert_eq!(world.books.count(left).await, 0);
}

async fn letters_are_shown_at_the_console_and_in_the_sandbox(world: &World) {
    let (well, names) = world.console(&["mail", "preview"]).await;
    assert!(well && names.contains("deposit_received     Your payment has arrived"), "{names}");
    let (well, text) = world.console(&["mail", "preview", "new_sign_in"]).await;
    assert!(well && text.contains("Subject: A new sign-in") && text.contains("Firefox on <Linux>"), "{text}");
    let (well, html) = world.console(&["mail", "preview", "new_sign_in", "--html"]).await;
    assert!(well && html.contains("Firefox on &#60;Linux&#62;"), "{html}");
    let (well, told) = world.console(&["mail", "preview", "love"]).await;
    assert!(!well && told.contains("there is no letter love"), "{told}");
    let page =
        reqwest::get(format!("{}/letters/deposit_received.txt", world.product)).await.expect("an answer");
    assert!(page.text().await.expect("a letter").contains("Subject: Your payment has arrived"));
}

async fn an_address_that_is_refused_gets_no_mail_until_staff_allows_it(world: &World) {
    let owner = owner(world).await;
    let support = member(world, &owner, "support").await;
    // The simulated mail server has no mailbox of such a name.
    let mut ada = Customer::stranger(&world.product);
    ada.email = format!("nobody-{}", ada.email);
    ada.post("auth/register", ada.credentials()).await.is(202);
    let found = owner.who.get(&format!("admin/users?q={}", ada.email)).await.is(200);
    let path = format!("admin/users/{}/mail", text(&found["data"][0], "id"));
    let mail = eventually("the address is suppressed", || async {
        let mail = support.who.get(&path).await.is(200);
        (mail["suppressed"] == true).then_some(mail)
    });
    assert_eq!(mail.await["reply"], 550);
    let tried = async || world.controls.look("control/state").await["smtp"]["refused"].clone();
    assert_eq!(tried().await, 1);
    ada.post("auth/resend-verification", json!({ "email": ada.email })).await.is(202);
    eventually("the letter is dropped", || async {
        (world.books.count("SELECT COUNT(*) FROM jobs WHERE state = 'pending'").await == 0).then_some(())
    })
    .await;
    assert_eq!(tried().await, 1, "nothing was sent");
    let listed = async || support.who.get("admin/suppressions").await.is(200)["data"].clone();
    let list = listed().await;
    let shown = [&list[0]["user_id"], &list[0]["email"], &list[0]["reply"]];
    assert_eq!(shown, [&found["data"][0]["id"], &json!(ada.email), &json!(550)], "{list}");
    assert_eq!(list.as_array().map(Vec::len), Some(1), "{list}");
    let allowed = support.who.post(&format!("{path}/allow"), json!({})).await.is(200);
    assert_eq!(allowed["suppressed"], false);
    assert_eq!(listed().await, json!([]));
    assert_eq!(owner.newest_line(&text(&found["data"][0], "id")).await["action"], "user.mail_allowed");
    ada.post("auth/resend-verification", json!({ "email": ada.email })).await.is(202);
    eventually("it is refused again", || async { (tried().await == 2).then_some(()) }).await;
}
