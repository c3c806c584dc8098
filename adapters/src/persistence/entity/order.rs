//! Orders. The number is sealed; it is found by its digest. Both are erased after the retention time.

use namaskah_domain::{
    BatchId, Fault, HoldId, OrderId, PhoneNumber, PurchaseId, ReservationId, UserId, Version,
    verification::{
        Cancelled, Completed, Expired, Failed, Failure, Former, Head, Line, Order, OrderStatus, Report,
        ReportReason, Requested, Waiting,
    },
};
use sea_orm::entity::prelude::*;

use crate::{
    persistence::stored::{RowVault, amount, ask, count, number_digest, optional_time, time, unreadable, us},
    vault::Vault,
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "orders")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub user_id: Uuid,
    pub service: String,
    pub country: String,
    pub capability: String,
    pub area_code: Option<String>,
    pub carrier: Option<String>,
    pub price_units: i64,
    pub price_currency: String,
    pub hold_id: Uuid,
    pub metadata: Option<String>,
    pub attempt: i64,
    pub retry_of: Option<Uuid>,
    pub retried_by: Option<Uuid>,
    pub batch_id: Option<Uuid>,
    pub created_at_us: i64,
    pub cancel_allowed_at_us: i64,
    pub cancel_requested_at_us: Option<i64>,
    pub reported_for: Option<String>,
    pub reported_at_us: Option<i64>,
    pub report_is_told: Option<bool>,
    pub swaps: i64,
    /// The attempt at another number, while it is under way; the columns of the number are those of the former one.
    pub swap_purchase_id: Option<Uuid>,
    pub state: String,
    pub purchase_id: Option<Uuid>,
    pub reservation: Option<String>,
    pub number_sealed: Option<Vec<u8>>,
    pub number_digest: Option<Vec<u8>>,
    pub bound_at_us: Option<i64>,
    pub expires_at_us: Option<i64>,
    pub ended_at_us: Option<i64>,
    pub failure: Option<String>,
    pub version: i64,
}
alone!();

const TABLE: &str = "orders";
const NUMBER: &str = "number_sealed";

impl Model {
    pub(crate) fn seal(order: &Order, vault: &Vault) -> Result<Self, Fault> {
        let former = match order {
            Order::Requested(requested) => requested.former.as_ref(),
            _ => None,
        };
        let (head, line) = (order.head(), order.line().or(former.map(|former| &former.line)));
        let row = RowVault::new(vault, TABLE, head.id.uuid());
        let number = line.and_then(|line| line.number.as_ref());
        let failure = match order {
            Order::Failed(failed) => Some(failed.failure.code().to_owned()),
            _ => None,
        };
        Ok(Self {
            id: head.id.uuid(),
            user_id: head.user.uuid(),
            service: head.ask.service.to_string(),
            country: head.ask.country.to_string(),
            capability: head.ask.capability.name().to_owned(),
            area_code: head.ask.area_code.as_ref().map(ToString::to_string),
            carrier: head.ask.carrier.as_ref().map(ToString::to_string),
            price_units: head.price.units(),
            price_currency: head.price.currency().code().to_owned(),
            hold_id: head.hold.uuid(),
            metadata: head.metadata.clone(),
            attempt: i64::from(head.attempt),
            retry_of: head.retry_of.map(OrderId::uuid),
            retried_by: head.retried_by.map(OrderId::uuid),
            batch_id: head.batch.map(BatchId::uuid),
            created_at_us: us(head.created_at),
            cancel_allowed_at_us: us(head.cancel_allowed_at),
            cancel_requested_at_us: head.cancel_requested_at.map(us),
            reported_for: head.report.map(|report| report.reason.name().to_owned()),
            reported_at_us: head.report.map(|report| us(report.at)),
            report_is_told: head.report.map(|report| report.is_told),
            swaps: i64::from(head.swaps),
            swap_purchase_id: former.map(|former| former.purchase.uuid()),
            state: order.status().name().to_owned(),
            purchase_id: line.map(|line| line.purchase.uuid()),
            reservation: line.map(|line| line.reservation.to_string()),
            number_sealed: row.seal_text(NUMBER, number.map(PhoneNumber::as_str))?,
            number_digest: number.map(|number| number_digest(vault, number)),
            bound_at_us: line.map(|line| us(line.bound_at)),
            expires_at_us: line.map(|line| us(line.expires_at)),
            ended_at_us: order.ended_at().map(us),
            failure,
            version: head.version.get(),
        })
    }

