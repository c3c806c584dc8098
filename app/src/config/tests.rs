//! What is refused, by name; what outweighs what; and what is never shown.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use secrecy::ExposeSecret;
use tempfile::TempDir;

use super::{Config, Faults, LeakedPasswordsAt, Overrides, SETTINGS};

const KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
const OTHER_KEY: &str = "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100";

type Env<'a> = Vec<(&'a str, &'a str)>;

fn load(env: &[(&str, &str)], overrides: &Overrides) -> Result<Config, Faults> {
    let named = env
        .iter()
        .map(|(key, value)| (format!("NAMASKAH_{}", key.to_ascii_uppercase()), (*value).to_owned()));
    Config::from_sources(overrides, named)
}

fn paystack_key() -> String {
    ["sk", "live", &"0".repeat(24)].join("_")
}

/// A live configuration that nothing is wrong with.
fn live(paystack: &str) -> Env<'_> {
    vec![
        ("mode", "live"),
        ("public_url", "https://namaskah.example"),
        ("paystack_secret_key", paystack),
        ("textverified_api_key", "an api key"),
        ("textverified_username", "ada@namaskah.example"),
        ("textverified_webhook_secret", "sixteen letters!"),
        ("smtp_url", "smtps://mail.namaskah.example"),
        ("fx_ngn_per_usd", "1600"),
        ("encryption_key", KEY),
        ("signing_key", OTHER_KEY),
    ]
}

/// The faults of a live configuration with these changes; an empty value takes a setting away.
fn live_faults(changes: &[(&str, &str)]) -> Vec<String> {
    let key = paystack_key();
    let mut env = live(&key);
    env.extend(changes);
    load(&env, &Overrides::default()).err().map_or_else(Vec::new, |faults| faults.0)
}

fn file(folder: &Path, text: &str) -> Overrides {
    let path = folder.join("settings.toml");
    fs::write(&path, text).expect("a file");
    Overrides { file: Some(path), values: Vec::new() }
}

fn sandbox(folder: &TempDir) -> (&str, &str) {
    ("data_dir", folder.path().to_str().expect("a path in letters"))
}

#[test]
fn a_whole_live_configuration_is_accepted() {
    assert_eq!(live_faults(&[]), Vec::<String>::new());
    for (key, value) in [
        ("textverified_base_url", "https://numbers.example"),
        ("paystack_base_url", "https://8.8.8.8"),
        ("google_issuer", "https://identities.example"),
        ("leaked_passwords_url", "https://leaks.example/mirror"),
        ("leaked_passwords_url", "off"),
        ("smtp_url", "smtp://127.0.0.1:25"),
        ("smtp_url", "smtp://[::1]:25"),
        ("smtp_url", "smtp://localhost:25"),
        ("smtp_url", "smtp+starttls://user:word@mail.example:587"),
        ("trusted_proxies", "10.0.0.0/8,::1"),
        ("trusted_proxies", "fd00::/16"),
        ("outbound_allow", "8.8.8.0/24,2606:4700::/32"),
        ("limit_factor", "10"),
        ("limit_bypass", "192.0.2.0/24,2001:db8::1"),
        ("redis_url", "rediss://:word@cache.internal:6379/0"),
        ("redis_url", "redis://:word@127.0.0.1:6379/0"),
        ("database_url", "postgres://namaskah@db.internal/namaskah?sslmode=verify-full"),
        ("database_url", "postgres:///namaskah?host=/run/postgresql"),
        ("migrate_at_start", "no"),
        ("database_listen", "no"),
        ("mail_at_once", "256"),
        ("plain_links", "redis,database"),
        ("redis_url", "redis+unix:///run/redis.sock"),
        ("cors_origins", "https://app.example,https://app.example:8443"),
        ("admin_url", "https://admin.namaskah.example"),
    ] {
        assert_eq!(live_faults(&[(key, value)]), Vec::<String>::new(), "{key}={value}");
    }
}

