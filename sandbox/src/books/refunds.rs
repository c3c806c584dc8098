//! Money on its way back to the card.

use serde_json::{Value, json};

use super::{Books, Due, Key, Refund, RefundStatus, Vendor};
use crate::time;

/// How long a refund takes by itself, on the simulators' clock.
const PROCESSING_MS: i64 = 10_000;

/// Why a refund was not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RefundRefusal {
    NotPaid,
    TooMuch,
}

impl Books {
    /// Opens a refund of `amount` subunits, or of all that is left. It processes by itself after ten seconds.
    pub(crate) fn refund(
        &mut self,
        n: usize,
        amount: Option<i64>,
        notes: (Option<String>, Option<String>),
        now: i64,
        deliver: bool,
    ) -> Result<usize, RefundRefusal> {
        let transaction = self.payments.transactions.get(n).ok_or(RefundRefusal::NotPaid)?;
        if transaction.status != "success" && transaction.status != "reversed" {
            return Err(RefundRefusal::NotPaid);
        }
        let left = transaction.amount - self.refunded(n);
        let amount = amount.unwrap_or(left);
        if amount <= 0 || amount > left {
            return Err(RefundRefusal::TooMuch);
        }
        let place = self.payments.refunds.len();
        let refund = Refund {
            id: self.payment_id(),
            transaction: n,
            reference: self.ids.token("RF"),
            amount,
            status: RefundStatus::Pending,
            customer_note: notes.0,
            merchant_note: notes.1,
            created_ms: now,
            updated_ms: now,
            due_ms: Some(now + PROCESSING_MS),
        };
        self.payments.refunds.push(refund);
        self.due.insert((now + PROCESSING_MS, Due::Refunded(place)));
        if deliver {
            self.announce(place, now);
        }
        self.touch(Key::Refund(place));
        Ok(place)
    }

    /// Subunits of refunds that have not failed.
    fn refunded(&self, n: usize) -> i64 {
        let open = |r: &&Refund| r.transaction == n && r.status != RefundStatus::Failed;
        self.payments.refunds.iter().filter(open).map(|refund| refund.amount).sum()
    }

    /// Moves a refund to `status`; a full refund that has processed reverses its transaction.
    pub(crate) fn move_refund(&mut self, place: usize, status: RefundStatus, now: i64, deliver: bool) {
        let Some(refund) = self.payments.refunds.get_mut(place) else { return };
        let (n, old_due) = (refund.transaction, refund.due_ms);
        refund.status = status;
        refund.updated_ms = now;
        refund.due_ms = (status == RefundStatus::Processing).then_some(now + PROCESSING_MS);
        let new_due = refund.due_ms;
        if let Some(at) = old_due {
            self.due.remove(&(at, Due::Refunded(place)));
        }
        if let Some(at) = new_due {
            self.due.insert((at, Due::Refunded(place)));
        }
        let processed = |r: &&Refund| r.transaction == n && r.status == RefundStatus::Processed;
        let given_back: i64 =
            self.payments.refunds.iter().filter(processed).map(|refund| refund.amount).sum();
        if let Some(transaction) = self.payments.transactions.get_mut(n) {
            let status = if given_back >= transaction.amount { "reversed" } else { "success" };
            transaction.status = status.into();
            self.touch(Key::Transaction(n));
        }
        if deliver {
            self.announce(place, now);
        }
        self.touch(Key::Refund(place));
    }

    fn announce(&mut self, place: usize, now: i64) {
        self.touch(Key::Refund(place));
        let Some(refund) = self.payments.refunds.get(place) else { return };
        let Some(transaction) = self.payments.transactions.get(refund.transaction) else { return };
        let event = format!("refund.{}", refund.status.name());
        let reference = (refund.status == RefundStatus::Processed).then_some(&refund.reference);
        let data = json!({
            "id": refund.id,
            "status": refund.status.name(),
            "transaction_reference": transaction.reference,
            "refund_reference": reference,
            "amount": refund.amount.to_string(),
            "currency": transaction.currency,
            "processor": "instant-transfer",
            "customer": transaction.customer(),
            "integration": 100_032,
            "domain": transaction.domain,
        });
        self.queue_hook(Vendor::Paystack, &event, data, now);
    }

    /// The vendor's refund object. `whole` carries the transaction object and a boolean, as the answer to the
    /// creation does; without it the transaction is its id and the flag a number, as in reads.
    pub(crate) fn refund_wire(&self, place: usize, whole: bool) -> Value {
        let Some(refund) = self.payments.refunds.get(place) else { return Value::Null };
        let Some(transaction) = self.payments.transactions.get(refund.transaction) else {
            return Value::Null;
        };
        let is_done = refund.status == RefundStatus::Processed;
        json!({
            "id": refund.id,
            "integration": 100_032,
            "domain": transaction.domain,
            "transaction": if whole { transaction.wire() } else { transaction.id.into() },
            "transaction_reference": transaction.reference,
            "dispute": null,
            "settlement": null,
            "amount": refund.amount,
            "deducted_amount": if is_done { refund.amount } else { 0 },
            "currency": transaction.currency,
            "channel": "migs",
            "fully_deducted": if whole { Value::from(is_done) } else { Value::from(u8::from(is_done)) },
            "status": refund.status.name(),
            "refunded_by": transaction.email,
            "refunded_at": time::with_z(refund.created_ms),
            "expected_at": time::with_z(refund.created_ms + 7 * 24 * 3_600_000),
            "customer_note": refund.customer_note,
            "merchant_note": refund.merchant_note,
            "createdAt": time::with_z(refund.created_ms),
            "updatedAt": time::with_z(refund.updated_ms),
        })
    }

    /// Notes when a refund processes by itself. Used when the books are opened.
    pub(super) fn schedule_refund(&mut self, place: usize) {
        if let Some(at) = self.payments.refunds.get(place).and_then(|refund| refund.due_ms) {
            self.due.insert((at, Due::Refunded(place)));
        }
    }
}

impl RefundStatus {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Processing => "processing",
            Self::Processed => "processed",
            Self::Failed => "failed",
            Self::NeedsAttention => "needs-attention",
        }
    }
}
