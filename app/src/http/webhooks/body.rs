//! Endpoints and deliveries as the API shows and takes them.

use std::borrow::Cow;

use namaskah_domain::{
    DeliveryId, EndpointId, EventId, EventKind, Time, UserId,
    webhook::{
        Attempt, CreateEndpoint, Delivery, DeliveryState, DeliveryStatus, Description, Endpoint,
        EndpointChange, NewEndpoint, OffReason, Replayed, Standing, Subscription, Target,
    },
};
use poem_openapi::{Object, registry::MetaSchema};
use serde::Deserialize;

use crate::http::{
    body::{
        Text, TextForm,
        clearing::{OrNone, given},
        text::{one_of, sized},
    },
    problem::Problem,
};

/// A kind of event that an endpoint may be told, or all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// All, also those to come.
    Everything,
    /// One.
    Kind(EventKind),
}

const EVERYTHING: &str = "*";

impl TextForm for Wanted {
    const EXPECTED: &'static str = "a type of event, as verification.completed, or *";

    fn schema() -> MetaSchema {
        let mut words: Vec<&'static str> = EventKind::ALL.map(EventKind::name).to_vec();
        words.push(EVERYTHING);
        one_of(&words)
    }

    fn read(text: &str) -> Option<Self> {
        if text == EVERYTHING { Some(Self::Everything) } else { EventKind::from_name(text).map(Self::Kind) }
    }

    fn write(&self) -> Cow<'_, str> {
        match self {
            Self::Everything => EVERYTHING.into(),
            Self::Kind(kind) => kind.name().into(),
        }
    }
}

fn subscription(events: Vec<Text<Wanted>>) -> Result<Subscription, Problem> {
    if events.iter().any(|wanted| wanted.0 == Wanted::Everything) {
        return Ok(Subscription::Everything);
    }
    let kinds = events.into_iter().filter_map(|wanted| match wanted.0 {
        Wanted::Kind(kind) => Some(kind),
        Wanted::Everything => None,
    });
    Subscription::of(kinds).ok_or_else(|| Problem::invalid("events", "out_of_range", "at least one event"))
}

impl TextForm for Description {
    const EXPECTED: &'static str = "a text of 1 to 200 characters in one line";

    fn schema() -> MetaSchema {
        sized(1, 200, "Checkout server")
    }

    fn read(text: &str) -> Option<Self> {
        Self::try_new(text).ok()
    }

    fn write(&self) -> Cow<'_, str> {
        self.as_str().into()
    }
}

impl TextForm for DeliveryStatus {
    const EXPECTED: &'static str = "a status: waiting, delivered, failed or dropped";

    fn schema() -> MetaSchema {
        one_of(&Self::ALL.map(Self::name))
    }

    fn read(text: &str) -> Option<Self> {
        Self::from_name(text)
    }

    fn write(&self) -> Cow<'_, str> {
        self.name().into()
    }
}

impl TextForm for OffReason {
    const EXPECTED: &'static str = "why it is off, as switched_off or failing";

    fn schema() -> MetaSchema {
        one_of(&Self::ALL.map(Self::name))
    }

    fn read(text: &str) -> Option<Self> {
        Self::from_name(text)
    }

    fn write(&self) -> Cow<'_, str> {
        self.name().into()
    }
}

/// A URL, as it was written; the rules of what may be called decide about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UrlText(pub String);

impl TextForm for UrlText {
    const EXPECTED: &'static str = "a URL such as https://example.com/path";

    fn schema() -> MetaSchema {
        sized(1, 2048, "https://example.com/namaskah")
    }

    fn read(text: &str) -> Option<Self> {
        Some(Self(text.to_owned()))
    }

    fn write(&self) -> Cow<'_, str> {
        self.0.as_str().into()
    }
}

/// An endpoint to be.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "NewWebhookEndpoint")]
pub struct CreateBody {
    /// Where events are posted to: https, port 443 or 8443, a host of the internet.
    pub url: Text<UrlText>,
    /// What is posted; at least one, or `*`.
    pub events: Vec<Text<Wanted>>,
    /// Your note.
    pub description: Option<Text<Description>>,
}

