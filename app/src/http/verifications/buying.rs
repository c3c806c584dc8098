//! Bodies of quotes and orders: what is asked for, and at which price.

use namaskah_domain::{
    OrderId, QuoteId, Time, UserId,
    verification::{AreaCode, Ask, Buy, Capability, Carrier, CountryCode, PriceLimit, Quote, ServiceCode},
};
use poem_openapi::Object;
use serde::Deserialize;

use super::metadata::Metadata;
use crate::http::{
    body::{AmountBody, MoneyBody, Text},
    idempotency::{Canon, Fingerprinted, KeyHeader},
    problem::Problem,
};

const HOME: &str = "US";

/// What a number is wanted for.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "NewQuote")]
pub struct QuoteAskBody {
    /// For which service.
    pub service: Text<ServiceCode>,
    /// From which country.
    pub country: Text<CountryCode>,
    /// How the code arrives; `sms` if not said.
    pub capability: Option<Text<Capability>>,
    /// A wish, which raises the price.
    pub area_code: Option<Text<AreaCode>>,
    /// A wish, which raises the price.
    pub carrier: Option<Text<Carrier>>,
}

impl QuoteAskBody {
    /// What is asked for.
    pub fn parse(self) -> Ask {
        Ask {
            service: self.service.0,
            country: self.country.0,
            capability: self.capability.map_or(Capability::Sms, |capability| capability.0),
            area_code: self.area_code.map(|code| code.0),
            carrier: self.carrier.map(|carrier| carrier.0),
        }
    }
}

/// A promised price.
#[derive(Debug, Object)]
#[oai(rename = "Quote")]
pub struct QuoteBody {
    /// Its identifier, for `quote_id`.
    pub id: Text<QuoteId>,
    /// What is paid if a code comes.
    pub price: MoneyBody,
    /// From when on it is void.
    pub expires_at: Text<Time>,
}

impl From<Quote> for QuoteBody {
    fn from(quote: Quote) -> Self {
        Self { id: Text(quote.id), price: quote.price.into(), expires_at: Text(quote.expires_at) }
    }
}

/// An order. Name a `quote_id` or a `max_price`.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "NewVerification")]
pub struct BuyBody {
    /// For which service.
    pub service: Text<ServiceCode>,
    /// From which country; `US` if not said.
    pub country: Option<Text<CountryCode>>,
    /// How the code arrives; `sms` if not said.
    pub capability: Option<Text<Capability>>,
    /// A wish, which raises the price.
    pub area_code: Option<Text<AreaCode>>,
    /// A wish, which raises the price.
    pub carrier: Option<Text<Carrier>>,
    /// The price that was promised.
    pub quote_id: Option<Text<QuoteId>>,
    /// Today's price, if it is at most this.
    pub max_price: Option<AmountBody>,
    /// Your own notes.
    pub metadata: Option<Metadata>,
}

impl BuyBody {
    /// The command.
    ///
    /// # Errors
    /// 422 if neither or both prices are named.
    pub fn parse(self, user: UserId, id: OrderId, key: KeyHeader) -> Result<Buy, Problem> {
        let (ask, limit, metadata) = self.wanted()?;
        let claim =
            key.claim(user, &BuyCommand { ask: &ask, limit, metadata: metadata.as_deref() }, id.uuid());
        Ok(Buy { id, user, ask, limit, metadata, claim })
    }

    /// What is wanted, at which price, and the user's own notes.
    ///
    /// # Errors
    /// 422 if neither or both prices are named.
    pub fn wanted(self) -> Result<(Ask, PriceLimit, Option<String>), Problem> {
        let limit = match (&self.quote_id, &self.max_price) {
            (Some(quote), None) => PriceLimit::Quote(quote.0),
            (None, Some(most)) => PriceLimit::AtMost(most.parse("max_price")?),
            (None, None) => {
                let detail = "Name a quote_id or a max_price.";
                return Err(Problem::told(422, "price_limit_required", detail));
            }
            (Some(_), Some(_)) => {
                let detail = "name a quote_id or a max_price, not both";
                return Err(Problem::invalid("max_price", "conflict", detail));
            }
        };
        let home = || CountryCode::try_new(HOME).map_err(|error| Problem::fault(500, "internal", error));
        let ask = Ask {
            service: self.service.0,
            country: self.country.map_or_else(home, |country| Ok(country.0))?,
            capability: self.capability.map_or(Capability::Sms, |capability| capability.0),
            area_code: self.area_code.map(|code| code.0),
            carrier: self.carrier.map(|carrier| carrier.0),
        };
        let metadata = self.metadata.and_then(|metadata| metadata.to_text());
        Ok((ask, limit, metadata))
    }
}

/// What makes the command this one: everything but the identifier that we chose.
pub(super) struct BuyCommand<'a> {
    pub(super) ask: &'a Ask,
    pub(super) limit: PriceLimit,
    pub(super) metadata: Option<&'a str>,
}

impl Fingerprinted for BuyCommand<'_> {
    const COMMAND: &'static str = "buy_verification";

    fn fields(&self, canon: &mut Canon) {
        canon.field("service", &self.ask.service);
        canon.field("country", &self.ask.country);
        canon.field("capability", self.ask.capability.name());
        canon.optional("area_code", self.ask.area_code.as_ref());
        canon.optional("carrier", self.ask.carrier.as_ref());
        match self.limit {
            PriceLimit::Quote(quote) => canon.field("quote", quote),
            PriceLimit::AtMost(most) => {
                canon.field("most", most.units());
                canon.field("currency", most.currency());
            }
        }
        canon.optional("metadata", self.metadata);
    }
}
