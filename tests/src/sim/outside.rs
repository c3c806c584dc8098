//! What happens outside: texts, states of reservations, payments, webhooks, prices.

use chrono::{SubsecRound, TimeDelta};
use futures::FutureExt;
use namaskah_domain::{
    Change, Clock, Currency, Money, Notice, NoticeId, NoticeState, PaymentReference, ReservationId, Sender,
    UnitOfWork, Version,
    memory::OddPayment,
    payment::{ChargeStatus, ChargedMoney, PaymentGateway},
    verification::{NumberProvider, OpenAttempt, Order, Reservation, ReservationState},
};

use super::{
    provider::{Text, text_to},
    users::{ask, cents, service},
    world::World,
};

const TEXTS: [&str; 6] = [
    "Your code is 482913",
    "WhatsApp code: 806-185",
    "Hello, how are you?",
    "G-123456 is your code",
    "Welcome!",
    "Ihr Code lautet 77310",
];
const LAGS_S: [i64; 6] = [0, 0, 0, 2, 20, 70];
const DELAYS_MS: [i64; 5] = [0, 0, 400, 5_000, 90_000];

impl World {
    fn die(&self, sides: usize) -> usize {
        self.turns.dice().roll(sides)
    }

    fn a_reservation(&self, wanted: impl Fn(&Reservation) -> bool) -> Option<Reservation> {
        let mut sold: Vec<_> = self.provider.fake.reservations().into_iter().filter(wanted).collect();
        if sold.is_empty() {
            return None;
        }
        sold.reverse();
        Some(sold.swap_remove(self.die(sold.len())))
    }

    /// A text arrives at a reservation, whatever its state; it is listed at once or later, named or not, and told of
    /// by no notice, one or two.
    pub fn text(&mut self) {
        let Some(to) = self.a_reservation(|_| true) else { return };
        let words = TEXTS[self.die(TEXTS.len())];
        let now = self.provider.now();
        let received_at = if self.die(4) == 3 { now.trunc_subsecs(0) } else { now };
        let mut message = text_to(to.id.clone(), to.number, words, received_at);
        if self.die(5) == 4 && words.starts_with("Your code") {
            message.parsed_code = Some("482913".to_owned());
        }
        let lag = TimeDelta::seconds(LAGS_S[self.die(LAGS_S.len())]);
        let text = Text { message, is_named: self.die(3) != 2, listed_from: now + lag };
        let is_open = to.state == ReservationState::Pending;
        if is_open && self.die(6) != 5 {
            self.provider.fake.set_state(&to.id, ReservationState::Completed);
        }
        let place = self.provider.write(text);
        self.say(|| format!("{} receives {words:?}, listed {lag} later", to.id));
        for _ in 0..[1, 0, 2][self.die(3)] {
            let body = format!("text {place}").into_bytes();
            self.notice(Sender::TextVerified, Some(to.id.to_string()), body);
        }
    }

    /// A text arrives for an order that has expired lately.
    pub fn late_text(&mut self) {
        let since = self.turns.now() - TimeDelta::minutes(40);
        let expired = |order: &Order| match order {
            Order::Expired(o) if o.at >= since => Some(o.line.reservation.clone()),
            _ => None,
        };
        let lately: Vec<_> = self.before.orders.iter().filter_map(expired).collect();
        let Some(to) = self.a_reservation(|r| lately.contains(&r.id)) else { return };
        let now = self.provider.now();
        let lag = TimeDelta::seconds(LAGS_S[self.die(LAGS_S.len())]);
        let message = text_to(to.id.clone(), to.number, TEXTS[self.die(2)], now);
        let place = self.provider.write(Text { message, is_named: self.die(3) != 2, listed_from: now + lag });
        self.say(|| format!("{} receives a text too late, listed {lag} later", to.id));
        if self.die(2) == 1 {
            let body = format!("text {place}").into_bytes();
            self.notice(Sender::TextVerified, Some(to.id.to_string()), body);
        }
    }

    /// The provider answers a report: it gives its price back, or says that the number served.
    pub fn answer_report(&mut self) {
        let Some(chosen) = self.a_reservation(|r| r.state == ReservationState::Reported) else { return };
        let state = [ReservationState::Cancelled, ReservationState::Completed][self.die(2)];
        self.provider.fake.set_state(&chosen.id, state);
        self.say(|| format!("the report of {} is answered: {state:?}", chosen.id));
    }

    /// A text to a number of ours that was meant for an earlier renter of it, of whose reservation we know nothing.
    pub fn text_of_another(&mut self) {
        let Some(to) = self.a_reservation(|_| true) else { return };
        let other = ReservationId::try_new("lr_somebody_else").expect("a reservation");
        let received_at = self.provider.now() - TimeDelta::seconds([0, 30][self.die(2)]);
        let message = text_to(other, to.number.clone(), "Your code is 999999", received_at);
        let text = Text { message, is_named: true, listed_from: received_at };
        let place = self.provider.write(text);
        self.say(|| format!("somebody else's text arrives at the number of {}", to.id));
        if self.die(2) == 1 {
            let body = format!("text {place}").into_bytes();
            self.notice(Sender::TextVerified, Some("lr_somebody_else".to_owned()), body);
        }
    }

