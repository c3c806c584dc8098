//! Reads of quotes, orders, purchases and texts, in memory.

use async_trait::async_trait;

use super::{reads::page_of, store::MemoryStore};
use crate::{
    BatchId, Fault, HoldId, OrderId, Page, PageOf, PhoneNumber, PurchaseId, QuoteId, ReservationId, Time,
    UserId,
    auth::User,
    verification::{
        Batch, Cancelled, Expired, Message, Order, OrderFilter, OrderReads, OrderStatus, ProviderId,
        Purchase, Quote, Receivable, Requested, ServiceCode, ServiceStats, UpstreamOrder, Waiting,
    },
    wallet::{Account, BookReads, Hold, PromoGrant, WalletReads},
};

#[async_trait]
impl OrderReads for MemoryStore {
    async fn quote(&self, id: QuoteId) -> Result<Option<Quote>, Fault> {
        Ok(self.state().quotes.get(&id).cloned())
    }

    async fn order(&self, id: OrderId) -> Result<Option<Order>, Fault> {
        Ok(self.state().orders.get(&id).cloned())
    }

    async fn orders_among(&self, orders: &[OrderId]) -> Result<Vec<Order>, Fault> {
        let state = self.state();
        Ok(orders.iter().filter_map(|id| state.orders.get(id).cloned()).collect())
    }

    async fn batch(&self, id: BatchId) -> Result<Option<Batch>, Fault> {
        Ok(self.state().batches.get(&id).cloned())
    }

    async fn orders(
        &self,
        user: UserId,
        filter: &OrderFilter,
        page: Page<OrderId>,
    ) -> Result<PageOf<Order>, Fault> {
        let state = self.state();
        let wanted = |order: &&Order| {
            let head = order.head();
            head.user == user
                && filter.status.is_none_or(|status| status == order.status())
                && filter.service.as_ref().is_none_or(|service| *service == head.ask.service)
        };
        let mine = state.orders.values().rev().filter(wanted).cloned();
        Ok(page_of(mine.collect(), page, |order| order.head().id))
    }

    async fn messages_of(&self, orders: &[OrderId]) -> Result<Vec<Message>, Fault> {
        let state = self.state();
        let mut texts: Vec<_> =
            state.messages.values().filter(|m| orders.contains(&m.order)).cloned().collect();
        texts.sort_by_key(|m| (m.received_at, m.id));
        Ok(texts)
    }

    async fn purchase(&self, id: PurchaseId) -> Result<Option<Purchase>, Fault> {
        Ok(self.state().purchases.get(&id).cloned())
    }

    async fn purchase_by_reservation(
        &self,
        provider: ProviderId,
        reservation: &ReservationId,
    ) -> Result<Option<Purchase>, Fault> {
        let state = self.state();
        let holds = |p: &&Purchase| {
            p.provider == provider && p.bought().is_some_and(|b| b.reservation == *reservation)
        };
        Ok(state.purchases.values().find(holds).cloned())
    }

    async fn sent_purchases(&self, provider: ProviderId) -> Result<Vec<Purchase>, Fault> {
        let state = self.state();
        let sent = state.purchases.values().filter(|p| p.provider == provider && p.is_sent()).cloned();
        let mut sent: Vec<_> = sent.collect();
        sent.sort_by_key(|p| (p.sent_at, p.id));
        Ok(sent)
    }

    async fn purchases_since(&self, provider: ProviderId, from: Time) -> Result<Vec<Purchase>, Fault> {
        let state = self.state();
        Ok(state
            .purchases
            .values()
            .filter(|p| p.provider == provider && p.sent_at >= from)
            .cloned()
            .collect())
    }

    async fn held_among(
        &self,
        provider: ProviderId,
        reservations: &[ReservationId],
    ) -> Result<Vec<ReservationId>, Fault> {
        let state = self.state();
        let of_provider = state.purchases.values().filter(|p| p.provider == provider);
        let held = of_provider.filter_map(|p| p.bought().map(|b| b.reservation.clone()));
        Ok(held.filter(|reservation| reservations.contains(reservation)).collect())
    }

