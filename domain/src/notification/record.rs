//! A notification as it is kept, and how a unit of work takes one along.

use uuid::Uuid;

use crate::{
    Change, Id, JobKind, NewJob, NotificationId, Time, UnitOfWork, UserId, Version, notification::Occasion,
};

/// Something that a user is told. It names a record, and tells no number, text or code of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// Its identifier.
    pub id: NotificationId,
    /// Who is told.
    pub user: UserId,
    /// What happened.
    pub occasion: Occasion,
    /// When.
    pub at: Time,
    /// When the user read it.
    pub read_at: Option<Time>,
    /// Counts every change.
    pub version: Version,
}

impl Notification {
    /// A new one.
    pub const fn new(id: NotificationId, user: UserId, occasion: Occasion, at: Time) -> Self {
        Self { id, user, occasion, at, read_at: None, version: Version::FIRST }
    }

    /// The same, read; `None` if it was before.
    #[must_use]
    pub fn read(self, at: Time) -> Option<Self> {
        self.read_at.is_none().then(|| Self { read_at: Some(at), version: self.version.next(), ..self })
    }
}

impl UnitOfWork {
    /// Tells a user, in the product and by mail, as far as he wishes it. `id` names both the notification and its job:
    /// the identifier of an event in the same unit will do, since each is in a table of its own.
    pub(crate) fn telling(self, id: Uuid, user: UserId, occasion: Occasion, now: Time) -> Self {
        let told = Notification::new(Id::from_uuid(id), user, occasion, now);
        let kind = JobKind::Notify { notification: told.id };
        self.with(Change::Notification(told)).with(Change::Job(NewJob::new(Id::from_uuid(id), kind, now)))
    }

    /// Tells whoever of staff looks after such things. Who that is, is found by the job.
    pub(crate) fn telling_staff(self, id: Uuid, occasion: Occasion, now: Time) -> Self {
        let kind = JobKind::TellStaff { occasion };
        self.with(Change::Job(NewJob::new(Id::from_uuid(id), kind, now)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time;

    #[test]
    fn a_notification_is_read_once() {
        let user = Id::from_uuid(Uuid::from_u128(1));
        let told =
            Notification::new(Id::from_uuid(Uuid::nil()), user, Occasion::LowBalance, Time::UNIX_EPOCH);
        let later = Time::UNIX_EPOCH + time::minutes(1);
        let read = told.clone().read(later).expect("unread");
        assert_eq!((read.read_at, read.version), (Some(later), told.version.next()));
        assert_eq!(read.read(later), None);
    }

    #[test]
    fn what_is_told_is_in_the_unit_of_its_cause_with_the_job_that_mails_it() {
        let (id, user) = (Uuid::from_u128(5), Id::from_uuid(Uuid::from_u128(1)));
        let unit = UnitOfWork::new().telling(id, user, Occasion::LowBalance, Time::UNIX_EPOCH);
        let [Change::Notification(told), Change::Job(job)] = unit.changes() else { panic!("{unit:?}") };
        assert_eq!((told.user, told.occasion), (user, Occasion::LowBalance));
        assert_eq!(job.kind, JobKind::Notify { notification: told.id });
    }
}
