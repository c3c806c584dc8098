//! Endpoints and deliveries, in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::{MemoryStore, reads::page_of, state::State};
use crate::{
    DeliveryId, EndpointId, EventId, Fault, Page, PageOf, Time, UserId, Version,
    outbox::SequencedEvent,
    webhook::{
        Attempt, Cursor, Delivery, DeliveryState, DeliveryStatus, DueEndpoint, Endpoint, WebhookReads,
        lease_of,
    },
};

impl State {
    pub(super) fn webhook_cursor(&self) -> Cursor {
        self.webhook_cursor.unwrap_or(Cursor { sequence: 0, version: Version::FIRST })
    }

    /// True if another delivery of the same event goes to the same endpoint.
    pub(super) fn has_other_delivery(&self, delivery: &Delivery) -> bool {
        let is_same = |other: &Delivery| {
            other.id != delivery.id
                && (other.endpoint, other.telling.id) == (delivery.endpoint, delivery.telling.id)
        };
        self.deliveries.values().any(is_same)
    }

    /// True if it is on and nothing is to be sent to it yet.
    pub(super) fn rests(&self, endpoint: EndpointId, now: Time) -> bool {
        let rests =
            |known: &Endpoint| known.is_on() && known.health.rests_until.is_some_and(|until| now < until);
        self.endpoints.get(&endpoint).is_some_and(rests)
    }

    fn kept(&self) -> impl DoubleEndedIterator<Item = &Endpoint> {
        self.endpoints.values().filter(|endpoint| endpoint.deleted_at.is_none())
    }
}

/// When it is due, if it is by `now`.
fn due_by(delivery: &Delivery, now: Time) -> Option<Time> {
    match delivery.state {
        DeliveryState::Waiting { due } if due <= now => Some(due),
        _ => None,
    }
}

#[async_trait]
impl WebhookReads for MemoryStore {
    async fn endpoint(&self, id: EndpointId) -> Result<Option<Endpoint>, Fault> {
        Ok(self.state().kept().find(|endpoint| endpoint.id == id).cloned())
    }

    async fn endpoints(&self, user: UserId) -> Result<Vec<Endpoint>, Fault> {
        Ok(self.state().kept().rev().filter(|endpoint| endpoint.user == user).cloned().collect())
    }

    async fn listening(&self, users: &[UserId]) -> Result<Vec<Endpoint>, Fault> {
        let state = self.state();
        let listens = |endpoint: &&Endpoint| endpoint.is_on() && users.contains(&endpoint.user);
        Ok(state.kept().filter(listens).cloned().collect())
    }

    async fn cursor(&self) -> Result<Cursor, Fault> {
        Ok(self.state().webhook_cursor())
    }

    async fn delivery(&self, id: DeliveryId) -> Result<Option<Delivery>, Fault> {
        Ok(self.state().deliveries.get(&id).cloned())
    }

    async fn deliveries(
        &self,
        endpoint: EndpointId,
        status: Option<DeliveryStatus>,
        page: Page<DeliveryId>,
    ) -> Result<PageOf<Delivery>, Fault> {
        let state = self.state();
        let wanted = state.deliveries.values().rev().filter(|delivery| {
            delivery.endpoint == endpoint && status.is_none_or(|status| delivery.state.status() == status)
        });
        Ok(page_of(wanted.cloned().collect(), page, |delivery| delivery.id))
    }

    async fn deliveries_of(&self, endpoint: EndpointId, events: &[EventId]) -> Result<Vec<Delivery>, Fault> {
        let state = self.state();
        let is_one =
            |delivery: &&Delivery| delivery.endpoint == endpoint && events.contains(&delivery.telling.id);
        Ok(state.deliveries.values().filter(is_one).cloned().collect())
    }

    async fn attempts(&self, deliveries: &[DeliveryId], count: u32) -> Result<Vec<Attempt>, Fault> {
        let state = self.state();
        let of_them = state.attempts.values().filter(|attempt| {
            let delivery = state.deliveries.get(&attempt.delivery).filter(|d| deliveries.contains(&d.id));
            delivery.is_some_and(|delivery| attempt.number + count > delivery.attempts)
        });
        let mut tries: Vec<Attempt> = of_them.cloned().collect();
        tries.sort_by_key(|attempt| (attempt.delivery, attempt.number));
        Ok(tries)
    }

    async fn waiting(&self, endpoint: EndpointId, limit: u32) -> Result<u32, Fault> {
        let state = self.state();
        let waits = |d: &&Delivery| d.endpoint == endpoint && d.state.status() == DeliveryStatus::Waiting;
        let count = state.deliveries.values().filter(waits).take(limit as usize).count();
        Ok(u32::try_from(count).unwrap_or(limit))
    }

    async fn due(&self, now: Time, limit: u32) -> Result<Vec<DueEndpoint>, Fault> {
        let state = self.state();
        let mut since: BTreeMap<(UserId, EndpointId), Time> = BTreeMap::new();
        for delivery in state.deliveries.values() {
            if let Some(due) = due_by(delivery, now).filter(|_| !state.rests(delivery.endpoint, now)) {
                let known = since.entry((delivery.user, delivery.endpoint)).or_insert(due);
                *known = due.min(*known);
            }
        }
        let mut all: Vec<_> = since
            .into_iter()
            .map(|((user, endpoint), due)| {
                let lease = lease_of(endpoint);
                let is_free = !state.leases.contains_key(&lease);
                (user, is_free, state.given_back.get(&lease).copied().unwrap_or(0), due, endpoint)
            })
            .collect();
        // Of each user those that somebody works on are first: they have had their turn.
        all.sort();
        let mut turns: BTreeMap<UserId, u32> = BTreeMap::new();
        let mut free = Vec::new();
        for (user, is_free, given_back, due, endpoint) in all {
            let turn = turns.entry(user).or_default();
            *turn += 1;
            if is_free {
                free.push((*turn, given_back, due, endpoint, user));
            }
        }
        free.sort();
        let due = free.into_iter().map(|(.., endpoint, user)| DueEndpoint { endpoint, user });
        Ok(due.take(limit as usize).collect())
    }

    async fn due_of(&self, endpoint: EndpointId, now: Time, limit: u32) -> Result<Vec<Delivery>, Fault> {
        let state = self.state();
        let is_due = |d: &&Delivery| d.endpoint == endpoint && due_by(d, now).is_some();
        let mut due: Vec<Delivery> = state.deliveries.values().filter(is_due).cloned().collect();
        due.sort_by_key(|delivery| (delivery.telling.what.sequence().unwrap_or(0), delivery.id));
        due.truncate(limit as usize);
        Ok(due)
    }

    async fn happened_since(
        &self,
        user: UserId,
        since: Time,
        limit: u32,
    ) -> Result<Vec<SequencedEvent>, Fault> {
        let state = self.state();
        let mut happened: Vec<SequencedEvent> = state
            .events
            .iter()
            .filter(|stored| stored.event.user == user && stored.event.at >= since)
            .filter_map(|stored| {
                Some(SequencedEvent { sequence: stored.sequence?, event: stored.event.clone() })
            })
            .collect();
        happened.sort_by_key(|event| (event.event.at, event.sequence));
        happened.truncate(limit as usize);
        Ok(happened)
    }
}
