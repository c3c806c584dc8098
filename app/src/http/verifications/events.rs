//! Server-sent events: what happened, and the order as it is when it is told.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::{Stream, stream};
use namaskah_domain::{OrderId, UserId, auth::AuthService, outbox::SequencedEvent};
use poem::{
    IntoResponse, Request, RequestBody, Response, Result,
    http::{HeaderValue, header},
    web::sse::{Event, SSE},
};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ApiResponse, ExtractParamOptions,
    registry::{
        MetaMediaType, MetaParamIn, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry,
    },
    types::ToJSON,
};

use super::VerificationsApi;
use crate::http::{
    feed::{Feed, Listener, News, Wanted},
    key_scheme::Credential,
    problem::Problem,
    telling::{Teller, Words},
};

const HEARTBEAT: Duration = Duration::from_secs(15);
/// A stream ends after so long and the client comes back, with a credential that is checked again.
const LONGEST: Duration = Duration::from_secs(15 * 60);
const BATCH: u32 = 100;

/// How many streams an account may have open at once.
const MAX_STREAMS: usize = 10;

/// Open streams by account.
#[derive(Debug, Clone, Default)]
pub struct Streams(Arc<Mutex<HashMap<UserId, usize>>>);

/// One open stream. Dropping it makes room for another.
struct Place {
    streams: Streams,
    user: UserId,
}

impl Streams {
    fn open(&self, user: UserId) -> Option<Place> {
        let mut open = self.lock();
        let count = open.entry(user).or_default();
        if *count >= MAX_STREAMS {
            return None;
        }
        *count += 1;
        Some(Place { streams: self.clone(), user })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<UserId, usize>> {
        // Nothing that can panic runs while it is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.streams.lock();
        let left = open.get(&self.user).map_or(0, |count| count.saturating_sub(1));
        if left == 0 {
            open.remove(&self.user);
        } else {
            open.insert(self.user, left);
        }
    }
}

/// The last event that a client has seen.
pub struct LastEventId(pub Option<i64>);

impl<'a> ApiExtractor<'a> for LastEventId {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];
    type ParamType = String;
    type ParamRawType = String;

    fn param_in() -> Option<MetaParamIn> {
        Some(MetaParamIn::Header)
    }

    fn param_schema_ref() -> Option<MetaSchemaRef> {
        let schema = MetaSchema { pattern: Some("^[0-9]{1,18}$".into()), ..MetaSchema::new("string") };
        Some(MetaSchemaRef::Inline(Box::new(schema)))
    }

    async fn from_request(
        request: &'a Request,
        _: &mut RequestBody,
        _: ExtractParamOptions<String>,
    ) -> Result<Self> {
        let Some(value) = request.headers().get("last-event-id") else { return Ok(Self(None)) };
        let digits = |text: &&str| (1..=18).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        let sequence = value.to_str().ok().filter(digits).and_then(|text| text.parse().ok());
        match sequence {
            Some(sequence) => Ok(Self(Some(sequence))),
            None => Err(Problem::told(400, "malformed_request", "Last-Event-ID is a number.").into()),
        }
    }
}

/// A stream of events with a heartbeat.
pub struct EventSource(SSE);

impl IntoResponse for EventSource {
    fn into_response(self) -> Response {
        let mut response = self.0.keep_alive(HEARTBEAT).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        // Proxies that buffer would hold news back.
        headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
        // Most streams end with the process that tells them, so nobody should send a further request on their connection.
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        response
    }
}

impl ApiResponse for EventSource {
    fn meta() -> MetaResponses {
        let schema = MetaSchema {
            description: Some(
                "Server-sent events. `id` is the sequence, `event` the type; `data` is \
                 `{id, sequence, type, created_at, data: {object}}` with the Verification or the Payment as it is \
                 now.",
            ),
            ..MetaSchema::new("string")
        };
        let schema = MetaSchemaRef::Inline(Box::new(schema));
        MetaResponses {
            responses: vec![MetaResponse {
                description: "A stream of events, with a comment every 15 s",
                status: Some(200),
                status_range: None,
                content: vec![MetaMediaType { content_type: "text/event-stream", schema }],
                headers: vec![],
            }],
        }
    }