    async fn was_shown(
        &self,
        user: UserId,
        service: &ServiceCode,
        number: &PhoneNumber,
    ) -> Result<bool, Fault> {
        Ok(self.state().shown.contains(&(user, service.clone(), number.clone())))
    }

    async fn ending(&self, now: Time, limit: u32) -> Result<Vec<Waiting>, Fault> {
        let state = self.state();
        let waiting = state.orders.values().filter_map(|order| match order {
            Order::Waiting(waiting) if waiting.line.expires_at <= now => Some(waiting.clone()),
            _ => None,
        });
        let mut ending: Vec<_> = waiting.collect();
        ending.sort_by_key(|waiting| (waiting.line.expires_at, waiting.head.id));
        ending.truncate(limit as usize);
        Ok(ending)
    }

    async fn swaps_ending(&self, now: Time, limit: u32) -> Result<Vec<Requested>, Fault> {
        let state = self.state();
        let swaps = state.orders.values().filter_map(|order| match order {
            Order::Requested(swap) => {
                let ends = swap.former.as_ref()?.line.expires_at;
                (ends <= now).then(|| (ends, swap.clone()))
            }
            _ => None,
        });
        let mut swaps: Vec<_> = swaps.collect();
        swaps.sort_by_key(|(ends, swap)| (*ends, swap.head.id));
        Ok(swaps.into_iter().take(limit as usize).map(|(_, swap)| swap).collect())
    }

    async fn oldest_waiting(&self, _provider: ProviderId) -> Result<Option<Time>, Fault> {
        let state = self.state();
        let bound = state.orders.values().filter_map(|order| match order {
            Order::Waiting(waiting) => Some(waiting.line.bound_at),
            _ => None,
        });
        Ok(bound.min())
    }

    async fn uncredited(&self, provider: ProviderId, from: Time) -> Result<Vec<Purchase>, Fault> {
        let state = self.state();
        let ended = state.orders.values().filter_map(|order| match order {
            Order::Expired(Expired { line, at, .. }) | Order::Cancelled(Cancelled { line, at, .. }) => {
                (*at >= from).then_some(line.purchase)
            }
            _ => None,
        });
        let is_open = |p: &&Purchase| p.bought().is_some_and(|b| b.receivable == Receivable::Open);
        let bought = ended.filter_map(|id| state.purchases.get(&id)).filter(is_open);
        let mut bought: Vec<_> = bought.filter(|p| p.provider == provider).cloned().collect();
        bought.sort_by_key(|purchase| purchase.id);
        Ok(bought)
    }

    async fn orders_of(
        &self,
        _provider: ProviderId,
        reservations: &[ReservationId],
    ) -> Result<Vec<UpstreamOrder>, Fault> {
        Ok(self.lines_where(|order| {
            matches!(order, Order::Waiting(_) | Order::Completed(_))
                && order.line().is_some_and(|line| reservations.contains(&line.reservation))
        }))
    }

    async fn waiting_on(
        &self,
        _provider: ProviderId,
        number: &PhoneNumber,
    ) -> Result<Vec<UpstreamOrder>, Fault> {
        Ok(self.lines_where(
            |order| matches!(order, Order::Waiting(w) if w.line.number.as_ref() == Some(number)),
        ))
    }

    async fn oldest_expired(&self, _provider: ProviderId, since: Time) -> Result<Option<Time>, Fault> {
        let state = self.state();
        let bound = state.orders.values().filter_map(|order| match order {
            Order::Expired(expired) if expired.at >= since && expired.head.may_show_late() => {
                Some(expired.line.bound_at)
            }
            _ => None,
        });
        Ok(bound.min())
    }

