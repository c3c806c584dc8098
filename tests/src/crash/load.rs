//! What goes on while something breaks: customers who buy, receive, cancel and pay, time that passes, and providers
//! that misbehave.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use namaskah_domain::Time;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{
    Failure,
    customer::{Answer, Ask, Customer},
    dice::Dice,
    memory::{Command, Fate, Memory, status},
    outside::Outside,
};

const SERVICES: [&str; 6] = ["telegram", "whatsapp", "google", "discord", "uber", "signal"];
/// So long after an order's end its number and texts are shown.
const RETENTION: TimeDelta = TimeDelta::hours(24);
const AFTER_SILENCE: Duration = Duration::from_millis(15);
/// Operations of the providers that fail now and then.
const OPERATIONS: [(&str, &str); 8] = [
    ("textverified", "create"),
    ("textverified", "get"),
    ("textverified", "list"),
    ("textverified", "cancel"),
    ("textverified", "sms"),
    ("paystack", "initialize"),
    ("paystack", "verify"),
    ("paystack", "list"),
];
const MODES: [&str; 5] = ["timeout_after", "timeout_before", "http_500", "malformed", "disconnect"];

/// Everybody who takes part.
pub struct Scene {
    /// Who buys.
    pub customers: Vec<Customer>,
    /// The simulators.
    pub outside: Outside,
    /// What the customers know.
    pub memory: Arc<Memory>,
}

/// What a round of load contains.
#[derive(Debug, Clone, Copy)]
pub struct Spirit {
    /// Customers that buy at once.
    pub buyers: u64,
    /// Whether time passes meanwhile.
    pub time_passes: bool,
    /// Whether providers fail meanwhile.
    pub providers_fail: bool,
}

impl Spirit {
    /// One of many.
    pub fn draw(dice: &mut Dice) -> Self {
        Self { buyers: dice.between(2, 4), time_passes: dice.one_in(3), providers_fail: dice.one_in(3) }
    }
}

/// Starts them all; each goes on until `stop`, and ends its last request then.
pub fn start(
    scene: &Arc<Scene>,
    dice: &mut Dice,
    spirit: Spirit,
    stop: &CancellationToken,
) -> JoinSet<Result<(), Failure>> {
    let mut tasks = JoinSet::new();
    let mut part = || Part { scene: scene.clone(), dice: dice.apart(), stop: stop.clone() };
    for _ in 0..spirit.buyers {
        tasks.spawn(part().buys());
    }
    for _ in 0..2 {
        tasks.spawn(part().receives());
        tasks.spawn(part().deposits());
    }
    tasks.spawn(part().cancels());
    if spirit.time_passes {
        tasks.spawn(part().lets_time_pass());
    }
    if spirit.providers_fail {
        tasks.spawn(part().makes_providers_fail());
    }
    tasks
}

/// One who takes part.
struct Part {
    scene: Arc<Scene>,
    dice: Dice,
    stop: CancellationToken,
}

impl Part {
    fn goes_on(&self) -> bool {
        !self.stop.is_cancelled()
    }