#[test]
fn live_mode_refuses_each_of_these_by_name() {
    let test_key = ["sk", "test", &"0".repeat(24)].join("_");
    for (key, value) in [
        ("public_url", ""),
        ("public_url", "http://namaskah.example"),
        ("admin_url", "https://namaskah.example"),
        ("admin_url", "https://namaskah.example:8443"),
        ("admin_url", "http://admin.namaskah.example"),
        ("admin_url", "https://admin.namaskah.example/staff"),
        ("admin_url", "admin.namaskah.example"),
        ("sandbox_url", "https://sandbox.example"),
        ("paystack_secret_key", ""),
        ("paystack_secret_key", &test_key),
        ("textverified_api_key", ""),
        ("textverified_username", ""),
        ("textverified_webhook_secret", ""),
        ("textverified_webhook_secret", "fifteen letters"),
        ("textverified_webhook_secret", "sixteen letters!,short"),
        ("metrics_token", "fifteen letters"),
        ("trusted_proxies", "0.0.0.0/0"),
        ("trusted_proxies", "10.0.0.0/8,::/0"),
        ("trusted_proxies", "0.0.0.0/1,128.0.0.0/1"),
        ("trusted_proxies", "10.0.0.0/7"),
        ("trusted_proxies", "2000::/15"),
        ("limit_bypass", "0.0.0.0/0"),
        ("limit_bypass", "office"),
        ("redis_url", "http://cache.internal"),
        ("redis_url", "redis://cache.internal"),
        ("database_url", "postgres://namaskah@db.internal/namaskah"),
        ("database_url", "postgres://namaskah@db.internal/namaskah?sslmode=require"),
        ("plain_links", "mail"),
        ("plain_links", "database redis"),
        ("migrate_at_start", "never"),
        ("database_listen", "never"),
        ("mail_at_once", "0"),
        ("mail_at_once", "257"),
        ("cors_origins", "*"),
        ("cors_origins", "null"),
        ("cors_origins", "https://*.example"),
        ("cors_origins", "http://app.example"),
        ("cors_origins", "https://app.example/"),
        ("cors_origins", "https://app.example:443"),
        ("cors_origins", "https://APP.example"),
        ("cors_origins", "https://user@app.example"),
        ("cors_origins", "https://app.example,app.example"),
        ("outbound_allow", "127.0.0.0/8"),
        ("outbound_allow", "8.8.8.0/24,10.1.2.3"),
        ("outbound_allow", "0.0.0.0/0"),
        ("outbound_allow", "::/0"),
        ("limit_factor", "11"),
        ("smtp_url", ""),
        ("smtp_url", "smtp://mail.namaskah.example"),
        ("smtp_url", "smtp://10.0.0.1:25"),
        ("fx_ngn_per_usd", ""),
        ("encryption_key", ""),
        ("encryption_key", "00"),
        ("encryption_key", OTHER_KEY),
        ("signing_key", ""),
        ("signing_key", KEY),
    ] {
        let faults = live_faults(&[(key, value)]);
        assert!(faults.iter().any(|fault| fault.contains(key)), "{key}={value}: {faults:?}");
    }
}

#[test]
fn live_mode_takes_links_in_the_clear_only_where_they_are_named() {
    let plain = [
        ("database_url", "postgres://namaskah@db.internal/namaskah"),
        ("redis_url", "redis://cache.internal"),
    ];
    assert_eq!(live_faults(&plain).len(), 2);
    for (named, left) in [("database", "redis_url"), ("redis", "database_url")] {
        let faults = live_faults(&[plain[0], plain[1], ("plain_links", named)]);
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].starts_with(left), "{faults:?}");
    }
    assert_eq!(live_faults(&[plain[0], plain[1], ("plain_links", "database,redis")]), Vec::<String>::new());
}

#[test]
fn live_mode_refuses_providers_on_this_machine_or_a_private_network() {
    for url in [
        "http://numbers.example",
        "https://localhost",
        "https://LOCALHOST:8443/api",
        "https://api.localhost.",
        "https://127.0.0.1",
        "https://127.1",
        "https://0x7f000001",
        "https://user@127.0.0.1",
        "https://0.0.0.0",
        "https://10.1.2.3",
        "https://172.16.0.1",
        "https://192.168.1.1",
        "https://169.254.169.254",
        "https://100.100.100.200",
        "https://168.63.129.16",
        "https://192.0.2.1",
        "https://[::1]",
        "https://[::]",
        "https://[::ffff:127.0.0.1]",
        "https://[::ffff:10.0.0.1]",
        "https://[fd00::1]",
        "https://[fe80::1]",
        "https://",
    ] {
        for key in ["paystack_base_url", "textverified_base_url", "google_issuer", "leaked_passwords_url"] {
            let faults = live_faults(&[(key, url)]);
            assert_eq!(faults.len(), 1, "{key}={url}: {faults:?}");
            assert!(faults[0].starts_with(key), "{faults:?}");
        }
    }
}

