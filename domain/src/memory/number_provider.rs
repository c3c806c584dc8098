//! A number provider whose numbers receive what a test sends them.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use chrono::TimeDelta;

use super::provider_books::Books;
use crate::{
    Clock, Fault, Money, PhoneNumber, ReservationId, Time,
    verification::{
        Ask, BuyFailure, Capability, DeclineReason, IncomingMessage, Listing, NumberProvider, OpenAttempt,
        ProviderError, ProviderId, ProviderService, Reservation, ReservationState, ServiceCode,
    },
};

/// What can be asked of the fake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProviderOperation {
    /// [`NumberProvider::services`].
    Services,
    /// [`NumberProvider::cost`].
    Cost,
    /// [`NumberProvider::stock`].
    Stock,
    /// [`NumberProvider::buy`].
    Buy,
    /// [`NumberProvider::reservation`].
    Get,
    /// [`NumberProvider::reservations_since`].
    List,
    /// [`NumberProvider::messages`] and [`NumberProvider::messages_since`].
    Messages,
    /// [`NumberProvider::cancel`].
    Cancel,
    /// [`NumberProvider::report`].
    Report,
    /// [`NumberProvider::balance`].
    Balance,
}

/// How a call shall fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProviderFailure {
    /// Done, but the answer is lost.
    LostAnswer,
    /// Not done, and no answer.
    Unavailable,
    /// Not done, and refused; a read is refused without the reason.
    Declined(DeclineReason),
}

/// [`NumberProvider`] in memory. It charges when it sells, and gives back what was cancelled or timed out, so that
/// its books can be compared with ours. Sells `whatsapp` (0.75), `telegram` (0.50) and `google` (0.40), 1,000 of
/// each, from a balance of 10,000; numbers live for 15 minutes.
pub struct FakeNumberProvider {
    books: Mutex<Books>,
    clock: Arc<dyn Clock>,
}

impl fmt::Debug for FakeNumberProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeNumberProvider").field("books", &self.books).finish_non_exhaustive()
    }
}

