//! The last net: whatever a handler, an extractor or poem itself answers becomes a problem, panics too.

use std::{any::Any, collections::HashMap, panic::AssertUnwindSafe, sync::Arc};

use futures::FutureExt;
use poem::{
    Endpoint, Error, IntoResponse, Middleware, PathPattern, Request, Response, Result,
    error::{MethodNotAllowedError, NotFoundError, ReadBodyError},
    http::{Method, StatusCode},
};
use poem_openapi::error::{ContentTypeError, ParseParamError, ParsePathError};

use crate::{
    http::{middleware::RequestId, problem::Problem},
    reports::scrubbed,
};

/// Which methods each route pattern knows, for the `Allow` header.
pub type AllowedMethods = Arc<HashMap<String, Vec<Method>>>;

/// Turns errors and panics of everything inside into problems.
pub struct CatchProblems {
    allowed: AllowedMethods,
}

impl CatchProblems {
    /// With the methods of every route.
    pub const fn new(allowed: AllowedMethods) -> Self {
        Self { allowed }
    }
}

impl<E: Endpoint> Middleware<E> for CatchProblems {
    type Output = CatchProblemsEndpoint<E>;

    fn transform(&self, inner: E) -> Self::Output {
        CatchProblemsEndpoint { inner, allowed: self.allowed.clone() }
    }
}

/// See [`CatchProblems`].
pub struct CatchProblemsEndpoint<E> {
    inner: E,
    allowed: AllowedMethods,
}

impl<E: Endpoint> Endpoint for CatchProblemsEndpoint<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let id = RequestId::of(&request);
        let result = AssertUnwindSafe(self.inner.call(request)).catch_unwind().await;
        Ok(match result {
            Ok(Ok(answer)) => answer.into_response(),
            Ok(Err(error)) => self.answer(error, &id),
            Err(panic) => panicked(panic.as_ref()).into_response_for(&id),
        })
    }
}

impl<E> CatchProblemsEndpoint<E> {
    fn answer(&self, error: Error, id: &RequestId) -> Response {
        let pattern = error.data::<PathPattern>().cloned();
        // An error that was made of a response has its own body; anything else has only a status and a text.
        if error.is_from_response() {
            return error.into_response();
        }
        let mut problem = of_error(&error);
        if problem.status_code() == StatusCode::METHOD_NOT_ALLOWED {
            problem = problem.with_allow(self.allow(pattern.as_ref()));
        }
        let mut response = problem.into_response_for(id);
        if let Some(pattern) = pattern {
            response.set_data(pattern);
        }
        response
    }

    fn allow(&self, pattern: Option<&PathPattern>) -> String {
        let known = pattern.and_then(|pattern| self.allowed.get(pattern.0.as_ref()));
        let names: Vec<&str> =
            known.map_or_else(|| vec!["GET", "HEAD"], |m| m.iter().map(Method::as_str).collect());
        names.join(", ")
    }
}

/// A panic is a fault of ours: logged and reported without what it may quote, and shown as nothing but that.
pub fn panicked(payload: &(dyn Any + Send)) -> Problem {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    Problem::fault(500, "internal", format!("panic: {}", scrubbed(text.unwrap_or_default())))
}

fn of_error(error: &Error) -> Problem {
    if let Some(problem) = error.downcast_ref::<Problem>() {
        return problem.clone();
    }
    if let Some(parameter) = error.downcast_ref::<ParseParamError>() {
        return Problem::invalid(parameter.name, "invalid", expected(&parameter.reason));
    }
    if error.is::<NotFoundError>() || error.is::<ParsePathError>() {
        return Problem::not_found();
    }
    if error.is::<MethodNotAllowedError>() {
        return Problem::told(405, "method_not_allowed", "This method is not allowed here.");
    }
    if error.is::<ContentTypeError>() {
        return Problem::told(415, "unsupported_media_type", "Send the body as application/json.");
    }
    if let Some(ReadBodyError::Io(_) | ReadBodyError::Utf8(_)) = error.downcast_ref::<ReadBodyError>() {
        return Problem::told(400, "malformed_request", "The body could not be read.");
    }
    of_status(error)
}

/// What poem says with a status alone. Its texts are for developers, so they are not shown.
fn of_status(error: &Error) -> Problem {
    match error.status() {
        StatusCode::NOT_FOUND => Problem::not_found(),
        StatusCode::UNAUTHORIZED => Problem::unauthorized(),
        StatusCode::FORBIDDEN => Problem::told(403, "forbidden", "This is not allowed."),
        StatusCode::PAYLOAD_TOO_LARGE => Problem::told(413, "body_too_large", "The body is too large."),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            Problem::told(415, "unsupported_media_type", "Send the body as application/json.")
        }
        status if status.is_client_error() => {
            Problem::told(400, "malformed_request", "The request cannot be read.")
        }
        _ => Problem::fault(500, "internal", error),
    }
}

/// Takes our own words out of a parameter's parse error, which poem wraps in the names of types.
fn expected(reason: &str) -> &str {
    let words = reason.split_once("\": ").map_or(reason, |(_, words)| words);
    words.split_once(" (occurred").map_or(words, |(words, _)| words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_error_shows_only_what_is_expected() {
        let wrapped =
            r#"failed to parse "limit": expected 1 to 100 (occurred while parsing "optional_limit")"#;
        assert_eq!(expected(wrapped), "expected 1 to 100");
    }
}
