//! Tickets: a customer asks, support answers, and each sees what is meant for him.

use serde_json::{Value, json};

use super::{World, id_of, member, on_both, owner};
use crate::journeys::{controls::eventually, customer::text};

on_both! {
    a_question_is_answered_noted_assigned_and_closed,
    support_says_often_what_is_canned_and_sees_the_order_that_is_asked_about,
    a_ticket_is_its_users_and_supports_alone,
    what_was_written_is_exported_and_goes_with_the_account,
}

fn words(list: &Value) -> Vec<(&str, &str)> {
    let each = list["data"].as_array().expect("a list").iter();
    each.map(|line| (line["from"].as_str().expect("who"), line["body"].as_str().expect("what"))).collect()
}

async fn a_question_is_answered_noted_assigned_and_closed(world: &World) {
    let owner = owner(world).await;
    let support = member(world, &owner, "support").await;
    let ada = world.customer_with("5.00").await;
    let order = ada.rents("telegram").await;
    let question = json!({
        "subject": "No code <b>came</b>", "body": "I waited.\r\nTwice.", "category": "verification",
        "verification_id": order["id"],
    });
    let ticket = ada.post("support/tickets", question).await.is(201);
    let id = text(&ticket, "id");
    assert_eq!((&ticket["status"], &ticket["subject"]), (&json!("open"), &json!("No code <b>came</b>")));

    let waiting = support.who.get("admin/tickets?status=open").await.is(200);
    assert_eq!(waiting["data"][0]["id"], json!(id));
    let act =
        async |what: &str, body: Value| support.who.post(&format!("admin/tickets/{id}/{what}"), body).await;
    act("reply", json!({ "body": "Looks honest", "internal": true })).await.is(200);
    let answered = act("reply", json!({ "body": "Try again, please." })).await.is(200);
    let me = id_of(&support.who).await;
    assert_eq!((&answered["status"], &answered["assignee"]), (&json!("answered"), &json!(me)));
    let seen = ada.get(&format!("support/tickets/{id}/messages")).await.is(200);
    assert_eq!(words(&seen), [("support", "Try again, please."), ("you", "I waited.\nTwice.")]);
    assert!(seen["data"][0].get("author_id").is_none(), "who of staff it was is nobody's business");
    let all = support.who.get(&format!("admin/tickets/{id}/messages")).await.is(200);
    assert_eq!(words(&all).len(), 3);
    assert_eq!(all["data"][1]["from"], "note");
    let mail = world.controls.mail(&ada.email, "Support has answered").await.to_string();
    assert!(!mail.contains("Try again") && !mail.contains("came"), "{mail}");

    ada.post(&format!("support/tickets/{id}/messages"), json!({ "body": "It came, thank you" }))
        .await
        .is(201);
    assert_eq!(ada.get(&format!("support/tickets/{id}")).await.is(200)["status"], "open");
    act("assign", json!({ "assignee": me })).await.is(200);
    let nobody = act("assign", json!({ "assignee": "nobody" })).await.is(200);
    assert_eq!(nobody["assignee"], Value::Null);
    act("status", json!({ "status": "closed" })).await.is(200);
    assert_eq!(ada.get("support/tickets?status=closed").await.is(200)["data"][0]["id"], json!(id));
    let line = owner.newest_line(&id).await;
    assert_eq!(
        (&line["action"], &line["before"]["status"]),
        (&json!("ticket.status_changed"), &json!("open"))
    );
    let log = owner.who.get(&format!("admin/audit-log?subject={id}")).await.is(200);
    assert_eq!(log["data"].as_array().map(Vec::len), Some(5));
    assert!(!log.to_string().contains("honest"), "{log}");
}

async fn a_ticket_is_its_users_and_supports_alone(world: &World) {
    let owner = owner(world).await;
    let support = member(world, &owner, "support").await;
    let (ada, eve) = (world.customer().await, world.customer_with("5.00").await);
    let ask = |more: Value| {
        let mut ask = json!({ "subject": "Help", "body": "Please", "category": "other" });
        ask.as_object_mut().expect("an object").extend(more.as_object().cloned().expect("an object"));
        ask
    };
    let ticket = ada.post("support/tickets", ask(json!({}))).await.is(201);
    let id = text(&ticket, "id");
    eve.get(&format!("support/tickets/{id}")).await.refused(404, "not_found");
    eve.get(&format!("support/tickets/{id}/messages")).await.refused(404, "not_found");
    let line = json!({ "body": "Let me in" });
    eve.post(&format!("support/tickets/{id}/messages"), line).await.refused(404, "not_found");
    assert_eq!(eve.get("support/tickets").await.is(200)["data"], json!([]));
    let order = eve.rents("telegram").await;
    let foreign = ask(json!({ "verification_id": order["id"] }));
    ada.post("support/tickets", foreign).await.refused(422, "invalid_request");
    let paid = eve.get("payments").await.is(200);
    let foreign = ask(json!({ "payment_id": paid["data"][0]["id"] }));
    ada.post("support/tickets", foreign).await.refused(422, "invalid_request");
    for (field, bad) in
        [("subject", json!("two\nlines")), ("body", json!("bell\u{7}")), ("category", json!("abuse"))]
    {
        ada.post("support/tickets", ask(json!({ field: bad }))).await.refused(422, "invalid_request");
    }
    let own = support.who.post("support/tickets", ask(json!({}))).await.is(201);
    let own = format!("admin/tickets/{}/reply", text(&own, "id"));
    support.who.post(&own, json!({ "body": "Of course" })).await.refused(409, "own_account");
    let assign = format!("admin/tickets/{id}/assign");
    let customer = json!({ "assignee": id_of(&eve).await });
    support.who.post(&assign, customer).await.refused(422, "invalid_request");
    for _ in 1..20 {
        ada.post("support/tickets", ask(json!({}))).await.is(201);
    }
    ada.post("support/tickets", ask(json!({}))).await.refused(409, "too_many_open_tickets");
}

