//! What the simulated number provider sells, and at which price.

use crate::money::Micros;

/// Balance of a new account.
pub(crate) const FLOAT: Micros = Micros::cents(1_000_000);
/// Numbers of one service that one account may have pending at once.
pub(crate) const STOCK: u32 = 1_000;
/// Verifications one account may have pending in all.
pub(crate) const UNFINISHED_LIMIT: u32 = 5_000;
/// Added to the price when an area code is asked for.
pub(crate) const AREA_CODE_SURCHARGE: Micros = Micros::cents(20);
/// Added to the price when a carrier is asked for.
pub(crate) const CARRIER_SURCHARGE: Micros = Micros::cents(15);
/// Lifetime of a verification.
pub(crate) const LIFETIME_MS: i64 = 15 * 60 * 1_000;
/// After this, the delayed test services do what they are named for.
pub(crate) const TEST_DELAY_MS: i64 = 10 * 1_000;
/// How long a completed verification's number may be reused.
pub(crate) const REUSE_MS: i64 = 60 * 60 * 1_000;

/// Carriers that may be asked for.
pub(crate) const CARRIERS: [&str; 3] = ["vz", "tmo", "att"];

/// Services with their price in cents.
pub(crate) const SERVICES: [(&str, i64); 24] = [
    ("whatsapp", 75),
    ("telegram", 50),
    ("google", 40),
    ("airbnb", 45),
    ("amazon", 35),
    ("apple", 60),
    ("coinbase", 90),
    ("discord", 30),
    ("doordash", 35),
    ("ebay", 40),
    ("facebook", 45),
    ("instagram", 40),
    ("linkedin", 55),
    ("lyft", 40),
    ("microsoft", 30),
    ("netflix", 35),
    ("paypal", 80),
    ("signal", 65),
    ("snapchat", 35),
    ("tiktok", 40),
    ("tinder", 70),
    ("uber", 45),
    ("x", 50),
    (NOT_LISTED, 100),
];

/// The name for a site that is not in the catalogue.
pub(crate) const NOT_LISTED: &str = "servicenotlisted";

/// Area codes and their states. 907 never has a number, so that a refusal can be had at will.
pub(crate) const AREA_CODES: [(&str, &str); 18] = [
    ("202", "DC"),
    ("206", "WA"),
    ("212", "NY"),
    ("213", "CA"),
    ("214", "TX"),
    ("267", "PA"),
    ("303", "CO"),
    ("305", "FL"),
    ("312", "IL"),
    ("404", "GA"),
    ("415", "CA"),
    ("503", "OR"),
    ("602", "AZ"),
    ("617", "MA"),
    ("702", "NV"),
    ("713", "TX"),
    ("919", "NC"),
    (WITHOUT_NUMBERS, "AK"),
];

/// The area code that never has a number.
pub(crate) const WITHOUT_NUMBERS: &str = "907";

/// After which the text of `test_success` comes.
const TEST_SUCCESS_MS: i64 = 1_000;

/// The vendor's documented test services, as far as they apply to verifications.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TestService {
    Success,
    DelayedSuccess,
    Pending,
    TimeOut,
    Reactivatable,
    InsufficientBalance,
    NoNumbers,
    TooManyUnfinished,
}

impl TestService {
    pub(crate) fn named(service: &str) -> Option<Self> {
        Some(match service {
            "test_success" => Self::Success,
            "test_delayed_success" => Self::DelayedSuccess,
            "test_pending" => Self::Pending,
            "test_timeout" => Self::TimeOut,
            "test_reactivatable" => Self::Reactivatable,
            "test_insufficient_balance" => Self::InsufficientBalance,
            "test_no_numbers" => Self::NoNumbers,
            "test_too_many_unfinished_verifications" => Self::TooManyUnfinished,
            _ => return None,
        })
    }

    /// After which its text comes by itself. A success comes a moment after the purchase was answered: a buyer who
    /// shows a number before he takes in its texts, as he must, would else never see it.
    pub(crate) const fn text_after_ms(self) -> Option<i64> {
        match self {
            Self::Success => Some(TEST_SUCCESS_MS),
            Self::DelayedSuccess => Some(TEST_DELAY_MS),
            _ => None,
        }
    }
}

/// The catalogue's price of `service`, test services included; `None` for a name it does not have.
pub(crate) fn price(service: &str) -> Option<Micros> {
    if TestService::named(service).is_some() {
        return Some(Micros::cents(50));
    }
    SERVICES.iter().find(|(name, _)| *name == service).map(|(_, cents)| Micros::cents(*cents))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_has_the_promised_prices_and_no_name_twice() {
        assert_eq!(price("whatsapp"), Some(Micros::cents(75)));
        assert_eq!(price("telegram"), Some(Micros::cents(50)));
        assert_eq!(price("google"), Some(Micros::cents(40)));
        assert_eq!(price("nosuch"), None);
        let mut names: Vec<_> = SERVICES.iter().map(|(name, _)| *name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), SERVICES.len());
    }
}
