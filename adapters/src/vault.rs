//! Row encryption and keyed digests: what a stolen copy of the database does not show.
//!
//! A sealed value is `form (1 byte) | key (8 bytes) | nonce (24) | XChaCha20-Poly1305 ciphertext`. It is bound to its
//! place (table, column, row), so a ciphertext moved to another row does not open. The key's name is derived from the
//! key: instances need not agree on numbers, and what an older key has sealed can be counted by its first bytes. Form 1,
//! which was written before there were several keys, has one byte `1` in the key's place and may be of any key.
//!
//! A digest is HMAC-SHA256 under a key of its own: equal values can be found by it, and nothing can be computed without
//! the key. That key outlives those that seal, since what was digested is not there to be digested again.

use std::fmt;

use chacha20poly1305::{
    XChaCha20Poly1305, XNonce,
    aead::{Aead, KeyInit, Payload},
};
use hmac::{Hmac, Mac};
use sha2::Sha256;

const FORM_1: [u8; 2] = [1, 1];
const FORM_2: u8 = 2;
const NAME: usize = 8;
/// Bytes by which it is known which key has sealed a value.
pub(crate) const HEADER: usize = 1 + NAME;
const NONCE: usize = 24;

/// Master keys of the deployment: the newest seals, all open. `Debug` shows none.
#[derive(Clone)]
pub struct MasterKeys {
    newest: [u8; 32],
    older: Vec<[u8; 32]>,
}

/// What a master key is called: derived from it, and it cannot be derived from that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyName([u8; NAME]);

/// Seals and opens columns, and digests what must be looked up. Cheap to share.
pub struct Vault {
    newest: SealingKey,
    older: Vec<SealingKey>,
    digests: Hmac<Sha256>,
}

struct SealingKey {
    name: KeyName,
    cipher: XChaCha20Poly1305,
}

/// Where a sealed value is kept.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The table.
    pub table: &'a str,
    /// The column.
    pub column: &'a str,
    /// The row's key, as bytes.
    pub row: &'a [u8],
}

/// Why a value could not be sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// The system gave no random bytes.
    #[error("no random bytes are to be had")]
    NoRandomness,
    /// It was sealed with another key or for another place, or it was changed.
    #[error("a sealed value does not open")]
    DoesNotOpen,
}

impl MasterKeys {
    /// `None` if there are none.
    pub fn newest_first(keys: Vec<[u8; 32]>) -> Option<Self> {
        let mut keys = keys.into_iter();
        Some(Self { newest: keys.next()?, older: keys.collect() })
    }

    fn all(&self) -> impl DoubleEndedIterator<Item = &[u8; 32]> {
        std::iter::once(&self.newest).chain(&self.older)
    }

    /// The name of the one that seals.
    pub fn newest_name(&self) -> KeyName {
        KeyName::of(&self.newest)
    }

    /// The name of the one that is here longest.
    pub(crate) fn oldest_name(&self) -> KeyName {
        KeyName::of(self.older.last().unwrap_or(&self.newest))
    }

    /// True if one of them has this name.
    pub(crate) fn have(&self, name: &str) -> bool {
        self.all().any(|key| KeyName::of(key).to_string() == name)
    }

    /// The key for digests as the named key gives it.
    pub(crate) fn digest_key(&self, name: KeyName) -> Option<[u8; 32]> {
        self.all().find(|key| KeyName::of(key) == name).map(derived_digest_key)
    }

    /// A vault with a key for digests that was kept.
    pub(crate) fn vault(&self, digest_key: &[u8; 32]) -> Vault {
        Vault {
            newest: SealingKey::of(&self.newest),
            older: self.older.iter().map(SealingKey::of).collect(),
            digests: keyed(digest_key),
        }
    }
}

impl fmt::Debug for MasterKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKeys({})", 1 + self.older.len())
    }
}

