//! Changing the address of an account, over HTTP.

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    controls::eventually,
    customer::{Answer, Customer, PASSWORD},
    on_both,
    world::World,
};

on_both! {
    an_address_changes_after_a_step_up_and_once_it_is_proven,
    a_taken_address_answers_like_any_other_and_a_new_password_stops_a_change,
}

async fn change(customer: &Customer, email: &str) -> Answer {
    let request = customer.request(Method::PATCH, "me").json(&json!({ "email": email }));
    Answer::of(request).await
}

async fn is_told(world: &World, email: &str, subject: &str) {
    eventually(subject, || async {
        let mails = world.controls.look(&format!("inbox?to={email}")).await;
        let mails = mails["data"].as_array().expect("mails").clone();
        mails.iter().any(|mail| mail["subject"] == subject).then_some(())
    })
    .await;
}

async fn stepped_up(customer: &Customer) {
    customer.steps_up().await;
}

async fn an_address_changes_after_a_step_up_and_once_it_is_proven(world: &World) {
    let ada = world.customer().await;
    let new = format!("new.{}", ada.email);
    change(&ada, &new).await.refused(403, "step_up_required");
    stepped_up(&ada).await;
    let same = change(&ada, &ada.email.to_uppercase()).await.refused(422, "invalid_request");
    assert_eq!(
        (&same["errors"][0]["field"], &same["errors"][0]["code"]),
        (&json!("email"), &json!("unchanged"))
    );
    let sent = change(&ada, &new).await.is(202);
    assert_eq!(sent, json!({ "status": "verification_sent" }));
    is_told(world, &ada.email, "Your address is about to change").await;
    let token = world.controls.mailed_token(&new, None).await;
    assert_eq!(ada.get("me").await.is(200)["email"], json!(ada.email), "nothing has changed yet");

    let stranger = Customer::stranger(&world.product);
    let confirm = async |email: &str, token: &str| {
        stranger.post("auth/email/confirm", json!({ "email": email, "token": token })).await
    };
    confirm("mallory@example.com", &token).await.refused(401, "invalid_token");
    confirm(&new, "nme_x").await.refused(401, "invalid_token");
    stranger.post("auth/verify-email", json!({ "token": token })).await.refused(401, "invalid_token");
    let misused = json!({ "token": token, "password": "nine loud drums beat" });
    stranger.post("auth/password/reset", misused).await.refused(401, "invalid_token");
    confirm(&new, &token).await.is(204);
    confirm(&new, &token).await.refused(401, "invalid_token");
    is_told(world, &ada.email, "Your address was changed").await;
    ada.get("me").await.refused(401, "unauthorized");
    stranger.post("auth/login", ada.credentials()).await.refused(401, "invalid_credentials");
    let tokens = stranger.post("auth/login", json!({ "email": new, "password": PASSWORD })).await.is(200);
    assert_eq!((&tokens["user"]["email"], &tokens["user"]["email_verified"]), (&json!(new), &json!(true)));
    assert!(ada.get("/confirm-email").await.text.contains("Confirm my new address"));
}

async fn a_taken_address_answers_like_any_other_and_a_new_password_stops_a_change(world: &World) {
    let (ada, bob) = (world.customer().await, world.customer().await);
    stepped_up(&ada).await;
    let sent = change(&ada, &bob.email).await.is(202);
    assert_eq!(sent, json!({ "status": "verification_sent" }));
    is_told(world, &bob.email, "You have an account already").await;
    assert_eq!(bob.get("me").await.is(200)["email"], json!(bob.email));

    let new = format!("new.{}", ada.email);
    change(&ada, &new).await.is(202);
    let token = world.controls.mailed_token(&new, None).await;
    let password = json!({ "current_password": PASSWORD, "new_password": "nine loud drums beat" });
    ada.post("auth/password/change", password).await.is(204);
    let confirm = json!({ "email": new, "token": token });
    ada.post("auth/email/confirm", confirm).await.refused(401, "invalid_token");
    assert_eq!(ada.get("me").await.is(200)["email"], json!(ada.email));

    // Somebody who was quicker keeps it.
    ada.steps_up_with(json!({ "password": "nine loud drums beat" })).await;
    let wanted = format!("wanted.{}", ada.email);
    change(&ada, &wanted).await.is(202);
    let token = world.controls.mailed_token(&wanted, None).await;
    ada.post("auth/register", json!({ "email": wanted, "password": "seven loud violins" })).await.is(202);
    let confirm: Value = json!({ "email": wanted, "token": token });
    ada.post("auth/email/confirm", confirm).await.refused(409, "email_taken");
}
