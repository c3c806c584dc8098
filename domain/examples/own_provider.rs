//! Write your own number provider: `cargo run --example own_provider --features memory`.
//!
//! This one has a drawer of SIM cards. What matters is what it answers when something is not certain: `Declined`
//! only if nothing was bought, `Unknown` if there may be a number.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use chrono::TimeDelta;
use namaskah_domain::{
    Clock, Currency, Fault, Money, PhoneNumber, ReservationId, Time,
    memory::Platform,
    verification::{
        Ask, BuyFailure, Capability, DeclineReason, IncomingMessage, Listing, NumberProvider, OpenAttempt,
        OrderStatus, ProviderError, ProviderId, ProviderService, Reservation, ReservationState, ServiceCode,
    },
};

#[derive(Default)]
struct Drawer {
    lent: Vec<Reservation>,
    texts: Vec<IncomingMessage>,
}

/// Lends `+1 202 200 0001` and those after it, for ten minutes each.
struct SimDrawer {
    drawer: Mutex<Drawer>,
    clock: Arc<dyn Clock>,
}

impl SimDrawer {
    fn with<T>(&self, change: impl FnOnce(&mut Drawer) -> T) -> T {
        change(&mut self.drawer.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn put_text(&self, reservation: &ReservationId, text: &str) {
        let message = IncomingMessage {
            reservation: Some(reservation.clone()),
            to: None,
            from: None,
            text: Some(text.to_owned()),
            parsed_code: None,
            received_at: self.clock.now(),
        };
        self.with(|drawer| drawer.texts.push(message));
    }

    fn lend(&self, ask: &Ask) -> Option<Reservation> {
        let now = self.clock.now();
        self.with(|drawer| {
            let place = drawer.lent.len() + 1;
            let reservation = Reservation {
                id: ReservationId::try_new(&format!("sim-{place}")).ok()?,
                number: PhoneNumber::try_new(&format!("+1202200{place:04}")).ok()?,
                service: ask.service.clone(),
                state: ReservationState::Pending,
                cost: Money::from_units(100_000, Currency::Usd),
                created_at: now,
                ends_at: Some(now + TimeDelta::minutes(10)),
            };
            drawer.lent.push(reservation.clone());
            Some(reservation)
        })
    }
}

#[async_trait]
impl NumberProvider for SimDrawer {
    fn id(&self) -> ProviderId {
        ProviderId::TextVerified // Its place is taken; a provider of your own gets a variant of its own.
    }

    fn skew(&self) -> TimeDelta {
        TimeDelta::zero()
    }

    fn time_out(&self) -> TimeDelta {
        TimeDelta::seconds(1)
    }

    async fn services(&self) -> Result<Vec<ProviderService>, ProviderError> {
        let code = ServiceCode::try_new("whatsapp").map_err(|e| ProviderError::Refused(Fault::new(e)))?;
        Ok(vec![ProviderService { code, capability: Capability::Sms }])
    }

    async fn cost(&self, ask: &Ask) -> Result<Money, ProviderError> {
        let sold = ask.service.as_str() == "whatsapp";
        sold.then(|| Money::from_units(100_000, Currency::Usd)).ok_or(ProviderError::NotFound)
    }

    async fn stock(&self, _: &ServiceCode, _: Capability) -> Result<u64, ProviderError> {
        Ok(9_999)
    }

    async fn buy(&self, attempt: &OpenAttempt) -> Result<Reservation, BuyFailure> {
        self.lend(&attempt.ask).ok_or(BuyFailure::Declined(DeclineReason::NoNumbers))
    }

    async fn reservation(&self, id: &ReservationId) -> Result<Reservation, ProviderError> {
        let found = self.with(|drawer| drawer.lent.iter().find(|lent| lent.id == *id).cloned());
        found.ok_or(ProviderError::NotFound)
    }

    async fn reservations_since(&self, from: Time) -> Result<Listing, ProviderError> {
        let since = |lent: &&Reservation| lent.created_at >= from;
        let reservations = self.with(|drawer| drawer.lent.iter().filter(since).cloned().collect());
        Ok(Listing { reservations, complete: true })
    }

    async fn messages(&self, id: &ReservationId) -> Result<Vec<IncomingMessage>, ProviderError> {
        let own = |text: &&IncomingMessage| text.reservation.as_ref() == Some(id);
        Ok(self.with(|drawer| drawer.texts.iter().filter(own).cloned().collect()))
    }

    async fn messages_since(&self, from: Time) -> Result<Vec<IncomingMessage>, ProviderError> {
        Ok(self.with(|drawer| drawer.texts.iter().filter(|text| text.received_at >= from).cloned().collect()))
    }

    async fn cancel(&self, id: &ReservationId) -> Result<(), ProviderError> {
        let mut found = Err(ProviderError::NotFound);
        self.with(|drawer| {
            if let Some(lent) = drawer.lent.iter_mut().find(|lent| lent.id == *id) {
                lent.state = ReservationState::Cancelled;
                found = Ok(());
            }
        });
        found
    }

    async fn balance(&self) -> Result<Money, ProviderError> {
        Ok(Money::zero(Currency::Usd))
    }

    fn read_notice(&self, _: &[u8]) -> Vec<IncomingMessage> {
        Vec::new() // A drawer sends no webhooks: texts are polled.
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Fault> {
    rent_from_the_drawer().await
}

/// The services do not know that the number comes from a drawer.
pub async fn rent_from_the_drawer() -> Result<(), Fault> {
    let mut sims = None;
    let platform = Platform::with(1, |fakes, ports| {
        let drawer = Arc::new(SimDrawer { drawer: Mutex::default(), clock: fakes.clock.clone() });
        ports.numbers = drawer.clone();
        sims = Some(drawer);
    });
    let sims = sims.ok_or_else(|| Fault::new("the drawer was not put in"))?;
    let ada = platform.new_user("ada@example.com").await?;
    platform.fund(ada, "1.00").await?;
    let order = platform.buy(ada, "whatsapp", "0.20").await?;
    let reservation = order.line().map(|line| line.reservation.clone());
    sims.put_text(&reservation.ok_or_else(|| Fault::new("no number was bound"))?, "Your code is 4821");
    platform.tick().await;
    let order = platform.read(order.head().id).await?;
    println!("{} for {}", order.status().name(), order.head().price);
    assert_eq!(order.status(), OrderStatus::Completed);
    assert_eq!(platform.balance(ada).await?.available.to_string(), "0.85");
    Ok(())
}
