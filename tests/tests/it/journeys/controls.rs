//! The simulators' controls, and what the providers know.

use std::{future::Future, time::Duration};

use serde_json::{Value, json};
use tokio::time::Instant;

/// How long something that happens by itself may take before a journey gives up.
const PATIENCE: Duration = Duration::from_secs(20);
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// Asks until there is an answer.
pub async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut look: impl FnMut() -> F) -> T {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < until, "this did not happen: {what}");
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
}

/// A client without a proxy; it gives up after the longest of our own deadlines.
pub fn client() -> reqwest::Client {
    // Another test may have been first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(60));
    client.redirect(reqwest::redirect::Policy::none()).build().expect("a client")
}

/// The simulators at one address.
#[derive(Debug, Clone)]
pub struct Controls {
    http: reqwest::Client,
    url: String,
}

impl Controls {
    pub fn new(url: &str) -> Self {
        Self { http: client(), url: url.to_owned() }
    }

    pub async fn post(&self, path: &str, body: Value) -> Value {
        let answer = self.http.post(format!("{}/{path}", self.url)).json(&body).send().await;
        let answer = answer.expect("the sandbox answers");
        let status = answer.status();
        let text = answer.text().await.expect("a whole answer");
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).expect("JSON")
    }

    pub async fn look(&self, path: &str) -> Value {
        let answer = self.http.get(format!("{}/{path}", self.url)).send().await.expect("the sandbox answers");
        answer.json().await.expect("JSON")
    }

    /// Both clocks go on, and what is due by then is done.
    pub async fn advance(&self, seconds: u32) {
        self.post("control/clock", json!({ "advance_s": seconds })).await;
    }

    /// The next `count` calls fail so.
    pub async fn fault(&self, provider: &str, operation: &str, mode: &str, count: u32) {
        let fault = json!({ "provider": provider, "operation": operation, "mode": mode, "count": count });
        self.post("control/faults", fault).await;
    }

    /// The customer pays, and the webhook is `deliver`ed, `lose`d or sent as a `duplicate`.
    pub async fn pay(&self, reference: &str, webhook: &str) {
        let pays = json!({ "outcome": "success", "webhook": webhook });
        self.post(&format!("control/paystack/{reference}"), pays).await;
    }

    /// A text arrives at whoever holds the number of `order`.
    pub async fn text(&self, order: &Value, text: &str, webhook: &str) {
        let sms = json!({ "number": order["phone_number"], "text": text, "webhook": webhook });
        self.post("control/textverified/sms", sms).await;
    }

    /// What was bought of the number provider, oldest first.
    pub async fn purchases(&self) -> Vec<Value> {
        let state = self.look("control/state").await;
        let accounts = state["textverified"]["accounts"].as_object().expect("accounts").clone();
        let mut all: Vec<Value> =
            accounts.values().flat_map(|a| a["purchases"].as_array().expect("purchases").clone()).collect();
        all.sort_by_key(|purchase| purchase["created_at"].as_str().map(str::to_owned));
        all
    }

    /// The purchase of that number.
    pub async fn purchase_of(&self, order: &Value) -> Value {
        let number = order["phone_number"].as_str().expect("a number");
        let held = |purchase: &Value| purchase["number"].as_str().is_some_and(|own| number.ends_with(own));
        self.purchases().await.into_iter().find(held).expect("the provider knows the number")
    }

    /// The newest mail to `email` with that subject, once it has come.
    pub async fn mail(&self, email: &str, subject: &str) -> Value {
        let inbox = format!("inbox?to={email}");
        eventually(subject, || async {
            let mails = self.look(&inbox).await;
            mails["data"].as_array()?.iter().find(|mail| mail["subject"] == subject).cloned()
        })
        .await
    }

    /// The token of the newest mail to `email`, other than `but`.
    pub async fn mailed_token(&self, email: &str, but: Option<&str>) -> String {
        let inbox = format!("inbox?to={email}");
        eventually("a mail with a token comes", || async {
            let mails = self.look(&inbox).await;
            let mut texts = mails["data"].as_array()?.iter().filter_map(|mail| mail["text"].as_str());
            let after = texts.find_map(|text| Some(text.split_once("token=")?.1))?;
            let is_part = |c: &char| c.is_ascii_alphanumeric() || *c == '_' || *c == '-';
            let token: String = after.chars().take_while(is_part).collect();
            (but != Some(token.as_str())).then_some(token)
        })
        .await
    }
}