impl CreateBody {
    pub(super) fn parse(self, user: UserId) -> Result<CreateEndpoint, Problem> {
        Ok(CreateEndpoint {
            user,
            url: self.url.0.0,
            events: subscription(self.events)?,
            description: self.description.map(|description| description.0),
        })
    }
}

/// What of an endpoint is to change; what is left out stays.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "WebhookEndpointChange")]
pub struct ChangeBody {
    /// Where events are posted to.
    pub url: Option<Text<UrlText>>,
    /// What is posted.
    pub events: Option<Vec<Text<Wanted>>>,
    /// Your note; null, or an empty text, takes it away.
    #[serde(default, deserialize_with = "given")]
    pub description: Option<Text<OrNone<Description>>>,
    /// Switches it on or off. Switched on, it is tried as if it had never failed.
    pub enabled: Option<bool>,
}

impl ChangeBody {
    pub(super) fn parse(
        self,
        target: impl FnOnce(&str) -> Result<Target, Problem>,
    ) -> Result<EndpointChange, Problem> {
        Ok(EndpointChange {
            target: self.url.map(|url| target(&url.0.0)).transpose()?,
            events: self.events.map(subscription).transpose()?,
            description: self.description.map(|Text(OrNone(description))| description),
            is_on: self.enabled,
        })
    }
}

/// From when on everything is sent again.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "WebhookReplay")]
pub struct ReplayBody {
    /// What happened at this instant or after.
    pub since: Text<Time>,
}

/// What a replay came to.
#[derive(Debug, Object)]
#[oai(rename = "WebhookReplayed")]
pub struct ReplayedBody {
    /// Events that are sent again, or for the first time.
    pub count: u32,
    /// If there are more: `since` of the next request.
    pub next_since: Option<Text<Time>>,
}

impl From<Replayed> for ReplayedBody {
    fn from(replayed: Replayed) -> Self {
        Self { count: replayed.count, next_since: replayed.next_since.map(Text) }
    }
}

/// An endpoint.
#[derive(Debug, Object)]
#[oai(rename = "WebhookEndpoint")]
pub struct EndpointBody {
    /// The identifier.
    pub id: Text<EndpointId>,
    /// Where events are posted to.
    pub url: String,
    /// What is posted.
    pub events: Vec<String>,
    /// Your note.
    pub description: Option<String>,
    /// False: nothing is posted.
    pub enabled: bool,
    /// Why not: you `switched_off`, it was `failing` for five days, it answered that it is `gone` (410), the account
    /// was `recovered` by a mailed link, or it is off `by_staff`, who alone switches it on.
    pub disabled_reason: Option<Text<OffReason>>,
    /// Since when not.
    pub disabled_at: Option<Text<Time>>,
    /// Since when it has taken nothing; null while it does.
    pub failing_since: Option<Text<Time>>,
    /// Until when deliveries are signed with the secret before the present one, too.
    pub previous_secret_expires_at: Option<Text<Time>>,
    /// When it was made.
    pub created_at: Text<Time>,
    /// When it was last changed.
    pub updated_at: Text<Time>,
}

impl From<Endpoint> for EndpointBody {
    fn from(endpoint: Endpoint) -> Self {
        let off = match endpoint.standing {
            Standing::On => None,
            Standing::Off { why, at } => Some((why, at)),
        };
        Self {
            id: Text(endpoint.id),
            url: endpoint.target.as_str().to_owned(),
            events: endpoint.events.names().into_iter().map(str::to_owned).collect(),
            description: endpoint.description.map(|description| description.as_str().to_owned()),
            enabled: off.is_none(),
            disabled_reason: off.map(|(why, _)| Text(why)),
            disabled_at: off.map(|(_, at)| Text(at)),
            failing_since: endpoint.health.failing_since.map(Text),
            previous_secret_expires_at: endpoint.secrets.previous.map(|(_, until)| Text(until)),
            created_at: Text(endpoint.created_at),
            updated_at: Text(endpoint.updated_at),
        }
    }
}

