//! The bodies of a timeline. Numbers, texts and codes of orders are none of staff's business.

use namaskah_domain::{Time, TimelineId, payment::Intent, staff::Happening};
use poem_openapi::Object;

use crate::http::{
    body::{MoneyBody, Text, TextForm, word_enum},
    payments::{PaymentBody, RefundBody},
};

word_enum! {
    /// What kind of thing happened.
    pub HappeningWord, "a kind of happening";
    Order = "order",
    Payment = "payment",
    Refund = "refund",
    Entry = "entry",
    SignIn = "sign_in",
    Audit = "audit",
}

/// Something that happened around a user.
#[derive(Debug, Object)]
#[oai(rename = "Happening")]
pub struct HappeningBody {
    /// Its place in the line, to go on after it.
    pub id: Text<TimelineId>,
    /// What kind of thing happened.
    pub kind: Text<HappeningWord>,
    /// The record that it is about.
    pub record: String,
    /// Where that stands now, or what was done.
    pub status: String,
    /// The money that it is about.
    pub amount: Option<MoneyBody>,
    /// A word more: the service, the reference, the device, why.
    pub note: Option<String>,
    /// When it happened.
    pub at: Text<Time>,
}

fn status<T: TextForm>(status: &Text<T>) -> String {
    status.0.write().into_owned()
}

fn payment(intent: Intent) -> (HappeningWord, String, String, Option<MoneyBody>, Option<String>) {
    let (id, body) = (intent.id.to_string(), PaymentBody::from(intent));
    (HappeningWord::Payment, id, status(&body.status), Some(body.amount), Some(body.reference))
}

impl From<Happening> for HappeningBody {
    fn from(happening: Happening) -> Self {
        let (id, at) = (Text(happening.place()), Text(happening.at()));
        let (kind, record, status, amount, note) = match happening {
            Happening::Order(order) => {
                let head = order.head();
                let service = head.ask.service.as_str().to_owned();
                let (id, status) = (head.id.to_string(), order.status().name().to_owned());
                (HappeningWord::Order, id, status, Some(head.price.into()), Some(service))
            }
            Happening::Payment(intent) => payment(intent),
            Happening::Refund(refund) => {
                let (id, body) = (refund.id.to_string(), RefundBody::from(refund));
                (HappeningWord::Refund, id, status(&body.status), Some(body.amount), None)
            }
            Happening::Entry(entry) => {
                let kind = entry.kind.name().to_owned();
                let source = Some(entry.source.as_str().to_owned());
                (HappeningWord::Entry, entry.id.to_string(), kind, Some(entry.amount.into()), source)
            }
            Happening::SignIn(session) => {
                let stands = session.ended.map_or("open", |(_, why)| why.name()).to_owned();
                (HappeningWord::SignIn, session.id.to_string(), stands, None, session.device)
            }
            Happening::Audit(entry) => {
                let reason = entry.after.0.get("reason").cloned().flatten();
                (HappeningWord::Audit, entry.id.to_string(), entry.action.name().to_owned(), None, reason)
            }
        };
        Self { id, kind: Text(kind), record, status, amount, note, at }
    }
}
