//! Builders: a running sandbox, and callers of each of its faces.

use std::net::SocketAddr;

use namaskah_sandbox::{Credentials, Database, Sandbox, SandboxConfig};
use reqwest::{Client, Method, Response, StatusCode};
use serde_json::{Value, json};

pub const PAYSTACK_KEY: &str = "sk_test_0123456789abcdef0123456789abcdef01234567";
pub const WEBHOOK_SECRET: &str = "whsec_test_0123456789";

pub fn config() -> SandboxConfig {
    let free = SocketAddr::from(([127, 0, 0, 1], 0));
    SandboxConfig {
        listen: free,
        smtp_listen: free,
        database: Database::Memory,
        product_url: None,
        public_url: None,
        paystack_secret_key: PAYSTACK_KEY.into(),
        textverified_webhook_secret: WEBHOOK_SECRET.into(),
        credentials: None,
        google: None,
    }
}

pub async fn sandbox() -> Running {
    sandbox_with(config()).await
}

pub async fn sandbox_with(config: SandboxConfig) -> Running {
    let sandbox = Sandbox::start(config).await.unwrap();
    let base = format!("http://{}", sandbox.http_addr());
    Running { sandbox, base, client: client(), token: None }
}

pub fn credentials() -> Credentials {
    Credentials {
        paystack_secret_key: PAYSTACK_KEY.into(),
        textverified_username: "ops@shop.test".into(),
        textverified_api_key: "key-1".into(),
    }
}

fn client() -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().no_proxy().timeout(std::time::Duration::from_secs(30)).build().unwrap()
}

/// A sandbox and somebody signed in to it.
pub struct Running {
    pub sandbox: Sandbox,
    pub base: String,
    pub client: Client,
    token: Option<String>,
}

/// A status and a JSON body; `Null` where there is none.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    pub body: Value,
}

pub async fn reply(response: Response) -> Reply {
    let (status, headers) = (response.status(), response.headers().clone());
    let text = response.text().await.unwrap();
    Reply { status, headers, body: serde_json::from_str(&text).unwrap_or(Value::Null) }
}

impl Running {
    pub async fn signed_in(self, username: &str) -> Self {
        let token = self.token_of(username).await;
        Self { token: Some(token), ..self }
    }

    pub async fn token_of(&self, username: &str) -> String {
        let url = format!("{}/textverified/api/pub/v2/auth", self.base);
        let request = self.client.post(url).header("X-API-KEY", "key-1").header("X-API-USERNAME", username);
        let answer = reply(request.send().await.unwrap()).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body["token"].as_str().unwrap().to_owned()
    }

    fn request(&self, method: Method, url: &str, body: Option<&Value>) -> reqwest::RequestBuilder {
        let url = if url.starts_with("http") { url.to_owned() } else { format!("{}{url}", self.base) };
        let request = self.client.request(method, url);
        match body {
            Some(body) => request.json(body),
            None => request,
        }
    }

    /// TextVerified, as the one who is signed in. `path` is a tail or a whole link.
    pub async fn tv(&self, method: Method, path: &str, body: Option<Value>) -> Reply {
        reply(self.tv_send(method, path, body).await.unwrap()).await
    }

    pub async fn tv_send(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> reqwest::Result<Response> {
        let url = if path.starts_with("http") {
            path.to_owned()
        } else {
            format!("/textverified/api/pub/v2{path}")
        };
        let token = self.token.as_deref().unwrap_or("nobody");
        self.request(method, &url, body.as_ref()).bearer_auth(token).send().await
    }

    pub async fn tv_get(&self, path: &str) -> Reply {
        self.tv(Method::GET, path, None).await
    }

    pub async fn tv_post(&self, path: &str, body: Value) -> Reply {
        self.tv(Method::POST, path, Some(body)).await
    }

    /// Buys a number of `service`, and returns the verification.
    pub async fn buy(&self, service: &str) -> Value {
        let created = self.tv_post("/verifications", order(service)).await;
        assert_eq!(created.status, 201, "{created:?}");
        self.tv_get(created.body["href"].as_str().unwrap()).await.body
    }

    pub async fn verification(&self, verification: &Value) -> Value {
        self.tv_get(&format!("/verifications/{}", text(&verification["id"]))).await.body
    }

    pub async fn balance(&self) -> String {
        self.tv_get("/account/me").await.body["currentBalance"].to_string()
    }

    /// Paystack, with the key.
    pub async fn ps(&self, method: Method, path: &str, body: Option<Value>) -> Reply {
        let request =
            self.request(method, &format!("/paystack{path}"), body.as_ref()).bearer_auth(PAYSTACK_KEY);
        reply(request.send().await.unwrap()).await
    }

    pub async fn ps_get(&self, path: &str) -> Reply {
        self.ps(Method::GET, path, None).await
    }

    pub async fn ps_post(&self, path: &str, body: Value) -> Reply {
        self.ps(Method::POST, path, Some(body)).await
    }

    pub async fn initialize(&self, reference: &str, amount: i64) -> Reply {
        let body = json!({ "email": "payer@shop.test", "amount": amount, "currency": "NGN", "reference": reference });
        self.ps_post("/transaction/initialize", body).await
    }

    pub async fn control(&self, path: &str, body: Value) -> Reply {
        reply(self.request(Method::POST, path, Some(&body)).send().await.unwrap()).await
    }

    pub async fn text(&self, verification: &Value, text: &str) -> Reply {
        let path = format!("/control/textverified/{}/sms", self::text(&verification["id"]));
        self.control(&path, json!({ "text": text })).await
    }

    pub async fn advance(&self, seconds: f64) {
        let answer = self.control("/control/clock", json!({ "advance_s": seconds })).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }

    pub async fn state(&self) -> Value {
        self.get("/control/state").await.body
    }

    pub async fn get(&self, path: &str) -> Reply {
        reply(self.request(Method::GET, path, None).send().await.unwrap()).await
    }

    pub async fn fault(&self, provider: &str, operation: &str, mode: &str) {
        let body = json!({ "provider": provider, "operation": operation, "mode": mode, "count": 1 });
        assert_eq!(self.control("/control/faults", body).await.status, 200);
    }

    /// What the provider says was bought by `username`.
    pub async fn purchases(&self, username: &str) -> Vec<Value> {
        let state = self.state().await;
        state["textverified"]["accounts"][username]["purchases"].as_array().cloned().unwrap_or_default()
    }
}

pub fn order(service: &str) -> Value {
    json!({ "serviceName": service, "capability": "sms" })
}

pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("not text: {value}"))
}

pub fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("not a list: {value}"))
}
