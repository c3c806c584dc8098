//! Every read, in memory.

use async_trait::async_trait;
use uuid::Uuid;

use super::{
    state::{State, StoredJob},
    store::MemoryStore,
};
use crate::{
    BatchId, EntryId, Fault, HoldId, JobLane, NewJob, Notice, NoticeState, OrderId, Page, PageOf,
    PhoneNumber, PurchaseId, QuoteId, ReservationId, Sender, SessionId, Time, UserId,
    auth::{AuthReads, Email, MailToken, RefreshToken, Role, Session, SessionKind, TokenHash, User},
    outbox::{EventLog, EventQuery, Jobs, Lease, LeasedJob, Leases, NoticeReads, SequencedEvent},
    verification::{
        Batch, Cancelled, Expired, Message, Order, OrderFilter, OrderReads, OrderStatus, ProviderId,
        Purchase, Quote, Receivable, Requested, ServiceCode, ServiceStats, UpstreamOrder, Waiting,
    },
    wallet::{Account, Entry, Hold, LedgerAccount, Purse, Settings, Span, WalletReads},
};

pub(super) fn page_of<T, C: PartialOrd + Copy>(
    mut rows: Vec<T>,
    page: Page<C>,
    key: impl Fn(&T) -> C,
) -> PageOf<T> {
    rows.retain(|row| page.after.is_none_or(|after| key(row) < after));
    rows.truncate(page.limit as usize + 1);
    PageOf::from_one_more(rows, page.limit)
}

/// The journal's number in the identifier of a line, as [`lines_of`] makes it.
fn number_of(id: EntryId) -> u64 {
    id.uuid().as_u64_pair().1 & ((1 << 62) - 1)
}

/// A user's statement lines in the order of posting.
fn lines_of(state: &State, user: UserId) -> impl DoubleEndedIterator<Item = Entry> {
    let purses = [Purse::Wallet, Purse::Promo].map(|purse| LedgerAccount::User(user, purse));
    state.transfers.iter().filter_map(move |posted| {
        let [wallet, promo] = purses.map(|account| posted.transfer.effect_on(account));
        let amount = wallet.checked_add(promo).ok().filter(|amount| !amount.is_zero())?;
        let mut tail = [0u8; 10];
        tail[2..].copy_from_slice(&posted.number.to_be_bytes());
        Some(Entry {
            id: EntryId::from_parts(posted.transfer.at, tail),
            kind: posted.transfer.kind,
            amount,
            balance_after: posted.balance_after?,
            source: posted.transfer.source.clone(),
            at: posted.transfer.at,
        })
    })
}

#[async_trait]
impl WalletReads for MemoryStore {
    async fn account(&self, user: UserId) -> Result<Option<Account>, Fault> {
        Ok(self.state().accounts.get(&user).cloned())
    }

    async fn hold(&self, id: HoldId) -> Result<Option<Hold>, Fault> {
        Ok(self.state().holds.get(&id).cloned())
    }

    async fn entries(&self, user: UserId, page: Page<EntryId>) -> Result<PageOf<Entry>, Fault> {
        let state = self.state();
        Ok(page_of(lines_of(&state, user).rev().collect(), page, |entry| entry.id))
    }

    async fn entry_before(&self, user: UserId, at: Time) -> Result<Option<Entry>, Fault> {
        Ok(lines_of(&self.state(), user).rev().find(|line| line.at < at))
    }

    async fn lines(&self, user: UserId, span: Span, limit: u32) -> Result<Vec<Entry>, Fault> {
        let (after, up_to) = (span.after.map_or(0, number_of), number_of(span.up_to));
        let state = self.state();
        let lines = lines_of(&state, user).filter(|line| {
            let number = number_of(line.id);
            after < number && number <= up_to
        });
        Ok(lines.take(limit as usize).collect())
    }

    async fn holds(&self, user: UserId, page: Page<HoldId>) -> Result<PageOf<Hold>, Fault> {
        let state = self.state();
        let mine = state.holds.values().rev().filter(|hold| hold.user == user).cloned();
        Ok(page_of(mine.collect(), page, |hold| hold.id))
    }

    async fn settings(&self, user: UserId) -> Result<Option<Settings>, Fault> {
        Ok(self.state().wallet_settings.get(&user).cloned())
    }
}

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
        Ok(self.lines_where(|order| matches!(order, Order::Waiting(w) if w.line.number == *number)))
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
            |order| matches!(order, Order::Expired(e) if e.line.number == *number && e.at >= since),
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

#[async_trait]
impl AuthReads for MemoryStore {
    async fn user(&self, id: UserId) -> Result<Option<User>, Fault> {
        Ok(self.state().users.get(&id).cloned())
    }

    async fn user_by_email(&self, email: &Email) -> Result<Option<User>, Fault> {
        Ok(self.state().users.values().find(|user| user.email == *email).cloned())
    }

    async fn session(&self, id: SessionId) -> Result<Option<Session>, Fault> {
        Ok(self.state().sessions.get(&id).cloned())
    }

    async fn session_by_cookie(&self, cookie: TokenHash) -> Result<Option<Session>, Fault> {
        let state = self.state();
        Ok(state.sessions.values().find(|s| s.kind == SessionKind::Browser { cookie }).cloned())
    }

    async fn open_sessions(&self, user: UserId, now: Time) -> Result<Vec<Session>, Fault> {
        let state = self.state();
        Ok(state.sessions.values().rev().filter(|s| s.user == user && s.is_open(now)).cloned().collect())
    }

    async fn refresh_token(&self, hash: TokenHash) -> Result<Option<RefreshToken>, Fault> {
        Ok(self.state().refresh_tokens.get(&hash).cloned())
    }

