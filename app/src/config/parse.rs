//! Raw values and how each kind is parsed. Faults are collected; a faulty value is replaced by a harmless one.

use std::{collections::HashMap, fs, io, net::SocketAddr, path::PathBuf, time::Duration};

use config::{File, FileFormat};
use ipnet::IpNet;
use namaskah_adapters::{
    persistence::{InvalidUrl, check_url},
    redis::RedisWindows,
    smtp::{InvalidSmtpConfig, SmtpConfig},
};
use namaskah_domain::{Currency, Money, payment::FxRate, verification::PriceRule};
use rust_decimal::Decimal;
use secrecy::SecretString;

use super::{
    Faults, GoogleSettings, LeakedPasswordsAt, Link, Mode, Overrides, PaystackSettings, SETTINGS,
    TextVerifiedSettings, fault::place_in, link,
};
use crate::{
    logging::{self, LoggedUsers},
    reports::Dsn,
    traces::Collector,
};

/// What names of our environment variables begin with.
pub(super) const PREFIX: &str = "NAMASKAH_";
const DEFAULT_FILE: &str = "namaskah.toml";
const SANDBOX_RATE: i64 = 1600;
/// Switches a setting off that has a default by its mode. An empty value does not: environments are full of them.
const OFF: &str = "off";
/// What is wrong most often with a URL that has a password.
const SIGNS: &str = "in a name or a password the signs / ? # @ : % are written %2F %3F %23 %40 %3A %25";

/// Raw values by key, and the faults met so far.
pub(super) struct Values {
    raw: HashMap<&'static str, String>,
    faults: Vec<String>,
}

impl Values {
    /// Collects file, environment and command line.
    pub(super) fn read(
        overrides: &Overrides,
        env: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, Faults> {
        let mut values = Self { raw: HashMap::new(), faults: Vec::new() };
        for setting in SETTINGS {
            if let Some(default) = setting.default {
                values.raw.insert(setting.key, default.to_owned());
            }
        }
        values.read_file(overrides)?;
        for (name, value) in env {
            let key = name.trim_start_matches(PREFIX).to_ascii_lowercase();
            values.set(&key, &format!("environment variable {name}"), value);
        }
        for (key, value) in &overrides.values {
            values.raw.insert(key, value.clone());
        }
        Ok(values)
    }

    fn read_file(&mut self, overrides: &Overrides) -> Result<(), Faults> {
        let path = overrides.file.clone().unwrap_or_else(|| PathBuf::from(DEFAULT_FILE));
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound && overrides.file.is_none() => {
                return Ok(());
            }
            Err(error) => return Err(Faults(vec![format!("{}: {error}", path.display())])),
        };
        let table = parse(&text).map_err(|fault| Faults(vec![format!("{}: {fault}", path.display())]))?;
        for (key, value) in table {
            match value.into_string() {
                Ok(text) => self.set(&key, &format!("{key} in {}", path.display()), text),
                Err(_) => self.faults.push(format!("{key} in {} is not a plain value", path.display())),
            }
        }
        Ok(())
    }

    fn set(&mut self, key: &str, origin: &str, value: String) {
        match SETTINGS.iter().find(|setting| setting.key == key) {
            Some(setting) => drop(self.raw.insert(setting.key, value)),
            None => self.faults.push(format!("{origin} is no setting")),
        }
    }

    pub(super) fn fault(&mut self, text: &str) {
        self.faults.push(text.to_owned());
    }

    /// The configuration, if nothing was wrong.
    pub(super) fn finish<T>(self, config: T) -> Result<T, Faults> {
        if self.faults.is_empty() { Ok(config) } else { Err(Faults(self.faults)) }
    }

    /// A value that is not empty.
    pub(super) fn text(&self, key: &str) -> Option<String> {
        self.raw.get(key).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    pub(super) fn secret(&self, key: &str) -> Option<SecretString> {
        self.text(key).map(SecretString::from)
    }

    pub(super) fn secrets(&self, key: &str) -> Vec<SecretString> {
        self.list(key).into_iter().map(SecretString::from).collect()
    }

    pub(super) fn list(&self, key: &str) -> Vec<String> {
        let text = self.text(key).unwrap_or_default();
        text.split(',').map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()).collect()
    }

