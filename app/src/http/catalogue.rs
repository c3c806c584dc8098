//! What is for sale: countries, services, prices.

use std::{collections::BTreeMap, sync::Arc};

use futures::{StreamExt, stream};
use namaskah_domain::{
    Clock, PageOf,
    verification::{
        Ask, Capability, CatalogueService, CountryCode, Listed as Offered, QuoteError, ServiceCode,
    },
};
use poem_openapi::{Object, OpenApi, param::Query};

use crate::http::{
    body::{Cached, LimitQuery, Listed, MoneyBody, Shown, Text, answer::IfNoneMatch, forms::SearchText},
    key_scheme::{Caller, VerificationsRead},
    problem::Problem,
    tags::Tag,
};

const MAX_AGE_S: u32 = 300;
/// How many prices are asked for at once.
const ABREAST: usize = 4;

/// A country that numbers are sold from.
#[derive(Debug, Object)]
#[oai(rename = "Country")]
struct CountryBody {
    /// ISO 3166.
    code: Text<CountryCode>,
    /// In English.
    name: String,
}

/// A service that numbers are sold for.
#[derive(Debug, Object)]
#[oai(rename = "Service")]
struct ServiceBody {
    /// Its code.
    code: Text<ServiceCode>,
    /// Its name.
    name: String,
    /// How codes can arrive.
    capabilities: Vec<Text<Capability>>,
    /// The lowest price; null if it is not known now.
    price_from: Option<MoneyBody>,
    /// True if it is not sold now.
    blocked: bool,
}

/// A price and what is known about it.
#[derive(Debug, Object)]
#[oai(rename = "Offer")]
struct OfferBody {
    /// For which service.
    service: Text<ServiceCode>,
    /// From which country.
    country: Text<CountryCode>,
    /// How the code arrives.
    capability: Text<Capability>,
    /// What is paid if a code comes.
    price: MoneyBody,
    /// How many numbers there are, if the provider says.
    stock: Option<u64>,
    /// How old that is, in seconds.
    stock_age_s: i64,
    /// Codes received for numbers sold, 0 to 1, over the last seven days; null without orders.
    success_rate: Option<f64>,
    /// Over how many orders.
    sample_size: u64,
    /// Median seconds from number to code; null without codes.
    time_to_code_p50_s: Option<i64>,
}

/// Routes of the catalogue.
pub struct CatalogueApi {
    /// Knows what is for sale.
    pub catalogue: Arc<CatalogueService>,
    /// For the age of stocks.
    pub clock: Arc<dyn Clock>,
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Catalogue")]
impl CatalogueApi {
    /// Countries that numbers are sold from
    #[oai(path = "/countries", method = "get", operation_id = "list_countries")]
    async fn countries(
        &self,
        _user: Caller<VerificationsRead>,
        known: IfNoneMatch,
    ) -> Result<Cached<Listed<CountryBody>>, Problem> {
        let countries = self.catalogue.countries().into_iter();
        let shown = countries.map(|(code, name)| CountryBody { code: Text(code), name: name.to_owned() });
        Ok(Cached { body: Listed::whole(shown.collect()), max_age_s: MAX_AGE_S, known })
    }

    /// Services that numbers are sold for, by code
    #[allow(clippy::too_many_arguments)] // One a parameter of the query.
    #[oai(path = "/services", method = "get", operation_id = "list_services")]
    async fn services(
        &self,
        _user: Caller<VerificationsRead>,
        known: IfNoneMatch,
        country: Query<Option<Text<CountryCode>>>,
        capability: Query<Option<Text<Capability>>>,
        /// Part of a code.
        q: Query<Option<Text<SearchText>>>,
        #[oai(default)] limit: Query<LimitQuery>,
        /// The code of the last service that you have seen.
        after: Query<Option<Text<ServiceCode>>>,
    ) -> Result<Cached<Listed<ServiceBody>>, Problem> {
        let home = self.country_or_home(country.0);
        let terms = self.catalogue.terms().await?;
        let mut for_sale = self.for_sale(&home, capability.0.map(|c| c.0)).await?;
        if let Some(Text(text)) = q.0 {
            for_sale.retain(|code, _| text.is_in(code.as_str()));
        }
        let page = page_of(for_sale, limit.0.rows(), after.0.map(|code| code.0));
        let shown = stream::iter(page.rows)
            .map(|(code, ways)| {
                let blocked = terms.block_of(&code).is_some();
                self.describe(home.clone(), code, ways, blocked)
            })
            .buffered(ABREAST)
            .collect::<Vec<_>>()
            .await;
        let page = PageOf { rows: shown, has_more: page.has_more };
        let body = Listed::by(page, |service: &ServiceBody| service.code.0.to_string());
        Ok(Cached { body, max_age_s: MAX_AGE_S, known })
    }

