//! Other origins: those on the list may read answers, by exact name. Never all of them, and never with cookies: pages
//! from elsewhere send an access token.

use std::sync::Arc;

use poem::{
    Endpoint, IntoResponse, Middleware, Request, Response, Result,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
};

use crate::http::{middleware::RequestId, problem::Problem};

const MAY_SEND: &str =
    "authorization, content-type, idempotency-key, if-none-match, last-event-id, x-request-id";
const MAY_READ: &str = "etag, idempotent-replayed, ratelimit, ratelimit-policy, retry-after, x-ratelimit-limit, \
                        x-ratelimit-remaining, x-ratelimit-reset, x-request-id";
/// Browsers ask again after ten minutes.
const MAX_AGE_S: &str = "600";

/// Lets the pages of these origins call the API.
pub struct Cors {
    origins: Arc<[String]>,
}

impl Cors {
    /// None: nothing is said about origins at all.
    pub fn new(origins: &[String]) -> Self {
        Self { origins: origins.into() }
    }
}

impl<E: Endpoint> Middleware<E> for Cors {
    type Output = CorsEndpoint<E>;

    fn transform(&self, inner: E) -> Self::Output {
        CorsEndpoint { inner, origins: self.origins.clone() }
    }
}

/// See [`Cors`].
pub struct CorsEndpoint<E> {
    inner: E,
    origins: Arc<[String]>,
}

impl<E: Endpoint> Endpoint for CorsEndpoint<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        if self.origins.is_empty() {
            return self.inner.call(request).await.map(IntoResponse::into_response);
        }
        let id = RequestId::of(&request);
        let friend = self.friend(&request);
        let asks_first = friend.is_some()
            && *request.method() == Method::OPTIONS
            && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        // A fault inside is answered here, or the page that asked could not read which one it was.
        let mut response = match self.inner.call(request).await {
            Ok(answer) => answer.into_response(),
            Err(error) => of_error(&error).into_response_for(&id),
        };
        // No route knows OPTIONS; one that is there says which methods it has.
        if asks_first && response.status() == StatusCode::METHOD_NOT_ALLOWED {
            response = permit(response);
        }
        tell(response.headers_mut(), friend);
        Ok(response)
    }
}

impl<E> CorsEndpoint<E> {
    fn friend(&self, request: &Request) -> Option<HeaderValue> {
        let origin = request.headers().get(header::ORIGIN)?;
        self.origins.iter().any(|known| known.as_bytes() == origin.as_bytes()).then(|| origin.clone())
    }
}

fn of_error(error: &poem::Error) -> Problem {
    error.downcast_ref::<Problem>().cloned().unwrap_or_else(|| Problem::fault(500, "internal", error))
}

/// 204, with the methods of the route.
fn permit(mut response: Response) -> Response {
    response.set_status(StatusCode::NO_CONTENT);
    response.take_body();
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_TYPE);
    headers.remove(header::CONTENT_LENGTH);
    if let Some(methods) = headers.remove(header::ALLOW) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
    }
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(MAY_SEND));
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(MAX_AGE_S));
    response
}

/// Answers differ by origin, which a cache between must know of every one of them.
fn tell(headers: &mut HeaderMap, friend: Option<HeaderValue>) {
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    if let Some(origin) = friend {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(MAY_READ));
    }
}

#[cfg(test)]
mod tests {
    use poem::{EndpointExt, endpoint::make};

    use super::*;

    #[tokio::test]
    async fn without_a_list_nothing_is_said_about_origins() {
        let endpoint = make(|_| async { Ok::<_, poem::Error>(Response::default()) }).with(Cors::new(&[]));
        let answer = endpoint.call(Request::builder().header("origin", "https://app.example").finish()).await;
        assert!(answer.expect("an answer").headers().is_empty());
    }
}
