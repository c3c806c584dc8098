//! Where reports go, as Sentry writes it: `https://<public key>@<host>/<project>`.

use reqwest::Url;

/// A place for reports.
#[derive(Clone, PartialEq, Eq)]
pub struct Dsn {
    endpoint: String,
    key: String,
}

/// A text that names no place. It is not repeated: it holds a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a DSN such as https://key@host/1")]
pub struct InvalidDsn;

impl Dsn {
    /// # Errors
    /// [`InvalidDsn`] unless it is http or https with a key, a host and the number of a project.
    pub fn parse(text: &str) -> Result<Self, InvalidDsn> {
        let mut url = Url::parse(text).map_err(|_| InvalidDsn)?;
        let key = url.username().to_owned();
        let is_plain = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let path = url.path().trim_end_matches('/').to_owned();
        let (before, project) = path.rsplit_once('/').ok_or(InvalidDsn)?;
        let is_number = !project.is_empty() && project.bytes().all(|b| b.is_ascii_digit());
        if !["http", "https"].contains(&url.scheme()) || !url.has_host() || !is_plain || !is_number {
            return Err(InvalidDsn);
        }
        // Neither fails where there is a host.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        url.set_query(None);
        url.set_fragment(None);
        url.set_path(&format!("{before}/api/{project}/envelope/"));
        Ok(Self { endpoint: url.into(), key })
    }

    /// The address of envelopes.
    pub(super) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The header by which we are known.
    pub(super) fn credential(&self) -> String {
        let client = concat!("namaskah/", env!("CARGO_PKG_VERSION"));
        format!("Sentry sentry_version=7, sentry_client={client}, sentry_key={}", self.key)
    }
}

impl std::fmt::Debug for Dsn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Dsn")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dsn_names_an_address_and_a_key() {
        let dsn = Dsn::parse("https://0123abc@errors.example:8443/prefix/42").expect("a DSN");
        assert_eq!(dsn.endpoint(), "https://errors.example:8443/prefix/api/42/envelope/");
        assert!(dsn.credential().ends_with("sentry_key=0123abc"), "{}", dsn.credential());
        assert!(!format!("{dsn:?}").contains("0123abc"));
    }

    #[test]
    fn whatever_lacks_a_part_is_none() {
        for text in [
            "",
            "https://errors.example/42",
            "https://key@errors.example",
            "https://key@errors.example/",
            "https://key@errors.example/name",
            "ftp://key@errors.example/42",
            "https://k%0Aey@errors.example/42",
            "key@errors.example/42",
        ] {
            assert_eq!(Dsn::parse(text), Err(InvalidDsn), "{text}");
        }
    }
}