    /// A reservation that waits comes to another state at the provider.
    pub fn change_state(&mut self) {
        let Some(chosen) = self.a_reservation(|r| r.state == ReservationState::Pending) else { return };
        let states = [
            ReservationState::Cancelled,
            ReservationState::TimedOut,
            ReservationState::Completed,
            ReservationState::Reported,
            ReservationState::Other,
        ];
        let state = states[self.die(states.len())];
        let has_code = self.die(4) == 3;
        if has_code {
            let now = self.provider.now();
            let message = text_to(chosen.id.clone(), chosen.number.clone(), TEXTS[0], now);
            self.provider.write(Text { message, is_named: true, listed_from: now });
        }
        self.provider.fake.set_state(&chosen.id, state);
        let although = if has_code { ", although it has a code" } else { "" };
        self.say(|| format!("{} is {state:?} at the provider{although}", chosen.id));
    }

    /// The provider sells us a number that no attempt of ours explains.
    pub fn stray_number(&mut self) {
        let attempt = OpenAttempt { ask: ask(service(self.die(3))), cost_cap: cents(500).money() };
        let _ = self.provider.fake.buy(&attempt).now_or_never();
        self.say(|| "a number of nobody appears".to_owned());
    }

    /// The next number is one that has been rented before.
    pub fn recycle(&mut self) {
        let fresh =
            |r: &Reservation| r.state != ReservationState::Pending && !self.recycled.contains(&r.number);
        let Some(chosen) = self.a_reservation(fresh) else { return };
        self.recycled.insert(chosen.number.clone());
        self.provider.fake.next_number(chosen.number);
        self.say(|| format!("the number of {} is sold again", chosen.id));
    }

    /// New reservations, or refunds, are listed later from now on, or at once again.
    pub fn lag(&mut self) {
        if self.die(3) == 2 {
            return self.refunds_lag();
        }
        let lag = TimeDelta::seconds([0, 5, 40, 150][self.die(4)]);
        self.provider.fake.set_listing_lag(lag);
        self.say(|| format!("lists lag by {lag}"));
    }

    /// A price rises or falls.
    pub fn price(&mut self) {
        let place = self.die(3);
        let base = [75, 50, 40][place];
        let cost = base + [0, 1, 30, -5][self.die(4)];
        self.provider.fake.sell(service(place), cents(cost).money(), 1_000);
        self.say(|| format!("{} costs {cost} cents", service(place)));
    }

    /// A customer pays, exactly or not, and the gateway tells once, twice or never.
    pub fn pay(&mut self) {
        let references = self.gateway.fake.references();
        if references.is_empty() {
            return;
        }
        let newest = self.die(references.len());
        let reference = references[newest].clone();
        let odd = self.odd_payment(&reference);
        if !self.gateway.pay(&reference, &odd) {
            return;
        }
        self.say(|| format!("{reference} is paid: {odd:?}"));
        for _ in 0..[1, 0, 2][self.die(3)] {
            self.notice(Sender::Paystack, Some(reference.to_string()), Vec::new());
        }
    }

    fn odd_payment(&self, reference: &PaymentReference) -> OddPayment {
        let charge = self.gateway.fake.verify(reference).now_or_never();
        let Some(Ok(Some(charge))) = charge else { return OddPayment::default() };
        let ChargedMoney::Known(asked) = charge.paid else { return OddPayment::default() };
        let sum = |units: i64, currency| {
            let money = Money::from_units(units, currency);
            namaskah_domain::Amount::try_new(money).ok().map(ChargedMoney::Known)
        };
        match self.die(9) {
            5 => OddPayment { paid: sum(asked.units() - 10_000, asked.currency()), ..OddPayment::default() },
            6 => OddPayment { paid: sum(asked.units(), Currency::Usd), ..OddPayment::default() },
            7 => OddPayment { in_other_mode: true, ..OddPayment::default() },
            8 => OddPayment { without_fee: true, ..OddPayment::default() },
            _ => OddPayment::default(),
        }
    }

    /// The gateway says that a payment was refused or left, or tells of one that nobody has made.
    pub fn unpaid(&mut self) {
        let paid = self.gateway.paid().clone();
        let open = self.gateway.fake.references().into_iter().filter(|r| !paid.contains_key(r));
        let open: Vec<_> = open.collect();
        if open.is_empty() {
            return;
        }
        let reference = open[self.die(open.len())].clone();
        match self.die(3) {
            0 => self.gateway.fake.set_status(&reference, ChargeStatus::Abandoned),
            1 => self.gateway.fake.set_status(&reference, ChargeStatus::Failed),
            _ => true,
        };
        self.say(|| format!("{reference} is not paid"));
        self.notice(Sender::Paystack, Some(reference.to_string()), Vec::new());
    }

    /// A webhook comes in, now or later, if the process that takes it lives so long.
    pub fn notice(&mut self, sender: Sender, subject: Option<String>, body: Vec<u8>) {
        let id: NoticeId = self.id();
        let at = self.turns.now() + TimeDelta::milliseconds(DELAYS_MS[self.die(DELAYS_MS.len())]);
        let Some((no, process)) = self.a_process() else { return };
        let (store, turns, key) = (process.store.clone(), self.turns.clone(), id.to_string());
        self.tasks.start(no, async move {
            turns.take_at(at).await;
            let (state, version) = (NoticeState::New, Version::FIRST);
            let notice = Notice { id, sender, key, subject, body, at: turns.now(), state, version };
            let _ = store.commit(UnitOfWork::new().with(Change::Notice(notice))).await;
        });
    }
}