/// An endpoint with the secret that it just got.
#[derive(Debug, Object)]
#[oai(rename = "WebhookEndpointWithSecret")]
pub struct NewEndpointBody {
    /// The identifier.
    pub id: Text<EndpointId>,
    /// Where events are posted to.
    pub url: String,
    /// What is posted.
    pub events: Vec<String>,
    /// Your note.
    pub description: Option<String>,
    /// False: nothing is posted.
    pub enabled: bool,
    /// Until when deliveries are signed with the secret before this one, too.
    pub previous_secret_expires_at: Option<Text<Time>>,
    /// When it was made.
    pub created_at: Text<Time>,
    /// Check signatures with it, by Standard Webhooks. It cannot be shown again.
    pub secret: String,
}

impl From<NewEndpoint> for NewEndpointBody {
    fn from(new: NewEndpoint) -> Self {
        let secret = new.secret.expose().to_owned();
        let EndpointBody { id, url, events, description, enabled, created_at, .. } =
            new.endpoint.clone().into();
        let previous_secret_expires_at = new.endpoint.secrets.previous.map(|(_, until)| Text(until));
        Self { id, url, events, description, enabled, previous_secret_expires_at, created_at, secret }
    }
}

/// A try of a delivery.
#[derive(Debug, Object)]
#[oai(rename = "WebhookAttempt")]
pub struct AttemptBody {
    /// The how-manieth of its delivery.
    pub number: u32,
    /// When it began.
    pub at: Text<Time>,
    /// `delivered` (2xx), `refused` (any other status), `timed_out`, `not_reached` or `broken`.
    pub outcome: String,
    /// The status of the answer, if there was one.
    pub status_code: Option<u16>,
    /// How long it took, in milliseconds.
    pub latency_ms: u32,
}

impl From<Attempt> for AttemptBody {
    fn from(attempt: Attempt) -> Self {
        Self {
            number: attempt.number,
            at: Text(attempt.at),
            outcome: attempt.outcome.name().to_owned(),
            status_code: attempt.outcome.status(),
            latency_ms: attempt.took_ms,
        }
    }
}

/// An event on its way to an endpoint.
#[derive(Debug, Object)]
#[oai(rename = "WebhookDelivery")]
pub struct DeliveryBody {
    /// The identifier.
    pub id: Text<DeliveryId>,
    /// To which endpoint.
    pub endpoint_id: Text<EndpointId>,
    /// Which event: `webhook-id`.
    pub event_id: Text<EventId>,
    /// Its type.
    pub event_type: String,
    /// Its place in the log; null if it is only a try.
    pub sequence: Option<i64>,
    /// `waiting`, `delivered`, `failed` after the last try, or `dropped` since the endpoint was off.
    pub status: Text<DeliveryStatus>,
    /// When it is tried next, while it waits.
    pub next_attempt_at: Option<Text<Time>>,
    /// When it ended.
    pub ended_at: Option<Text<Time>>,
    /// All tries that ever were.
    pub attempt_count: u32,
    /// The last 16 of them, oldest first.
    pub attempts: Vec<AttemptBody>,
    /// When it was made.
    pub created_at: Text<Time>,
}

impl DeliveryBody {
    pub(super) fn of((delivery, attempts): (Delivery, Vec<Attempt>)) -> Self {
        let (next, ended) = match delivery.state {
            DeliveryState::Waiting { due } => (Some(Text(due)), None),
            DeliveryState::Delivered { at }
            | DeliveryState::Failed { at }
            | DeliveryState::Dropped { at } => (None, Some(Text(at))),
        };
        Self {
            id: Text(delivery.id),
            endpoint_id: Text(delivery.endpoint),
            event_id: Text(delivery.telling.id),
            event_type: delivery.telling.what.name().to_owned(),
            sequence: delivery.telling.what.sequence(),
            status: Text(delivery.state.status()),
            next_attempt_at: next,
            ended_at: ended,
            attempt_count: delivery.attempts,
            attempts: attempts.into_iter().map(AttemptBody::from).collect(),
            created_at: Text(delivery.created_at),
        }
    }
}
