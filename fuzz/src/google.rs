//! Google's tokens and keys.

#[path = "../../adapters/src/google/map.rs"]
mod map;
#[path = "../../adapters/src/google/wire.rs"]
mod wire;

/// The first line is a token, the rest is a list of keys, or claims. What is read says no more than was written.
pub fn google_tokens(data: &[u8]) {
    let at = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (token, rest) = data.split_at(at);
    let keys = serde_json::from_slice::<wire::Keys>(rest).map(map::keys).unwrap_or_default();
    if let Ok(token) = std::str::from_utf8(token)
        && let Ok(signed) = map::Signed::read(token)
    {
        assert_eq!(token.matches('.').count(), 2, "three parts");
        let id = signed.key_id.clone();
        if let Some(key) = keys.iter().find(|key| key.id == id) {
            let _ = signed.verified(key).map(map::assertion);
        }
    }
    let Ok(claims) = serde_json::from_slice::<wire::Claims>(rest) else { return };
    let said = (claims.iss.clone(), claims.sub.clone(), claims.exp, claims.nonce.clone());
    if let Ok(read) = map::assertion(claims) {
        let nonce = read.nonce.map(|nonce| nonce.expose().to_owned());
        let told = (read.issuer, read.subject.as_str().to_owned(), read.expires_at.timestamp(), nonce);
        assert_eq!(told, said);
    }
}
