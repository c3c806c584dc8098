use std::time::Duration;

use poem::{
    Response,
    http::{HeaderName, HeaderValue, StatusCode, header},
};
use serde_json::{Value, json};

/// Whose error format an answer speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    TextVerified,
    Paystack,
    Google,
    PwnedPasswords,
    Control,
}

/// An answer before faults.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: Vec<(HeaderName, String)>,
    pub(crate) body: String,
    pub(crate) is_html: bool,
    /// Real time between the work and the answer.
    pub(crate) delay: Duration,
}

impl Answer {
    pub(crate) fn json(status: StatusCode, body: &Value) -> Self {
        Self { status, headers: Vec::new(), body: body.to_string(), is_html: false, delay: Duration::ZERO }
    }

    pub(crate) fn ok(body: &Value) -> Self {
        Self::json(StatusCode::OK, body)
    }

    pub(crate) fn empty() -> Self {
        Self { body: String::new(), ..Self::json(StatusCode::OK, &Value::Null) }
    }

    pub(crate) fn html(body: String) -> Self {
        Self { body, is_html: true, ..Self::empty() }
    }

    pub(crate) fn text(status: StatusCode, body: &str) -> Self {
        Self { status, body: body.to_owned(), ..Self::empty() }
            .header(header::CONTENT_TYPE, "text/plain".into())
    }

    pub(crate) fn header(mut self, name: HeaderName, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    /// A refusal in the words of `dialect`.
    pub(crate) fn refusal(dialect: Dialect, status: StatusCode, message: &str) -> Self {
        let body = match dialect {
            Dialect::TextVerified if status == StatusCode::BAD_REQUEST => {
                json!({ "errorCode": "ValidationError", "errorDescription": message })
            }
            Dialect::TextVerified => json!({ "errorCode": null, "errorDescription": message }),
            Dialect::Google => {
                let error = if status.is_server_error() { "server_error" } else { "invalid_request" };
                json!({ "error": error, "error_description": message })
            }
            Dialect::PwnedPasswords => return Self::text(status, message),
            Dialect::Paystack => json!({ "status": false, "message": message }),
            Dialect::Control => json!({ "error": message }),
        };
        Self::json(status, &body)
    }

    /// A body that no parser accepts, under the true status, with nothing else to learn the outcome from.
    pub(crate) fn malformed(mut self) -> Self {
        self.headers.retain(|(name, _)| name != header::LOCATION);
        let half: String = self.body.chars().take(self.body.chars().count() / 2).collect();
        self.body = if half.starts_with(['{', '[']) { half } else { "{\"data\":".into() };
        self.delay = Duration::ZERO;
        self
    }

    pub(crate) fn into_response(self) -> Response {
        let mut response = Response::builder().status(self.status);
        let is_typed = self.headers.iter().any(|(name, _)| name == header::CONTENT_TYPE);
        for (name, value) in self.headers {
            // Values are our own ids and links; one that cannot be a header is left out rather than sent altered.
            if let Ok(value) = HeaderValue::from_str(&value) {
                response = response.header(name, value);
            }
        }
        response = response.header(header::CACHE_CONTROL, "no-store");
        if self.is_html {
            let policy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
                          base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
            response = response
                .header(header::CONTENT_SECURITY_POLICY, policy)
                .content_type("text/html; charset=utf-8");
        } else if !self.body.is_empty() && !is_typed {
            response = response.content_type("application/json; charset=utf-8");
        }
        response.body(self.body)
    }
}