impl KeyName {
    fn of(key: &[u8; 32]) -> Self {
        let long = digest(&keyed(key), &[b"namaskah: name of a key"]);
        let mut name = [0u8; NAME];
        name.copy_from_slice(&long[..NAME]);
        Self(name)
    }

    /// With what every value begins that this key has sealed.
    pub(crate) fn header(self) -> [u8; HEADER] {
        let mut header = [FORM_2; HEADER];
        header[1..].copy_from_slice(&self.0);
        header
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl SealingKey {
    fn of(key: &[u8; 32]) -> Self {
        let sealing = digest(&keyed(key), &[b"namaskah: seal rows"]);
        Self { name: KeyName::of(key), cipher: XChaCha20Poly1305::new(&sealing.into()) }
    }
}

impl Vault {
    /// Derives one key for sealing and one for digests from the deployment's only master key.
    pub fn new(master_key: [u8; 32]) -> Self {
        let keys = MasterKeys { newest: master_key, older: Vec::new() };
        keys.vault(&derived_digest_key(&master_key))
    }

    /// Encrypts `clear` for `place`.
    ///
    /// # Errors
    /// `NoRandomness`.
    pub fn seal(&self, place: Place<'_>, clear: &[u8]) -> Result<Vec<u8>, VaultError> {
        let mut nonce = [0u8; NONCE];
        getrandom::fill(&mut nonce).map_err(|_| VaultError::NoRandomness)?;
        let aad = place.bytes();
        let ciphertext = self
            .newest
            .cipher
            .encrypt(&XNonce::from(nonce), Payload { msg: clear, aad: &aad })
            .map_err(|_| VaultError::DoesNotOpen)?;
        let mut sealed = Vec::with_capacity(HEADER + NONCE + ciphertext.len());
        sealed.extend_from_slice(&self.newest.name.header());
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(&ciphertext);
        Ok(sealed)
    }

    /// Decrypts what was sealed for `place`.
    ///
    /// # Errors
    /// `DoesNotOpen`.
    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
        self.open_by(place, sealed).map(|(_, clear)| clear)
    }

    /// The same, with the name of the key that opened it.
    pub(crate) fn open_by(&self, place: Place<'_>, sealed: &[u8]) -> Result<(KeyName, Vec<u8>), VaultError> {
        let named = sealed.strip_prefix(&[FORM_2]).and_then(|rest| rest.split_first_chunk::<NAME>());
        let (name, rest) = match (named, sealed.strip_prefix(&FORM_1)) {
            (Some((name, rest)), _) => (Some(KeyName(*name)), rest),
            (None, Some(rest)) => (None, rest),
            (None, None) => return Err(VaultError::DoesNotOpen),
        };
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE>().ok_or(VaultError::DoesNotOpen)?;
        let (nonce, aad) = (XNonce::from(*nonce), place.bytes());
        std::iter::once(&self.newest)
            .chain(&self.older)
            .filter(|key| name.is_none_or(|name| key.name == name))
            .find_map(|key| {
                let clear = key.cipher.decrypt(&nonce, Payload { msg: ciphertext, aad: &aad }).ok()?;
                Some((key.name, clear))
            })
            .ok_or(VaultError::DoesNotOpen)
    }

    /// A keyed digest of `value`; the same value of another `purpose` has another one.
    pub fn digest(&self, purpose: &str, value: &[u8]) -> [u8; 32] {
        digest(&self.digests, &[purpose.as_bytes(), &[0], value])
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault(…)")
    }
}

impl Place<'_> {
    fn bytes(&self) -> Vec<u8> {
        [self.table.as_bytes(), b"\0", self.column.as_bytes(), b"\0", self.row].concat()
    }
}

/// What digests were made with before their key was kept.
fn derived_digest_key(master_key: &[u8; 32]) -> [u8; 32] {
    digest(&keyed(master_key), &[b"namaskah: digest look-ups"])
}

