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

/// 200 to a command under an idempotency key, with the thing as it is now.
pub struct Changed<T> {
    body: T,
    replayed: bool,
}

impl<T> Changed<T> {
    /// The answer to the command.
    pub fn done<R>(done: Done<R>, show: impl FnOnce(R) -> T) -> Self {
        Self { body: show(done.value), replayed: done.replayed }
    }
}

impl<T: ToJSON> IntoResponse for Changed<T> {
    fn into_response(self) -> Response {
        let mut response = json(StatusCode::OK, &self.body);
        if self.replayed {
            response.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
        }
        response
    }
}

impl<T: ToJSON> ApiResponse for Changed<T> {
    fn meta() -> MetaResponses {
        let replayed = text_header(REPLAYED, "`true` if the command took effect before", false);
        meta::<T>(200, "Changed", vec![replayed])
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

/// 202 with a body: it was understood and will be done, or is being done.
pub struct Accepted<T>(pub T);

/// 200 with what it has become, or 202 if it will become that once more is known.
pub enum NowOrSoon<T> {
    /// It is done.
    Now(Box<T>),
    /// It will be.
    Soon(Box<T>),
}

/// 202 to a command under an idempotency key: it has begun, and ends by itself.
pub struct Begun<T> {
    body: T,
    replayed: bool,
}

impl<T> Begun<T> {
    /// The answer to the command.
    pub fn done<R>(done: Done<R>, show: impl FnOnce(R) -> T) -> Self {
        Self { body: show(done.value), replayed: done.replayed }
    }
}

impl<T: ToJSON> IntoResponse for Begun<T> {
    fn into_response(self) -> Response {
        let mut response = json(StatusCode::ACCEPTED, &self.body);
        if self.replayed {
            response.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
        }
        response
    }
}

impl<T: ToJSON> ApiResponse for Begun<T> {
    fn meta() -> MetaResponses {
        let replayed = text_header(REPLAYED, "`true` if the command took effect before", false);
        meta::<T>(202, "Begun", vec![replayed])
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

/// 204.
pub struct NoContent;

/// 200 without a body.
pub struct Acknowledged;

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

impl<T: ToJSON> IntoResponse for NowOrSoon<T> {
    fn into_response(self) -> Response {
        match self {
            Self::Now(body) => Shown(*body).into_response(),
            Self::Soon(body) => Accepted(*body).into_response(),
        }
    }
}

impl<T: ToJSON> ApiResponse for NowOrSoon<T> {
    fn meta() -> MetaResponses {
        let mut meta = Shown::<T>::meta();
        meta.responses.extend(Accepted::<T>::meta().responses);
        meta
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

fn bare(status: u16, description: &'static str) -> MetaResponses {
    let (content, headers) = (vec![], vec![]);
    let response = MetaResponse { description, status: Some(status), status_range: None, content, headers };
    MetaResponses { responses: vec![response] }
}

impl IntoResponse for NoContent {
    fn into_response(self) -> Response {
        Response::builder().status(StatusCode::NO_CONTENT).finish()
    }
}

impl ApiResponse for NoContent {
    fn meta() -> MetaResponses {
        bare(204, "Done")
    }

    fn register(_: &mut Registry) {}
}

impl IntoResponse for Acknowledged {
    fn into_response(self) -> Response {
        Response::builder().status(StatusCode::OK).finish()
    }
}

impl ApiResponse for Acknowledged {
    fn meta() -> MetaResponses {
        bare(200, "Stored")
    }

    fn register(_: &mut Registry) {}
}

/// 200 with a body that changes seldom, or 304 to a client that has it.
pub struct Cached<T> {
    /// The body.
    pub body: T,
    /// How many seconds it may be kept.
    pub max_age_s: u32,
    /// What the client says it has.
    pub known: IfNoneMatch,
}

/// The tags that a client has.
#[derive(Debug, Clone, Default)]
pub struct IfNoneMatch(Vec<String>);

impl<'a> poem::FromRequest<'a> for IfNoneMatch {
    async fn from_request(request: &'a poem::Request, _: &mut poem::RequestBody) -> poem::Result<Self> {
        let lines = request.headers().get_all(header::IF_NONE_MATCH).iter().filter_map(|v| v.to_str().ok());
        let tags = lines.flat_map(|line| line.split(',')).map(|tag| tag.trim().trim_start_matches("W/"));
        Ok(Self(tags.map(str::to_owned).collect()))
    }
}

impl IfNoneMatch {
    /// True if the client has what this tag names.
    pub fn has(&self, tag: &str) -> bool {
        self.0.iter().any(|known| known == tag || known == "*")
    }
}

/// A strong tag of these bytes.
pub fn etag(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    format!("\"{}\"", &hex::encode(Sha256::digest(bytes))[..32])
}

impl<T: ToJSON> IntoResponse for Cached<T> {
    fn into_response(self) -> Response {
        let text = self.body.to_json_string();
        let tag = etag(text.as_bytes());
        let answer = Response::builder()
            .header(header::ETAG, &tag)
            .header(header::CACHE_CONTROL, format!("private, max-age={}", self.max_age_s));
        if self.known.has(&tag) {
            answer.status(StatusCode::NOT_MODIFIED).finish()
        } else {
            answer.content_type(JSON).body(text)
        }
    }
}

impl<T: ToJSON> ApiResponse for Cached<T> {
    fn meta() -> MetaResponses {
        let headers = || {
            vec![
                text_header("ETag", "Send it back as If-None-Match", true),
                text_header("Cache-Control", "How long it may be kept", true),
            ]
        };
        let mut meta = meta::<T>(200, "As it is now", headers());
        let mut unchanged = bare(304, "You have it already");
        unchanged.responses.iter_mut().for_each(|response| response.headers = headers());
        meta.responses.extend(unchanged.responses);
        meta
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}
