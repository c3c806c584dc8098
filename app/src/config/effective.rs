//! What is in force, for those who may look: values of what is no secret, and of secrets that they are there.

use super::{Config, LeakedPasswordsAt, SETTINGS, Setting, parse::Values};

/// What stands for a secret that is there. The secret itself never gets here.
const THERE: &str = "";

/// An address without who signs in there.
fn bare(text: String) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest[..end].rfind('@') {
        Some(at) => format!("{scheme}://{}", &rest[at + 1..]),
        None => text,
    }
}

/// What a process runs with.
#[derive(Debug, Clone, Default)]
pub struct Effective {
    /// Sandbox, test or live.
    pub mode: &'static str,
    /// Every setting, and its value if it has one; for a secret, nothing of it.
    pub values: Vec<(&'static Setting, Option<String>)>,
}

impl Effective {
    /// As given, before anything is made of it.
    pub(super) fn given(values: &Values) -> Self {
        let value = |setting: &'static Setting| {
            let text = values.text(setting.key);
            (setting, text.map(|text| if setting.is_secret() { THERE.to_owned() } else { bare(text) }))
        };
        Self { mode: "", values: SETTINGS.iter().map(value).collect() }
    }

    /// With what the mode, or a generated file, has put in where nothing was given.
    pub(super) fn of(mut self, config: &Config) -> Self {
        self.mode = config.mode.name();
        let limit_factor = config.limit_factor.to_string();
        let drain_s = config.drain.as_secs().to_string();
        let rate = config.rate.ngn_per_usd().normalize().to_string();
        for (setting, value) in self.values.iter_mut().filter(|(_, value)| value.is_none()) {
            *value = match setting.key {
                "fx_ngn_per_usd" => Some(rate.clone()),
                "limit_factor" => Some(limit_factor.clone()),
                "drain_s" => Some(drain_s.clone()),
                "leaked_passwords_url" => match &config.leaked_passwords {
                    LeakedPasswordsAt::Nowhere => Some("off".to_owned()),
                    LeakedPasswordsAt::Url(url) => Some(url.clone()),
                    LeakedPasswordsAt::Simulator => None,
                },
                // There always is one: given, or kept in the data folder.
                "encryption_key" | "signing_key" => Some(THERE.to_owned()),
                _ => None,
            };
        }
        self
    }
}
