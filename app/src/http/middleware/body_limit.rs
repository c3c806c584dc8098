//! A limit of the body that holds with and without `Content-Length`.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use poem::{Body, Endpoint, IntoResponse, Middleware, Request, Response, Result, http::header};

use crate::http::problem::Problem;

/// A body has at most so many bytes.
pub const MAX_BODY: usize = 256 * 1024;
/// A body that is too large is read to its end up to here, so that a client that writes first reads the answer.
const MAX_DRAINED: u64 = 32 * 1024 * 1024;
const DRAIN_TIME: Duration = Duration::from_secs(5);

/// A body that has not come to its end after so long is not waited for.
pub const BODY_TIME: Duration = Duration::from_secs(20);

/// Reads each body before the handlers, and refuses what is too large or too slow.
pub struct BodyLimit {
    /// A body must have come after so long.
    pub time: Duration,
}

impl<E: Endpoint> Middleware<E> for BodyLimit {
    type Output = BodyLimitEndpoint<E>;

    fn transform(&self, inner: E) -> Self::Output {
        BodyLimitEndpoint { inner, time: self.time }
    }
}

/// See [`BodyLimit`].
pub struct BodyLimitEndpoint<E> {
    inner: E,
    time: Duration,
}

impl<E: Endpoint> Endpoint for BodyLimitEndpoint<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let told = told_length(&request);
        let waits = request.headers().contains_key(header::EXPECT);
        let body = request.take_body();
        if told.is_some_and(|length| length > MAX_DRAINED || (waits && length > MAX_BODY as u64)) {
            return Err(too_large().into());
        }
        let read = tokio::time::timeout(self.time, read(body)).await;
        request.set_body(Body::from_bytes(read.map_err(|_| too_slow(self.time))??));
        self.inner.call(request).await.map(IntoResponse::into_response)
    }
}

fn told_length(request: &Request) -> Option<u64> {
    request.header(header::CONTENT_LENGTH).and_then(|text| text.parse().ok())
}

fn too_large() -> Problem {
    Problem::told(413, "body_too_large", format!("A body has at most {MAX_BODY} bytes."))
}

fn too_slow(time: Duration) -> Problem {
    let detail = format!("The body did not come to its end within {} s.", time.as_secs());
    Problem::told(400, "malformed_request", detail)
}

async fn read(body: Body) -> Result<Bytes, Problem> {
    let mut stream = body.into_bytes_stream();
    let mut kept = BytesMut::new();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk
            .map_err(|_| Problem::told(400, "malformed_request", "The body could not be read to its end."))?;
        if kept.len() + chunk.len() > MAX_BODY {
            drop(kept);
            // Whether the rest came or not, the answer is the same.
            let _ = tokio::time::timeout(DRAIN_TIME, drain(stream)).await;
            return Err(too_large());
        }
        kept.extend_from_slice(&chunk);
    }
    Ok(kept.freeze())
}

async fn drain(mut stream: impl futures::Stream<Item = std::io::Result<Bytes>> + Unpin) {
    let mut drained = 0u64;
    while let Some(Ok(chunk)) = stream.next().await {
        drained += chunk.len() as u64;
        if drained > MAX_DRAINED {
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use poem::{EndpointExt, endpoint::make};

    use super::*;

    #[tokio::test]
    async fn a_body_that_does_not_come_is_not_waited_for() {
        let endpoint = make(|_| async { Ok::<_, poem::Error>(Response::default()) });
        let endpoint = endpoint.with(BodyLimit { time: Duration::from_millis(20) });
        let begins = futures::stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(b"{"))]);
        let body = Body::from_bytes_stream(begins.chain(futures::stream::pending()));
        let refused = endpoint.call(Request::builder().body(body)).await.expect_err("it does not end");
        assert_eq!(refused.downcast_ref::<Problem>().map(|p| p.status_code().as_u16()), Some(400));
    }
}
