//! Trying deliveries, one endpoint at a time.
//!
//! Architecture invariant: a try is told to nobody before its outcome is committed with what it teaches about the
//! endpoint. A process that dies in between tries again: an endpoint gets everything at least once, and knows a
//! repetition by the event's identifier.

use std::{ops::ControlFlow, sync::Arc};

use super::{
    Attempt, AttemptOutcome, Delivery, Endpoint, EventBodies, OffReason, Standing, WebhookReads,
    WebhookSigner, delivery::in_ms, endpoint::Learned, signature,
};
use crate::{
    Change, Clock, CommitError, EndpointId, Fault, Id, JobKind, Letter, NewJob, Random, Store, Time,
    UnitOfWork, UserId,
    auth::AuthReads,
    breaker::Admits,
    outbound::{CallError, Destination, OutboundCall, OutboundClient, OutboundPolicy},
    race,
    unit::retry_stale,
};

/// Deliveries that are tried at one endpoint at once.
pub const AT_ONCE: usize = 4;
/// Deliveries that are looked at in a turn: so many are put off or dropped at once.
const LOOKED_AT: u32 = 100;

/// Everything outside that delivering needs.
#[derive(Clone)]
pub struct DelivererPorts {
    /// Commits.
    pub store: Arc<dyn Store>,
    /// Endpoints and deliveries.
    pub reads: Arc<dyn WebhookReads>,
    /// Addresses, for those whose endpoint is switched off.
    pub users: Arc<dyn AuthReads>,
    /// Calls.
    pub client: Arc<dyn OutboundClient>,
    /// Writes what is sent.
    pub bodies: Arc<dyn EventBodies>,
    /// Signs it.
    pub signer: Arc<dyn WebhookSigner>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Identifiers and jitter.
    pub random: Arc<dyn Random>,
}

/// Tries deliveries.
pub struct Deliverer {
    ports: DelivererPorts,
    policy: OutboundPolicy,
}

/// A try that was made.
struct Tried {
    delivery: Delivery,
    /// When it began, how it came out and how long it took; `None`: there is nothing left to tell.
    result: Option<(Time, AttemptOutcome, u32)>,
}

/// What becomes of deliveries that are due.
#[derive(Default)]
struct Sorted {
    /// They are tried.
    send: Vec<Delivery>,
    /// They are not, and are due later or dropped.
    moved: Vec<Delivery>,
}

/// Decides about deliveries of one endpoint that are due.
fn sort(endpoint: Option<&Endpoint>, due: Vec<Delivery>, now: Time) -> Sorted {
    let mut sorted = Sorted::default();
    let mut room = match endpoint.map(|endpoint| endpoint.health.admits(now)) {
        Some(Admits::All) => AT_ONCE,
        Some(Admits::One) => 1,
        Some(Admits::NothingUntil(_)) | None => 0,
    };
    for delivery in due {
        let Some(endpoint) = endpoint else {
            sorted.moved.push(delivery.dropped(now));
            continue;
        };
        if delivery.is_test() {
            // Whoever tries an endpoint out wants to know how it is now.
            if sorted.send.len() < AT_ONCE {
                sorted.send.push(delivery);
            }
        } else if !endpoint.is_on() {
            sorted.moved.push(delivery.dropped(now));
        } else if let Admits::NothingUntil(until) = endpoint.health.admits(now) {
            sorted.moved.push(delivery.put_off(until));
        } else if room > 0 {
            room -= 1;
            sorted.send.push(delivery);
        }
    }
    sorted
}

impl Deliverer {
    /// Over any ports. `policy` says which URLs may be called.
    pub const fn new(ports: DelivererPorts, policy: OutboundPolicy) -> Self {
        Self { ports, policy }
    }