#[test]
fn all_faults_are_reported_at_once() {
    let faults = live_faults(&[
        ("http_listen", "nowhere"),
        ("payment_min_usd", "x"),
        ("limit_factor", "11"),
        ("nonesuch", "1"),
    ]);
    for name in ["http_listen", "payment_min_usd", "limit_factor", "NAMASKAH_NONESUCH"] {
        assert!(faults.iter().any(|fault| fault.contains(name)), "{name}: {faults:?}");
    }
    assert_eq!(faults.len(), 4, "{faults:?}");
}

#[test]
fn what_is_no_address_or_no_filter_is_told_at_once_and_a_password_in_it_is_not() {
    let wrong = [
        ("database_url", "postgres://u:pa/ss#word1@127.0.0.1:25432/x"),
        ("database_url", "postgres://u:12/ss-word1@db.internal/x"),
        ("database_url", "mysql://u:word1@db.internal/x"),
        ("redis_url", "rediss://u:pa/ss-word1@cache.internal"),
        ("redis_url", "rediss://u:word1@cache.internal:99999/0"),
        ("smtp_url", "smtps://u:pa/ss-word1@mail.example"),
        ("smtp_url", "smtps://u:12/ss-word1@mail.example"),
        ("smtp_url", "imap://u:word1@mail.example"),
        ("mail_from", "nobody"),
        ("paystack_base_url", "https://paystack.example:99999"),
        ("leaked_passwords_url", "https://"),
        ("log", "a=[["),
    ];
    for (key, value) in wrong {
        let faults = live_faults(&[(key, value)]);
        assert_eq!(faults.len(), 1, "{key}={value}: {faults:?}");
        assert!(faults[0].starts_with(key) && !faults[0].contains("word1"), "{faults:?}");
    }
    let folder = TempDir::new().expect("a folder");
    let faults = load(&[sandbox(&folder), ("sandbox_url", "http://simulators:99999")], &Overrides::default());
    assert!(faults.expect_err("no port is so high").0[0].starts_with("sandbox_url"));
    let faults = live_faults(&[wrong[0], wrong[3], wrong[5], wrong[8], wrong[9], wrong[11]]);
    assert_eq!(faults.len(), 6, "{faults:?}");
}

#[test]
fn debug_of_a_configuration_shows_no_secret() {
    let key = paystack_key();
    let mut env = live(&key);
    env.push(("smtp_url", "smtps://user:open-sesame@mail.namaskah.example"));
    env.push(("redis_url", "rediss://user:open-sesame@cache.namaskah.example"));
    env.push(("database_url", "postgres://user:open-sesame@db.namaskah.example/n?sslmode=verify-full"));
    let shown = format!("{:?}", load(&env, &Overrides::default()).expect("nothing is wrong"));
    for secret in [&key, "an api key", "sixteen letters!", "open-sesame", KEY, OTHER_KEY] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert!(shown.contains("namaskah.example"), "{shown}");
}

#[test]
fn environment_outweighs_the_file_and_flags_outweigh_both() {
    let folder = TempDir::new().expect("a folder");
    let mut overrides = file(folder.path(), "max_open_orders = 7\nlog_format = \"json\"\n");
    let orders = |env: &[(&str, &str)], overrides: &Overrides| {
        let mut env = env.to_vec();
        env.push(sandbox(&folder));
        let config = load(&env, overrides).expect("nothing is wrong");
        assert!(config.log_json);
        config.max_open_orders
    };
    assert_eq!(orders(&[], &overrides), 7);
    assert_eq!(orders(&[("max_open_orders", "8")], &overrides), 8);
    overrides.values.push(("max_open_orders", "9".to_owned()));
    assert_eq!(orders(&[("max_open_orders", "8")], &overrides), 9);
}

#[test]
fn unknown_keys_and_lists_are_refused() {
    let folder = TempDir::new().expect("a folder");
    let overrides = file(folder.path(), "colour = \"red\"\nlog = [\"info\"]\n");
    let faults = load(&[sandbox(&folder)], &overrides).expect_err("both are refused").0;
    assert!(faults.iter().any(|fault| fault.starts_with("colour in ")), "{faults:?}");
    assert!(faults.iter().any(|fault| fault.starts_with("log in ")), "{faults:?}");
    assert_eq!(faults.len(), 2);
}

