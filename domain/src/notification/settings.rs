//! What a user wishes to be told, and by which way.

use std::collections::BTreeMap;

use crate::{
    UserId, Version,
    notification::{Channel, NotificationKind},
};

/// A channel that cannot be switched off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this cannot be switched off: it protects the account")]
pub struct RequiredChannel {
    /// Of which kind.
    pub kind: NotificationKind,
    /// Which.
    pub channel: Channel,
}

/// A user's wishes. Who has never made one has [`NotificationSettings::unset`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotificationSettings {
    /// Whose.
    pub user: UserId,
    choices: BTreeMap<(NotificationKind, Channel), bool>,
    /// Counts every change; below [`Version::FIRST`] while nothing is stored.
    pub version: Version,
}

impl NotificationSettings {
    /// No wishes: what holds before the first change.
    pub const fn unset(user: UserId) -> Self {
        Self { user, choices: BTreeMap::new(), version: Version::from_stored(0) }
    }

    /// True if the user is told of that kind by that way.
    pub fn wants(&self, kind: NotificationKind, channel: Channel) -> bool {
        let chosen = self.choices.get(&(kind, channel)).copied();
        kind.is_required(channel) || chosen.unwrap_or_else(|| kind.is_on_at_first())
    }

    /// The same wishes, with one more.
    ///
    /// # Errors
    /// [`RequiredChannel`] for switching off what nobody can.
    pub fn choosing(
        mut self,
        kind: NotificationKind,
        channel: Channel,
        on: bool,
    ) -> Result<Self, RequiredChannel> {
        if !on && kind.is_required(channel) {
            return Err(RequiredChannel { kind, channel });
        }
        self.choices.insert((kind, channel), on);
        Ok(self)
    }

    /// Every choice that was made.
    pub fn choices(&self) -> impl Iterator<Item = (NotificationKind, Channel, bool)> {
        self.choices.iter().map(|((kind, channel), on)| (*kind, *channel, *on))
    }

    /// These wishes in the place of `stored`.
    #[must_use]
    pub fn replacing(self, stored: &Self) -> Self {
        Self { version: stored.version.next(), ..self }
    }

    /// True if the user is told before a number's time is over, by any way.
    pub fn wants_expiring(&self) -> bool {
        Channel::ALL.into_iter().any(|channel| self.wants(NotificationKind::NumberExpiring, channel))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_told_at_first_but_that_a_number_expires() {
        let unset = NotificationSettings::unset(UserId::from_uuid(uuid::Uuid::nil()));
        for kind in NotificationKind::ALL {
            for channel in Channel::ALL {
                let wanted = kind != NotificationKind::NumberExpiring;
                assert_eq!(unset.wants(kind, channel), wanted, "{kind:?} {channel:?}");
            }
        }
        assert!(!unset.wants_expiring());
    }

    #[test]
    fn each_way_of_each_kind_is_chosen_by_itself_but_what_protects_the_account() {
        let unset = NotificationSettings::unset(UserId::from_uuid(uuid::Uuid::nil()));
        let choose = |kind, channel, on| unset.clone().choosing(kind, channel, on);
        let chosen = choose(NotificationKind::LowBalance, Channel::Mail, false).expect("allowed");
        assert!(!chosen.wants(NotificationKind::LowBalance, Channel::Mail));
        assert!(chosen.wants(NotificationKind::LowBalance, Channel::InApp));
        let told = choose(NotificationKind::NumberExpiring, Channel::InApp, true).expect("allowed");
        assert!(told.wants_expiring() && !told.wants(NotificationKind::NumberExpiring, Channel::Mail));
        let (kind, channel) = (NotificationKind::NewSignIn, Channel::Mail);
        assert_eq!(choose(kind, channel, false), Err(RequiredChannel { kind, channel }));
        assert!(choose(kind, channel, true).is_ok());
        assert!(choose(kind, Channel::InApp, false).is_ok());
    }
}
