//! What is configured. Of a secret only whether it is there: neither its value nor anything about it.

use std::sync::Arc;

use poem_openapi::{Object, OpenApi};

use crate::{
    config::Effective,
    http::{
        body::{Shown, Text, word_enum},
        problem::Problem,
        staff_scheme::{Staff, may},
        tags::Tag,
    },
};

word_enum! {
    /// Whether a secret is there.
    pub SecretWord, "set or not_set";
    Set = "set",
    NotSet = "not_set",
}

/// One setting.
#[derive(Debug, Object)]
#[oai(rename = "Setting")]
pub struct SettingBody {
    /// Its key.
    pub key: String,
    /// What it is for.
    pub about: String,
    /// Its value; null if it has none, and for secrets.
    pub value: Option<String>,
    /// For a secret, whether it is there; null for any other.
    pub secret: Option<Text<SecretWord>>,
}

/// What the process that answers runs with.
#[derive(Debug, Object)]
#[oai(rename = "Settings")]
pub struct SettingsBody {
    /// `sandbox`, `test` or `live`.
    pub mode: String,
    /// The version of the product.
    pub version: String,
    /// Every setting.
    pub settings: Vec<SettingBody>,
}

/// Routes of settings.
pub struct SettingsApi {
    /// What is in force.
    pub settings: Arc<Effective>,
}

#[OpenApi(prefix_path = "/api/v1/admin/settings", tag = "Tag::Admin")]
impl SettingsApi {
    /// What is configured
    #[oai(path = "/", method = "get", operation_id = "get_settings")]
    async fn get(&self, _staff: Staff<may::Settings>) -> Result<Shown<SettingsBody>, Problem> {
        let one = |(setting, value): &(&crate::config::Setting, Option<String>)| {
            let (is_set, is_secret) = (value.is_some(), setting.is_secret());
            let word = if is_set { SecretWord::Set } else { SecretWord::NotSet };
            SettingBody {
                key: setting.key.to_owned(),
                about: setting.about.to_owned(),
                value: value.clone().filter(|_| !is_secret),
                secret: is_secret.then_some(Text(word)),
            }
        };
        Ok(Shown(SettingsBody {
            mode: self.settings.mode.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            settings: self.settings.values.iter().map(one).collect(),
        }))
    }
}
