//! A request takes 30 s at most. A stream may last longer: its answer begins at once.

use std::time::Duration;

use poem::{Endpoint, IntoResponse, Middleware, Request, Response, Result};

use crate::http::problem::Problem;

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
        match tokio::time::timeout(self.after, self.inner.call(request)).await {
            Ok(result) => result.map(IntoResponse::into_response),
            Err(_) => Err(Problem::fault(503, "unavailable", "a request took too long").into()),
        }
    }
}
