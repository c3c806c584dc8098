//! Problems: every error as `application/problem+json` (RFC 9457).

pub mod catch;
mod from;
pub mod kinds;
pub mod pages;

use std::{borrow::Cow, fmt};

use poem::{
    Body, IntoResponse, Response,
    error::ResponseError,
    http::{HeaderValue, StatusCode, header},
};
use poem_openapi::{
    ApiResponse, Object,
    payload::Payload,
    registry::{MetaMediaType, MetaResponse, MetaResponses, MetaSchemaRef, Registry},
    types::Type,
};

use crate::http::middleware::RequestId;

/// Statuses that any operation may answer with, as the document declares them.
const DECLARED: &[(u16, &str)] = &[
    (400, "The request cannot be read"),
    (401, "No credential, or one that is not valid"),
    (402, "Not enough money is available"),
    (403, "Not allowed"),
    (404, "There is no such thing, or it is somebody else's"),
    (409, "The state of things does not allow it"),
    (413, "The body is too large"),
    (415, "The body is not JSON"),
    (422, "A field is not valid"),
    (429, "Too many requests"),
    (500, "Something went wrong on our side"),
    (502, "A provider did not answer as it should"),
    (503, "Not available now"),
];
const RETRY_AFTER_S: u64 = 2;

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
pub struct FieldError {
    /// Path of the field, as `items[0].service`.
    pub field: String,
    /// Stable name of what is wrong: `required`, `unknown_field`, `wrong_type`, `invalid` and more.
    pub code: String,
    /// What is expected.
    pub detail: String,
}

/// An error as the API answers it (RFC 9457).
#[derive(Debug, Object)]
#[oai(rename = "Problem")]
struct ProblemBody {
    /// Names the kind of problem, and leads to its description.
    #[oai(rename = "type")]
    kind: String,
    /// The kind in words.
    title: String,
    /// The HTTP status.
    status: u16,
    /// This occurrence in words. Not for programs.
    detail: String,
    /// The kind, stable: what programs branch on.
    code: String,
    /// Quote it when you write to support.
    request_id: String,
    /// Fields at fault, with status 422.
    #[oai(skip_serializing_if_is_empty, default)]
    errors: Vec<FieldError>,
    /// With `password_change_required` alone: the token that sets a new password.
    #[oai(skip_serializing_if_is_none)]
    change_token: Option<String>,
    /// With a batch alone: the place of the item at fault, from 0.
    #[oai(skip_serializing_if_is_none)]
    index: Option<u32>,
}

/// Why one item of a batch was refused.
#[derive(Debug, Object)]
pub struct ItemProblem {
    /// Names the kind of problem, and leads to its description.
    #[oai(rename = "type")]
    kind: String,
    /// The kind in words.
    title: String,
    /// The HTTP status that it would have alone.
    status: u16,
    /// This occurrence in words. Not for programs.
    detail: String,
    /// The kind, stable: what programs branch on.
    code: String,
    /// Fields at fault, with status 422.
    #[oai(skip_serializing_if_is_empty, default)]
    errors: Vec<FieldError>,
}

impl From<Problem> for ItemProblem {
    fn from(problem: Problem) -> Self {
        Self {
            kind: problem.kind(),
            title: problem.title().to_owned(),
            status: problem.0.status.as_u16(),
            detail: problem.0.detail.into_owned(),
            code: problem.0.code.to_owned(),
            errors: problem.0.errors,
        }
    }
}

/// An error on its way to the client.
#[derive(Debug, Clone)]
pub struct Problem(Box<Parts>);

#[derive(Debug, Clone)]
struct Parts {
    status: StatusCode,
    code: &'static str,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
    retry_after_s: Option<u64>,
    allow: Option<String>,
    change_token: Option<String>,
    index: Option<usize>,
}

impl Problem {
    /// A refusal that the client can understand: its words are shown.
    pub fn refused(status: u16, code: &'static str, why: &dyn fmt::Display) -> Self {
        Self::told(status, code, why.to_string())
    }

    /// A refusal in words of this layer.
    pub fn told(status: u16, code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        debug_assert!(
            kinds::of_code(code).is_some_and(|kind| kind.status == status),
            "{code} with {status} is not in the list of kinds"
        );
        Self(Box::new(Parts {
            status: StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            code,
            detail: detail.into(),
            errors: Vec::new(),
            retry_after_s: (status == 503).then_some(RETRY_AFTER_S),
            allow: None,
            change_token: None,
            index: None,
        }))
    }

    /// A fault: logged here, once, and shown without any of its words.
    pub fn fault(status: u16, code: &'static str, error: impl fmt::Display) -> Self {
        tracing::error!(code, error = %error, "a request failed");
        let detail = kinds::of_code(code).map_or("", |kind| kind.title);
        Self::told(status, code, detail)
    }

