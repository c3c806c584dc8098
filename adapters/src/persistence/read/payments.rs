//! Reads of payments.

use async_trait::async_trait;
use namaskah_domain::{
    Fault, Money, Page, PageOf, PaymentId, PaymentReference, RefundId, Time, UserId,
    payment::{
        Dispute, GatewayDisputeId, GatewayRefundId, Intent, IntentDue, IntentState, PaymentReads, Refund,
        RefundLimits,
    },
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Value, sea_query::Expr};

use super::{Reads, all, fault, one_more, page_of};
use crate::persistence::{
    entity::{dispute, intent, refund},
    stored::{time, unreadable, us},
};

/// The states in which a payment would still change something; spelt out, since an index is made for them.
const CREDITABLE: &str = "state IN ('pending', 'failed', 'expired')";

/// Spelt out for the same reason.
const OPEN_REFUND: &str = "state IN ('sent', 'pending')";
const OPEN_DISPUTE: &str = "state = 'open'";

/// Newer deposits of the user, less what of each has gone back; and what staff gave, less what staff took. A debt that
/// was given up is given too: what comes back of its dispute would be cash otherwise.
const LIMITS: &str = "SELECT \
    (SELECT CAST(COALESCE(SUM(CASE WHEN back_taken_units < amount_units THEN amount_units - back_taken_units \
        ELSE 0 END), 0) AS BIGINT) FROM intents WHERE user_id = $1 AND state = 'succeeded' \
        AND (state_at_us > $2 OR (state_at_us = $2 AND id > $3))) AS newer, \
    (SELECT CAST(COALESCE(SUM(CASE WHEN credit_account IN ('wallet', 'debt') THEN amount_units ELSE 0 END \
        - CASE WHEN debit_account IN ('wallet', 'debt') THEN amount_units ELSE 0 END), 0) AS BIGINT) \
        FROM transfers WHERE user_id = $1 AND kind = 'adjustment') AS goodwill";

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

    async fn refund(&self, id: RefundId) -> Result<Option<Refund>, Fault> {
        let row = refund::Entity::find_by_id(id.uuid()).one(self.database.reads()).await;
        row.map_err(fault)?.map(Refund::try_from).transpose()
    }

    async fn refunds_of(&self, payment: PaymentId) -> Result<Vec<Refund>, Fault> {
        let query = refund::Entity::find()
            .filter(refund::Column::PaymentId.eq(payment.uuid()))
            .order_by_asc(refund::Column::Id);
        all(query.all(self.database.reads()).await.map_err(fault)?, Refund::try_from)
    }

    async fn open_refunds(&self, limit: u32) -> Result<Vec<Refund>, Fault> {
        let query = refund::Entity::find()
            .filter(Expr::cust(OPEN_REFUND))
            // `sent` before `pending`.
            .order_by_desc(refund::Column::State)
            .order_by_asc(refund::Column::Id)
            .limit(u64::from(limit));
        all(query.all(self.database.reads()).await.map_err(fault)?, Refund::try_from)
    }

    async fn refunds_named(&self, names: &[GatewayRefundId]) -> Result<Vec<Refund>, Fault> {
        let names = names.iter().map(GatewayRefundId::as_str);
        let query = refund::Entity::find()
            .filter(refund::Column::GatewayId.is_in(names))
            .order_by_asc(refund::Column::Id);
        all(query.all(self.database.reads()).await.map_err(fault)?, Refund::try_from)
    }

    async fn refund_limits(&self, of: &Intent) -> Result<RefundLimits, Fault> {
        let credited = match of.state {
            IntentState::Succeeded { at } => at,
            IntentState::Pending
            | IntentState::Failed { .. }
            | IntentState::Expired { .. }
            | IntentState::Suspense { .. } => of.created_at,
        };
        let values: Vec<Value> = vec![of.user.uuid().into(), us(credited).into(), of.id.uuid().into()];
        let rows = self.database.read(LIMITS, values).await?;
        let row = rows.first().ok_or_else(|| unreadable("sum"))?;
        let money = |column| {
            let units: i64 = row.try_get("", column).map_err(fault)?;
            Ok::<Money, Fault>(Money::from_units(units, of.amount.currency()))
        };
        Ok(RefundLimits { newer_deposits: money("newer")?, goodwill: money("goodwill")? })
    }

    async fn dispute_named(&self, name: &GatewayDisputeId) -> Result<Option<Dispute>, Fault> {
        let query = dispute::Entity::find().filter(dispute::Column::GatewayId.eq(name.as_str()));
        query.one(self.database.reads()).await.map_err(fault)?.map(Dispute::try_from).transpose()
    }

    async fn disputes_of(&self, payment: PaymentId) -> Result<Vec<Dispute>, Fault> {
        let query = dispute::Entity::find()
            .filter(dispute::Column::PaymentId.eq(payment.uuid()))
            .order_by_asc(dispute::Column::Id);
        all(query.all(self.database.reads()).await.map_err(fault)?, Dispute::try_from)
    }

    async fn oldest_open_dispute(&self) -> Result<Option<Time>, Fault> {
        let query = dispute::Entity::find()
            .filter(Expr::cust(OPEN_DISPUTE))
            .order_by_asc(dispute::Column::OpenedAtUs);
        let oldest = query.one(self.database.reads()).await.map_err(fault)?;
        oldest.map(|row| time(row.opened_at_us)).transpose()
    }
}