impl FakeNumberProvider {
    /// A provider without reservations, which dates them by `clock`.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { books: Mutex::new(Books::new()), clock }
    }

    /// Sells `stock` numbers for a service at `cost` each; replaces what it sold of it.
    pub fn sell(&self, service: ServiceCode, cost: Money, stock: u64) {
        self.books().sell(service, cost, stock);
    }

    /// A text arrives now, with or without a code that the provider reads in it; the sender is `22395`.
    /// `None` if there is no such reservation, or if it waits no more.
    pub fn receive(
        &self,
        reservation: &ReservationId,
        text: &str,
        parsed_code: Option<&str>,
    ) -> Option<IncomingMessage> {
        let (mut books, now) = self.now();
        let number = books.wait_for_text(reservation)?;
        let message = IncomingMessage {
            reservation: Some(reservation.clone()),
            to: Some(number),
            from: Some("22395".into()),
            text: Some(text.into()),
            parsed_code: parsed_code.map(str::to_owned),
            received_at: now,
        };
        books.messages.push(message.clone());
        Some(message)
    }

    /// A text is in the account's list just as it is given, and changes no reservation: an earlier customer's, say.
    pub fn list_message(&self, message: IncomingMessage) {
        self.books().messages.push(message);
    }

    /// A notice that tells of this text, as [`NumberProvider::read_notice`] understands it.
    pub fn notice_of(&self, message: &IncomingMessage) -> Vec<u8> {
        let books = self.books();
        let place = books.messages.iter().position(|known| known == message);
        place.map(|place| format!("text {place}").into_bytes()).unwrap_or_default()
    }

    /// The next purchase gets this number. Repeat for several.
    pub fn next_number(&self, number: PhoneNumber) {
        self.books().next_numbers.push_back(number);
    }

    /// A reservation changes upstream. One that is timed out or cancelled so gives its cost back. False if there is
    /// none.
    pub fn set_state(&self, reservation: &ReservationId, state: ReservationState) -> bool {
        self.now().0.set_state(reservation, state)
    }

    /// The cost of a reservation comes back, whatever its state, at most once: the answer to a report, say.
    pub fn credit(&self, reservation: &ReservationId) -> bool {
        self.now().0.credit(reservation)
    }

    /// A reservation is said to have cost something else. The balance stays. False if there is none.
    pub fn set_cost(&self, reservation: &ReservationId, cost: Money) -> bool {
        let mut books = self.books();
        let sale = books.sold.iter_mut().find(|sale| sale.reservation.id == *reservation);
        sale.map(|sale| sale.reservation.cost = cost).is_some()
    }

    /// A reservation is not known any more. False if it was not.
    pub fn forget(&self, reservation: &ReservationId) -> bool {
        let mut books = self.books();
        let before = books.sold.len();
        books.sold.retain(|sale| sale.reservation.id != *reservation);
        books.sold.len() < before
    }

    /// New reservations are listed only so long after they were made.
    pub fn set_listing_lag(&self, lag: TimeDelta) {
        self.books().listing_lag = lag;
    }

    /// Whether lists claim to be whole.
    pub fn set_listings_complete(&self, complete: bool) {
        self.books().listings_complete = complete;
    }

    /// The provider's clock is so far ahead of ours.
    pub fn set_skew(&self, skew: TimeDelta) {
        self.books().skew = skew;
    }

    /// What [`NumberProvider::time_out`] answers; 10 seconds at first.
    pub fn set_call_time_out(&self, time_out: TimeDelta) {
        self.books().call_time_out = time_out;
    }

    /// Numbers live so long.
    pub fn set_lifetime(&self, lifetime: TimeDelta) {
        self.books().lifetime = lifetime;
    }

    /// What we have left there.
    pub fn set_balance(&self, balance: Money) {
        self.books().balance = balance;
    }

    /// So many reservations may wait at once on the whole account.
    pub fn set_account_limit(&self, limit: usize) {
        self.books().account_limit = limit;
    }

    /// The next call of an operation fails so. Repeat for several.
    pub fn fail_next(&self, operation: ProviderOperation, failure: ProviderFailure) {
        self.books().script.fail_next(operation, failure);
    }

    /// How often an operation was called.
    pub fn calls(&self, operation: ProviderOperation) -> u32 {
        self.books().script.calls(operation)
    }

    /// Every reservation, oldest first, also those not listed yet.
    pub fn reservations(&self) -> Vec<Reservation> {
        self.now().0.sold.iter().map(|sale| sale.reservation.clone()).collect()
    }

    /// Everything that it has charged.
    pub fn charged(&self) -> Money {
        self.now().0.total(|sale| sale.reservation.cost)
    }

    /// Everything that it has given back.
    pub fn credited(&self) -> Money {
        self.now().0.total(|sale| sale.credited)
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The books as they are now, and the instant on the provider's clock.
    fn now(&self) -> (MutexGuard<'_, Books>, Time) {
        let now = self.clock.now();
        let mut books = self.books();
        let now = now + books.skew;
        books.end_due(now);
        (books, now)
    }

    fn read<T>(
        &self,
        operation: ProviderOperation,
        read: impl FnOnce(&mut Books, Time) -> Result<T, ProviderError>,
    ) -> Result<T, ProviderError> {
        let (mut books, now) = self.now();
        match books.script.call(operation) {
            None => read(&mut books, now),
            Some(ProviderFailure::Declined(_)) => Err(ProviderError::Refused(Fault::new("told to refuse"))),
            Some(ProviderFailure::Unavailable) => {
                Err(ProviderError::Unavailable(Fault::new("told to be unavailable")))
            }
            Some(ProviderFailure::LostAnswer) => {
                read(&mut books, now)?;
                Err(ProviderError::Unavailable(Fault::new("told to lose the answer")))
            }
        }
    }
}

#[async_trait]
impl NumberProvider for FakeNumberProvider {
    fn id(&self) -> ProviderId {
        ProviderId::TextVerified
    }

    fn skew(&self) -> TimeDelta {
        self.books().skew
    }

    fn time_out(&self) -> TimeDelta {
        self.books().call_time_out
    }

