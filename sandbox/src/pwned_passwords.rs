//! Pwned Passwords: which passwords have leaked, by the first five hex digits of their SHA-1. A few are known here; in every
//! range there are hashes of nobody's beside them.
//!
//! Source: <https://haveibeenpwned.com/API/v3#PwnedPasswords>, read in November 2026.

use poem::http::StatusCode;
use sha1::{Digest, Sha1};

use crate::{
    http::{Answer, Call},
    world::World,
};

/// Made up; long enough that only a list of leaks refuses them.
const LEAKED: [(&str, u64); 4] = [
    ("river stones and tea", 1),
    ("blue kettle 1987", 24),
    ("moonlight over lagos", 310),
    ("my dog eats mangoes", 8_127),
];

const PREFIX: usize = 5;
/// Lines of a range, before it is padded.
const STRANGERS: u64 = 400;
/// A padded answer has so many at least, and at most so many more.
const PADDED: u64 = 800;
const MORE: u64 = 200;

/// `GET /range/{prefix}`
pub(crate) fn range(_: &World, call: &Call) -> Result<Answer, Answer> {
    if call.header("user-agent").is_none() {
        return Err(Answer::text(StatusCode::FORBIDDEN, "a user agent is required"));
    }
    let prefix = call.id().to_ascii_uppercase();
    if prefix.len() != PREFIX || !prefix.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Answer::text(StatusCode::BAD_REQUEST, "The hash prefix was not in a valid format"));
    }
    let is_padded = call.header("add-padding").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    Ok(Answer::text(StatusCode::OK, &lines(&prefix, is_padded).join("\r\n")))
}

fn lines(prefix: &str, is_padded: bool) -> Vec<String> {
    let leaked = LEAKED.iter().filter_map(|(password, count)| {
        let hash = hex::encode_upper(Sha1::digest(password.as_bytes()));
        hash.strip_prefix(prefix).map(|suffix| format!("{suffix}:{count}"))
    });
    let mut lines: Vec<String> = leaked.collect();
    lines.extend((0..STRANGERS).map(|n| format!("{}:{}", nobodys(prefix, n), 1 + n % 9)));
    if is_padded {
        let seed = u64::from_str_radix(prefix, 16).unwrap_or_default();
        lines.extend((STRANGERS..PADDED + seed % MORE).map(|n| format!("{}:0", nobodys(prefix, n))));
    }
    lines.sort_unstable();
    lines
}

/// The end of a hash that belongs to no password that anybody will ever find.
fn nobodys(prefix: &str, n: u64) -> String {
    const ODD: u128 = 0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835;
    let seed = (u128::from_str_radix(prefix, 16).unwrap_or_default() << 64) | u128::from(n + 1);
    let mixed = seed.wrapping_mul(ODD);
    let mixed = (mixed ^ (mixed >> 61)).wrapping_mul(ODD);
    format!("{:03X}{mixed:032X}", (mixed >> 57) & 0xFFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_sorted_has_no_hash_twice_and_is_padded_with_what_was_never_seen() {
        for prefix in ["00000", "5BAA6", "8DD13", "FFFFF"] {
            let (bare, padded) = (lines(prefix, false), lines(prefix, true));
            assert!(bare.len() >= 400 && (800..=1_000).contains(&padded.len()), "{}", padded.len());
            for lines in [&bare, &padded] {
                let hashes: Vec<&str> =
                    lines.iter().filter_map(|line| Some(line.split_once(':')?.0)).collect();
                assert!(hashes.windows(2).all(|pair| pair[0] < pair[1]), "{prefix}");
                assert!(hashes.iter().all(|hash| hash.len() == 35), "{prefix}");
            }
            assert!(
                bare.iter().all(|line| !line.ends_with(":0"))
                    && bare.iter().all(|line| padded.contains(line))
            );
            assert_eq!(padded.iter().filter(|line| line.ends_with(":0")).count(), padded.len() - bare.len());
        }
    }
}
