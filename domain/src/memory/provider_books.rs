//! What the fake provider has sold, and what it keeps of our money.

use std::collections::{BTreeMap, VecDeque};

use chrono::TimeDelta;

use super::{
    failures::Script,
    number_provider::{ProviderFailure, ProviderOperation},
};
use crate::{
    Currency, Money, PhoneNumber, ReservationId, Time,
    money::UNITS_PER_ONE,
    verification::{
        DeclineReason, IncomingMessage, Listing, OpenAttempt, Reservation, ReservationState, ServiceCode,
    },
};

const CATALOGUE: [(&str, i64); 3] = [("whatsapp", 750_000), ("telegram", 500_000), ("google", 400_000)];
const STOCK: u64 = 1_000;
const FLOAT: i64 = 10_000 * UNITS_PER_ONE;
const LIFETIME: TimeDelta = TimeDelta::minutes(15);
const CALL_TIME_OUT: TimeDelta = TimeDelta::seconds(10);

#[derive(Debug, Clone, Copy)]
pub(super) struct Offer {
    pub cost: Money,
    pub stock: u64,
}

#[derive(Debug)]
pub(super) struct Sale {
    pub reservation: Reservation,
    pub credited: Money,
}

#[derive(Debug)]
pub(super) struct Books {
    pub catalogue: BTreeMap<ServiceCode, Offer>,
    pub sold: Vec<Sale>,
    pub messages: Vec<IncomingMessage>,
    pub next_numbers: VecDeque<PhoneNumber>,
    pub balance: Money,
    pub account_limit: usize,
    pub lifetime: TimeDelta,
    pub call_time_out: TimeDelta,
    pub listing_lag: TimeDelta,
    pub listings_complete: bool,
    pub skew: TimeDelta,
    pub script: Script<ProviderOperation, ProviderFailure>,
}

const fn usd(units: i64) -> Money {
    Money::from_units(units, Currency::Usd)
}

impl Books {
    pub fn new() -> Self {
        let offer =
            |(name, cost)| Some((ServiceCode::try_new(name).ok()?, Offer { cost: usd(cost), stock: STOCK }));
        Self {
            catalogue: CATALOGUE.into_iter().filter_map(offer).collect(),
            sold: Vec::new(),
            messages: Vec::new(),
            next_numbers: VecDeque::new(),
            balance: usd(FLOAT),
            account_limit: usize::MAX,
            lifetime: LIFETIME,
            call_time_out: CALL_TIME_OUT,
            listing_lag: TimeDelta::zero(),
            listings_complete: true,
            skew: TimeDelta::zero(),
            script: Script::new(),
        }
    }

    pub fn sell(&mut self, service: ServiceCode, cost: Money, stock: u64) {
        self.catalogue.insert(service, Offer { cost, stock });
    }

    pub fn offer(&self, service: &ServiceCode) -> Option<Offer> {
        self.catalogue.get(service).copied()
    }

    pub fn sale(&self, id: &ReservationId) -> Option<&Sale> {
        self.sold.iter().find(|sale| sale.reservation.id == *id)
    }

    fn sale_mut(&mut self, id: &ReservationId) -> Option<&mut Sale> {
        self.sold.iter_mut().find(|sale| sale.reservation.id == *id)
    }

    pub fn buy(&mut self, attempt: &OpenAttempt, now: Time) -> Result<Reservation, DeclineReason> {
        let ask = &attempt.ask;
        let offer = self.offer(&ask.service).ok_or(DeclineReason::Refused)?;
        let waiting = self.sold.iter().filter(|sale| sale.reservation.state == ReservationState::Pending);
        if offer.stock == 0 || ask.country.as_str() != "US" {
            return Err(DeclineReason::NoNumbers);
        }
        if !offer.cost.is_at_most(attempt.cost_cap) {
            return Err(DeclineReason::PriceChanged);
        }
        if waiting.count() >= self.account_limit {
            return Err(DeclineReason::AccountLimit);
        }
        if !offer.cost.is_at_most(self.balance) {
            return Err(DeclineReason::HouseBalance);
        }
        let reservation = self.reserve(&ask.service, offer.cost, now).ok_or(DeclineReason::NoNumbers)?;
        self.sell(ask.service.clone(), offer.cost, offer.stock - 1);
        self.balance = self.balance.checked_sub(offer.cost).unwrap_or(self.balance);
        self.sold.push(Sale { reservation: reservation.clone(), credited: usd(0) });
        Ok(reservation)
    }

    fn reserve(&mut self, service: &ServiceCode, cost: Money, now: Time) -> Option<Reservation> {
        let serial = self.sold.len() + 1;
        let number = match self.next_numbers.pop_front() {
            Some(number) => number,
            None => PhoneNumber::try_new(&format!("+1202{:07}", 2_000_000 + serial)).ok()?,
        };
        Some(Reservation {
            id: ReservationId::try_new(&format!("lr_fake{serial:08}")).ok()?,
            number,
            service: service.clone(),
            state: ReservationState::Pending,
            cost,
            created_at: now,
            ends_at: Some(now + self.lifetime),
        })
    }

    /// The reservation's number, if it can receive; its first text completes it.
    pub fn wait_for_text(&mut self, id: &ReservationId) -> Option<PhoneNumber> {
        let reservation = &mut self.sale_mut(id)?.reservation;
        let can_receive =
            matches!(reservation.state, ReservationState::Pending | ReservationState::Completed);
        if can_receive {
            reservation.state = ReservationState::Completed;
        }
        can_receive.then(|| reservation.number.clone())
    }

    pub fn set_state(&mut self, id: &ReservationId, state: ReservationState) -> bool {
        let Some(sale) = self.sale_mut(id) else { return false };
        sale.reservation.state = state;
        if state.is_credited() { self.credit(id) } else { true }
    }

    pub fn credit(&mut self, id: &ReservationId) -> bool {
        let Some(sale) = self.sale_mut(id) else { return false };
        if sale.credited.is_zero() {
            sale.credited = sale.reservation.cost;
            let back = sale.credited;
            self.balance = self.balance.checked_add(back).unwrap_or(self.balance);
        }
        true
    }

    pub fn end_due(&mut self, now: Time) {
        let ended = self.sold.iter().map(|sale| &sale.reservation).filter(|reservation| {
            reservation.state == ReservationState::Pending
                && reservation.ends_at.is_some_and(|ends| ends <= now)
        });
        let ended: Vec<ReservationId> = ended.map(|reservation| reservation.id.clone()).collect();
        ended.iter().for_each(|id| {
            self.set_state(id, ReservationState::TimedOut);
        });
    }

    pub fn listing(&self, from: Time, now: Time) -> Listing {
        let listed = self.sold.iter().rev().map(|sale| &sale.reservation);
        let listed = listed.filter(|r| r.created_at >= from && r.created_at + self.listing_lag <= now);
        let reservations = listed.map(|r| Reservation { ends_at: None, ..r.clone() }).collect();
        Listing { reservations, complete: self.listings_complete }
    }

    pub fn total(&self, of: impl Fn(&Sale) -> Money) -> Money {
        self.sold.iter().map(of).fold(usd(0), |sum, money| sum.checked_add(money).unwrap_or(sum))
    }
}
