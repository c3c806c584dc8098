//! The admin API, as staff of each role meets it.

mod adjustments;
mod bad_input;
mod figures;
mod gate;
mod jobs;
mod members;
mod orders;
mod payments;
mod reconciliation;
mod suspense;
mod tickets;
mod trade;
mod users;

use std::sync::{Mutex, PoisonError};

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    customer::{Answer, Customer, PASSWORD, text},
    on_both,
    second_factor::{enrolled, login},
    world::World,
};

/// Somebody who works here, with a second factor, and recovery codes that were not used.
pub struct Member {
    pub who: Customer,
    recovery: Mutex<Vec<String>>,
}

impl Member {
    /// Turns a second factor on, then signs in by it.
    async fn of(who: Customer) -> Self {
        who.sign_in().await;
        let (_, recovery) = enrolled(&who).await;
        let member = Self { who, recovery: Mutex::new(recovery) };
        member.signs_in().await;
        member
    }

    pub fn code(&self) -> String {
        self.recovery.lock().unwrap_or_else(PoisonError::into_inner).pop().expect("a code that is left")
    }

    pub async fn signs_in(&self) {
        self.who.forget_tokens();
        let tokens = login(&self.who, &self.code()).await.is(200);
        self.who.take_tokens(&tokens);
    }

    pub async fn steps_up(&self) {
        self.who.steps_up_with(json!({ "totp_code": self.code() })).await;
    }

    /// The newest line of the log about something.
    pub async fn newest_line(&self, subject: &str) -> Value {
        let lines = self.who.get(&format!("admin/audit-log?limit=1&subject={subject}")).await.is(200);
        lines["data"][0].clone()
    }
}

/// Made at the console, stepped up.
pub async fn owner(world: &World) -> Member {
    let who = Customer::stranger(&world.product);
    let (well, told) = world.console(&["admin", "create", "--email", &who.email]).await;
    assert!(well, "{told}");
    who.has_password(told.lines().last().expect("a password"));
    let refused = who.post("auth/login", who.credentials()).await.refused(403, "password_change_required");
    chooses_a_password(&who, &text(&refused, "change_token")).await;
    let owner = Member::of(who).await;
    owner.steps_up().await;
    owner
}

/// Somebody new whom an owner made staff, and who has chosen a password; without a second factor yet.
pub async fn newcomer(world: &World, owner: &Member, role: &str) -> Customer {
    let who = Customer::stranger(&world.product);
    let added = owner.who.post("admin/staff", json!({ "email": who.email, "role": role })).await.is(201);
    assert_eq!((&added["role"], &added["password_due"]), (&json!(role), &json!(true)));
    let token = world.controls.mailed_token(&who.email, None).await;
    chooses_a_password(&who, &token).await;
    who
}

/// The same with a second factor.
pub async fn member(world: &World, owner: &Member, role: &str) -> Member {
    Member::of(newcomer(world, owner, role).await).await
}

async fn chooses_a_password(who: &Customer, token: &str) {
    who.has_password(PASSWORD);
    who.post("auth/password/reset", json!({ "token": token, "password": PASSWORD })).await.is(204);
}

/// Somebody of a role, stepped up.
async fn of_role(world: &World, owner: &Member, role: &str) -> Member {
    let member = member(world, owner, role).await;
    member.steps_up().await;
    member
}

async fn patch(who: &Customer, path: &str, body: Value) -> Answer {
    Answer::of(who.request(Method::PATCH, path).json(&body)).await
}

pub async fn id_of(who: &Customer) -> String {
    text(&who.get("me").await.is(200), "id")
}
