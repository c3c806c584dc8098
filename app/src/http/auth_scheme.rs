//! Who asks: an access token, or the browser's session cookie with proof that the site itself sent the request.

use std::sync::Arc;

use namaskah_domain::{
    UserId,
    auth::{AuthService, AuthenticateError, KeyBearer, Secret, SignedIn as Visitor, TokenKind},
    staff::StaffService,
};
use poem::{
    Request, RequestBody, Result,
    http::{Method, header, uri::Authority},
};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaSecurityScheme, Registry},
};

use crate::http::{
    key_scheme::{Uses, not_for_keys},
    middleware::ClientAddress,
    problem::Problem,
};

/// Name of the session cookie. The prefix makes browsers refuse it from anywhere but this very host over https.
pub const SECURE_COOKIE: &str = "__Host-namaskah_session";
/// Its name where the site is served without https.
pub const PLAIN_COOKIE: &str = "namaskah_session";
const TOKEN_SCHEME: &str = "AccessToken";
const COOKIE_SCHEME: &str = "SessionCookie";
const CSRF: &str = "x-csrf-token";

/// What is known about who asks. Found out once for each request.
#[derive(Debug, Clone)]
pub enum Identity {
    /// No credential.
    Anonymous,
    /// A credential, and why it is not accepted.
    Refused(AuthenticateError),
    /// An access token.
    ByToken(Visitor),
    /// The session cookie, and its value.
    ByCookie(Visitor, Secret),
    /// An API key.
    ByKey(KeyBearer),
}

impl Identity {
    /// Whose request it is, if a credential was valid.
    pub const fn account(&self) -> Option<UserId> {
        match self {
            Self::ByToken(visitor) | Self::ByCookie(visitor, _) => Some(visitor.user),
            Self::ByKey(bearer) => Some(bearer.user),
            Self::Anonymous | Self::Refused(_) => None,
        }
    }
}

/// Finds out who asks.
#[derive(Clone)]
pub struct Gate {
    auth: Arc<AuthService>,
    staff: Arc<StaffService>,
    site: Site,
    uses: Uses,
}

/// Where the site is: what browsers name as the origin of its own requests.
#[derive(Debug, Clone)]
pub struct Site {
    /// As `https://example.com`, without a path.
    pub origin: String,
    /// Where staff works, if that is a host of its own; the same way.
    pub staff_origin: Option<String>,
}

impl Site {
    /// True if staff works at the host that was asked. A browser keeps the sessions, the pages and the scripts of two
    /// hosts apart, so what goes wrong on a page for users does not reach staff.
    pub fn is_staffs(&self, request: &Request) -> bool {
        self.staff_origin.as_deref().is_none_or(|origin| is_at(request, origin))
    }

    /// What a browser names as the origin of a page of the host that was asked.
    fn origin_of(&self, request: &Request) -> &str {
        let staffs = self.staff_origin.as_deref().filter(|origin| is_at(request, origin));
        staffs.unwrap_or(&self.origin)
    }

    /// True if the site is served over https.
    pub fn is_https(&self) -> bool {
        self.origin.starts_with("https://")
    }

    /// The session cookie's name here.
    pub fn cookie_name(&self) -> &'static str {
        if self.is_https() { SECURE_COOKIE } else { PLAIN_COOKIE }
    }

    /// The name here of the cookie of a browser on its way to Google and back.
    pub fn way_cookie_name(&self) -> &'static str {
        if self.is_https() { "__Host-namaskah_google" } else { "namaskah_google" }
    }
}

impl Gate {
    /// With the services that know credentials and staff.
    pub fn new(auth: Arc<AuthService>, staff: Arc<StaffService>, site: Site) -> Self {
        Self { auth, staff, site, uses: Uses::default() }
    }

    /// Where the site is.
    pub const fn site(&self) -> &Site {
        &self.site
    }

    /// What knows staff.
    pub const fn staff(&self) -> &Arc<StaffService> {
        &self.staff
    }

    /// The random credential of a request, by which it costs a read to know whose it is.
    pub fn looked_up(&self, request: &Request) -> Option<Secret> {
        let (found, kind) = if request.headers().contains_key(header::AUTHORIZATION) {
            (bearer(request).map(|key| Secret::new(key.to_owned())), TokenKind::ApiKey)
        } else {
            (cookie(request, self.site.cookie_name()), TokenKind::Cookie)
        };
        found.filter(|secret| TokenKind::of(secret.expose()) == Some(kind))
    }

