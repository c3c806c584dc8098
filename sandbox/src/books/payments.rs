//! The gateway's books: what was asked for, what was paid.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Books, Key, Vendor};
use crate::time;

/// How a customer's attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Outcome {
    Success,
    Failed,
    Abandoned,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Transaction {
    pub(crate) id: u64,
    pub(crate) reference: String,
    pub(crate) access_code: String,
    pub(crate) email: String,
    /// Subunits, as reported; differs from `requested_amount` when the customer paid another sum.
    pub(crate) amount: i64,
    pub(crate) requested_amount: i64,
    pub(crate) currency: String,
    pub(crate) domain: String,
    /// `success`, `failed`, `abandoned` or `reversed`.
    pub(crate) status: String,
    pub(crate) fees: Option<i64>,
    pub(crate) paid_ms: Option<i64>,
    pub(crate) created_ms: i64,
    pub(crate) callback_url: Option<String>,
    pub(crate) metadata: Value,
    /// What happened, for the timeline.
    pub(crate) history: Vec<(i64, String)>,
}

/// What an initialisation asks for, already checked.
#[derive(Clone, Debug)]
pub(crate) struct NewTransaction {
    pub(crate) reference: Option<String>,
    pub(crate) email: String,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) callback_url: Option<String>,
    pub(crate) metadata: Value,
}

