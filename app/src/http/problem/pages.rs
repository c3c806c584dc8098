//! A page for each kind of problem, at the address that its `type` names.

use std::fmt::Write;

use poem::{
    IntoResponse, Response, handler,
    http::{HeaderValue, header},
    web::Path,
};

use crate::http::{
    page::Page,
    problem::{
        Problem, ProblemCode,
        kinds::{self, Kind},
    },
};

/// `GET /problems/{slug}`.
#[handler]
pub fn one(Path(slug): Path<String>) -> Response {
    match kinds::of_slug(&slug) {
        Some(kind) => Page { title: kind.title, body: &describe(kind), script: None }.into_response(),
        None => poem::Error::from(Problem::not_found()).into_response(),
    }
}

/// `GET /problems`.
#[handler]
pub fn all() -> Response {
    let mut body = String::from("<ul>");
    for kind in kinds::KINDS {
        let (slug, code) = (kind.slug(), kind.code);
        // Writing to a String cannot fail.
        let _ = write!(body, "<li>{} <a href=\"/problems/{slug}\"><code>{code}</code></a></li>", kind.status);
    }
    body.push_str("</ul>");
    Page { title: "Problems", body: &body, script: None }.into_response()
}

/// A problem for a person who came by a link: what is on the page of its kind, under its own status.
pub fn told(problem: &Problem) -> Response {
    let body = kinds::of_code(problem.code()).map(describe).unwrap_or_default();
    let body = format!("{body}<p><a href=\"/\">Back to Namaskah</a></p>");
    let title = kinds::of_code(problem.code()).map_or("Problem", |kind| kind.title);
    let mut response = Page { title, body: &body, script: None }.into_response();
    response.set_status(problem.status_code());
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.set_data(ProblemCode(problem.code()));
    response
}

fn describe(kind: &Kind) -> String {
    let about = kind.about.replace('<', "&lt;");
    format!(
        "<p>{about}</p><dl><dt>status</dt><dd>{}</dd><dt>code</dt><dd><code>{}</code></dd></dl>\
         <p><a href=\"/problems\">All problems</a> · <a href=\"/docs\">API reference</a></p>",
        kind.status, kind.code
    )
}
