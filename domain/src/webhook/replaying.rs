//! Sending again whatever has happened since an instant.

use super::{
    Delivery, EndpointError, Telling, WebhookService,
    service::{retry, trusting},
};
use crate::{Change, CommitError, EndpointId, EventId, Time, UnitOfWork, UserId};

/// Events that are replayed by one command.
pub const MAX_REPLAYED: u32 = 1_000;
/// While so many deliveries of an endpoint wait, nothing more is replayed to it.
pub const MAX_WAITING: u32 = 1_000;
/// Deliveries that are begun anew by one commit.
const REPLAYED_AT_ONCE: usize = 100;

/// What a replay came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replayed {
    /// Deliveries that are sent again, or for the first time.
    pub count: u32,
    /// Where to go on if there are more: the instant of the first event that was not looked at.
    pub next_since: Option<Time>,
}

impl WebhookService {
    /// Sends everything again that has happened since an instant and that the endpoint wants, taken or not, also what
    /// happened while it was off. A thousand events at a time, and not while as many deliveries of it wait. What was begun
    /// already and not tried yet is on its way, and is left as it is.
    ///
    /// # Errors
    /// `NotFound`, `Off`, `Busy`; `Unavailable` if the store does not answer: then a part may be on its way.
    pub async fn replay_since(
        &self,
        user: UserId,
        id: EndpointId,
        since: Time,
    ) -> Result<Replayed, EndpointError> {
        let endpoint = self.get(user, id).await?;
        if !endpoint.is_on() {
            return Err(EndpointError::Off);
        }
        if self.ports.reads.waiting(id, MAX_WAITING).await? >= MAX_WAITING {
            return Err(EndpointError::Busy);
        }
        let events = self.ports.reads.happened_since(user, since, MAX_REPLAYED + 1).await?;
        let next_since = events.get(MAX_REPLAYED as usize).map(|event| event.event.at);
        let wanted = events.iter().take(MAX_REPLAYED as usize);
        let wanted = wanted.filter(|event| endpoint.events.has(event.event.kind));
        let tellings: Vec<Telling> = wanted.map(Telling::from).collect();
        let mut count = 0;
        for some in tellings.chunks(REPLAYED_AT_ONCE) {
            count += retry(|| self.replay_some(user, id, some)).await?;
        }
        Ok(Replayed { count, next_since })
    }

    async fn replay_some(
        &self,
        user: UserId,
        id: EndpointId,
        tellings: &[Telling],
    ) -> Result<u32, EndpointError> {
        let endpoint = self.get(user, id).await?;
        let ids: Vec<EventId> = tellings.iter().map(|telling| telling.id).collect();
        let known = self.ports.reads.deliveries_of(id, &ids).await?;
        let now = self.ports.clock.now();
        let begun = |telling: &Telling| match known.iter().find(|delivery| delivery.telling.id == telling.id)
        {
            Some(delivery) if delivery.is_fresh() => None,
            Some(delivery) => Some(delivery.clone().begun_anew(now)),
            None => Some(Delivery::new(self.id(), (id, user), *telling, now)),
        };
        let begun: Vec<Delivery> = tellings.iter().filter_map(begun).collect();
        let count = u32::try_from(tellings.len()).unwrap_or(u32::MAX);
        if begun.is_empty() && endpoint.health.rests_until.is_none() {
            return Ok(count);
        }
        let unit = trusting(UnitOfWork::new(), endpoint);
        let unit = begun.into_iter().map(Change::WebhookDelivery).fold(unit, UnitOfWork::with);
        match self.ports.store.commit(unit).await {
            // The relay was faster with one of them.
            Err(CommitError::Duplicate(_)) => Err(CommitError::Stale.into()),
            committed => committed.map(|_| count).map_err(EndpointError::from),
        }
    }
}
