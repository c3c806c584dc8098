//! Small pages of the server's own: one style, at most one script that runs by a nonce, nothing from elsewhere.

use poem::{IntoResponse, Response, http::header};

const STYLE: &str = "body{font:1rem/1.5 system-ui,sans-serif;max-width:42rem;margin:3rem auto;padding:0 1rem;\
color:#1b1f24;background:#fff}a{color:#0b57d0}code{background:#f1f3f5;padding:.1em .3em;border-radius:.2em}\
dt,th{font-weight:600}th,td{text-align:left;padding:.3em 1em .3em 0}input,button{font:inherit;padding:.4rem .6rem;margin:.2rem 0}pre{background:#f1f3f5;padding:1rem;overflow:auto}\
@media(prefers-color-scheme:dark){body{color:#e6e8ea;background:#14171a}a{color:#8ab4f8}code,pre{background:#22272c}}";

/// A page. `title`, `body` and `script` are our own words, never a user's; other words go through [`escape`].
pub struct Page<'a> {
    /// Heading and title.
    pub title: &'a str,
    /// HTML below the heading.
    pub body: &'a str,
    /// Runs when the page is there. It may talk to this server alone.
    pub script: Option<&'static str>,
}

impl IntoResponse for Page<'_> {
    fn into_response(self) -> Response {
        let Self { title, body, script } = self;
        let nonce = script.and_then(|_| nonce());
        let script = script.zip(nonce.as_deref());
        let script = script.map_or_else(String::new, |(script, nonce)| {
            format!("<script nonce=\"{nonce}\">{script}</script>")
        });
        let caching = if nonce.is_some() { "no-store" } else { "public, max-age=300" };
        let html = format!(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
             <title>{title} · Namaskah</title><style>{STYLE}</style></head>\
             <body><h1>{title}</h1>{body}{script}</body></html>\n"
        );
        Response::builder()
            .content_type("text/html; charset=utf-8")
            .header(header::CONTENT_SECURITY_POLICY, policy(nonce.as_deref()))
            .header(header::CACHE_CONTROL, caching)
            .body(html)
    }
}

/// A text that is not ours, so that it is read as text within HTML and within a quoted attribute.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Unpredictable, for one answer. Without randomness there is none, and no script runs.
pub fn nonce() -> Option<String> {
    let mut bytes = [0u8; 16];
    getrandom::fill(&mut bytes).ok().map(|()| hex::encode(bytes))
}

/// Nothing but the one style, by its digest, and the script of that nonce, which may call this server.
fn policy(nonce: Option<&str>) -> String {
    use base64::{Engine, engine::general_purpose::STANDARD};
    use sha2::{Digest, Sha256};
    let digest = STANDARD.encode(Sha256::digest(STYLE));
    let script =
        nonce.map_or_else(String::new, |nonce| format!("script-src 'nonce-{nonce}'; connect-src 'self'; "));
    format!(
        "default-src 'none'; style-src 'sha256-{digest}'; {script}base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    )
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn what_is_not_ours_is_text() {
        assert_eq!(escape("<a b=\"c\" d='e'>&"), "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;");
        assert_eq!(escape("whatsapp"), "whatsapp");
    }
}
