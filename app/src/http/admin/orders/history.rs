//! The bodies of an order's past.

use namaskah_domain::{
    Money, Time,
    staff::{Arrival, Evidence, Posted, Step},
    verification::{Order, Receivable},
};
use poem_openapi::Object;

use crate::http::body::{MoneyBody, Text, word_enum};

word_enum! {
    /// What kind of step was taken.
    pub StepWord, "a kind of step";
    Created = "created",
    Held = "held",
    PurchaseSent = "purchase_sent",
    PurchaseBound = "purchase_bound",
    NumberShown = "number_shown",
    PurchaseAbsent = "purchase_absent",
    PurchaseOrphan = "purchase_orphan",
    Text = "text_received",
    CancelRequested = "cancel_requested",
    Swapped = "swapped",
    Retried = "retried",
    Reported = "reported",
    Ended = "ended",
    Captured = "captured",
    Released = "released",
    CostCredited = "cost_credited",
    CostBorne = "cost_borne",
    CostGivenUp = "cost_given_up",
    Posted = "posted",
    Audit = "audit",
}

/// A step of an order.
#[derive(Debug, Object)]
#[oai(rename = "OrderStep")]
pub struct EvidenceBody {
    /// When it was taken.
    pub at: Text<Time>,
    /// What kind of step.
    pub kind: Text<StepWord>,
    /// The record that it is about: an attempt, a hold, a message, another order, a line of the log, a source.
    pub record: Option<String>,
    /// The money that it is about.
    pub amount: Option<MoneyBody>,
    /// A word more: the state, the reason, the reservation, the accounts.
    pub note: Option<String>,
    /// Of a text: when it came, on the provider's clock.
    pub received_at: Option<Text<Time>>,
    /// Of a text: whether there is a readable code in it; null once it is erased.
    pub has_code: Option<bool>,
    /// Of a text: whether it came after the order had expired.
    pub late: Option<bool>,
}

/// Kind, record, money, a word more.
type Told = (StepWord, Option<String>, Option<Money>, Option<String>);

impl From<Evidence> for EvidenceBody {
    fn from(Evidence { at, step }: Evidence) -> Self {
        let arrival = match &step {
            Step::Text(arrival) => Some(arrival.clone()),
            _ => None,
        };
        let (kind, record, amount, note) = told(step);
        Self {
            at: Text(at),
            kind: Text(kind),
            record,
            amount: amount.map(MoneyBody::from),
            note,
            received_at: arrival.as_ref().map(|text| Text(text.received_at)),
            has_code: arrival.as_ref().and_then(|text| text.has_code),
            late: arrival.map(|text| text.late),
        }
    }
}

fn told(step: Step) -> Told {
    use StepWord as Word;
    let some = |id: &dyn std::fmt::Display| Some(id.to_string());
    match step {
        Step::Created(retry_of) => (Word::Created, retry_of.map(|id| id.to_string()), None, None),
        Step::Held(hold) => (Word::Held, some(&hold.id), Some(hold.amount.money()), None),
        Step::PurchaseSent(id, cap) => (Word::PurchaseSent, some(&id), Some(cap), None),
        Step::PurchaseBound(id, of, cost) => (Word::PurchaseBound, some(&id), Some(cost), some(&of)),
        Step::NumberShown(id) => (Word::NumberShown, some(&id), None, None),
        Step::PurchaseAbsent(id) => (Word::PurchaseAbsent, some(&id), None, None),
        Step::PurchaseOrphan(id, of, cost) => (Word::PurchaseOrphan, some(&id), Some(cost), some(&of)),
        Step::Text(Arrival { id, .. }) => (Word::Text, some(&id), None, None),
        Step::CancelRequested => (Word::CancelRequested, None, None, None),
        Step::Swapped(id) => (Word::Swapped, some(&id), None, None),
        Step::Retried(id) => (Word::Retried, some(&id), None, None),
        Step::Reported(report) => (Word::Reported, None, None, some(&report.reason.name())),
        Step::Ended(order) => (Word::Ended, None, None, Some(end_of(&order))),
        Step::Captured(hold) => (Word::Captured, some(&hold.id), Some(hold.amount.money()), None),
        Step::Released(hold) => (Word::Released, some(&hold.id), Some(hold.amount.money()), None),
        Step::ReceivableClosed(id, how) => {
            let word = match how {
                Receivable::Open | Receivable::Credited { .. } => Word::CostCredited,
                Receivable::Costed { .. } => Word::CostBorne,
                Receivable::WrittenOff { .. } => Word::CostGivenUp,
            };
            (word, some(&id), None, None)
        }
        Step::Posted(Posted { source, debit, credit, amount, .. }) => {
            let accounts = Some(format!("{debit} -> {credit}"));
            (Word::Posted, Some(source.as_str().to_owned()), Some(amount.money()), accounts)
        }
        Step::Audited(line) => (Word::Audit, some(&line.id), None, some(&line.action.name())),
    }
}

/// The state that it ended in, and why it failed.
fn end_of(order: &Order) -> String {
    match order {
        Order::Failed(failed) => format!("failed: {}", failed.failure.code()),
        other => other.status().name().to_owned(),
    }
}