    /// Endpoints of which something is due, those first that wait longest.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn due(&self, limit: u32) -> Result<Vec<EndpointId>, Fault> {
        self.ports.reads.due(self.ports.clock.now(), limit).await
    }

    /// Tries what of an endpoint is due, a few at once, in the order of the log. Returns how many deliveries were
    /// decided about; 0 if none is due. One caller at a time for each endpoint.
    ///
    /// # Errors
    /// If the store does not answer; what was tried may be tried again.
    pub async fn turn(&self, id: EndpointId) -> Result<u32, Fault> {
        let now = self.ports.clock.now();
        let due = self.ports.reads.due_of(id, now, LOOKED_AT).await?;
        if due.is_empty() {
            return Ok(0);
        }
        let endpoint = self.ports.reads.endpoint(id).await?;
        let Sorted { send, moved } = sort(endpoint.as_ref(), due, now);
        let decided = u32::try_from(send.len() + moved.len()).unwrap_or(LOOKED_AT);
        self.commit_moved(moved).await?;
        let Some(endpoint) = endpoint.filter(|_| !send.is_empty()) else { return Ok(decided) };
        let (mut tried, mut broken) = (Vec::new(), None);
        let tries = send.into_iter().map(|delivery| self.attempt(&endpoint, delivery));
        race::each(tries, AT_ONCE, |outcome| {
            match outcome {
                Ok(one) => tried.push(one),
                Err(fault) => broken = Some(fault),
            }
            ControlFlow::Continue(())
        })
        .await;
        if !tried.is_empty() {
            self.settle(endpoint, tried).await?;
        }
        broken.map_or(Ok(decided), Err)
    }

    async fn commit_moved(&self, moved: Vec<Delivery>) -> Result<(), Fault> {
        if moved.is_empty() {
            return Ok(());
        }
        let unit = moved.into_iter().fold(UnitOfWork::new(), |unit, d| unit.with(Change::WebhookDelivery(d)));
        match self.ports.store.commit(unit).await {
            // Its user was faster with one of them: the next turn looks again.
            Ok(_) | Err(CommitError::Stale) => Ok(()),
            Err(error) => Err(Fault::new(error)),
        }
    }

    /// One try: written, signed and sent once.
    async fn attempt(&self, endpoint: &Endpoint, delivery: Delivery) -> Result<Tried, Fault> {
        let telling = &delivery.telling;
        let Some(body) = self.ports.bodies.body(endpoint, telling).await? else {
            return Ok(Tried { delivery, result: None });
        };
        let at = self.ports.clock.now();
        let signature = signature(self.ports.signer.as_ref(), &endpoint.secrets, telling.id, at, &body);
        let call = OutboundCall { id: telling.id, at, signature, body, cause: telling.cause };
        let answer = match Destination::try_new(endpoint.target.as_str(), &self.policy) {
            Ok(to) => self.ports.client.post(&to, &call).await,
            Err(refusal) => Err(refusal.into()),
        };
        let passed = in_ms(self.ports.clock.now() - at);
        let (outcome, took_ms) = match answer {
            Ok(answer) => {
                let took = u32::try_from(answer.took.as_millis()).unwrap_or(u32::MAX);
                (AttemptOutcome::Answered(answer.status), took)
            }
            Err(CallError::TimedOut) => (AttemptOutcome::TimedOut, passed),
            Err(CallError::Refused(_) | CallError::NotSent(_)) => (AttemptOutcome::NotReached, passed),
            Err(CallError::Broken(_)) => (AttemptOutcome::Broken, passed),
        };
        Ok(Tried { delivery, result: Some((at, outcome, took_ms)) })
    }

    /// Commits how tries came out, and what they teach about the endpoint.
    async fn settle(&self, endpoint: Endpoint, tried: Vec<Tried>) -> Result<(), Fault> {
        let (id, mut first) = (endpoint.id, Some((endpoint, tried)));
        let mut again: Vec<Tried> = Vec::new();
        if let Some((_, tried)) = &first {
            let copy = |t: &Tried| Tried { delivery: t.delivery.clone(), result: t.result };
            again.extend(tried.iter().map(copy));
        }
        let again = &again;
        let settled = retry_stale(|| {
            let first = first.take();
            async move {
                let (endpoint, tried) = match first {
                    Some((endpoint, tried)) => (Some(endpoint), tried),
                    None => self.read_again(id, again).await.map_err(CommitError::Unavailable)?,
                };
                let unit = self.outcome_of(endpoint, tried).await.map_err(CommitError::Unavailable)?;
                self.ports.store.commit(unit).await
            }
        });
        settled.await.map(|_| ()).map_err(Fault::new)
    }

    /// The records as they are now: their user has changed one of them meanwhile.
    async fn read_again(
        &self,
        id: EndpointId,
        tried: &[Tried],
    ) -> Result<(Option<Endpoint>, Vec<Tried>), Fault> {
        let mut now = Vec::new();
        for one in tried {
            if let Some(delivery) = self.ports.reads.delivery(one.delivery.id).await? {
                now.push(Tried { delivery, result: one.result });
            }
        }
        Ok((self.ports.reads.endpoint(id).await?, now))
    }

    async fn outcome_of(&self, endpoint: Option<Endpoint>, tried: Vec<Tried>) -> Result<UnitOfWork, Fault> {
        let now = self.ports.clock.now();
        let (mut unit, mut learned) = (UnitOfWork::new(), Vec::<Learned>::new());
        for Tried { delivery, result } in tried {
            let Some((at, outcome, took_ms)) = result else {
                unit = unit.with(Change::WebhookDelivery(delivery.dropped(now)));
                continue;
            };
            if !delivery.is_test() {
                learned.push(outcome.learned());
            }
            let delivery = delivery.after(outcome, self.roll(), now);
            let (id, number) = (Id::generate(now, self.ports.random.as_ref()), delivery.attempts);
            let attempt = Attempt { id, delivery: delivery.id, number, at, outcome, took_ms };
            unit = unit.with(Change::WebhookDelivery(delivery)).with(Change::WebhookAttempt(attempt));
        }
        let Some(before) = endpoint else { return Ok(unit) };
        let (version, was_on, user) = (before.version, before.is_on(), before.user);
        let after = before.learned(&learned, now);
        if after.version == version {
            return Ok(unit);
        }
        if let (true, Standing::Off { why: OffReason::Failing | OffReason::Gone, .. }) =
            (was_on, after.standing)
        {
            unit = self.mail(unit, user, now).await?;
        }
        Ok(unit.with(Change::WebhookEndpoint(after)))
    }

    /// Tells a user that an endpoint was switched off, and not which: its URL is nothing for a mail.
    async fn mail(&self, unit: UnitOfWork, user: UserId, now: Time) -> Result<UnitOfWork, Fault> {
        let user = self.ports.users.user(user).await?.filter(|user| !user.is_deleted());
        Ok(match user {
            Some(user) => {
                let kind = JobKind::SendMail { to: user.email, letter: Letter::WebhookEndpointOff };
                let id = Id::generate(now, self.ports.random.as_ref());
                unit.with(Change::Job(NewJob::new(id, kind, now)))
            }
            None => unit,
        })
    }

    fn roll(&self) -> u16 {
        let mut bytes = [0; 2];
        self.ports.random.fill(&mut bytes);
        u16::from_le_bytes(bytes)
    }
}
