use std::net::SocketAddr;

use poem::{
    Request,
    error::ReadBodyError,
    http::{HeaderMap, StatusCode, header},
};
use reqwest::Url;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{Answer, Dialect};

/// Largest body that is read.
const BODY_LIMIT: usize = 1 << 20;

/// A request, read whole.
pub(crate) struct Call {
    pub(crate) dialect: Dialect,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    /// `http://` and the host the caller used, so that links lead back the way he came.
    pub(crate) base_url: String,
    /// The part of the path before `/api`, which links repeat.
    pub(crate) mount: &'static str,
    pub(crate) peer: Option<SocketAddr>,
    path_param: Option<String>,
}

impl Call {
    pub(crate) async fn read(mut request: Request, dialect: Dialect) -> Result<Self, Answer> {
        let too_large =
            || Answer::refusal(dialect, StatusCode::PAYLOAD_TOO_LARGE, "the body is larger than 1 MiB");
        let announced = request.header(header::CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
        if announced.is_some_and(|length| length > BODY_LIMIT as u64) {
            return Err(too_large());
        }
        let body = match request.take_body().into_bytes_limit(BODY_LIMIT).await {
            Ok(body) => body.to_vec(),
            Err(ReadBodyError::PayloadTooLarge) => return Err(too_large()),
            Err(error) => return Err(Answer::refusal(dialect, StatusCode::BAD_REQUEST, &error.to_string())),
        };
        let peer = request.remote_addr().as_socket_addr().copied();
        Ok(Self {
            dialect,
            query: pairs(request.uri().query().unwrap_or_default()),
            base_url: base_url(&request),
            mount: if request.original_uri().path().starts_with("/textverified/") {
                "/textverified"
            } else {
                ""
            },
            headers: request.headers().clone(),
            body,
            peer,
            path_param: request.raw_path_param("id").map(str::to_owned),
        })
    }

    /// The variable part of the path, decoded.
    pub(crate) fn id(&self) -> &str {
        self.path_param.as_deref().unwrap_or_default()
    }

    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok().map(str::trim).filter(|value| !value.is_empty())
    }

    /// The token after `Bearer `.
    pub(crate) fn bearer(&self) -> Option<&str> {
        let (scheme, token) = self.header("authorization")?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim()).filter(|token| !token.is_empty())
    }

    /// The body as a JSON object; a form is one whose values are all text.
    pub(crate) fn object(&self) -> Result<Map<String, Value>, Answer> {
        let refuse = |message: &str| Answer::refusal(self.dialect, StatusCode::BAD_REQUEST, message);
        let is_form =
            self.header("content-type").is_some_and(|t| t.starts_with("application/x-www-form-urlencoded"));
        if is_form && !self.body.trim_ascii_start().starts_with(b"{") {
            let text = std::str::from_utf8(&self.body).map_err(|_| refuse("the body is not UTF-8"))?;
            return Ok(pairs(text).into_iter().map(|(key, value)| (key, value.into())).collect());
        }
        match serde_json::from_slice(&self.body) {
            Ok(Value::Object(object)) => Ok(object),
            Ok(_) => Err(refuse("the body must be a JSON object")),
            Err(error) => Err(refuse(&format!("the body is not JSON: {error}"))),
        }
    }

    /// The body of a control: JSON of exactly this shape. An empty body is an empty object.
    pub(crate) fn parse<T: DeserializeOwned>(&self) -> Result<T, Answer> {
        let refuse =
            |status, error: serde_json::Error| Answer::refusal(self.dialect, status, &error.to_string());
        let body = if self.body.trim_ascii().is_empty() { b"{}" } else { self.body.as_slice() };
        let value: Value = serde_json::from_slice(body).map_err(|e| refuse(StatusCode::BAD_REQUEST, e))?;
        serde_json::from_value(value).map_err(|e| refuse(StatusCode::UNPROCESSABLE_ENTITY, e))
    }

    /// Whether a browser sent this from a page of another site.
    pub(crate) fn is_cross_site(&self) -> bool {
        self.header("origin").is_some_and(|origin| origin != self.base_url)
    }
}

fn base_url(request: &Request) -> String {
    let is_plain = |host: &&str| host.chars().all(|c| c.is_ascii_alphanumeric() || ".-:[]".contains(c));
    match request.header(header::HOST).filter(is_plain) {
        Some(host) => format!("http://{host}"),
        None => format!("http://{}", request.local_addr()),
    }
}

fn pairs(text: &str) -> Vec<(String, String)> {
    let Ok(mut url) = Url::parse("http://localhost/") else { return Vec::new() };
    url.set_query(Some(text));
    url.query_pairs().into_owned().collect()
}
