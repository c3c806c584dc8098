//! API keys, as somebody's own program meets them.

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    controls::eventually,
    customer::{Answer, Customer, order, text},
    on_both,
    world::World,
};

on_both! {
    a_program_orders_by_a_key_for_its_user,
    a_key_ends_when_it_is_deleted_and_with_the_account,
    many_keys_made_at_once_stop_at_fifty,
    no_credential_is_taken_for_another,
    what_a_key_may_be_asked_for_is_refused_by_its_field,
}

async fn make(ada: &Customer, scopes: &[&str]) -> Value {
    ada.steps_up().await;
    ada.post("api-keys", json!({ "name": "Checkout server", "scopes": scopes })).await.is(201)
}

/// A program that has nothing but the key.
fn program(world: &World, key: &Value) -> Customer {
    let program = Customer::stranger(&world.product);
    program.take_tokens(&json!({ "access_token": text(key, "secret") }));
    program
}

async fn a_program_orders_by_a_key_for_its_user(world: &World) {
    let ada = world.customer_with("10.00").await;
    let key = make(&ada, &["wallet:read", "verifications:read", "verifications:write"]).await;
    assert!(text(&key, "secret").starts_with(&text(&key, "prefix")));
    eventually("she is told by mail", || async {
        let mails = world.controls.look(&format!("inbox?to={}", ada.email)).await;
        (mails["data"][0]["subject"] == "An API key was made").then_some(())
    })
    .await;
    let program = program(world, &key);
    assert_eq!(program.wallet().await.0, "10.00");
    let rented = program.rents("telegram").await;
    assert_eq!(ada.order(&rented).await["id"], rented["id"]);
    // A key of idempotency belongs to the account, whoever uses it.
    let placed = ada.post_again("verifications", order("google"), "the-same").await.is(201);
    let again = program.post_again("verifications", order("google"), "the-same").await;
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.is(201)["id"], placed["id"]);
    program
        .post_again("verifications", order("telegram"), "the-same")
        .await
        .refused(422, "idempotency_key_reused");
    program.cancels(&placed).await.is(200);
    let (told, ()) =
        tokio::join!(program.awaits(&rented), world.controls.text(&rented, "code 314159", "lose"));
    assert_eq!(told["messages"][0]["code"], "314159");
    program.post("payments", super::customer::payment("5.00")).await.refused(403, "forbidden");
    program.get("me").await.refused(403, "forbidden");
    make_is_refused(&program).await;
    eventually("the use is written down", || async {
        let keys = ada.get("api-keys").await.is(200);
        keys["data"][0]["last_used_at"].is_string().then_some(())
    })
    .await;
    let export = ada.get("me/export").await.is(200);
    assert_eq!(export["api_keys"][0]["id"], key["id"]);
    assert!(!export.to_string().contains(&text(&key, "secret")));
    assert_eq!(ada.wallet().await.0, "9.25");
}

async fn make_is_refused(program: &Customer) {
    let wish = json!({ "name": "another", "scopes": ["wallet:write"] });
    program.post("api-keys", wish).await.refused(403, "forbidden");
}

async fn a_key_ends_when_it_is_deleted_and_with_the_account(world: &World) {
    let ada = world.customer().await;
    let wish = json!({ "name": "Checkout server", "scopes": ["wallet:read"] });
    ada.post("api-keys", wish).await.refused(403, "step_up_required");
    let (first, second) = (make(&ada, &["wallet:read"]).await, make(&ada, &["wallet:read"]).await);
    let (one, two) = (program(world, &first), program(world, &second));
    one.get("wallet").await.is(200);
    ada.delete(&format!("api-keys/{}", text(&first, "id"))).await.is(204);
    one.get("wallet").await.refused(401, "unauthorized");
    ada.delete(&format!("api-keys/{}", text(&first, "id"))).await.refused(404, "not_found");
    let bob = world.customer().await;
    bob.delete(&format!("api-keys/{}", text(&second, "id"))).await.refused(404, "not_found");
    for id in ["x", "key_00000000000000000000000000", "key_8zzzzzzzzzzzzzzzzzzzzzzzzz", "%00"] {
        ada.delete(&format!("api-keys/{id}")).await.refused(404, "not_found");
    }
    two.get("wallet").await.is(200);
    ada.steps_up().await;
    ada.delete("me").await.is(204);
    two.get("wallet").await.refused(401, "unauthorized");
}

async fn many_keys_made_at_once_stop_at_fifty(world: &World) {
    let ada = world.customer().await;
    ada.steps_up().await;
    let wish = || ada.post("api-keys", json!({ "name": "one of many", "scopes": ["wallet:read"] }));
    let mut made = 0;
    while made < 48 {
        made +=
            join_all((0..4).map(|_| wish())).await.into_iter().filter(|answer| answer.status == 201).count();
    }
    let last = join_all((0..6).map(|_| wish())).await;
    made += last.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(made, 50, "{:?}", last.iter().map(|answer| &answer.text).collect::<Vec<_>>());
    wish().await.refused(409, "too_many_api_keys");
    assert_eq!(ada.get("api-keys").await.is(200)["data"].as_array().map(Vec::len), Some(50));
}

async fn no_credential_is_taken_for_another(world: &World) {
    let ada = world.customer().await;
    let key = text(&make(&ada, &["wallet:read"]).await, "secret");
    let (access, refresh) = (ada.token("access_token"), ada.token("refresh_token"));
    for no_refresh_token in [&access, &key] {
        let body = json!({ "refresh_token": no_refresh_token });
        ada.post("auth/refresh", body).await.refused(401, "invalid_token");
    }
    for no_access_token in
        [refresh, format!("nmk_{}", "0".repeat(64)), key[..67].to_owned(), "nmk_".to_owned()]
    {
        let request = ada.http.request(Method::GET, ada.url("wallet")).bearer_auth(no_access_token);
        Answer::of(request).await.refused(401, "unauthorized");
    }
    for cookie in [&access, &key] {
        let request = ada.http.get(ada.url("wallet")).header("cookie", format!("namaskah_session={cookie}"));
        Answer::of(request).await.refused(401, "unauthorized");
    }
}

async fn what_a_key_may_be_asked_for_is_refused_by_its_field(world: &World) {
    let ada = world.customer().await;
    ada.steps_up().await;
    for (field, value) in [
        ("name", json!(" ")),
        ("name", json!("a\nb")),
        ("scopes", json!(["wallet:read", "admin"])),
        ("scopes", json!([1])),
        ("expires_at", json!("2001-01-01T00:00:00Z")),
        ("expires_at", json!("tomorrow")),
        ("allowed_ips", json!([])),
        ("allowed_ips", json!(["::ffff:10.0.0.1"])),
        ("allowed_ips", json!(["10.0.0.0/8", "example.com"])),
    ] {
        let mut wish = json!({ "name": "CI", "scopes": ["wallet:read"] });
        wish[field] = value.clone();
        let refused = ada.post("api-keys", wish).await.refused(422, "invalid_request");
        let named = text(&refused["errors"][0], "field");
        assert!(named.starts_with(field), "{field} = {value}: {named}");
    }
    assert_eq!(ada.get("api-keys").await.is(200)["data"], json!([]));
}
