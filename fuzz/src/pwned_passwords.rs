//! Ranges of hashes of leaked passwords.

#[path = "../../adapters/src/pwned_passwords/wire.rs"]
mod wire;

/// The first line is the end of a hash, the rest is a range. What is read does not depend on the case of letters, on how lines
/// end and on the line that is asked for; a hash is seen if a line of its own says so, and rubbish spoils every answer.
pub fn leaked_ranges(data: &[u8]) {
    let at = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (suffix, rest) = data.split_at(at);
    let (Ok(suffix), range) = (std::str::from_utf8(suffix), rest.strip_prefix(b"\n").unwrap_or(rest)) else {
        return;
    };
    let answer = wire::says_seen(range, suffix);
    assert_eq!(wire::says_seen(&range.to_ascii_lowercase(), suffix), answer, "whatever the case");
    assert_eq!(wire::says_seen(range, "").is_ok(), answer.is_ok(), "whoever asks");
    assert_ne!(wire::says_seen(range, ""), Ok(true), "an empty hash is nobody's");
    assert!(wire::says_seen(&[range, b"\n<html>"].concat(), suffix).is_err(), "rubbish spoils it");
    let Ok(is_seen) = answer else { return };
    let text = std::str::from_utf8(range).expect("digits and letters alone");
    let bare = text.replace("\r\n", "\n");
    assert_eq!(wire::says_seen(bare.as_bytes(), suffix), answer, "however lines end");
    let says = |line: &str| {
        let (hash, count) = line.split_once(':').expect("a line that was read");
        hash.eq_ignore_ascii_case(suffix) && count.bytes().any(|byte| (b'1'..=b'9').contains(&byte))
    };
    assert_eq!(bare.lines().any(says), is_seen, "what stands there");
}
