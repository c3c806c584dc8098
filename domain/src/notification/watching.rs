//! What is told because time or money has passed a mark: no commit of its own tells of that, so it is looked for. And
//! staff, which is found when it is told.

use crate::{
    Change, CommitError, Event, Fault, Id, Time, UnitOfWork, UserId,
    notification::{Ending, NotificationService, Occasion},
    time::minutes,
    unit::retry_stale,
    wallet::Crossing,
};

/// How long before the end of a number's time its user is told, if no code has come and he wants to know.
pub const EXPIRING_MINUTES: i64 = 3;
/// Users, or orders, that are told in one go.
const LIMIT: u32 = 200;

impl NotificationService {
    /// Tells everybody whose balance has fallen below what he wished to have, once until it is there again. Returns how
    /// many were told.
    ///
    /// # Errors
    /// If the store cannot be read; the next call finds the same.
    pub async fn tell_low_balances(&self) -> Result<u32, Fault> {
        let mut told = 0;
        for user in self.ports.reads.balances_crossed(LIMIT).await? {
            let crossed = retry_stale(|| self.note_crossing(user)).await.map_err(Fault::new)?;
            told += u32::from(crossed == Some(Crossing::Below));
        }
        Ok(told)
    }

    /// The mark that a user was told is kept with his threshold, in the commit that tells him.
    async fn note_crossing(&self, user: UserId) -> Result<Option<Crossing>, CommitError> {
        let ports = &self.ports;
        let account = ports.wallets.account(user).await.map_err(CommitError::Unavailable)?;
        let settings = ports.wallets.settings(user).await.map_err(CommitError::Unavailable)?;
        let now = ports.clock.now();
        let crossed = account.zip(settings).and_then(|(account, settings)| settings.crossed(&account, now));
        let Some((settings, crossing)) = crossed else { return Ok(None) };
        let unit = UnitOfWork::new();
        let unit = match crossing {
            Crossing::Below => {
                let id = self.id::<()>(now).uuid();
                let event = Event::about_low_balance(Id::from_uuid(id), &settings, now);
                unit.telling(id, user, Occasion::LowBalance, now).with(Change::Event(event))
            }
            Crossing::Above => unit,
        };
        let unit = unit.with(Change::WalletSettings(settings));
        ports.store.commit(unit).await?;
        Ok(Some(crossing))
    }

    /// Tells everybody who wants it that the time of his number is nearly over. Returns how many were told.
    ///
    /// # Errors
    /// If the store does not answer; the next call finds the same.
    pub async fn tell_expiring(&self) -> Result<u32, Fault> {
        let now = self.ports.clock.now();
        let until = now + minutes(EXPIRING_MINUTES);
        let mut told = 0;
        for Ending { order, user } in self.ports.reads.numbers_expiring(now, until, LIMIT).await? {
            let occasion = Occasion::NumberExpiring { order };
            told += u32::from(self.tell_once(user, occasion, now).await?);
        }
        Ok(told)
    }

    /// Tells everybody of staff who looks after such things. Returns how many were told; to repeat it tells nobody
    /// twice.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn tell_staff(&self, occasion: Occasion) -> Result<u32, Fault> {
        let Some(permission) = occasion.is_for() else { return Ok(0) };
        let now = self.ports.clock.now();
        let mut told = 0;
        for member in self.ports.staff.staff().await? {
            if permission.is_of(member.role) && !member.is_suspended(now) {
                told += u32::from(self.tell_once(member.id, occasion, now).await?);
            }
        }
        Ok(told)
    }

    /// False if he was told before.
    async fn tell_once(&self, user: UserId, occasion: Occasion, now: Time) -> Result<bool, Fault> {
        let unit = UnitOfWork::new().telling(self.id::<()>(now).uuid(), user, occasion, now);
        match self.ports.store.commit(unit).await {
            Ok(_) => Ok(true),
            Err(CommitError::Duplicate(_)) => Ok(false),
            Err(CommitError::Unavailable(fault)) => Err(fault),
            Err(refused) => Err(Fault::new(refused)),
        }
    }

    fn id<T>(&self, now: Time) -> Id<T> {
        Id::generate(now, self.ports.random.as_ref())
    }
}
