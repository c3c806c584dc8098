//! The simulators: their controls, and what their books say.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};

use super::Failure;

/// A client without a proxy.
///
/// # Errors
/// If there is no TLS.
pub fn client(timeout: Duration) -> Result<reqwest::Client, Failure> {
    // A second provider is harmless.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().timeout(timeout);
    Ok(client.redirect(reqwest::redirect::Policy::none()).build()?)
}

const PATIENCE: Duration = Duration::from_secs(30);
/// A product that was killed with news of the clock in its hands is waited for by the simulators for 20 s; we ask the
/// books instead.
const FOR_FOLLOWERS: Duration = Duration::from_millis(350);

/// The simulators at one address.
#[derive(Debug, Clone)]
pub struct Outside {
    http: reqwest::Client,
    url: String,
}

/// A purchase, as the number provider knows it.
#[derive(Debug)]
pub struct Theirs {
    /// Whether a text with a readable code arrived there.
    pub has_code: bool,
    /// What the account paid for it, less what came back, in ledger units.
    pub cost_units: i64,
}

impl Outside {
    /// At this address.
    ///
    /// # Errors
    /// If there is no client.
    pub fn new(url: &str) -> Result<Self, Failure> {
        Ok(Self { http: client(PATIENCE)?, url: url.to_owned() })
    }

    /// Calls a control.
    ///
    /// # Errors
    /// If it refuses, or does not answer.
    pub async fn post(&self, path: &str, body: Value) -> Result<Value, Failure> {
        let answer = self.http.post(format!("{}/{path}", self.url)).json(&body).send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        if !status.is_success() {
            return Err(format!("the simulators answer {path} with {status}: {text}").into());
        }
        Ok(serde_json::from_str(&text)?)
    }

    async fn get(&self, path: &str) -> Result<Value, Failure> {
        Ok(self.http.get(format!("{}/{path}", self.url)).send().await?.json().await?)
    }

    /// Both clocks go on. Returns when what became due is done, or after a moment.
    ///
    /// # Errors
    /// If the simulators refuse.
    pub async fn advance(&self, seconds: u64) -> Result<(), Failure> {
        let body = json!({ "advance_s": seconds });
        let request = self.http.post(format!("{}/control/clock", self.url)).json(&body);
        match request.timeout(FOR_FOLLOWERS).send().await {
            Ok(answer) => answer.error_for_status().map(|_| ()).map_err(Into::into),
            // It has moved; who follows is still at work, or dead.
            Err(error) if error.is_timeout() => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// The next `count` calls of an operation fail so; `none` ends that.
    ///
    /// # Errors
    /// If the simulators refuse.
    pub async fn fault(&self, operation: (&str, &str), mode: &str, count: u32) -> Result<(), Failure> {
        let (provider, operation) = operation;
        let fault = json!({ "provider": provider, "operation": operation, "mode": mode, "count": count });
        self.post("control/faults", fault).await.map(|_| ())
    }

    /// The next `count` purchases are answered so much later; 0 ends that.
    ///
    /// # Errors
    /// If the simulators refuse.
    pub async fn answers_purchases_late(&self, delay_ms: u64, count: u32) -> Result<(), Failure> {
        let late = json!({ "delay_ms": delay_ms, "count": count });
        self.post("control/textverified/create-delay", late).await.map(|_| ())
    }

    /// No fault is left, and nothing is late.
    ///
    /// # Errors
    /// If the simulators refuse.
    pub async fn behaves(&self) -> Result<(), Failure> {
        self.answers_purchases_late(0, 0).await?;
        let faults = self.get("control/faults").await?;
        for fault in faults["faults"].as_array().into_iter().flatten() {
            let name = |field: &str| fault[field].as_str().unwrap_or_default();
            self.fault((name("provider"), name("operation")), "none", 0).await?;
        }
        Ok(())
    }

    /// The token of the newest mail to this address, if one came.
    ///
    /// # Errors
    /// If the simulators do not answer.
    pub async fn mailed_token(&self, email: &str) -> Result<Option<String>, Failure> {
        let mails = self.get(&format!("inbox?to={email}")).await?;
        let after = mails["data"][0]["text"].as_str().and_then(|text| text.split_once("token="));
        let is_part = |c: &char| c.is_ascii_alphanumeric() || *c == '_' || *c == '-';
        Ok(after.map(|(_, after)| after.chars().take_while(is_part).collect()))
    }

    /// Everything that the providers know.
    ///
    /// # Errors
    /// If the simulators do not answer.
    pub async fn state(&self) -> Result<State, Failure> {
        self.get("control/state").await.map(State)
    }
}

/// What the providers knew at an instant.
#[derive(Debug)]
pub struct State(Value);

impl State {
    /// What was bought of the number provider, by reservation.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn purchases(&self) -> Result<BTreeMap<String, Theirs>, Failure> {
        let accounts = self.0["textverified"]["accounts"].as_object().ok_or("no accounts")?;
        let bought = accounts.values().flat_map(|account| account["purchases"].as_array()).flatten();
        let mut all = BTreeMap::new();
        for purchase in bought {
            let messages = purchase["messages"].as_array().ok_or("no messages")?;
            let theirs = Theirs {
                has_code: messages.iter().any(|message| !message["parsedCode"].is_null()),
                cost_units: units(&purchase["charged"])? - units(&purchase["credited"])?,
            };
            all.insert(purchase["id"].as_str().ok_or("no id")?.to_owned(), theirs);
        }
        Ok(all)
    }

    /// What was paid at the gateway: reference and amount in its smallest unit.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn successes(&self) -> Result<BTreeMap<String, i64>, Failure> {
        let all = self.0["paystack"]["transactions"].as_array().ok_or("no transactions")?;
        let paid = all.iter().filter(|transaction| transaction["status"] == "success");
        let read = |paid: &Value| Some((paid["reference"].as_str()?.to_owned(), paid["amount"].as_i64()?));
        paid.map(|paid| read(paid).ok_or_else(|| "a transaction without a reference".into())).collect()
    }
}

/// Decimal text of dollars as ledger units.
///
/// # Errors
/// If it is none.
pub fn units(dollars: &Value) -> Result<i64, Failure> {
    let text = dollars.as_str().ok_or("no decimal text")?;
    Ok(namaskah_domain::Money::parse(text, namaskah_domain::Currency::Usd)?.units())
}
