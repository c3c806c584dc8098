//! Addresses that mail servers have refused for good: they get no mail any more, until staff says that they may.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use chrono::TimeDelta;

use crate::{
    Change, Clock, CommitError, Fault, Id, JobId, Letter, Page, PageOf, Random, Store, SuppressionId, Time,
    Unique, UnitOfWork, UserId, Version,
    auth::{AuthReads, Email},
    mailer::{MailError, Mailer},
    notification::News,
    staff::{Actor, AuditAction, By, Facts, Subject},
    time::minutes,
    unit::retry_stale,
};

/// When more addresses than this are refused within [`LATELY`], it is not they who are at fault.
const MANY: usize = 20;
/// See [`MANY`].
const LATELY: TimeDelta = minutes(10);

/// What is known of an address that was refused. Stores keep a keyed digest of the address alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppression {
    /// Its identifier.
    pub id: SuppressionId,
    /// Which.
    pub email: Email,
    /// Whose address it was when it was refused, if it was a user's.
    pub user: Option<UserId>,
    /// The number of the mail server's answer.
    pub reply: u16,
    /// When it was refused last.
    pub at: Time,
    /// When staff said that it may get mail again.
    pub lifted_at: Option<Time>,
    /// Counts every change.
    pub version: Version,
}

impl Suppression {
    /// An address is refused for the first time.
    pub const fn new(id: SuppressionId, email: Email, user: Option<UserId>, reply: u16, at: Time) -> Self {
        Self { id, email, user, reply, at, lifted_at: None, version: Version::FIRST }
    }

    /// True while it gets no mail.
    pub const fn is_active(&self) -> bool {
        self.lifted_at.is_none()
    }

    /// The same, refused once more; whose it is now.
    #[must_use]
    pub fn again(self, user: Option<UserId>, reply: u16, at: Time) -> Self {
        Self { user, reply, at, lifted_at: None, version: self.version.next(), ..self }
    }

    /// The same, allowed again; `None` if it was.
    #[must_use]
    pub fn lifted(self, at: Time) -> Option<Self> {
        self.is_active().then(|| Self { lifted_at: Some(at), version: self.version.next(), ..self })
    }
}

/// An address that gets no mail, as staff finds it in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppressed {
    /// The suppression's identifier.
    pub id: SuppressionId,
    /// Whose it is, with the address; `None` if it was never a user's, or is his no more. Then nobody knows the address.
    pub owner: Option<(UserId, Email)>,
    /// The number of the mail server's answer.
    pub reply: u16,
    /// When it was refused last.
    pub at: Time,
}

/// Reads of suppressions. One statement each.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait Suppressions: Send + Sync {
    /// What is known of an address.
    async fn suppression(&self, email: &Email) -> Result<Option<Suppression>, Fault>;

    /// Addresses that get no mail now, those first that were refused for the first time last.
    async fn suppressed(&self, page: Page<SuppressionId>) -> Result<PageOf<Suppressed>, Fault>;
}

/// [`Mailer`] that sends nothing to addresses that were refused, and remembers those that are.
pub struct SuppressingMailer {
    inner: Arc<dyn Mailer>,
    ports: SuppressionPorts,
    refused: RefusedLately,
}

/// Addresses that were refused lately, as this process has seen it.
#[derive(Default)]
struct RefusedLately(Mutex<Vec<(Email, Time)>>);

impl RefusedLately {
    /// Counts one more. True if it is one of many.
    fn is_one_of_many(&self, email: &Email, now: Time) -> bool {
        let mut lately = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lately.retain(|(other, at)| other != email && now - *at < LATELY);
        lately.push((email.clone(), now));
        let are_many = lately.len() > MANY;
        if are_many {
            lately.remove(0);
        }
        are_many
    }
}

impl SuppressingMailer {
    /// In front of any mailer.
    pub fn new(inner: Arc<dyn Mailer>, ports: SuppressionPorts) -> Self {
        Self { inner, ports, refused: RefusedLately::default() }
    }

    async fn check(&self, to: &Email) -> Result<(), MailError> {
        let known = self.ports.reads.suppression(to).await.map_err(MailError::Transient)?;
        match known.is_some_and(|known| known.is_active()) {
            true => Err(MailError::Suppressed),
            false => Ok(()),
        }
    }

    /// What came of a letter. A bad address is remembered before it is told; if that fails, the letter is tried again. One
    /// of many is not remembered: a mail server that calls everybody's address bad is wrong about that.
    async fn noted(&self, to: &Email, sent: Result<(), MailError>) -> Result<(), MailError> {
        if let Err(MailError::BadAddress { reply }) = &sent
            && !self.refused.is_one_of_many(to, self.ports.clock.now())
        {
            let noted = retry_stale(|| self.note(to, *reply)).await;
            noted.map_err(|error| MailError::Transient(Fault::new(error)))?;
        }
        sent
    }

