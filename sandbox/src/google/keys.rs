//! RSA keys, made when they are first needed. For a simulator alone: how long making one takes tells of its primes.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use num_bigint::BigUint;
use ring::{
    rand::SystemRandom,
    rsa::{KeyPair, KeyPairComponents, PublicKeyComponents},
    signature::RSA_PKCS1_SHA256,
};
use sha2::{Digest, Sha256};

/// Half of the bits of a key.
const PRIME_BYTES: usize = 128;
const EXPONENT: u32 = 65_537;
/// Bases of the test of Miller and Rabin. A random number of 1024 bits that passes eight is prime.
const BASES: [u32; 8] = [2, 3, 5, 7, 11, 13, 17, 19];
const SIEVED_UP_TO: u32 = 2_000;
const ID_CHARS: usize = 16;

/// A key of 2048 bits.
pub(crate) struct SigningKey {
    pub(crate) id: String,
    /// The modulus and the exponent, as the list of keys shows them.
    pub(crate) shown: (String, String),
    modulus: Vec<u8>,
    pair: KeyPair,
}

/// No key could be made: the system gave no random bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NoKey;

impl SigningKey {
    pub(crate) fn generate() -> Result<Self, NoKey> {
        let (one, e) = (BigUint::from(1_u32), BigUint::from(EXPONENT));
        let (first, second) = (prime()?, prime()?);
        let (p, q) = if first > second { (first, second) } else { (second, first) };
        let (less_p, less_q) = (&p - &one, &q - &one);
        let d = e.modinv(&(&less_p * &less_q)).ok_or(NoKey)?;
        let modulus = (&p * &q).to_bytes_be();
        let components = KeyPairComponents {
            public_key: PublicKeyComponents { n: modulus.clone(), e: e.to_bytes_be() },
            d: d.to_bytes_be(),
            dP: (&d % &less_p).to_bytes_be(),
            dQ: (&d % &less_q).to_bytes_be(),
            qInv: q.modinv(&p).ok_or(NoKey)?.to_bytes_be(),
            p: p.to_bytes_be(),
            q: q.to_bytes_be(),
        };
        let pair = KeyPair::from_components(&components).map_err(|_| NoKey)?;
        // Of the key itself, so that no other process ever means another key by it.
        let id = hex::encode(Sha256::digest(&modulus)).chars().take(ID_CHARS).collect();
        let shown = (URL_SAFE_NO_PAD.encode(&modulus), URL_SAFE_NO_PAD.encode(e.to_bytes_be()));
        Ok(Self { id, shown, modulus, pair })
    }

    /// What a careless reader could take for a shared secret.
    pub(crate) fn modulus(&self) -> &[u8] {
        &self.modulus
    }

    /// RS256.
    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, NoKey> {
        let mut signature = vec![0; self.pair.public().modulus_len()];
        let signed = self.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature);
        signed.map_err(|_| NoKey)?;
        Ok(signature)
    }
}

/// Its upper two bits are set, so that two of them make 2048 bits.
fn prime() -> Result<BigUint, NoKey> {
    let sieve: Vec<u32> = (3..SIEVED_UP_TO).filter(|n| (2..*n).all(|m| n % m != 0)).collect();
    loop {
        let mut bytes = [0u8; PRIME_BYTES];
        getrandom::fill(&mut bytes).map_err(|_| NoKey)?;
        bytes[0] |= 0b1100_0000;
        bytes[PRIME_BYTES - 1] |= 1;
        let candidate = BigUint::from_bytes_be(&bytes);
        let zero = BigUint::ZERO;
        let fits_exponent = (&candidate - 1_u32) % EXPONENT != zero;
        if fits_exponent && sieve.iter().all(|n| &candidate % *n != zero) && is_prime(&candidate) {
            return Ok(candidate);
        }
    }
}

fn is_prime(n: &BigUint) -> bool {
    let one = BigUint::from(1_u32);
    let less = n - &one;
    let twos = less.trailing_zeros().unwrap_or(0);
    let odd = &less >> twos;
    BASES.iter().all(|base| {
        let mut x = BigUint::from(*base).modpow(&odd, n);
        if x == one || x == less {
            return true;
        }
        (1..twos).any(|_| {
            x = &x * &x % n;
            x == less
        })
    })
}

#[cfg(test)]
mod tests {
    use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};

    use super::*;

    #[test]
    fn small_primes_are_told_from_their_products() {
        let is = |n: u32| is_prime(&BigUint::from(n));
        assert!([23, 101, 65_537, 2_147_483_647].into_iter().all(is));
        assert!(![25, 561, 65_539 * 3, 2_147_483_645].into_iter().any(is));
    }

    #[test]
    fn what_a_key_has_signed_is_known_by_what_is_shown_of_it() {
        let [key, other] = [(); 2].map(|()| SigningKey::generate().expect("a key"));
        assert!(key.id.len() == 16 && key.id != other.id, "{} {}", key.id, other.id);
        let signature = key.sign(b"a message").expect("a signature");
        let verified = |key: &SigningKey, message: &[u8]| {
            let [n, e] =
                [&key.shown.0, &key.shown.1].map(|text| URL_SAFE_NO_PAD.decode(text).expect("base64"));
            let public = RsaPublicKeyComponents { n: &n, e: &e };
            public.verify(&RSA_PKCS1_2048_8192_SHA256, message, &signature).is_ok()
        };
        assert!(verified(&key, b"a message"));
        assert!(!verified(&key, b"another message"));
        assert!(!verified(&other, b"a message"));
    }
}
