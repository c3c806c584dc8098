//! Somebody who uses the product over HTTP.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU32, Ordering},
};

use reqwest::{Method, RequestBuilder, header::HeaderMap};
use serde_json::{Value, json};
use uuid::Uuid;

use super::controls::{Controls, client, eventually};

pub const PASSWORD: &str = "seven quiet lanterns";

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    /// Reads an answer of the product. What is true of every answer is checked here.
    pub async fn of(request: RequestBuilder) -> Self {
        Self::read(request.send().await.expect("the product answers")).await
    }

    pub async fn read(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.expect("a whole answer");
        for name in [
            "ratelimit-policy",
            "ratelimit",
            "x-ratelimit-limit",
            "x-ratelimit-remaining",
            "x-ratelimit-reset",
            "x-request-id",
            "x-content-type-options",
        ] {
            assert!(headers.contains_key(name), "{status} without {name}: {text}");
        }
        Self { status, headers, text }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub fn json(&self) -> Value {
        if self.text.is_empty() { Value::Null } else { serde_json::from_str(&self.text).expect("JSON") }
    }

    /// The body of an answer of that status.
    #[track_caller]
    pub fn is(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.json()
    }

    /// The problem of that status and code.
    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> Value {
        let problem = self.problem();
        assert_eq!((self.status, problem["code"].as_str()), (status, Some(code)), "{}", self.text);
        problem
    }

    /// The problem, whatever it is; everything that each must have is checked.
    #[track_caller]
    pub fn problem(&self) -> Value {
        assert!(self.status >= 400, "{} {}", self.status, self.text);
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{}", self.text);
        let problem = self.json();
        for field in ["type", "title", "detail", "code", "request_id"] {
            assert!(problem[field].as_str().is_some_and(|text| !text.is_empty()), "{field}: {}", self.text);
        }
        assert_eq!(problem["status"], self.status, "{}", self.text);
        assert_eq!(problem["request_id"].as_str(), self.header("x-request-id"));
        problem
    }
}

/// A customer of the product at one address.
pub struct Customer {
    pub http: reqwest::Client,
    product: String,
    pub email: String,
    password: Mutex<String>,
    tokens: Mutex<Value>,
    keys: AtomicU32,
}

