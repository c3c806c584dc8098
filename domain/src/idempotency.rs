//! Idempotency as a fact of the domain: a claim is committed with the effect that it guards.

use std::fmt;

use uuid::Uuid;

use crate::UserId;

/// A client's name for one command: 1 to 255 visible ASCII characters.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IdempotencyKey(String);

/// Why a text is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an idempotency key is 1 to 255 visible ASCII characters")]
pub struct InvalidKey;

impl IdempotencyKey {
    /// Accepts the bare form and the quoted form of the header; `"k"` and `k` are one key.
    ///
    /// # Errors
    /// [`InvalidKey`] for an empty, longer or not visible text.
    pub fn try_new(text: &str) -> Result<Self, InvalidKey> {
        let bare = text.strip_prefix('"').and_then(|t| t.strip_suffix('"')).unwrap_or(text);
        let fits = (1..=255).contains(&bare.len());
        if fits && bare.bytes().all(|b| b.is_ascii_graphic()) {
            Ok(Self(bare.to_owned()))
        } else {
            Err(InvalidKey)
        }
    }

    /// The key as the client named it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A digest of the parsed command: the same command has the same one, whatever its JSON looked like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint(pub [u8; 32]);

/// "This key of this account stands for this command, whose outcome is this record."
/// Claims of money never expire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Whose key it is: two accounts may use the same text.
    pub scope: UserId,
    /// The client's key.
    pub key: IdempotencyKey,
    /// What the key was first used for.
    pub fingerprint: Fingerprint,
    /// The record that the command makes.
    pub outcome: Uuid,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_and_bare_are_one_key() {
        assert_eq!(IdempotencyKey::try_new("\"abc\""), IdempotencyKey::try_new("abc"));
    }

    #[test]
    fn keys_are_bounded_visible_ascii() {
        for text in ["", "\"\"", "a b", "é", "a\n", &"k".repeat(256)] {
            assert_eq!(IdempotencyKey::try_new(text), Err(InvalidKey), "{text:?}");
        }
        assert!(IdempotencyKey::try_new(&"k".repeat(255)).is_ok());
    }
}
