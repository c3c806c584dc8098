//! Trying deliveries, one endpoint at a time.
//!
//! Architecture invariant: a try is told to nobody before its outcome is committed with what it teaches about the
//! endpoint. A process that dies in between tries again: an endpoint gets everything at least once, and knows a
//! repetition by the event's identifier.

use std::{ops::ControlFlow, sync::Arc};

use chrono::TimeDelta;

use super::{
    Attempt, AttemptOutcome, Delivery, DueEndpoint, Endpoint, EventBodies, OffReason, Standing, Target,
    WebhookReads, WebhookSigner, delivery::in_ms, endpoint::Learned, signature,
};
use crate::{
    Change, Clock, CommitError, EndpointId, Fault, Id, JobKind, Letter, NewJob, Random, Store, Time,
    UnitOfWork, UserId,
    auth::{AuthReads, User},
    breaker::Admits,
    outbound::{Answer, CallError, Destination, OutboundCall, OutboundClient, OutboundPolicy, RetryAfter},
    race,
    time::{minutes, seconds},
    unit::retry_stale,
};

/// Deliveries that are tried at one endpoint at once.
pub const AT_ONCE: usize = 4;
/// A delivery for which we had no place is due again after this.
const AGAIN: TimeDelta = seconds(5);
/// Deliveries that are looked at in a turn: so many are put off or dropped at once.
const LOOKED_AT: u32 = 100;
/// Whether a user is still suspended is looked at after this at the latest.
const SUSPENDED_FOR: TimeDelta = minutes(10);

/// Everything outside that delivering needs.
#[derive(Clone)]
pub struct DelivererPorts {
    /// Commits.
    pub store: Arc<dyn Store>,
    /// Endpoints and deliveries.
    pub reads: Arc<dyn WebhookReads>,
    /// Who is suspended; addresses, for those whose endpoint is switched off.
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
    /// `None`: there is nothing left to tell.
    result: Option<Try>,
}

/// When a try began, how it came out, how long it took, and what pause its receiver asks for.
#[derive(Clone, Copy)]
struct Try {
    at: Time,
    outcome: AttemptOutcome,
    took_ms: u32,
    asked: Option<RetryAfter>,
}

impl Try {
    /// `passed` counts where there is no answer.
    fn of(at: Time, answer: &Result<Answer, CallError>, passed: u32) -> Self {
        let (outcome, took_ms) = match answer {
            Ok(answer) => {
                let took = u32::try_from(answer.took.as_millis()).unwrap_or(u32::MAX);
                (AttemptOutcome::Answered(answer.status), took)
            }
            Err(CallError::TimedOut) => (AttemptOutcome::TimedOut, passed),
            Err(CallError::Refused(_) | CallError::NotSent(_) | CallError::Crowded) => {
                (AttemptOutcome::NotReached, passed)
            }
            Err(CallError::Broken(_)) => (AttemptOutcome::Broken, passed),
        };
        let asked = answer.as_ref().ok().and_then(|answer| answer.retry_after);
        Self { at, outcome, took_ms, asked }
    }
}

/// What came of a delivery that was to be tried.
enum Came {
    Tried(Tried),
    /// It was not: we had no place for it. It is due later.
    PutOff(Delivery),
}

/// What becomes of deliveries that are due.
#[derive(Default)]
struct Sorted {
    /// They are tried.
    send: Vec<Delivery>,
    /// They are not any more.
    dropped: Vec<Delivery>,
}

