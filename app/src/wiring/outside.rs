//! What is outside, but for the database: where it is, who signs, and the adapters that call it.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use namaskah_adapters::{
    http::ReadPolicy,
    look_ups::LookUps,
    paystack::{PaystackConfig, PaystackGateway, PaystackMode},
    smtp::{SmtpConfig, SmtpMailer},
    textverified::{KeyDecoding, TextVerifiedConfig, TextVerifiedProvider, WebhookSecrets},
};
use namaskah_domain::{
    Clock, Fault,
    auth::{IdentityProvider, LeakedPasswords},
    outbound::OutboundClient,
    payment::{GuardedGateway, PaymentGateway},
    verification::{GuardedProvider, NumberProvider},
};
use secrecy::SecretString;

use super::{identity, webhooks};
use crate::{
    config::{Config, LeakedPasswordsAt, Mode},
    metrics::{
        MeasuredGateway, MeasuredLeakedPasswords, MeasuredOutbound, MeasuredProvider, Metrics, PAYSTACK,
        TEXTVERIFIED,
    },
    reach::reached,
    traces::TracedDelivery,
};

/// Where the providers are. In the sandbox that is known only after it has started.
#[derive(Debug, Clone)]
pub struct Outside {
    /// Paystack's API.
    pub paystack: String,
    /// TextVerified's API.
    pub textverified: String,
    /// Google's OpenID provider.
    pub google: String,
    /// Whoever knows leaked passwords, if anybody is asked.
    pub leaked_passwords: Option<String>,
    /// The mail server.
    pub smtp: SecretString,
}

impl Outside {
    /// What is configured, and the simulators for what is not.
    pub fn of(config: &Config, sandbox_url: Option<&str>, smtp: Option<SocketAddr>) -> Self {
        let simulated = |path: &str| format!("{}/{path}", sandbox_url.unwrap_or_default());
        let mail = smtp.unwrap_or(config.sandbox.smtp_listen);
        Self {
            paystack: config.paystack.base_url.clone().unwrap_or_else(|| simulated("paystack")),
            textverified: config.textverified.base_url.clone().unwrap_or_else(|| simulated("textverified")),
            google: config.google.issuer.clone().unwrap_or_else(|| simulated("google")),
            leaked_passwords: match &config.leaked_passwords {
                LeakedPasswordsAt::Nowhere => None,
                LeakedPasswordsAt::Simulator => Some(simulated("pwnedpasswords")),
                LeakedPasswordsAt::Url(url) => Some(url.clone()),
            },
            smtp: config.smtp_url.clone().unwrap_or_else(|| SecretString::from(format!("smtp://{mail}"))),
        }
    }

    /// As a command finds them that runs beside the product.
    pub fn beside(config: &Config) -> Self {
        let listens = || format!("http://{}", reached(config.sandbox.listen));
        let sandbox =
            (config.mode == Mode::Sandbox).then(|| config.sandbox.url.clone().unwrap_or_else(listens));
        Self::of(config, sandbox.as_deref(), None)
    }
}

/// Who may sign webhooks of providers.
#[derive(Debug, Clone)]
pub struct WebhookKeys {
    /// Paystack's API keys.
    pub paystack: Vec<SecretString>,
    /// TextVerified's webhook secrets.
    pub textverified: WebhookSecrets,
}

impl WebhookKeys {
    /// What is configured; in the sandbox, what its simulators sign with.
    pub fn of(config: &Config) -> Self {
        let or_sandbox = |configured: &[SecretString], own: &SecretString| {
            if configured.is_empty() && config.mode == Mode::Sandbox {
                vec![own.clone()]
            } else {
                configured.to_vec()
            }
        };
        let base64 = config.textverified.webhook_key_is_base64;
        Self {
            paystack: or_sandbox(&config.paystack.secret_keys, &config.secrets.sandbox_paystack_key),
            textverified: WebhookSecrets {
                secrets: or_sandbox(
                    &config.textverified.webhook_secrets,
                    &config.secrets.sandbox_webhook_secret,
                ),
                decoding: if base64 { KeyDecoding::Base64AfterPrefix } else { KeyDecoding::Raw },
            },
        }
    }
}

