//! Answers: which status, which headers, and the body.

use namaskah_domain::payment::Done;
use poem::{
    IntoResponse, Response,
    http::{HeaderValue, StatusCode, header},
};
use poem_openapi::{
    ApiResponse,
    registry::{MetaHeader, MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry},
    types::{ToJSON, Type},
};

const JSON: &str = "application/json";
const REPLAYED: &str = "Idempotent-Replayed";

/// 200 with a body.
pub struct Shown<T>(pub T);

/// 201 with the new thing and where it is. A repeated command is answered with the thing as it is now.
pub struct Created<T> {
    /// The thing.
    pub body: T,
    /// Its path.
    pub location: String,
    /// True if the command took effect before.
    pub replayed: bool,
}

impl<T> Created<T> {
    /// The answer to a command under an idempotency key.
    pub fn done<R>(done: Done<R>, location: impl Fn(&R) -> String, show: impl FnOnce(R) -> T) -> Self {
        let location = location(&done.value);
        Self { body: show(done.value), location, replayed: done.replayed }
    }

    /// The answer to a command without a key.
    pub const fn new(body: T, location: String) -> Self {
        Self { body, location, replayed: false }
    }
}

/// 202 with a body: it was understood and will be done, or is being done.
pub struct Accepted<T>(pub T);

/// 204.
pub struct NoContent;

fn json<T: ToJSON>(status: StatusCode, body: &T) -> Response {
    Response::builder().status(status).content_type(JSON).body(body.to_json_string())
}

fn meta<T: Type>(status: u16, description: &'static str, headers: Vec<MetaHeader>) -> MetaResponses {
    let content = vec![MetaMediaType { content_type: JSON, schema: T::schema_ref() }];
    let response = MetaResponse { description, status: Some(status), status_range: None, content, headers };
    MetaResponses { responses: vec![response] }
}

fn text_header(name: &str, description: &str, required: bool) -> MetaHeader {
    MetaHeader {
        name: name.to_owned(),
        description: Some(description.to_owned()),
        required,
        deprecated: false,
        schema: MetaSchemaRef::Inline(Box::new(MetaSchema::new("string"))),
    }
}

impl<T: ToJSON> IntoResponse for Shown<T> {
    fn into_response(self) -> Response {
        json(StatusCode::OK, &self.0)
    }
}

impl<T: ToJSON> ApiResponse for Shown<T> {
    fn meta() -> MetaResponses {
        meta::<T>(200, "As it is now", vec![])
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: ToJSON> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        let mut response = json(StatusCode::CREATED, &self.body);
        if let Ok(location) = HeaderValue::from_str(&self.location) {
            response.headers_mut().insert(header::LOCATION, location);
        }
        if self.replayed {
            response.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
        }
        response
    }
}

impl<T: ToJSON> ApiResponse for Created<T> {
    fn meta() -> MetaResponses {
        let location = text_header("Location", "Path of the new thing", true);
        let replayed = text_header(REPLAYED, "`true` if the command took effect before", false);
        meta::<T>(201, "Made", vec![location, replayed])
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: ToJSON> IntoResponse for Accepted<T> {
    fn into_response(self) -> Response {
        json(StatusCode::ACCEPTED, &self.0)
    }
}

impl<T: ToJSON> ApiResponse for Accepted<T> {
    fn meta() -> MetaResponses {
        meta::<T>(202, "Understood, and being done", vec![])
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl IntoResponse for NoContent {
    fn into_response(self) -> Response {
        StatusCode::NO_CONTENT.into_response()
    }
}

impl ApiResponse for NoContent {
    fn meta() -> MetaResponses {
        let response = MetaResponse {
            description: "Done",
            status: Some(204),
            status_range: None,
            content: vec![],
            headers: vec![],
        };
        MetaResponses { responses: vec![response] }
    }

    fn register(_: &mut Registry) {}
}
