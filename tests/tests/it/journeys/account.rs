//! Accounts and sign-in.

use serde_json::{Value, json};

use super::{
    customer::{Customer, text},
    on_both,
    world::World,
};

on_both! {
    somebody_registers_proves_the_address_and_signs_in,
    a_refresh_token_works_once_and_its_reuse_ends_the_family,
    a_forgotten_password_is_set_anew_and_ends_every_session,
    a_changed_password_ends_every_other_session,
    an_address_that_is_taken_answers_like_any_other,
}

async fn somebody_registers_proves_the_address_and_signs_in(world: &World) {
    let ada = Customer::stranger(&world.product);
    let sent = ada.post("auth/register", ada.credentials()).await.is(202);
    assert_eq!(sent, json!({ "status": "verification_sent" }));
    ada.post("auth/login", ada.credentials()).await.refused(403, "email_not_verified");

    let token = world.controls.mailed_token(&ada.email, None).await;
    ada.post("auth/verify-email", json!({ "token": token })).await.is(204);
    ada.post("auth/verify-email", json!({ "token": token })).await.refused(401, "invalid_token");

    let tokens = ada.sign_in().await;
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("Bearer"), &json!(900)));
    let me = ada.get("me").await.is(200);
    assert_eq!(
        (&me["email"], &me["email_verified"], &me["role"]),
        (&json!(ada.email), &json!(true), &json!("user"))
    );
    assert_eq!(tokens["user"]["id"], me["id"]);
    ada.has("0.00", "0.00").await;

    ada.post("auth/logout", Value::Null).await.is(204);
    ada.get("me").await.refused(401, "unauthorized");
    let refresh = json!({ "refresh_token": tokens["refresh_token"] });
    ada.forget_tokens();
    ada.post("auth/refresh", refresh).await.refused(401, "invalid_token");
}

async fn a_refresh_token_works_once_and_its_reuse_ends_the_family(world: &World) {
    let ada = world.customer().await;
    let first = json!({ "refresh_token": ada.token("refresh_token") });
    let rotated = ada.post("auth/refresh", first.clone()).await.is(200);
    assert_ne!(text(&rotated, "refresh_token"), ada.token("refresh_token"));
    ada.take_tokens(&rotated);
    ada.get("me").await.is(200);

    let second = json!({ "refresh_token": rotated["refresh_token"] });
    ada.post("auth/refresh", first).await.refused(401, "invalid_token");
    ada.post("auth/refresh", second).await.refused(401, "invalid_token");
    ada.get("me").await.refused(401, "unauthorized");
    ada.sign_in().await;
    ada.get("me").await.is(200);
}

async fn a_forgotten_password_is_set_anew_and_ends_every_session(world: &World) {
    let ada = world.customer().await;
    let first = world.controls.mailed_token(&ada.email, None).await;
    let unknown = json!({ "email": "nobody@example.com" });
    let told = ada.post("auth/password/forgot", unknown).await.is(202);
    assert_eq!(ada.post("auth/password/forgot", json!({ "email": ada.email })).await.is(202), told);

    let token = world.controls.mailed_token(&ada.email, Some(&first)).await;
    let weak = json!({ "token": token, "password": "password123" });
    ada.post("auth/password/reset", weak).await.refused(422, "weak_password");
    let anew = json!({ "token": token, "password": "nine loud drums beat" });
    ada.post("auth/password/reset", anew.clone()).await.is(204);
    ada.post("auth/password/reset", anew).await.refused(401, "invalid_token");
    ada.get("me").await.refused(401, "unauthorized");

    ada.forget_tokens();
    ada.post("auth/login", ada.credentials()).await.refused(401, "invalid_credentials");
    ada.has_password("nine loud drums beat");
    ada.sign_in().await;
    ada.get("me").await.is(200);
}

async fn a_changed_password_ends_every_other_session(world: &World) {
    let ada = world.customer().await;
    let elsewhere = Customer::stranger(&world.product);
    elsewhere.take_tokens(&ada.post("auth/login", ada.credentials()).await.is(200));
    elsewhere.get("me").await.is(200);

    let wrong = json!({ "current_password": "not this one at all", "new_password": "nine loud drums beat" });
    let refused = ada.post("auth/password/change", wrong).await.refused(422, "invalid_request");
    assert_eq!(refused["errors"][0]["field"], "current_password");
    let change =
        json!({ "current_password": super::customer::PASSWORD, "new_password": "nine loud drums beat" });
    ada.post("auth/password/change", change).await.is(204);
    ada.get("me").await.is(200);
    elsewhere.get("me").await.refused(401, "unauthorized");
    ada.has_password("nine loud drums beat");
    ada.sign_in().await;
}

async fn an_address_that_is_taken_answers_like_any_other(world: &World) {
    let ada = world.customer().await;
    ada.forget_tokens();
    let again = json!({ "email": ada.email, "password": "another pass phrase" });
    let told = ada.post("auth/register", again).await.is(202);
    assert_eq!(told, json!({ "status": "verification_sent" }));
    ada.sign_in().await;
}
