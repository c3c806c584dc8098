//! What every `NumberProvider` does. The suite talks to the port, and to the provider's own side through
//! [`NumberWorld`]: texts that arrive, answers that get lost, time that passes.

use async_trait::async_trait;
use chrono::TimeDelta;
use namaskah_domain::{
    Clock, Currency, Money, PhoneNumber, ReservationId,
    time::{minutes, seconds},
    verification::{
        Ask, BuyFailure, Capability, CountryCode, DeclineReason, IncomingMessage, NumberProvider,
        OpenAttempt, ProviderError, Reservation, ReservationState, ServiceCode,
    },
};

/// How the next call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The provider does it, and its answer is lost.
    AnswerLost,
    /// The provider does nothing and says nothing.
    NotDone,
}

/// What the provider itself has on its books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderBooks {
    /// Every number that it sold.
    pub sold: usize,
    /// What it took for them.
    pub charged: Money,
    /// What it gave back.
    pub credited: Money,
}

/// A provider and the strings behind it. A new one has sold nothing, sells `whatsapp` at 0.75 and `telegram` at
/// 0.50, numbers live for 15 minutes, and the balance is 10,000.
#[async_trait]
pub trait NumberWorld: Send + Sync {
    /// The adapter under test.
    fn provider(&self) -> &dyn NumberProvider;

    /// The clock that it was given.
    fn clock(&self) -> &dyn Clock;

    /// Time passes, for the provider too.
    async fn advance(&self, by: TimeDelta);

    /// A text arrives at a reservation's number.
    async fn receive(&self, reservation: &ReservationId, text: &str, parsed_code: Option<&str>);

    /// The next purchase fails so.
    async fn fail_next_purchase(&self, trouble: Trouble);

    /// No call is answered any more.
    async fn shut(&self);

    /// New reservations are listed only so much later.
    async fn set_listing_lag(&self, lag: TimeDelta);

    /// Cost and stock of a service.
    async fn sell(&self, service: &ServiceCode, cost: Money, stock: u32);

    /// What is left of our money.
    async fn set_balance(&self, balance: Money);

    /// So many numbers may wait at once.
    async fn set_account_limit(&self, limit: u32);

    /// The next purchase gets this number.
    async fn next_number(&self, number: &PhoneNumber);

    /// The provider's books.
    async fn books(&self) -> ProviderBooks;
}

/// So many dollars.
pub fn usd(text: &str) -> Money {
    Money::parse(text, Currency::Usd).expect("a sum")
}

/// A service by its name.
pub fn service(name: &str) -> ServiceCode {
    ServiceCode::try_new(name).expect("a service")
}

/// A request for a text to a number of the United States, at most at `cap`.
pub fn attempt(name: &str, cap: &str) -> OpenAttempt {
    OpenAttempt { ask: ask(name, "US"), cost_cap: usd(cap) }
}

fn ask(name: &str, country: &str) -> Ask {
    Ask {
        service: service(name),
        country: CountryCode::try_new(country).expect("a country"),
        capability: Capability::Sms,
        area_code: None,
        carrier: None,
    }
}

async fn bought(world: &dyn NumberWorld) -> Reservation {
    world.provider().buy(&attempt("whatsapp", "0.75")).await.expect("a number")
}

async fn state_of(world: &dyn NumberWorld, id: &ReservationId) -> ReservationState {
    world.provider().reservation(id).await.expect("the reservation").state
}

async fn assert_declined(world: &dyn NumberWorld, attempt: &OpenAttempt, expected: DeclineReason) {
    let before = world.books().await;
    let outcome = world.provider().buy(attempt).await;
    assert!(matches!(outcome, Err(BuyFailure::Declined(reason)) if reason == expected), "{outcome:?}");
    assert_eq!(world.books().await, before);
}

