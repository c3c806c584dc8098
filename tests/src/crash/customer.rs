//! Somebody who uses the product over HTTP, and is not surprised when it does not answer.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use namaskah_domain::UserId;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Failure, memory::Memory, outside::Outside};

const PASSWORD: &str = "seven quiet lanterns";
const PATIENCE: Duration = Duration::from_secs(40);
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// Where the product answers at the moment.
#[derive(Debug, Clone, Default)]
pub struct Addresses(Arc<Mutex<Vec<String>>>);

impl Addresses {
    /// These, from now on.
    pub fn are(&self, addresses: Vec<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = addresses;
    }

    fn one(&self, turn: usize) -> Option<String> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.is_empty() { None } else { Some(all[turn % all.len()].clone()) }
    }
}

/// What came of a request.
#[derive(Debug)]
pub enum Answer {
    /// 2xx.
    Done(Value),
    /// Anything else, with its status.
    Refused(u16, Value),
    /// Nothing came, or half of it.
    Silence,
}

impl Answer {
    /// The body of a good answer.
    ///
    /// # Errors
    /// If it was another.
    pub fn done(self) -> Result<Value, Failure> {
        match self {
            Self::Done(body) => Ok(body),
            Self::Refused(status, body) => Err(format!("refused with {status}: {body}").into()),
            Self::Silence => Err("no answer".into()),
        }
    }
}

/// A request.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// What it is about, for the report.
    pub kind: &'static str,
    /// How.
    pub method: &'a Method,
    /// Where, under the API.
    pub path: &'a str,
    /// With what; null for nothing.
    pub body: &'a Value,
    /// Under which key.
    pub key: &'a str,
}

/// A customer.
pub struct Customer {
    /// Which of them.
    pub place: usize,
    http: reqwest::Client,
    addresses: Addresses,
    memory: Arc<Memory>,
    email: String,
    token: Mutex<String>,
    user: Uuid,
    turn: AtomicUsize,
}

/// How often a request signs in anew before it is given up.
const SIGN_INS: u32 = 8;

impl Customer {
    /// Registers, proves the address, signs in.
    ///
    /// # Errors
    /// If the product refuses.
    pub async fn registered(
        place: usize,
        addresses: Addresses,
        memory: Arc<Memory>,
        outside: &Outside,
    ) -> Result<Self, Failure> {
        let email = format!("customer{place}@example.com");
        let http = super::outside::client(PATIENCE)?;
        let (token, turn) = (Mutex::default(), AtomicUsize::new(place));
        let user = Uuid::nil();
        let mut customer = Self { place, http, addresses, memory, email, token, user, turn };
        customer.simple("auth/register", customer.credentials()).await.done()?;
        let proof = loop {
            if let Some(token) = outside.mailed_token(&customer.email).await? {
                break token;
            }
            tokio::time::sleep(BETWEEN_LOOKS).await;
        };
        customer.simple("auth/verify-email", json!({ "token": proof })).await.done()?;
        let signed_in = customer.sign_in().await.done()?;
        let id: UserId = signed_in["user"]["id"].as_str().ok_or("no user")?.parse()?;
        customer.user = id.uuid();
        Ok(customer)
    }

    /// Who this is, in the product's records.
    pub const fn user(&self) -> Uuid {
        self.user
    }

    fn credentials(&self) -> Value {
        json!({ "email": self.email, "password": PASSWORD })
    }

    async fn simple(&self, path: &str, body: Value) -> Answer {
        self.once(&Ask { kind: "other", method: &Method::POST, path, body: &body, key: "" }).await
    }

    async fn sign_in(&self) -> Answer {
        self.put_token(String::new());
        let answer = self.simple("auth/login", self.credentials()).await;
        if let Answer::Done(body) = &answer {
            self.put_token(body["access_token"].as_str().unwrap_or_default().to_owned());
        }
        answer
    }

    fn token(&self) -> String {
        self.token.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn put_token(&self, token: String) {
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = token;
    }

    /// Reads.
    pub async fn get(&self, path: &str) -> Answer {
        self.ask(&Ask { kind: "other", method: &Method::GET, path, body: &Value::Null, key: "" }).await
    }

    /// Asks; signs in anew if the clock has outrun the token. Several of the customer's requests may do so at once, so
    /// one that meets a token which another is just replacing tries again.
    pub async fn ask(&self, ask: &Ask<'_>) -> Answer {
        for _ in 0..SIGN_INS {
            match self.once(ask).await {
                Answer::Refused(401, _) => {}
                answer => return answer,
            }
            if !matches!(self.sign_in().await, Answer::Done(_)) {
                break;
            }
        }
        // Nothing has happened yet; whoever asked asks again.
        Answer::Silence
    }

    async fn once(&self, ask: &Ask<'_>) -> Answer {
        self.memory.sends(ask.kind);
        let answer = self.send(ask).await.unwrap_or(Answer::Silence);
        self.memory.is_done(ask.kind);
        match &answer {
            Answer::Refused(500, body) => self.memory.breach(format!("{} answered 500: {body}", ask.path)),
            Answer::Refused(503, _) => self.memory.is_unavailable(),
            Answer::Done(_) | Answer::Refused(..) | Answer::Silence => {}
        }
        answer
    }

    /// `None` if nothing whole came back.
    async fn send(&self, ask: &Ask<'_>) -> Option<Answer> {
        let address = self.addresses.one(self.turn.fetch_add(1, Ordering::Relaxed))?;
        let mut request = self.http.request(ask.method.clone(), format!("{address}/api/v1/{}", ask.path));
        let token = self.token();
        if !token.is_empty() {
            request = request.bearer_auth(token);
        }
        if !ask.key.is_empty() {
            request = request.header("Idempotency-Key", ask.key);
        }
        if !ask.body.is_null() {
            request = request.json(ask.body);
        }
        let answer = request.send().await.ok()?;
        let status = answer.status();
        let text = answer.text().await.ok()?;
        let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).ok()? };
        Some(if status.is_success() { Answer::Done(body) } else { Answer::Refused(status.as_u16(), body) })
    }
}
