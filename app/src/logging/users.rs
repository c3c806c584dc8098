//! How users are named in logs and traces.

use std::fmt::Write;

use namaskah_domain::UserId;
use sha2::{Digest, Sha256};

/// How a user is named.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LoggedUsers {
    /// By the identifier, as staff looks him up.
    #[default]
    Plain,
    /// By a digest of it: lines of one user can be told from those of others, and found by whoever knows who he is.
    Hashed,
    /// Not at all.
    Off,
}

/// Of the digest, in bytes: enough that no two users have the same.
const LENGTH: usize = 12;

impl LoggedUsers {
    /// The words that can be configured.
    pub const NAMES: [&'static str; 3] = ["plain", "hashed", "off"];

    /// The way of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "plain" => Some(Self::Plain),
            "hashed" => Some(Self::Hashed),
            "off" => Some(Self::Off),
            _ => None,
        }
    }

    /// The user's name in a log.
    pub fn name(self, user: UserId) -> Option<String> {
        match self {
            Self::Plain => Some(user.to_string()),
            Self::Hashed => Some(hashed(user)),
            Self::Off => None,
        }
    }
}

/// An identifier has over seventy random bits, so none is found by trying.
fn hashed(user: UserId) -> String {
    let digest = Sha256::digest(user.to_string());
    digest.iter().take(LENGTH).fold("user-".to_owned(), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use namaskah_domain::Id;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_hashed_user_is_the_same_in_every_line_and_not_the_identifier() {
        let user: UserId = Id::from_uuid(Uuid::from_u128(7));
        let name = LoggedUsers::Hashed.name(user).expect("a name");
        assert_eq!(LoggedUsers::Hashed.name(user), Some(name.clone()));
        assert_ne!(LoggedUsers::Hashed.name(Id::from_uuid(Uuid::from_u128(8))), Some(name.clone()));
        assert!(!user.to_string().contains(name.trim_start_matches("user-")) && !name.contains("usr_"));
        assert_eq!(LoggedUsers::Plain.name(user), Some(user.to_string()));
        assert_eq!(LoggedUsers::Off.name(user), None);
        for name in LoggedUsers::NAMES {
            assert!(LoggedUsers::from_name(name).is_some(), "{name}");
        }
    }
}
