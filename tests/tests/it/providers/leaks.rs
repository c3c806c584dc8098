//! Worlds of the contract about leaked passwords: the fake, and the real adapter against the simulator.

use std::time::Duration;

use async_trait::async_trait;
use namaskah_adapters::{
    http::client,
    pwned_passwords::{PwnedPasswords, PwnedPasswordsConfig},
};
use namaskah_domain::{
    auth::{LeakedPasswords, Secret},
    memory::FakeLeakedPasswords,
};
use namaskah_sandbox::{Database, Sandbox, SandboxConfig};
use namaskah_tests::contract::leaked_passwords::{LEAKED, LeakWorld, OFTEN};
use serde_json::json;

use super::sandboxed::{PAYSTACK_KEY, WEBHOOK_SECRET};

pub struct Fake(FakeLeakedPasswords);

pub async fn fake() -> Fake {
    let fake = FakeLeakedPasswords::default();
    fake.leak(LEAKED);
    fake.leak(OFTEN);
    Fake(fake)
}

#[async_trait]
impl LeakWorld for Fake {
    fn port(&self) -> &dyn LeakedPasswords {
        &self.0
    }

    async fn shut(&self) {
        self.0.set_away(true);
    }

    async fn open(&self) {
        self.0.set_away(false);
    }
}

/// The simulated service and the real adapter.
pub struct Simulated {
    sandbox: Sandbox,
    http: reqwest::Client,
    port: PwnedPasswords,
}

pub fn adapter(base_url: String, timeout: Duration) -> PwnedPasswords {
    PwnedPasswords::try_new(&PwnedPasswordsConfig { base_url, timeout }).expect("an adapter")
}

pub async fn simulated() -> Simulated {
    let free = "127.0.0.1:0".parse().expect("an address");
    let config = SandboxConfig {
        listen: free,
        smtp_listen: free,
        database: Database::Memory,
        product_url: None,
        public_url: None,
        paystack_secret_key: PAYSTACK_KEY.into(),
        textverified_webhook_secret: WEBHOOK_SECRET.into(),
        credentials: None,
        google: None,
    };
    let http = client(Duration::from_secs(10)).expect("a client");
    let sandbox = Sandbox::start(config).await.expect("the sandbox");
    let port = adapter(format!("http://{}/pwnedpasswords", sandbox.http_addr()), Duration::from_secs(10));
    Simulated { sandbox, http, port }
}

impl Simulated {
    async fn fault(&self, mode: &str) {
        let fault =
            json!({ "provider": "pwnedpasswords", "operation": "range", "mode": mode, "count": 1_000 });
        let url = format!("http://{}/control/faults", self.sandbox.http_addr());
        let answer = self.http.post(url).json(&fault).send().await.expect("an answer");
        assert!(answer.status().is_success(), "{}", answer.status());
    }
}

#[async_trait]
impl LeakWorld for Simulated {
    fn port(&self) -> &dyn LeakedPasswords {
        &self.port
    }

    async fn shut(&self) {
        self.fault("http_500").await;
    }

    async fn open(&self) {
        self.fault("none").await;
    }
}

#[tokio::test]
async fn whatever_way_the_service_fails_it_is_not_believed() {
    let world = simulated().await;
    for mode in ["http_500", "http_429", "malformed", "disconnect"] {
        world.fault(mode).await;
        let asked = world.port().is_known(&Secret::new(LEAKED.to_owned())).await;
        assert!(asked.is_err(), "{mode}: {asked:?}");
    }
}
