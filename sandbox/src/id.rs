//! Identifiers: opaque, unpredictable, never repeated.

use sha2::{Digest, Sha256};

use crate::SandboxError;

const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A source of identifiers: one secret seed from the operating system, then a hash per draw.
#[derive(Debug)]
pub(crate) struct Ids {
    seed: [u8; 32],
    drawn: u64,
}

impl Ids {
    /// # Errors
    /// `Randomness`: the operating system has none to give.
    pub(crate) fn try_new() -> Result<Self, SandboxError> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|_| SandboxError::Randomness)?;
        Ok(Self { seed, drawn: 0 })
    }

    /// Thirty-two bytes nobody can foretell.
    pub(crate) fn bytes(&mut self) -> [u8; 32] {
        self.drawn += 1;
        Sha256::new().chain_update(self.seed).chain_update(self.drawn.to_be_bytes()).finalize().into()
    }

    /// A number below `bound`, near enough to evenly for a simulator. `bound` must not be zero.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.bytes().iter().take(8).fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte)) % bound.max(1)
    }

    /// `prefix` and 26 letters: 48 bits of time, then 80 random bits, as a ULID has them.
    pub(crate) fn ulid(&mut self, prefix: &str, now_ms: i64) -> String {
        let mut value = u128::from(now_ms.unsigned_abs() & 0xffff_ffff_ffff) << 80;
        for (place, byte) in self.bytes().iter().take(10).enumerate() {
            value |= u128::from(*byte) << (8 * place);
        }
        let letters = (0..26).rev().map(|place| letter((value >> (5 * place)) as u8));
        prefix.chars().chain(letters).collect()
    }

    /// `prefix` and 24 random letters and digits, lower case.
    pub(crate) fn token(&mut self, prefix: &str) -> String {
        let bytes = self.bytes();
        prefix.chars().chain(bytes.iter().take(24).map(|byte| letter(*byte).to_ascii_lowercase())).collect()
    }
}

fn letter(bits: u8) -> char {
    char::from(CROCKFORD[usize::from(bits & 31)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_keep_their_prefix_and_length_and_differ() {
        let mut ids = Ids::try_new().unwrap();
        let (a, b) = (ids.ulid("lr_", 1), ids.ulid("lr_", 1));
        assert_eq!((a.len(), &a[..3]), (29, "lr_"));
        assert_ne!(a, b);
        assert_eq!(ids.token("CUS_").len(), 28);
        assert!(ids.below(10) < 10);
    }
}
