//! `trigger`: makes an event happen, in the sandbox alone, by what really causes it: money is paid at the simulated gateway,
//! numbers are bought, texts arrive.

use std::time::Duration;

use namaskah_domain::EventKind;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::{
    CommandError,
    customer::{Api, sequence},
};
use crate::cli::Trigger;

const PATIENCE: Duration = Duration::from_secs(20);
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);
/// What is bought.
const SERVICE: &str = "telegram";
/// What is sold out for a moment, and what the simulator has of it otherwise.
const SOLD_OUT: &str = "uber";
const IN_STOCK: u32 = 1_000;
/// What is paid in when the wallet has too little.
const DOLLARS: &str = "10.00";
/// Longer than a number is held.
const UNTIL_EXPIRED_S: u32 = 16 * 60;

/// Makes it happen, waits until it is in the log of events, and prints it.
pub(super) async fn run(asked: &Trigger, sandbox: &str) -> Result<(), CommandError> {
    let kind = EventKind::from_name(&asked.event).ok_or_else(|| unknown(&asked.event))?;
    let stage = Stage { api: Api::of(&asked.account)?, sandbox: sandbox.trim_end_matches('/').to_owned() };
    // Before anything is bought.
    stage.api.looks_for(&stage.sandbox).await?;
    let wished = stage.wished(kind).await?;
    let before = stage.newest().await?;
    let subject = stage.play(kind).await?;
    let event = stage.told(kind, &subject, before).await?;
    stage.tidy_up(kind, &subject, &wished).await?;
    say!("{}", serde_json::to_string_pretty(&event)?);
    Ok(())
}

fn unknown(event: &str) -> CommandError {
    let names = EventKind::ALL.map(EventKind::name).join(", ");
    format!("{event} is no type of event; there are {names}").into()
}

struct Stage {
    api: Api,
    sandbox: String,
}

impl Stage {
    /// Causes it. Returns the identifier of its order or payment; nothing of a wallet, of which there is one.
    async fn play(&self, kind: EventKind) -> Result<String, CommandError> {
        match kind {
            EventKind::VerificationRequested | EventKind::VerificationWaiting => {
                Ok(text(&self.rent().await?, "id"))
            }
            EventKind::VerificationMessage => self.receive("Welcome! Your code follows.").await,
            EventKind::VerificationCompleted => self.receive("Your code is 482913").await,
            EventKind::VerificationCancelled => {
                let id = text(&self.rent().await?, "id");
                self.api.post(&format!("verifications/{id}/cancel"), &Value::Null).await?;
                Ok(id)
            }
            EventKind::VerificationExpired => {
                let id = text(&self.rent().await?, "id");
                self.control("clock", &json!({ "advance_s": UNTIL_EXPIRED_S })).await?;
                Ok(id)
            }
            EventKind::VerificationFailed => self.sell_out().await,
            EventKind::PaymentSucceeded => self.pay(json!({ "outcome": "success" })).await,
            EventKind::PaymentFailed => self.pay(json!({ "outcome": "failed" })).await,
            EventKind::PaymentSuspense => {
                self.pay(json!({ "outcome": "success", "amount_subunits": 12_345 })).await
            }
            EventKind::PaymentRefunded => self.paid_then("refund", &json!({})).await,
            EventKind::PaymentDisputed => self.paid_then("dispute", &json!({ "event": "create" })).await,
            EventKind::WalletLowBalance => self.wish_for_more().await,
        }
    }

    /// What is wished of the wallet, if that will be changed.
    async fn wished(&self, kind: EventKind) -> Result<Value, CommandError> {
        match kind {
            EventKind::WalletLowBalance => self.api.get("wallet/settings").await,
            _ => Ok(Value::Null),
        }
    }

    /// A threshold above what is available, and another one than there was: of the same one the user knows.
    async fn wish_for_more(&self) -> Result<String, CommandError> {
        let wallet = self.api.get("wallet").await?;
        let available: Decimal = text(&wallet["available"], "amount").parse()?;
        let before = self.api.get("wallet/settings").await?;
        let before = text(&before["low_balance_threshold"], "amount");
        let more = |dollars: u32| (available + Decimal::from(dollars)).to_string();
        let wished = if more(1) == before { more(2) } else { more(1) };
        let wish = json!({ "low_balance_threshold": { "amount": wished, "currency": "USD" } });
        self.api.put("wallet/settings", &wish).await?;
        Ok(String::new())
    }

