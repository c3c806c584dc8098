//! Notifications. They name records and tell nothing of them, so nothing is sealed.

use namaskah_domain::{
    Fault, NotificationId, UserId, Version,
    notification::{Notification, Occasion},
};
use sea_orm::entity::prelude::*;

use crate::persistence::stored::{optional_time, time, unreadable, us};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "notifications")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub user_id: Uuid,
    pub occasion: String,
    pub subject: Option<Uuid>,
    pub at_us: i64,
    pub read_at_us: Option<i64>,
    pub version: i64,
}
alone!();

impl From<&Notification> for Model {
    fn from(told: &Notification) -> Self {
        Self {
            id: told.id.uuid(),
            user_id: told.user.uuid(),
            occasion: told.occasion.name().to_owned(),
            subject: told.occasion.subject(),
            at_us: us(told.at),
            read_at_us: told.read_at.map(us),
            version: told.version.get(),
        }
    }
}

impl TryFrom<Model> for Notification {
    type Error = Fault;

    fn try_from(row: Model) -> Result<Self, Fault> {
        let occasion = Occasion::from_stored(&row.occasion, row.subject);
        Ok(Self {
            id: NotificationId::from_uuid(row.id),
            user: UserId::from_uuid(row.user_id),
            occasion: occasion.ok_or_else(|| unreadable("occasion"))?,
            at: time(row.at_us)?,
            read_at: optional_time(row.read_at_us)?,
            version: Version::from_stored(row.version),
        })
    }
}
