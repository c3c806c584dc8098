//! Texts that arrive at a number.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Books, Key, State, Vendor};
use crate::{catalogue, time};

/// One text, kept for ever.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Message {
    pub(crate) id: String,
    /// Place of the purchase in `Phones::purchases`.
    pub(crate) purchase: usize,
    pub(crate) from: Option<String>,
    /// Ten digits.
    pub(crate) to: String,
    pub(crate) created_ms: i64,
    /// `None` when it is encrypted.
    pub(crate) text: Option<String>,
    pub(crate) parsed_code: Option<String>,
    pub(crate) encrypted: bool,
}

/// A text about to arrive.
#[derive(Clone, Debug)]
pub(crate) struct NewText {
    pub(crate) text: String,
    pub(crate) parsed_code: Option<String>,
    pub(crate) from: Option<String>,
    pub(crate) created_ms: i64,
    pub(crate) encrypted: bool,
    /// Whether the webhook is sent.
    pub(crate) deliver: bool,
    /// Whether the webhook says which reservation it belongs to.
    pub(crate) name_reservation: bool,
}

impl Books {
    /// Keeps the text under reservation `n`, whatever its state. A pending one is completed by it.
    pub(crate) fn receive(&mut self, n: usize, new: NewText, now: i64) -> Option<usize> {
        let purchase = self.phones.purchases.get(n)?;
        let reservation = purchase.id.clone();
        let (to, is_pending) = (purchase.number.clone(), purchase.state == State::Pending);
        let message = Message {
            id: self.ids.ulid("sms_", now),
            purchase: n,
            from: new.from,
            to,
            created_ms: new.created_ms,
            text: Some(new.text).filter(|_| !new.encrypted),
            parsed_code: new.parsed_code.filter(|_| !new.encrypted),
            encrypted: new.encrypted,
        };
        let mut event = message.wire();
        let place = self.phones.messages.len();
        self.phones.messages.push(message);
        self.phones.file_message(place);
        self.touch(Key::Message(place));
        if is_pending {
            self.end(n, State::Completed, false);
            if let Some(purchase) = self.phones.purchases.get_mut(n) {
                purchase.reusable_until_ms = Some(now + catalogue::REUSE_MS);
            }
        }
        if new.deliver {
            let named = new.name_reservation.then_some(reservation);
            if let Some(fields) = event.as_object_mut() {
                fields.remove("id");
                fields.insert("reservationId".into(), named.into());
            }
            self.queue_hook(Vendor::TextVerified, "v2.sms.received", event, now);
        }
        Some(place)
    }

    /// The text a test service sends itself.
    pub(super) fn receive_test_text(&mut self, n: usize, at: i64) {
        let code = format!("{:06}", self.ids.below(1_000_000));
        let new = NewText {
            text: format!("Your verification code is {code}"),
            parsed_code: Some(code),
            from: Some("22395".into()),
            created_ms: at,
            encrypted: false,
            deliver: true,
            name_reservation: true,
        };
        self.receive(n, new, at);
    }
}

impl super::Phones {
    /// Files message `place` with its purchase and its account.
    pub(super) fn file_message(&mut self, place: usize) {
        let Some(message) = self.messages.get(place) else { return };
        let Some(purchase) = self.purchases.get_mut(message.purchase) else { return };
        purchase.messages.push(place);
        if let Some(shelf) = self.shelves.get_mut(&purchase.account) {
            shelf.inbox.insert((message.created_ms, place));
        }
    }
}

impl Message {
    /// The vendor's Sms object.
    pub(crate) fn wire(&self) -> serde_json::Value {
        json!({
            "id": self.id,
            "from": self.from,
            "to": self.to,
            "createdAt": time::with_offset(self.created_ms),
            "smsContent": self.text,
            "parsedCode": self.parsed_code,
            "encrypted": self.encrypted,
        })
    }
}

/// The vendor's guess at the code in a text: the first run of four to eight digits. It knows no other form,
/// so that a product which trusts it alone is found out.
pub(crate) fn parse_code(text: &str) -> Option<String> {
    text.split(|c: char| !c.is_ascii_digit()).find(|run| (4..=8).contains(&run.len())).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::parse_code;

    #[test]
    fn the_vendor_parses_plain_digits_only() {
        assert_eq!(parse_code("Your code is 482913."), Some("482913".into()));
        assert_eq!(parse_code("806-185 is your code"), None);
        assert_eq!(parse_code("call 18005551234567"), None);
    }
}