    pub(crate) fn open(self, vault: &Vault) -> Result<Order, Fault> {
        let status = OrderStatus::from_name(&self.state).ok_or_else(|| unreadable("state of an order"))?;
        let ended = optional_time(self.ended_at_us)?.ok_or_else(|| unreadable("end of an order"));
        let head = self.head()?;
        Ok(match status {
            OrderStatus::Requested => Requested { head, former: None }.into(),
            OrderStatus::Waiting if self.swap_purchase_id.is_some() => {
                let former = self.former(vault)?;
                Requested { head, former }.into()
            }
            OrderStatus::Waiting => Waiting { head, line: self.open_line(vault)? }.into(),
            OrderStatus::Completed => Completed { head, line: self.line(vault)?, at: ended? }.into(),
            OrderStatus::Cancelled => Cancelled { head, line: self.line(vault)?, at: ended? }.into(),
            OrderStatus::Expired => Expired { head, line: self.line(vault)?, at: ended? }.into(),
            OrderStatus::Failed => Failed { head, failure: self.failure()?, at: ended? }.into(),
        })
    }

    fn head(&self) -> Result<Head, Fault> {
        let (area_code, carrier) = (self.area_code.as_deref(), self.carrier.as_deref());
        Ok(Head {
            id: OrderId::from_uuid(self.id),
            user: UserId::from_uuid(self.user_id),
            ask: ask(&self.service, &self.country, &self.capability, area_code, carrier)?,
            price: amount(self.price_units, &self.price_currency)?,
            hold: HoldId::from_uuid(self.hold_id),
            metadata: self.metadata.clone(),
            attempt: count(self.attempt)?,
            retry_of: self.retry_of.map(OrderId::from_uuid),
            retried_by: self.retried_by.map(OrderId::from_uuid),
            batch: self.batch_id.map(BatchId::from_uuid),
            created_at: time(self.created_at_us)?,
            cancel_allowed_at: time(self.cancel_allowed_at_us)?,
            cancel_requested_at: optional_time(self.cancel_requested_at_us)?,
            report: self.report()?,
            swaps: count(self.swaps)?,
            version: Version::from_stored(self.version),
        })
    }

    fn report(&self) -> Result<Option<Report>, Fault> {
        let Some(reason) = &self.reported_for else { return Ok(None) };
        let missing = || unreadable("report of an order");
        Ok(Some(Report {
            reason: ReportReason::from_name(reason).ok_or_else(missing)?,
            at: optional_time(self.reported_at_us)?.ok_or_else(missing)?,
            is_told: self.report_is_told.ok_or_else(missing)?,
        }))
    }

    fn former(&self, vault: &Vault) -> Result<Option<Former>, Fault> {
        let purchase = self.swap_purchase_id.map(PurchaseId::from_uuid);
        purchase.map(|purchase| Ok(Former { line: self.open_line(vault)?, purchase })).transpose()
    }

    /// Of an order that is open, whose number nothing erases.
    fn open_line(&self, vault: &Vault) -> Result<Line, Fault> {
        let line = self.line(vault)?;
        if line.number.is_none() {
            return Err(unreadable("number of an order"));
        }
        Ok(line)
    }

    fn line(&self, vault: &Vault) -> Result<Line, Fault> {
        let missing = || unreadable("number of an order");
        let row = RowVault::new(vault, TABLE, self.id);
        let reservation = self.reservation.as_deref().ok_or_else(missing)?;
        Ok(Line {
            purchase: self.purchase_id.map(PurchaseId::from_uuid).ok_or_else(missing)?,
            reservation: ReservationId::try_new(reservation).map_err(|_| missing())?,
            number: row.open_number(NUMBER, self.number_sealed.as_deref())?,
            bound_at: time(self.bound_at_us.ok_or_else(missing)?)?,
            expires_at: time(self.expires_at_us.ok_or_else(missing)?)?,
        })
    }

    fn failure(&self) -> Result<Failure, Fault> {
        let code = self.failure.as_deref().unwrap_or_default();
        Failure::ALL.into_iter().find(|f| f.code() == code).ok_or_else(|| unreadable("failure"))
    }
}