    /// 404, for what is not there and for what is somebody else's.
    pub fn not_found() -> Self {
        Self::told(404, "not_found", "There is no such thing.")
    }

    /// 401: no credential, or none that is valid.
    pub fn unauthorized() -> Self {
        Self::told(401, "unauthorized", "Sign in first.")
    }

    /// 422 for one field.
    pub fn invalid(field: &str, code: &str, detail: impl fmt::Display) -> Self {
        Self::told(422, "invalid_request", "A field is not valid.").with_field(field, code, detail)
    }

    /// Names a field at fault.
    #[must_use]
    pub fn with_field(mut self, field: &str, code: &str, detail: impl fmt::Display) -> Self {
        self.0.errors.push(FieldError {
            field: field.to_owned(),
            code: code.to_owned(),
            detail: detail.to_string(),
        });
        self
    }

    /// Names a field as this request calls it.
    #[must_use]
    pub fn with_field_renamed(mut self, from: &str, to: &str) -> Self {
        self.0
            .errors
            .iter_mut()
            .filter(|error| error.field == from)
            .for_each(|error| error.field = to.into());
        self
    }

    /// Says which item of a batch it is about; its fields are named as the batch calls them.
    #[must_use]
    pub fn of_item(mut self, index: usize) -> Self {
        for error in &mut self.0.errors {
            error.field = format!("items[{index}].{}", error.field);
        }
        self.0.index = Some(index);
        self
    }

    fn kind(&self) -> String {
        format!("/problems/{}", self.0.code.replace('_', "-"))
    }

    fn title(&self) -> &'static str {
        kinds::of_code(self.0.code).map_or(self.0.code, |kind| kind.title)
    }

    /// Says when to come back.
    #[must_use]
    pub fn with_retry_after(mut self, seconds: u64) -> Self {
        self.0.retry_after_s = Some(seconds);
        self
    }

    /// Names the methods that a path knows.
    #[must_use]
    pub fn with_allow(mut self, allow: String) -> Self {
        self.0.allow = Some(allow);
        self
    }

    /// Adds the one-purpose token that sets a new password.
    #[must_use]
    pub fn with_change_token(mut self, token: String) -> Self {
        self.0.change_token = Some(token);
        self
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// The HTTP status.
    pub fn status_code(&self) -> StatusCode {
        self.0.status
    }

    /// The whole answer, for the request of that id.
    pub fn into_response_for(self, request: &RequestId) -> Response {
        let mut response = Response::builder()
            .status(self.0.status)
            .content_type(ProblemJson::CONTENT_TYPE)
            .body(Body::from_string(self.body(request).to_string()));
        let headers = response.headers_mut();
        if let Some(seconds) = self.0.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(Ok(allow)) = self.0.allow.as_deref().map(HeaderValue::from_str) {
            headers.insert(header::ALLOW, allow);
        }
        if self.0.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"namaskah\""));
        }
        response.set_data(ProblemCode(self.0.code));
        response
    }

    fn body(&self, request: &RequestId) -> serde_json::Value {
        use poem_openapi::types::ToJSON;
        let body = ProblemBody {
            kind: self.kind(),
            title: self.title().to_owned(),
            status: self.0.status.as_u16(),
            detail: self.0.detail.clone().into_owned(),
            code: self.0.code.to_owned(),
            request_id: request.as_str().to_owned(),
            errors: self.0.errors.clone(),
            change_token: self.0.change_token.clone(),
            index: self.0.index.and_then(|index| u32::try_from(index).ok()),
        };
        body.to_json().unwrap_or_default()
    }
}

/// Left on a response for the access log.
#[derive(Debug, Clone, Copy)]
pub struct ProblemCode(pub &'static str);

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.0.status.as_u16(), self.0.code, self.0.detail)
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status(&self) -> StatusCode {
        self.0.status
    }

    fn as_response(&self) -> Response {
        self.clone().into_response_for(&RequestId::unknown())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        self.into_response_for(&RequestId::unknown())
    }
}

/// The media type of problems, for the document.
struct ProblemJson;

impl Payload for ProblemJson {
    const CONTENT_TYPE: &'static str = "application/problem+json";

    fn schema_ref() -> MetaSchemaRef {
        ProblemBody::schema_ref()
    }

    fn register(registry: &mut Registry) {
        ProblemBody::register(registry);
    }
}

impl ApiResponse for Problem {
    fn meta() -> MetaResponses {
        let declare = |(status, description): &(u16, &'static str)| MetaResponse {
            description,
            status: Some(*status),
            status_range: None,
            content: vec![MetaMediaType {
                content_type: ProblemJson::CONTENT_TYPE,
                schema: ProblemJson::schema_ref(),
            }],
            headers: vec![],
        };
        MetaResponses { responses: DECLARED.iter().map(declare).collect() }
    }

    fn register(registry: &mut Registry) {
        ProblemJson::register(registry);
    }
}
