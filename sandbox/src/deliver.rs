//! Webhooks on their way to the product.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::{
    SandboxError,
    books::{Vendor, Webhook},
    sign, time,
    world::World,
};

/// How long the product may take over one.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Signs and posts webhooks.
pub(crate) struct Courier {
    client: reqwest::Client,
    paystack_secret_key: String,
    textverified_webhook_secret: String,
}

impl Courier {
    pub(crate) fn try_new(paystack: String, textverified: String) -> Result<Self, SandboxError> {
        // Another part of the process may have installed a provider already; either will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(TIMEOUT)
            .build()
            .map_err(|e| SandboxError::WebhookClient(e.into()))?;
        Ok(Self { client, paystack_secret_key: paystack, textverified_webhook_secret: textverified })
    }

    /// Whether the product answered 200.
    async fn post(&self, product_url: &str, hook: &Webhook) -> bool {
        let body = hook.body();
        let (path, header, signature) = match hook.vendor {
            Vendor::Paystack => (
                "paystack",
                "x-paystack-signature",
                sign::paystack(&self.paystack_secret_key, body.as_bytes()),
            ),
            Vendor::TextVerified => {
                let secret = &self.textverified_webhook_secret;
                ("textverified", "X-Webhook-Signature", sign::textverified(secret, body.as_bytes()))
            }
        };
        let url = format!("{}/api/v1/hooks/{path}", product_url.trim_end_matches('/'));
        let request =
            self.client.post(url).header("content-type", "application/json").header(header, signature);
        request.body(body).send().await.is_ok_and(|response| response.status() == reqwest::StatusCode::OK)
    }
}

/// Delivers what is ready, one at a time and in order, until `stop`.
pub(crate) async fn run(world: &World, courier: Courier, stop: CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = deliver_all(world, &courier) => {}
    }
}

async fn deliver_all(world: &World, courier: &Courier) {
    loop {
        let changed = world.hooks_changed.notified();
        match ready(world) {
            Ready::Now { product_url, n, hook } => {
                // Persisted before the attempt: a crash repeats a webhook, and never loses one.
                if world.settled().await.is_err() {
                    return;
                }
                let accepted = courier.post(&product_url, &hook).await;
                world.with(|books, _| books.attempted(n, &hook.id, accepted, time::real_now_ms()));
                world.hook_tried.notify_waiters();
            }
            Ready::In(wait) => {
                let _ = tokio::time::timeout(wait, changed).await;
            }
            Ready::Never => changed.await,
        }
    }
}

enum Ready {
    Now { product_url: String, n: usize, hook: Box<Webhook> },
    In(Duration),
    Never,
}

fn ready(world: &World) -> Ready {
    world.with(|books, _| {
        let Some(product_url) = books.settings.product_url.clone() else { return Ready::Never };
        let Some((at, n)) = books.hooks.next() else { return Ready::Never };
        let wait_ms = at - time::real_now_ms();
        if wait_ms > 0 {
            return Ready::In(Duration::from_millis(wait_ms.unsigned_abs()));
        }
        match books.hooks.all.get(n) {
            Some(hook) => Ready::Now { product_url, n, hook: Box::new(hook.clone()) },
            None => Ready::Never,
        }
    })
}