    /// Prices, with stock and experience
    #[oai(path = "/prices", method = "get", operation_id = "list_prices")]
    async fn prices(
        &self,
        _user: Caller<VerificationsRead>,
        country: Query<Option<Text<CountryCode>>>,
        service: Query<Option<Text<ServiceCode>>>,
        #[oai(default)] limit: Query<LimitQuery>,
        /// The code of the last service that you have seen.
        after: Query<Option<Text<ServiceCode>>>,
    ) -> Result<Shown<Listed<OfferBody>>, Problem> {
        let home = self.country_or_home(country.0);
        let mut for_sale = self.for_sale(&home, None).await?;
        if let Some(Text(wanted)) = service.0 {
            for_sale.retain(|code, _| *code == wanted);
        }
        let page = page_of(for_sale, limit.0.rows(), after.0.map(|code| code.0));
        let last = page.rows.last().map(|(code, _)| code.to_string());
        let asks = page.rows.into_iter().flat_map(|(code, ways)| {
            let home = home.clone();
            ways.into_iter().filter_map(move |way| plain_ask(code.clone(), home.clone(), way))
        });
        let now = self.clock.now();
        let offers = self.catalogue.offers(asks.collect()).await?;
        let data = offers.into_iter().map(|offered| show_offer(offered, now)).collect();
        Ok(Shown(Listed { data, has_more: page.has_more, next_cursor: last.filter(|_| page.has_more) }))
    }
}

type ForSale = BTreeMap<ServiceCode, Vec<Capability>>;

impl CatalogueApi {
    fn country_or_home(&self, country: Option<Text<CountryCode>>) -> Option<CountryCode> {
        let home = || self.catalogue.countries().into_iter().next().map(|(code, _)| code);
        country.map(|Text(code)| code).or_else(home)
    }

    /// Services by code, with their ways; none for a country that nothing is sold from.
    async fn for_sale(
        &self,
        country: &Option<CountryCode>,
        capability: Option<Capability>,
    ) -> Result<ForSale, QuoteError> {
        let mut sold = ForSale::new();
        if !self.catalogue.countries().iter().any(|(code, _)| Some(code) == country.as_ref()) {
            return Ok(sold);
        }
        for service in self.catalogue.services().await?.services {
            if capability.is_none_or(|wanted| wanted == service.capability) {
                let ways = sold.entry(service.code).or_default();
                if !ways.contains(&service.capability) {
                    ways.push(service.capability);
                }
            }
        }
        Ok(sold)
    }

    async fn describe(
        &self,
        country: Option<CountryCode>,
        code: ServiceCode,
        ways: Vec<Capability>,
        blocked: bool,
    ) -> ServiceBody {
        let mut lowest: Option<namaskah_domain::Amount> = None;
        // What is not sold has no price.
        for capability in ways.iter().filter(|_| !blocked) {
            let Some(ask) = plain_ask(code.clone(), country.clone(), *capability) else { continue };
            // A price that cannot be had now is shown as unknown.
            if let Ok(price) = self.catalogue.price(&ask).await {
                lowest = Some(lowest.filter(|known| known.units() <= price.units()).unwrap_or(price));
            }
        }
        ServiceBody {
            name: name_of(&code),
            code: Text(code),
            capabilities: ways.into_iter().map(Text).collect(),
            price_from: lowest.map(MoneyBody::from),
            blocked,
        }
    }
}

fn page_of(sold: ForSale, limit: u32, after: Option<ServiceCode>) -> PageOf<(ServiceCode, Vec<Capability>)> {
    let rows = sold.into_iter().filter(|(code, _)| after.as_ref().is_none_or(|after| code > after));
    PageOf::from_one_more(rows.take(limit as usize + 1).collect(), limit)
}

fn plain_ask(service: ServiceCode, country: Option<CountryCode>, capability: Capability) -> Option<Ask> {
    country.map(|country| Ask { service, country, capability, area_code: None, carrier: None })
}

/// `whatsapp` as `Whatsapp`, `test_service` as `Test Service`: providers give no names.
fn name_of(code: &ServiceCode) -> String {
    let words = code.as_str().split(['_', '-']).filter(|word| !word.is_empty()).map(|word| {
        let mut chars = word.chars();
        chars.next().map(|first| first.to_uppercase().chain(chars).collect::<String>()).unwrap_or_default()
    });
    words.collect::<Vec<_>>().join(" ")
}

fn show_offer(offered: Offered, now: namaskah_domain::Time) -> OfferBody {
    let Offered { offer, stats } = offered;
    let sample_size = stats.as_ref().map_or(0, |stats| stats.ended);
    let success_rate = stats.as_ref().filter(|stats| stats.ended > 0).map(|stats| {
        // Four digits: more would pretend to know more.
        (stats.completed as f64 / stats.ended as f64 * 10_000.0).round() / 10_000.0
    });
    OfferBody {
        service: Text(offer.ask.service),
        country: Text(offer.ask.country),
        capability: Text(offer.ask.capability),
        price: offer.price.into(),
        stock: offer.stock,
        stock_age_s: (now - offer.as_of).num_seconds().max(0),
        success_rate,
        sample_size,
        time_to_code_p50_s: stats.and_then(|stats| stats.time_to_code_p50_s),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_of_codes() {
        let name = |code: &str| ServiceCode::try_new(code).map(|code| name_of(&code)).ok();
        assert_eq!(name("whatsapp").as_deref(), Some("Whatsapp"));
        assert_eq!(name("test_service-2").as_deref(), Some("Test Service 2"));
    }
}
