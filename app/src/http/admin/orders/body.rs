//! Bodies of orders. A number is masked; texts, codes and a user's own notes are none of staff's business.

use namaskah_domain::{
    BatchId, HoldId, OrderId, Time, UserId,
    staff::OrderDetail,
    verification::{Capability, CountryCode, Order, OrderStatus, Report, ReportReason, ServiceCode},
    wallet::{Hold, HoldState},
};
use poem_openapi::Object;

use crate::http::{
    admin::purchases::PurchaseBody,
    body::{MoneyBody, Text},
    wallet::body::HoldWord,
};

/// What a user has against a number.
#[derive(Debug, Object)]
#[oai(rename = "OrderReport")]
pub struct ReportBody {
    /// What.
    pub reason: Text<ReportReason>,
    /// When it was told.
    pub at: Text<Time>,
    /// True if the provider hears of it.
    pub told: bool,
}

impl From<Report> for ReportBody {
    fn from(report: Report) -> Self {
        Self { reason: Text(report.reason), at: Text(report.at), told: report.is_told }
    }
}

/// An order as staff sees it.
#[derive(Debug, Object)]
#[oai(rename = "Order")]
pub struct OrderBody {
    /// Its identifier.
    pub id: Text<OrderId>,
    /// Whose.
    pub user_id: Text<UserId>,
    /// Where it stands.
    pub status: Text<OrderStatus>,
    /// For which service.
    pub service: Text<ServiceCode>,
    /// From which country.
    pub country: Text<CountryCode>,
    /// How the code arrives.
    pub capability: Text<Capability>,
    /// The last two digits of the number; null until there is one, and past retention.
    pub phone_number: Option<String>,
    /// What is paid if a code comes.
    pub price: MoneyBody,
    /// 1, or one more than the order that it retries.
    pub attempt: u32,
    /// The order that it retries.
    pub retry_of: Option<Text<OrderId>>,
    /// The order that retries it.
    pub retried_by: Option<Text<OrderId>>,
    /// The batch that it came in.
    pub batch_id: Option<Text<BatchId>>,
    /// How often it was given another number.
    pub swaps: u32,
    /// What its user has against its number.
    pub report: Option<ReportBody>,
    /// Why no number was had.
    pub failure: Option<String>,
    /// When it was placed.
    pub created_at: Text<Time>,
    /// From when on it may be cancelled.
    pub cancel_allowed_at: Text<Time>,
    /// When it was to end although its purchase was not known.
    pub cancel_requested_at: Option<Text<Time>>,
    /// When its number ends.
    pub expires_at: Option<Text<Time>>,
    /// When it ended.
    pub ended_at: Option<Text<Time>>,
    /// Rises with every change.
    pub version: i64,
}

impl From<Order> for OrderBody {
    fn from(order: Order) -> Self {
        let head = order.head();
        let failure = match &order {
            Order::Failed(failed) => Some(failed.failure.code().to_owned()),
            Order::Requested(_)
            | Order::Waiting(_)
            | Order::Completed(_)
            | Order::Cancelled(_)
            | Order::Expired(_) => None,
        };
        let number = order.line().and_then(|line| line.number.as_ref());
        Self {
            id: Text(head.id),
            user_id: Text(head.user),
            status: Text(order.status()),
            service: Text(head.ask.service.clone()),
            country: Text(head.ask.country.clone()),
            capability: Text(head.ask.capability),
            phone_number: number.map(namaskah_domain::PhoneNumber::masked),
            price: head.price.into(),
            attempt: head.attempt,
            retry_of: head.retry_of.map(Text),
            retried_by: head.retried_by.map(Text),
            batch_id: head.batch.map(Text),
            swaps: head.swaps,
            report: head.report.map(ReportBody::from),
            failure,
            created_at: Text(head.created_at),
            cancel_allowed_at: Text(head.cancel_allowed_at),
            cancel_requested_at: head.cancel_requested_at.map(Text),
            expires_at: order.expires_at().map(Text),
            ended_at: order.ended_at().map(Text),
            version: head.version.get(),
        }
    }
}

/// What pays for an order.
#[derive(Debug, Object)]
#[oai(rename = "OrderHold")]
pub struct OrderHoldBody {
    /// Its identifier.
    pub id: Text<HoldId>,
    /// Where it stands.
    pub status: Text<HoldWord>,
    /// How much.
    pub amount: MoneyBody,
    /// Of this, from what the house gave.
    pub promo: MoneyBody,
    /// And from what was paid in.
    pub wallet: MoneyBody,
    /// When it was placed.
    pub placed_at: Text<Time>,
    /// When it ended.
    pub ended_at: Option<Text<Time>>,
}

impl From<Hold> for OrderHoldBody {
    fn from(hold: Hold) -> Self {
        let (status, ended_at) = match hold.state {
            HoldState::Open => (HoldWord::Open, None),
            HoldState::Captured { at } => (HoldWord::Captured, Some(at)),
            HoldState::Released { at } => (HoldWord::Released, Some(at)),
        };
        Self {
            id: Text(hold.id),
            status: Text(status),
            amount: hold.amount.into(),
            promo: hold.split.promo.into(),
            wallet: hold.split.wallet.into(),
            placed_at: Text(hold.placed_at),
            ended_at: ended_at.map(Text),
        }
    }
}

/// An order with its money and its attempts.
#[derive(Debug, Object)]
#[oai(rename = "OrderDetail")]
pub struct OrderDetailBody {
    /// The order.
    pub verification: OrderBody,
    /// What pays for it.
    pub hold: Option<OrderHoldBody>,
    /// Its attempts at providers, oldest first.
    pub purchases: Vec<PurchaseBody>,
}

impl OrderDetailBody {
    /// As it is at `now`.
    pub fn of(detail: OrderDetail, now: Time) -> Self {
        let OrderDetail { order, hold, purchases } = detail;
        Self {
            verification: order.into(),
            hold: hold.map(OrderHoldBody::from),
            purchases: purchases.into_iter().map(|purchase| PurchaseBody::of(purchase, now)).collect(),
        }
    }
}