/// A bought number waits, and cost what was quoted.
pub async fn a_bought_number_waits_and_costs_what_was_quoted(world: &dyn NumberWorld) {
    let provider = world.provider();
    let quoted = provider.cost(&ask("whatsapp", "US")).await.expect("a cost");
    let reservation = bought(world).await;
    assert_eq!((quoted, reservation.cost), (usd("0.75"), usd("0.75")));
    assert_eq!(reservation.state, ReservationState::Pending);
    assert_eq!(reservation.service, service("whatsapp"));
    assert!(reservation.number.as_str().starts_with("+1"));
    let lifetime = reservation.ends_at.map(|ends| ends - reservation.created_at);
    assert_eq!(lifetime, Some(minutes(15)));
    assert_eq!(provider.reservation(&reservation.id).await.ok(), Some(reservation));
    let books = ProviderBooks { sold: 1, charged: usd("0.75"), credited: usd("0") };
    assert_eq!(world.books().await, books);
    assert_eq!(provider.balance().await.ok(), Some(usd("9999.25")));
}

/// The catalogue tells what is sold, at which cost, and how much of it there is.
pub async fn the_catalogue_tells_services_costs_and_stock(world: &dyn NumberWorld) {
    let provider = world.provider();
    let services = provider.services().await.expect("the services");
    for name in ["whatsapp", "telegram"] {
        assert!(
            services.iter().any(|s| s.code == service(name) && s.capability == Capability::Sms),
            "{name}"
        );
    }
    world.sell(&service("telegram"), usd("0.123456"), 7).await;
    assert_eq!(provider.cost(&ask("telegram", "US")).await.ok(), Some(usd("0.123456")));
    assert_eq!(provider.stock(&service("telegram"), Capability::Sms).await.ok(), Some(7));
}

/// What is not sold has no cost, and cannot be bought.
pub async fn what_is_not_sold_has_no_cost_and_cannot_be_bought(world: &dyn NumberWorld) {
    let outcome = world.provider().cost(&ask("nosuchservice", "US")).await;
    assert!(matches!(outcome, Err(ProviderError::NotFound | ProviderError::Refused(_))), "{outcome:?}");
    assert_declined(world, &attempt("nosuchservice", "5.00"), DeclineReason::Refused).await;
    let outcome = world.provider().cost(&ask("whatsapp", "NG")).await;
    assert!(matches!(outcome, Err(ProviderError::NotFound)), "{outcome:?}");
    let abroad = OpenAttempt { ask: ask("whatsapp", "NG"), cost_cap: usd("5.00") };
    assert_declined(world, &abroad, DeclineReason::NoNumbers).await;
}

/// A number dearer than the cap is not bought.
pub async fn a_number_dearer_than_its_cap_is_not_bought(world: &dyn NumberWorld) {
    assert_declined(world, &attempt("whatsapp", "0.749999"), DeclineReason::PriceChanged).await;
}

/// Refusals have their reasons, and charge nothing.
pub async fn refusals_have_their_reasons_and_charge_nothing(world: &dyn NumberWorld) {
    world.sell(&service("telegram"), usd("0.50"), 0).await;
    assert_declined(world, &attempt("telegram", "0.50"), DeclineReason::NoNumbers).await;
    world.set_account_limit(0).await;
    assert_declined(world, &attempt("whatsapp", "0.75"), DeclineReason::AccountLimit).await;
    world.set_account_limit(10).await;
    world.set_balance(usd("0.74")).await;
    assert_declined(world, &attempt("whatsapp", "0.75"), DeclineReason::HouseBalance).await;
}

/// A purchase whose answer is lost is unknown, was made once, and is found by looking.
pub async fn a_purchase_whose_answer_is_lost_was_made_once_and_is_found(world: &dyn NumberWorld) {
    let from = world.clock().now() - seconds(5);
    world.fail_next_purchase(Trouble::AnswerLost).await;
    let outcome = world.provider().buy(&attempt("whatsapp", "0.75")).await;
    assert!(matches!(outcome, Err(BuyFailure::Unknown(_))), "{outcome:?}");
    let listing = world.provider().reservations_since(from).await.expect("a listing");
    let costs: Vec<_> = listing.reservations.iter().map(|r| (r.state, r.cost)).collect();
    assert_eq!((costs, listing.complete), (vec![(ReservationState::Pending, usd("0.75"))], true));
    assert_eq!(world.books().await.sold, 1);
}

