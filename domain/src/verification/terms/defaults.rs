//! Services that are not sold unless staff says so: a number that opens an account at a bank, at whoever moves money, or
//! at an authority is what fraud is made with.

use crate::verification::ServiceCode;

/// A kind of service that is not sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// It keeps money.
    Bank,
    /// It moves money.
    Payment,
    /// It is an authority.
    Government,
}

impl Kind {
    /// Why it is not sold, in words.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Bank => "a bank",
            Self::Payment => "a payment service",
            Self::Government => "a government service",
        }
    }
}

/// Parts of codes that are long enough to mean nothing else, wherever they stand.
const PARTS: [(&str, Kind); 25] = [
    ("bank", Kind::Bank),
    ("creditunion", Kind::Bank),
    ("wellsfargo", Kind::Bank),
    ("capitalone", Kind::Bank),
    ("citizensone", Kind::Bank),
    ("jpmorgan", Kind::Bank),
    ("navyfederal", Kind::Bank),
    ("americanexpress", Kind::Bank),
    ("barclays", Kind::Bank),
    ("santander", Kind::Bank),
    ("paypal", Kind::Payment),
    ("venmo", Kind::Payment),
    ("cashapp", Kind::Payment),
    ("zelle", Kind::Payment),
    ("westernunion", Kind::Payment),
    ("moneygram", Kind::Payment),
    ("payoneer", Kind::Payment),
    ("skrill", Kind::Payment),
    ("remitly", Kind::Payment),
    ("coinbase", Kind::Payment),
    ("binance", Kind::Payment),
    ("socialsecurity", Kind::Government),
    ("studentaid", Kind::Government),
    ("unemployment", Kind::Government),
    ("healthcaregov", Kind::Government),
];

/// Words that must stand alone, or be the whole code: as a part of others they mean something else.
const WORDS: [(&str, Kind); 26] = [
    ("chase", Kind::Bank),
    ("citi", Kind::Bank),
    ("hsbc", Kind::Bank),
    ("chime", Kind::Bank),
    ("usaa", Kind::Bank),
    ("pnc", Kind::Bank),
    ("ally", Kind::Bank),
    ("varo", Kind::Bank),
    ("sofi", Kind::Bank),
    ("amex", Kind::Bank),
    ("revolut", Kind::Bank),
    ("monzo", Kind::Bank),
    ("n26", Kind::Bank),
    ("wise", Kind::Payment),
    ("stripe", Kind::Payment),
    ("affirm", Kind::Payment),
    ("klarna", Kind::Payment),
    ("kraken", Kind::Payment),
    ("payments", Kind::Payment),
    ("pay", Kind::Payment),
    ("gov", Kind::Government),
    ("irs", Kind::Government),
    ("ssa", Kind::Government),
    ("dmv", Kind::Government),
    ("idme", Kind::Government),
    ("uscis", Kind::Government),
];

/// The kind that forbids a service, by its code; `None` if nothing does.
pub fn kind_of(service: &ServiceCode) -> Option<Kind> {
    let is_between = |c: char| !c.is_ascii_alphanumeric();
    let whole: String = service.as_str().split(is_between).collect();
    let part = PARTS.iter().find(|(part, _)| whole.contains(part));
    let alone = |word: &str| whole == word || service.as_str().split(is_between).any(|token| token == word);
    part.or_else(|| WORDS.iter().find(|(word, _)| alone(word))).map(|(_, kind)| *kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(code: &str) -> Option<Kind> {
        kind_of(&ServiceCode::try_new(code).expect("a service"))
    }

    #[test]
    fn banks_payments_and_authorities_are_known_however_their_codes_are_written() {
        for (code, expected) in [
            ("chase", Kind::Bank),
            ("bank_of_america", Kind::Bank),
            ("usbank", Kind::Bank),
            ("wells-fargo", Kind::Bank),
            ("capital.one", Kind::Bank),
            ("paypal", Kind::Payment),
            ("paypal2", Kind::Payment),
            ("cash-app", Kind::Payment),
            ("apple_pay", Kind::Payment),
            ("venmo", Kind::Payment),
            ("irs", Kind::Government),
            ("id.me", Kind::Government),
            ("login.gov", Kind::Government),
        ] {
            assert_eq!(kind(code), Some(expected), "{code}");
        }
    }

    #[test]
    fn everything_else_is_sold() {
        for code in [
            "whatsapp",
            "telegram",
            "google",
            "airbnb",
            "amazon",
            "apple",
            "discord",
            "doordash",
            "ebay",
            "facebook",
            "instagram",
            "linkedin",
            "lyft",
            "microsoft",
            "netflix",
            "signal",
            "snapchat",
            "tiktok",
            "tinder",
            "uber",
            "x",
            "servicenotlisted",
            "test_success",
            "purchasely",
            "payback",
            "citizen",
            "rally",
            "wisecrack",
            "governor",
        ] {
            assert_eq!(kind(code), None, "{code}");
        }
    }
}