fn keyed(key: &[u8; 32]) -> Hmac<Sha256> {
    // The key is exactly half a block, so both constructors make the same; this one cannot fail.
    let mut block = [0u8; 64];
    block[..32].copy_from_slice(key);
    Hmac::new(&block.into())
}

fn digest(mac: &Hmac<Sha256>, parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = mac.clone();
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Place<'static> = Place { table: "messages", column: "text_sealed", row: b"row" };

    fn vault() -> Vault {
        Vault::new([7; 32])
    }

    #[test]
    fn what_is_sealed_opens_in_its_place_alone() -> Result<(), VaultError> {
        let sealed = vault().seal(HERE, b"your code is 123456")?;
        assert_eq!(vault().open(HERE, &sealed)?, b"your code is 123456");
        for other in [
            Place { table: "orders", ..HERE },
            Place { column: "code_sealed", ..HERE },
            Place { row: b"another", ..HERE },
            Place { table: "messages\0text_sealed", column: "", ..HERE },
        ] {
            assert_eq!(vault().open(other, &sealed), Err(VaultError::DoesNotOpen), "{other:?}");
        }
        assert_eq!(Vault::new([8; 32]).open(HERE, &sealed), Err(VaultError::DoesNotOpen));
        Ok(())
    }

    #[test]
    fn a_changed_or_cut_value_does_not_open() -> Result<(), VaultError> {
        let sealed = vault().seal(HERE, b"text")?;
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(vault().open(HERE, &changed), Err(VaultError::DoesNotOpen), "byte {at}");
            assert_eq!(vault().open(HERE, &sealed[..at]), Err(VaultError::DoesNotOpen), "cut at {at}");
        }
        Ok(())
    }

    /// `sealed` as it was written before values named their key.
    fn in_form_1(sealed: &[u8]) -> Vec<u8> {
        [&FORM_1[..], &sealed[HEADER..]].concat()
    }

    #[test]
    fn the_newest_key_seals_and_every_key_opens() -> Result<(), VaultError> {
        let of = |keys: &[u8]| {
            let keys = keys.iter().map(|byte| [*byte; 32]).collect();
            MasterKeys::newest_first(keys).expect("there are some").vault(&[9; 32])
        };
        let old = of(&[1]).seal(HERE, b"text")?;
        let both = of(&[2, 1]);
        let new = both.seal(HERE, b"text")?;
        for sealed in [&old, &new, &in_form_1(&old), &in_form_1(&new)] {
            assert_eq!(both.open(HERE, sealed)?, b"text");
        }
        assert_eq!(of(&[2]).open(HERE, &new)?, b"text");
        assert_eq!(of(&[2]).open(HERE, &old), Err(VaultError::DoesNotOpen));
        assert_eq!(of(&[2]).open(HERE, &in_form_1(&old)), Err(VaultError::DoesNotOpen));
        assert_ne!(old[..HEADER], new[..HEADER], "a value tells which key has sealed it");
        assert_eq!(both.digest("number", b"+1"), of(&[3]).digest("number", b"+1"), "digests outlive keys");
        Ok(())
    }

    #[test]
    fn the_same_text_is_sealed_differently_each_time() -> Result<(), VaultError> {
        assert_ne!(vault().seal(HERE, b"text")?, vault().seal(HERE, b"text")?);
        Ok(())
    }

    #[test]
    fn digests_find_equal_values_of_one_purpose_under_one_key() {
        let of = |key, purpose, value: &[u8]| Vault::new([key; 32]).digest(purpose, value);
        assert_eq!(of(1, "number", b"+15550001111"), of(1, "number", b"+15550001111"));
        assert_ne!(of(1, "number", b"+15550001111"), of(1, "number", b"+15550001112"));
        assert_ne!(of(1, "number", b"+15550001111"), of(1, "text", b"+15550001111"));
        assert_ne!(of(1, "number", b"+15550001111"), of(2, "number", b"+15550001111"));
    }
}
