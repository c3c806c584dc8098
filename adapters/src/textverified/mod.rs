//! Numbers of the United States from TextVerified, API version 2.
//!
//! # What is certain
//! A purchase is sent once and never repeated; only a refusal by the vendor, or a connection that was never made,
//! counts as "nothing was bought". Reads are repeated within a time budget. Nothing that the vendor names is
//! followed to another address than the configured one, and no fault shows a number, a text, a key or a token.
//!
//! Source: the vendor's OpenAPI document and its official Python client (PyPI `textverified` 0.1.1), October 2026.

mod client;
mod listing;
mod map;
mod skew;
mod token;
mod webhook;
mod wire;

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use chrono::TimeDelta;
use namaskah_domain::{
    Clock, Fault, Money, ReservationId, Time,
    verification::{
        Ask, BuyFailure, Capability, DeclineReason, IncomingMessage, Listing, NumberProvider, OpenAttempt,
        ProviderError, ProviderId, ProviderService, Reservation, ServiceCode,
    },
};
use secrecy::SecretString;
use serde_json::value::RawValue;

use self::{
    client::{Client, SendFault, json, parse},
    listing::{Row, date_of},
};
use crate::http::{HttpFault, ReadPolicy};

pub use webhook::{KeyDecoding, WebhookSecrets, notice_key, notice_subject, verify_signature};

/// The only country that it has numbers of.
const COUNTRY: &str = "US";
/// For rentals; verifications cannot be bought under this name.
const NOT_FOR_VERIFICATION: &str = "allservices";

/// How to reach TextVerified.
#[derive(Clone)]
pub struct TextVerifiedConfig {
    /// What `/api/pub/v2` follows: `https://www.textverified.com`.
    pub base_url: String,
    /// The account's e-mail address.
    pub username: String,
    /// The account's key.
    pub api_key: SecretString,
    /// For one call, from the connection to the last byte. A purchase leaves within it, or not at all.
    pub timeout: Duration,
    /// How reads are repeated.
    pub reads: ReadPolicy,
}

impl fmt::Debug for TextVerifiedConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TextVerifiedConfig").field("base_url", &self.base_url).finish_non_exhaustive()
    }
}

/// [`NumberProvider`] on TextVerified.
pub struct TextVerifiedProvider {
    client: Client,
}

impl TextVerifiedProvider {
    /// Makes no call. `clock` dates tokens and is what [`NumberProvider::skew`] compares with.
    ///
    /// # Errors
    /// `Address` if `base_url` is no HTTP URL, `Client` if TLS cannot be set up.
    pub fn try_new(config: TextVerifiedConfig, clock: Arc<dyn Clock>) -> Result<Self, HttpFault> {
        Ok(Self { client: Client::try_new(config, clock)? })
    }

    /// Sends a purchase. What it brings is known only by the reservation's name.
    async fn create(&self, attempt: &OpenAttempt) -> Result<ReservationId, BuyFailure> {
        let body = wire::NewVerification::of(attempt).map_err(|_| HttpFault::Malformed("our own request"));
        let body = body.and_then(|body| json(&body)).map_err(not_sent)?;
        let sent = self.client.send_once(self.client.url(&["verifications"]), Some(body)).await;
        let answer = sent.map_err(|fault| match fault {
            SendFault::NotSent(fault) => not_sent(fault),
            SendFault::Unknown(fault) => unknown(fault),
        })?;
        if answer.status.is_success() {
            return self
                .client
                .made(&answer)
                .ok_or_else(|| unknown(HttpFault::Malformed("the new reservation")));
        }
        match map::decline(&answer) {
            Some(reason) => {
                let code = map::refusal_code(&answer).unwrap_or_default();
                tracing::info!(
                    status = answer.status.as_u16(),
                    code,
                    ?reason,
                    "TextVerified refused a purchase"
                );
                Err(BuyFailure::Declined(reason))
            }
            None => Err(unknown(map::unfit(&answer))),
        }
    }

