//! `demo`: plays the whole job over HTTP against a product of its own, in a temporary folder, on free ports.

use std::{process::ExitCode, time::Duration};

use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

use super::{CommandError, output};
use crate::{
    config::{Config, Overrides},
    start::{self, Role},
};

const PATIENCE: Duration = Duration::from_secs(8);
const PASSWORD: &str = "seven quiet lanterns";
const EMAIL: &str = "ada@example.com";

/// Starts, plays, stops.
pub(super) async fn run() -> Result<ExitCode, CommandError> {
    let folder = tempfile::tempdir()?;
    let any = "127.0.0.1:0".to_owned();
    let overrides = Overrides {
        file: None,
        values: vec![
            ("mode", "sandbox".to_owned()),
            ("data_dir", folder.path().display().to_string()),
            ("http_listen", any.clone()),
            ("sandbox_listen", any.clone()),
            ("sandbox_smtp_listen", any),
        ],
    };
    let config = Config::from_sources(&overrides, std::iter::empty())?;
    let running = start::start(&config, Role::Serve).await?;
    let played = match (running.address(), running.sandbox_url()) {
        (Some(address), Some(sandbox)) => {
            Demo::new(format!("http://{address}"), sandbox.to_owned())?.play().await
        }
        _ => Err("the demo needs its own product and sandbox".into()),
    };
    running.stop().await;
    played.map(|()| ExitCode::SUCCESS)
}

/// A customer with a script.
struct Demo {
    client: Client,
    product: String,
    sandbox: String,
    token: String,
    keys: u32,
}

impl Demo {
    fn new(product: String, sandbox: String) -> Result<Self, CommandError> {
        let client = Client::builder().no_proxy().timeout(Duration::from_secs(60)).build()?;
        Ok(Self { client, product, sandbox, token: String::new(), keys: 0 })
    }

    async fn play(mut self) -> Result<(), CommandError> {
        output::told(format_args!("{:<46} {:>10} {:>8}", "step", "available", "held"))?;
        self.sign_up().await?;
        self.tell("registered, verified, signed in").await?;
        self.deposit().await?;
        self.tell("paid 10.00 USD through Paystack").await?;

        let order = self.rent("whatsapp").await?;
        self.tell(&format!("whatsapp: number {}", text(&order, "phone_number"))).await?;
        let done = self.receive(&order, "Your WhatsApp code: 806-185").await?;
        let code = done["messages"][0]["code"].as_str().unwrap_or_default().to_owned();
        self.tell(&format!("whatsapp: code {code}, captured")).await?;

        let order = self.rent("telegram").await?;
        self.tell(&format!("telegram: number {}", text(&order, "phone_number"))).await?;
        self.call(Method::POST, &format!("verifications/{}/cancel", text(&order, "id")), json!(null)).await?;
        self.tell("telegram: cancelled, released").await?;

        let order = self.rent("google").await?;
        self.tell(&format!("google: number {}", text(&order, "phone_number"))).await?;
        self.control("control/clock", json!({"advance_s": 16 * 60})).await?;
        // The token of the first sign-in has run out meanwhile.
        self.sign_in().await?;
        let order =
            self.call(Method::GET, &format!("verifications/{}", text(&order, "id")), json!(null)).await?;
        self.tell(&format!("google: 16 minutes later {}, released", text(&order, "status"))).await
    }

    async fn sign_up(&mut self) -> Result<(), CommandError> {
        self.call(Method::POST, "auth/register", account()).await?;
        let token = self.mailed_token().await?;
        self.call(Method::POST, "auth/verify-email", json!({"token": token})).await?;
        self.sign_in().await
    }

    async fn sign_in(&mut self) -> Result<(), CommandError> {
        self.token.clear();
        let signed_in = self.call(Method::POST, "auth/login", account()).await?;
        self.token = text(&signed_in, "access_token");
        Ok(())
    }

    async fn mailed_token(&self) -> Result<String, CommandError> {
        let inbox = format!("{}/inbox?to={EMAIL}", self.sandbox);
        let found = async {
            loop {
                let mails: Value = self.client.get(&inbox).send().await?.json().await?;
                if let Some((_, after)) = text(&mails["data"][0], "text").split_once("token=") {
                    return Ok(after
                        .chars()
                        .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                        .collect());
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(PATIENCE, found).await.map_err(|_| "no mail came")?
    }

    async fn deposit(&mut self) -> Result<(), CommandError> {
        let asked = json!({"provider": "paystack", "amount": {"amount": "10.00", "currency": "USD"}});
        let payment = self.call(Method::POST, "payments", asked).await?;
        let pays = json!({"outcome": "success", "webhook": "deliver"});
        self.control(&format!("control/paystack/{}", text(&payment, "reference")), pays).await?;
        self.call(Method::POST, &format!("payments/{}/sync", text(&payment, "id")), json!(null)).await?;
        Ok(())
    }

    async fn rent(&mut self, service: &str) -> Result<Value, CommandError> {
        let quote = self.call(Method::POST, "quotes", json!({"service": service, "country": "US"})).await?;
        let order = json!({"service": service, "country": "US", "quote_id": quote["id"]});
        self.call(Method::POST, "verifications", order).await
    }

    async fn receive(&mut self, order: &Value, message: &str) -> Result<Value, CommandError> {
        let sms = json!({"number": order["phone_number"], "text": message});
        self.control("control/textverified/sms", sms).await?;
        let path = format!("verifications/{}?wait=10&version={}", text(order, "id"), order["version"]);
        self.call(Method::GET, &path, json!(null)).await
    }

    async fn tell(&mut self, step: &str) -> Result<(), CommandError> {
        let wallet = self.call(Method::GET, "wallet", json!(null)).await?;
        let amount = |field: &str| text(&wallet[field], "amount");
        let (available, held) = (amount("available"), amount("held"));
        Ok(output::told(format_args!("{step:<46} {available:>10} {held:>8}"))?)
    }

    async fn call(&mut self, method: Method, path: &str, body: Value) -> Result<Value, CommandError> {
        self.keys += 1;
        let mut request = self.client.request(method, format!("{}/api/v1/{path}", self.product));
        request = request.header("Idempotency-Key", format!("demo-{}", self.keys));
        if !self.token.is_empty() {
            request = request.bearer_auth(&self.token);
        }
        if !body.is_null() {
            request = request.json(&body);
        }
        answer(path, request.send().await?).await
    }

    async fn control(&self, path: &str, body: Value) -> Result<Value, CommandError> {
        answer(path, self.client.post(format!("{}/{path}", self.sandbox)).json(&body).send().await?).await
    }
}

fn account() -> Value {
    json!({"email": EMAIL, "password": PASSWORD})
}

async fn answer(path: &str, response: reqwest::Response) -> Result<Value, CommandError> {
    let status = response.status();
    let body = response.text().await?;
    if !status.is_success() {
        return Err(format!("{path} answered {status}: {body}").into());
    }
    if status == StatusCode::NO_CONTENT || body.is_empty() {
        return Ok(Value::Null);
    }
    Ok(serde_json::from_str(&body)?)
}

fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_default().to_owned()
}
