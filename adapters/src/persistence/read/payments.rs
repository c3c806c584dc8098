//! Reads of payments.

use async_trait::async_trait;
use namaskah_domain::{
    Fault, Page, PageOf, PaymentId, PaymentReference, Time, UserId,
    payment::{Intent, IntentDue, PaymentReads},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr};

use super::{Reads, all, fault, one_more, page_of};
use crate::persistence::{
    entity::intent,
    stored::{time, unreadable, us},
};

/// The states in which a payment would still change something; spelt out, since an index is made for them.
const CREDITABLE: &str = "state IN ('pending', 'failed', 'expired')";

fn reference(text: &str) -> Result<PaymentReference, Fault> {
    PaymentReference::try_new(text).map_err(|_| unreadable("reference"))
}

#[async_trait]
impl PaymentReads for Reads {
    async fn intent(&self, id: PaymentId) -> Result<Option<Intent>, Fault> {
        let row = intent::Entity::find_by_id(id.uuid()).one(self.database.reads()).await;
        row.map_err(fault)?.map(Intent::try_from).transpose()
    }

    async fn intent_by_reference(&self, reference: &PaymentReference) -> Result<Option<Intent>, Fault> {
        let query = intent::Entity::find().filter(intent::Column::Reference.eq(reference.as_str()));
        query.one(self.database.reads()).await.map_err(fault)?.map(Intent::try_from).transpose()
    }

    async fn intents(&self, user: UserId, page: Page<PaymentId>) -> Result<PageOf<Intent>, Fault> {
        let mut query = intent::Entity::find().filter(intent::Column::UserId.eq(user.uuid()));
        if let Some(after) = page.after {
            query = query.filter(intent::Column::Id.lt(after.uuid()));
        }
        let query = query.order_by_desc(intent::Column::Id).limit(one_more(&page));
        page_of(query.all(self.database.reads()).await.map_err(fault)?, page.limit, Intent::try_from)
    }

    async fn intents_due(&self, now: Time, limit: u32) -> Result<Vec<IntentDue>, Fault> {
        let query = intent::Entity::find()
            .filter(Expr::cust(CREDITABLE))
            .filter(intent::Column::NextCheckAtUs.lte(us(now)))
            .order_by_asc(intent::Column::NextCheckAtUs)
            .limit(u64::from(limit));
        all(query.all(self.database.reads()).await.map_err(fault)?, |row| {
            let due = row.next_check_at_us.ok_or_else(|| unreadable("time of a check"))?;
            Ok(IntentDue { reference: reference(&row.reference)?, due_at: time(due)? })
        })
    }

    async fn creditable_among(
        &self,
        references: &[PaymentReference],
    ) -> Result<Vec<PaymentReference>, Fault> {
        let query = intent::Entity::find()
            .select_only()
            .column(intent::Column::Reference)
            .filter(Expr::cust(CREDITABLE))
            .filter(intent::Column::Reference.is_in(references.iter().map(PaymentReference::as_str)))
            .order_by_asc(intent::Column::Reference)
            .into_tuple::<String>();
        all(query.all(self.database.reads()).await.map_err(fault)?, |text| reference(&text))
    }
}