/// A purchase that never arrived is unknown, and a whole listing does not show it.
pub async fn a_purchase_that_never_arrived_is_unknown_and_not_found(world: &dyn NumberWorld) {
    let from = world.clock().now() - seconds(5);
    world.fail_next_purchase(Trouble::NotDone).await;
    let outcome = world.provider().buy(&attempt("whatsapp", "0.75")).await;
    assert!(matches!(outcome, Err(BuyFailure::Unknown(_))), "{outcome:?}");
    let listing = world.provider().reservations_since(from).await.expect("a listing");
    assert_eq!((listing.reservations, listing.complete), (vec![], true));
    assert_eq!(world.books().await.sold, 0);
}

/// A text names its reservation, its number and its code, and completes the reservation.
pub async fn a_text_completes_its_reservation(world: &dyn NumberWorld) {
    let reservation = bought(world).await;
    world.receive(&reservation.id, "Your code is 482913", Some("482913")).await;
    let texts = world.provider().messages(&reservation.id).await.expect("texts");
    let [text] = &texts[..] else { panic!("one text, not {}", texts.len()) };
    assert_eq!(text.reservation.as_ref(), Some(&reservation.id));
    assert_eq!(text.to.as_ref(), Some(&reservation.number));
    assert_eq!(text.text.as_deref(), Some("Your code is 482913"));
    assert_eq!(text.code().map(|code| code.as_str().to_owned()).as_deref(), Some("482913"));
    assert!(text.received_at >= reservation.created_at);
    assert_eq!(state_of(world, &reservation.id).await, ReservationState::Completed);
}

/// A code that the provider did not read is found in the text.
pub async fn a_code_that_the_provider_did_not_read_is_found_in_the_text(world: &dyn NumberWorld) {
    let reservation = bought(world).await;
    world.receive(&reservation.id, "G-806185 is your code", None).await;
    let texts = world.provider().messages(&reservation.id).await.expect("texts");
    let [text] = &texts[..] else { panic!("one text, not {}", texts.len()) };
    assert_eq!(text.parsed_code, None);
    assert!(text.code().is_some());
}

/// The account's texts are listed since an instant, and a reservation's are its own.
pub async fn texts_are_listed_by_account_since_an_instant_and_by_reservation(world: &dyn NumberWorld) {
    let (early, late) = (bought(world).await, bought(world).await);
    world.receive(&early.id, "Your code is 111111", Some("111111")).await;
    world.advance(minutes(2)).await;
    let since = world.clock().now() - seconds(30);
    world.receive(&late.id, "Your code is 222222", Some("222222")).await;
    let codes = |texts: Vec<IncomingMessage>| -> Vec<String> {
        texts.into_iter().filter_map(|text| text.parsed_code).collect()
    };
    let recent = world.provider().messages_since(since).await.expect("texts");
    assert!(recent.iter().all(|text| text.to.as_ref() == Some(&late.number)));
    assert_eq!(codes(recent), ["222222"]);
    let own = world.provider().messages(&early.id).await.expect("texts");
    assert_eq!(codes(own), ["111111"]);
}

/// A number that was sold before does not bring its earlier texts along.
pub async fn a_number_sold_again_does_not_bring_earlier_texts(world: &dyn NumberWorld) {
    let number = PhoneNumber::try_new("+12025550123").expect("a number");
    world.next_number(&number).await;
    let first = bought(world).await;
    world.receive(&first.id, "Your code is 111111", Some("111111")).await;
    world.advance(minutes(20)).await;
    world.next_number(&number).await;
    let second = bought(world).await;
    assert_eq!((&first.number, &second.number), (&number, &number));
    assert_eq!(world.provider().messages(&second.id).await.ok(), Some(vec![]));
}

