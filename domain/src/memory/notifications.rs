//! Reads of notifications, in memory.

use async_trait::async_trait;

use super::{MemoryStore, reads::page_of};
use crate::{
    Fault, NotificationId, Page, PageOf, SuppressionId, Time, UserId,
    auth::Email,
    notification::{
        Ending, Notification, NotificationQuery, NotificationReads, NotificationSettings, Occasion,
    },
    suppression::{Suppressed, Suppression, Suppressions},
    verification::Order,
};

#[async_trait]
impl NotificationReads for MemoryStore {
    async fn notification(&self, id: NotificationId) -> Result<Option<Notification>, Fault> {
        Ok(self.state().notifications.get(&id).cloned())
    }

    async fn notifications(
        &self,
        user: UserId,
        query: &NotificationQuery,
        page: Page<NotificationId>,
    ) -> Result<PageOf<Notification>, Fault> {
        let state = self.state();
        let wanted = state.notifications.values().rev().filter(|told| {
            told.user == user
                && !query.hidden.contains(&told.occasion.kind())
                && !(query.unread && told.read_at.is_some())
        });
        Ok(page_of(wanted.cloned().collect(), page, |told| told.id))
    }

    async fn notification_settings(&self, user: UserId) -> Result<Option<NotificationSettings>, Fault> {
        Ok(self.state().notification_settings.get(&user).cloned())
    }

    async fn balances_crossed(&self, limit: u32) -> Result<Vec<UserId>, Fault> {
        let state = self.state();
        let crossed = state.wallet_settings.values().filter(|settings| {
            let account = state.accounts.get(&settings.user);
            account.is_some_and(|account| (*settings).clone().crossed(account, Time::UNIX_EPOCH).is_some())
        });
        Ok(crossed.map(|settings| settings.user).take(limit as usize).collect())
    }

    async fn numbers_expiring(&self, now: Time, until: Time, limit: u32) -> Result<Vec<Ending>, Fault> {
        let state = self.state();
        let wants = |user: UserId| {
            state.notification_settings.get(&user).is_some_and(NotificationSettings::wants_expiring)
        };
        let was_told =
            |occasion: Occasion| state.notifications.values().any(|told| told.occasion == occasion);
        let mut ending: Vec<(Time, Ending)> = Vec::new();
        for order in state.orders.values() {
            let Order::Waiting(waiting) = order else { continue };
            let (id, user, end) = (waiting.head.id, waiting.head.user, waiting.line.expires_at);
            let is_near = now < end && end <= until;
            if is_near && wants(user) && !was_told(Occasion::NumberExpiring { order: id }) {
                ending.push((end, Ending { order: id, user }));
            }
        }
        ending.sort_by_key(|(end, ending)| (*end, ending.order));
        Ok(ending.into_iter().map(|(_, ending)| ending).take(limit as usize).collect())
    }
}

#[async_trait]
impl Suppressions for MemoryStore {
    async fn suppression(&self, email: &Email) -> Result<Option<Suppression>, Fault> {
        Ok(self.state().suppressions.get(email.as_str()).cloned())
    }

    async fn suppressed(&self, page: Page<SuppressionId>) -> Result<PageOf<Suppressed>, Fault> {
        let state = self.state();
        let active = state.suppressions.values().filter(|known| known.is_active());
        let shown = |known: &Suppression| {
            let user = known.user.and_then(|id| state.users.get(&id));
            let owner = user.filter(|user| user.email == known.email);
            let owner = owner.map(|user| (user.id, user.email.clone()));
            Suppressed { id: known.id, owner, reply: known.reply, at: known.at }
        };
        let mut rows: Vec<Suppressed> = active.map(shown).collect();
        rows.sort_by_key(|row| std::cmp::Reverse(row.id));
        Ok(page_of(rows, page, |row| row.id))
    }
}
