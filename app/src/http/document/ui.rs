//! The document and its pages: nothing is loaded from elsewhere, scripts run by a nonce alone.

use std::{
    io::Write,
    sync::{Arc, LazyLock},
};

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use poem::{IntoResponse, Request, Response, Result, Route, endpoint::make, get, http::header, web::Html};
use poem_openapi::OpenApiService;
use tokio::sync::OnceCell;

use super::Document;
use crate::http::{
    body::answer::{IfNoneMatch, etag},
    page,
};

const JSON: &str = "application/json";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const START: &str = "SwaggerUIBundle({url:'/openapi.json',dom_id:'#ui',deepLinking:true,validatorUrl:null,\
persistAuthorization:false});";

/// Bytes that do not change while the process runs; compressed once, when first asked for.
struct Asset {
    kind: &'static str,
    plain: Bytes,
    tag: String,
    gzip: OnceCell<Bytes>,
}

impl Asset {
    fn new(kind: &'static str, plain: Bytes) -> Self {
        let tag = etag(&plain);
        Self { kind, plain, tag, gzip: OnceCell::new() }
    }

    async fn answer(&self, request: &Request) -> Result<Response> {
        let known = <IfNoneMatch as poem::FromRequest>::from_request_without_body(request).await?;
        let answer = Response::builder()
            .header(header::ETAG, &self.tag)
            .header(header::CACHE_CONTROL, "public, max-age=300")
            .header(header::VARY, "accept-encoding");
        if known.has(&self.tag) {
            return Ok(answer.status(poem::http::StatusCode::NOT_MODIFIED).finish());
        }
        let answer = answer.content_type(self.kind);
        if accepts_gzip(request) {
            let bytes = self.compressed().await;
            return Ok(answer.header(header::CONTENT_ENCODING, "gzip").body(bytes));
        }
        Ok(answer.body(self.plain.clone()))
    }

    async fn compressed(&self) -> Bytes {
        let compress = || async {
            let plain = self.plain.clone();
            let done = tokio::task::spawn_blocking(move || gzip(&plain)).await;
            done.unwrap_or_default()
        };
        self.gzip.get_or_init(compress).await.clone()
    }
}

fn gzip(plain: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    // Writing to a Vec does not fail.
    let written = encoder.write_all(plain).and_then(|()| encoder.finish());
    written.unwrap_or_default().into()
}

fn accepts_gzip(request: &Request) -> bool {
    let accepted = request.header(header::ACCEPT_ENCODING).unwrap_or_default();
    accepted.split(',').any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        parts.next() == Some("gzip")
            && !parts.any(|part| matches!(part, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

/// The user interface's script and style, which are the same for every document. Read when first asked for.
struct Bundle {
    script: Asset,
    style: Asset,
}

static BUNDLE: LazyLock<Bundle> = LazyLock::new(|| {
    // poem-openapi gives them only inside of its own page.
    let page = OpenApiService::new((), "", "").swagger_ui_html();
    Bundle {
        script: Asset::new(SCRIPT, between(&page, "<script charset=\"UTF-8\">", "</script>")),
        style: Asset::new(STYLE, between(&page, "<style charset=\"UTF-8\">", "</style>")),
    }
});

/// `/openapi.json` and `/docs`.
pub fn routes(document: &Document) -> Route {
    let json = Arc::new(Asset::new(JSON, document.json.clone()));
    let serve_json = make(move |request: Request| {
        let json = json.clone();
        async move { json.answer(&request).await }
    });
    Route::new()
        .at("/openapi.json", get(serve_json))
        .at("/docs/swagger-ui.js", get(make(|r: Request| async move { BUNDLE.script.answer(&r).await })))
        .at("/docs/swagger-ui.css", get(make(|r: Request| async move { BUNDLE.style.answer(&r).await })))
        .at("/docs", get(make(|_| async { page() })))
}

fn between(text: &str, begin: &str, end: &str) -> Bytes {
    let inner = text.split_once(begin).map_or("", |(_, rest)| rest);
    let inner = inner.split_once(end).map_or("", |(inner, _)| inner);
    Bytes::copy_from_slice(inner.as_bytes())
}

fn page() -> Response {
    // Without randomness the page shows nothing at all, as the policy forbids what has no good nonce.
    let nonce = page::nonce().unwrap_or_default();
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>API reference · Namaskah</title>\
         <link rel=\"stylesheet\" href=\"/docs/swagger-ui.css\"></head><body><div id=\"ui\"></div>\
         <script nonce=\"{nonce}\" src=\"/docs/swagger-ui.js\"></script>\
         <script nonce=\"{nonce}\">{START}</script></body></html>\n"
    );
    let script = if nonce.is_empty() { "'none'".to_owned() } else { format!("'nonce-{nonce}'") };
    let policy = format!(
        "default-src 'none'; script-src {script}; style-src 'self'; img-src 'self' data:; \
         connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    Html(html).with_header(header::CONTENT_SECURITY_POLICY, policy).into_response()
}
