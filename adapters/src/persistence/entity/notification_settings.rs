//! What users wish to be told.

use std::collections::BTreeMap;

use namaskah_domain::{
    Fault, UserId, Version,
    notification::{Channel, NotificationKind, NotificationSettings},
};
use sea_orm::entity::prelude::*;

use crate::persistence::stored::unreadable;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "notification_settings")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: Uuid,
    /// JSON: `{"low_balance.mail":false}`.
    pub choices: String,
    /// What follows from the choices, for those who look for numbers that expire.
    pub wants_expiring: bool,
    pub version: i64,
}
alone!();

impl Model {
    pub(crate) fn of(settings: &NotificationSettings) -> Result<Self, Fault> {
        let name = |kind: NotificationKind, channel: Channel| format!("{}.{}", kind.name(), channel.name());
        let choices: BTreeMap<String, bool> =
            settings.choices().map(|(kind, channel, on)| (name(kind, channel), on)).collect();
        Ok(Self {
            user_id: settings.user.uuid(),
            choices: serde_json::to_string(&choices).map_err(Fault::new)?,
            wants_expiring: settings.wants_expiring(),
            version: settings.version.get(),
        })
    }
}

fn choice(name: &str) -> Option<(NotificationKind, Channel)> {
    let (kind, channel) = name.split_once('.')?;
    let channel = Channel::ALL.into_iter().find(|known| known.name() == channel)?;
    Some((NotificationKind::from_name(kind)?, channel))
}

impl TryFrom<Model> for NotificationSettings {
    type Error = Fault;

    fn try_from(row: Model) -> Result<Self, Fault> {
        let choices: BTreeMap<String, bool> =
            serde_json::from_str(&row.choices).map_err(|_| unreadable("choice"))?;
        let unset = Self::unset(UserId::from_uuid(row.user_id));
        let chosen = choices.into_iter().try_fold(unset, |settings, (name, on)| {
            let (kind, channel) = choice(&name).ok_or_else(|| unreadable("choice"))?;
            settings.choosing(kind, channel, on).map_err(|_| unreadable("choice"))
        });
        let mut chosen = chosen?;
        chosen.version = Version::from_stored(row.version);
        Ok(chosen)
    }
}