#[test]
fn a_file_that_does_not_parse_is_told_by_line_and_column_and_not_quoted() {
    let folder = TempDir::new().expect("a folder");
    let overrides = file(folder.path(), "log = \"info\"\nencryption_key = hunter2hunter2\n");
    let faults = load(&[sandbox(&folder)], &overrides).expect_err("it does not parse").to_string();
    assert!(faults.contains("settings.toml: line 2, column 18"), "{faults}");
    assert!(!faults.contains("hunter"), "{faults}");
}

#[test]
fn kept_secrets_that_do_not_parse_are_not_quoted_either() {
    for text in ["signing_key = hunter2hunter2", "signing_key = 424242424242"] {
        let folder = TempDir::new().expect("a folder");
        fs::write(folder.path().join("secrets.toml"), text).expect("a file");
        let faults = load(&[sandbox(&folder)], &Overrides::default()).expect_err("it does not parse");
        let faults = faults.to_string();
        assert!(faults.contains("secrets.toml: line 1, column 15"), "{faults}");
        assert!(!faults.contains("hunter") && !faults.contains("4242"), "{faults}");
    }
}

#[test]
fn generated_secrets_are_the_owners_alone_and_stay_the_same() {
    let folder = TempDir::new().expect("a folder");
    let keys = || {
        let config = load(&[sandbox(&folder)], &Overrides::default()).expect("nothing is wrong");
        let [encryption] = &config.secrets.encryption_keys[..] else { panic!("one key is made") };
        let signing: Vec<_> =
            config.secrets.signing_keys.iter().map(|key| key.expose_secret().to_owned()).collect();
        (encryption.expose_secret().to_owned(), signing)
    };
    let first = keys();
    assert_eq!((first.0.len(), first.1.len()), (64, 1));
    assert_ne!(first.0, first.1[0]);
    let kept = fs::metadata(folder.path().join("secrets.toml")).expect("the file");
    assert_eq!(kept.permissions().mode() & 0o777, 0o600);
    assert_eq!(keys(), first);
}

#[test]
fn encryption_keys_are_a_list_newest_first_and_each_must_be_one() {
    let folder = TempDir::new().expect("a folder");
    let both = format!("{OTHER_KEY}, {KEY}");
    let config = load(&[sandbox(&folder), ("encryption_key", both.as_str())], &Overrides::default());
    let keys = config.expect("nothing is wrong").secrets.encryption_keys;
    assert_eq!(keys.iter().map(ExposeSecret::expose_secret).collect::<Vec<_>>(), [OTHER_KEY, KEY]);
    let short = format!("{KEY},00");
    let faults = live_faults(&[("encryption_key", short.as_str())]);
    assert_eq!(faults, ["encryption_key must be 64 random hex digits"]);
    let same = format!("{KEY},{OTHER_KEY}");
    assert_eq!(
        live_faults(&[("encryption_key", same.as_str())]),
        ["encryption_key and signing_key must differ in live mode"]
    );
}

#[test]
fn google_is_configured_whole_or_not_at_all() {
    let client = ("google_client_id", "1234.apps.example");
    let secret = ("google_client_secret", "sixteen letters!");
    assert_eq!(live_faults(&[client, secret]), [""; 0]);
    for half in [client, secret] {
        let faults = live_faults(&[half]);
        assert_eq!(faults, ["google_client_id and google_client_secret belong together"]);
    }
    assert_eq!(
        live_faults(&[client, ("google_client_secret", "fifteen letters")]),
        ["google_client_secret must have at least 16 characters in live mode"]
    );
    let key = paystack_key();
    let config = load(&live(&key), &Overrides::default()).expect("nothing is wrong");
    assert!(crate::wiring::identity::GoogleClient::of(&config).is_none(), "live, and nothing is configured");
    let folder = TempDir::new().expect("a folder");
    let config = load(&[sandbox(&folder)], &Overrides::default()).expect("nothing is wrong");
    let client = crate::wiring::identity::GoogleClient::of(&config).expect("the simulator's");
    assert_eq!(client.secret.expose_secret().len(), 64);
}