/// Cancelling gives the cost back, once.
pub async fn cancelling_gives_the_cost_back_once(world: &dyn NumberWorld) {
    let reservation = bought(world).await;
    world.provider().cancel(&reservation.id).await.expect("cancelled");
    assert_eq!(state_of(world, &reservation.id).await, ReservationState::Cancelled);
    let again = world.provider().cancel(&reservation.id).await;
    assert!(matches!(again, Err(ProviderError::Refused(_))), "{again:?}");
    let books = ProviderBooks { sold: 1, charged: usd("0.75"), credited: usd("0.75") };
    assert_eq!(world.books().await, books);
    assert_eq!(world.provider().balance().await.ok(), Some(usd("10000.00")));
}

/// A number that has received is not cancelled any more.
pub async fn a_number_that_has_received_cannot_be_cancelled(world: &dyn NumberWorld) {
    let reservation = bought(world).await;
    world.receive(&reservation.id, "Your code is 482913", Some("482913")).await;
    let outcome = world.provider().cancel(&reservation.id).await;
    assert!(matches!(outcome, Err(ProviderError::Refused(_))), "{outcome:?}");
    assert_eq!(state_of(world, &reservation.id).await, ReservationState::Completed);
    assert_eq!(world.books().await.credited, usd("0"));
}

/// A number that received nothing ends by time, and its cost comes back.
pub async fn a_number_that_received_nothing_times_out_and_is_credited(world: &dyn NumberWorld) {
    let reservation = bought(world).await;
    world.advance(minutes(15) + seconds(1)).await;
    let state = state_of(world, &reservation.id).await;
    assert_eq!((state, state.is_credited()), (ReservationState::TimedOut, true));
    assert_eq!(world.books().await.credited, usd("0.75"));
}

/// What the provider does not know is not found.
pub async fn a_reservation_that_is_not_known_is_not_found(world: &dyn NumberWorld) {
    let id = ReservationId::try_new("lr_01HZX0000000000000000009").expect("an id");
    let outcome = world.provider().reservation(&id).await;
    assert!(matches!(outcome, Err(ProviderError::NotFound)), "{outcome:?}");
    let outcome = world.provider().cancel(&id).await;
    assert!(matches!(outcome, Err(ProviderError::NotFound)), "{outcome:?}");
}

/// A listing that lags shows a number later, and is whole all the same: nothing tells that it lags.
pub async fn a_listing_that_lags_shows_a_number_later(world: &dyn NumberWorld) {
    let from = world.clock().now() - seconds(5);
    world.set_listing_lag(seconds(30)).await;
    let reservation = bought(world).await;
    let early = world.provider().reservations_since(from).await.expect("a listing");
    assert_eq!(early.reservations, []);
    world.advance(seconds(31)).await;
    let late = world.provider().reservations_since(from).await.expect("a listing");
    let ids: Vec<_> = late.reservations.into_iter().map(|r| r.id).collect();
    assert_eq!((ids, late.complete), (vec![reservation.id], true));
}

/// A number that is reported while it waits, waits no more; one that has received can be reported too, and neither
/// report is a credit that we could see. What has ended is not reported.
pub async fn a_report_is_told_by_the_state_and_is_no_credit_by_itself(world: &dyn NumberWorld) {
    let (waiting, received, cancelled) = (bought(world).await, bought(world).await, bought(world).await);
    world.receive(&received.id, "Your code is 482913", Some("482913")).await;
    world.provider().cancel(&cancelled.id).await.expect("cancelled");
    for reservation in [&waiting, &received] {
        world.provider().report(&reservation.id).await.expect("reported");
        let state = world.provider().reservation(&reservation.id).await.expect("a reservation").state;
        assert_eq!((state, state.is_credited()), (ReservationState::Reported, false));
    }
    let refused = world.provider().report(&cancelled.id).await;
    assert!(matches!(refused, Err(ProviderError::Refused(_))), "{refused:?}");
    let unknown = ReservationId::try_new("lr_00000000").expect("a name");
    let refused = world.provider().report(&unknown).await;
    assert!(matches!(refused, Err(ProviderError::NotFound)), "{refused:?}");
}

