//! Passwords that have leaked elsewhere, against the simulated service that knows them.

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    customer::{Answer, Customer, PASSWORD, text},
    metrics::{told, value},
    on_both,
    process::Estate,
    world::World,
};

on_both! {
    a_leaked_password_is_refused_by_its_field_wherever_one_is_set,
    a_leaked_password_is_refused_where_one_must_be_changed,
    while_the_service_does_not_answer_passwords_are_taken_and_counted,
}

/// The simulator knows it; our own list does not.
const LEAKED: &str = "river stones and tea";
const OTHER: &str = "nine loud drums beat";

async fn registers(who: &Customer, password: &str) -> Answer {
    let account = json!({ "email": who.email, "password": password });
    Answer::of(who.http.request(Method::POST, who.url("auth/register")).json(&account)).await
}

/// What a refusal says of the field, and the rest of it without what is each request's own.
fn refused_as_leaked(answer: Answer, field: &str) -> Value {
    let mut problem = answer.refused(422, "weak_password");
    let error = problem["errors"][0].clone();
    assert_eq!((&error["field"], &error["code"]), (&json!(field), &json!("leaked")), "{problem}");
    assert_eq!(error["detail"], "this password is known from a leak elsewhere");
    problem.as_object_mut().expect("a problem").remove("request_id");
    problem
}

async fn a_leaked_password_is_refused_by_its_field_wherever_one_is_set(world: &World) {
    let (ada, stranger) = (world.customer().await, Customer::stranger(&world.product));
    let of_nobody = refused_as_leaked(registers(&stranger, LEAKED).await, "password");
    assert_eq!(refused_as_leaked(registers(&ada, LEAKED).await, "password"), of_nobody);
    stranger.register(&world.controls).await;

    let change = |new: &str| json!({ "current_password": PASSWORD, "new_password": new });
    refused_as_leaked(ada.post("auth/password/change", change(LEAKED)).await, "new_password");
    ada.get("me").await.is(200);

    let first = world.controls.mailed_token(&ada.email, None).await;
    ada.post("auth/password/forgot", json!({ "email": ada.email })).await.is(202);
    let token = world.controls.mailed_token(&ada.email, Some(&first)).await;
    let anew = |password: &str| json!({ "token": token, "password": password });
    refused_as_leaked(ada.post("auth/password/reset", anew(LEAKED)).await, "password");
    ada.get("me").await.is(200);
    ada.post("auth/password/reset", anew(OTHER)).await.is(204);
    ada.has_password(OTHER);
    ada.sign_in().await;
}

async fn a_leaked_password_is_refused_where_one_must_be_changed(world: &World) {
    let owner = Customer::stranger(&world.product);
    let (well, printed) = world.console(&["admin", "create", "--email", &owner.email]).await;
    assert!(well, "{printed}");
    owner.has_password(printed.lines().last().expect("a password"));
    let due = owner.post("auth/login", owner.credentials()).await.refused(403, "password_change_required");
    let chosen = |password: &str| json!({ "token": text(&due, "change_token"), "password": password });
    refused_as_leaked(owner.post("auth/password/reset", chosen(LEAKED)).await, "password");
    owner.post("auth/password/reset", chosen(OTHER)).await.is(204);
    owner.has_password(OTHER);
    owner.sign_in().await;
}

async fn checks(world: &World, outcome: &str) -> u32 {
    let series = format!("namaskah_password_checks_total{{outcome=\"{outcome}\"}}");
    value(&told(world).await, &series) as u32
}

async fn while_the_service_does_not_answer_passwords_are_taken_and_counted(world: &World) {
    let ada = world.customer().await;
    assert_eq!([checks(world, "unknown").await, checks(world, "unanswered").await], [1, 0]);
    let stranger = Customer::stranger(&world.product);
    world.controls.fault("pwnedpasswords", "range", "timeout_before", 1).await;
    registers(&stranger, LEAKED).await.is(202);
    world.controls.fault("pwnedpasswords", "range", "http_500", 1).await;
    let change = json!({ "current_password": PASSWORD, "new_password": LEAKED });
    ada.post("auth/password/change", change).await.is(204);
    ada.has_password(LEAKED);
    let first = world.controls.mailed_token(&ada.email, None).await;
    ada.post("auth/password/forgot", json!({ "email": ada.email })).await.is(202);
    let token = world.controls.mailed_token(&ada.email, Some(&first)).await;
    world.controls.fault("pwnedpasswords", "range", "malformed", 1).await;
    ada.post("auth/password/reset", json!({ "token": token, "password": LEAKED })).await.is(204);
    assert_eq!([checks(world, "unanswered").await, checks(world, "known").await], [3, 0]);

    // Who signs in is let in, and nobody is asked.
    ada.sign_in().await;
    assert_eq!(checks(world, "unknown").await, 1);
    let other = Customer::stranger(&world.product);
    refused_as_leaked(registers(&other, LEAKED).await, "password");
    assert_eq!([checks(world, "known").await, checks(world, "unanswered").await], [1, 3]);
    let text = told(world).await;
    assert!(
        (value(&text, "namaskah_password_check_duration_seconds_count") - 5.0).abs() < f64::EPSILON,
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unanswered_question_is_logged_once_and_nothing_of_the_password_is() {
    let estate = Estate::on_sqlite().await;
    let mut product = estate.product_with(&[("NAMASKAH_LOG", "trace")]).await;
    let ada = Customer::stranger(&product.address("product"));
    estate.controls.fault("pwnedpasswords", "range", "http_500", 1).await;
    registers(&ada, LEAKED).await.is(202);
    let other = Customer::stranger(&product.address("product"));
    refused_as_leaked(registers(&other, LEAKED).await, "password");
    product.ask_to_stop();
    assert!(product.ended().await.success());
    let log = estate.log();
    let told = "a new password is taken without knowing whether it has leaked";
    let lines: Vec<&str> = log.lines().filter(|line| line.contains(told)).collect();
    assert!(matches!(lines[..], [line] if line.contains("WARN") && line.contains("status 500")), "{lines:?}");
    // What follows the five digits that are sent.
    for hidden in [LEAKED, "6AA2E825", "6aa2e825"] {
        assert!(!log.contains(hidden), "{hidden}");
    }
    estate.stop().await;
}
