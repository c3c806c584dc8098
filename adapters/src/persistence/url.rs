//! URLs of databases. What is wrong with one is told without showing it: it may hold a password.

use std::{path::PathBuf, str::FromStr};

use reqwest::Url;
use sea_orm::sqlx::{postgres::PgConnectOptions, sqlite::SqliteConnectOptions};

/// What is wrong with a URL. Shows nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidUrl {
    /// Neither of the two databases.
    #[error("it must begin with postgres:// or sqlite:")]
    Scheme,
    /// It names nothing that could be connected to.
    #[error("it is no URL of a database")]
    Unreadable,
}

/// Looks whether [`connect`](super::connect) can make something of a URL. Connects to nothing.
///
/// # Errors
/// [`InvalidUrl`]
pub fn check_url(url: &str) -> Result<(), InvalidUrl> {
    let is_postgres = url.starts_with("postgres://") || url.starts_with("postgresql://");
    if !is_postgres && !url.starts_with("sqlite:") {
        return Err(InvalidUrl::Scheme);
    }
    let parsed = Url::parse(url).map_err(|_| InvalidUrl::Unreadable)?;
    let is_read = if is_postgres {
        !is_cut_short(&parsed) && PgConnectOptions::from_str(url).is_ok()
    } else {
        SqliteConnectOptions::from_str(url).is_ok()
    };
    if is_read { Ok(()) } else { Err(InvalidUrl::Unreadable) }
}

/// The file of a SQLite database, if it is missing.
pub(super) fn missing_file(url: &str) -> Option<PathBuf> {
    let in_memory = url.contains(":memory:") || url.contains("mode=memory");
    let options =
        SqliteConnectOptions::from_str(url).ok().filter(|_| url.starts_with("sqlite:") && !in_memory)?;
    let file = options.get_filename().to_owned();
    (!file.exists()).then_some(file)
}

/// True if a sign in a password has ended the host too soon, so that the user would be taken for it.
fn is_cut_short(url: &Url) -> bool {
    let is_in = |text: &str| text.contains('@');
    let after = is_in(url.path())
        || url.fragment().is_some_and(is_in)
        || url.query_pairs().any(|(key, _)| is_in(&key));
    url.username().is_empty() && after
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_connected_to_is_refused_and_a_password_does_not_become_a_host() {
        for (url, expected) in [
            ("postgres://u:p@db.internal:5432/n?sslmode=verify-full", Ok(())),
            ("postgresql:///n?host=/run/postgresql", Ok(())),
            ("postgres://%2Frun%2Fpostgresql/n", Ok(())),
            ("postgres://u:pa%2Fss%23word1@db.internal/n", Ok(())),
            ("sqlite://data/namaskah.db?mode=rwc", Ok(())),
            ("sqlite::memory:", Ok(())),
            ("mysql://u:p@db.internal/n", Err(InvalidUrl::Scheme)),
            ("namaskah.db", Err(InvalidUrl::Scheme)),
            ("postgres://u:pa/ss#word1@127.0.0.1:25432/x", Err(InvalidUrl::Unreadable)),
            ("postgres://u:12/ss@db.internal/n", Err(InvalidUrl::Unreadable)),
            ("postgres://u:12?ss@db.internal/n", Err(InvalidUrl::Unreadable)),
            ("postgres://u:12#ss@db.internal/n", Err(InvalidUrl::Unreadable)),
            ("postgres://db.internal:99999/n", Err(InvalidUrl::Unreadable)),
            ("postgres://db.internal/n?sslmode=perhaps", Err(InvalidUrl::Unreadable)),
            ("sqlite://data/namaskah.db?mode=perhaps", Err(InvalidUrl::Unreadable)),
        ] {
            assert_eq!(check_url(url), expected, "{url}");
        }
    }
}
