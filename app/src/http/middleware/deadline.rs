//! A request takes 30 s at most, with the question who asks. A stream may last longer: its answer begins at once.

use std::time::Duration;

use poem::{Endpoint, IntoResponse, Middleware, Request, Response, Result};

use crate::http::{middleware::RequestId, problem::Problem};

/// Ends what takes too long with 503. Commands run in tasks of their own and are not cut off.
pub struct Deadline(pub Duration);

impl<E: Endpoint> Middleware<E> for Deadline {
    type Output = DeadlineEndpoint<E>;

    fn transform(&self, inner: E) -> Self::Output {
        DeadlineEndpoint { inner, after: self.0 }
    }
}

/// See [`Deadline`].
pub struct DeadlineEndpoint<E> {
    inner: E,
    after: Duration,
}

impl<E: Endpoint> Endpoint for DeadlineEndpoint<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let id = RequestId::of(&request);
        match tokio::time::timeout(self.after, self.inner.call(request)).await {
            Ok(result) => result.map(IntoResponse::into_response),
            Err(_) => {
                Ok(Problem::fault(503, "unavailable", "a request took too long").into_response_for(&id))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use poem::{endpoint::make, http::StatusCode};

    use super::*;

    /// Nothing outside of it makes a problem of an error.
    #[tokio::test]
    async fn what_takes_too_long_is_answered_with_a_problem() {
        let never = make(|_| std::future::pending::<Result<Response>>());
        let answer = Deadline(Duration::from_millis(1)).transform(never).call(Request::default()).await;
        let answer = answer.expect("an answer");
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(answer.content_type(), Some("application/problem+json"));
    }
}