    fn register(_: &mut Registry) {}
}

/// One client's place in the log.
struct Cursor {
    feed: Feed,
    auth: Arc<AuthService>,
    credential: Credential,
    teller: Teller,
    listener: Listener,
    wanted: Wanted,
    after: i64,
    waiting: VecDeque<SequencedEvent>,
    /// True while there may be more in the log than was read.
    behind: bool,
    ends: tokio::time::Instant,
    _place: Place,
}

impl VerificationsApi {
    /// Everything after a sequence, then everything as it happens.
    pub(super) async fn stream(
        &self,
        credential: Credential,
        order: Option<OrderId>,
        after: i64,
    ) -> Result<EventSource, Problem> {
        let user = credential.user();
        let Some(place) = self.streams.open(user) else {
            let detail = format!("At most {MAX_STREAMS} streams of an account are open at once.");
            return Err(Problem::told(429, "rate_limited", detail).with_retry_after(HEARTBEAT.as_secs()));
        };
        let wanted = Wanted { user, subject: order.map(OrderId::uuid) };
        let cursor = Cursor {
            feed: self.feed.clone(),
            auth: self.auth.clone(),
            credential,
            teller: self.teller.clone(),
            listener: self.feed.listen(wanted),
            wanted,
            after,
            waiting: VecDeque::new(),
            behind: true,
            ends: tokio::time::Instant::now() + LONGEST,
            _place: place,
        };
        Ok(EventSource(SSE::new(cursor.into_stream())))
    }
}

impl Cursor {
    fn into_stream(self) -> impl Stream<Item = Event> + Send + 'static {
        stream::unfold(self, |mut cursor| async move { cursor.next().await.map(|event| (event, cursor)) })
    }

    /// The next event; `None` ends the stream, and the client comes back with the last id it has seen.
    async fn next(&mut self) -> Option<Event> {
        while tokio::time::Instant::now() < self.ends {
            if self.behind && self.waiting.is_empty() {
                self.read_on().await?;
            }
            let event = match self.waiting.pop_front() {
                Some(event) => event,
                None => self.hear().await?,
            };
            if event.sequence > self.after {
                self.after = event.sequence;
                self.check_standing().await?;
                if let Some(told) = self.tell(event).await? {
                    return Some(told);
                }
            }
        }
        None
    }

    /// `None` once the session or the key has ended or the account is suspended, or if that cannot be read.
    async fn check_standing(&self) -> Option<()> {
        match self.credential.still_stands(&self.auth).await {
            Ok(stands) => stands.then_some(()),
            Err(fault) => {
                tracing::error!(error = %fault, "a stream of events has ended");
                None
            }
        }
    }

    async fn read_on(&mut self) -> Option<()> {
        let events = match self.feed.past(self.wanted, self.after, BATCH).await {
            Ok(events) => events,
            Err(fault) => {
                tracing::error!(error = %fault, "a stream of events has ended");
                return None;
            }
        };
        self.behind = events.len() >= BATCH as usize;
        self.waiting.extend(events);
        Some(())
    }

    async fn hear(&mut self) -> Option<SequencedEvent> {
        loop {
            let pause = tokio::time::Instant::now() + HEARTBEAT;
            match tokio::time::timeout_at(pause.min(self.ends), self.listener.next()).await {
                Ok(News::Event(event)) => return Some(*event),
                Ok(News::Missed) => {
                    self.behind = true;
                    self.read_on().await?;
                    if let Some(event) = self.waiting.pop_front() {
                        return Some(event);
                    }
                }
                Ok(News::Stopping) => return None,
                Err(_) if pause < self.ends => self.check_standing().await?,
                Err(_) => return None,
            }
        }
    }

    /// The event with its record as it is now; `Some(None)` if that is gone, `None` if it cannot be read.
    async fn tell(&self, event: SequencedEvent) -> Option<Option<Event>> {
        match self.teller.tell(&event, Words::All).await {
            Ok(told) => Some(told.map(|told| {
                let told_as = Event::message(told.to_json_string());
                told_as.id(event.sequence.to_string()).event_type(event.event.kind.name())
            })),
            Err(fault) => {
                tracing::error!(error = %fault, "a stream of events has ended");
                None
            }
        }
    }
}
