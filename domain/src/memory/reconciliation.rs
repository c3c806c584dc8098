//! What reconciliation reads, in memory.

use async_trait::async_trait;

use super::{MemoryStore, state::State};
use crate::{
    Currency, Fault, FindingId, Money, PaymentReference, ReservationId, Time,
    payment::{Intent, IntentState},
    reconciliation::{Book, Finding, Float, OurNumber, OurPayment, ReconciliationReads, Run},
    verification::{ProviderId, Purchase, Receivable},
    wallet::{House, LedgerAccount, Source},
};

fn payment(state: &State, intent: &Intent) -> OurPayment {
    let (booked, at) = match intent.state {
        IntentState::Succeeded { at } => (Some(intent.charged), at),
        IntentState::Suspense { at } => (state.suspended.get(&intent.id).map(|item| item.paid), at),
        IntentState::Pending | IntentState::Failed { .. } | IntentState::Expired { .. } => {
            (None, intent.created_at)
        }
    };
    OurPayment { reference: intent.reference.clone(), booked, at }
}

fn number(state: &State, purchase: &Purchase) -> Option<OurNumber> {
    let bought = purchase.bought()?;
    let source = Source::credited(&bought.reservation);
    let is_booked = || state.transfers.iter().any(|posted| posted.transfer.source == source);
    Some(OurNumber {
        purchase: purchase.id,
        reservation: bought.reservation.clone(),
        cost: bought.cost,
        cap: purchase.cost_cap,
        at: bought.created_at,
        credited: matches!(bought.receivable, Receivable::Credited { .. }) || is_booked(),
    })
}

#[async_trait]
impl ReconciliationReads for MemoryStore {
    async fn payments_named(&self, references: &[PaymentReference]) -> Result<Vec<OurPayment>, Fault> {
        let state = self.state();
        let named = state.intents.values().filter(|intent| references.contains(&intent.reference));
        let mut named: Vec<_> = named.map(|intent| payment(&state, intent)).collect();
        named.sort_by(|a, b| a.reference.cmp(&b.reference));
        Ok(named)
    }

    async fn payments_booked(&self, from: Time, to: Time) -> Result<Vec<OurPayment>, Fault> {
        let state = self.state();
        let mut booked: Vec<_> = state.intents.values().map(|intent| payment(&state, intent)).collect();
        booked.retain(|payment| payment.booked.is_some() && (from..to).contains(&payment.at));
        booked.sort_by(|a, b| (a.at, &a.reference).cmp(&(b.at, &b.reference)));
        Ok(booked)
    }

    async fn numbers_named(
        &self,
        provider: ProviderId,
        reservations: &[ReservationId],
    ) -> Result<Vec<OurNumber>, Fault> {
        let state = self.state();
        let own = state.purchases.values().filter(|purchase| purchase.provider == provider);
        let mut named: Vec<_> = own.filter_map(|purchase| number(&state, purchase)).collect();
        named.retain(|number| reservations.contains(&number.reservation));
        named.sort_by(|a, b| a.reservation.cmp(&b.reservation));
        Ok(named)
    }

    async fn numbers_bought(
        &self,
        provider: ProviderId,
        from: Time,
        to: Time,
    ) -> Result<Vec<OurNumber>, Fault> {
        let state = self.state();
        let sent = state.purchases.values().filter(|p| p.provider == provider);
        let mut sent: Vec<_> = sent.filter(|purchase| (from..to).contains(&purchase.sent_at)).collect();
        sent.sort_by_key(|purchase| (purchase.sent_at, purchase.id));
        Ok(sent.into_iter().filter_map(|purchase| number(&state, purchase)).collect())
    }

    async fn float(&self, provider: ProviderId, since: Time) -> Result<Float, Fault> {
        let state = self.state();
        let account = match provider {
            ProviderId::TextVerified => LedgerAccount::House(House::ProviderFloatTextVerified),
        };
        let booked = state.transfers.iter().map(|posted| posted.transfer.effect_on(account).units());
        let own = || state.purchases.values().filter(|purchase| purchase.provider == provider);
        let sent = own().filter(|purchase| purchase.is_sent()).map(|purchase| purchase.cost_cap.units());
        let open = own().filter_map(Purchase::bought);
        let open = open.filter(|bought| bought.receivable == Receivable::Open && bought.bound_at >= since);
        let usd = |units| Money::from_units(units, Currency::Usd);
        Ok(Float {
            // The float is the house's: a debit raises it.
            booked: usd(-booked.sum::<i64>()),
            in_flight: usd(sent.sum()),
            awaited: usd(open.map(|bought| bought.cost.units()).sum()),
        })
    }

    async fn finding(&self, id: FindingId) -> Result<Option<Finding>, Fault> {
        Ok(self.state().findings.get(&id).cloned())
    }

    async fn findings_of(&self, book: Book, keys: &[String]) -> Result<Vec<Finding>, Fault> {
        let state = self.state();
        let of = state.findings.values().filter(|f| f.book == book && keys.contains(&f.key));
        let mut of: Vec<_> = of.cloned().collect();
        of.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(of)
    }

    async fn open_findings(&self, limit: u32) -> Result<Vec<Finding>, Fault> {
        let state = self.state();
        let mut open: Vec<_> = state.findings.values().filter(|f| f.is_open()).cloned().collect();
        open.sort_by_key(|finding| (finding.found_at, finding.id));
        open.truncate(limit as usize);
        Ok(open)
    }

    async fn runs(&self, limit: u32) -> Result<Vec<Run>, Fault> {
        Ok(self.state().runs.values().rev().take(limit as usize).cloned().collect())
    }
}