    async fn rests(&mut self, least_ms: u64, most_ms: u64) {
        let pause = Duration::from_millis(self.dice.between(least_ms, most_ms));
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = self.stop.cancelled() => {}
        }
    }

    async fn buys(mut self) -> Result<(), Failure> {
        while self.goes_on() {
            let customer = self.dice.place(self.scene.customers.len());
            if let Some(body) = self.wishes(customer).await {
                let key = format!("order-{}", self.scene.memory.next());
                self.scene.sends(Command { customer, path: "verifications", body, key }).await;
            }
            self.rests(5, 60).await;
        }
        Ok(())
    }

    /// By the highest price, or by a quote; `None` if there was none to be had.
    async fn wishes(&mut self, customer: usize) -> Option<Value> {
        let service = self.dice.pick(&SERVICES);
        if !self.dice.one_in(3) {
            let most = json!({ "amount": "5.00", "currency": "USD" });
            return Some(json!({ "service": service, "country": "US", "max_price": most }));
        }
        let body = json!({ "service": service, "country": "US" });
        let ask = Ask { kind: "quote", method: &Method::POST, path: "quotes", body: &body, key: "" };
        match self.scene.customers[customer].ask(&ask).await {
            Answer::Done(quote) => {
                Some(json!({ "service": service, "country": "US", "quote_id": quote["id"] }))
            }
            Answer::Refused(..) => None,
            Answer::Silence => {
                tokio::time::sleep(AFTER_SILENCE).await;
                None
            }
        }
    }

    async fn receives(mut self) -> Result<(), Failure> {
        while self.goes_on() {
            self.rests(5, 40).await;
            let Some(known) = self.scene.memory.some_waiting(&mut self.dice) else { continue };
            let Some(number) = known.body["phone_number"].as_str() else { continue };
            let n = self.scene.memory.next();
            let text = match self.dice.below(6) {
                0 => format!("No code for you today, {n}"),
                1 => format!("G-{} is your code", 100_000 + n),
                _ => format!("Your code is {}", 100_000 + n),
            };
            let webhook = self.dice.pick(&["deliver", "deliver", "lose"]);
            self.scene.memory.texts(number, &text);
            let sms = json!({ "number": number, "text": text, "webhook": webhook });
            self.scene.outside.post("control/textverified/sms", sms).await?;
            let id = known.body["id"].as_str().unwrap_or_default();
            let path = format!("verifications/{id}?wait=1&version={}", known.body["version"]);
            self.scene.looks_at(known.customer, &path).await;
        }
        Ok(())
    }

    async fn cancels(mut self) -> Result<(), Failure> {
        while self.goes_on() {
            self.rests(20, 120).await;
            let Some(known) = self.scene.memory.some_waiting(&mut self.dice) else { continue };
            let path = format!("verifications/{}", known.body["id"].as_str().unwrap_or_default());
            let cancel = format!("{path}/cancel");
            let ask =
                Ask { kind: "cancel", method: &Method::POST, path: &cancel, body: &Value::Null, key: "" };
            match self.scene.customers[known.customer].ask(&ask).await {
                Answer::Done(body) => self.scene.memory.sees_order(known.customer, &body),
                Answer::Refused(409, _) => self.scene.looks_at(known.customer, &path).await,
                Answer::Refused(..) => {}
                Answer::Silence => tokio::time::sleep(AFTER_SILENCE).await,
            }
        }
        Ok(())
    }

    async fn deposits(mut self) -> Result<(), Failure> {
        while self.goes_on() {
            let customer = self.dice.place(self.scene.customers.len());
            let dollars = self.dice.between(1, 20);
            let amount = json!({ "amount": format!("{dollars}.00"), "currency": "USD" });
            let body = json!({ "provider": "paystack", "amount": amount });
            let key = format!("payment-{}", self.scene.memory.next());
            let opened = self.scene.sends(Command { customer, path: "payments", body, key }).await;
            match opened {
                Some(payment) => self.pays(customer, &payment).await?,
                None => tokio::time::sleep(AFTER_SILENCE).await,
            }
            self.rests(10, 80).await;
        }
        Ok(())
    }

    /// Most customers pay what was asked; some pay another sum, some never.
    async fn pays(&mut self, customer: usize, payment: &Value) -> Result<(), Failure> {
        let reference = payment["reference"].as_str().ok_or("a payment without a reference")?.to_owned();
        // Without a checkout there is nowhere to pay yet.
        if payment["checkout_url"].is_null() || self.dice.one_in(8) {
            return Ok(());
        }
        let webhook = self.dice.pick(&["deliver", "duplicate", "lose"]);
        let mut pays = json!({ "outcome": "success", "webhook": webhook });
        if self.dice.one_in(10) {
            self.scene.memory.pays_wrongly(&reference);
            pays["amount_subunits"] = json!(self.dice.between(100, 90_000));
        }
        self.scene.outside.post(&format!("control/paystack/{reference}"), pays).await?;
        if self.dice.one_in(2) {
            let path = format!("payments/{}/sync", payment["id"].as_str().unwrap_or_default());
            let ask = Ask { kind: "sync", method: &Method::POST, path: &path, body: &Value::Null, key: "" };
            if let Answer::Done(body) = self.scene.customers[customer].ask(&ask).await {
                self.scene.memory.sees_payment(customer, &body, 0);
            }
        }
        Ok(())
    }

    async fn lets_time_pass(mut self) -> Result<(), Failure> {
        while self.goes_on() {
            self.rests(40, 200).await;
            let seconds = self.dice.between(5, 240);
            self.scene.outside.advance(seconds).await?;
        }
        Ok(())
    }

    async fn makes_providers_fail(mut self) -> Result<(), Failure> {
        while self.goes_on() {
            self.rests(10, 60).await;
            let (operation, mode) = (self.dice.pick(&OPERATIONS), self.dice.pick(&MODES));
            self.scene.outside.fault(operation, mode, 1).await?;
        }
        Ok(())
    }
}

