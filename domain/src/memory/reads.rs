//! Every read, in memory.

use async_trait::async_trait;
use uuid::Uuid;

use super::{state::State, store::MemoryStore};
use crate::{
    EntryId, Fault, HoldId, Notice, NoticeState, Page, PageOf, Sender, SessionId, Time, UserId,
    auth::{
        ApiKey, AuthReads, Before, Email, Identity, Issuer, KeyStanding, MailToken, RefreshToken, Role,
        Session, SessionKind, Subject, TokenHash, User,
    },
    outbox::{EventLog, EventQuery, Lease, Leases, NoticeReads, SequencedEvent},
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
pub(super) fn number_of(id: EntryId) -> u64 {
    id.uuid().as_u64_pair().1 & ((1 << 62) - 1)
}

/// A user's statement lines in the order of posting.
pub(super) fn lines_of(state: &State, user: UserId) -> impl DoubleEndedIterator<Item = Entry> {
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

    async fn signed_in_before<'a>(&self, user: UserId, device: Option<&'a str>) -> Result<Before, Fault> {
        let state = self.state();
        let mut mine = state.sessions.values().filter(|session| session.user == user).peekable();
        let any = mine.peek().is_some();
        Ok(Before {
            any,
            same_device: mine
                .any(|session| session.device.as_deref().unwrap_or_default() == device.unwrap_or_default()),
        })
    }

    async fn refresh_token(&self, hash: TokenHash) -> Result<Option<RefreshToken>, Fault> {
        Ok(self.state().refresh_tokens.get(&hash).cloned())
    }

    async fn mail_token(&self, hash: TokenHash) -> Result<Option<MailToken>, Fault> {
        Ok(self.state().mail_tokens.get(&hash).cloned())
    }

    async fn api_keys(&self, user: UserId) -> Result<Vec<ApiKey>, Fault> {
        let state = self.state();
        let open = |key: &&ApiKey| key.user == user && key.ended_at.is_none();
        Ok(state.api_keys.values().rev().filter(open).cloned().collect())
    }

    async fn api_key(&self, hash: TokenHash) -> Result<Option<KeyStanding>, Fault> {
        let state = self.state();
        let Some(key) = state.api_keys.values().find(|key| key.hash == hash).cloned() else {
            return Ok(None);
        };
        Ok(state.users.get(&key.user).cloned().map(|user| KeyStanding { key, user }))
    }

    async fn identity(&self, issuer: &Issuer, subject: &Subject) -> Result<Option<Identity>, Fault> {
        let state = self.state();
        let known = |i: &&Identity| i.issuer == *issuer && i.subject.as_ref() == Some(subject);
        Ok(state.identities.values().find(known).cloned())
    }

    async fn identities(&self, user: UserId) -> Result<Vec<Identity>, Fault> {
        let state = self.state();
        let linked = |i: &&Identity| i.user == user && i.subject.is_some();
        Ok(state.identities.values().rev().filter(linked).cloned().collect())
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
        Ok(least_often(new, limit))
    }

    async fn matchable_notices(&self, limit: u32) -> Result<Vec<Notice>, Fault> {
        let state = self.state();
        let held = |subject: &str| {
            state.purchases.values().any(|p| p.bought().is_some_and(|b| b.reservation.as_str() == subject))
        };
        let unmatched = state.notices.values().filter(|n| n.state == NoticeState::Unmatched);
        let known =
            unmatched.filter(|n| n.sender == Sender::TextVerified && n.subject.as_deref().is_some_and(held));
        Ok(least_often(known, limit))
    }
}

/// Those that were looked at least often first; among equals the order stays.
fn least_often<'a>(notices: impl Iterator<Item = &'a Notice>, limit: u32) -> Vec<Notice> {
    let mut notices: Vec<&Notice> = notices.collect();
    notices.sort_by_key(|notice| notice.version);
    notices.into_iter().take(limit as usize).cloned().collect()
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
            state.fence += 1;
            let fence = state.fence;
            state.given_back.insert(name.to_owned(), fence);
        }
        Ok(())
    }
}
