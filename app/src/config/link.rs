//! Connections to other machines, and which of them are in the clear.

use std::{net::IpAddr, str::FromStr};

use reqwest::Url;

/// A connection that may be allowed to be in the clear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// To Postgres.
    Database,
    /// To Redis.
    Redis,
}

impl Link {
    /// The link of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "database" => Some(Self::Database),
            "redis" => Some(Self::Redis),
            _ => None,
        }
    }
}

/// Whom a URL names.
pub(super) enum Host {
    /// By address.
    Address(IpAddr),
    /// By name, in lower case.
    Name(String),
    /// Nobody.
    None,
}

impl Host {
    pub(super) fn of(url: &Url) -> Self {
        url.host_str().map_or(Self::None, Self::named)
    }

    fn named(text: &str) -> Self {
        let bare = text.trim_start_matches('[').trim_end_matches(']');
        if bare.is_empty() {
            return Self::None;
        }
        IpAddr::from_str(bare).map_or_else(|_| Self::Name(bare.to_ascii_lowercase()), Self::Address)
    }

    /// A host that is not named is this machine to databases.
    fn is_here(&self) -> bool {
        match self {
            Self::Address(ip) => ip.to_canonical().is_loopback(),
            Self::Name(name) => is_local_name(name),
            Self::None => true,
        }
    }
}

/// True of a URL that leads nowhere but to this machine.
pub fn is_on_this_machine(url: &Url) -> bool {
    let host = Host::of(url);
    !matches!(host, Host::None) && host.is_here()
}

/// True of this machine's own name, in lower case.
pub(super) fn is_local_name(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    name == "localhost" || name.ends_with(".localhost")
}

/// True for mail in the clear to another machine.
pub(super) fn is_plain_mail(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    let host = Host::of(&url);
    url.scheme() == "smtp" && (matches!(host, Host::None) || !host.is_here())
}

/// True for a database on another machine whose certificate is not looked at. A path for a host is a socket.
pub(super) fn is_plain_database(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    if !["postgres", "postgresql"].contains(&url.scheme()) {
        return false;
    }
    let said = |names: [&str; 2]| {
        let mut said = url.query_pairs().filter(|(key, _)| names.contains(&key.as_ref()));
        // The last one counts.
        said.by_ref().last().map(|(_, value)| value.into_owned())
    };
    let is_here = match said(["host", "hostaddr"]) {
        Some(host) => host.starts_with('/') || Host::named(&host).is_here(),
        None => {
            let host = url.host_str().unwrap_or_default();
            host.starts_with("%2F") || host.starts_with("%2f") || Host::of(&url).is_here()
        }
    };
    !is_here && said(["sslmode", "ssl-mode"]).as_deref() != Some("verify-full")
}

/// True for a Redis on another machine without TLS.
pub(super) fn is_plain_redis(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    url.scheme() == "redis" && !Host::of(&url).is_here()
}

/// True for an address on another machine without TLS.
pub(super) fn is_plain_http(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    url.scheme() == "http" && !Host::of(&url).is_here()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_elsewhere_is_plain_unless_its_certificate_is_looked_at() {
        for url in [
            "postgres://u:p@db.internal/n",
            "postgresql://db.internal/n",
            "postgres://db.internal/n?sslmode=require",
            "postgres://db.internal/n?sslmode=verify-full&sslmode=disable",
            "postgres://db.internal/n?sslmode=verify-ca",
            "postgres://10.0.0.1/n",
            "postgres:///n?host=db.internal",
            "postgres://localhost/n?host=db.internal",
        ] {
            assert!(is_plain_database(url), "{url}");
        }
        for url in [
            "sqlite://n.db",
            "postgres://db.internal/n?sslmode=verify-full",
            "postgres:///n?host=/run/postgresql",
            "postgres://%2Frun%2Fpostgresql/n",
            "postgres://localhost/n",
            "postgres://127.0.0.1/n",
            "postgres://[::1]:5432/n",
        ] {
            assert!(!is_plain_database(url), "{url}");
        }
    }

    #[test]
    fn a_redis_elsewhere_is_plain_without_tls() {
        for (url, is_plain) in [
            ("redis://cache.internal", true),
            ("redis://10.0.0.1:6379/0", true),
            ("rediss://cache.internal", false),
            ("redis://localhost", false),
            ("redis+unix:///run/redis.sock", false),
        ] {
            assert_eq!(is_plain_redis(url), is_plain, "{url}");
        }
    }
}