    async fn control(&self, path: &str, body: &Value) -> Result<Value, CommandError> {
        self.api.control(&format!("{}/control/{path}", self.sandbox), body).await
    }

    /// A number, with money that is paid in if there is too little.
    async fn rent(&self) -> Result<Value, CommandError> {
        self.fund().await?;
        self.order(SERVICE).await
    }

    async fn order(&self, service: &str) -> Result<Value, CommandError> {
        let limit = json!({ "amount": "5.00", "currency": "USD" });
        let order = json!({ "service": service, "country": "US", "max_price": limit });
        self.api.post("verifications", &order).await
    }

    async fn fund(&self) -> Result<(), CommandError> {
        let wallet = self.api.get("wallet").await?;
        let available: f64 = text(&wallet["available"], "amount").parse().unwrap_or_default();
        if available < 5.0 {
            self.settled().await?;
        }
        Ok(())
    }

    async fn receive(&self, message: &str) -> Result<String, CommandError> {
        let order = self.rent().await?;
        let sms = json!({ "number": order["phone_number"], "text": message });
        let id = text(&order, "id");
        if let Err(error) = self.control("textverified/sms", &sms).await {
            // The number is of another sandbox than the one that was asked.
            self.api.post(&format!("verifications/{id}/cancel"), &Value::Null).await?;
            return Err(error);
        }
        Ok(id)
    }

    /// An order for what has just been sold out; it is for sale again afterwards.
    async fn sell_out(&self) -> Result<String, CommandError> {
        self.fund().await?;
        let stock = |count: u32| json!({ "service": SOLD_OUT, "stock": count });
        self.control("textverified/service", &stock(0)).await?;
        let order = self.order(SOLD_OUT).await;
        self.control("textverified/service", &stock(IN_STOCK)).await?;
        Ok(text(&order?, "id"))
    }

    /// A payment whose customer does so.
    async fn pay(&self, how: Value) -> Result<String, CommandError> {
        let sum = json!({ "amount": DOLLARS, "currency": "USD" });
        let wish = json!({ "provider": "paystack", "amount": sum });
        let payment = self.api.post("payments", &wish).await?;
        self.control(&format!("paystack/{}", text(&payment, "reference")), &how).await?;
        let id = text(&payment, "id");
        self.api.post(&format!("payments/{id}/sync"), &Value::Null).await?;
        Ok(id)
    }

    async fn settled(&self) -> Result<String, CommandError> {
        self.pay(json!({ "outcome": "success" })).await
    }

    /// A paid payment to which something happens at the gateway.
    async fn paid_then(&self, what: &str, how: &Value) -> Result<String, CommandError> {
        let id = self.settled().await?;
        let payment = self.api.get(&format!("payments/{id}")).await?;
        self.control(&format!("paystack/{}/{what}", text(&payment, "reference")), how).await?;
        Ok(id)
    }

    /// An open dispute would keep the account from ordering: it is won. What was wished is wished again.
    async fn tidy_up(&self, kind: EventKind, subject: &str, wished: &Value) -> Result<(), CommandError> {
        if kind == EventKind::WalletLowBalance {
            return self.api.put("wallet/settings", wished).await.map(|_| ());
        }
        if kind != EventKind::PaymentDisputed {
            return Ok(());
        }
        let payment = self.api.get(&format!("payments/{subject}")).await?;
        let won = json!({ "event": "resolve", "resolution": "declined" });
        self.control(&format!("paystack/{}/dispute", text(&payment, "reference")), &won).await.map(|_| ())
    }

    /// The end of the log.
    async fn newest(&self) -> Result<i64, CommandError> {
        let mut newest = 0;
        loop {
            match self.api.events(newest).await?.last().map(sequence) {
                Some(last) => newest = last,
                None => return Ok(newest),
            }
        }
    }

    async fn told(&self, kind: EventKind, subject: &str, after: i64) -> Result<Value, CommandError> {
        let look = async {
            loop {
                let is_it = |event: &Value| {
                    event["type"] == kind.name()
                        && (subject.is_empty() || event["data"]["object"]["id"] == subject)
                };
                if let Some(event) = self.api.events(after).await?.into_iter().find(is_it) {
                    return Ok(event);
                }
                tokio::time::sleep(BETWEEN_LOOKS).await;
            }
        };
        let missing = || format!("{} did not happen to {subject}", kind.name());
        tokio::time::timeout(PATIENCE, look).await.map_err(|_| missing())?
    }
}

fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_default().to_owned()
}