    async fn note(&self, to: &Email, reply: u16) -> Result<(), CommitError> {
        let ports = &self.ports;
        let known = ports.reads.suppression(to).await.map_err(CommitError::Unavailable)?;
        let user = ports.users.user_by_email(to).await.map_err(CommitError::Unavailable)?;
        let (user, now) = (user.map(|user| user.id), ports.clock.now());
        let next = match known {
            Some(known) => known.again(user, reply, now),
            None => {
                let id = Id::generate(now, ports.random.as_ref());
                Suppression::new(id, to.clone(), user, reply, now)
            }
        };
        match ports.store.commit(UnitOfWork::new().with(Change::Suppression(next))).await {
            Ok(_) => Ok(()),
            // Another letter to it was refused at the same time.
            Err(CommitError::Duplicate(Unique::Record)) => Err(CommitError::Stale),
            Err(refused) => Err(refused),
        }
    }
}

/// Why an address was not allowed again, or not looked at.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SuppressionError {
    /// There is no such user, or he has left.
    #[error("no such user")]
    NotFound,
    /// The commit was refused.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The store does not answer.
    #[error("suppressions cannot be read now")]
    Unavailable(#[from] Fault),
}

/// Everything outside that suppressions, and staff's work on them, need.
#[derive(Clone)]
pub struct SuppressionPorts {
    /// Commits.
    pub store: Arc<dyn Store>,
    /// What is known of addresses.
    pub reads: Arc<dyn Suppressions>,
    /// Addresses of users.
    pub users: Arc<dyn AuthReads>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Identifiers.
    pub random: Arc<dyn Random>,
}

/// Shows staff whose address gets no mail, and allows it again.
pub struct SuppressionService {
    ports: SuppressionPorts,
}

impl SuppressionService {
    /// Over any ports.
    pub const fn new(ports: SuppressionPorts) -> Self {
        Self { ports }
    }

    /// What is known of a user's address; `None` if it was never refused.
    ///
    /// # Errors
    /// `NotFound`; `Unavailable` if the store cannot be read.
    pub async fn of(&self, user: UserId) -> Result<Option<Suppression>, SuppressionError> {
        let user = self.ports.users.user(user).await?.filter(|user| !user.is_deleted());
        let user = user.ok_or(SuppressionError::NotFound)?;
        Ok(self.ports.reads.suppression(&user.email).await?)
    }

    /// Addresses that get no mail, newest first.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn list(&self, page: Page<SuppressionId>) -> Result<PageOf<Suppressed>, Fault> {
        self.ports.reads.suppressed(page).await
    }

    /// A user's address may get mail again, whatever a server said. To repeat it is safe, and changes nothing.
    ///
    /// # Errors
    /// `NotFound`; `Unavailable`, `Commit` if the store does not answer.
    pub async fn lift(&self, actor: &Actor, user: UserId) -> Result<Option<Suppression>, SuppressionError> {
        let lifted = retry_stale(|| async move {
            let known = match self.of(user).await {
                Ok(known) => known,
                Err(SuppressionError::Commit(error)) => return Err(error),
                Err(error) => return Ok(Err(error)),
            };
            let now = self.ports.clock.now();
            let Some(lifted) = known.clone().and_then(|known| known.lifted(now)) else {
                return Ok(Ok(known));
            };
            let told = |known: &Suppression| Facts::none().with("mail_suppressed", known.is_active());
            let facts = (known.as_ref().map(told).unwrap_or_default(), told(&lifted));
            let by = By::Staff(actor.clone());
            let when = (now, self.ports.random.as_ref());
            let line = by.did(AuditAction::MailAllowed, Subject::user(user), facts, when);
            let unit = UnitOfWork::new().with(Change::Suppression(lifted.clone())).with(line);
            self.ports.store.commit(unit).await?;
            Ok(Ok(Some(lifted)))
        });
        lifted.await?
    }
}

#[async_trait]
impl Mailer for SuppressingMailer {
    async fn send(&self, job: JobId, to: &Email, letter: &Letter) -> Result<(), MailError> {
        self.check(to).await?;
        self.noted(to, self.inner.send(job, to, letter).await).await
    }

