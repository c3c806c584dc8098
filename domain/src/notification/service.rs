//! Use cases of notifications: show them, keep what users wish, and find out what a letter tells.

use std::sync::Arc;

use crate::{
    Change, Clock, CommitError, Fault, NotificationId, Page, PageOf, Random, RefundId, Store, Unique,
    UnitOfWork, UserId,
    auth::{AuthReads, Email},
    notification::{
        Channel, News, Notification, NotificationKind, NotificationQuery, NotificationReads,
        NotificationSettings, Occasion,
    },
    payment::{IntentState, PaymentReads, RefundState},
    staff::StaffReads,
    support::SupportReads,
    unit::retry_stale,
    verification::{Order, OrderReads},
    wallet::WalletReads,
};

/// Why a notification was not shown or changed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum NotificationError {
    /// There is none of this identifier, or it is another user's.
    #[error("no such notification")]
    NotFound,
    /// The commit was refused.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The store does not answer.
    #[error("notifications cannot be read now")]
    Unavailable(#[from] Fault),
}

/// Everything outside that notifications need.
#[derive(Clone)]
pub struct NotificationPorts {
    /// Commits.
    pub store: Arc<dyn Store>,
    /// Notifications, and what users wish of them.
    pub reads: Arc<dyn NotificationReads>,
    /// Addresses and sessions.
    pub users: Arc<dyn AuthReads>,
    /// Who is staff.
    pub staff: Arc<dyn StaffReads>,
    /// Balances and thresholds.
    pub wallets: Arc<dyn WalletReads>,
    /// Payments and refunds.
    pub payments: Arc<dyn PaymentReads>,
    /// Orders.
    pub orders: Arc<dyn OrderReads>,
    /// Tickets.
    pub tickets: Arc<dyn SupportReads>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Identifiers.
    pub random: Arc<dyn Random>,
}

/// Shows notifications, and finds out what their letters tell.
pub struct NotificationService {
    pub(super) ports: NotificationPorts,
}

impl NotificationService {
    /// Over any ports.
    pub const fn new(ports: NotificationPorts) -> Self {
        Self { ports }
    }

    /// A user's, newest first, of the kinds that he wants in the product.
    ///
    /// # Errors
    /// `Unavailable` if the store cannot be read.
    pub async fn list(
        &self,
        user: UserId,
        unread: bool,
        page: Page<NotificationId>,
    ) -> Result<PageOf<Notification>, NotificationError> {
        let settings = self.settings(user).await?;
        let is_hidden = |kind: &NotificationKind| !settings.wants(*kind, Channel::InApp);
        let hidden = NotificationKind::ALL.into_iter().filter(is_hidden).collect();
        let query = NotificationQuery { hidden, unread };
        Ok(self.ports.reads.notifications(user, &query, page).await?)
    }

    /// All of a user, whatever he wants to see of them: what is kept about him.
    ///
    /// # Errors
    /// `Unavailable` if the store cannot be read.
    pub async fn kept(
        &self,
        user: UserId,
        page: Page<NotificationId>,
    ) -> Result<PageOf<Notification>, NotificationError> {
        Ok(self.ports.reads.notifications(user, &NotificationQuery::default(), page).await?)
    }

    /// The user has read it. To repeat it is safe, and changes nothing.
    ///
    /// # Errors
    /// `NotFound` also for somebody else's; `Unavailable`, `Commit` if the store does not answer.
    pub async fn read(&self, user: UserId, id: NotificationId) -> Result<Notification, NotificationError> {
        let read = retry_stale(|| async move {
            let found = self.ports.reads.notification(id).await.map_err(CommitError::Unavailable)?;
            let Some(found) = found.filter(|found| found.user == user) else { return Ok(None) };
            let Some(read) = found.clone().read(self.ports.clock.now()) else { return Ok(Some(found)) };
            self.ports.store.commit(UnitOfWork::new().with(Change::Notification(read.clone()))).await?;
            Ok(Some(read))
        });
        read.await?.ok_or(NotificationError::NotFound)
    }

