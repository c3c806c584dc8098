//! A request names one host: of two, one layer may believe the first and another the second.

use poem::{Endpoint, IntoResponse, Middleware, Request, Response, Result, http::header};

use crate::http::problem::Problem;

/// Refuses a request that names its host twice, or in its target another one than in `Host`.
///
/// Source: RFC 9112 sections 3.2 and 3.2.2.
pub struct OneHost;

impl<E: Endpoint> Middleware<E> for OneHost {
    type Output = OneHostEndpoint<E>;

    fn transform(&self, inner: E) -> Self::Output {
        OneHostEndpoint(inner)
    }
}

/// See [`OneHost`].
pub struct OneHostEndpoint<E>(E);

impl<E: Endpoint> Endpoint for OneHostEndpoint<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        if names_two(&request) {
            let detail = "A request names one host: Host comes once, and is that of its target.";
            return Err(Problem::told(400, "malformed_request", detail).into());
        }
        self.0.call(request).await.map(IntoResponse::into_response)
    }
}

fn names_two(request: &Request) -> bool {
    let mut lines = request.headers().get_all(header::HOST).iter();
    let (named, again) = (lines.next(), lines.next());
    let target = request.uri().authority().map(|authority| without_user(authority.as_str()));
    let differs = named.zip(target).is_some_and(|(named, target)| {
        // The same to the letter but for capitals: a client sends in `Host` what stands in its target.
        !named.as_bytes().eq_ignore_ascii_case(target.as_bytes())
    });
    again.is_some() || differs
}

/// `Host` does not name a user.
fn without_user(authority: &str) -> &str {
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}

#[cfg(test)]
mod tests {
    use poem::http::Uri;

    use super::*;

    fn request(target: &str, hosts: &[&str]) -> Request {
        let mut request = Request::builder().uri(target.parse::<Uri>().expect("a target")).finish();
        for host in hosts {
            request.headers_mut().append(header::HOST, host.parse().expect("a header"));
        }
        request
    }

    #[test]
    fn a_host_is_named_once_and_is_that_of_the_target() {
        for (target, hosts) in [
            ("/", &["a.test"][..]),
            ("/", &[]),
            ("http://a.test/", &[]),
            ("http://a.test/", &["A.test"]),
            ("http://a.test:80/", &["a.test:80"]),
            ("http://me:word@a.test/", &["a.test"]),
        ] {
            assert!(!names_two(&request(target, hosts)), "{target} {hosts:?}");
        }
        for (target, hosts) in [
            ("/", &["a.test", "b.test"][..]),
            ("/", &["a.test", "a.test"]),
            ("http://a.test/", &["b.test"]),
            ("http://a.test/", &[""]),
            ("http://a.test/", &["a.test:80"]),
            ("http://a.test:8080/", &["a.test"]),
            ("http://a.test@b.test/", &["a.test"]),
        ] {
            assert!(names_two(&request(target, hosts)), "{target} {hosts:?}");
        }
    }
}
