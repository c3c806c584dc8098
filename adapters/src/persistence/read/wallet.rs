//! Reads of accounts, holds, the journal and settings.

use async_trait::async_trait;
use namaskah_domain::{
    EntryId, Fault, HoldId, Page, PageOf, Time, UserId,
    wallet::{Account, Entry, Hold, Settings, Span, WalletReads},
};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};

use super::{Reads, all, fault, one_more, page_of};
use crate::persistence::{
    entity::{
        account, hold,
        transfer::{self, PURSES, number_of},
        wallet_settings,
    },
    stored::us,
};

/// What a user's statement shows.
fn lines_of(user: UserId) -> Select<transfer::Entity> {
    let purse = Condition::any()
        .add(transfer::Column::DebitAccount.is_in(PURSES))
        .add(transfer::Column::CreditAccount.is_in(PURSES));
    transfer::Entity::find().filter(transfer::Column::UserId.eq(user.uuid())).filter(purse)
}

#[async_trait]
impl WalletReads for Reads {
    async fn account(&self, user: UserId) -> Result<Option<Account>, Fault> {
        let row = account::Entity::find_by_id(user.uuid()).one(self.database.reads()).await;
        row.map_err(fault)?.map(Account::try_from).transpose()
    }

    async fn hold(&self, id: HoldId) -> Result<Option<Hold>, Fault> {
        let row = hold::Entity::find_by_id(id.uuid()).one(self.database.reads()).await;
        row.map_err(fault)?.map(Hold::try_from).transpose()
    }

    async fn entries(&self, user: UserId, page: Page<EntryId>) -> Result<PageOf<Entry>, Fault> {
        let mut query = lines_of(user);
        if let Some(after) = page.after {
            query = query.filter(transfer::Column::Id.lt(number_of(after)));
        }
        let query = query.order_by_desc(transfer::Column::Id).limit(one_more(&page));
        let rows = query.all(self.database.reads()).await.map_err(fault)?;
        page_of(rows, page.limit, Entry::try_from)
    }

    async fn entry_before(&self, user: UserId, at: Time) -> Result<Option<Entry>, Fault> {
        // Walks back through the user's own lines. An index by time would be written by every posting.
        let query = lines_of(user).filter(transfer::Column::CreatedAtUs.lt(us(at)));
        let row = query.order_by_desc(transfer::Column::Id).one(self.database.reads()).await;
        row.map_err(fault)?.map(Entry::try_from).transpose()
    }

    async fn lines(&self, user: UserId, span: Span, limit: u32) -> Result<Vec<Entry>, Fault> {
        let query = lines_of(user)
            .filter(transfer::Column::Id.gt(span.after.map_or(0, number_of)))
            .filter(transfer::Column::Id.lte(number_of(span.up_to)))
            .order_by_asc(transfer::Column::Id)
            .limit(u64::from(limit));
        all(query.all(self.database.reads()).await.map_err(fault)?, Entry::try_from)
    }

    async fn holds(&self, user: UserId, page: Page<HoldId>) -> Result<PageOf<Hold>, Fault> {
        let mut query = hold::Entity::find().filter(hold::Column::UserId.eq(user.uuid()));
        if let Some(after) = page.after {
            query = query.filter(hold::Column::Id.lt(after.uuid()));
        }
        let query = query.order_by_desc(hold::Column::Id).limit(one_more(&page));
        page_of(query.all(self.database.reads()).await.map_err(fault)?, page.limit, Hold::try_from)
    }

    async fn settings(&self, user: UserId) -> Result<Option<Settings>, Fault> {
        let row = wallet_settings::Entity::find_by_id(user.uuid()).one(self.database.reads()).await;
        row.map_err(fault)?.map(Settings::try_from).transpose()
    }
}
