//! What is for sale: services and costs as they were within the hour, stock as it was within the minute.

use std::sync::{Arc, Mutex, PoisonError};

use crate::{
    Clock, Fault, Money, Time,
    time::{hours, seconds},
    verification::{
        Ask, Capability, Catalogue, CountryCode, NumberProvider, Offer, OrderReads, ProviderError,
        QuoteError, ServiceCode, ServiceStats, Terms, VerificationService, recent::Recent,
    },
};

const CACHE_H: i64 = 1;
const STOCK_CACHE_S: i64 = 60;
/// What stock is remembered for at most.
const STOCKS: usize = 10_000;
const STATS_BACK_H: i64 = 24 * 7;

/// An offer and what orders of its service have shown lately.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The offer.
    pub offer: Offer,
    /// Real orders of the last seven days, if there are any.
    pub stats: Option<ServiceStats>,
}

/// Lists what is for sale.
pub struct CatalogueService {
    orders: Arc<VerificationService>,
    provider: Arc<dyn NumberProvider>,
    reads: Arc<dyn OrderReads>,
    clock: Arc<dyn Clock>,
    cached: Mutex<Option<Catalogue>>,
    stocks: Mutex<Recent<(ServiceCode, Capability), u64>>,
}

impl CatalogueService {
    /// Over any provider; prices are those that orders would be placed at.
    pub fn new(
        orders: Arc<VerificationService>,
        provider: Arc<dyn NumberProvider>,
        reads: Arc<dyn OrderReads>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let stocks = Mutex::new(Recent::at_most(STOCKS));
        Self { orders, provider, reads, clock, cached: Mutex::default(), stocks }
    }

    /// Countries that numbers are sold from.
    pub fn countries(&self) -> Vec<(CountryCode, &'static str)> {
        CountryCode::try_new("US").map(|code| (code, "United States")).into_iter().collect()
    }

    /// Everything that the provider sells, at most an hour old; older if the provider cannot be asked.
    ///
    /// # Errors
    /// `ProviderUnavailable` if nothing is cached and it cannot be asked.
    pub async fn services(&self) -> Result<Catalogue, QuoteError> {
        let now = self.clock.now();
        let cached = self.cached.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(fresh) = cached.as_ref().filter(|catalogue| now < catalogue.as_of + hours(CACHE_H)) {
            return Ok(fresh.clone());
        }
        match self.provider.services().await {
            Ok(services) => {
                let catalogue = Catalogue { services, as_of: now };
                *self.cached.lock().unwrap_or_else(PoisonError::into_inner) = Some(catalogue.clone());
                Ok(catalogue)
            }
            Err(error) => cached.ok_or_else(|| QuoteError::ProviderUnavailable(Fault::new(error))),
        }
    }

    /// What new orders are held to now.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn terms(&self) -> Result<Arc<Terms>, QuoteError> {
        Ok(self.orders.terms().await?)
    }

    /// What one request costs us now, at most an hour old.
    ///
    /// # Errors
    /// If it is not for sale, or the provider cannot be asked.
    pub async fn cost(&self, ask: &Ask) -> Result<Money, QuoteError> {
        self.orders.price(ask).await.map(|(cost, _)| cost)
    }

    /// Offers of these services with stock and experience; what is blocked or has no price now is left out.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn offers(&self, asks: Vec<Ask>) -> Result<Vec<Listed>, QuoteError> {
        let terms = self.terms().await?;
        let stats = self.reads.service_stats(self.clock.now() - hours(STATS_BACK_H)).await?;
        let mut listed = Vec::new();
        for ask in asks.into_iter().filter(|ask| terms.block_of(&ask.service).is_none()) {
            if let Some(offer) = self.offer(ask).await? {
                let stats = stats.iter().find(|s| s.service == offer.ask.service).cloned();
                listed.push(Listed { offer, stats });
            }
        }
        Ok(listed)
    }

    /// The price of one request, without its stock.
    ///
    /// # Errors
    /// If it is not for sale, or the provider cannot be asked.
    pub async fn price(&self, ask: &Ask) -> Result<crate::Amount, QuoteError> {
        self.orders.price(ask).await.map(|(_, price)| price)
    }

    async fn offer(&self, ask: Ask) -> Result<Option<Offer>, QuoteError> {
        let (cost, price) = match self.orders.price(&ask).await {
            Ok(agreed) => agreed,
            Err(QuoteError::NoSuchService) => return Ok(None),
            Err(error) => return Err(error),
        };
        let (stock, as_of) = self.stock(&ask.service, ask.capability).await;
        Ok(Some(Offer { ask, price, cost, stock, as_of }))
    }

    async fn stock(&self, service: &ServiceCode, capability: Capability) -> (Option<u64>, Time) {
        let key = (service.clone(), capability);
        let oldest = self.clock.now() - seconds(STOCK_CACHE_S);
        let known = self.stocks.lock().unwrap_or_else(PoisonError::into_inner).since(oldest, &key);
        if let Some((stock, as_of)) = known {
            return (Some(stock), as_of);
        }
        let asked: Result<u64, ProviderError> = self.provider.stock(service, capability).await;
        let (stock, now) = (asked.ok(), self.clock.now());
        if let Some(stock) = stock {
            self.stocks.lock().unwrap_or_else(PoisonError::into_inner).keep(key, stock, now);
        }
        (stock, now)
    }
}
