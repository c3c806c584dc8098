//! Small pages of the server's own: no script, one style, nothing from elsewhere.

use poem::{IntoResponse, Response, http::header};

const STYLE: &str = "body{font:1rem/1.5 system-ui,sans-serif;max-width:42rem;margin:3rem auto;padding:0 1rem;\
color:#1b1f24;background:#fff}a{color:#0b57d0}code{background:#f1f3f5;padding:.1em .3em;border-radius:.2em}\
dt{font-weight:600}pre{background:#f1f3f5;padding:1rem;overflow:auto}\
@media(prefers-color-scheme:dark){body{color:#e6e8ea;background:#14171a}a{color:#8ab4f8}code,pre{background:#22272c}}";

/// A page. `title` and `body` are our own words, never a user's.
pub struct Page<'a> {
    /// Heading and title.
    pub title: &'a str,
    /// HTML below the heading.
    pub body: &'a str,
}

impl IntoResponse for Page<'_> {
    fn into_response(self) -> Response {
        let Self { title, body } = self;
        let html = format!(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
             <title>{title} · Namaskah</title><style>{STYLE}</style></head>\
             <body><h1>{title}</h1>{body}</body></html>\n"
        );
        Response::builder()
            .content_type("text/html; charset=utf-8")
            .header(header::CONTENT_SECURITY_POLICY, policy())
            .header(header::CACHE_CONTROL, "public, max-age=300")
            .body(html)
    }
}

/// Nothing but the one style, by its digest.
fn policy() -> String {
    use base64::{Engine, engine::general_purpose::STANDARD};
    use sha2::{Digest, Sha256};
    let digest = STANDARD.encode(Sha256::digest(STYLE));
    format!("default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; frame-ancestors 'none'")
}
