use super::*;
use namaskah_domain::{SessionId, UserId};

/// The key of RFC 8037, appendix A.1.
const RFC_SEED: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";

fn seed(first: u8) -> SigningSeed {
    let mut bytes = [7; 32];
    bytes[0] = first;
    SigningSeed(bytes)
}

fn signer() -> EdDsaSigner {
    EdDsaSigner::new(&seed(1), &[])
}

fn at(seconds: i64) -> Time {
    DateTime::from_timestamp(1_800_000_000 + seconds, 0).expect("a time")
}

fn claims() -> AccessClaims {
    AccessClaims {
        user: UserId::from_parts(at(-9), [1; 10]),
        session: SessionId::from_parts(at(-5), [2; 10]),
        issued_at: at(0),
        expires_at: at(900),
    }
}

fn token() -> String {
    signer().sign(&claims()).expect("a token").expose().to_owned()
}

/// A token of our own key with any header and payload.
fn forged(header: &str, payload: &str) -> String {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let signature = signer().signing.sign(message.as_bytes()).to_bytes();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn header_text() -> String {
    format!(r#"{{"alg":"EdDSA","kid":"{}","typ":"at+jwt"}}"#, signer().key_id())
}

fn payload_text() -> String {
    let part = token().split('.').nth(1).expect("a payload").to_owned();
    String::from_utf8(URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("text")
}

#[test]
fn a_token_says_what_was_signed() {
    assert_eq!(signer().read(&token(), at(0)), Some(claims()));
    assert_eq!(signer().read(&forged(&header_text(), &payload_text()), at(0)), Some(claims()));
}

#[test]
fn a_token_is_void_from_its_end_on_by_the_clock_that_is_given() {
    assert!(signer().read(&token(), at(899)).is_some());
    assert_eq!(signer().read(&token(), at(900)), None);
    assert_eq!(signer().read(&token(), at(1_000_000)), None);
}

#[test]
fn the_key_id_is_the_thumbprint_of_rfc_8037() {
    let key = EdDsaSigner::new(&SigningSeed::from_base64(RFC_SEED).expect("a seed"), &[]);
    assert_eq!(key.key_id(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

#[test]
fn tokens_of_older_keys_are_accepted_and_those_of_dropped_ones_are_not() {
    let rotated = EdDsaSigner::new(&seed(2), &[seed(1)]);
    assert_eq!(rotated.read(&token(), at(0)), Some(claims()));
    let new = rotated.sign(&claims()).expect("a token");
    assert_eq!(rotated.read(new.expose(), at(0)), Some(claims()));
    assert_eq!(signer().read(new.expose(), at(0)), None);
    assert_eq!(EdDsaSigner::new(&seed(2), &[]).read(&token(), at(0)), None);
}

#[test]
fn a_header_other_than_ours_is_refused_even_when_signed() {
    let kid = signer().key_id();
    for header in [
        r#"{"alg":"none"}"#.to_owned(),
        format!(r#"{{"alg":"none","kid":"{kid}","typ":"at+jwt"}}"#),
        format!(r#"{{"alg":"HS256","kid":"{kid}","typ":"at+jwt"}}"#),
        format!(r#"{{"alg":"EdDSA","kid":"{kid}","typ":"JWT"}}"#),
        format!(r#"{{"alg":"EdDSA","kid":"{}","typ":"at+jwt"}}"#, EdDsaSigner::new(&seed(2), &[]).key_id()),
        r#"{"alg":"EdDSA","typ":"at+jwt"}"#.to_owned(),
        String::new(),
    ] {
        assert_eq!(signer().read(&forged(&header, &payload_text()), at(0)), None, "{header}");
    }
}

#[test]
fn an_unsigned_token_is_refused() {
    let token = token();
    let (message, _) = token.rsplit_once('.').expect("a signature");
    assert_eq!(signer().read(&format!("{message}."), at(0)), None);
    assert_eq!(signer().read(message, at(0)), None);
    let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
    let payload = URL_SAFE_NO_PAD.encode(payload_text());
    assert_eq!(signer().read(&format!("{none}.{payload}."), at(0)), None);
}

#[test]
fn an_hmac_keyed_with_the_public_key_is_refused() {
    let key = signer().signing.verifying_key();
    let header = format!(r#"{{"alg":"HS256","kid":"{}","typ":"at+jwt"}}"#, signer().key_id());
    for header in [header, header_text()] {
        let message =
            format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload_text()));
        let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("a key");
        mac.update(message.as_bytes());
        let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()));
        assert_eq!(signer().read(&token, at(0)), None);
    }
}

#[test]
fn no_character_of_a_token_can_be_changed() {
    let token = token();
    for place in 0..token.len() {
        let other = if &token[place..=place] == "A" { "B" } else { "A" };
        let mut altered = token.clone();
        altered.replace_range(place..=place, other);
        assert_eq!(signer().read(&altered, at(0)), None, "character {place}");
    }
}

#[test]
fn nothing_can_be_added_or_taken_away() {
    let token = token();
    for altered in [
        format!("{token}."),
        format!("{token}A"),
        format!("{token}="),
        format!("{token} "),
        format!(" {token}"),
        format!(".{token}"),
        format!("{token}.{}", token.rsplit('.').next().expect("a signature")),
        format!("{token}{}", "A".repeat(4096)),
        token[..token.len() - 1].to_owned(),
        String::new(),
        "..".to_owned(),
    ] {
        assert_eq!(signer().read(&altered, at(0)), None, "{altered}");
    }
}

#[test]
fn claims_other_than_ours_are_refused_even_when_signed() {
    let good = payload_text();
    for (from, to) in [
        (r#""aud":"namaskah-api""#, r#""aud":"another""#),
        (r#""iss":"namaskah""#, r#""iss":"another""#),
        (r#""sub":"usr_"#, r#""sub":"ses_"#),
        (r#""sid":"ses_"#, r#""sid":"usr_"#),
        (r#""exp":1800000900"#, r#""exp":9223372036854775807"#),
        (r#""exp":1800000900"#, r#""exp":1e400"#),
        (r#""exp":1800000900"#, r#""exp":"1800000900""#),
        (r#","exp":1800000900"#, ""),
        (r#","exp":1800000900"#, r#","exp":1800000900,"role":"owner""#),
    ] {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good, "{from} is not in the payload");
        assert_eq!(signer().read(&forged(&header_text(), &bad), at(0)), None, "{bad}");
    }
}

#[test]
fn a_seed_keeps_its_text_and_hides_itself() {
    let text = seed(3).to_base64();
    assert_eq!(SigningSeed::from_base64(&text), Ok(seed(3)));
    assert_eq!(format!("{:?}", seed(3)), "SigningSeed(…)");
    let zeros = URL_SAFE_NO_PAD.encode([0; 32]);
    for bad in ["", "short", &text[..text.len() - 1], &format!("{text}="), &zeros] {
        assert_eq!(SigningSeed::from_base64(bad), Err(InvalidSeed), "{bad}");
    }
}

#[test]
fn a_derived_secret_depends_on_label_and_secret() {
    let secret = |text: &str| Secret::new(text.to_owned());
    let derived = signer().derive("csrf", &secret("cookie"));
    assert_eq!(derived, EdDsaSigner::new(&seed(2), &[]).derive("csrf", &secret("cookie")));
    assert_ne!(derived, signer().derive("csrf", &secret("another")));
    assert_ne!(derived, signer().derive("other", &secret("cookie")));
    // RFC 4231, test case 2.
    let known = signer().derive("what do ya want for nothing?", &secret("Jefe"));
    assert_eq!(known.expose(), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

#[test]
fn a_random_token_is_hashed_with_sha_256() {
    let hash = signer().hash("abc");
    assert_eq!(hex::encode(hash.0), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}
