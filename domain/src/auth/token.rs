//! Random tokens: 256 bits in hexadecimal behind a word that tells what the token is for, so that no kind is
//! taken for another.

use crate::{
    Random,
    auth::{MailTokenPurpose, Secret},
};

/// What a random token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// Renews a sign-in.
    Refresh,
    /// Carries a browser's sign-in.
    Cookie,
    /// Carries what a program does for a user.
    ApiKey,
    /// Was mailed, or given at sign-in, for one purpose.
    Mail(MailTokenPurpose),
}

const SECRET_BYTES: usize = 32;

impl TokenKind {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::Refresh,
        Self::Cookie,
        Self::ApiKey,
        Self::Mail(MailTokenPurpose::VerifyEmail),
        Self::Mail(MailTokenPurpose::ResetPassword),
        Self::Mail(MailTokenPurpose::ChangePassword),
        Self::Mail(MailTokenPurpose::ChangeEmail),
        Self::Mail(MailTokenPurpose::IdentityAttempt),
        Self::Mail(MailTokenPurpose::SecondFactor),
    ];

    /// What a token of this kind begins with.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Refresh => "nmr_",
            Self::Cookie => "nms_",
            Self::ApiKey => "nmk_",
            Self::Mail(MailTokenPurpose::VerifyEmail) => "nmv_",
            Self::Mail(MailTokenPurpose::ResetPassword) => "nmp_",
            Self::Mail(MailTokenPurpose::ChangePassword) => "nmc_",
            Self::Mail(MailTokenPurpose::ChangeEmail) => "nme_",
            Self::Mail(MailTokenPurpose::IdentityAttempt) => "nmi_",
            Self::Mail(MailTokenPurpose::SecondFactor) => "nmf_",
        }
    }

    /// A new token.
    pub fn generate(self, random: &dyn Random) -> Secret {
        let mut bytes = [0u8; SECRET_BYTES];
        random.fill(&mut bytes);
        let mut text = String::with_capacity(self.prefix().len() + 2 * SECRET_BYTES);
        text.push_str(self.prefix());
        for byte in bytes {
            for digit in [byte >> 4, byte & 15] {
                text.push(char::from(b"0123456789abcdef"[usize::from(digit)]));
            }
        }
        Secret::new(text)
    }

    /// The kind whose tokens look like `text`; whether it was ever given out is another question.
    pub fn of(text: &str) -> Option<Self> {
        let kind = Self::ALL.into_iter().find(|kind| text.starts_with(kind.prefix()))?;
        let digits = &text[kind.prefix().len()..];
        let fits = digits.len() == 2 * SECRET_BYTES
            && digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        fits.then_some(kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counting;
    impl Random for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            for (place, byte) in (0u8..).zip(bytes) {
                *byte = place.wrapping_mul(37);
            }
        }
    }

    #[test]
    fn a_token_is_of_its_own_kind_and_of_no_other() {
        for kind in TokenKind::ALL {
            let token = kind.generate(&Counting);
            assert_eq!(TokenKind::of(token.expose()), Some(kind));
            assert_eq!(token.expose().len(), 4 + 64);
        }
        let refresh = TokenKind::Refresh.generate(&Counting);
        assert!(refresh.expose().starts_with("nmr_00254a6f94b9de03"), "{}", refresh.expose());
    }

    #[test]
    fn what_does_not_look_like_a_token_is_of_no_kind() {
        let good = TokenKind::Refresh.generate(&Counting).expose().to_owned();
        for text in [
            String::new(),
            "nmr_".to_owned(),
            good[..good.len() - 1].to_owned(),
            format!("{good}0"),
            good.to_uppercase(),
            good.replacen("nmr_", "nmx_", 1),
            format!("nmr_{}", "é".repeat(32)),
            format!(" {good}"),
        ] {
            assert_eq!(TokenKind::of(&text), None, "{text}");
        }
    }
}