impl Scene {
    /// Sends a command, and notes what came of it. `None` if its outcome is open, or it was refused.
    pub async fn sends(&self, command: Command) -> Option<Value> {
        self.memory.intends(&command);
        self.repeats(&command).await
    }

    /// Sends a command that was sent before, under its key.
    pub async fn repeats(&self, command: &Command) -> Option<Value> {
        let Command { customer, path, body, key } = command;
        let kind = if *path == "payments" { "deposit" } else { "order" };
        let ask = Ask { kind, method: &Method::POST, path, body, key };
        match self.customers[*customer].ask(&ask).await {
            Answer::Done(made) => {
                let id = made["id"].as_str().unwrap_or_default().to_owned();
                self.memory.learns(key, Fate::Made(id));
                if *path == "payments" {
                    let units = super::outside::units(&body["amount"]["amount"]).unwrap_or(0);
                    self.memory.sees_payment(*customer, &made, units);
                } else {
                    self.memory.sees_order(*customer, &made);
                }
                Some(made)
            }
            // A fault leaves it open; a refusal is a promise that nothing happened.
            Answer::Refused(code, _) if code < 500 && code != 429 => {
                self.memory.learns(key, Fate::Refused);
                None
            }
            Answer::Refused(..) => None,
            Answer::Silence => {
                tokio::time::sleep(AFTER_SILENCE).await;
                None
            }
        }
    }

    /// Reads an order.
    pub async fn looks_at(&self, customer: usize, path: &str) {
        if let Answer::Done(body) = self.customers[customer].get(path).await {
            self.memory.sees_order(customer, &body);
            if status(&body) == "completed" {
                self.checks_texts(&body);
            }
        }
    }

    /// A completed order shows a text of its own number, with a code; a day after its end it shows nothing any more.
    pub fn checks_texts(&self, body: &Value) {
        let messages = body["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
        let Some(number) = body["phone_number"].as_str() else {
            return self.checks_erasure(body, messages);
        };
        for message in messages {
            let text = message["text"].as_str().unwrap_or_default();
            if !self.memory.has_texted(number, text) {
                self.memory.breach(format!("order {} shows a text that was never sent to it", body["id"]));
            }
        }
        if !messages.iter().any(|message| message["code"].is_string()) {
            self.memory.breach(format!("order {} is completed without a code", body["id"]));
        }
    }
    fn checks_erasure(&self, body: &Value, messages: &[Value]) {
        let at = |field: &str| body[field].as_str().and_then(|text| text.parse::<Time>().ok());
        let (now, end) = (at("server_time"), at("completed_at"));
        if now.zip(end).is_none_or(|(now, end)| now - end < RETENTION) {
            self.memory.breach(format!("order {} is completed and shows no number", body["id"]));
        }
        if messages.iter().any(|message| !message["text"].is_null() || !message["code"].is_null()) {
            self.memory.breach(format!("order {} shows a text and no number", body["id"]));
        }
    }
}
