//! `doctor`: checks what a start needs, one line each, and says how to mend what is wrong.

use std::{process::ExitCode, time::Duration};

use namaskah_adapters::{
    persistence::{Access, Database, keys},
    redis::RedisWindows,
};
use namaskah_domain::{Fault, PaymentReference, auth::Secret};

use super::CommandError;
use crate::{
    config::{Absent, Config, Mode, Overrides},
    start,
    wiring::{self, Adapters, Outside, Wired},
};

/// For the answer of Redis, which is waited for much less while requests wait.
const REDIS: Duration = Duration::from_secs(2);

/// What was found, line by line.
#[derive(Default)]
struct Findings {
    is_ill: bool,
}

impl Findings {
    fn tell(&mut self, what: &str, found: Result<String, String>, fix: &str) {
        match found {
            Ok(detail) => say!("ok    {what}: {detail}"),
            Err(why) => {
                self.is_ill = true;
                say!("WRONG {what}: {why}\n      fix: {fix}");
            }
        }
    }
}

pub(super) async fn run(overrides: &Overrides) -> Result<ExitCode, CommandError> {
    let mut findings = Findings::default();
    let config = match Config::load(overrides, Absent::Invent) {
        Ok(config) => config,
        Err(faults) => {
            findings.tell(
                "configuration",
                Err(faults.to_string()),
                "mend every line above; .env.example lists all",
            );
            return Ok(ExitCode::FAILURE);
        }
    };
    findings.tell("configuration", Ok(format!("mode {}", config.mode.name())), "");
    if !config.outbound_allow.is_empty() {
        let networks: Vec<String> = config.outbound_allow.iter().map(ToString::to_string).collect();
        let told = format!("besides the internet, users' URLs may lead to {}", networks.join(", "));
        findings.tell("outbound_allow", Ok(told), "");
    }
    check_redis(&config, &mut findings).await;
    if let Some(wired) = check_database(&config, &mut findings).await {
        check_outside(&config, &wired, &mut findings).await;
    }
    Ok(if findings.is_ill { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Told where there is one alone. Without it the product serves all the same.
async fn check_redis(config: &Config, findings: &mut Findings) {
    let Some(url) = &config.redis_url else { return };
    let connected = match RedisWindows::try_new(url) {
        Ok(redis) => redis.connect(REDIS).await,
        Err(fault) => Err(fault),
    };
    let told = connected.map(|_| "answers".to_owned()).map_err(|fault| fault.to_string());
    findings.tell("Redis", told, "start it, or correct redis_url; until then each process counts for itself");
}

async fn check_database(config: &Config, findings: &mut Findings) -> Option<Wired> {
    let fix = match config.is_embedded() {
        true => "the first `namaskah serve` makes it; or correct database_url or data_dir",
        false => "start the database, or correct database_url",
    };
    let database = match start::connect(config, Access::Look).await {
        Ok(database) => database,
        Err(error) => {
            findings.tell("database", Err(error.to_string()), fix);
            return None;
        }
    };
    let answers = database.ping().await.map(|()| "answers".to_owned()).map_err(|e| e.to_string());
    findings.tell("database", answers, fix);
    let current = match namaskah_migration::is_current(database.reads()).await {
        Ok(true) => Ok("up to date".to_owned()),
        Ok(false) => Err("steps are missing".to_owned()),
        Err(error) => Err(error.to_string()),
    };
    let is_current = current.is_ok();
    findings.tell("migrations", current, "namaskah migrate up (serve does it by itself)");
    if !is_current {
        return None;
    }
    let outside = Outside::beside(config);
    let url = config.public_url.clone().unwrap_or_else(|| format!("http://{}", config.listen));
    let wired = async {
        let stores = wiring::look_into_stores(config, &database).await?;
        let clock = start::clock_of(config, &stores).await?;
        let adapters = Adapters::of(config, &outside, &url, clock.clone())?;
        wiring::wire(config, stores, adapters, &url, clock)
    };
    match wired.await {
        Ok(wired) => {
            let told = needed_keys(config, &database).await.map_err(|fault| fault.to_string());
            findings.tell("keys", told, "start the database, or correct encryption_key");
            Some(wired)
        }
        Err(fault) => {
            findings.tell("settings", Err(fault.to_string()), "correct the setting that is named");
            None
        }
    }
}

/// Which keys are still needed to read what is stored.
async fn needed_keys(config: &Config, database: &Database) -> Result<String, Fault> {
    let needing = keys::needing_older(database, &wiring::master_keys(config)?).await?;
    let many: u64 = needing.iter().map(|(_, many)| many).sum();
    let older = config.secrets.encryption_keys.len() - 1;
    Ok(match (many, older) {
        (0, 0) => "the one encryption_key has sealed everything".to_owned(),
        (0, _) => "the newest encryption_key may stand alone: older ones are not needed any more".to_owned(),
        (many, 0) => format!("{many} values are from before values named their key: namaskah keys reseal"),
        (many, _) => format!("{many} values still need an older encryption_key: namaskah keys reseal"),
    })
}

async fn check_outside(config: &Config, wired: &Wired, findings: &mut Findings) {
    let hint =
        if config.mode == Mode::Sandbox { "start the product or `namaskah sandbox` first; " } else { "" };
    let balance = wired.provider.balance().await;
    let was_reached = balance.is_ok();
    let balance = balance.map(|money| format!("answers, {money} USD left")).map_err(|e| e.to_string());
    let fix = format!("{hint}check textverified_api_key, textverified_username and textverified_base_url");
    findings.tell("TextVerified", balance, &fix);

    let asked = PaymentReference::generate(wired.random.as_ref());
    let known = wired.gateway.verify(&asked).await;
    let known = known.map(|_| "answers and takes the key".to_owned()).map_err(|e| e.to_string());
    let fix = format!("{hint}check paystack_secret_key and paystack_base_url");
    findings.tell("Paystack", known, &fix);

    if let Some(identities) = &wired.identities {
        let begun = identities.begin().await;
        let described = begun.map(|_| "describes itself as it should".to_owned()).map_err(|e| e.to_string());
        findings.tell("Google", described, &format!("{hint}check google_issuer"));
    }

    let answers = match &wired.leaked_passwords {
        // Asked about something that is nobody's password.
        Some(leaked) => {
            leaked.is_known(&Secret::new(asked.as_str().to_owned())).await.map(|_| "the service answers")
        }
        None => Ok("looked for nowhere, and refused by our own list alone"),
    };
    let answers = answers.map(str::to_owned).map_err(|fault| fault.to_string());
    findings.tell("leaked passwords", answers, &format!("{hint}check leaked_passwords_url"));

    let skew = wired.provider.skew();
    let told = if !was_reached {
        Err("cannot be compared: TextVerified was not reached".to_owned())
    } else if skew.abs() <= namaskah_domain::time::seconds(2) {
        Ok("agrees with TextVerified".to_owned())
    } else {
        Err(format!("differs from TextVerified's by {} s", skew.num_seconds()))
    };
    findings.tell("clock", told, "synchronise this machine's clock");

    let mail =
        wired.mailer.answers().await.map(|()| "the server answers".to_owned()).map_err(|e| e.to_string());
    findings.tell("mail", mail, &format!("{hint}check smtp_url"));
}
