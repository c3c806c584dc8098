//! Row encryption and keyed digests: what a stolen copy of the database does not show.
//!
//! A sealed value is `form (1 byte) | key (1 byte) | nonce (24) | XChaCha20-Poly1305 ciphertext`. It is bound to its
//! place (table, column, row), so a ciphertext moved to another row does not open. The key's number in the header lets
//! a later version read rows of an older key. A digest is HMAC-SHA256 under a key of its own: equal values can be
//! found by it, and nothing can be computed without the key.

use std::fmt;

use chacha20poly1305::{
    XChaCha20Poly1305, XNonce,
    aead::{Aead, KeyInit, Payload},
};
use hmac::{Hmac, Mac};
use sha2::Sha256;

const FORM: u8 = 1;
const KEY_NUMBER: u8 = 1;
const HEADER: usize = 2;
const NONCE: usize = 24;

/// Seals and opens columns, and digests what must be looked up. Cheap to share.
pub struct Vault {
    cipher: XChaCha20Poly1305,
    digests: Hmac<Sha256>,
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

impl Vault {
    /// Derives one key for sealing and one for digests from the deployment's master key.
    pub fn new(master_key: [u8; 32]) -> Self {
        let sealing = digest(&keyed(&master_key), &[b"namaskah: seal rows"]);
        let digests = digest(&keyed(&master_key), &[b"namaskah: digest look-ups"]);
        Self { cipher: XChaCha20Poly1305::new(&sealing.into()), digests: keyed(&digests) }
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
            .cipher
            .encrypt(&XNonce::from(nonce), Payload { msg: clear, aad: &aad })
            .map_err(|_| VaultError::DoesNotOpen)?;
        let mut sealed = Vec::with_capacity(HEADER + NONCE + ciphertext.len());
        sealed.extend_from_slice(&[FORM, KEY_NUMBER]);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(&ciphertext);
        Ok(sealed)
    }

    /// Decrypts what was sealed for `place`.
    ///
    /// # Errors
    /// `DoesNotOpen`.
    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
        let rest = sealed.strip_prefix(&[FORM, KEY_NUMBER]).ok_or(VaultError::DoesNotOpen)?;
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE>().ok_or(VaultError::DoesNotOpen)?;
        let aad = place.bytes();
        self.cipher
            .decrypt(&XNonce::from(*nonce), Payload { msg: ciphertext, aad: &aad })
            .map_err(|_| VaultError::DoesNotOpen)
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
