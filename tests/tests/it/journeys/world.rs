//! A product of one's own, with its simulators, in this process.

use std::panic::AssertUnwindSafe;

use base64::{Engine, engine::general_purpose::STANDARD};
use futures::FutureExt;
use hmac::{Hmac, KeyInit, Mac};
use namaskah::{
    config::{Config, Overrides},
    start::{self, Role, Running},
};
use namaskah_tests::postgres::{self, TestDatabase};
use secrecy::ExposeSecret;
use sha2::Sha512;
use tempfile::TempDir;

use super::{books::Books, controls::Controls, customer::Customer};

/// The product, the outside and the books.
pub struct World {
    pub product: String,
    pub controls: Controls,
    pub books: Books,
    running: Running,
    postgres: Option<TestDatabase>,
    folder: TempDir,
    database_url: String,
}

const PAYSTACK_KEY: &str = "sk_test_0123456789abcdef0123456789abcdef01234567";
const WEBHOOK_SECRET: &str = "whsec_test_0123456789";

/// What Paystack signs these bytes with.
pub fn paystack_signature(body: &[u8]) -> String {
    hex::encode(hmac_sha512(PAYSTACK_KEY, body))
}

/// What TextVerified signs these bytes with.
pub fn textverified_signature(body: &[u8]) -> String {
    format!("HMAC-SHA512={}", STANDARD.encode(hmac_sha512(WEBHOOK_SECRET, body)))
}

fn hmac_sha512(key: &str, body: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha512>::new_from_slice(key.as_bytes()).expect("any key will do");
    mac.update(body);
    mac.finalize().into_bytes().to_vec()
}

/// Settings that differ from a plain start.
pub type Settings = [(&'static str, &'static str)];

impl World {
    pub async fn on_sqlite(settings: &Settings) -> Self {
        Self::start(settings, None).await
    }

    /// `None` where there is no Postgres.
    pub async fn on_postgres(settings: &Settings) -> Option<Self> {
        let postgres = postgres::database().await?;
        Some(Self::start(settings, Some(postgres)).await)
    }

    /// As a user of Postgres who may do no more than serve; `None` where there is no Postgres.
    pub async fn with_few_rights(settings: &Settings) -> Option<Self> {
        let postgres = postgres::database().await?;
        let url = postgres.another_user(namaskah_migration::grants::grants).await;
        Some(Self::start_at(settings, Some(postgres), Some(url)).await)
    }

    async fn start(settings: &Settings, postgres: Option<TestDatabase>) -> Self {
        let url = postgres.as_ref().map(|postgres| postgres.url.clone());
        Self::start_at(settings, postgres, url).await
    }

    async fn start_at(settings: &Settings, postgres: Option<TestDatabase>, url: Option<String>) -> Self {
        // Before anything is connected; another test may have been first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().expect("a folder");
        let config = config(&folder, url, settings);
        let running = start::start(&config, Role::Serve).await.expect("the product starts");
        let product = format!("http://{}", running.address().expect("an address"));
        let controls = Controls::new(running.sandbox_url().expect("a sandbox"));
        let books = Books::open(config.database_url.expose_secret(), controls.clone()).await;
        Self {
            product,
            controls,
            books,
            running,
            postgres,
            folder,
            database_url: config.database_url.expose_secret().to_owned(),
        }
    }

    /// Where the product keeps its data.
    pub fn database_url(&self) -> &str {
        &self.database_url
    }

    /// Plays a journey, and leaves nothing behind whatever its end. A journey that ends well ends with sound books.
    pub async fn play(self, journey: impl AsyncFnOnce(&Self)) {
        let played = AssertUnwindSafe(async {
            journey(&self).await;
            self.books.keep_promises().await;
        });
        let played = played.catch_unwind().await;
        self.stop().await;
        if let Err(panic) = played {
            std::panic::resume_unwind(panic);
        }
    }

    async fn stop(self) {
        self.books.close().await;
        self.running.stop().await;
        if let Some(postgres) = self.postgres {
            postgres.remove().await;
        }
        drop(self.folder);
    }

    /// `namaskah` in a process of its own, beside the product: whether all is well, and what it tells.
    pub async fn console(&self, arguments: &[&str]) -> (bool, String) {
        let folder = self.folder.path().display().to_string();
        let sandbox = self.running.sandbox_url().expect("a sandbox");
        let mut command = tokio::process::Command::new(super::binary());
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("NAMASKAH_")) {
            command.env_remove(name);
        }
        command.current_dir(&folder).env("NAMASKAH_PAYSTACK_SECRET_KEY", PAYSTACK_KEY);
        command.env("NAMASKAH_LOG", "warn").args(arguments);
        command.args(["--data-dir", &folder, "--sandbox-url", sandbox, "--database-url", &self.database_url]);
        let output = command.output().await.expect("the binary runs");
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        let well = output.status.success();
        (well, if told.is_empty() { String::from_utf8_lossy(&output.stderr).into_owned() } else { told })
    }

    /// `namaskah reconcile`: whether all is well, and what it tells as JSON.
    pub async fn reconcile(&self, arguments: &[&str]) -> (bool, serde_json::Value) {
        let (well, told) = self.console(&[&["reconcile", "--json"], arguments].concat()).await;
        let told = serde_json::from_str(&told).unwrap_or_else(|error| panic!("{error}: {told}"));
        (well, told)
    }

    /// Somebody who is registered and signed in.
    pub async fn customer(&self) -> Customer {
        Customer::registered(&self.product, &self.controls).await
    }

    /// Somebody with so much in the wallet.
    pub async fn customer_with(&self, dollars: &str) -> Customer {
        let customer = self.customer().await;
        customer.deposits(&self.controls, dollars).await;
        customer
    }
}

fn config(folder: &TempDir, url: Option<String>, settings: &Settings) -> Config {
    let mut values: Vec<(&'static str, String)> = vec![
        ("data_dir", folder.path().display().to_string()),
        ("http_listen", "127.0.0.1:0".to_owned()),
        ("sandbox_listen", "127.0.0.1:0".to_owned()),
        ("sandbox_smtp_listen", "127.0.0.1:0".to_owned()),
        ("provider_timeout_s", "2".to_owned()),
        ("database_pool", "8".to_owned()),
        ("outbound_allow", "127.0.0.1/32".to_owned()),
        ("paystack_secret_key", PAYSTACK_KEY.to_owned()),
        ("textverified_webhook_secret", WEBHOOK_SECRET.to_owned()),
    ];
    values.extend(url.map(|url| ("database_url", url)));
    values.extend(settings.iter().map(|(key, value)| (*key, (*value).to_owned())));
    Config::from_sources(&Overrides { file: None, values }, std::iter::empty())
        .expect("a sound configuration")
}