#[test]
fn leaked_passwords_are_looked_for_at_the_vendors_in_live_unless_that_is_switched_off() {
    let folder = TempDir::new().expect("a folder");
    let key = paystack_key();
    let given = |mode: &str, value: Option<&str>| {
        let mut env = live(&key);
        env.push(("mode", mode));
        env.push(sandbox(&folder));
        env.extend(value.map(|value| ("leaked_passwords_url", value)));
        load(&env, &Overrides::default()).expect("nothing is wrong")
    };
    let vendor = LeakedPasswordsAt::Url("https://api.pwnedpasswords.com".to_owned());
    for (mode, by_default) in
        [("sandbox", LeakedPasswordsAt::Simulator), ("test", LeakedPasswordsAt::Nowhere), ("live", vendor)]
    {
        for value in [None, Some("")] {
            assert_eq!(given(mode, value).leaked_passwords, by_default, "{mode} {value:?}");
        }
        assert_eq!(given(mode, Some("off")).leaked_passwords, LeakedPasswordsAt::Nowhere, "{mode}");
        let mirror = LeakedPasswordsAt::Url("https://leaks.example/mirror".to_owned());
        assert_eq!(given(mode, Some("https://leaks.example/mirror/")).leaked_passwords, mirror, "{mode}");
    }
    for (value, told) in [
        (None, "https://api.pwnedpasswords.com"),
        (Some("off"), "off"),
        (Some("https://a.example"), "https://a.example"),
    ] {
        let config = given("live", value);
        let shown = config.effective.values.iter().find(|(setting, _)| setting.key == "leaked_passwords_url");
        assert_eq!(shown.expect("a setting").1.as_deref(), Some(told));
    }
    assert_eq!(
        live_faults(&[("leaked_passwords_url", "no")]),
        ["leaked_passwords_url must begin with http:// or https:// and name a host, or be off"]
    );
}

#[test]
fn retention_is_between_an_hour_and_a_year() {
    for wrong in ["0", "8761", "a day"] {
        let faults = live_faults(&[("retention_h", wrong)]);
        assert_eq!(faults, ["retention_h must be a whole number from 1 to 8760"], "{wrong}");
    }
    assert_eq!(live_faults(&[("retention_h", "72")]), [""; 0]);
}

#[test]
fn what_is_in_force_tells_of_secrets_that_they_are_there_and_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let given = |key, value: &str| (key, value.to_owned());
    let values = vec![
        given("data_dir", &folder.path().display().to_string()),
        given("paystack_secret_key", "sk_test_very-secret"),
        given("smtp_url", "smtp://me:very-secret@mail.example:587"),
        given("database_url", "postgres://me:very-secret@db.example/namaskah"),
        given("textverified_webhook_secret", "whsec_very-secret"),
        given("redis_url", "redis://me:very-secret@cache.example:6379/0"),
        given("provider_timeout_s", "7"),
        given("paystack_base_url", "https://me:very-secret@paystack.example/api"),
    ];
    let config = Config::from_sources(&Overrides { file: None, values }, std::iter::empty()).expect("sound");
    let told: Vec<_> = config.effective.values.iter().filter_map(|(_, value)| value.as_deref()).collect();
    for part in ["very-secret", "mail.example", "db.example", "cache.example", "sk_test", "whsec"] {
        assert!(!told.iter().any(|value| value.contains(part)), "{part}: {told:?}");
    }
    let keys: Vec<_> = config.effective.values.iter().map(|(setting, _)| setting.key).collect();
    assert_eq!(keys, SETTINGS.iter().map(|setting| setting.key).collect::<Vec<_>>());
    let of = |key: &str| {
        let found = config.effective.values.iter().find(|(setting, _)| setting.key == key);
        found.expect(key).1.as_deref()
    };
    assert_eq!(of("paystack_base_url"), Some("https://paystack.example/api"));
    assert_eq!((config.effective.mode, of("provider_timeout_s")), ("sandbox", Some("7")));
    assert_eq!(
        (of("fx_ngn_per_usd"), of("limit_factor"), of("public_url")),
        (Some("1600"), Some("100"), None)
    );
    for (key, there) in [("signing_key", true), ("smtp_url", true), ("textverified_api_key", false)] {
        assert_eq!(of(key), there.then_some(""), "{key}");
    }
    let words = ["key", "secret", "password", "token", "username"];
    for setting in SETTINGS.iter().filter(|setting| !setting.is_secret()) {
        let suspicious = words.iter().any(|word| setting.key.contains(word));
        // How a secret is read, and where a service is that holds no password of ours.
        let sound = ["textverified_webhook_key", "leaked_passwords_url"].contains(&setting.key);
        assert!(!suspicious || sound, "{} is shown", setting.key);
    }
}
