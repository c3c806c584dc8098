//! Every setting that there is: its key, its default and what it is for. `.env.example` and the documentation are
//! checked against this list.

/// One setting. In the environment it is `NAMASKAH_` and the key in capitals; in the file it is the key.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Its key.
    pub key: &'static str,
    /// What it is if it is not set; `None` if it then has no value or depends on the mode.
    pub default: Option<&'static str>,
    /// What it is for, in a line.
    pub about: &'static str,
    is_secret: bool,
}

impl Setting {
    /// True if it is a secret, or an address that may hold one: its value is told to nobody.
    pub const fn is_secret(&self) -> bool {
        self.is_secret
    }
}

const fn setting(key: &'static str, default: Option<&'static str>, about: &'static str) -> Setting {
    Setting { key, default, about, is_secret: false }
}

const fn secret(key: &'static str, about: &'static str) -> Setting {
    Setting { key, default: None, about, is_secret: true }
}

/// The list.
pub const SETTINGS: &[Setting] = &[
    setting("mode", Some("sandbox"), "sandbox (simulated providers), test (their test modes) or live"),
    setting("http_listen", Some("127.0.0.1:8080"), "address of the product; port 0 picks a free one"),
    setting(
        "drain_s",
        None,
        "seconds for which a stopping process still takes requests, so that a balancer sees that it is not ready",
    ),
    setting("public_url", None, "where users reach the product; links in mails lead there; required in live"),
    setting(
        "admin_url",
        None,
        "where staff reaches it, a host of its own: the admin API is there alone; without it at every host",
    ),
    setting("data_dir", Some("./data"), "folder of the embedded database and of generated secrets"),
    secret("database_url", "postgres://… or sqlite://…; default: SQLite in the data folder"),
    setting(
        "migrate_at_start",
        Some("yes"),
        "no: the schema must be current before a start, by `namaskah migrate up` under another user",
    ),
    setting("database_pool", Some("16"), "connections to Postgres"),
    setting(
        "database_listen",
        Some("yes"),
        "no: jobs of other processes are found by looking, without a connection that waits for NOTIFY",
    ),
    setting("sandbox_listen", Some("127.0.0.1:8081"), "address of the simulators and their console"),
    setting("sandbox_smtp_listen", Some("127.0.0.1:8025"), "address of the simulated mail server"),
    setting("sandbox_url", None, "use simulators that run elsewhere instead of starting them"),
    setting(
        "sandbox_public_url",
        None,
        "where browsers find the simulators that are started here; default: where the product finds them",
    ),
    setting("paystack_base_url", None, "Paystack's API; default: the vendor's, or the simulator's"),
    secret("paystack_secret_key", "sk_test_… or sk_live_…; several, newest first, separated by commas"),
    setting("textverified_base_url", None, "TextVerified's API; default: the vendor's, or the simulator's"),
    secret("textverified_api_key", "API key"),
    secret("textverified_username", "the account's e-mail address"),
    secret("textverified_webhook_secret", "whsec_…; several, newest first, separated by commas"),
    setting(
        "textverified_webhook_key",
        Some("raw"),
        "how that secret is the key: raw text, or base64 after its prefix",
    ),
    setting(
        "google_client_id",
        None,
        "what Google calls us; without it nobody signs in with Google, but for the sandbox",
    ),
    secret("google_client_secret", "the secret of that client"),
    setting(
        "google_issuer",
        None,
        "the OpenID provider; default: https://accounts.google.com, or the simulator's",
    ),
    setting(
        "leaked_passwords_url",
        None,
        "where new passwords are looked for, by five digits of their SHA-1; off: nowhere; default: \
         https://api.pwnedpasswords.com in live, the simulator's in the sandbox, else off",
    ),
    setting("provider_timeout_s", Some("10"), "after which a provider's answer is unknown"),
    secret("smtp_url", "smtp://host:port, smtp+starttls://user:pass@host:587 or smtps://…"),
    setting("mail_from", Some("Namaskah <no-reply@namaskah.invalid>"), "sender of mails"),
    setting("mail_at_once", Some("16"), "mails on their way to the mail server at a time, of each process"),
    setting("fx_ngn_per_usd", None, "naira for a dollar; 1600 outside live, required there"),
    setting("payment_min_usd", Some("1.00"), "smallest payment"),
    setting("payment_max_usd", Some("5000.00"), "largest payment"),
    setting("price_multiplier", Some("1.5"), "price = cost × this, up to the cent"),
    setting("price_floor_usd", Some("0.00"), "a price is at least the cost and this"),
    setting("cancel_after_s", Some("0"), "seconds after which an order may be cancelled"),
    setting(
        "provider_notices_per_s",
        Some("5"),
        "calls a second at most that tell the number provider of ended orders (1 to 1000)",
    ),
    setting("max_open_orders", Some("100"), "open orders a user may have"),
    setting(
        "retention_h",
        Some("24"),
        "hours after the end of an order for which its number and texts are kept (1 to 8760)",
    ),
    setting(
        "adjustment_limit_usd",
        Some("50.00"),
        "what one of staff may book at once in a day, and what one user may get so; above it somebody else approves",
    ),
    setting("limit_factor", None, "multiplies every rate limit; 100 in the sandbox, else 1"),
    setting("limit_bypass", Some(""), "networks (CIDR) whose requests are not limited, separated by commas"),
    secret("redis_url", "redis:// or rediss://host:port/0; rate limits are counted there for all instances"),
    setting(
        "plain_links",
        Some(""),
        "database, redis: what live mode may reach on other machines without TLS, over a network of its own",
    ),
    setting(
        "trusted_proxies",
        Some(""),
        "networks (CIDR) whose X-Forwarded-For and traceparent are believed, separated by commas",
    ),
    setting(
        "cors_origins",
        Some(""),
        "origins whose pages may call the API, such as https://app.example, separated by commas",
    ),
    setting(
        "outbound_allow",
        Some(""),
        "networks (CIDR) besides the internet that URLs of users may lead to, separated by commas",
    ),
    secret(
        "encryption_key",
        "64 hex digits; encrypts numbers and texts; several, newest first; generated outside live",
    ),
    secret(
        "signing_key",
        "64 hex digits; signs access tokens; several, newest first; generated outside live",
    ),
    secret("metrics_token", "bearer token that opens /metrics from other machines; without one nothing does"),
    setting(
        "log",
        Some("info"),
        "what is logged: a level, or a filter such as info,namaskah=debug; read again on SIGHUP",
    ),
    setting("log_format", Some("text"), "text or json"),
    setting("log_user_ids", Some("plain"), "how users are named in logs and traces: plain, hashed or off"),
    setting(
        "slow_statement_ms",
        Some("100"),
        "milliseconds after which a statement of the database is logged, with its plan (0 to 60000)",
    ),
    setting(
        "otlp_endpoint",
        None,
        "OpenTelemetry collector that traces are sent to, such as http://127.0.0.1:4318; without it nowhere",
    ),
    secret("otlp_token", "bearer token for that collector"),
    setting("otlp_per_mille", Some("1000"), "of a thousand traces, so many are sent (1 to 1000)"),
    secret(
        "sentry_dsn",
        "where errors are reported in Sentry's protocol, https://key@host/1; without it nowhere",
    ),
];

#[cfg(test)]
mod tests {
    use super::SETTINGS;

    #[test]
    fn whatever_sounds_like_a_secret_is_one() {
        let sounds = ["secret", "token", "password", "_key", "_url"];
        // A word that says how another setting is read, and addresses without a user.
        let plain = [
            "textverified_webhook_key",
            "public_url",
            "admin_url",
            "sandbox_url",
            "sandbox_public_url",
            "paystack_base_url",
            "textverified_base_url",
            "leaked_passwords_url",
        ];
        let unheard = ["textverified_username", "sentry_dsn"];
        for setting in SETTINGS {
            let is_heard = sounds.iter().any(|sound| setting.key.contains(sound));
            let expected = (is_heard && !plain.contains(&setting.key)) || unheard.contains(&setting.key);
            assert_eq!(setting.is_secret(), expected, "{}", setting.key);
        }
    }
}
