//! Signatures in the form of Standard Webhooks 1.0.
//!
//! Source: <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>, read in
//! November 2026.

use std::fmt;

use chrono::TimeDelta;

use crate::{EventId, Random, Time, outbound::Signature, time::hours, webhook::WebhookSigner};

/// For how long the secret before the present one is still signed with.
pub const OVERLAP: TimeDelta = hours(24);

const BYTES: usize = 32;

/// What deliveries to one endpoint are signed with. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookSecret([u8; BYTES]);

impl WebhookSecret {
    /// A new one.
    pub fn generate(random: &dyn Random) -> Self {
        let mut bytes = [0; BYTES];
        random.fill(&mut bytes);
        Self(bytes)
    }

    /// As storage keeps it; `None` if these are no 32 bytes.
    pub fn from_stored(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The key itself.
    pub const fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret(…)")
    }
}

/// The secrets of an endpoint: the present one, and for a day the one before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secrets {
    /// The present one.
    pub current: WebhookSecret,
    /// The one before it, and until when it is signed with.
    pub previous: Option<(WebhookSecret, Time)>,
}

impl Secrets {
    /// One secret.
    pub const fn new(current: WebhookSecret) -> Self {
        Self { current, previous: None }
    }

    /// `new` from now on, and both for a day. A third one would be dropped: two are ever valid.
    #[must_use]
    pub fn rotated(self, new: WebhookSecret, now: Time) -> Self {
        Self { current: new, previous: Some((self.current, now + OVERLAP)) }
    }

    /// Those that are signed with at `now`, the present one first.
    pub fn valid(&self, now: Time) -> impl Iterator<Item = &WebhookSecret> {
        let previous = self.previous.iter().filter(move |(_, until)| now < *until);
        std::iter::once(&self.current).chain(previous.map(|(secret, _)| secret))
    }
}

/// What is signed: identifier, time of the try in seconds, and the body as it is sent.
pub fn signed(id: &str, at: Time, body: &[u8]) -> Vec<u8> {
    [format!("{id}.{}.", at.timestamp()).as_bytes(), body].concat()
}

/// One `v1` signature for each secret that is valid at `at`, with spaces between.
pub fn signature(
    signer: &dyn WebhookSigner,
    secrets: &Secrets,
    id: EventId,
    at: Time,
    body: &[u8],
) -> Signature {
    let signed = signed(&id.to_string(), at, body);
    let all: Vec<String> =
        secrets.valid(at).map(|secret| format!("v1,{}", signer.sign(secret, &signed))).collect();
    Signature::of(&all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::seconds;

    fn secret(byte: u8) -> WebhookSecret {
        WebhookSecret([byte; BYTES])
    }

    /// Signs with the first byte of the secret.
    struct Plain;

    impl WebhookSigner for Plain {
        fn text(&self, secret: &WebhookSecret) -> crate::auth::Secret {
            crate::auth::Secret::new(format!("whsec_{}", secret.0[0]))
        }

        fn sign(&self, secret: &WebhookSecret, signed: &[u8]) -> String {
            format!("{}:{}", secret.0[0], String::from_utf8_lossy(signed))
        }
    }

    #[test]
    fn identifier_time_and_body_are_signed_with_every_valid_secret() {
        let at = Time::UNIX_EPOCH + seconds(1_700_000_000);
        let id = EventId::from_uuid(uuid::Uuid::from_u128(7));
        let secrets = Secrets::new(secret(1)).rotated(secret(2), at);
        let told = |at| signature(&Plain, &secrets, id, at, b"{}").as_str().to_owned();
        let text = format!("{id}.1700000000.{{}}");
        assert_eq!(told(at), format!("v1,2:{text} v1,1:{text}"));
        let later = at + OVERLAP;
        assert_eq!(told(later), format!("v1,2:{id}.1700086400.{{}}"));
    }

    #[test]
    fn two_secrets_are_valid_at_most() {
        let at = Time::UNIX_EPOCH;
        let secrets = Secrets::new(secret(1)).rotated(secret(2), at).rotated(secret(3), at + seconds(1));
        let valid: Vec<u8> = secrets.valid(at + seconds(2)).map(|secret| secret.0[0]).collect();
        assert_eq!(valid, [3, 2]);
    }

    #[test]
    fn debug_shows_no_secret() {
        let shown = format!("{:?}", Secrets::new(secret(77)));
        assert!(!shown.contains("77"), "{shown}");
    }
}
