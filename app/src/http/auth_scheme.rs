//! Who asks: an access token, or the browser's session cookie with proof that the site itself sent the request.

use std::sync::Arc;

use async_trait::async_trait;
use namaskah_domain::{Fault, SessionId, UserId, auth::Role};
use poem::{
    Request, RequestBody, Result,
    http::{Method, header},
};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaSecurityScheme, Registry},
};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::http::problem::Problem;

/// Name of the session cookie. The prefix makes browsers refuse it from anywhere but this very host over https.
pub const SECURE_COOKIE: &str = "__Host-namaskah_session";
/// Its name where the site is served without https.
pub const PLAIN_COOKIE: &str = "namaskah_session";
const TOKEN_SCHEME: &str = "AccessToken";
const COOKIE_SCHEME: &str = "SessionCookie";
const CSRF: &str = "x-csrf-token";

/// Somebody with a valid credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visitor {
    /// Who.
    pub user: UserId,
    /// By which session.
    pub session: SessionId,
    /// What that user may do.
    pub role: Role,
}

/// Reads credentials. `None` for any that is not valid now.
#[async_trait]
pub trait Gatekeeper: Send + Sync {
    /// Whose access token this is.
    async fn by_access_token(&self, token: &str) -> Result<Option<Visitor>, Fault>;

    /// Whose session cookie this is.
    async fn by_cookie(&self, cookie: &str) -> Result<Option<Visitor>, Fault>;
}

/// What is known about who asks. Found out once for each request.
#[derive(Debug, Clone)]
pub enum Identity {
    /// No credential.
    Anonymous,
    /// A credential that is not valid.
    Unknown,
    /// An access token.
    ByToken(Visitor),
    /// The session cookie, and its value.
    ByCookie(Visitor, String),
    /// It could not be found out now.
    Unavailable,
}

impl Identity {
    /// Who it is, if a credential was valid.
    pub const fn visitor(&self) -> Option<Visitor> {
        match self {
            Self::ByToken(visitor) | Self::ByCookie(visitor, _) => Some(*visitor),
            Self::Anonymous | Self::Unknown | Self::Unavailable => None,
        }
    }
}

/// Finds out who asks.
#[derive(Clone)]
pub struct Gate {
    keeper: Arc<dyn Gatekeeper>,
    site: Site,
}

/// Where the site is: what browsers name as the origin of its own requests.
#[derive(Debug, Clone)]
pub struct Site {
    /// As `https://example.com`, without a path.
    pub origin: String,
}

impl Site {
    /// True if the site is served over https.
    pub fn is_https(&self) -> bool {
        self.origin.starts_with("https://")
    }

    /// The session cookie's name here.
    pub fn cookie_name(&self) -> &'static str {
        if self.is_https() { SECURE_COOKIE } else { PLAIN_COOKIE }
    }
}

impl Gate {
    /// With a keeper of credentials.
    pub fn new(keeper: Arc<dyn Gatekeeper>, site: Site) -> Self {
        Self { keeper, site }
    }

    /// Reads the credential of a request. An `Authorization` header wins over the cookie.
    pub async fn identify(&self, request: &Request) -> Identity {
        let found = if request.headers().contains_key(header::AUTHORIZATION) {
            let Some(token) = bearer(request) else { return Identity::Unknown };
            self.keeper.by_access_token(token).await.map(|visitor| visitor.map(Identity::ByToken))
        } else if let Some(cookie) = cookie(request, self.site.cookie_name()) {
            let found = self.keeper.by_cookie(&cookie).await;
            let identity = found.map(|visitor| visitor.map(|v| Identity::ByCookie(v, cookie)));
            identity.map(|identity| self.same_site(request, identity))
        } else {
            return Identity::Anonymous;
        };
        match found {
            Ok(identity) => identity.unwrap_or(Identity::Unknown),
            Err(fault) => {
                tracing::error!(error = %fault, "a credential could not be read");
                Identity::Unavailable
            }
        }
    }

