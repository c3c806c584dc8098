//! Users: found, seen, suspended, reset; their past in one line.

use serde_json::{Value, json};

use super::{World, id_of, member, on_both, owner};

on_both! {
    users_are_found_by_address_identifier_state_and_role,
    a_suspension_ends_every_session_at_once_and_lets_open_orders_end_by_themselves,
    a_reset_voids_the_password_and_mails_a_link,
    what_happened_around_a_user_is_told_newest_first_in_pages,
}

fn emails(list: &Value) -> Vec<&str> {
    list["data"].as_array().expect("a list").iter().filter_map(|user| user["email"].as_str()).collect()
}

async fn users_are_found_by_address_identifier_state_and_role(world: &World) {
    let owner = owner(world).await;
    let support = member(world, &owner, "support").await;
    let ada = world.customer_with("5.00").await;
    let id = id_of(&ada).await;
    let find = async |query: &str| support.who.get(&format!("admin/users?{query}")).await.is(200);
    assert_eq!(emails(&find(&format!("q={}", &ada.email[..12])).await), [&ada.email]);
    assert_eq!(emails(&find(&format!("q={}", ada.email.to_uppercase())).await), [&ada.email]);
    assert_eq!(emails(&find(&format!("q={id}")).await), [&ada.email]);
    assert_eq!(emails(&find(&format!("q={id}&role=owner")).await), [""; 0]);
    assert_eq!(emails(&find("q=usr_00000000000000000000000000").await), [""; 0]);
    assert_eq!(emails(&find("role=owner").await), [&owner.who.email]);
    assert_eq!(emails(&find("role=user&status=active").await), [&ada.email]);
    assert_eq!(emails(&find("status=suspended").await), [""; 0]);
    let page = find("limit=1").await;
    assert_eq!((emails(&page), &page["has_more"]), (vec![ada.email.as_str()], &json!(true)));

    ada.orders("telegram").await;
    let detail = support.who.get(&format!("admin/users/{id}")).await.is(200);
    assert_eq!(detail["money"]["wallet_held"]["amount"], "0.75");
    assert_eq!(
        (&detail["money"]["open_orders"], &detail["payments"][0]["status"]),
        (&json!(1), &json!("succeeded"))
    );
    assert_eq!(detail["sessions"].as_array().map(Vec::len), Some(1));
    support.who.get("admin/users/usr_00000000000000000000000000").await.refused(404, "not_found");
}

async fn a_suspension_ends_every_session_at_once_and_lets_open_orders_end_by_themselves(world: &World) {
    let owner = owner(world).await;
    let ada = world.customer_with("5.00").await;
    let id = id_of(&ada).await;
    let order = ada.orders("telegram").await;
    let act = async |what: &str, body: Value| owner.who.post(&format!("admin/users/{id}/{what}"), body).await;
    let past = json!({ "reason": "spam", "until": "2020-01-01T00:00:00.000Z" });
    act("suspend", past).await.refused(422, "invalid_request");
    let suspended = act("suspend", json!({ "reason": "spam" })).await.is(200);
    assert_eq!(
        (&suspended["status"], &suspended["suspension"]["reason"]),
        (&json!("suspended"), &json!("spam"))
    );
    ada.get("me").await.refused(401, "unauthorized");
    ada.post("auth/login", ada.credentials()).await.refused(403, "account_suspended");
    let line = owner.newest_line(&id).await;
    assert_eq!((&line["action"], &line["after"]["reason"]), (&json!("user.suspended"), &json!("spam")));
    world.controls.text(&order, "code 445566", "deliver").await;
    let captured = "SELECT COUNT(*) FROM orders WHERE state = 'completed'";
    super::super::controls::eventually("the order ends", || async {
        (world.books.count(captured).await == 1).then_some(())
    })
    .await;

    act("unsuspend", Value::Null).await.is(200);
    act("unsuspend", Value::Null).await.is(200);
    let line = owner.newest_line(&id).await;
    assert_eq!((&line["action"], &line["before"]["reason"]), (&json!("user.unsuspended"), &json!("spam")));
    ada.sign_in().await;
    act("end-sessions", Value::Null).await.is(204);
    ada.get("me").await.refused(401, "unauthorized");
    assert_eq!(owner.newest_line(&id).await["action"], "user.sessions_ended");
    let nobody = "admin/users/usr_00000000000000000000000000/suspend";
    owner.who.post(nobody, json!({ "reason": "spam" })).await.refused(404, "not_found");
}

async fn a_reset_voids_the_password_and_mails_a_link(world: &World) {
    let owner = owner(world).await;
    let ada = world.customer().await;
    let id = id_of(&ada).await;
    let before = world.controls.mailed_token(&ada.email, None).await;
    owner.who.post(&format!("admin/users/{id}/force-reset"), Value::Null).await.is(204);
    ada.get("me").await.refused(401, "unauthorized");
    ada.post("auth/login", ada.credentials()).await.refused(401, "invalid_credentials");
    let token = world.controls.mailed_token(&ada.email, Some(&before)).await;
    let new = "nine loud drums beat";
    ada.post("auth/password/reset", json!({ "token": token, "password": new })).await.is(204);
    ada.has_password(new);
    ada.sign_in().await;
    let line = owner.newest_line(&id).await;
    assert_eq!(
        (&line["action"], &line["before"]["must_change_password"]),
        (&json!("user.password_reset"), &json!("false"))
    );
}

async fn what_happened_around_a_user_is_told_newest_first_in_pages(world: &World) {
    let owner = owner(world).await;
    let ada = world.customer_with("5.00").await;
    let id = id_of(&ada).await;
    let order = ada.orders("telegram").await;
    world.controls.text(&order, "code 445566", "deliver").await;
    ada.order_becomes(&order, "completed").await;
    owner.who.post(&format!("admin/users/{id}/suspend"), json!({ "reason": "spam" })).await.is(200);
    let path = format!("admin/users/{id}/timeline");
    let whole = owner.who.get(&path).await.is(200);
    let told = whole["data"].as_array().expect("a list").clone();
    let kinds: Vec<&str> = told.iter().filter_map(|happening| happening["kind"].as_str()).collect();
    for kind in ["audit", "entry", "order", "payment", "sign_in"] {
        assert!(kinds.contains(&kind), "{kind}: {kinds:?}");
    }
    assert_eq!((kinds[0], &told[0]["note"]), ("audit", &json!("spam")));
    assert!(!whole.to_string().contains("445566"));
    let number = order["phone_number"].as_str().expect("a number");
    assert!(!whole.to_string().contains(number));
    let times: Vec<&str> = told.iter().filter_map(|happening| happening["at"].as_str()).collect();
    assert!(times.is_sorted_by(|newer, older| newer >= older), "{times:?}");
    let (mut paged, mut after) = (Vec::new(), String::new());
    loop {
        let page = owner.who.get(&format!("{path}?limit=2{after}")).await.is(200);
        paged.extend(page["data"].as_array().expect("a list").clone());
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        after = format!("&after={cursor}");
    }
    assert_eq!(paged, told);
}