    pub(super) fn choice(&mut self, key: &str, of: &[&'static str]) -> Option<&'static str> {
        let text = self.text(key)?;
        let found = of.iter().find(|word| **word == text).copied();
        if found.is_none() {
            self.fault(&format!("{key} must be one of {}", of.join(", ")));
        }
        found
    }

    pub(super) fn address(&mut self, key: &str) -> SocketAddr {
        let text = self.text(key).unwrap_or_default();
        text.parse().unwrap_or_else(|_| {
            self.fault(&format!("{key} must be an address and a port, such as 127.0.0.1:8080"));
            SocketAddr::from(([127, 0, 0, 1], 0))
        })
    }

    pub(super) fn url(&mut self, key: &str) -> Option<String> {
        let text = self.text(key)?;
        if !is_web(&text) {
            self.fault(&format!("{key} must begin with http:// or https:// and name a host"));
        }
        Some(text.trim_end_matches('/').to_owned())
    }

    pub(super) fn number(&mut self, key: &str, least: u32, most: u32) -> u32 {
        let parsed = self.text(key).and_then(|text| text.parse().ok());
        parsed.filter(|n| (least..=most).contains(n)).unwrap_or_else(|| {
            self.fault(&format!("{key} must be a whole number from {least} to {most}"));
            least
        })
    }

    pub(super) fn dollars(&mut self, key: &str) -> Money {
        let parsed = Money::parse(&self.text(key).unwrap_or_default(), Currency::Usd);
        parsed.ok().filter(|money| money.units() >= 0).unwrap_or_else(|| {
            self.fault(&format!("{key} must be an amount in dollars, such as 2.50"));
            Money::zero(Currency::Usd)
        })
    }

    fn decimal(&mut self, key: &str) -> Option<Decimal> {
        let text = self.text(key)?;
        let parsed = Decimal::from_str_exact(&text).ok();
        if parsed.is_none() {
            self.fault(&format!("{key} must be a decimal number"));
        }
        parsed
    }

    pub(super) fn rate(&mut self, mode: Mode) -> FxRate {
        let sandbox = Decimal::from(SANDBOX_RATE);
        if mode == Mode::Live && self.text("fx_ngn_per_usd").is_none() {
            self.fault("fx_ngn_per_usd is required in live mode");
        }
        let rate = self.decimal("fx_ngn_per_usd").unwrap_or(sandbox);
        FxRate::try_new(rate).unwrap_or_else(|_| {
            self.fault("fx_ngn_per_usd must be above zero");
            harmless_rate()
        })
    }

    pub(super) fn price_rule(&mut self) -> PriceRule {
        let floor = self.dollars("price_floor_usd");
        let multiplier = self.decimal("price_multiplier").unwrap_or(Decimal::ONE);
        PriceRule::try_new(multiplier, floor).unwrap_or_else(|_| {
            self.fault("price_multiplier must be at least 1");
            PriceRule::at_cost()
        })
    }

    pub(super) fn limit_factor(&mut self, mode: Mode) -> u32 {
        match self.text("limit_factor") {
            Some(_) => self.number("limit_factor", 1, 1_000_000),
            None if mode == Mode::Sandbox => 100,
            None => 1,
        }
    }

    /// The sandbox has no balancer that would have to notice.
    pub(super) fn drain(&mut self, mode: Mode) -> Duration {
        let seconds = match self.text("drain_s") {
            Some(_) => self.number("drain_s", 0, 300),
            None if mode == Mode::Sandbox => 0,
            None => 3,
        };
        Duration::from_secs(u64::from(seconds))
    }

    pub(super) fn networks(&mut self, key: &str) -> Vec<IpNet> {
        let parse = |text: &String| {
            text.parse::<IpNet>().or_else(|_| text.parse::<std::net::IpAddr>().map(IpNet::from))
        };
        let texts = self.list(key);
        let networks: Vec<IpNet> = texts.iter().filter_map(|text| parse(text).ok()).collect();
        if networks.len() != texts.len() {
            self.fault(&format!("{key} must be networks such as 10.0.0.0/8, separated by commas"));
        }
        networks
    }

    /// The fault does not repeat the value: it may hold a password.
    pub(super) fn redis_url(&mut self, key: &str) -> Option<SecretString> {
        let text = self.text(key)?;
        let schemes = ["redis://", "rediss://", "redis+unix://", "unix://"];
        if !schemes.iter().any(|scheme| text.starts_with(scheme)) {
            self.fault(&format!("{key} must begin with redis://, rediss:// or redis+unix://"));
            return None;
        }
        let url = SecretString::from(text);
        if RedisWindows::try_new(&url).is_err() {
            self.fault(&format!("{key} is no URL of a Redis: {SIGNS}"));
            return None;
        }
        Some(url)
    }

    /// The fault does not repeat the value: it may hold a password.
    pub(super) fn database_url(&mut self, key: &str) -> Option<SecretString> {
        let url = self.text(key)?;
        let wrong = match check_url(&url) {
            Ok(()) => return Some(SecretString::from(url)),
            Err(InvalidUrl::Scheme) => format!("{key} must begin with postgres:// or sqlite:"),
            Err(InvalidUrl::Unreadable) => format!("{key} is no URL of a database: {SIGNS}"),
        };
        self.fault(&wrong);
        None
    }

    /// The mail server, if one is named, and the sender. The fault does not repeat the URL: it may hold a password.
    pub(super) fn mail(&mut self) -> (Option<SecretString>, String) {
        let (url, from) = (self.secret("smtp_url"), self.text("mail_from").unwrap_or_default());
        let url_or_any = url.clone().unwrap_or_else(|| SecretString::from("smtp://127.0.0.1:25"));
        let settings = SmtpConfig {
            url: url_or_any,
            from: from.clone(),
            public_url: "http://127.0.0.1".to_owned(),
            timeout: Duration::from_secs(1),
        };
        for invalid in settings.faults() {
            match invalid {
                InvalidSmtpConfig::From => {
                    self.fault("mail_from must be an address, such as Namaskah <hello@namaskah.example>");
                }
                InvalidSmtpConfig::Url | InvalidSmtpConfig::PublicUrl => self.fault(&format!(
                    "smtp_url must begin with smtp://, smtp+starttls:// or smtps:// and name a host; {SIGNS}"
                )),
            }
        }
        (url, from)
    }

    /// What is logged.
    pub(super) fn log(&mut self, key: &str) -> String {
        let text = self.text(key).unwrap_or_default();
        if !logging::is_filter(&text) {
            self.fault(&format!("{key} must be a level, or a filter such as info,namaskah=debug"));
        }
        text
    }

    /// What may be reached without TLS.
    pub(super) fn plain_links(&mut self, key: &str) -> Vec<Link> {
        let words = self.list(key);
        let links: Vec<Link> = words.iter().filter_map(|word| Link::from_name(word)).collect();
        if links.len() != words.len() {
            self.fault(&format!("{key} must be database, redis or both, separated by commas"));
        }
        links
    }

    /// Where traces go, if anywhere.
    pub(super) fn collector(&mut self, mode: Mode) -> Option<Collector> {
        let (token, per_mille) = (self.secret("otlp_token"), self.number("otlp_per_mille", 1, 1_000));
        let endpoint = self.url("otlp_endpoint")?;
        if mode == Mode::Live && link::is_plain_http(&endpoint) {
            self.fault("otlp_endpoint must be https:// in live mode, unless it is on this machine");
        }
        Some(Collector { endpoint, token, per_mille })
    }

    /// The fault does not repeat the value: it holds a key.
    pub(super) fn sentry_dsn(&mut self, key: &str, mode: Mode) -> Option<Dsn> {
        let text = self.text(key)?;
        if mode == Mode::Live && link::is_plain_http(&text) {
            self.fault(&format!("{key} must be https:// in live mode, unless it is on this machine"));
        }
        let dsn = Dsn::parse(&text).ok();
        if dsn.is_none() {
            self.fault(&format!("{key} must be a DSN such as https://key@host/1"));
        }
        dsn
    }

    pub(super) fn logged_users(&mut self, key: &str) -> LoggedUsers {
        self.choice(key, &LoggedUsers::NAMES).and_then(LoggedUsers::from_name).unwrap_or_default()
    }

    /// Origins as browsers write them: a scheme, a host, and a port if it is not the scheme's own.
    pub(super) fn origins(&mut self, key: &str) -> Vec<String> {
        let texts = self.list(key);
        let is_origin = |text: &String| {
            let url = reqwest::Url::parse(text);
            url.is_ok_and(|url| {
                ["http", "https"].contains(&url.scheme())
                    && url.origin().ascii_serialization() == *text
                    && !text.contains('*')
            })
        };
        if !texts.iter().all(is_origin) {
            self.fault(&format!("{key} must be origins such as https://app.example, separated by commas"));
        }
        texts
    }

    pub(super) fn paystack(&mut self, mode: Mode) -> PaystackSettings {
        let secret_keys = self.secrets("paystack_secret_key");
        if secret_keys.is_empty() && mode != Mode::Sandbox {
            self.fault("paystack_secret_key is required outside the sandbox");
        }
        let vendor = (mode != Mode::Sandbox).then(|| "https://api.paystack.co".to_owned());
        PaystackSettings { base_url: self.url("paystack_base_url").or(vendor), secret_keys }
    }

    pub(super) fn google(&mut self, mode: Mode) -> GoogleSettings {
        let (client_id, client_secret) = (self.text("google_client_id"), self.secret("google_client_secret"));
        if client_id.is_some() != client_secret.is_some() {
            self.fault("google_client_id and google_client_secret belong together");
        }
        let vendor = (mode != Mode::Sandbox).then(|| "https://accounts.google.com".to_owned());
        GoogleSettings { issuer: self.url("google_issuer").or(vendor), client_id, client_secret }
    }

    /// In live the vendor's unless it is switched off; nobody outside is asked about passwords of tests.
    pub(super) fn leaked_passwords(&mut self, mode: Mode) -> LeakedPasswordsAt {
        match (self.text("leaked_passwords_url").as_deref(), mode) {
            (Some(OFF), _) | (None, Mode::Test) => LeakedPasswordsAt::Nowhere,
            (None, Mode::Sandbox) => LeakedPasswordsAt::Simulator,
            (None, Mode::Live) => LeakedPasswordsAt::Url("https://api.pwnedpasswords.com".to_owned()),
            (Some(url), _) => {
                if !is_web(url) {
                    self.fault(
                        "leaked_passwords_url must begin with http:// or https:// and name a host, or be off",
                    );
                }
                LeakedPasswordsAt::Url(url.trim_end_matches('/').to_owned())
            }
        }
    }

    pub(super) fn textverified(&mut self, mode: Mode) -> TextVerifiedSettings {
        for key in ["textverified_api_key", "textverified_username", "textverified_webhook_secret"] {
            if mode != Mode::Sandbox && self.text(key).is_none() {
                self.fault(&format!("{key} is required outside the sandbox"));
            }
        }
        let vendor = (mode != Mode::Sandbox).then(|| "https://www.textverified.com".to_owned());
        TextVerifiedSettings {
            base_url: self.url("textverified_base_url").or(vendor),
            api_key: self.secret("textverified_api_key").unwrap_or_else(|| SecretString::from("sandbox")),
            username: self
                .text("textverified_username")
                .unwrap_or_else(|| "namaskah@sandbox.invalid".to_owned()),
            webhook_secrets: self.secrets("textverified_webhook_secret"),
            webhook_key_is_base64: self.choice("textverified_webhook_key", &["raw", "base64"])
                == Some("base64"),
        }
    }
}

fn is_web(url: &str) -> bool {
    let begins = url.starts_with("http://") || url.starts_with("https://");
    begins && reqwest::Url::parse(url).is_ok_and(|url| url.has_host())
}

/// The values of a file. Faults say where they are and quote nothing.
fn parse(text: &str) -> Result<HashMap<String, config::Value>, String> {
    toml::from_str::<toml::Table>(text).map_err(|error| place_in(text, &error))?;
    let source = File::from_str(text, FileFormat::Toml);
    let read = config::Config::builder().add_source(source).build().and_then(|c| c.try_deserialize());
    read.map_err(|_| "it cannot be read as settings".to_owned())
}

/// Stands in for a rate that was refused; the faults keep it from ever being used.
fn harmless_rate() -> FxRate {
    FxRate::one_to_one()
}
