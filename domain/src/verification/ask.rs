//! What is asked of a provider: a service, a country, a way to receive, and wishes.

use std::fmt;

/// Why a text cannot be part of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAsk {
    /// Not 1 to 64 lower-case letters, digits, `_`, `-` or `.`.
    #[error("not a service code")]
    Service,
    /// Not two capital letters.
    #[error("not a country code")]
    Country,
    /// Not one of the capabilities.
    #[error("not a capability")]
    Capability,
    /// Not three digits.
    #[error("not an area code")]
    AreaCode,
    /// Not 1 to 16 lower-case letters and digits.
    #[error("not a carrier")]
    Carrier,
    /// Not 1 to 128 visible ASCII characters.
    #[error("not a reservation")]
    Reservation,
}

macro_rules! code {
    ($(#[$doc:meta])* $name:ident, $invalid:expr, $fits:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// # Errors
            /// The [`InvalidAsk`] of this kind of code.
            pub fn try_new(text: &str) -> Result<Self, InvalidAsk> {
                let fits: fn(&str) -> bool = $fits;
                if fits(text) { Ok(Self(text.to_owned())) } else { Err($invalid) }
            }

            /// As text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

fn made_of(text: &str, len: std::ops::RangeInclusive<usize>, allowed: fn(u8) -> bool) -> bool {
    len.contains(&text.len()) && text.bytes().all(allowed)
}

code! {
    /// A service that numbers are sold for, by its provider's name: `whatsapp`.
    ServiceCode, InvalidAsk::Service,
    |t| made_of(t, 1..=64, |b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-.".contains(&b))
}

code! {
    /// An ISO 3166 country: `US`.
    CountryCode, InvalidAsk::Country, |t| made_of(t, 2..=2, |b| b.is_ascii_uppercase())
}

code! {
    /// Three digits of a North American area code.
    AreaCode, InvalidAsk::AreaCode, |t| made_of(t, 3..=3, |b| b.is_ascii_digit())
}

code! {
    /// A carrier by its provider's name: `tmo`.
    Carrier, InvalidAsk::Carrier, |t| made_of(t, 1..=16, |b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

code! {
    /// A provider's own name for a number that it reserved. Opaque.
    ReservationId, InvalidAsk::Reservation, |t| made_of(t, 1..=128, |b| b.is_ascii_graphic())
}

/// A number provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ProviderId {
    /// TextVerified: numbers of the United States.
    TextVerified,
}

impl ProviderId {
    /// The name in storage and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TextVerified => "textverified",
        }
    }
}

/// How the code arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Capability {
    /// As a text message.
    Sms,
    /// By a call.
    Voice,
}

impl Capability {
    /// The name in the API and in storage.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::Voice => "voice",
        }
    }

    /// # Errors
    /// `InvalidAsk::Capability` for another word.
    pub fn from_name(name: &str) -> Result<Self, InvalidAsk> {
        [Self::Sms, Self::Voice].into_iter().find(|c| c.name() == name).ok_or(InvalidAsk::Capability)
    }
}

/// A request for a number.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Ask {
    /// For which service.
    pub service: ServiceCode,
    /// From which country.
    pub country: CountryCode,
    /// Text or call.
    pub capability: Capability,
    /// A wish, which raises the price.
    pub area_code: Option<AreaCode>,
    /// A wish, which raises the price.
    pub carrier: Option<Carrier>,
}
