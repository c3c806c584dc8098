//! Somebody signed in.

use std::sync::Mutex;

use namaskah_domain::payment::PaymentReference;
use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};

use super::{PASSWORD, World, body};

/// Somebody signed in, by the newest of his tokens.
pub struct Person<'a> {
    pub world: &'a World,
    token: Mutex<String>,
}

impl<'a> Person<'a> {
    pub fn new(world: &'a World, token: String) -> Self {
        Self { world, token: Mutex::new(token) }
    }

    pub fn token(&self) -> String {
        self.token.lock().expect("a lock").clone()
    }

    pub fn request(&self, method: &str, path: &str) -> RequestBuilder {
        self.world.request(method, path).bearer_auth(self.token())
    }

    pub async fn get(&self, path: &str) -> Response {
        self.request("GET", path).send().await.expect("an answer")
    }

    pub async fn post(&self, path: &str, key: &str, body: Value) -> Response {
        let request = self.request("POST", path).header("Idempotency-Key", key);
        request.json(&body).send().await.expect("an answer")
    }

    /// Proves again who it is, and goes on with what that gives.
    pub async fn steps_up(&self) {
        let lifted = self.post("/api/v1/auth/step-up", "unused", json!({"password": PASSWORD})).await;
        let lifted = body(lifted, 200).await;
        *self.token.lock().expect("a lock") =
            lifted["tokens"]["access_token"].as_str().expect("a token").to_owned();
    }

    /// Pays `dollars` in by the gateway.
    pub async fn fund(&self, dollars: &str) {
        let amount = json!({"amount": dollars, "currency": "USD"});
        let opened =
            self.post("/api/v1/payments", dollars, json!({"provider": "paystack", "amount": amount}));
        let payment = body(opened.await, 201).await;
        let reference = payment["reference"].as_str().expect("a reference");
        assert!(self.world.gateway.pay(&PaymentReference::try_new(reference).expect("ours")));
        let path = format!("/api/v1/payments/{}/sync", payment["id"].as_str().expect("an id"));
        let synced = self.request("POST", &path).send().await.expect("an answer");
        assert_eq!(body(synced, 200).await["status"], "succeeded");
    }
}
