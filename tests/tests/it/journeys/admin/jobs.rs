//! Jobs, as operators see and change them.

use serde_json::{Value, json};

use super::{
    super::{
        controls::eventually,
        customer::{Answer, Customer, text},
    },
    Member, World, of_role, on_both, owner,
};

on_both! {
    a_mail_that_waits_is_cancelled_and_told_to_run_again,
    what_was_given_up_runs_again_and_what_is_in_it_is_never_shown,
}

async fn all(member: &Member, query: &str) -> Vec<Value> {
    let listed = member.who.get(&format!("admin/jobs{query}")).await.is(200);
    listed["data"].as_array().expect("a list").clone()
}

async fn one(member: &Member, query: &str) -> Option<Value> {
    let mut jobs = all(member, query).await;
    assert!(jobs.len() <= 1, "{jobs:?}");
    jobs.pop()
}

async fn does(member: &Member, job: &Value, what: &str) -> Answer {
    member.who.post(&format!("admin/jobs/{}/{what}", text(job, "id")), Value::Null).await
}

/// A letter that the mail server does not take for now.
async fn letter(world: &World, operator: &Member) -> (Customer, Value) {
    // Staff was mailed that a second factor is on.
    eventually("every other letter is sent", || async { all(operator, "").await.is_empty().then_some(()) })
        .await;
    world.controls.fault("smtp", "send", "http_500", 50).await;
    let stranger = Customer::stranger(&world.product);
    stranger.post("auth/register", stranger.credentials()).await.is(202);
    let job = eventually("the letter has failed once", || async {
        one(operator, "?state=waiting&kind=send_mail").await.filter(|job| job["attempts"] != json!(0))
    })
    .await;
    (stranger, job)
}

async fn a_mail_that_waits_is_cancelled_and_told_to_run_again(world: &World) {
    let owner = owner(world).await;
    let operator = of_role(world, &owner, "operator").await;
    let (stranger, job) = letter(world, &operator).await;
    assert_eq!((&job["kind"], &job["last_error"]), (&json!("send_mail"), &json!("failing")));
    does(&operator, &job, "retry").await.refused(409, "job_not_changeable");
    let cancelled = does(&operator, &job, "cancel").await.is(200);
    assert_eq!(cancelled["state"], "cancelled");
    does(&operator, &job, "cancel").await.refused(409, "job_not_changeable");
    world.controls.fault("smtp", "send", "none", 0).await;
    assert_eq!(one(&operator, "?state=cancelled").await, Some(cancelled));
    assert_eq!(one(&operator, "?state=waiting").await, None);
    let line = owner.newest_line(&text(&job, "id")).await;
    assert_eq!((&line["action"], &line["before"]["state"]), (&json!("job.cancelled"), &json!("waiting")));
    let again = does(&operator, &job, "retry").await.is(200);
    assert_eq!(
        (&again["state"], &again["attempts"], &again["last_error"]),
        (&json!("waiting"), &json!(0), &Value::Null)
    );
    world.controls.mailed_token(&stranger.email, None).await;
    eventually("it is done", || async { one(&operator, "").await.is_none().then_some(()) }).await;
    does(&operator, &job, "retry").await.refused(404, "not_found");
    assert_eq!(owner.newest_line(&text(&job, "id")).await["action"], "job.retried");
}

async fn what_was_given_up_runs_again_and_what_is_in_it_is_never_shown(world: &World) {
    let owner = owner(world).await;
    let operator = of_role(world, &owner, "operator").await;
    let (stranger, job) = letter(world, &operator).await;
    let why = format!("550 no such user: {}", stranger.email);
    let bury = "UPDATE jobs SET state = 'buried', holder = NULL, fence = fence + 1, buried_for =";
    world.books.run(&format!("{bury} '{why}'")).await;
    world.controls.fault("smtp", "send", "none", 0).await;
    let listed = operator.who.get("admin/jobs?state=buried").await;
    assert!(!listed.text.contains("550") && !listed.text.contains(&stranger.email), "{}", listed.text);
    let buried = listed.is(200)["data"][0].clone();
    assert_eq!((&buried["id"], &buried["last_error"]), (&job["id"], &json!("refused")));
    does(&operator, &job, "cancel").await.refused(409, "job_not_changeable");
    does(&operator, &job, "retry").await.is(200);
    world.controls.mailed_token(&stranger.email, None).await;
    for path in ["admin/jobs/x/retry", "admin/jobs/job_00000000000000000000000000/cancel"] {
        operator.who.post(path, Value::Null).await.refused(404, "not_found");
    }
}
