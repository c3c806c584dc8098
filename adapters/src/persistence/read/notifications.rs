//! Reads of notifications, and of whom there is something to tell.

use async_trait::async_trait;
use namaskah_domain::{
    Fault, NotificationId, OrderId, Page, PageOf, SuppressionId, Time, UserId,
    auth::Email,
    notification::{
        Ending, Notification, NotificationKind, NotificationQuery, NotificationReads, NotificationSettings,
        Occasion,
    },
    suppression::{Suppressed, Suppression, Suppressions},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QueryResult, QuerySelect, sea_query::Expr};
use uuid::Uuid;

use super::{Reads, all, fault, one_more, page_of};
use crate::persistence::{
    entity::{mail_suppression, notification, notification_settings},
    stored::{time, unreadable, us},
};

/// Thresholds of which the user knows otherwise than it is. What is available is reckoned as
/// `Account::available` does.
const CROSSED: &str = "SELECT s.user_id FROM wallet_settings s JOIN accounts a ON a.user_id = s.user_id \
     WHERE s.low_balance_threshold_units IS NOT NULL AND (\
     CASE WHEN a.wallet_posted_units - a.wallet_held_units > a.disputed_units \
     THEN a.wallet_posted_units - a.wallet_held_units - a.disputed_units ELSE 0 END \
     + CASE WHEN a.promo_posted_units - a.promo_held_units > a.promo_lapsed_units \
     THEN a.promo_posted_units - a.promo_held_units - a.promo_lapsed_units ELSE 0 END < s.low_balance_threshold_units) \
     <> (s.low_since_us IS NOT NULL) ORDER BY s.user_id LIMIT $1";

const EXPIRING: &str = "SELECT o.id, o.user_id FROM orders o \
     JOIN notification_settings n ON n.user_id = o.user_id AND n.wants_expiring \
     WHERE o.state = 'waiting' AND o.expires_at_us > $1 AND o.expires_at_us <= $2 \
     AND NOT EXISTS (SELECT 1 FROM notifications t WHERE t.occasion = 'number_expiring' AND t.subject = o.id) \
     ORDER BY o.expires_at_us, o.id LIMIT $3";

/// With the address that its user has now.
const SUPPRESSED: &str = "SELECT s.address_digest, s.id, s.reply, s.at_us, u.id AS user_id, u.email \
     FROM mail_suppressions s LEFT JOIN users u ON u.id = s.user_id \
     WHERE s.lifted_at_us IS NULL AND s.id < $1 ORDER BY s.id DESC LIMIT $2";

#[async_trait]
impl NotificationReads for Reads {
    async fn notification(&self, id: NotificationId) -> Result<Option<Notification>, Fault> {
        let row = notification::Entity::find_by_id(id.uuid()).one(self.database.reads()).await;
        row.map_err(fault)?.map(Notification::try_from).transpose()
    }

    async fn notifications(
        &self,
        user: UserId,
        query: &NotificationQuery,
        page: Page<NotificationId>,
    ) -> Result<PageOf<Notification>, Fault> {
        use notification::Column;
        let mut wanted = notification::Entity::find().filter(Column::UserId.eq(user.uuid()));
        if !query.hidden.is_empty() {
            let names = |kind: &NotificationKind| Occasion::names_of(*kind).iter().copied();
            wanted = wanted.filter(Column::Occasion.is_not_in(query.hidden.iter().flat_map(names)));
        }
        if query.unread {
            wanted = wanted.filter(Expr::cust("read_at_us IS NULL"));
        }
        if let Some(after) = page.after {
            wanted = wanted.filter(Column::Id.lt(after.uuid()));
        }
        let rows = wanted.order_by_desc(Column::Id).limit(one_more(&page)).all(self.database.reads()).await;
        page_of(rows.map_err(fault)?, page.limit, Notification::try_from)
    }

    async fn notification_settings(&self, user: UserId) -> Result<Option<NotificationSettings>, Fault> {
        let row = notification_settings::Entity::find_by_id(user.uuid()).one(self.database.reads()).await;
        row.map_err(fault)?.map(NotificationSettings::try_from).transpose()
    }

    async fn balances_crossed(&self, limit: u32) -> Result<Vec<UserId>, Fault> {
        let rows = self.database.read(CROSSED, vec![i64::from(limit).into()]).await?;
        all(rows, |row| row.try_get::<Uuid>("", "user_id").map(UserId::from_uuid).map_err(fault))
    }

    async fn numbers_expiring(&self, now: Time, until: Time, limit: u32) -> Result<Vec<Ending>, Fault> {
        let values = vec![us(now).into(), us(until).into(), i64::from(limit).into()];
        let rows = self.database.read(EXPIRING, values).await?;
        all(rows, |row| {
            let id = |column| row.try_get::<Uuid>("", column).map_err(fault);
            Ok(Ending { order: OrderId::from_uuid(id("id")?), user: UserId::from_uuid(id("user_id")?) })
        })
    }
}

impl Reads {
    /// An address that is its user's no more is told of nobody.
    fn shown(&self, row: &QueryResult) -> Result<Suppressed, Fault> {
        let refused: Vec<u8> = row.try_get("", "address_digest").map_err(fault)?;
        let user: Option<Uuid> = row.try_get("", "user_id").map_err(fault)?;
        let email: Option<String> = row.try_get("", "email").map_err(fault)?;
        let email = email.map(|text| Email::from_stored(&text)).transpose();
        let email = email.map_err(|_| unreadable("address"))?;
        let owner = user.map(UserId::from_uuid).zip(email);
        let reply: i64 = row.try_get("", "reply").map_err(fault)?;
        Ok(Suppressed {
            id: SuppressionId::from_uuid(row.try_get("", "id").map_err(fault)?),
            owner: owner.filter(|(_, email)| mail_suppression::digest(&self.vault, email) == refused),
            reply: u16::try_from(reply).map_err(|_| unreadable("reply"))?,
            at: time(row.try_get("", "at_us").map_err(fault)?)?,
        })
    }
}

#[async_trait]
impl Suppressions for Reads {
    async fn suppression(&self, email: &Email) -> Result<Option<Suppression>, Fault> {
        let digest = mail_suppression::digest(&self.vault, email);
        let row = mail_suppression::Entity::find_by_id(digest).one(self.database.reads()).await;
        row.map_err(fault)?.map(|row| row.open(email)).transpose()
    }

    async fn suppressed(&self, page: Page<SuppressionId>) -> Result<PageOf<Suppressed>, Fault> {
        let before = page.after.map_or(Uuid::max(), |after| after.uuid());
        let limit = i64::from(page.limit) + 1;
        let rows = self.database.read(SUPPRESSED, vec![before.into(), limit.into()]).await?;
        page_of(rows, page.limit, |row| self.shown(&row))
    }
}