    /// Tells something about a reservation, once.
    async fn tell(&self, id: &ReservationId, what: &str) -> Result<(), ProviderError> {
        let url = self.client.url(&["verifications", path_segment(id)?, what]);
        let answer = self.client.send_once(url, None).await.map_err(|fault| match fault {
            SendFault::NotSent(fault) | SendFault::Unknown(fault) => unreadable(fault),
        })?;
        if answer.status.is_success() { Ok(()) } else { Err(unreadable(map::unfit(&answer))) }
    }

    async fn texts(
        &self,
        filter: &[(&str, &str)],
        from: Option<Time>,
    ) -> Result<Vec<IncomingMessage>, ProviderError> {
        let mut url = self.client.url(&["sms"]);
        url.query_pairs_mut().append_pair("reservationType", "verification").extend_pairs(filter);
        let list = listing::read(&self.client, url, from, text_row).await.map_err(unreadable)?;
        if !list.complete {
            tracing::warn!("a TextVerified list of texts was not read whole");
        }
        Ok(list.rows)
    }
}

#[async_trait]
impl NumberProvider for TextVerifiedProvider {
    fn id(&self) -> ProviderId {
        ProviderId::TextVerified
    }

    fn skew(&self) -> TimeDelta {
        self.client.skew.get(self.client.clock.now())
    }

    fn time_out(&self) -> TimeDelta {
        TimeDelta::from_std(self.client.time_out()).unwrap_or(TimeDelta::MAX)
    }

    async fn services(&self) -> Result<Vec<ProviderService>, ProviderError> {
        let mut url = self.client.url(&["services"]);
        url.query_pairs_mut()
            .append_pair("numberType", wire::NUMBER_TYPE)
            .append_pair("reservationType", "verification");
        let answer = self.client.get(url, None).await.map_err(unreadable)?;
        let rows: Vec<Box<RawValue>> = parse(&answer, "the services").map_err(unreadable)?;
        let mut services: Vec<ProviderService> = rows.iter().filter_map(|row| service_row(row)).collect();
        services.sort_unstable_by(|a, b| (&a.code, a.capability).cmp(&(&b.code, b.capability)));
        services.dedup();
        Ok(services)
    }

    async fn cost(&self, ask: &Ask) -> Result<Money, ProviderError> {
        if ask.country.as_str() != COUNTRY {
            return Err(ProviderError::NotFound);
        }
        let body = wire::PriceAsk {
            service_name: ask.service.as_str(),
            area_code: ask.area_code.is_some(),
            carrier: ask.carrier.is_some(),
            number_type: wire::NUMBER_TYPE,
            capability: wire::capability(ask.capability),
        };
        let url = self.client.url(&["pricing", "verifications"]);
        let answer = self.client.ask(url, &body).await.map_err(unreadable)?;
        let price: wire::Price = parse(&answer, "the price").map_err(unreadable)?;
        map::price(&price.price).ok_or_else(|| unreadable(HttpFault::Malformed("the price")))
    }

    async fn stock(&self, service: &ServiceCode, capability: Capability) -> Result<u64, ProviderError> {
        let body = wire::StockAsk {
            number_type: wire::NUMBER_TYPE,
            service_name: service.as_str(),
            capability: wire::capability(capability),
        };
        let url = self.client.url(&["inventory", "verifications"]);
        let answer = self.client.ask(url, &body).await.map_err(unreadable)?;
        let stock: wire::Stock = parse(&answer, "the stock").map_err(unreadable)?;
        Ok(u64::try_from(stock.available_quantity).unwrap_or_default())
    }

    async fn buy(&self, attempt: &OpenAttempt) -> Result<Reservation, BuyFailure> {
        if attempt.ask.country.as_str() != COUNTRY {
            return Err(BuyFailure::Declined(DeclineReason::NoNumbers));
        }
        let id = self.create(attempt).await?;
        // From here on there is a number: a failure to read it is for the reconciler.
        self.reservation(&id).await.map_err(|error| BuyFailure::Unknown(Fault::new(error)))
    }