    async fn expired_of(
        &self,
        _provider: ProviderId,
        reservations: &[ReservationId],
        since: Time,
    ) -> Result<Vec<UpstreamOrder>, Fault> {
        Ok(self.lines_where(|order| {
            matches!(order, Order::Expired(e) if e.at >= since && reservations.contains(&e.line.reservation))
        }))
    }

    async fn expired_on(
        &self,
        _provider: ProviderId,
        number: &PhoneNumber,
        since: Time,
    ) -> Result<Vec<UpstreamOrder>, Fault> {
        Ok(self.lines_where(
            |order| matches!(order, Order::Expired(e) if e.line.number.as_ref() == Some(number) && e.at >= since),
        ))
    }

    async fn late_texts_since(&self, user: UserId, from: Time) -> Result<u32, Fault> {
        let state = self.state();
        let of_user = |id: &OrderId| state.orders.get(id).is_some_and(|order| order.head().user == user);
        let late = state.messages.values().filter(|m| m.late && m.stored_at >= from && of_user(&m.order));
        Ok(u32::try_from(late.count()).unwrap_or(u32::MAX))
    }

    async fn reports_since(&self, user: UserId, from: Time) -> Result<u32, Fault> {
        let state = self.state();
        let heads = state.orders.values().map(Order::head).filter(|head| head.user == user);
        let reported = heads.filter(|head| head.report.is_some_and(|report| report.at >= from));
        Ok(u32::try_from(reported.count()).unwrap_or(u32::MAX))
    }

    async fn is_suppressed(&self, service: &ServiceCode, number: &PhoneNumber) -> Result<bool, Fault> {
        let state = self.state();
        Ok(state.suppressed.iter().any(|known| known.service == *service && known.number == *number))
    }

    async fn payer(&self, user: UserId) -> Result<Option<Account>, Fault> {
        self.account(user).await
    }

    async fn gifts(&self, user: UserId) -> Result<Vec<PromoGrant>, Fault> {
        self.open_grants(user).await
    }

    async fn has_left(&self, user: UserId) -> Result<bool, Fault> {
        Ok(self.state().users.get(&user).is_some_and(User::is_deleted))
    }

    async fn payment(&self, hold: HoldId) -> Result<Option<Hold>, Fault> {
        self.hold(hold).await
    }

    async fn service_stats(&self, from: Time) -> Result<Vec<ServiceStats>, Fault> {
        let state = self.state();
        let mut services: std::collections::BTreeMap<ServiceCode, (u64, Vec<i64>)> = Default::default();
        for order in
            state.orders.values().filter(|o| o.ended_at().is_some_and(|at| at >= from) && o.line().is_some())
        {
            if !order.status().is_final() {
                continue;
            }
            let (ended, waits) = services.entry(order.head().ask.service.clone()).or_default();
            *ended += 1;
            if let Order::Completed(done) = order {
                waits.push((done.at - done.line.bound_at).num_seconds());
            }
        }
        let stats = services.into_iter().map(|(service, (ended, mut waits))| {
            waits.sort_unstable();
            let p50 = waits.get(waits.len().saturating_sub(1) / 2).copied();
            ServiceStats { service, ended, completed: waits.len() as u64, time_to_code_p50_s: p50 }
        });
        Ok(stats.collect())
    }
}

impl MemoryStore {
    fn lines_where(&self, wanted: impl Fn(&Order) -> bool) -> Vec<UpstreamOrder> {
        let state = self.state();
        let lines = state.orders.values().filter(|order| wanted(order)).filter_map(|order| {
            let reservation = order.line()?.reservation.clone();
            Some(UpstreamOrder { order: order.head().id, reservation })
        });
        lines.collect()
    }

    /// Orders in one state, for those who check the laws.
    pub fn count_orders(&self, status: OrderStatus) -> usize {
        self.state().orders.values().filter(|order| order.status() == status).count()
    }
}