    async fn mail_token(&self, hash: TokenHash) -> Result<Option<MailToken>, Fault> {
        Ok(self.state().mail_tokens.get(&hash).cloned())
    }

    async fn staff_count(&self) -> Result<u32, Fault> {
        let staff = self.state().users.values().filter(|user| user.role != Role::Customer).count();
        Ok(u32::try_from(staff).unwrap_or(u32::MAX))
    }
}

#[async_trait]
impl NoticeReads for MemoryStore {
    async fn new_notices(&self, sender: Sender, limit: u32) -> Result<Vec<Notice>, Fault> {
        let state = self.state();
        let new = state.notices.values().filter(|n| n.sender == sender && n.state == NoticeState::New);
        Ok(new.take(limit as usize).cloned().collect())
    }

    async fn matchable_notices(&self, limit: u32) -> Result<Vec<Notice>, Fault> {
        let state = self.state();
        let held = |subject: &str| {
            state.purchases.values().any(|p| p.bought().is_some_and(|b| b.reservation.as_str() == subject))
        };
        let unmatched = state.notices.values().filter(|n| n.state == NoticeState::Unmatched);
        let known =
            unmatched.filter(|n| n.sender == Sender::TextVerified && n.subject.as_deref().is_some_and(held));
        Ok(known.take(limit as usize).cloned().collect())
    }
}

#[async_trait]
impl EventLog for MemoryStore {
    async fn stamp(&self) -> Result<u32, Fault> {
        let mut state = self.state();
        let mut next = state.events.iter().filter_map(|e| e.sequence).max().unwrap_or(0);
        let mut stamped = 0;
        for event in state.events.iter_mut().filter(|event| event.sequence.is_none()) {
            next += 1;
            stamped += 1;
            event.sequence = Some(next);
        }
        Ok(stamped)
    }

    async fn after(&self, query: EventQuery) -> Result<Vec<SequencedEvent>, Fault> {
        let state = self.state();
        let wanted = state.events.iter().filter_map(|stored| {
            let sequence = stored.sequence.filter(|s| *s > query.after)?;
            let mine = query.user.is_none_or(|user| user == stored.event.user);
            let about = query.subject.is_none_or(|subject| subject == stored.event.subject);
            (mine && about).then(|| SequencedEvent { sequence, event: stored.event.clone() })
        });
        Ok(wanted.take(query.limit as usize).collect())
    }

    async fn newest(&self) -> Result<i64, Fault> {
        Ok(self.state().events.iter().filter_map(|e| e.sequence).max().unwrap_or(0))
    }
}

#[async_trait]
impl Jobs for MemoryStore {
    async fn lease(
        &self,
        holder: Uuid,
        lane: JobLane,
        now: Time,
        limit: u32,
    ) -> Result<Vec<LeasedJob>, Fault> {
        let mut state = self.state();
        state.fence += 1;
        let fence = state.fence;
        let is_free = |j: &&mut StoredJob| j.holder.is_none() && j.buried.is_none();
        let due = state
            .jobs
            .values_mut()
            .filter(|j| is_free(j) && j.job.kind.lane() == lane && j.job.run_at <= now);
        let taken = due.take(limit as usize).map(|stored| {
            (stored.holder, stored.fence) = (Some(holder), fence);
            let NewJob { id, kind, .. } = stored.job.clone();
            LeasedJob { id, kind, attempts: stored.attempts, fence }
        });
        Ok(taken.collect())
    }

    async fn done(&self, job: &LeasedJob) -> Result<(), Fault> {
        let mut state = self.state();
        if state.jobs.get(&job.id).is_some_and(|stored| stored.fence == job.fence) {
            state.jobs.remove(&job.id);
        }
        Ok(())
    }

    async fn retry(&self, job: &LeasedJob, at: Time) -> Result<(), Fault> {
        if let Some(stored) = self.state().jobs.get_mut(&job.id).filter(|stored| stored.fence == job.fence) {
            stored.attempts += 1;
            stored.holder = None;
            stored.job.run_at = at;
        }
        Ok(())
    }

    async fn bury(&self, job: &LeasedJob, why: &str) -> Result<(), Fault> {
        if let Some(stored) = self.state().jobs.get_mut(&job.id).filter(|stored| stored.fence == job.fence) {
            stored.holder = None;
            stored.buried = Some(why.to_owned());
        }
        Ok(())
    }

    async fn release(&self, holder: Uuid) -> Result<(), Fault> {
        for stored in self.state().jobs.values_mut().filter(|stored| stored.holder == Some(holder)) {
            stored.holder = None;
        }
        Ok(())
    }
}

#[async_trait]
impl Leases for MemoryStore {
    /// Memory has no time of its own: a lease lasts until it is given back, and one of no seconds not at all.
    async fn acquire(&self, name: &str, holder: Uuid, seconds: u32) -> Result<Option<Lease>, Fault> {
        let mut state = self.state();
        match state.leases.get(name) {
            Some((owner, fence)) if *owner == holder => Ok(Some(Lease { fence: *fence })),
            Some(_) => Ok(None),
            None => {
                state.fence += 1;
                let fence = state.fence;
                if seconds > 0 {
                    state.leases.insert(name.to_owned(), (holder, fence));
                }
                Ok(Some(Lease { fence }))
            }
        }
    }

    async fn release(&self, name: &str, holder: Uuid) -> Result<(), Fault> {
        let mut state = self.state();
        if state.leases.get(name).is_some_and(|(owner, _)| *owner == holder) {
            state.leases.remove(name);
        }
        Ok(())
    }
}