fn locked<T: Clone>(mutex: &Mutex<T>) -> T {
    mutex.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

fn put<T>(mutex: &Mutex<T>, value: T) {
    *mutex.lock().unwrap_or_else(PoisonError::into_inner) = value;
}

impl Customer {
    /// Somebody who is not registered yet.
    pub fn stranger(product: &str) -> Self {
        Self {
            http: client(),
            product: product.to_owned(),
            email: format!("c{}@example.com", Uuid::from_u128(unique()).simple()),
            password: Mutex::new(PASSWORD.to_owned()),
            tokens: Mutex::new(Value::Null),
            keys: AtomicU32::new(0),
        }
    }

    /// Registers, proves the address, signs in.
    pub async fn registered(product: &str, controls: &Controls) -> Self {
        let customer = Self::stranger(product);
        customer.register(controls).await;
        customer.sign_in().await;
        customer
    }

    pub async fn register(&self, controls: &Controls) {
        self.post("auth/register", self.credentials()).await.is(202);
        let token = controls.mailed_token(&self.email, None).await;
        self.post("auth/verify-email", json!({ "token": token })).await.is(204);
    }

    pub fn credentials(&self) -> Value {
        json!({ "email": self.email, "password": locked(&self.password) })
    }

    pub fn has_password(&self, password: &str) {
        put(&self.password, password.to_owned());
    }

    pub fn url(&self, path: &str) -> String {
        let product = &self.product;
        if path.starts_with('/') { format!("{product}{path}") } else { format!("{product}/api/v1/{path}") }
    }

    /// Signs in anew: tokens of before a jump of the clock have run out.
    pub async fn sign_in(&self) -> Value {
        self.forget_tokens();
        let tokens = self.post("auth/login", self.credentials()).await.is(200);
        self.take_tokens(&tokens);
        tokens
    }

    pub fn take_tokens(&self, tokens: &Value) {
        put(&self.tokens, tokens.clone());
    }

    pub fn forget_tokens(&self) {
        put(&self.tokens, Value::Null);
    }

    pub fn token(&self, name: &str) -> String {
        locked(&self.tokens)[name].as_str().unwrap_or_default().to_owned()
    }

    /// A key that this customer has not used.
    pub fn new_key(&self) -> String {
        format!("k-{}", self.keys.fetch_add(1, Ordering::Relaxed))
    }

    /// A request with this customer's credential, if there is one.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, self.url(path));
        let token = self.token("access_token");
        if token.is_empty() { request } else { request.bearer_auth(token) }
    }

    /// Proves again who it is.
    pub async fn steps_up(&self) {
        self.steps_up_with(json!({ "password": PASSWORD })).await;
    }

    /// The same with this proof, and goes on with what that gives.
    pub async fn steps_up_with(&self, proof: Value) -> Value {
        let lifted = self.post("auth/step-up", proof).await.is(200);
        self.take_tokens(&lifted["tokens"]);
        lifted
    }

    pub async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::DELETE, path)).await
    }

    /// Under a new key.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.post_again(path, body, &self.new_key()).await
    }

    /// Under a key that may have been used.
    pub async fn post_again(&self, path: &str, body: Value, key: &str) -> Answer {
        let request = self.request(Method::POST, path).header("Idempotency-Key", key);
        Answer::of(if body.is_null() { request } else { request.json(&body) }).await
    }

    /// Available and held, as text.
    pub async fn wallet(&self) -> (String, String) {
        let wallet = self.get("wallet").await.is(200);
        let amount = |field: &str| wallet[field]["amount"].as_str().expect("an amount").to_owned();
        (amount("available"), amount("held"))
    }

    #[track_caller]
    pub fn has(&self, available: &str, held: &str) -> impl Future<Output = ()> {
        let expected = (available.to_owned(), held.to_owned());
        let at = std::panic::Location::caller();
        async move { assert_eq!(self.wallet().await, expected, "available and held, asked at {at}") }
    }

    /// Opens a payment.
    pub async fn opens_payment(&self, dollars: &str) -> Value {
        self.post("payments", payment(dollars)).await.is(201)
    }

    /// Pays and has the money.
    pub async fn deposits(&self, controls: &Controls, dollars: &str) {
        let payment = self.opens_payment(dollars).await;
        controls.pay(payment["reference"].as_str().expect("a reference"), "lose").await;
        let path = format!("payments/{}/sync", text(&payment, "id"));
        assert_eq!(self.post(&path, Value::Null).await.is(200)["status"], "succeeded");
    }

    pub async fn payment(&self, payment: &Value) -> Value {
        self.get(&format!("payments/{}", text(payment, "id"))).await.is(200)
    }

    pub async fn payment_becomes(&self, payment: &Value, status: &str) -> Value {
        eventually(&format!("the payment is {status}"), || async {
            Some(self.payment(payment).await).filter(|payment| payment["status"] == status)
        })
        .await
    }

    /// Orders a number at today's price.
    pub async fn orders(&self, service: &str) -> Value {
        self.post("verifications", order(service)).await.is(201)
    }

    /// Orders a number and has it.
    pub async fn rents(&self, service: &str) -> Value {
        let order = self.orders(service).await;
        assert_eq!(order["status"], "waiting", "{order}");
        let number = text(&order, "phone_number");
        assert!(number.starts_with('+') && number.len() == 12, "{number} is E.164");
        order
    }

    pub async fn order(&self, order: &Value) -> Value {
        self.get(&format!("verifications/{}", text(order, "id"))).await.is(200)
    }

    /// Long poll: the order once it differs from what is known.
    pub async fn awaits(&self, order: &Value) -> Value {
        let path = format!("verifications/{}?wait=20&version={}", text(order, "id"), order["version"]);
        self.get(&path).await.is(200)
    }

    pub async fn order_becomes(&self, order: &Value, status: &str) -> Value {
        eventually(&format!("the order is {status}"), || async {
            Some(self.order(order).await).filter(|order| order["status"] == status)
        })
        .await
    }

    pub async fn cancels(&self, order: &Value) -> Answer {
        self.post(&format!("verifications/{}/cancel", text(order, "id")), Value::Null).await
    }
}

pub fn payment(dollars: &str) -> Value {
    json!({ "provider": "paystack", "amount": { "amount": dollars, "currency": "USD" } })
}

pub fn order(service: &str) -> Value {
    json!({ "service": service, "country": "US", "max_price": { "amount": "5.00", "currency": "USD" } })
}

/// The body of a batch.
pub fn batch(mode: &str, items: Vec<Value>) -> Value {
    json!({ "mode": mode, "items": items })
}

/// A field that is a text.
#[track_caller]
pub fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_else(|| panic!("{field} is no text in {value}")).to_owned()
}

fn unique() -> u128 {
    let mut bytes = [0u8; 16];
    namaskah_tests::given::fill(&mut bytes);
    u128::from_be_bytes(bytes)
}
