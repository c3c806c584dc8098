//! Answers that set or remove the session cookie.

use namaskah_domain::auth::Secret;
use poem::{
    IntoResponse, Response,
    http::{HeaderValue, header},
};
use poem_openapi::{
    ApiResponse,
    registry::{MetaHeader, MetaResponses, MetaSchema, MetaSchemaRef, Registry},
    types::ToJSON,
};

use crate::http::{
    auth_scheme::Site,
    body::{NoContent, Shown},
};

/// 200 with a body, and a session cookie.
pub struct WithCookie<T> {
    /// The body.
    pub body: T,
    /// The cookie's value.
    pub cookie: Secret,
    /// For how many seconds it is good.
    pub max_age_s: i64,
    /// Where it belongs.
    pub site: Site,
}

/// 204, and no session cookie any more.
pub struct WithoutCookie(pub Site);

/// Only for this host, not for scripts, and not sent along from other sites' forms.
fn set_cookie(site: &Site, value: &str, max_age_s: i64) -> Option<HeaderValue> {
    let secure = if site.is_https() { "; Secure" } else { "" };
    let name = site.cookie_name();
    let text = format!("{name}={value}; Path=/; Max-Age={max_age_s}; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::from_str(&text).ok()
}

fn declare(mut meta: MetaResponses) -> MetaResponses {
    for response in &mut meta.responses {
        response.headers.push(MetaHeader {
            name: "Set-Cookie".to_owned(),
            description: Some("The session".to_owned()),
            required: true,
            deprecated: false,
            schema: MetaSchemaRef::Inline(Box::new(MetaSchema::new("string"))),
        });
    }
    meta
}

impl<T: ToJSON> IntoResponse for WithCookie<T> {
    fn into_response(self) -> Response {
        let mut response = Shown(self.body).into_response();
        if let Some(cookie) = set_cookie(&self.site, self.cookie.expose(), self.max_age_s) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        response
    }
}

impl<T: ToJSON> ApiResponse for WithCookie<T> {
    fn meta() -> MetaResponses {
        declare(Shown::<T>::meta())
    }

    fn register(registry: &mut Registry) {
        Shown::<T>::register(registry);
    }
}

impl IntoResponse for WithoutCookie {
    fn into_response(self) -> Response {
        let mut response = NoContent.into_response();
        if let Some(cookie) = set_cookie(&self.0, "", 0) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        response
    }
}

impl ApiResponse for WithoutCookie {
    fn meta() -> MetaResponses {
        declare(NoContent::meta())
    }

    fn register(_: &mut Registry) {}
}