/// The adapters of everything outside but the database.
#[derive(Clone)]
pub struct Adapters {
    /// The number provider.
    pub provider: Arc<dyn NumberProvider>,
    /// The payment gateway.
    pub gateway: Arc<dyn PaymentGateway>,
    /// Mail.
    pub mailer: Arc<SmtpMailer>,
    /// Google, where it is configured.
    pub identities: Option<Arc<dyn IdentityProvider>>,
    /// Knows leaked passwords, if anybody is asked.
    pub leaked_passwords: Option<Arc<dyn LeakedPasswords>>,
    /// Calls URLs of users.
    pub outbound: Arc<dyn OutboundClient>,
    /// Told of what is remembered.
    pub look_ups: LookUps,
}

impl Adapters {
    /// The real ones.
    ///
    /// # Errors
    /// If one refuses its settings.
    pub fn of(
        config: &Config,
        outside: &Outside,
        public_url: &str,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Fault> {
        Ok(Self {
            provider: provider(config, outside, clock)?,
            gateway: gateway(config, outside)?,
            mailer: mailer(config, outside, public_url)?,
            identities: identity::provider(config, outside, public_url)?,
            leaked_passwords: identity::leaked_passwords(config, outside)?,
            outbound: webhooks::client(config)?,
            look_ups: LookUps::default(),
        })
    }
}

impl Adapters {
    /// The same, with every call of a provider measured, and a breaker before each. What is held back is no call.
    #[must_use]
    pub fn watched(self, metrics: &Metrics, clock: &Arc<dyn Clock>) -> Self {
        let provider = Arc::new(MeasuredProvider::new(self.provider, metrics.clone()));
        let gateway = Arc::new(MeasuredGateway::new(self.gateway, metrics.clone()));
        let breaker = |provider| metrics.breaker(provider, clock.clone());
        let leaked_passwords = self.leaked_passwords.map(|inner| {
            Arc::new(MeasuredLeakedPasswords::new(inner, metrics.clone())) as Arc<dyn LeakedPasswords>
        });
        Self {
            provider: Arc::new(GuardedProvider::new(provider, breaker(TEXTVERIFIED))),
            gateway: Arc::new(GuardedGateway::new(gateway, breaker(PAYSTACK))),
            mailer: self.mailer,
            identities: self.identities,
            leaked_passwords,
            outbound: Arc::new(TracedDelivery(Arc::new(MeasuredOutbound::new(
                self.outbound,
                metrics.clone(),
            )))),
            look_ups: metrics.of_look_ups(),
        }
    }
}

fn provider(
    config: &Config,
    outside: &Outside,
    clock: Arc<dyn Clock>,
) -> Result<Arc<dyn NumberProvider>, Fault> {
    let config = TextVerifiedConfig {
        base_url: outside.textverified.clone(),
        username: config.textverified.username.clone(),
        api_key: config.textverified.api_key.clone(),
        timeout: config.provider_timeout,
        reads: ReadPolicy::default(),
    };
    Ok(Arc::new(TextVerifiedProvider::try_new(config, clock).map_err(Fault::new)?))
}

/// The payment gateway.
///
/// # Errors
/// If it refuses its settings.
pub fn gateway(config: &Config, outside: &Outside) -> Result<Arc<dyn PaymentGateway>, Fault> {
    let secret_key = WebhookKeys::of(config).paystack.first().cloned().unwrap_or_default();
    let mode = if config.mode == Mode::Live { PaystackMode::Live } else { PaystackMode::Test };
    let mut paystack = PaystackConfig::new(outside.paystack.clone(), secret_key, mode);
    paystack.timeout = config.provider_timeout;
    Ok(Arc::new(PaystackGateway::try_new(paystack).map_err(Fault::new)?))
}

fn mailer(config: &Config, outside: &Outside, public_url: &str) -> Result<Arc<SmtpMailer>, Fault> {
    let config = SmtpConfig {
        url: outside.smtp.clone(),
        from: config.mail_from.clone(),
        public_url: public_url.to_owned(),
        timeout: Duration::from_secs(20),
    };
    Ok(Arc::new(SmtpMailer::try_new(&config).map_err(Fault::new)?))
}
