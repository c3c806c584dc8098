//! Bodies of API keys.

use std::borrow::Cow;

use ipnet::IpNet;
use namaskah_domain::{
    ApiKeyId, Time,
    auth::{AllowedIps, ApiKey, CreateApiKey, KeyName, NewApiKey, Scope, Scopes, SignedIn as Visitor},
};
use poem_openapi::{Object, registry::MetaSchema};
use serde::Deserialize;

use crate::http::{
    body::{
        Text, TextForm,
        text::{one_of, sized},
    },
    problem::Problem,
};

impl TextForm for Scope {
    const EXPECTED: &'static str = "a scope, as wallet:read";

    fn schema() -> MetaSchema {
        one_of(&Self::ALL.map(Self::name))
    }

    fn read(text: &str) -> Option<Self> {
        Self::from_name(text)
    }

    fn write(&self) -> Cow<'_, str> {
        self.name().into()
    }
}

impl TextForm for KeyName {
    const EXPECTED: &'static str = "a name of 1 to 100 characters";

    fn schema() -> MetaSchema {
        sized(1, 100, "Checkout server")
    }

    fn read(text: &str) -> Option<Self> {
        Self::try_new(text)
    }

    fn write(&self) -> Cow<'_, str> {
        self.as_str().into()
    }
}

/// A key to be.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "ApiKeyWish")]
pub struct ApiKeyCreateBody {
    /// What you call it.
    pub name: Text<KeyName>,
    /// What it may do; at least one. Writing does not include reading.
    pub scopes: Vec<Text<Scope>>,
    /// From when on it is void. Without: never.
    pub expires_at: Option<Text<Time>>,
    /// The only addresses from which it may be used, 1 to 32. Without: anywhere.
    pub allowed_ips: Option<Vec<Text<IpNet>>>,
}

impl ApiKeyCreateBody {
    /// The command.
    ///
    /// # Errors
    /// 422 for a list without entries, or with too many.
    pub fn parse(self, by: Visitor) -> Result<CreateApiKey, Problem> {
        let scopes = Scopes::of(self.scopes.into_iter().map(|scope| scope.0));
        let scopes =
            scopes.ok_or_else(|| Problem::invalid("scopes", "out_of_range", "at least one scope"))?;
        let allowed = match self.allowed_ips {
            None => AllowedIps::anywhere(),
            Some(networks) => AllowedIps::only(networks.into_iter().map(|network| network.0).collect())
                .ok_or_else(|| Problem::invalid("allowed_ips", "out_of_range", "1 to 32 networks"))?,
        };
        let expires_at = self.expires_at.map(|time| namaskah_domain::time::to_stored_precision(time.0));
        Ok(CreateApiKey { by, name: self.name.0, scopes, allowed, expires_at })
    }
}

/// A key.
#[derive(Debug, Object)]
#[oai(rename = "ApiKey")]
pub struct ApiKeyBody {
    /// The identifier.
    pub id: Text<ApiKeyId>,
    /// What you call it.
    pub name: Text<KeyName>,
    /// What the secret begins with.
    pub prefix: String,
    /// What it may do.
    pub scopes: Vec<Text<Scope>>,
    /// The only addresses from which it may be used; none: anywhere.
    pub allowed_ips: Vec<Text<IpNet>>,
    /// When it was made.
    pub created_at: Text<Time>,
    /// From when on it is void.
    pub expires_at: Option<Text<Time>>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Text<Time>>,
}

impl From<ApiKey> for ApiKeyBody {
    fn from(key: ApiKey) -> Self {
        Self {
            id: Text(key.id),
            prefix: key.prefix,
            scopes: key.scopes.iter().map(Text).collect(),
            allowed_ips: key.allowed.networks().iter().map(|network| Text(*network)).collect(),
            created_at: Text(key.created_at),
            expires_at: key.expires_at.map(Text),
            last_used_at: key.last_used_at.map(Text),
            name: Text(key.name),
        }
    }
}

/// A key that was just made.
#[derive(Debug, Object)]
#[oai(rename = "NewApiKey")]
pub struct NewApiKeyBody {
    /// The identifier.
    pub id: Text<ApiKeyId>,
    /// What you call it.
    pub name: Text<KeyName>,
    /// What the secret begins with.
    pub prefix: String,
    /// What it may do.
    pub scopes: Vec<Text<Scope>>,
    /// The only addresses from which it may be used; none: anywhere.
    pub allowed_ips: Vec<Text<IpNet>>,
    /// When it was made.
    pub created_at: Text<Time>,
    /// From when on it is void.
    pub expires_at: Option<Text<Time>>,
    /// Goes with every request, as `Authorization: Bearer`. It cannot be shown again.
    pub secret: String,
}

impl From<NewApiKey> for NewApiKeyBody {
    fn from(new: NewApiKey) -> Self {
        let ApiKeyBody { id, name, prefix, scopes, allowed_ips, created_at, expires_at, .. } = new.key.into();
        let secret = new.secret.expose().to_owned();
        Self { id, name, prefix, scopes, allowed_ips, created_at, expires_at, secret }
    }
}
