//! The product as a customer's program calls it, for commands that run beside it.

use std::time::Duration;

use namaskah_domain::Fault;
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::CommandError;
use crate::cli::Account;

const PATIENCE: Duration = Duration::from_secs(30);

/// One account of a product.
pub(super) struct Api {
    client: Client,
    product: String,
    key: SecretString,
}

impl Api {
    pub(super) fn of(account: &Account) -> Result<Self, CommandError> {
        let client = Client::builder().no_proxy().connect_timeout(PATIENCE).build()?;
        let product = account.product_url.as_str().trim_end_matches('/').to_owned();
        Ok(Self { client, product, key: account.api_key.clone() })
    }

    pub(super) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}/api/v1/{path}", self.product));
        request.bearer_auth(self.key.expose_secret())
    }

    pub(super) async fn get(&self, path: &str) -> Result<Value, CommandError> {
        read(path, self.request(Method::GET, path).timeout(PATIENCE).send().await?).await
    }

    /// Under an idempotency key that nobody has used.
    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Value, CommandError> {
        let request = self.request(Method::POST, path).timeout(PATIENCE);
        let request = request.header("Idempotency-Key", unique()?);
        let request = if body.is_null() { request } else { request.json(body) };
        read(path, request.send().await?).await
    }

    /// To repeat it is safe.
    pub(super) async fn put(&self, path: &str, body: &Value) -> Result<Value, CommandError> {
        read(path, self.request(Method::PUT, path).timeout(PATIENCE).json(body).send().await?).await
    }

    /// A control of the simulators.
    pub(super) async fn control(&self, url: &str, body: &Value) -> Result<Value, CommandError> {
        read(url, self.client.post(url).timeout(PATIENCE).json(body).send().await?).await
    }

    /// Where it is.
    pub(super) fn product(&self) -> &str {
        &self.product
    }

    /// Looks whether the simulators are where they are said to be, and changes nothing.
    pub(super) async fn looks_for(&self, sandbox: &str) -> Result<(), CommandError> {
        let url = format!("{sandbox}/inbox?to=nobody@namaskah.invalid");
        let why = match self.client.get(url).timeout(PATIENCE).send().await {
            Ok(answer) => {
                let inbox: Value = answer.json().await.unwrap_or_default();
                if inbox["data"].is_array() {
                    return Ok(());
                }
                Fault::new("something else answers there")
            }
            Err(error) => Fault::new(error.without_url()),
        };
        Err(format!("there is no sandbox at {sandbox}: {why}; --sandbox-url names another").into())
    }

    /// The client itself, for calls elsewhere.
    pub(super) const fn client(&self) -> &Client {
        &self.client
    }

    /// Events after a sequence, up to a hundred.
    pub(super) async fn events(&self, after: i64) -> Result<Vec<Value>, CommandError> {
        let page = self.get(&format!("events?limit=100&after={after}")).await?;
        Ok(page["data"].as_array().cloned().unwrap_or_default())
    }
}

/// The sequence of an event.
pub(super) fn sequence(event: &Value) -> i64 {
    event["sequence"].as_i64().unwrap_or_default()
}

async fn read(what: &str, response: Response) -> Result<Value, CommandError> {
    let status = response.status();
    let body = response.text().await?;
    if !status.is_success() {
        return Err(format!("{what} answered {status}: {body}").into());
    }
    if status == StatusCode::NO_CONTENT || body.is_empty() {
        return Ok(Value::Null);
    }
    Ok(serde_json::from_str(&body)?)
}

fn unique() -> Result<String, CommandError> {
    let mut bytes = [0u8; 16];
    getrandom::fill(&mut bytes).map_err(|_| "no random bytes are to be had")?;
    Ok(format!("cli-{}", hex::encode(bytes)))
}
