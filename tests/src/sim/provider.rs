//! A number provider that is late, loses answers, and lies; and its own books, which do not.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use chrono::TimeDelta;
use namaskah_domain::{
    Clock, Fault, Money, PhoneNumber, ReservationId, Time,
    memory::FakeNumberProvider,
    verification::{
        Ask, BuyFailure, Capability, IncomingMessage, Listing, NumberProvider, OpenAttempt, ProviderError,
        ProviderId, ProviderService, Reservation, ReservationState, ServiceCode,
    },
};

use super::turns::Turns;

/// A text as it really was.
#[derive(Debug, Clone)]
pub struct Text {
    /// What a list says of it; it always names its reservation here.
    pub message: IncomingMessage,
    /// Lists tell to which reservation it belongs.
    pub is_named: bool,
    /// Lists show it from then on.
    pub listed_from: Time,
}

/// The books that a run is measured by.
#[derive(Debug, Default)]
pub struct Books {
    /// Every text, in order.
    pub texts: Vec<Text>,
    /// Purchases that we sent.
    pub sent: usize,
    /// Purchases that reached the provider, and when.
    pub arrived: Vec<(Time, ServiceCode)>,
}

/// [`NumberProvider`] between the product and the books of the fake.
pub struct SimProvider {
    /// Reservations, and what they cost.
    pub fake: FakeNumberProvider,
    turns: Arc<Turns>,
    books: Mutex<Books>,
}

/// How a call to the outside goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// It arrives after so many milliseconds, and is answered after so many more.
    Through(i64, i64),
    /// It never arrives.
    Lost,
    /// It arrives after so many milliseconds; its answer never does.
    Unanswered(i64),
    /// It is refused.
    Refused,
}

impl Way {
    /// What the dice say.
    pub fn roll(turns: &Turns) -> Self {
        match turns.dice().roll_trouble(20) {
            0..=11 => Self::Through(0, 0),
            12 => Self::Through(200, 300),
            13 => Self::Through(1_500, 600),
            14 => Self::Through(100, 4_500),
            15 => Self::Through(6_000, 3_000),
            16 => Self::Lost,
            17 => Self::Unanswered(0),
            18 => Self::Unanswered(9_500),
            _ => Self::Refused,
        }
    }
}

impl SimProvider {
    /// Over a fake that has sold nothing yet.
    pub fn new(fake: FakeNumberProvider, turns: Arc<Turns>) -> Self {
        Self { fake, turns, books: Mutex::default() }
    }

    /// The books.
    pub fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The instant on the provider's clock.
    pub fn now(&self) -> Time {
        self.turns.now() + self.fake.skew()
    }

    /// A text arrives. Returns its place in the books.
    pub fn write(&self, text: Text) -> usize {
        let mut books = self.books();
        books.texts.push(text);
        books.texts.len() - 1
    }

    async fn read<T>(
        &self,
        what: &str,
        answer: impl Future<Output = Result<T, ProviderError>>,
    ) -> Result<T, ProviderError> {
        let began = self.turns.now();
        let lost = || Err(ProviderError::Unavailable(Fault::new("no answer in time")));
        let way = Way::roll(&self.turns);
        if way != Way::Through(0, 0) {
            self.turns.say(|| format!("    {what} of the provider goes {way:?}"));
        }
        match way {
            Way::Through(there, back) => {
                self.turns.take_at(began + TimeDelta::milliseconds(there)).await;
                let answer = answer.await;
                if back > 0 {
                    self.turns.take_at(began + TimeDelta::milliseconds(there + back)).await;
                }
                answer
            }
            Way::Lost => {
                self.turns.take().await;
                lost()
            }
            Way::Unanswered(there) => {
                self.turns.take_at(began + TimeDelta::milliseconds(there)).await;
                drop(answer.await);
                self.turns.take_at(began + self.fake.time_out()).await;
                lost()
            }
            Way::Refused => {
                self.turns.take().await;
                Err(ProviderError::Refused(Fault::new("not now")))
            }
        }
    }

    /// A state that has changed is sometimes still told as it was.
    fn perhaps_stale(&self, mut reservation: Reservation) -> Reservation {
        let is_over = matches!(reservation.state, ReservationState::Cancelled | ReservationState::TimedOut);
        if is_over && self.turns.dice().roll_trouble(12) == 11 {
            self.turns.say(|| format!("    {} is told as it was", reservation.id));
            reservation.state = ReservationState::Pending;
        }
        reservation
    }

    fn listed(&self, wanted: impl Fn(&Text) -> bool, hides_names: bool) -> Vec<IncomingMessage> {
        let now = self.now();
        let books = self.books();
        let shown = books.texts.iter().filter(|text| text.listed_from <= now && wanted(text));
        let shown = shown.map(|text| {
            let mut message = text.message.clone();
            if hides_names && !text.is_named {
                message.reservation = None;
            }
            message
        });
        let mut shown: Vec<_> = shown.collect();
        drop(books);
        self.disorder(&mut shown);
        shown
    }

