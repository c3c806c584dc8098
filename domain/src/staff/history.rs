//! What is known of an order's past, put in order: pure. Records tell most of it, each with the instant that it keeps.

use crate::{
    Money, OrderId, PurchaseId, ReservationId, Time,
    staff::{AuditEntry, OrderDetail, Posted},
    verification::{Message, Order, Purchase, PurchaseState, Receivable, Report},
    wallet::{Hold, HoldState},
};

/// A step of an order, and when it was taken on our clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// When.
    pub at: Time,
    /// What.
    pub step: Step,
}

/// What has happened to an order. Never what a text says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// It was placed, perhaps in the place of another one.
    Created(Option<OrderId>),
    /// Its price was reserved.
    Held(Hold),
    /// An attempt was committed, and sent if its time was not over.
    PurchaseSent(PurchaseId, Money),
    /// The provider sold a number, at this cost.
    PurchaseBound(PurchaseId, ReservationId, Money),
    /// The number was shown to the user: what came to it before is not the order's.
    NumberShown(PurchaseId),
    /// There is no number.
    PurchaseAbsent(PurchaseId),
    /// There is a number, at this cost, that may not serve the order.
    PurchaseOrphan(PurchaseId, ReservationId, Money),
    /// A text arrived.
    Text(Arrival),
    /// The user wants out.
    CancelRequested,
    /// The number was given up for another one.
    Swapped(PurchaseId),
    /// Another order took its place.
    Retried(OrderId),
    /// The user complained.
    Reported(Report),
    /// It has ended.
    Ended(Box<Order>),
    /// The price was taken.
    Captured(Hold),
    /// The price was given back.
    Released(Hold),
    /// Nobody but the books waits for the cost any more: it was credited, is a cost, or was given up.
    ReceivableClosed(PurchaseId, Receivable),
    /// Money was posted.
    Posted(Posted),
    /// Staff did something.
    Audited(AuditEntry),
}

/// A text, by everything but its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// Its identifier.
    pub id: crate::MessageId,
    /// When it came, on the provider's clock.
    pub received_at: Time,
    /// Whether there is a readable code in it; `None` once it is erased.
    pub has_code: Option<bool>,
    /// True if it came after the order had expired.
    pub late: bool,
}

/// All of it, oldest first; of one instant in the order in which one thing brings about another.
pub(super) fn of(
    detail: &OrderDetail,
    successor: Option<&Order>,
    texts: Vec<Message>,
    posted: Vec<Posted>,
    lines: Vec<AuditEntry>,
) -> Vec<Evidence> {
    let mut all = of_order(&detail.order, successor);
    all.extend(detail.hold.iter().flat_map(of_hold));
    for (place, purchase) in detail.purchases.iter().enumerate() {
        if place > 0 {
            all.push(Evidence { at: purchase.sent_at, step: Step::Swapped(purchase.id) });
        }
        all.extend(of_purchase(purchase));
    }
    all.extend(texts.into_iter().map(of_text));
    all.extend(posted.into_iter().map(|posted| Evidence { at: posted.at, step: Step::Posted(posted) }));
    all.extend(lines.into_iter().map(|line| Evidence { at: line.at, step: Step::Audited(line) }));
    all.sort_by_key(|evidence| (evidence.at, rank(&evidence.step)));
    all
}

fn of_order(order: &Order, successor: Option<&Order>) -> Vec<Evidence> {
    let head = order.head();
    let told = [
        Some((head.created_at, Step::Created(head.retry_of))),
        head.cancel_requested_at.map(|at| (at, Step::CancelRequested)),
        head.report.map(|report| (report.at, Step::Reported(report))),
        successor.map(|next| (next.head().created_at, Step::Retried(next.head().id))),
        order.ended_at().map(|at| (at, Step::Ended(Box::new(order.clone().without_number())))),
    ];
    told.into_iter().flatten().map(|(at, step)| Evidence { at, step }).collect()
}

fn of_hold(hold: &Hold) -> Vec<Evidence> {
    let placed = Evidence { at: hold.placed_at, step: Step::Held(hold.clone()) };
    let ended = match hold.state {
        HoldState::Open => None,
        HoldState::Captured { at } => Some(Evidence { at, step: Step::Captured(hold.clone()) }),
        HoldState::Released { at } => Some(Evidence { at, step: Step::Released(hold.clone()) }),
    };
    [placed].into_iter().chain(ended).collect()
}

fn of_purchase(purchase: &Purchase) -> Vec<Evidence> {
    let id = purchase.id;
    let mut all = vec![(purchase.sent_at, Step::PurchaseSent(id, purchase.cost_cap))];
    match &purchase.state {
        PurchaseState::Sent => {}
        PurchaseState::Absent { at } => all.push((*at, Step::PurchaseAbsent(id))),
        PurchaseState::Bound(bought) => {
            let bound = Step::PurchaseBound(id, bought.reservation.clone(), bought.cost);
            all.extend([(bought.bound_at, bound), (bought.bound_at, Step::NumberShown(id))]);
        }
        PurchaseState::Orphan(bought) => {
            let orphan = Step::PurchaseOrphan(id, bought.reservation.clone(), bought.cost);
            all.push((bought.bound_at, orphan));
        }
    }
    let receivable = purchase.bought().map(|bought| bought.receivable);
    let closed = receivable.and_then(|receivable| match receivable {
        Receivable::Open => None,
        Receivable::Credited { at } | Receivable::Costed { at } | Receivable::WrittenOff { at } => {
            Some((at, Step::ReceivableClosed(id, receivable)))
        }
    });
    all.into_iter().chain(closed).map(|(at, step)| Evidence { at, step }).collect()
}

fn of_text(text: Message) -> Evidence {
    let has_code = (!text.erased).then_some(text.code.is_some());
    let Message { id, received_at, stored_at, late, .. } = text;
    Evidence { at: stored_at, step: Step::Text(Arrival { id, received_at, has_code, late }) }
}

const fn rank(step: &Step) -> u8 {
    match step {
        Step::Created(_) => 0,
        Step::Held(_) => 1,
        Step::Swapped(_) => 2,
        Step::PurchaseSent(..) => 3,
        Step::PurchaseBound(..) | Step::PurchaseAbsent(_) | Step::PurchaseOrphan(..) => 4,
        Step::NumberShown(_) => 5,
        Step::CancelRequested | Step::Reported(_) => 6,
        Step::Text(_) => 7,
        Step::Audited(_) => 8,
        Step::Ended(_) => 9,
        Step::Captured(_) | Step::Released(_) => 10,
        Step::Retried(_) => 11,
        Step::ReceivableClosed(..) => 12,
        Step::Posted(_) => 13,
    }
}
