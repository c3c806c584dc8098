//! Refunds and disputes. A refund has no reference of ours and no idempotency key, so it is asked for by one call that
//! is never repeated; what came of it is read from the list of its transaction's refunds.

use std::collections::{BTreeMap, BTreeSet};

use namaskah_domain::{
    Fault, PaymentReference, Time,
    payment::{
        ChargedMoney, GatewayDispute, GatewayError, GatewayRefund, Listed, RefundFailure, RefundRequest,
    },
};
use serde_json::value::RawValue;

use super::{PaystackGateway, client::parse, is_refusal, map, millis, unreadable, wire};
use crate::http::HttpFault;

impl PaystackGateway {
    pub(super) async fn ask_refund(&self, request: &RefundRequest) -> Result<GatewayRefund, RefundFailure> {
        let subunits = request.amount.money().to_subunits();
        let body = wire::AskRefund {
            transaction: request.reference.as_str(),
            amount: subunits
                .ok_or_else(|| declined(HttpFault::Malformed("our sum is no whole number of subunits")))?,
            currency: request.amount.currency().code(),
        };
        let sent = self.client.post(self.client.url(&["refund"]), &body).await;
        let answer =
            sent.map_err(|fault| if fault.nothing_was_sent() { declined(fault) } else { unknown(fault) })?;
        if is_refusal(&answer) {
            return Err(declined(map::unfit(&answer)));
        }
        let row: wire::Refund = parse(&answer, "the refund").map_err(unknown)?;
        if map::domain_of(&row) != Some(self.mode.domain()) {
            return Err(unknown(HttpFault::Malformed("a refund of the other mode")));
        }
        let refund = map::refund(&row).map_err(|part| unknown(HttpFault::Malformed(part)))?;
        if refund.amount == ChargedMoney::Known(request.amount) {
            Ok(refund)
        } else {
            Err(unknown(HttpFault::Malformed("another refund than asked for")))
        }
    }

    /// The list takes the transaction's number, which only the transaction itself tells: without it nobody can say that there
    /// are none. A row that cannot be read is
    /// counted: it hides no other, but nothing is known to be absent then.
    pub(super) async fn list_refunds_of(
        &self,
        reference: &PaymentReference,
    ) -> Result<Listed<GatewayRefund>, GatewayError> {
        let unknown =
            || GatewayError::Refused(Fault::new(HttpFault::Malformed("a payment that it does not know")));
        let transaction = self.transaction(reference).await?.ok_or_else(unknown)?;
        if transaction.domain.as_deref() != Some(self.mode.domain()) {
            return Err(GatewayError::Refused(Fault::new(HttpFault::Malformed(
                "a payment of the other mode",
            ))));
        }
        let malformed = |part| unreadable(HttpFault::Malformed(part));
        let id = transaction.id.as_deref().and_then(number).ok_or_else(|| malformed("id"))?;
        let mut list = Listed::default();
        for raw in self.rows("refund", &[("transaction", &id)], "a page of refunds").await? {
            match self.refund_in(&raw, &id) {
                Ok(refund) => list.rows.extend(refund),
                Err(part) => {
                    tracing::warn!(part, "a row of a Paystack transaction's refunds cannot be read");
                    list.unreadable += 1;
                }
            }
        }
        Ok(list)
    }

    /// A row of the refunds of a transaction. `None`: of the other mode; one without a mode has that of its transaction.
    fn refund_in(&self, raw: &RawValue, transaction: &str) -> Result<Option<GatewayRefund>, &'static str> {
        let row: wire::Refund = serde_json::from_str(raw.get()).map_err(|_| "shape")?;
        if map::transaction_of(&row).as_deref() != Some(transaction) {
            return Err("transaction");
        }
        let is_ours = map::domain_of(&row).is_none_or(|domain| domain == self.mode.domain());
        if is_ours { map::refund(&row).map(Some) } else { Ok(None) }
    }

    /// The reference of a row that names none is asked for by the number of its transaction, once each. A row that
    /// cannot be read is counted, and one whose transaction cannot be read, or that is not ours, is left out, so that it
    /// does not hide the others. If the gateway falls silent, no more of them are asked for: each would take its whole time-out.
    pub(super) async fn list_refunds_since(
        &self,
        from: Time,
    ) -> Result<Listed<(PaymentReference, GatewayRefund)>, GatewayError> {
        let (mut references, mut refunds, mut unreadable) = (BTreeMap::new(), Vec::new(), 0);
        for raw in self.rows("refund", &[("from", &millis(from))], "a page of refunds").await? {
            let row = serde_json::from_str::<wire::Refund>(raw.get()).map_err(|_| "shape");
            let read = row.and_then(|row| map::refund(&row).map(|refund| (row, refund)));
            let (row, refund) = match read {
                Ok(read) => read,
                Err(part) => {
                    tracing::warn!(part, "a row of Paystack's refunds cannot be read");
                    unreadable += 1;
                    continue;
                }
            };
            let is_foreign = map::domain_of(&row).is_some_and(|domain| domain != self.mode.domain());
            let Some(id) = map::transaction_of(&row).filter(|_| !is_foreign) else { continue };
            if let Some(reference) = row.transaction_reference {
                references.insert(id.clone(), reference);
            }
            refunds.push((id, refund));
        }
        let mut listed = Vec::with_capacity(refunds.len());
        let (mut unnamed, mut is_silent) = (BTreeSet::new(), false);
        for (id, refund) in refunds {
            if !references.contains_key(&id) && !is_silent && unnamed.insert(id.clone()) {
                match self.reference_of(&id).await {
                    Ok(reference) => drop(references.insert(id.clone(), reference)),
                    Err(fault) => {
                        is_silent = matches!(
                            fault,
                            HttpFault::TimedOut | HttpFault::NotConnected(_) | HttpFault::Broken(_)
                        );
                        tracing::warn!(%fault, "refunds of a Paystack transaction are left out");
                    }
                }
            }
            let reference = references.get(&id).and_then(|text| PaymentReference::try_new(text).ok());
            listed.extend(reference.map(|reference| (reference, refund)));
        }
        Ok(Listed { rows: listed, unreadable })
    }

    async fn reference_of(&self, transaction: &str) -> Result<String, HttpFault> {
        let url = self.client.url(&["transaction", transaction]);
        let answer = self.client.get(url).await?;
        let row: wire::Transaction = parse(&answer, "the transaction")?;
        Ok(row.reference)
    }

    /// A row that cannot be read is counted, so that it does not hide the others.
    pub(super) async fn list_disputes_since(
        &self,
        from: Time,
    ) -> Result<Listed<GatewayDispute>, GatewayError> {
        let mut list = Listed::default();
        for raw in self.rows("dispute", &[("from", &millis(from))], "a page of disputes").await? {
            let row = serde_json::from_str(raw.get()).map_err(|_| "shape");
            match row.and_then(|row| map::dispute(&row, self.mode)) {
                Ok(dispute) => list.rows.extend(dispute),
                Err(part) => {
                    tracing::warn!(part, "a row of Paystack's disputes cannot be read");
                    list.unreadable += 1;
                }
            }
        }
        Ok(list)
    }
}

/// A number, as a number or as a text of digits.
fn number(raw: &RawValue) -> Option<String> {
    let digits = raw.get().trim_matches('"');
    let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| digits.to_owned())
}

fn declined(fault: HttpFault) -> RefundFailure {
    RefundFailure::Declined(Fault::new(fault))
}

fn unknown(fault: HttpFault) -> RefundFailure {
    RefundFailure::Unknown(Fault::new(fault))
}