    /// Lists come in any order, and with rows twice.
    fn disorder<T: Clone>(&self, rows: &mut Vec<T>) {
        match self.turns.dice().roll_trouble(6) {
            4 => rows.reverse(),
            5 => rows.extend(rows.first().cloned()),
            _ => {}
        }
    }
}

#[async_trait]
impl NumberProvider for SimProvider {
    fn id(&self) -> ProviderId {
        self.fake.id()
    }

    fn skew(&self) -> TimeDelta {
        self.fake.skew()
    }

    fn time_out(&self) -> TimeDelta {
        self.fake.time_out()
    }

    async fn services(&self) -> Result<Vec<ProviderService>, ProviderError> {
        self.read("services", self.fake.services()).await
    }

    async fn cost(&self, ask: &Ask) -> Result<Money, ProviderError> {
        self.read("cost", self.fake.cost(ask)).await
    }

    async fn stock(&self, service: &ServiceCode, capability: Capability) -> Result<u64, ProviderError> {
        self.read("stock", self.fake.stock(service, capability)).await
    }

    async fn buy(&self, attempt: &OpenAttempt) -> Result<Reservation, BuyFailure> {
        self.books().sent += 1;
        let began = self.turns.now();
        let unknown = || Err(BuyFailure::Unknown(Fault::new("no answer in time")));
        let way = Way::roll(&self.turns);
        self.turns.say(|| format!("    a purchase goes {way:?}"));
        let there = match way {
            Way::Through(there, _) | Way::Unanswered(there) => there,
            Way::Lost | Way::Refused => 0,
        };
        self.turns.take_at(began + TimeDelta::milliseconds(there)).await;
        if way == Way::Lost {
            // Nobody can tell this from an answer that was lost.
            return unknown();
        }
        let (now, service) = (self.now(), attempt.ask.service.clone());
        self.books().arrived.push((now, service));
        if way == Way::Refused {
            return Err(BuyFailure::Declined(namaskah_domain::verification::DeclineReason::NoNumbers));
        }
        let sold = self.fake.buy(attempt).await;
        match way {
            Way::Through(there, back) if back > 0 => {
                self.turns.take_at(began + TimeDelta::milliseconds(there + back)).await;
                sold
            }
            Way::Unanswered(_) => {
                self.turns.take_at(began + self.fake.time_out()).await;
                unknown()
            }
            _ => sold,
        }
    }

    async fn reservation(&self, id: &ReservationId) -> Result<Reservation, ProviderError> {
        let read = self.read("reservation", self.fake.reservation(id)).await?;
        Ok(self.perhaps_stale(read))
    }

    async fn reservations_since(&self, from: Time) -> Result<Listing, ProviderError> {
        let mut listing = self.read("list", self.fake.reservations_since(from)).await?;
        self.disorder(&mut listing.reservations);
        if self.turns.dice().roll_trouble(10) == 9 {
            listing.reservations.truncate(listing.reservations.len() / 2);
            listing.complete = false;
        }
        listing.reservations =
            listing.reservations.into_iter().map(|reservation| self.perhaps_stale(reservation)).collect();
        Ok(listing)
    }

    async fn messages(&self, id: &ReservationId) -> Result<Vec<IncomingMessage>, ProviderError> {
        // A filter that is ignored shows what others received, under their own names.
        let ignores_filter = self.turns.dice().roll_trouble(10) == 9;
        let own = |text: &Text| text.message.reservation.as_ref() == Some(id);
        self.read("messages", async {
            if ignores_filter {
                Ok(self.listed(|text| own(text) || text.is_named, false))
            } else {
                Ok(self.listed(own, true))
            }
        })
        .await
    }

    async fn messages_since(&self, from: Time) -> Result<Vec<IncomingMessage>, ProviderError> {
        let listed = async { Ok(self.listed(|text| text.message.received_at >= from, true)) };
        self.read("poll", listed).await
    }

    async fn cancel(&self, id: &ReservationId) -> Result<(), ProviderError> {
        self.read("cancel", self.fake.cancel(id)).await
    }

    async fn report(&self, id: &ReservationId) -> Result<(), ProviderError> {
        self.read("report", self.fake.report(id)).await
    }

    async fn balance(&self) -> Result<Money, ProviderError> {
        self.read("balance", self.fake.balance()).await
    }

    fn read_notice(&self, body: &[u8]) -> Vec<IncomingMessage> {
        let place = std::str::from_utf8(body).ok().and_then(|text| text.strip_prefix("text ")?.parse().ok());
        let books = self.books();
        let told = place.and_then(|place: usize| books.texts.get(place)).map(|text| {
            let mut message = text.message.clone();
            if !text.is_named {
                message.reservation = None;
            }
            message
        });
        told.into_iter().collect()
    }
}

/// A number that our texts can name.
pub fn text_to(
    reservation: ReservationId,
    number: PhoneNumber,
    text: &str,
    received_at: Time,
) -> IncomingMessage {
    IncomingMessage {
        reservation: Some(reservation),
        to: Some(number),
        from: Some("22395".into()),
        text: Some(text.into()),
        parsed_code: None,
        received_at,
    }
}