async fn what_was_written_is_exported_and_goes_with_the_account(world: &World) {
    let owner = owner(world).await;
    let support = member(world, &owner, "support").await;
    let ada = world.customer().await;
    let ask = json!({ "subject": "Leaving }", "body": "How do I \"leave\"?}", "category": "account" });
    let ticket = ada.post("support/tickets", ask).await.is(201);
    let id = text(&ticket, "id");
    support.who.post(&format!("admin/tickets/{id}/reply"), json!({ "body": "So." })).await.is(200);
    let note = json!({ "body": "A pity", "internal": true });
    support.who.post(&format!("admin/tickets/{id}/reply"), note).await.is(200);
    let export = ada.get("me/export").await.is(200);
    let messages = export["tickets"][0]["messages"].as_array().expect("messages");
    let said: Vec<_> = messages.iter().map(|message| message["body"].as_str()).collect();
    assert_eq!(said, [Some("So."), Some("How do I \"leave\"?}")]);
    assert_eq!(export["tickets"][0]["subject"], "Leaving }");
    ada.steps_up().await;
    ada.delete("me").await.is(204);
    let gone = eventually("what was written is erased", || async {
        world.controls.advance(70).await;
        let seen = support.who.get(&format!("admin/tickets/{id}")).await.is(200);
        seen["subject"].is_null().then_some(seen)
    });
    assert_eq!(gone.await["category"], "account");
    let left = support.who.get(&format!("admin/tickets/{id}/messages")).await.is(200);
    assert_eq!(left["data"].as_array().map(Vec::len), Some(3));
    assert!(left["data"].as_array().expect("a list").iter().all(|line| line["body"].is_null()), "{left}");
}

async fn support_says_often_what_is_canned_and_sees_the_order_that_is_asked_about(world: &World) {
    let owner = owner(world).await;
    let support = member(world, &owner, "support").await;
    let wait = json!({ "name": "Wait <b>on</b>", "body": "Wait on, please." });
    let canned = support.who.post("admin/canned-answers", wait.clone()).await.is(201);
    let path = format!("admin/canned-answers/{}", text(&canned, "id"));
    let changed = json!({ "name": "Wait", "body": "Please wait." });
    let put = support.who.request(reqwest::Method::PUT, &path).json(&changed);
    crate::journeys::customer::Answer::of(put).await.is(200);
    support.who.post("admin/canned-answers", json!({ "name": "Again", "body": "Ask again." })).await.is(201);
    let names = async || {
        let list = support.who.get("admin/canned-answers").await.is(200);
        let each = list["data"].as_array().expect("a list").iter();
        each.map(|canned| text(canned, "name")).collect::<Vec<_>>()
    };
    assert_eq!(names().await, ["Again", "Wait"]);
    support.who.delete(&path).await.is(204);
    support.who.delete(&path).await.refused(404, "not_found");
    assert_eq!(names().await, ["Again"]);
    let line = owner.newest_line(&text(&canned, "id")).await;
    assert_eq!((&line["action"], &line["before"]["name"]), (&json!("canned_answer.removed"), &json!("Wait")));

    let ada = world.customer_with("5.00").await;
    let order = ada.rents("telegram").await;
    let ask = json!({
        "subject": "No code", "body": "Why?", "category": "verification", "verification_id": order["id"],
    });
    let ticket = ada.post("support/tickets", ask).await.is(201);
    let steps = support.who.get(&format!("admin/tickets/{}/order", text(&ticket, "id"))).await.is(200);
    let kinds: Vec<_> =
        steps["data"].as_array().expect("steps").iter().map(|step| text(step, "kind")).collect();
    assert_eq!(kinds[..2], ["created", "held"]);
    assert!(!steps.to_string().contains(&text(&order, "phone_number")), "{steps}");
    let other = json!({ "subject": "Hello", "body": "Hello", "category": "other" });
    let other = ada.post("support/tickets", other).await.is(201);
    let none = support.who.get(&format!("admin/tickets/{}/order", text(&other, "id"))).await.is(200);
    assert_eq!(none["data"], json!([]));
}