    /// What a user wishes.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn settings(&self, user: UserId) -> Result<NotificationSettings, Fault> {
        let stored = self.ports.reads.notification_settings(user).await?;
        Ok(stored.unwrap_or_else(|| NotificationSettings::unset(user)))
    }

    /// Replaces what a user wishes, whatever it was: of two at once the later one holds.
    ///
    /// # Errors
    /// `Commit` if the store does not answer; to ask again is safe.
    pub async fn change_settings(
        &self,
        wanted: NotificationSettings,
    ) -> Result<NotificationSettings, NotificationError> {
        Ok(retry_stale(|| self.replace_settings(&wanted)).await?)
    }

    async fn replace_settings(
        &self,
        wanted: &NotificationSettings,
    ) -> Result<NotificationSettings, CommitError> {
        let stored = self.settings(wanted.user).await.map_err(CommitError::Unavailable)?;
        let next = wanted.clone().replacing(&stored);
        match self
            .ports
            .store
            .commit(UnitOfWork::new().with(Change::NotificationSettings(next.clone())))
            .await
        {
            Ok(_) => Ok(next),
            // Somebody else has made the first record since it was looked for.
            Err(CommitError::Duplicate(Unique::Record)) => Err(CommitError::Stale),
            Err(refused) => Err(refused),
        }
    }

    /// Whom a letter about this notification goes to, and what it tells. `None` if there is none to send: the user
    /// wishes none, has left, or what it tells about is gone.
    ///
    /// # Errors
    /// If the store cannot be read; asking again is safe.
    pub async fn letter(&self, id: NotificationId) -> Result<Option<(Email, News)>, Fault> {
        let Some(told) = self.ports.reads.notification(id).await? else { return Ok(None) };
        let user = self.ports.users.user(told.user).await?.filter(|user| !user.is_deleted());
        let Some(user) = user else { return Ok(None) };
        if !self.settings(user.id).await?.wants(told.occasion.kind(), Channel::Mail) {
            return Ok(None);
        }
        // Who is staff no more is told nothing of what staff does.
        if told.occasion.is_for().is_some_and(|permission| !permission.is_of(user.role)) {
            return Ok(None);
        }
        Ok(self.news(&told).await?.map(|news| (user.email, news)))
    }

    async fn news(&self, told: &Notification) -> Result<Option<News>, Fault> {
        let ports = &self.ports;
        Ok(match told.occasion {
            Occasion::NewSignIn { session } => ports.users.session(session).await?.map(|session| {
                News::NewSignIn { device: session.device, ip: session.ip, at: session.created_at }
            }),
            Occasion::TicketAnswered { ticket } => Some(News::TicketAnswered { ticket }),
            Occasion::LowBalance => self.low_balance(told.user).await?,
            Occasion::DepositReceived { payment } => {
                ports.payments.intent(payment).await?.and_then(|intent| {
                    let IntentState::Succeeded { at } = intent.state else { return None };
                    let (amount, charged, reference) = (intent.amount, intent.charged, intent.reference);
                    Some(News::DepositReceived { amount, charged, reference, at })
                })
            }
            Occasion::RefundMade { refund } => self.refund(refund).await?,
            Occasion::NumberExpiring { order } => ports.orders.order(order).await?.and_then(|order| {
                // What has ended meanwhile expires no more.
                let Order::Waiting(waiting) = order else { return None };
                let (order, service) = (waiting.head.id, waiting.head.ask.service);
                Some(News::NumberExpiring { order, service, expires_at: waiting.line.expires_at })
            }),
            Occasion::TicketOpened { ticket } => ports
                .tickets
                .ticket(ticket)
                .await?
                .map(|found| News::TicketOpened { ticket, category: found.category }),
            Occasion::PaymentSuspended { payment } => Some(News::PaymentSuspended { payment }),
            Occasion::MismatchesFound { run } => Some(News::MismatchesFound { run }),
        })
    }

    async fn low_balance(&self, user: UserId) -> Result<Option<News>, Fault> {
        let account = self.ports.wallets.account(user).await?;
        let settings = self.ports.wallets.settings(user).await?;
        let threshold = settings.and_then(|settings| settings.low_balance_threshold());
        Ok(account
            .zip(threshold)
            .map(|(account, threshold)| News::LowBalance { available: account.available(), threshold }))
    }

    async fn refund(&self, id: RefundId) -> Result<Option<News>, Fault> {
        Ok(self.ports.payments.refund(id).await?.and_then(|refund| {
            let RefundState::Processed { at, .. } = refund.state else { return None };
            let (amount, charged, reference) = (refund.amount, refund.charged, refund.reference);
            Some(News::RefundMade { amount, charged, reference, at })
        }))
    }
}
