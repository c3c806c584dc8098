//! Alive and ready, and the front page.

use std::sync::Arc;

use async_trait::async_trait;
use poem::{Response, handler};
use poem_openapi::{Object, OpenApi};

use crate::http::{
    body::{Shown, Text, word_enum},
    page::Page,
    problem::Problem,
    tags::Tag,
};

/// One thing that must work before requests can be served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its name: `database`, `migrations`, `workers`, `clock`.
    pub name: &'static str,
    /// True if it works.
    pub is_ready: bool,
    /// For operators: what is wrong, without secrets. A part that is ready may have something to tell, too: what every
    /// instance meets alike.
    pub detail: Option<String>,
}

/// Knows what must work.
#[async_trait]
pub trait Readiness: Send + Sync {
    /// Every part, as it is now. While the process is stopping at least one of them is not ready.
    async fn parts(&self) -> Vec<Part>;
}

word_enum! {
    /// How the process is.
    pub StateWord, "alive or ready";
    Alive = "alive",
    Ready = "ready",
}

/// How the process is.
#[derive(Debug, Object)]
#[oai(rename = "ProcessState")]
struct StateBody {
    /// `alive` or `ready`.
    status: Text<StateWord>,
    /// What was looked at.
    parts: Vec<String>,
}

/// Routes for those who keep the process running.
pub struct SystemApi {
    /// Knows what must work.
    pub readiness: Arc<dyn Readiness>,
}

#[OpenApi(tag = "Tag::System")]
impl SystemApi {
    /// Is the process alive?
    #[oai(path = "/healthz", method = "get", operation_id = "get_health")]
    async fn health(&self) -> Result<Shown<StateBody>, Problem> {
        Ok(Shown(StateBody { status: Text(StateWord::Alive), parts: Vec::new() }))
    }

    /// Can it serve requests?
    ///
    /// 503 names the parts that do not work.
    #[oai(path = "/readyz", method = "get", operation_id = "get_readiness")]
    async fn ready(&self) -> Result<Shown<StateBody>, Problem> {
        let parts = self.readiness.parts().await;
        let mut failing = parts.iter().filter(|part| !part.is_ready).peekable();
        if failing.peek().is_some() {
            let problem = Problem::told(503, "unavailable", "Not every part works.");
            return Err(failing.fold(problem, |problem, part| {
                problem.with_field(part.name, "not_ready", part.detail.as_deref().unwrap_or("not ready"))
            }));
        }
        let parts = parts.into_iter().map(|Part { name, detail, .. }| match detail {
            Some(detail) => format!("{name}: {detail}"),
            None => name.to_owned(),
        });
        let parts = parts.collect();
        Ok(Shown(StateBody { status: Text(StateWord::Ready), parts }))
    }
}

/// `GET /`.
#[handler]
pub fn front() -> Response {
    let body = "<p>Phone numbers that receive one verification code. You pay only if a code came.</p>\
                <ul><li><a href=\"/docs\">API reference</a></li>\
                <li><a href=\"/openapi.json\">OpenAPI document</a></li>\
                <li><a href=\"/problems\">Problems that the API answers with</a></li>\
                <li><a href=\"/status\">Status</a></li></ul>";
    poem::IntoResponse::into_response(Page { title: "Namaskah", body, script: None })
}
