//! Providers' webhooks: authentic bytes are stored in one commit and answered; what they mean is found out after.

use std::sync::Arc;

use namaskah_adapters::{
    paystack,
    textverified::{self, WebhookSecrets},
};
use namaskah_domain::{
    Change, Clock, CommitError, Notice, NoticeId, NoticeState, Random, Sender, Store, Unique, UnitOfWork,
    Version,
};
use poem::{Request, RequestBody, Result};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions, OpenApi,
    registry::{MetaMediaType, MetaRequest, MetaSchema, MetaSchemaRef},
};
use secrecy::SecretString;
use sha2::{Digest, Sha256};

use crate::http::{body::Acknowledged, problem::Problem, tags::Tag};

/// What an authentic notice says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authentic {
    /// The sender's own name for it, if it has one.
    pub key: Option<String>,
    /// The reference or reservation that it names.
    pub subject: Option<String>,
}

/// Knows one sender's signatures.
pub trait HookDoor: Send + Sync {
    /// Name of the header that holds the signature.
    fn signature_header(&self) -> &'static str;

    /// What the notice says, if the signature over these very bytes is right.
    fn open(&self, signature: Option<&str>, body: &[u8]) -> Option<Authentic>;
}

/// Paystack: the account's secret keys sign.
pub struct PaystackDoor(pub Vec<SecretString>);

impl HookDoor for PaystackDoor {
    fn signature_header(&self) -> &'static str {
        "x-paystack-signature"
    }

    fn open(&self, signature: Option<&str>, body: &[u8]) -> Option<Authentic> {
        paystack::verify_signature(&self.0, signature, body)
            .then(|| Authentic { key: paystack::notice_key(body), subject: paystack::notice_subject(body) })
    }
}

/// TextVerified: secrets of the dashboard sign.
pub struct TextVerifiedDoor(pub WebhookSecrets);

impl HookDoor for TextVerifiedDoor {
    fn signature_header(&self) -> &'static str {
        "x-webhook-signature"
    }

    fn open(&self, signature: Option<&str>, body: &[u8]) -> Option<Authentic> {
        textverified::verify_signature(&self.0, signature, body).then(|| Authentic {
            key: textverified::notice_key(body),
            subject: textverified::notice_subject(body),
        })
    }
}

/// The body as it came, and the headers of its request.
struct Raw {
    bytes: Vec<u8>,
    headers: poem::http::HeaderMap,
}

impl<'a> ApiExtractor<'a> for Raw {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn request_meta() -> Option<MetaRequest> {
        let schema = MetaSchemaRef::Inline(Box::new(MetaSchema::new("object")));
        let content = vec![MetaMediaType { content_type: "application/json", schema }];
        Some(MetaRequest { description: Some("As the provider sends it"), content, required: true })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> Result<Self> {
        Ok(Self { bytes: body.take()?.into_vec().await?, headers: request.headers().clone() })
    }
}

/// Routes of webhooks.
pub struct HooksApi {
    /// Keeps notices.
    pub store: Arc<dyn Store>,
    /// When they came.
    pub clock: Arc<dyn Clock>,
    /// Their identifiers.
    pub random: Arc<dyn Random>,
    /// Paystack's signatures.
    pub paystack: Arc<dyn HookDoor>,
    /// TextVerified's signatures.
    pub textverified: Arc<dyn HookDoor>,
}

#[OpenApi(prefix_path = "/api/v1/hooks", tag = "Tag::Hooks")]
impl HooksApi {
    /// Paystack tells of a payment
    #[oai(path = "/paystack", method = "post", operation_id = "hook_paystack")]
    async fn paystack(&self, raw: Raw) -> Result<Acknowledged, Problem> {
        self.take_in(Sender::Paystack, self.paystack.as_ref(), raw).await
    }

    /// TextVerified tells of a text
    #[oai(path = "/textverified", method = "post", operation_id = "hook_textverified")]
    async fn textverified(&self, raw: Raw) -> Result<Acknowledged, Problem> {
        self.take_in(Sender::TextVerified, self.textverified.as_ref(), raw).await
    }
}

impl HooksApi {
    async fn take_in(&self, sender: Sender, door: &dyn HookDoor, raw: Raw) -> Result<Acknowledged, Problem> {
        let signature = raw.headers.get(door.signature_header()).and_then(|value| value.to_str().ok());
        let Some(authentic) = door.open(signature, &raw.bytes) else {
            return Err(Problem::told(401, "invalid_signature", "The signature is missing or wrong."));
        };
        let now = self.clock.now();
        let notice = Notice {
            id: NoticeId::generate(now, self.random.as_ref()),
            sender,
            // The same bytes are the same notice where the sender has no name for it.
            key: authentic.key.unwrap_or_else(|| hex::encode(Sha256::digest(&raw.bytes))),
            subject: authentic.subject,
            body: raw.bytes,
            at: now,
            state: NoticeState::New,
            version: Version::FIRST,
        };
        match self.store.commit(UnitOfWork::new().with(Change::Notice(notice))).await {
            Ok(_) | Err(CommitError::Duplicate(Unique::Notice)) => Ok(Acknowledged),
            Err(refused) => Err(refused.into()),
        }
    }
}