/// Decides about deliveries of one endpoint that are due. What waits for one that rests is left as it is, however much that
/// is: the endpoint itself is not due before its rest is over.
fn sort(endpoint: Option<&Endpoint>, due: Vec<Delivery>, now: Time) -> Sorted {
    let mut sorted = Sorted::default();
    let mut room = match endpoint.map(|endpoint| endpoint.health.admits(now)) {
        Some(Admits::All) => AT_ONCE,
        Some(Admits::One) => 1,
        Some(Admits::NothingUntil(_)) | None => 0,
    };
    for delivery in due {
        let Some(endpoint) = endpoint else {
            sorted.dropped.push(delivery.dropped(now));
            continue;
        };
        if delivery.is_test() && !endpoint.is_blocked() {
            // Whoever tries an endpoint out wants to know how it is now.
            if sorted.send.len() < AT_ONCE {
                sorted.send.push(delivery);
            }
        } else if !endpoint.is_on() {
            sorted.dropped.push(delivery.dropped(now));
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

    /// Endpoints of which something is due and that nobody works on, in the order in which users take turns.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn due(&self, limit: u32) -> Result<Vec<DueEndpoint>, Fault> {
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
        if let Some(endpoint) = &endpoint
            && let Some(until) = self.suspended_until(endpoint.user, now).await?
        {
            return self.hold(endpoint, due, until, now).await;
        }
        let Sorted { send, dropped } = sort(endpoint.as_ref(), due, now);
        let decided = u32::try_from(send.len() + dropped.len()).unwrap_or(LOOKED_AT);
        self.commit_moved(dropped).await?;
        let Some(endpoint) = endpoint.filter(|_| !send.is_empty()) else { return Ok(decided) };
        let (mut tried, mut put_off, mut broken) = (Vec::new(), Vec::new(), None);
        let tries = send.into_iter().map(|delivery| self.attempt(&endpoint, delivery));
        race::each(tries, AT_ONCE, |outcome| {
            match outcome {
                Ok(Came::Tried(one)) => tried.push(one),
                Ok(Came::PutOff(one)) => put_off.push(one),
                Err(fault) => broken = Some(fault),
            }
            ControlFlow::Continue(())
        })
        .await;
        self.commit_moved(put_off).await?;
        if !tried.is_empty() {
            self.settle(endpoint, tried).await?;
        }
        broken.map_or(Ok(decided), Err)
    }

    /// Until when nothing is sent, since its user may do nothing.
    async fn suspended_until(&self, user: UserId, now: Time) -> Result<Option<Time>, Fault> {
        let user = self.ports.users.user(user).await?.filter(|user| user.is_suspended(now));
        let until = |user: User| user.suspension.and_then(|suspension| suspension.until);
        Ok(user.map(|user| until(user).map_or(now + SUSPENDED_FOR, |end| end.min(now + SUSPENDED_FOR))))
    }

    /// What waits goes on waiting until then. Try-outs are of the moment, and are over.
    async fn hold(
        &self,
        endpoint: &Endpoint,
        due: Vec<Delivery>,
        until: Time,
        now: Time,
    ) -> Result<u32, Fault> {
        let is_over = |delivery: &Delivery| delivery.is_test() || !endpoint.is_on();
        let over: Vec<Delivery> = due.into_iter().filter(is_over).map(|d| d.dropped(now)).collect();
        let decided = u32::try_from(over.len()).unwrap_or(LOOKED_AT);
        self.commit_moved(over).await?;
        let held = endpoint.clone().held(until);
        if endpoint.is_on() && held.version != endpoint.version {
            let unit = UnitOfWork::new().with(Change::WebhookEndpoint(held));
            self.commit_or_look_again(unit).await?;
        }
        Ok(decided)
    }

    async fn commit_moved(&self, moved: Vec<Delivery>) -> Result<(), Fault> {
        if moved.is_empty() {
            return Ok(());
        }
        let unit = moved.into_iter().fold(UnitOfWork::new(), |unit, d| unit.with(Change::WebhookDelivery(d)));
        self.commit_or_look_again(unit).await
    }

    async fn commit_or_look_again(&self, unit: UnitOfWork) -> Result<(), Fault> {
        match self.ports.store.commit(unit).await {
            // Its user was faster with something: the next turn looks again.
            Ok(_) | Err(CommitError::Stale) => Ok(()),
            Err(error) => Err(Fault::new(error)),
        }
    }

    /// One try: written, signed and sent once.
    async fn attempt(&self, endpoint: &Endpoint, delivery: Delivery) -> Result<Came, Fault> {
        let telling = &delivery.telling;
        let Some(body) = self.ports.bodies.body(endpoint, telling).await? else {
            return Ok(Came::Tried(Tried { delivery, result: None }));
        };
        let at = self.ports.clock.now();
        let signature = signature(self.ports.signer.as_ref(), &endpoint.secrets, telling.id, at, &body);
        let (user, cause) = (endpoint.user, telling.cause);
        let call = OutboundCall { id: telling.id, at, signature, body, user, cause };
        let answer = match Destination::try_new(endpoint.target.as_str(), &self.policy) {
            Ok(to) => self.ports.client.post(&to, &call).await,
            Err(refusal) => Err(refusal.into()),
        };
        let passed = in_ms(self.ports.clock.now() - at);
        if matches!(answer, Err(CallError::Crowded)) {
            return Ok(Came::PutOff(delivery.put_off(at + AGAIN)));
        }
        Ok(Came::Tried(Tried { delivery, result: Some(Try::of(at, &answer, passed)) }))
    }

    /// Commits how tries came out, and what they teach about the endpoint.
    async fn settle(&self, endpoint: Endpoint, tried: Vec<Tried>) -> Result<(), Fault> {
        let (id, called) = (endpoint.id, endpoint.target.clone());
        let mut first = Some((endpoint, tried));
        let mut again: Vec<Tried> = Vec::new();
        if let Some((_, tried)) = &first {
            let copy = |t: &Tried| Tried { delivery: t.delivery.clone(), result: t.result };
            again.extend(tried.iter().map(copy));
        }
        let (again, called) = (&again, &called);
        let settled = retry_stale(|| {
            let first = first.take();
            async move {
                let (endpoint, tried) = match first {
                    Some((endpoint, tried)) => (Some(endpoint), tried),
                    None => self.read_again(id, again).await.map_err(CommitError::Unavailable)?,
                };
                let unit =
                    self.outcome_of(endpoint, called, tried).await.map_err(CommitError::Unavailable)?;
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

    /// What `called` answered teaches nothing about an endpoint that is elsewhere by now.
    async fn outcome_of(
        &self,
        endpoint: Option<Endpoint>,
        called: &Target,
        tried: Vec<Tried>,
    ) -> Result<UnitOfWork, Fault> {
        let now = self.ports.clock.now();
        let (mut unit, mut learned) = (UnitOfWork::new(), Vec::<Learned>::new());
        for Tried { delivery, result } in tried {
            let Some(Try { at, outcome, took_ms, asked }) = result else {
                unit = unit.with(Change::WebhookDelivery(delivery.dropped(now)));
                continue;
            };
            if !delivery.is_test() {
                learned.push(outcome.learned());
            }
            let delivery = delivery.after(outcome, asked, self.roll(), now);
            let (id, number) = (Id::generate(now, self.ports.random.as_ref()), delivery.attempts);
            let attempt = Attempt { id, delivery: delivery.id, number, at, outcome, took_ms };
            unit = unit.with(Change::WebhookDelivery(delivery)).with(Change::WebhookAttempt(attempt));
        }
        let Some(before) = endpoint.filter(|endpoint| endpoint.target == *called) else { return Ok(unit) };
        let (version, was_on, user) = (before.version, before.is_on(), before.user);
        let mut after = before.learned(&learned, now);
        if after.version == version {
            return Ok(unit);
        }
        if let (true, Standing::Off { why: OffReason::Failing | OffReason::Gone, .. }) =
            (was_on, after.standing)
        {
            let (told, is_news) = after.told_off(now);
            after = told;
            if is_news {
                unit = self.mail(unit, user, now).await?;
            }
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
