//! Previews of letters, for those who write them: in the sandbox alone.

use std::fmt::Write;

use namaskah_adapters::letters::{self, Preview};
use poem::{
    IntoResponse, Response, Result, handler,
    http::{StatusCode, header},
    web::{Data, Path},
};

use crate::http::{page::Page, problem::Problem};

/// Where links of a preview lead.
#[derive(Debug, Clone)]
pub struct Site(pub String);

/// HTML of a letter may show itself and load nothing.
const POLICY: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

fn previews(site: &Site) -> Result<Vec<Preview>, Problem> {
    let unwritten = || Problem::fault(500, "internal", "a letter cannot be written");
    let site = site.0.parse().map_err(|_| unwritten())?;
    letters::previews(&site).map_err(|_| unwritten())
}

/// `GET /letters`: every letter by name.
#[handler]
pub fn all(site: Data<&Site>) -> Result<Response> {
    let mut body = String::from("<dl>");
    for Preview { name, words } in previews(site.0)? {
        let _ = write!(
            body,
            "<dt>{}</dt><dd><a href=\"/letters/{name}.html\">HTML</a> · <a href=\"/letters/{name}.txt\">text</a></dd>",
            words.subject
        );
    }
    body.push_str("</dl>");
    Ok(Page { title: "Letters", body: &body, script: None }.into_response())
}

/// `GET /letters/{name}.html` and `.txt`: one letter as a user would get it.
#[handler]
pub fn one(site: Data<&Site>, file: Path<String>) -> Result<Response> {
    let (name, form) = file.rsplit_once('.').unwrap_or((file.as_str(), ""));
    let found = previews(site.0)?.into_iter().find(|preview| preview.name == name);
    let Some(preview) = found else { return Err(Problem::not_found().into()) };
    let (content_type, body) = match form {
        "html" => ("text/html; charset=utf-8", preview.words.html),
        "txt" => ("text/plain; charset=utf-8", preview.words.to_string()),
        _ => return Err(Problem::not_found().into()),
    };
    let answer = Response::builder().status(StatusCode::OK).content_type(content_type);
    Ok(answer.header(header::CONTENT_SECURITY_POLICY, POLICY).body(body))
}
