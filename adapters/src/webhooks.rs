//! Signatures of webhooks: HMAC-SHA256, and what customers are given to check them with.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use namaskah_domain::{
    auth::Secret,
    webhook::{WebhookSecret, WebhookSigner},
};
use sha2::Sha256;

/// [`WebhookSigner`] of Standard Webhooks' symmetric scheme.
#[derive(Debug, Clone, Copy, Default)]
pub struct HmacSigner;

impl WebhookSigner for HmacSigner {
    fn text(&self, secret: &WebhookSecret) -> Secret {
        Secret::new(format!("whsec_{}", STANDARD.encode(secret.bytes())))
    }

    fn sign(&self, secret: &WebhookSecret, signed: &[u8]) -> String {
        // No longer than a block, so that padding it with zeros is what HMAC does to it.
        let mut block = [0u8; 64];
        block.iter_mut().zip(secret.bytes()).for_each(|(to, from)| *to = *from);
        let mut mac = <Hmac<Sha256> as KeyInit>::new(&block.into());
        mac.update(signed);
        STANDARD.encode(mac.finalize().into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Test case 1 of RFC 4231 with its key of 20 bytes, padded to 32 with zeros, which changes no HMAC.
    #[test]
    fn a_signature_is_the_hmac_of_the_rfc() {
        let mut key = [0u8; 32];
        key[..20].fill(0x0b);
        let secret = WebhookSecret::from_stored(&key).expect("32 bytes");
        let mac = hex::decode("b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
        assert_eq!(HmacSigner.sign(&secret, b"Hi There"), STANDARD.encode(mac.expect("hex")));
    }

    #[test]
    fn a_secret_is_given_as_base64_of_its_bytes() {
        let secret = WebhookSecret::from_stored(&[7; 32]).expect("32 bytes");
        let text = HmacSigner.text(&secret);
        let rest = text.expose().strip_prefix("whsec_").expect("the prefix");
        assert_eq!(STANDARD.decode(rest), Ok(vec![7; 32]));
    }
}
