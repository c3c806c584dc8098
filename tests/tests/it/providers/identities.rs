//! Worlds of the identity contract: the fake, and the real adapter against the simulator.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use chrono::TimeDelta;
use namaskah_adapters::{
    google::{GoogleConfig, GoogleIdentityProvider},
    http::client,
    system::SystemClock,
};
use namaskah_domain::{
    Clock,
    auth::{IdentityProvider, Secret},
    memory::{FakeIdentityProvider, ManualClock, Person},
};
use namaskah_sandbox::{Database, GoogleClient, Sandbox, SandboxConfig};
use namaskah_tests::contract::identity_provider::IdentityWorld;
use reqwest::Url;
use serde_json::{Value, json};

use super::sandboxed::{PAYSTACK_KEY, WEBHOOK_SECRET};

pub struct Fake {
    clock: Arc<ManualClock>,
    provider: FakeIdentityProvider,
}

pub async fn fake() -> Fake {
    let clock = Arc::new(ManualClock::default());
    Fake { provider: FakeIdentityProvider::new(clock.clone()), clock }
}

#[async_trait]
impl IdentityWorld for Fake {
    fn provider(&self) -> &dyn IdentityProvider {
        &self.provider
    }

    fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    async fn advance(&self, by: TimeDelta) {
        self.clock.advance(by);
    }

    async fn consent(&self, url: &str, person: &Person) -> (Secret, Secret) {
        self.provider.consent(url, person).expect("the page of an attempt")
    }

    async fn rotate(&self) {}

    async fn shut(&self) {
        self.provider.set_away(true);
    }
}

pub const CLIENT: &str = "namaskah.tests";
pub const CLIENT_SECRET: &str = "a secret of the tests alone";
pub const WAY_BACK: &str = "http://127.0.0.1:9/api/v1/auth/google/callback";

/// The simulated provider, the real adapter, and a clock that follows the simulator's.
pub struct Simulated {
    pub sandbox: Sandbox,
    http: reqwest::Client,
    clock: Arc<SystemClock>,
    provider: GoogleIdentityProvider,
}

/// An adapter that looks for unknown keys at once.
pub fn adapter(issuer: &str) -> GoogleIdentityProvider {
    adapter_with(issuer, Duration::ZERO)
}

pub fn adapter_with(issuer: &str, keys_pause: Duration) -> GoogleIdentityProvider {
    let config = GoogleConfig::new(issuer.into(), CLIENT.into(), CLIENT_SECRET.into(), WAY_BACK.into());
    let timeout = Duration::from_secs(2);
    GoogleIdentityProvider::try_new(GoogleConfig { timeout, keys_pause, ..config }).expect("an adapter")
}

pub async fn simulated() -> Simulated {
    let free = "127.0.0.1:0".parse().expect("an address");
    let google = GoogleClient {
        client_id: CLIENT.into(),
        client_secret: CLIENT_SECRET.into(),
        redirect_uri: Some(WAY_BACK.into()),
    };
    let config = SandboxConfig {
        listen: free,
        smtp_listen: free,
        database: Database::Memory,
        product_url: None,
        public_url: None,
        paystack_secret_key: PAYSTACK_KEY.into(),
        textverified_webhook_secret: WEBHOOK_SECRET.into(),
        credentials: None,
        google: Some(google),
    };
    let http = client(Duration::from_secs(10)).expect("a client");
    let sandbox = Sandbox::start(config).await.expect("the sandbox");
    let provider = adapter(&format!("http://{}/google", sandbox.http_addr()));
    Simulated { http, clock: Arc::new(SystemClock::new(0)), provider, sandbox }
}

impl Simulated {
    pub fn issuer(&self) -> String {
        format!("http://{}/google", self.sandbox.http_addr())
    }

    pub async fn control(&self, path: &str, body: Value) -> Value {
        let url = format!("http://{}{path}", self.sandbox.http_addr());
        let answer = self.http.post(url).json(&body).send().await.expect("an answer");
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.json().await.expect("JSON")
    }
}

#[async_trait]
impl IdentityWorld for Simulated {
    fn provider(&self) -> &dyn IdentityProvider {
        &self.provider
    }

    fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    async fn advance(&self, by: TimeDelta) {
        let moved = self.control("/control/clock", json!({ "advance_s": by.num_seconds() })).await;
        let offset_s = moved["offset_s"].as_f64().expect("an offset");
        self.clock.raise_offset_ms((offset_s * 1_000.0) as i64);
    }

    async fn consent(&self, url: &str, person: &Person) -> (Secret, Secret) {
        let page = self.http.get(url).send().await.expect("a page");
        assert_eq!(page.status(), 200, "the page where an address is picked");
        let mut agreed = Url::parse(&url.replace("/authorize", "/consent")).expect("an address");
        agreed.query_pairs_mut().extend_pairs([
            ("email", person.email.as_str()),
            ("sub", person.subject.as_str()),
            ("verified", if person.email_verified { "true" } else { "false" }),
        ]);
        let answer = self.http.get(agreed).send().await.expect("an answer");
        let back = answer.headers()["location"].to_str().expect("a text").to_owned();
        assert!(back.starts_with(WAY_BACK), "{back}");
        let back = Url::parse(&back).expect("an address");
        let named = |name: &str| {
            let found = back.query_pairs().find(|(key, _)| key == name);
            Secret::new(found.expect("a parameter").1.into_owned())
        };
        (named("state"), named("code"))
    }

    async fn rotate(&self) {
        self.control("/control/google/rotate", json!({})).await;
    }

    async fn shut(&self) {
        for operation in ["discovery", "token", "certs"] {
            let fault =
                json!({ "provider": "google", "operation": operation, "mode": "http_500", "count": 1_000 });
            self.control("/control/faults", fault).await;
        }
    }
}
