//! Answers that set or remove cookies: of the session, and of the way to Google and back.

use std::borrow::Cow;

use namaskah_domain::auth::Secret;
use poem::{
    IntoResponse, Response,
    http::{HeaderValue, StatusCode, header},
};
use poem_openapi::{
    ApiResponse,
    registry::{MetaHeader, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry},
    types::ToJSON,
};

use crate::http::{
    auth_scheme::Site,
    body::{NoContent, Shown},
    problem::{Problem, pages},
};

/// 200 with a body, and cookies.
pub struct WithCookie<T> {
    body: T,
    cookies: Vec<HeaderValue>,
}

impl<T> WithCookie<T> {
    /// With a session's cookie, good for so many seconds.
    pub fn new(body: T, site: &Site, session: &Secret, max_age_s: i64) -> Self {
        Self::only(body).and(self::session(site, session, max_age_s))
    }

    /// Without one yet.
    pub const fn only(body: T) -> Self {
        Self { body, cookies: Vec::new() }
    }

    /// And with this one.
    #[must_use]
    pub fn and(mut self, cookie: Option<HeaderValue>) -> Self {
        self.cookies.extend(cookie);
        self
    }
}

/// 303 to somewhere else, with cookies; or a problem, told by a page.
pub enum SentOn {
    /// The way on.
    On {
        /// Where to.
        to: Cow<'static, str>,
        /// What goes along.
        cookies: Vec<HeaderValue>,
    },
    /// There is none.
    Told(Problem),
}

impl SentOn {
    /// To a page of ours.
    pub const fn to(page: &'static str) -> Self {
        Self::On { to: Cow::Borrowed(page), cookies: Vec::new() }
    }

    /// To an address of somebody whom we have asked for it.
    pub const fn away(url: String) -> Self {
        Self::On { to: Cow::Owned(url), cookies: Vec::new() }
    }

    /// And with this cookie.
    #[must_use]
    pub fn with(mut self, cookie: Option<HeaderValue>) -> Self {
        if let Self::On { cookies, .. } = &mut self {
            cookies.extend(cookie);
        }
        self
    }
}

/// 204, and no session cookie any more, nor anything else that the browser has kept of the site.
pub struct WithoutCookie(pub Site);

/// The cookie of a session.
pub fn session(site: &Site, value: &Secret, max_age_s: i64) -> Option<HeaderValue> {
    set_cookie(site, site.cookie_name(), value.expose(), max_age_s)
}

/// The cookie of a browser on its way to Google and back.
pub fn way(site: &Site, value: &Secret, max_age_s: i64) -> Option<HeaderValue> {
    set_cookie(site, site.way_cookie_name(), value.expose(), max_age_s)
}

/// Only for this host, not for scripts, and not sent along from other sites' forms.
fn set_cookie(site: &Site, name: &str, value: &str, max_age_s: i64) -> Option<HeaderValue> {
    let secure = if site.is_https() { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path=/; Max-Age={max_age_s}; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::from_str(&text).ok()
}

fn add(response: &mut Response, cookies: Vec<HeaderValue>) {
    for cookie in cookies {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

fn text_header(name: &str, about: &str) -> MetaHeader {
    MetaHeader {
        name: name.to_owned(),
        description: Some(about.to_owned()),
        required: true,
        deprecated: false,
        schema: MetaSchemaRef::Inline(Box::new(MetaSchema::new("string"))),
    }
}

fn declare(mut meta: MetaResponses) -> MetaResponses {
    for response in &mut meta.responses {
        response.headers.push(text_header("Set-Cookie", "The session, or the way to it"));
    }
    meta
}

impl<T: ToJSON> IntoResponse for WithCookie<T> {
    fn into_response(self) -> Response {
        let mut response = Shown(self.body).into_response();
        add(&mut response, self.cookies);
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

impl IntoResponse for SentOn {
    fn into_response(self) -> Response {
        match self {
            Self::On { to, cookies } => {
                let mut response = Response::builder().status(StatusCode::SEE_OTHER).finish();
                if let Ok(to) = HeaderValue::from_str(&to) {
                    response.headers_mut().insert(header::LOCATION, to);
                }
                add(&mut response, cookies);
                response
            }
            Self::Told(problem) => pages::told(&problem),
        }
    }
}

impl ApiResponse for SentOn {
    fn meta() -> MetaResponses {
        let sent = MetaResponse {
            description: "The way on",
            status: Some(StatusCode::SEE_OTHER.as_u16()),
            status_range: None,
            content: vec![],
            headers: vec![text_header("Location", "Where to")],
        };
        declare(MetaResponses { responses: vec![sent] })
    }

    fn register(_: &mut Registry) {}
}

impl IntoResponse for WithoutCookie {
    fn into_response(self) -> Response {
        let mut response = NoContent.into_response();
        add(&mut response, session(&self.0, &Secret::new(String::new()), 0).into_iter().collect());
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
        type Make = fn(&Site, &Secret, i64) -> Option<HeaderValue>;
        let cookie = |make: Make, origin: &str| {
            let site = Site { origin: origin.to_owned(), staff_origin: None };
            let made = make(&site, &Secret::new("value".to_owned()), 60);
            made.and_then(|cookie| cookie.to_str().ok().map(str::to_owned))
        };
        for (make, name) in [(session as Make, "session"), (way as Make, "google")] {
            assert_eq!(
                cookie(make, "https://namaskah.example"),
                Some(format!(
                    "__Host-namaskah_{name}=value; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure"
                )),
            );
            assert_eq!(
                cookie(make, "http://127.0.0.1:8080"),
                Some(format!("namaskah_{name}=value; Path=/; Max-Age=60; HttpOnly; SameSite=Lax")),
            );
        }
    }
}
