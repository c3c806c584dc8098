//! Reasons: why a user complains about a number, and why none was had.

use crate::Time;

/// What a user has against a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReportReason {
    /// The service says that the number has an account already.
    NumberUsed,
    /// No code came.
    NoCode,
    /// The code was refused by the service.
    WrongCode,
}

impl ReportReason {
    /// Every reason.
    pub const ALL: [Self; 3] = [Self::NumberUsed, Self::NoCode, Self::WrongCode];

    /// The word in the API and in storage.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NumberUsed => "number_used",
            Self::NoCode => "no_code",
            Self::WrongCode => "wrong_code",
        }
    }

    /// The reason of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.name() == name)
    }
}

/// A complaint about a number. It moves no money by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// Why.
    pub reason: ReportReason,
    /// When.
    pub at: Time,
    /// False for what a user reported beyond what is believed in a day: the provider is not told.
    pub is_told: bool,
}

/// Why no number was had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Failure {
    /// Nothing to sell for this wish now.
    NoNumbers,
    /// The provider asks more than was quoted.
    PriceChanged,
    /// The provider could not be reached, and nothing was sent.
    ProviderUnavailable,
    /// The provider refused.
    ProviderRefused,
    /// The outcome stayed unknown, and no number was found.
    ProviderUnknown,
}

impl Failure {
    /// Every failure.
    pub const ALL: [Self; 5] = [
        Self::NoNumbers,
        Self::PriceChanged,
        Self::ProviderUnavailable,
        Self::ProviderRefused,
        Self::ProviderUnknown,
    ];

    /// The code in the API and in storage.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoNumbers => "no_numbers",
            Self::PriceChanged => "price_changed",
            Self::ProviderUnavailable => "provider_unavailable",
            Self::ProviderRefused => "provider_refused",
            Self::ProviderUnknown => "provider_unknown",
        }
    }

    /// What a user is told.
    pub const fn detail(self) -> &'static str {
        match self {
            Self::NoNumbers => "No number is available for this request now.",
            Self::PriceChanged => "The price has risen since it was quoted.",
            Self::ProviderUnavailable => "Numbers cannot be bought now.",
            Self::ProviderRefused => "The request was refused.",
            Self::ProviderUnknown => "The purchase could not be confirmed.",
        }
    }
}