    async fn tell(&self, job: JobId, to: &Email, news: &News) -> Result<(), MailError> {
        self.check(to).await?;
        self.noted(to, self.inner.tell(job, to, news).await).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::{FakeMailer, Platform};

    fn a_job() -> JobId {
        JobId::from_uuid(uuid::Uuid::from_u128(1))
    }

    struct World {
        platform: Platform,
        fake: Arc<FakeMailer>,
        mailer: SuppressingMailer,
        ada: Email,
    }

    fn world() -> World {
        let (fake, platform) = (Arc::new(FakeMailer::default()), Platform::new(1));
        let mailer = SuppressingMailer::new(fake.clone(), ports(&platform));
        World { platform, fake, mailer, ada: Email::try_new("ada@example.com").expect("an address") }
    }

    fn ports(platform: &Platform) -> SuppressionPorts {
        SuppressionPorts {
            store: platform.store.clone(),
            reads: platform.store.clone(),
            users: platform.store.clone(),
            clock: platform.clock.clone(),
            random: platform.random.clone(),
        }
    }

    impl World {
        async fn send(&self) -> Result<(), MailError> {
            self.mailer.send(a_job(), &self.ada, &Letter::PasswordChanged).await
        }

        async fn known(&self) -> Option<Suppression> {
            self.platform.store.suppression(&self.ada).await.expect("readable")
        }

        /// Whose addresses get no mail.
        async fn listed(&self) -> Vec<Option<(UserId, Email)>> {
            let service = SuppressionService::new(ports(&self.platform));
            let page = service.list(Page { limit: 10, after: None }).await.expect("readable");
            page.rows.into_iter().map(|row| row.owner).collect()
        }
    }

    #[tokio::test]
    async fn a_bad_address_gets_no_mail_until_staff_allows_it_and_none_once_it_is_bad_again() {
        let world = world();
        world.fake.bounce_next();
        assert!(matches!(world.send().await, Err(MailError::BadAddress { reply: 550 })));
        assert!(matches!(world.send().await, Err(MailError::Suppressed)));
        assert_eq!(world.fake.sent(), []);
        let lifted = world.known().await.expect("known").lifted(Time::UNIX_EPOCH).expect("active");
        world
            .platform
            .store
            .commit(UnitOfWork::new().with(Change::Suppression(lifted)))
            .await
            .expect("applied");
        world.send().await.expect("sent");
        world.fake.bounce_next();
        assert!(matches!(world.send().await, Err(MailError::BadAddress { .. })));
        assert!(world.known().await.is_some_and(|known| known.is_active()));
    }

    #[tokio::test]
    async fn an_address_that_is_refused_is_listed_with_its_user_until_staff_allows_it() {
        let world = world();
        world.fake.bounce_next();
        assert!(world.send().await.is_err());
        assert_eq!(world.listed().await, [None], "it is nobody's yet");
        let ada = world.platform.new_user(world.ada.as_str()).await.expect("a user");
        let lifted = world.known().await.expect("known").lifted(Time::UNIX_EPOCH).expect("active");
        world
            .platform
            .store
            .commit(UnitOfWork::new().with(Change::Suppression(lifted)))
            .await
            .expect("applied");
        assert_eq!(world.listed().await, []);
        world.fake.bounce_next();
        assert!(world.send().await.is_err());
        assert_eq!(world.listed().await, [Some((ada, world.ada.clone()))]);
    }

    #[tokio::test]
    async fn what_is_refused_for_another_reason_suppresses_nothing() {
        let world = world();
        world.fake.fail_next();
        world.fake.refuse_next();
        assert!(matches!(world.send().await, Err(MailError::Transient(_))));
        assert!(matches!(world.send().await, Err(MailError::Permanent(_))));
        assert_eq!(world.known().await, None);
        world.send().await.expect("sent");
    }

    #[tokio::test]
    async fn when_many_addresses_are_refused_within_minutes_no_more_of_them_are_suppressed() {
        let world = world();
        let one = |n: usize| Email::try_new(&format!("user-{n}@example.com")).expect("an address");
        let refused = async |n: usize| {
            world.fake.bounce_next();
            let sent = world.mailer.send(a_job(), &one(n), &Letter::PasswordChanged).await;
            assert!(matches!(sent, Err(MailError::BadAddress { .. })), "{sent:?}");
            world.platform.store.suppression(&one(n)).await.expect("readable").is_some()
        };
        for n in 0..MANY {
            assert!(refused(n).await, "{n}");
        }
        for n in MANY..2 * MANY {
            assert!(!refused(n).await, "{n}");
        }
        world.platform.clock.advance(LATELY);
        assert!(refused(3 * MANY).await, "that is over");
    }

    #[tokio::test]
    async fn who_is_refused_and_cannot_be_noted_is_tried_again() {
        let world = world();
        let mut store = crate::ports::MockStore::new();
        store.expect_commit().returning(|_| Err(CommitError::Unavailable(Fault::new("away"))));
        let ports = SuppressionPorts { store: Arc::new(store), ..ports(&world.platform) };
        let mailer = SuppressingMailer::new(world.fake.clone(), ports);
        world.fake.bounce_next();
        let sent = mailer.send(a_job(), &world.ada, &Letter::PasswordChanged).await;
        assert!(matches!(sent, Err(MailError::Transient(_))), "{sent:?}");
    }
}
