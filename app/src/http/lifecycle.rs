//! Routes that will go: announced in every answer of theirs and in the document, long before.
//!
//! `Deprecation` (RFC 9745) says since when, `Sunset` (RFC 8594) until when at least, `Link` where it is written about and
//! what takes its place. docs/versioning.md says how long the time between is.

use chrono::{NaiveDate, NaiveTime};
use poem::http::{HeaderMap, HeaderName, HeaderValue, Method, header::LINK};
use serde_json::{Value, json};

const DEPRECATION: HeaderName = HeaderName::from_static("deprecation");
const SUNSET: HeaderName = HeaderName::from_static("sunset");
/// The form of dates in headers of HTTP.
const HTTP_DATE: &str = "%a, %d %b %Y %H:%M:%S GMT";

/// A route that will go.
#[derive(Debug, Clone, Copy)]
pub struct Deprecated {
    /// Its method, in capitals.
    pub method: &'static str,
    /// As the document writes it.
    pub path: &'static str,
    /// Since when it should not be used.
    pub since: NaiveDate,
    /// From when on it may be gone, if that is decided.
    pub sunset: Option<NaiveDate>,
    /// What to use instead, if there is something: another path of the document.
    pub instead: Option<&'static str>,
}

/// Every such route. A line here is all that it takes.
pub const DEPRECATED: &[Deprecated] = &[];

/// How poem knows a path of the document: its parameters are `:param0`, `:param1` and so on.
pub fn pattern(path: &str) -> String {
    let mut count = 0;
    let parts = path.split('/').map(|part| {
        if part.starts_with('{') {
            count += 1;
            format!(":param{}", count - 1)
        } else {
            part.to_owned()
        }
    });
    parts.collect::<Vec<_>>().join("/")
}

/// Announces it, if the route is one of those.
pub fn announce(routes: &[Deprecated], method: &Method, route: Option<&str>, headers: &mut HeaderMap) {
    let Some(route) = route else { return };
    // A head is asked for by the name of its route.
    let method = if *method == Method::HEAD { "GET" } else { method.as_str() };
    let is_asked = |one: &&Deprecated| one.method == method && pattern(one.path) == route;
    let Some(found) = routes.iter().find(is_asked) else { return };
    let since = found.since.and_time(NaiveTime::MIN).and_utc();
    let mut put = |name: HeaderName, text: String| {
        // Dates and paths of our own: they fit into a header.
        if let Ok(value) = HeaderValue::from_str(&text) {
            headers.append(name, value);
        }
    };
    put(DEPRECATION, format!("@{}", since.timestamp()));
    put(LINK, "</docs>; rel=\"deprecation\"; type=\"text/html\"".to_owned());
    if let Some(sunset) = found.sunset {
        put(SUNSET, sunset.and_time(NaiveTime::MIN).and_utc().format(HTTP_DATE).to_string());
    }
    if let Some(instead) = found.instead {
        put(LINK, format!("<{instead}>; rel=\"successor-version\""));
    }
}

/// The same in the document.
pub fn mark(routes: &[Deprecated], path: &str, method: &str, operation: &mut Value) {
    let is_marked = |one: &&Deprecated| one.method.eq_ignore_ascii_case(method) && one.path == path;
    let Some(found) = routes.iter().find(is_marked) else { return };
    operation["deprecated"] = json!(true);
    let instead = found.instead.map(|path| format!(" Use `{path}`.")).unwrap_or_default();
    let sunset = found.sunset.map(|date| format!(" It may be gone from {date} on.")).unwrap_or_default();
    let about = operation["description"].as_str().unwrap_or_default().to_owned();
    operation["description"] =
        json!(format!("{about}\n\n**Deprecated** since {}.{instead}{sunset}", found.since).trim_start());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes() -> Vec<Deprecated> {
        let date = |year, month, day| NaiveDate::from_ymd_opt(year, month, day).expect("a date");
        vec![Deprecated {
            method: "GET",
            path: "/api/v1/old/{id}/parts/{part}",
            since: date(2026, 11, 26),
            sunset: Some(date(2027, 5, 26)),
            instead: Some("/api/v1/new/{id}"),
        }]
    }

    fn announced(method: Method, route: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        announce(&routes(), &method, Some(route), &mut headers);
        headers
    }

    #[test]
    fn a_deprecated_route_says_since_when_until_when_and_what_takes_its_place() {
        for method in [Method::GET, Method::HEAD] {
            let headers = announced(method, "/api/v1/old/:param0/parts/:param1");
            assert_eq!(headers["deprecation"], "@1795651200");
            assert_eq!(headers["sunset"], "Wed, 26 May 2027 00:00:00 GMT");
            let links: Vec<_> = headers.get_all(LINK).iter().collect();
            assert_eq!(
                links,
                [
                    "</docs>; rel=\"deprecation\"; type=\"text/html\"",
                    "</api/v1/new/{id}>; rel=\"successor-version\"",
                ]
            );
        }
    }

    #[test]
    fn no_other_route_says_so() {
        assert!(announced(Method::POST, "/api/v1/old/:param0/parts/:param1").is_empty());
        assert!(announced(Method::GET, "/api/v1/old/:param0").is_empty());
        let mut headers = HeaderMap::new();
        announce(&routes(), &Method::GET, None, &mut headers);
        assert!(headers.is_empty());
    }

    #[test]
    fn the_document_says_so_too() {
        let mut operation = json!({ "description": "Parts.", "deprecated": false });
        mark(&routes(), "/api/v1/old/{id}/parts/{part}", "get", &mut operation);
        assert_eq!(operation["deprecated"], true);
        let about = operation["description"].as_str().expect("a text");
        assert!(
            about.starts_with("Parts.\n\n**Deprecated** since 2026-11-26. Use `/api/v1/new/{id}`."),
            "{about}"
        );
        let mut other = json!({});
        mark(&routes(), "/api/v1/old/{id}", "get", &mut other);
        assert_eq!(other, json!({}));
    }

    #[test]
    fn each_deprecated_route_is_in_the_document_and_has_half_a_year() {
        let document: Value = serde_json::from_str(&crate::http::server::openapi()).expect("JSON");
        for route in DEPRECATED {
            let operation = &document["paths"][route.path][route.method.to_lowercase()];
            assert_eq!(operation["deprecated"], true, "{route:?}");
            let instead = route.instead.map(|path| document["paths"][path].is_object());
            assert_ne!(instead, Some(false), "{route:?}");
            let lasts = route.sunset.map(|sunset| (sunset - route.since).num_days());
            assert!(lasts.is_none_or(|days| days >= 180), "{route:?}");
        }
    }
}