    /// A browser says where a request comes from; one from elsewhere that changes something is nobody's.
    fn same_site(&self, request: &Request, identity: Option<Identity>) -> Option<Identity> {
        let site = request.header("sec-fetch-site");
        let from_here = site.is_none_or(|site| matches!(site, "same-origin" | "none"));
        let origin = request.header(header::ORIGIN);
        let origin_fits = origin.is_none_or(|origin| origin == self.site.origin);
        if is_safe(request.method()) || (from_here && origin_fits) { identity } else { None }
    }
}

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

fn bearer(request: &Request) -> Option<&str> {
    let (scheme, token) = request.header(header::AUTHORIZATION)?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && (1..=4096).contains(&token.len())).then_some(token)
}

fn cookie(request: &Request, name: &str) -> Option<String> {
    let lines = request.headers().get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, value)| *key == name && !value.is_empty()).map(|(_, value)| value.to_owned())
}

/// The token that goes with a session cookie: whoever cannot read the cookie cannot make it.
pub fn csrf_token(cookie: &str) -> String {
    hex::encode(Sha256::new().chain_update("namaskah csrf ").chain_update(cookie).finalize())
}

/// Somebody signed in. In the signature of a handler it says that the handler is for users.
#[derive(Debug, Clone, Copy)]
pub struct SignedIn(pub Visitor);

/// Somebody signed in by the session cookie, and its value.
#[derive(Debug, Clone)]
pub struct InBrowser(pub Visitor, pub String);

fn admit(request: &Request) -> Result<(Visitor, Option<String>), Problem> {
    match request.data::<Identity>() {
        Some(Identity::ByToken(visitor)) => Ok((*visitor, None)),
        Some(Identity::ByCookie(visitor, cookie)) => {
            let sent = request.header(CSRF).unwrap_or_default();
            let proven = bool::from(csrf_token(cookie).as_bytes().ct_eq(sent.as_bytes()));
            if is_safe(request.method()) || proven {
                Ok((*visitor, Some(cookie.clone())))
            } else {
                Err(Problem::told(403, "csrf_failed", "Send X-CSRF-Token with the session cookie."))
            }
        }
        Some(Identity::Unavailable) => Err(Problem::told(503, "unavailable", "Not available now.")),
        Some(Identity::Anonymous | Identity::Unknown) | None => Err(Problem::unauthorized()),
    }
}

fn register_schemes(registry: &mut Registry) {
    let scheme = |ty, description| MetaSecurityScheme {
        ty,
        description: Some(description),
        name: None,
        key_in: None,
        scheme: None,
        bearer_format: None,
        flows: None,
        openid_connect_url: None,
    };
    let token = scheme("http", "The access token that signing in gives.");
    let token = MetaSecurityScheme { scheme: Some("bearer"), bearer_format: Some("JWT"), ..token };
    registry.create_security_scheme(TOKEN_SCHEME, token);
    let cookie = scheme("apiKey", "The browser's session. Changes also need the X-CSRF-Token header.");
    let cookie = MetaSecurityScheme { name: Some(SECURE_COOKIE), key_in: Some("cookie"), ..cookie };
    registry.create_security_scheme(COOKIE_SCHEME, cookie);
}

impl<'a> ApiExtractor<'a> for SignedIn {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        register_schemes(registry);
    }

    fn security_schemes() -> Vec<&'static str> {
        vec![TOKEN_SCHEME, COOKIE_SCHEME]
    }

    async fn from_request(
        request: &'a Request,
        _: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> Result<Self> {
        Ok(Self(admit(request)?.0))
    }
}

impl<'a> ApiExtractor<'a> for InBrowser {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        register_schemes(registry);
    }

    fn security_schemes() -> Vec<&'static str> {
        vec![COOKIE_SCHEME]
    }

    async fn from_request(
        request: &'a Request,
        _: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> Result<Self> {
        match admit(request)? {
            (visitor, Some(cookie)) => Ok(Self(visitor, cookie)),
            (_, None) => Err(Problem::unauthorized().into()),
        }
    }
}
