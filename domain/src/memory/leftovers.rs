//! What is of no more use, in memory.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;

use super::{state::State, store::MemoryStore};
use crate::{
    DeliveryId, Fault, Time,
    auth::User,
    upkeep::{Leftovers, Task},
    webhook::{Delivery, DeliveryStatus},
};

#[async_trait]
impl Leftovers for MemoryStore {
    async fn delete(&self, task: Task, over_by: Time, limit: u32) -> Result<u32, Fault> {
        let state = &mut *self.state();
        let limit = limit as usize;
        let deleted = match task {
            Task::MailTokens => drop_some(&mut state.mail_tokens, limit, |t| t.expires_at <= over_by),
            Task::RefreshTokens => drop_some(&mut state.refresh_tokens, limit, |t| t.expires_at <= over_by),
            Task::Sessions => drop_some(&mut state.sessions, limit, |session| {
                session.ended.map_or(session.expires_at, |(at, _)| at) <= over_by
            }),
            Task::Quotes => drop_some(&mut state.quotes, limit, |quote| quote.expires_at <= over_by),
            Task::Claims => {
                let users = &state.users;
                drop_claims(&mut state.claims, limit, |of| users.get(of).is_some_and(User::is_deleted))
            }
            Task::Deliveries => drop_deliveries(state, limit, over_by),
            Task::ReadNotifications => drop_some(&mut state.notifications, limit, |told| {
                told.read_at.is_some_and(|read| read <= over_by)
            }),
            Task::UnreadNotifications => drop_some(&mut state.notifications, limit, |told| {
                told.read_at.is_none() && told.at <= over_by
            }),
        };
        Ok(u32::try_from(deleted).unwrap_or(u32::MAX))
    }
}

fn drop_some<K: Ord + Clone, V>(
    of: &mut BTreeMap<K, V>,
    limit: usize,
    is_over: impl Fn(&V) -> bool,
) -> usize {
    let over: Vec<K> = of.iter().filter(|(_, v)| is_over(v)).map(|(k, _)| k.clone()).take(limit).collect();
    for key in &over {
        of.remove(key);
    }
    over.len()
}

fn drop_deliveries(state: &mut State, limit: usize, over_by: Time) -> usize {
    let is_over = |delivery: &&Delivery| {
        delivery.state.status() != DeliveryStatus::Waiting && delivery.state.instant() <= over_by
    };
    let over = state.deliveries.values().filter(is_over).map(|delivery| delivery.id);
    let over: Vec<DeliveryId> = over.take(limit).collect();
    state.deliveries.retain(|id, _| !over.contains(id));
    state.attempts.retain(|_, attempt| !over.contains(&attempt.delivery));
    over.len()
}

fn drop_claims<S: Eq + std::hash::Hash + Clone, C>(
    of: &mut HashMap<(S, String), C>,
    limit: usize,
    is_over: impl Fn(&S) -> bool,
) -> usize {
    let over = of.keys().filter(|(scope, _)| is_over(scope)).take(limit);
    let over: Vec<_> = over.cloned().collect();
    for key in &over {
        of.remove(key);
    }
    over.len()
}