    /// Reads the credential of a request of that client. An `Authorization` header wins over the cookie.
    pub async fn identify(&self, request: &Request, client: ClientAddress) -> Identity {
        if request.headers().contains_key(header::AUTHORIZATION) {
            let Some(token) = bearer(request) else {
                return Identity::Refused(AuthenticateError::InvalidCredential);
            };
            if token.starts_with(TokenKind::ApiKey.prefix()) {
                return self.identify_key(token, client).await;
            }
            return self.auth.authenticate(token).await.map_or_else(Identity::Refused, Identity::ByToken);
        }
        let Some(cookie) = cookie(request, self.site.cookie_name()) else { return Identity::Anonymous };
        match self.auth.authenticate_cookie(&cookie).await {
            Ok(visitor) if self.is_from_here(request) => Identity::ByCookie(visitor, cookie),
            Ok(_) => Identity::Refused(AuthenticateError::InvalidCredential),
            Err(refused) => Identity::Refused(refused),
        }
    }

    async fn identify_key(&self, key: &str, client: ClientAddress) -> Identity {
        match self.auth.authenticate_key(key, client.0).await {
            Ok(bearer) => {
                self.uses.note(&self.auth, bearer);
                Identity::ByKey(bearer)
            }
            Err(refused) => Identity::Refused(refused),
        }
    }

    /// A browser says where a request comes from; one from elsewhere that changes something is nobody's.
    fn is_from_here(&self, request: &Request) -> bool {
        let site = request.header("sec-fetch-site");
        let origin = request.header(header::ORIGIN);
        is_safe(request.method())
            || (site.is_none_or(|site| matches!(site, "same-origin" | "none"))
                && origin.is_none_or(|origin| origin == self.site.origin_of(request)))
    }
}

/// True if a request was sent to the host of this origin, as a proxy passes it on.
fn is_at(request: &Request, origin: &str) -> bool {
    let asked = request.header(header::HOST).or_else(|| request.uri().authority().map(Authority::as_str));
    let host = origin.split_once("://").map(|(_, host)| host);
    asked.zip(host).is_some_and(|(asked, host)| asked.eq_ignore_ascii_case(host))
}

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

fn bearer(request: &Request) -> Option<&str> {
    let (scheme, token) = request.header(header::AUTHORIZATION)?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && (1..=4096).contains(&token.len())).then_some(token)
}

pub(super) fn cookie(request: &Request, name: &str) -> Option<Secret> {
    let lines = request.headers().get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let found = pairs.find(|(key, value)| *key == name && !value.is_empty());
    found.map(|(_, value)| Secret::new(value.to_owned()))
}

/// Somebody signed in. In the signature of a handler it says that the handler is for users.
#[derive(Debug, Clone, Copy)]
pub struct SignedIn(pub Visitor);

impl SignedIn {
    /// Whose request it is.
    pub const fn id(&self) -> UserId {
        self.0.user
    }
}

/// Somebody signed in by the session cookie, and its value.
#[derive(Debug, Clone)]
pub struct InBrowser(pub Visitor, pub Secret);

pub(super) fn admit(request: &Request) -> Result<(Visitor, Option<Secret>), Problem> {
    match request.data::<Identity>() {
        Some(Identity::ByToken(visitor)) => Ok((*visitor, None)),
        Some(Identity::ByCookie(visitor, cookie)) => {
            let sent = request.header(CSRF).unwrap_or_default();
            let gate = request.data::<Gate>();
            if is_safe(request.method()) || gate.is_some_and(|gate| gate.auth.is_csrf_token(cookie, sent)) {
                Ok((*visitor, Some(cookie.clone())))
            } else {
                Err(Problem::told(403, "csrf_failed", "Send X-CSRF-Token with the session cookie."))
            }
        }
        Some(Identity::ByKey(_)) => Err(not_for_keys()),
        Some(Identity::Refused(refused)) => Err(refused.clone().into()),
        Some(Identity::Anonymous) | None => Err(Problem::unauthorized()),
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
