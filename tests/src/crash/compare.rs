//! Ours, theirs, and what the customers know, compared.

use std::collections::{BTreeMap, BTreeSet};

use namaskah_domain::OrderId;
use serde_json::Value;
use uuid::Uuid;

use super::{
    Failure,
    books::{Books, OrderRow},
    customer::Answer,
    load::Scene,
    memory::{KnownPayment, status},
    outside::{Theirs, units},
};

/// What everybody says at about the same time.
struct Witnesses {
    purchases: BTreeMap<String, Theirs>,
    successes: BTreeMap<String, i64>,
    orders: BTreeMap<Uuid, OrderRow>,
    reservations: Vec<String>,
    credits: BTreeMap<String, Vec<i64>>,
    suspended: BTreeSet<String>,
    payments: BTreeMap<String, KnownPayment>,
}

/// Every breach that is to be found now. What is still on its way may look like one for a moment.
///
/// # Errors
/// If somebody cannot be asked.
pub async fn breaches(scene: &Scene, books: &Books) -> Result<Vec<String>, Failure> {
    let state = scene.outside.state().await?;
    let said = Witnesses {
        purchases: state.purchases()?,
        successes: state.successes()?,
        orders: books.orders().await?,
        reservations: books.reservations().await?,
        credits: books.credits().await?,
        suspended: books.suspended().await?,
        payments: scene.memory.payments(),
    };
    let mut all = books.broken_laws().await?;
    all.extend(said.purchases());
    all.extend(said.deposits());
    all.extend(said.acknowledged(scene)?);
    all.extend(said.one_effect_a_key(scene, books).await?);
    all.extend(said.wallets(scene).await?);
    Ok(all)
}

impl Witnesses {
    /// Every purchase at the provider is bound to one order or an orphan; none of ours is invented; what was captured
    /// has a code over there.
    fn purchases(&self) -> Vec<String> {
        let ours: BTreeSet<&String> = self.reservations.iter().collect();
        let mut breaches = Vec::new();
        if ours.len() != self.reservations.len() {
            breaches.push(format!("{} reservations are listed twice", self.reservations.len() - ours.len()));
        }
        for reservation in self.purchases.keys().filter(|id| !ours.contains(id)) {
            breaches.push(format!("the provider sold {reservation}, and we do not know it"));
        }
        for reservation in ours.iter().filter(|id| !self.purchases.contains_key(**id)) {
            breaches.push(format!("we list {reservation}, and the provider does not know it"));
        }
        for (id, order) in self.orders.iter().filter(|(_, order)| order.state == "completed") {
            let has_code = |id: &String| self.purchases.get(id).is_some_and(|purchase| purchase.has_code);
            if !order.reservation.as_ref().is_some_and(has_code) {
                breaches.push(format!("order {id} was captured, and its reservation never had a code"));
            }
        }
        breaches
    }

    /// Each success at the gateway is credited once, with what its intent says, or set aside whole; nothing else is.
    fn deposits(&self) -> Vec<String> {
        let mut breaches = Vec::new();
        for reference in self.successes.keys() {
            let Some(payment) = self.payments.get(reference) else {
                breaches.push(format!("payment {reference} was paid, and nobody opened it"));
                continue;
            };
            let got = self.credits.get(reference).map(Vec::as_slice).unwrap_or_default();
            let wanted: &[i64] = if payment.paid_wrongly { &[] } else { &[payment.units] };
            if got != wanted || self.suspended.contains(reference) != payment.paid_wrongly {
                breaches.push(format!("payment {reference}: {wanted:?} units due, {got:?} credited"));
            }
        }
        let booked = self.credits.keys().chain(&self.suspended);
        let unpaid = booked.filter(|reference| !self.successes.contains_key(*reference));
        breaches.extend(unpaid.map(|reference| format!("payment {reference} was booked and never paid")));
        let succeeded = self.payments.values().filter(|payment| payment.succeeded);
        let lost = succeeded.filter(|payment| !self.credits.contains_key(&payment.reference));
        breaches.extend(lost.map(|p| format!("payment {} was answered as succeeded", p.reference)));
        breaches
    }

    /// What was acknowledged is there, has not gone back, and stayed what it ended as.
    fn acknowledged(&self, scene: &Scene) -> Result<Vec<String>, Failure> {
        let mut breaches = Vec::new();
        for (text, known) in scene.memory.orders() {
            let id: OrderId = text.parse()?;
            match self.orders.get(&id.uuid()) {
                None => breaches.push(format!("order {text} was acknowledged and is gone")),
                Some(row) => breaches.extend(went_back(&text, row, &known.body)),
            }
        }
        Ok(breaches)
    }

    async fn one_effect_a_key(&self, scene: &Scene, books: &Books) -> Result<Vec<String>, Failure> {
        let intents = usize::try_from(books.count("SELECT COUNT(*) FROM intents").await?)?;
        let compared = [("verifications", self.orders.len()), ("payments", intents)];
        let counted = compared.map(|(path, ours)| (path, ours, scene.memory.made(path)));
        let differs = counted.into_iter().filter(|(_, ours, made)| ours != made);
        Ok(differs.map(|(path, ours, made)| format!("{made} keys made {ours} {path}")).collect())
    }

    /// To the unit, from what was paid and what was delivered alone: what each customer must have.
    async fn wallets(&self, scene: &Scene) -> Result<Vec<String>, Failure> {
        let mut breaches = Vec::new();
        for customer in &scene.customers {
            let mine = self.payments.values().filter(|payment| payment.customer == customer.place);
            let paid = mine.filter(|p| !p.paid_wrongly && self.successes.contains_key(&p.reference));
            let paid: i64 = paid.map(|payment| payment.units).sum();
            let (mut spent, mut held) = (0, 0);
            for order in self.orders.values().filter(|order| order.user == customer.user()) {
                match order.state.as_str() {
                    "completed" => spent += order.price_units,
                    "requested" | "waiting" => held += order.price_units,
                    _ => {}
                }
            }
            let wallet = match customer.get("wallet").await {
                // One of two instances may follow the clock later than the other; it is asked again.
                Answer::Silence => {
                    breaches.push(format!("customer {}: the wallet cannot be read", customer.place));
                    continue;
                }
                answer => answer.done()?,
            };
            let has = (units(&wallet["total"]["amount"])?, units(&wallet["held"]["amount"])?);
            if has != (paid - spent, held) {
                let due = (paid - spent, held);
                breaches.push(format!("customer {}: {has:?} units, should be {due:?}", customer.place));
            }
        }
        Ok(breaches)
    }
}

fn went_back(id: &str, row: &OrderRow, known: &Value) -> Option<String> {
    let (was, version) = (status(known), known["version"].as_i64().unwrap_or(0));
    let ended = !["requested", "waiting"].contains(&was.as_str());
    if row.version < version || (ended && row.state != was) {
        let (state, now) = (&row.state, row.version);
        return Some(format!("order {id} was {was} in version {version} and is {state} in {now}"));
    }
    let price = &known["price"]["amount"];
    let differs = units(price).is_ok_and(|units| units != row.price_units);
    differs.then(|| format!("order {id} was {price} and costs {} units", row.price_units))
}
