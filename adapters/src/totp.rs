//! [`OneTimeCodes`] by RFC 6238: HMAC-SHA-1 over the step, cut to six digits as RFC 4226 says.
//!
//! SHA-1 is what every authenticator app knows. Its collisions do not matter here: HMAC does not rest on their absence.

use hmac::{Hmac, KeyInit, Mac};
use namaskah_domain::auth::{OneTimeCodes, TotpSecret, TotpStep};
use sha1::Sha1;

/// The standard's codes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rfc6238;

impl OneTimeCodes for Rfc6238 {
    fn code(&self, secret: &TotpSecret, step: TotpStep) -> u32 {
        // A key that is shorter than a block is filled up with zeros; so this constructor, which cannot fail, will do.
        let mut block = [0u8; 64];
        block[..secret.as_bytes().len()].copy_from_slice(secret.as_bytes());
        let mut mac = Hmac::<Sha1>::new(&block.into());
        mac.update(&step.get().to_be_bytes());
        let digest: [u8; 20] = mac.finalize().into_bytes().into();
        let at = usize::from(digest[19] & 15);
        let word = [digest[at] & 0x7f, digest[at + 1], digest[at + 2], digest[at + 3]];
        u32::from_be_bytes(word) % 1_000_000
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    const SECRET: TotpSecret = TotpSecret::from_stored(*b"12345678901234567890");

    /// Appendix D of RFC 4226.
    #[test]
    fn codes_of_counters_are_those_of_rfc_4226() {
        let codes = [755224, 287082, 359152, 969429, 338314, 254676, 287922, 162583, 399871, 520489];
        for (counter, code) in (0..).zip(codes) {
            assert_eq!(Rfc6238.code(&SECRET, TotpStep::from_stored(counter)), code, "{counter}");
        }
    }

    /// Appendix B of RFC 6238, whose eight digits end with these six.
    #[test]
    fn codes_of_times_are_those_of_rfc_6238() {
        for (seconds, code) in [
            (59, 287082),
            (1_111_111_109, 81804),
            (1_111_111_111, 50471),
            (1_234_567_890, 5924),
            (2_000_000_000, 279037),
            (20_000_000_000, 353130),
        ] {
            let time = DateTime::from_timestamp(seconds, 0).expect("a time");
            assert_eq!(Rfc6238.code(&SECRET, TotpStep::at(time)), code, "{seconds}");
        }
    }
}