/// A listing reaches back to its instant, over as many pages as it takes, and no further.
pub async fn a_listing_reaches_back_to_its_instant_over_many_pages(world: &dyn NumberWorld) {
    for _ in 0..40 {
        bought(world).await;
    }
    world.advance(minutes(3)).await;
    let since = world.clock().now() - seconds(30);
    let mut recent = Vec::new();
    for _ in 0..30 {
        recent.push(bought(world).await.id);
    }
    let listing = world.provider().reservations_since(since).await.expect("a listing");
    let mut listed: Vec<_> = listing.reservations.into_iter().map(|r| r.id).collect();
    listed.sort();
    recent.sort();
    assert_eq!((listed, listing.complete), (recent, true));
    let all = world.provider().reservations_since(since - minutes(60)).await.expect("a listing");
    assert_eq!((all.reservations.len(), all.complete), (70, true));
}

/// A provider that does not answer is unavailable, for every read.
pub async fn a_provider_that_does_not_answer_is_unavailable(world: &dyn NumberWorld) {
    let (provider, from) = (world.provider(), world.clock().now());
    let reservation = bought(world).await;
    world.shut().await;
    let outcomes = [
        provider.services().await.map(|_| ()),
        provider.cost(&ask("whatsapp", "US")).await.map(|_| ()),
        provider.stock(&service("whatsapp"), Capability::Sms).await.map(|_| ()),
        provider.reservation(&reservation.id).await.map(|_| ()),
        provider.reservations_since(from).await.map(|_| ()),
        provider.messages(&reservation.id).await.map(|_| ()),
        provider.messages_since(from).await.map(|_| ()),
        provider.cancel(&reservation.id).await,
        provider.report(&reservation.id).await,
        provider.balance().await.map(|_| ()),
    ];
    for (place, outcome) in outcomes.into_iter().enumerate() {
        assert!(matches!(outcome, Err(ProviderError::Unavailable(_))), "read {place}: {outcome:?}");
    }
}

/// Clocks that agree have no skew, however often they are compared.
pub async fn clocks_that_agree_have_no_skew(world: &dyn NumberWorld) {
    for _ in 0..5 {
        world.provider().balance().await.expect("a balance");
        assert_eq!(world.provider().skew(), TimeDelta::zero());
    }
}

/// Runs every sentence of the suite, each on a world of its own: `$world` is an async function without arguments.
#[macro_export]
macro_rules! number_provider_contract {
    ($world:path) => {
        $crate::contract_tests!($crate::contract::number_provider, $world,
            a_bought_number_waits_and_costs_what_was_quoted
            the_catalogue_tells_services_costs_and_stock
            what_is_not_sold_has_no_cost_and_cannot_be_bought
            a_number_dearer_than_its_cap_is_not_bought
            refusals_have_their_reasons_and_charge_nothing
            a_purchase_whose_answer_is_lost_was_made_once_and_is_found
            a_purchase_that_never_arrived_is_unknown_and_not_found
            a_text_completes_its_reservation
            a_code_that_the_provider_did_not_read_is_found_in_the_text
            texts_are_listed_by_account_since_an_instant_and_by_reservation
            a_number_sold_again_does_not_bring_earlier_texts
            cancelling_gives_the_cost_back_once
            a_number_that_has_received_cannot_be_cancelled
            a_number_that_received_nothing_times_out_and_is_credited
            a_reservation_that_is_not_known_is_not_found
            a_report_is_told_by_the_state_and_is_no_credit_by_itself
            a_listing_that_lags_shows_a_number_later
            a_listing_reaches_back_to_its_instant_over_many_pages
            a_provider_that_does_not_answer_is_unavailable
            clocks_that_agree_have_no_skew
        );
    };
}

/// One test a sentence.
#[macro_export]
macro_rules! contract_tests {
    ($suite:path, $world:path, $($sentence:ident)+) => {
        use $suite as suite;
        $(
            #[tokio::test]
            async fn $sentence() {
                suite::$sentence(&$world().await).await;
            }
        )+
    };
}
