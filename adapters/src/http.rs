//! The HTTP client that adapters of others' services use: no redirects, no proxy, explicit time-outs, answers of
//! bounded size, and failures that say whether anything was sent.

use std::time::Duration;

use chrono::DateTime;
use namaskah_domain::Time;
use reqwest::{
    Client, ClientBuilder, RequestBuilder, Response, StatusCode,
    header::{DATE, HeaderMap, HeaderValue, RETRY_AFTER},
};
use tokio::time::{Instant, timeout_at};

/// Largest answer that is read, in bytes.
pub const ANSWER_CAP: usize = 4 * 1024 * 1024;

/// How long a connection may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Connections idle for longer are not used again: a server may have closed them, and a purchase sent into a
/// closed connection has an unknown outcome.
const IDLE_TIMEOUT: Duration = Duration::from_secs(15);
/// A read is tried so often.
const READ_TRIES: u32 = 3;
/// Whoever asks us to wait is believed up to here: what is added to an instant must not pass the end of time.
const LONGEST_WAIT: Duration = Duration::from_secs(3_600);

/// Why there is no usable answer. Its text names no address, no header and nothing of a body.
#[derive(Debug, thiserror::Error)]
pub enum HttpFault {
    /// The client could not be built.
    #[error("the HTTP client cannot be built")]
    Client(#[source] reqwest::Error),
    /// An address in the configuration is not an HTTP URL.
    #[error("not an http or https address")]
    Address,
    /// No connection was made, so nothing was sent.
    #[error("no connection")]
    NotConnected(#[source] reqwest::Error),
    /// No whole answer in time; the request may have been received.
    #[error("no answer in time")]
    TimedOut,
    /// The connection broke; the request may have been received.
    #[error("the connection broke")]
    Broken(#[source] reqwest::Error),
    /// The answer is larger than may be read: than [`ANSWER_CAP`], as a rule.
    #[error("the answer is too large")]
    TooLarge,
    /// A status that does not fit the call; with the other side's error code, if it named one.
    #[error("status {status}{}", code_text(.code))]
    Status {
        /// The HTTP status.
        status: u16,
        /// Its own word for the failure, cleaned.
        code: Option<String>,
    },
    /// The answer is not what was agreed; says which part.
    #[error("malformed answer: {0}")]
    Malformed(&'static str),
}

fn code_text(code: &Option<String>) -> String {
    code.as_ref().map(|code| format!(" ({code})")).unwrap_or_default()
}

impl HttpFault {
    /// True if it is certain that the request never left.
    pub const fn nothing_was_sent(&self) -> bool {
        matches!(self, Self::Client(_) | Self::Address | Self::NotConnected(_))
    }

    fn of(error: reqwest::Error) -> Self {
        let error = error.without_url();
        if error.is_connect() {
            Self::NotConnected(error)
        } else if error.is_timeout() {
            Self::TimedOut
        } else if error.is_builder() {
            Self::Client(error)
        } else {
            Self::Broken(error)
        }
    }
}

/// A client that gives up after `timeout` (from the connection to the last byte), follows no redirect, uses no
/// proxy and repeats nothing by itself.
///
/// # Errors
/// `Client` if the platform's TLS roots cannot be had.
pub fn client(timeout: Duration) -> Result<Client, HttpFault> {
    builder(timeout).build().map_err(HttpFault::Client)
}

/// What every client of ours begins with.
pub(crate) fn builder(timeout: Duration) -> ClientBuilder {
    // The second call in a process says that there is one already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .timeout(timeout)
        .connect_timeout(CONNECT_TIMEOUT.min(timeout))
        .pool_idle_timeout(IDLE_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .referer(false)
        .user_agent(concat!("namaskah/", env!("CARGO_PKG_VERSION")))
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, decompressed.
    pub body: Vec<u8>,
}

impl Answer {
    /// The sender's clock as it answered, in whole seconds.
    pub fn date(&self) -> Option<Time> {
        let text = self.headers.get(DATE)?.to_str().ok()?;
        DateTime::parse_from_rfc2822(text).ok().map(|date| date.to_utc())
    }

    /// How long the sender asks us to wait, where it says so in seconds; an hour at most.
    pub fn retry_after(&self) -> Option<Duration> {
        let seconds = self.headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
        Some(Duration::from_secs(seconds).min(LONGEST_WAIT))
    }

    fn may_pass(&self) -> bool {
        matches!(self.status.as_u16(), 429 | 500 | 502 | 503 | 504)
    }
}

tokio::task_local! {
    /// Sent along with whatever is sent within.
    static TRACEPARENT: HeaderValue;
}

/// Does `call`, and tells whomever it calls over HTTP which trace it belongs to. That is for providers that are
/// configured: calls of others must not be within.
pub async fn traced<C: Future>(traceparent: Option<String>, call: C) -> C::Output {
    match traceparent.and_then(|text| HeaderValue::try_from(text).ok()) {
        Some(value) => TRACEPARENT.scope(value, call).await,
        None => call.await,
    }
}

/// Sends once.
///
/// # Errors
/// [`HttpFault`] if there is no whole answer; any status is an answer.
pub async fn send(request: RequestBuilder) -> Result<Answer, HttpFault> {
    send_within(request, ANSWER_CAP).await
}

/// Sends once, and reads at most `cap` bytes of an answer.
///
/// # Errors
/// [`HttpFault`] if there is no whole answer; any status is an answer.
pub async fn send_within(request: RequestBuilder, cap: usize) -> Result<Answer, HttpFault> {
    let request = match TRACEPARENT.try_with(Clone::clone) {
        Ok(value) => request.header("traceparent", value),
        Err(_) => request,
    };
    let mut response = request.send().await.map_err(HttpFault::of)?;
    let body = read_capped(&mut response, cap).await?;
    Ok(Answer { status: response.status(), headers: std::mem::take(response.headers_mut()), body })
}

async fn read_capped(response: &mut Response, cap: usize) -> Result<Vec<u8>, HttpFault> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(HttpFault::of_body)? {
        if body.len() + chunk.len() > cap {
            return Err(HttpFault::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

impl HttpFault {
    fn of_body(error: reqwest::Error) -> Self {
        let error = error.without_url();
        if error.is_timeout() { Self::TimedOut } else { Self::Broken(error) }
    }
}

/// How reads are repeated.
#[derive(Debug, Clone, Copy)]
pub struct ReadPolicy {
    /// A read, with its repetitions, is over after this.
    pub budget: Duration,
    /// Pause before the second try; doubles for the third.
    pub pause: Duration,
}

impl Default for ReadPolicy {
    fn default() -> Self {
        Self { budget: Duration::from_secs(12), pause: Duration::from_millis(250) }
    }
}

/// Makes an attempt that may be repeated: again after 429, 500, 502 to 504, a broken connection or a time-out,
/// three times in all, never after `end`. Waits as long as the other side asks if that fits.
///
/// # Errors
/// The last failure.
pub async fn read<F>(policy: ReadPolicy, end: Instant, attempt: impl Fn() -> F) -> Result<Answer, HttpFault>
where
    F: Future<Output = Result<Answer, HttpFault>>,
{
    let mut pause = policy.pause;
    let mut tries = 1;
    loop {
        let Ok(outcome) = timeout_at(end, attempt()).await else { return Err(HttpFault::TimedOut) };
        let wait = match &outcome {
            Ok(answer) if !answer.may_pass() => return outcome,
            Ok(answer) => answer.retry_after().unwrap_or(pause),
            Err(HttpFault::TimedOut | HttpFault::Broken(_) | HttpFault::NotConnected(_)) => pause,
            Err(_) => return outcome,
        };
        if tries == READ_TRIES || Instant::now() + wait >= end {
            return outcome;
        }
        tokio::time::sleep(wait).await;
        pause *= 2;
        tries += 1;
    }
}

/// Another side's error code as it may be logged: letters, digits, `_`, `-` and `.`, at most 64 of them.
pub fn loggable_code(code: &str) -> Option<String> {
    let fits = (1..=64).contains(&code.len());
    let plain = code.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b));
    (fits && plain).then(|| code.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(header: reqwest::header::HeaderName, value: &str) -> Answer {
        let value = value.parse().expect("a header value");
        Answer { status: StatusCode::OK, headers: HeaderMap::from_iter([(header, value)]), body: Vec::new() }
    }

    #[test]
    fn a_date_header_is_read_in_its_usual_form_and_nonsense_is_none() {
        let date = answer(DATE, "Thu, 01 Jan 2026 00:00:05 GMT").date();
        assert_eq!(date.map(|d| d.timestamp()), Some(1_767_225_605));
        assert_eq!(answer(DATE, "yesterday").date(), None);
    }

    #[test]
    fn a_wait_is_believed_in_seconds_only() {
        assert_eq!(answer(RETRY_AFTER, "7").retry_after(), Some(Duration::from_secs(7)));
        assert_eq!(answer(RETRY_AFTER, "soon").retry_after(), None);
        let endless = answer(RETRY_AFTER, "18446744073709551615").retry_after();
        assert_eq!(endless, Some(LONGEST_WAIT), "no instant is out of reach");
    }

    #[test]
    fn a_code_that_could_carry_a_text_is_not_logged() {
        assert_eq!(loggable_code("InsufficientBalance").as_deref(), Some("InsufficientBalance"));
        assert_eq!(loggable_code("Your code is 123456"), None);
        assert_eq!(loggable_code(""), None);
    }
}
