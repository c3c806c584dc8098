//! A parameter of the query comes once: of two, one layer may read the first and another the second.

use std::collections::HashSet;

use poem::{Endpoint, IntoResponse, Middleware, Request, Response, Result};
use url::form_urlencoded;

use crate::http::problem::Problem;

/// Refuses a query that names a parameter twice.
pub struct NamedOnce;

impl<E: Endpoint> Middleware<E> for NamedOnce {
    type Output = NamedOnceEndpoint<E>;

    fn transform(&self, inner: E) -> Self::Output {
        NamedOnceEndpoint(inner)
    }
}

/// See [`NamedOnce`].
pub struct NamedOnceEndpoint<E>(E);

impl<E: Endpoint> Endpoint for NamedOnceEndpoint<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        if request.uri().query().is_some_and(names_one_twice) {
            let detail = "A parameter of the query comes once.";
            return Err(Problem::told(400, "malformed_request", detail).into());
        }
        self.0.call(request).await.map(IntoResponse::into_response)
    }
}

/// Names are compared as they are read: decoded.
fn names_one_twice(query: &str) -> bool {
    let mut names = HashSet::new();
    form_urlencoded::parse(query.as_bytes()).any(|(name, _)| !names.insert(name))
}

#[cfg(test)]
mod tests {
    use super::names_one_twice;

    #[test]
    fn a_name_comes_once_however_it_is_written() {
        for query in ["limit=1&limit=2", "limit=1&%6cimit=2", "a&b&a", "a=1&a=1", "a+b=1&a%20b=2", "&a=&b=&a"]
        {
            assert!(names_one_twice(query), "{query}");
        }
        for query in ["", "&", "limit=1", "limit=1&Limit=2", "a=b&b=a", "q=a%26q=b"] {
            assert!(!names_one_twice(query), "{query}");
        }
    }
}
