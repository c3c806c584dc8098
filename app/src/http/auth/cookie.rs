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

/// 204, and no session cookie any more, nor anything else that the browser has kept of the site.
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
        let all = HeaderValue::from_static("\"cache\", \"cookies\", \"storage\"");
        response.headers_mut().insert("clear-site-data", all);
        response
    }
}

impl ApiResponse for WithoutCookie {
    fn meta() -> MetaResponses {
        declare(NoContent::meta())
    }

    fn register(_: &mut Registry) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_https_the_cookie_is_this_hosts_alone_and_for_no_script() {
        let cookie = |origin: &str| {
            let site = Site { origin: origin.to_owned() };
            set_cookie(&site, "value", 60).and_then(|cookie| cookie.to_str().ok().map(str::to_owned))
        };
        assert_eq!(
            cookie("https://namaskah.example").as_deref(),
            Some("__Host-namaskah_session=value; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure"),
        );
        assert_eq!(
            cookie("http://127.0.0.1:8080").as_deref(),
            Some("namaskah_session=value; Path=/; Max-Age=60; HttpOnly; SameSite=Lax"),
        );
    }
}