/// First status `pending`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RefundStatus {
    Pending,
    Processing,
    Processed,
    Failed,
    NeedsAttention,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Refund {
    pub(crate) id: u64,
    /// Place of the transaction.
    pub(crate) transaction: usize,
    pub(crate) reference: String,
    pub(crate) amount: i64,
    pub(crate) status: RefundStatus,
    pub(crate) customer_note: Option<String>,
    pub(crate) merchant_note: Option<String>,
    pub(crate) created_ms: i64,
    pub(crate) updated_ms: i64,
    /// When it processes by itself.
    pub(crate) due_ms: Option<i64>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Dispute {
    pub(crate) id: u64,
    pub(crate) transaction: usize,
    pub(crate) refund_amount: i64,
    /// `awaiting-merchant-feedback` or `resolved`.
    pub(crate) status: String,
    /// `merchant-accepted` or `declined`.
    pub(crate) resolution: Option<String>,
    pub(crate) created_ms: i64,
    pub(crate) resolved_ms: Option<i64>,
}

#[derive(Debug, Default)]
pub(crate) struct Payments {
    pub(crate) transactions: Vec<Transaction>,
    pub(crate) by_reference: HashMap<String, usize>,
    pub(crate) refunds: Vec<Refund>,
    pub(crate) disputes: Vec<Dispute>,
}

/// A paid transaction keeps how it was paid.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct AlreadyPaid;

/// How a customer pays.
#[derive(Clone, Debug)]
pub(crate) struct Payment {
    pub(crate) outcome: Outcome,
    pub(crate) amount: Option<i64>,
    pub(crate) currency: Option<String>,
    pub(crate) domain: Option<String>,
    /// How many times the webhook is sent.
    pub(crate) webhooks: u32,
}

impl Payments {
    pub(crate) fn find(&self, reference: &str) -> Option<usize> {
        self.by_reference.get(reference).copied()
    }

    /// By reference, or by id in digits.
    pub(crate) fn find_either(&self, text: &str) -> Option<usize> {
        self.find(text).or_else(|| {
            let id: u64 = text.parse().ok()?;
            self.transactions.iter().position(|transaction| transaction.id == id)
        })
    }
}

impl Books {
    /// Opens a transaction; `None` when its reference has been used.
    pub(crate) fn initialize(&mut self, new: NewTransaction, now: i64) -> Option<usize> {
        let reference = new.reference.unwrap_or_else(|| self.ids.token("T"));
        if self.payments.by_reference.contains_key(&reference) {
            return None;
        }
        let n = self.payments.transactions.len();
        let transaction = Transaction {
            id: self.payment_id(),
            reference: reference.clone(),
            access_code: self.ids.token("0"),
            email: new.email,
            amount: new.amount,
            requested_amount: new.amount,
            currency: new.currency,
            domain: "test".into(),
            status: "abandoned".into(),
            fees: None,
            paid_ms: None,
            created_ms: now,
            callback_url: new.callback_url,
            metadata: new.metadata,
            history: Vec::new(),
        };
        self.payments.transactions.push(transaction);
        self.payments.by_reference.insert(reference, n);
        self.touch(Key::Transaction(n));
        Some(n)
    }

    /// The customer pays, or does not. Paying what is paid only sends its webhook again.
    pub(crate) fn pay(&mut self, n: usize, payment: &Payment, now: i64) -> Result<(), AlreadyPaid> {
        let Some(transaction) = self.payments.transactions.get_mut(n) else { return Ok(()) };
        let is_paid = transaction.paid_ms.is_some();
        if is_paid && payment.outcome != Outcome::Success {
            return Err(AlreadyPaid);
        }
        if !is_paid {
            transaction.settle(payment, now);
        }
        let event = match payment.outcome {
            Outcome::Success => Some("charge.success"),
            Outcome::Failed => Some("charge.failed"),
            Outcome::Abandoned => None,
        };
        let data = transaction.wire();
        self.touch(Key::Transaction(n));
        if let Some(event) = event {
            for _ in 0..payment.webhooks {
                self.queue_hook(Vendor::Paystack, event, data.clone(), now);
            }
        }
        Ok(())
    }

    /// A chargeback begins; its webhook is sent, or lost.
    pub(crate) fn open_dispute(
        &mut self,
        n: usize,
        amount: Option<i64>,
        now: i64,
        deliver: bool,
    ) -> Option<usize> {
        let transaction = self.payments.transactions.get(n)?;
        let dispute = Dispute {
            id: 0,
            transaction: n,
            refund_amount: amount.unwrap_or(transaction.amount),
            status: "awaiting-merchant-feedback".into(),
            resolution: None,
            created_ms: now,
            resolved_ms: None,
        };
        let place = self.payments.disputes.len();
        let dispute = Dispute { id: self.payment_id(), ..dispute };
        self.payments.disputes.push(dispute);
        self.touch(Key::Dispute(place));
        if deliver {
            self.announce_dispute(place, "create", now);
        }
        Some(place)
    }

    /// The vendor reminds of the latest open dispute of a transaction.
    pub(crate) fn remind_of_dispute(&mut self, n: usize, now: i64) -> Option<usize> {
        let place = self.open_dispute_of(n)?;
        self.announce_dispute(place, "remind", now);
        Some(place)
    }

    /// The latest open dispute of a transaction ends; its webhook is sent, or lost.
    pub(crate) fn resolve_dispute(
        &mut self,
        n: usize,
        resolution: &str,
        now: i64,
        deliver: bool,
    ) -> Option<usize> {
        let place = self.open_dispute_of(n)?;
        let dispute = self.payments.disputes.get_mut(place)?;
        dispute.status = "resolved".into();
        dispute.resolution = Some(resolution.to_owned());
        dispute.resolved_ms = Some(now);
        self.touch(Key::Dispute(place));
        if deliver {
            self.announce_dispute(place, "resolve", now);
        }
        Some(place)
    }

    fn open_dispute_of(&self, n: usize) -> Option<usize> {
        let open = |d: &Dispute| d.transaction == n && d.resolved_ms.is_none();
        self.payments.disputes.iter().rposition(open)
    }

    fn announce_dispute(&mut self, place: usize, what: &str, now: i64) {
        let data = self.dispute_wire(place);
        self.queue_hook(Vendor::Paystack, &format!("charge.dispute.{what}"), data, now);
    }

    /// The vendor's dispute object.
    pub(crate) fn dispute_wire(&self, place: usize) -> Value {
        let Some(dispute) = self.payments.disputes.get(place) else { return Value::Null };
        let Some(transaction) = self.payments.transactions.get(dispute.transaction) else {
            return Value::Null;
        };
        json!({
            "id": dispute.id,
            "refund_amount": dispute.refund_amount,
            "currency": transaction.currency,
            "status": dispute.status,
            "resolution": dispute.resolution,
            "domain": transaction.domain,
            "transaction": transaction.wire(),
            "transaction_reference": null,
            "category": "chargeback",
            "customer": transaction.customer(),
            "bin": null,
            "last4": null,
            "dueAt": time::with_z(dispute.created_ms + 24 * 3_600_000),
            "resolvedAt": dispute.resolved_ms.map(time::with_z),
            "evidence": null,
            "attachments": null,
            "note": null,
            "history": [{ "status": dispute.status, "by": transaction.email, "createdAt": time::with_z(dispute.created_ms) }],
            "messages": [{ "sender": transaction.email, "body": "Customer complained", "createdAt": time::with_z(dispute.created_ms) }],
            "createdAt": time::with_z(dispute.created_ms),
            "updatedAt": time::with_z(dispute.resolved_ms.unwrap_or(dispute.created_ms)),
        })
    }
}

/// 1.5 %, to the nearest subunit.
fn fee(amount: i64) -> i64 {
    let fee = (i128::from(amount) * 15 + 500) / 1_000;
    i64::try_from(fee).unwrap_or(i64::MAX)
}

impl Transaction {
    fn settle(&mut self, payment: &Payment, now: i64) {
        self.amount = payment.amount.unwrap_or(self.amount);
        self.currency = payment.currency.clone().unwrap_or_else(|| self.currency.clone());
        self.domain = payment.domain.clone().unwrap_or_else(|| self.domain.clone());
        let (status, words) = match payment.outcome {
            Outcome::Success => ("success", "Successfully paid with card"),
            Outcome::Failed => ("failed", "Attempted to pay with card: declined"),
            Outcome::Abandoned => ("abandoned", "Left the page"),
        };
        self.status = status.into();
        self.history.push((now, words.into()));
        if payment.outcome == Outcome::Success {
            self.fees = Some(fee(self.amount));
            self.paid_ms = Some(now);
        }
    }

    /// The vendor's customer object; the same address is always the same customer.
    pub(crate) fn customer(&self) -> Value {
        let digest = Sha256::digest(self.email.to_ascii_lowercase().as_bytes());
        let id = digest.iter().take(4).fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
        json!({
            "id": id,
            "first_name": null,
            "last_name": null,
            "email": self.email,
            "customer_code": format!("CUS_{}", hex::encode(&digest[..8])),
            "phone": null,
            "metadata": null,
            "risk_action": "default",
            "international_format_phone": null,
        })
    }

    /// The vendor's transaction object.
    pub(crate) fn wire(&self) -> Value {
        let paid_at = self.paid_ms.map(time::with_z);
        let created_at = time::with_z(self.created_ms);
        let gateway_response = match self.status.as_str() {
            "success" | "reversed" => "Successful",
            "failed" => "Declined",
            _ => "The transaction was not completed",
        };
        let authorization = if self.paid_ms.is_some() { card(&self.reference) } else { json!({}) };
        json!({
            "id": self.id,
            "domain": self.domain,
            "status": self.status,
            "reference": self.reference,
            "receipt_number": null,
            "amount": self.amount,
            "message": null,
            "gateway_response": gateway_response,
            "paid_at": paid_at,
            "paidAt": paid_at,
            "created_at": created_at,
            "createdAt": created_at,
            "channel": "card",
            "currency": self.currency,
            "ip_address": "127.0.0.1",
            "metadata": self.metadata,
            "log": null,
            "fees": self.fees,
            "fees_split": null,
            "authorization": authorization,
            "customer": self.customer(),
            "plan": null,
            "split": {},
            "order_id": null,
            "requested_amount": self.requested_amount,
            "pos_transaction_data": null,
            "source": null,
            "fees_breakdown": null,
            "connect": null,
            "transaction_date": created_at,
            "plan_object": {},
            "subaccount": {},
        })
    }
}

fn card(reference: &str) -> Value {
    let signature = hex::encode(&Sha256::digest(reference.as_bytes())[..8]);
    json!({
        "authorization_code": format!("AUTH_{signature}"),
        "bin": "408408",
        "last4": "4081",
        "exp_month": "12",
        "exp_year": "2030",
        "channel": "card",
        "card_type": "visa ",
        "bank": "TEST BANK",
        "country_code": "NG",
        "brand": "visa",
        "reusable": true,
        "signature": format!("SIG_{signature}"),
        "account_name": null,
    })
}

#[cfg(test)]
mod tests {
    use super::fee;

    #[test]
    fn the_fee_is_one_and_a_half_percent_of_the_gross() {
        assert_eq!(fee(500_000), 7_500);
        assert_eq!(fee(33), 0);
        assert_eq!(fee(34), 1);
    }
}