    async fn reservation(&self, id: &ReservationId) -> Result<Reservation, ProviderError> {
        let url = self.client.url(&["verifications", path_segment(id)?]);
        let answer = self.client.get(url, None).await.map_err(unreadable)?;
        let row: wire::Verification = parse(&answer, "the reservation").map_err(unreadable)?;
        let reservation = map::reservation(&row).map_err(|part| unreadable(HttpFault::Malformed(part)))?;
        if reservation.id == *id {
            Ok(reservation)
        } else {
            Err(unreadable(HttpFault::Malformed("another reservation than asked for")))
        }
    }

    async fn reservations_since(&self, from: Time) -> Result<Listing, ProviderError> {
        let url = self.client.url(&["verifications"]);
        let list = listing::read(&self.client, url, Some(from), reservation_row).await.map_err(unreadable)?;
        let mut reservations = list.rows;
        // A purchase made meanwhile shifts a row to the next page, where it is met again.
        let mut met = std::collections::HashSet::new();
        reservations.retain(|reservation| met.insert(reservation.id.clone()));
        Ok(Listing { reservations, complete: list.complete })
    }

    async fn messages(&self, id: &ReservationId) -> Result<Vec<IncomingMessage>, ProviderError> {
        let texts = self.texts(&[("reservationId", path_segment(id)?)], None).await?;
        let own = texts.into_iter().filter(|text| text.reservation.as_ref().is_none_or(|named| named == id));
        Ok(own.map(|text| IncomingMessage { reservation: Some(id.clone()), ..text }).collect())
    }

    /// If a list is longer than can be read, the part that could be is returned.
    async fn messages_since(&self, from: Time) -> Result<Vec<IncomingMessage>, ProviderError> {
        self.texts(&[], Some(from)).await
    }

    async fn cancel(&self, id: &ReservationId) -> Result<(), ProviderError> {
        self.tell(id, "cancel").await
    }

    async fn report(&self, id: &ReservationId) -> Result<(), ProviderError> {
        self.tell(id, "report").await
    }

    async fn balance(&self) -> Result<Money, ProviderError> {
        let answer = self.client.get(self.client.url(&["account", "me"]), None).await.map_err(unreadable)?;
        let me: wire::Me = parse(&answer, "the balance").map_err(unreadable)?;
        map::money(&me.current_balance).ok_or_else(|| unreadable(HttpFault::Malformed("the balance")))
    }

    fn read_notice(&self, body: &[u8]) -> Vec<IncomingMessage> {
        webhook::messages(body)
    }
}

fn path_segment(id: &ReservationId) -> Result<&str, ProviderError> {
    map::reservation_id(id.as_str()).map(|_| id.as_str()).ok_or(ProviderError::NotFound)
}

fn not_sent(fault: HttpFault) -> BuyFailure {
    tracing::warn!(%fault, "a purchase was not sent to TextVerified");
    BuyFailure::Declined(DeclineReason::Unavailable)
}

fn unknown(fault: HttpFault) -> BuyFailure {
    BuyFailure::Unknown(Fault::new(fault))
}

fn unreadable(fault: HttpFault) -> ProviderError {
    match fault {
        HttpFault::Status { status: 404, .. } => ProviderError::NotFound,
        HttpFault::Status { status: 400 | 403 | 409 | 422, .. } => ProviderError::Refused(Fault::new(fault)),
        _ => ProviderError::Unavailable(Fault::new(fault)),
    }
}

fn service_row(raw: &RawValue) -> Option<ProviderService> {
    let row: wire::Service = serde_json::from_str(raw.get()).ok()?;
    let service = ProviderService {
        code: map::service(&row.service_name)?,
        capability: map::capability(&row.capability)?,
    };
    (service.code.as_str() != NOT_FOR_VERIFICATION).then_some(service)
}

fn reservation_row(raw: &RawValue) -> Row<Reservation> {
    let row = serde_json::from_str::<wire::Verification>(raw.get());
    let value = row.map_err(|_| "shape").and_then(|row| map::reservation(&row));
    Row { at: date_of(raw), value }
}

fn text_row(raw: &RawValue) -> Row<IncomingMessage> {
    let row = serde_json::from_str::<wire::Sms>(raw.get());
    let value = row.map_err(|_| "shape").and_then(map::message);
    Row { at: date_of(raw), value }
}