    async fn services(&self) -> Result<Vec<ProviderService>, ProviderError> {
        self.read(ProviderOperation::Services, |books, _| {
            let codes = books.catalogue.keys().cloned();
            Ok(codes.map(|code| ProviderService { code, capability: Capability::Sms }).collect())
        })
    }

    async fn cost(&self, ask: &Ask) -> Result<Money, ProviderError> {
        self.read(ProviderOperation::Cost, |books, _| {
            let offer = books.offer(&ask.service).filter(|_| ask.country.as_str() == "US");
            offer.map(|offer| offer.cost).ok_or(ProviderError::NotFound)
        })
    }

    async fn stock(&self, service: &ServiceCode, _: Capability) -> Result<u64, ProviderError> {
        self.read(ProviderOperation::Stock, |books, _| {
            books.offer(service).map(|offer| offer.stock).ok_or(ProviderError::NotFound)
        })
    }

    async fn buy(&self, attempt: &OpenAttempt) -> Result<Reservation, BuyFailure> {
        let (mut books, now) = self.now();
        let failure = books.script.call(ProviderOperation::Buy);
        match failure {
            Some(ProviderFailure::Declined(reason)) => return Err(BuyFailure::Declined(reason)),
            Some(ProviderFailure::Unavailable) => {
                return Err(BuyFailure::Unknown(Fault::new("told to be unavailable")));
            }
            Some(ProviderFailure::LostAnswer) | None => {}
        }
        let sold = books.buy(attempt, now).map_err(BuyFailure::Declined)?;
        match failure {
            None => Ok(sold),
            Some(_) => Err(BuyFailure::Unknown(Fault::new("told to lose the answer"))),
        }
    }

    async fn reservation(&self, id: &ReservationId) -> Result<Reservation, ProviderError> {
        self.read(ProviderOperation::Get, |books, _| {
            books.sale(id).map(|sale| sale.reservation.clone()).ok_or(ProviderError::NotFound)
        })
    }

    async fn reservations_since(&self, from: Time) -> Result<Listing, ProviderError> {
        self.read(ProviderOperation::List, |books, now| Ok(books.listing(from, now)))
    }

    async fn messages(&self, id: &ReservationId) -> Result<Vec<IncomingMessage>, ProviderError> {
        self.read(ProviderOperation::Messages, |books, _| {
            let own = books.messages.iter().filter(|message| message.reservation.as_ref() == Some(id));
            Ok(own.cloned().collect())
        })
    }

    async fn messages_since(&self, from: Time) -> Result<Vec<IncomingMessage>, ProviderError> {
        self.read(ProviderOperation::Messages, |books, _| {
            Ok(books.messages.iter().filter(|message| message.received_at >= from).cloned().collect())
        })
    }

    async fn cancel(&self, id: &ReservationId) -> Result<(), ProviderError> {
        self.read(ProviderOperation::Cancel, |books, _| {
            let sale = books.sale(id).ok_or(ProviderError::NotFound)?;
            if sale.reservation.state != ReservationState::Pending {
                return Err(ProviderError::Refused(Fault::new("it waits no more")));
            }
            books.set_state(id, ReservationState::Cancelled);
            Ok(())
        })
    }

    async fn report(&self, id: &ReservationId) -> Result<(), ProviderError> {
        self.read(ProviderOperation::Report, |books, _| {
            let sale = books.sale(id).ok_or(ProviderError::NotFound)?;
            if !matches!(sale.reservation.state, ReservationState::Pending | ReservationState::Completed) {
                return Err(ProviderError::Refused(Fault::new("it has ended")));
            }
            books.set_state(id, ReservationState::Reported);
            Ok(())
        })
    }

    async fn balance(&self) -> Result<Money, ProviderError> {
        self.read(ProviderOperation::Balance, |books, _| Ok(books.balance))
    }

    fn read_notice(&self, body: &[u8]) -> Vec<IncomingMessage> {
        let place = std::str::from_utf8(body).ok().and_then(|text| text.strip_prefix("text ")?.parse().ok());
        let books = self.books();
        place.and_then(|place: usize| books.messages.get(place).cloned()).into_iter().collect()
    }
}
