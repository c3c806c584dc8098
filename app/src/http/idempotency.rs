//! The `Idempotency-Key` header, and the fingerprint of a command.

use std::fmt::Display;

use namaskah_domain::{Claim, Fingerprint, IdempotencyKey, UserId};
use poem::{Request, RequestBody, Result};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaParamIn, MetaSchemaRef},
};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::http::{body::text, problem::Problem};

const HEADER: &str = "idempotency-key";

/// The client's name for a command. In the signature of a handler it says that the header is required.
#[derive(Debug, Clone)]
pub struct KeyHeader(pub IdempotencyKey);

impl KeyHeader {
    /// What is committed with the effect: this account's key stands for this command, whose outcome is `outcome`.
    pub fn claim(self, scope: UserId, command: &impl Fingerprinted, outcome: Uuid) -> Claim {
        Claim { scope, key: self.0, fingerprint: fingerprint(command), outcome }
    }

    fn of(request: &Request) -> Result<Self, Problem> {
        let mut values = request.headers().get_all(HEADER).iter();
        let Some(value) = values.next() else {
            let detail = "Send an Idempotency-Key header with this command.";
            return Err(Problem::told(400, "idempotency_key_required", detail));
        };
        let key = value.to_str().ok().and_then(|text| IdempotencyKey::try_new(text).ok());
        match (key, values.next()) {
            (Some(key), None) => Ok(Self(key)),
            _ => Err(Problem::told(
                400,
                "idempotency_key_malformed",
                "An Idempotency-Key is 1 to 255 visible ASCII characters.",
            )),
        }
    }
}

impl<'a> ApiExtractor<'a> for KeyHeader {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];
    const PARAM_IS_REQUIRED: bool = true;
    type ParamType = String;
    type ParamRawType = String;

    fn param_in() -> Option<MetaParamIn> {
        Some(MetaParamIn::Header)
    }

    fn param_schema_ref() -> Option<MetaSchemaRef> {
        let schema = text::sized(1, 255, "8e03978e-40d5-43e8-bc93-6894a57f9324");
        let schema = poem_openapi::registry::MetaSchema { pattern: Some("^[!-~]{1,255}$".into()), ..schema };
        Some(MetaSchemaRef::Inline(Box::new(schema)))
    }

    async fn from_request(
        request: &'a Request,
        _: &mut RequestBody,
        _: ExtractParamOptions<String>,
    ) -> Result<Self> {
        Ok(Self::of(request)?)
    }
}

/// A command whose repetition can be recognised, whatever its JSON looked like.
pub trait Fingerprinted {
    /// The command's name, which no other command has.
    const COMMAND: &'static str;

    /// Names every field that makes it this command and no other.
    fn fields(&self, canon: &mut Canon);
}

/// Collects fields so that no two different commands look the same: each part carries its length.
#[derive(Default)]
pub struct Canon(Sha256);

impl Canon {
    /// A field that is always there.
    pub fn field(&mut self, name: &str, value: impl Display) {
        self.part(name);
        self.part(&value.to_string());
    }

    /// A field that may be absent, which differs from an empty one.
    pub fn optional(&mut self, name: &str, value: Option<impl Display>) {
        if let Some(value) = value {
            self.field(name, value);
        }
    }

    fn part(&mut self, text: &str) {
        self.0.update((text.len() as u64).to_be_bytes());
        self.0.update(text);
    }
}

/// SHA-256 over the command's name and fields.
pub fn fingerprint<C: Fingerprinted>(command: &C) -> Fingerprint {
    let mut canon = Canon::default();
    canon.part(C::COMMAND);
    command.fields(&mut canon);
    Fingerprint(canon.0.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Pair(&'static str, Option<&'static str>);

    impl Fingerprinted for Pair {
        const COMMAND: &'static str = "pair";

        fn fields(&self, canon: &mut Canon) {
            canon.field("a", self.0);
            canon.optional("b", self.1);
        }
    }

    #[test]
    fn different_commands_have_different_fingerprints() {
        let prints = [Pair("x", None), Pair("x", Some("")), Pair("", Some("x")), Pair("xb", None)]
            .map(|pair| fingerprint(&pair).0);
        for (at, print) in prints.iter().enumerate() {
            assert!(!prints[..at].contains(print));
        }
        assert_eq!(fingerprint(&Pair("x", None)), fingerprint(&Pair("x", None)));
    }

    #[test]
    fn the_header_is_required_once_and_may_be_quoted() {
        let code = |request: &Request| KeyHeader::of(request).map_err(|problem| problem.code());
        let with = |value: &str| Request::builder().header(HEADER, value).finish();
        assert_eq!(code(&Request::default()).err(), Some("idempotency_key_required"));
        assert_eq!(code(&with("\"abc\"")).ok().map(|k| k.0.as_str().to_owned()), Some("abc".to_owned()));
        for malformed in ["", "a b", "\"\"", &"k".repeat(256)] {
            assert_eq!(code(&with(malformed)).err(), Some("idempotency_key_malformed"), "{malformed}");
        }
        let twice = Request::builder().header(HEADER, "a").header(HEADER, "b").finish();
        assert_eq!(code(&twice).err(), Some("idempotency_key_malformed"));
    }
}
