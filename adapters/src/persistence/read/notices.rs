//! Reads of notices.

use async_trait::async_trait;
use namaskah_domain::{Fault, Notice, Sender, outbox::NoticeReads};
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, Query},
};

use super::{Reads, all, fault};
use crate::persistence::entity::{notice, purchase};

#[async_trait]
impl NoticeReads for Reads {
    async fn new_notices(&self, sender: Sender, limit: u32) -> Result<Vec<Notice>, Fault> {
        let query = notice::Entity::find()
            .filter(Expr::cust("state = 'new'"))
            .filter(notice::Column::Sender.eq(sender.name()))
            .order_by_asc(notice::Column::Version)
            .order_by_asc(notice::Column::Id)
            .limit(u64::from(limit));
        all(query.all(self.database.reads()).await.map_err(fault)?, |row| row.open(&self.vault))
    }

    async fn matchable_notices(&self, limit: u32) -> Result<Vec<Notice>, Fault> {
        let sender = Sender::TextVerified.name();
        let reserved = Query::select()
            .column(purchase::Column::Reservation)
            .from(purchase::Entity)
            .and_where(purchase::Column::Provider.eq(sender))
            .and_where(purchase::Column::Reservation.is_not_null())
            .to_owned();
        let query = notice::Entity::find()
            .filter(Expr::cust("state = 'unmatched'"))
            .filter(notice::Column::Sender.eq(sender))
            .filter(notice::Column::Subject.in_subquery(reserved))
            .order_by_asc(notice::Column::Version)
            .order_by_asc(notice::Column::Id)
            .limit(u64::from(limit));
        all(query.all(self.database.reads()).await.map_err(fault)?, |row| row.open(&self.vault))
    }
}
