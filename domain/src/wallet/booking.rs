//! Movements that staff decides: corrections, debt that is given up, and the house's own money.

use crate::{
    Amount, BookingId, Time, UserId,
    staff::Facts,
    wallet::{EntryKind, House, LedgerAccount, Legs, Purse, Source},
};

/// Why staff did something: 1 to 500 characters, none of them a control character.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason(String);

/// A text that gives no reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a reason is 1 to 500 characters in one line")]
pub struct InvalidReason;

impl Reason {
    /// Without the spaces around it.
    ///
    /// # Errors
    /// [`InvalidReason`] for an empty or longer text, and for one with control characters.
    pub fn try_new(text: &str) -> Result<Self, InvalidReason> {
        let text = text.trim();
        let fits = (1..=500).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if fits { Ok(Self(text.to_owned())) } else { Err(InvalidReason) }
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The sign of a correction, seen from the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// The user gets money.
    Credit,
    /// The user loses money, at most what is available.
    Debit,
}

/// A movement that staff decides, with all that it moves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Movement {
    /// A user's wallet is corrected: adjustment ↔ wallet.
    Adjusted {
        /// Whose.
        user: UserId,
        /// Which way.
        direction: Direction,
        /// By how much.
        amount: Amount,
    },
    /// Debt is given up: write_off → debt.
    DebtWrittenOff {
        /// Whose.
        user: UserId,
        /// How much of it.
        amount: Amount,
    },
    /// The gateway paid out to our bank: treasury → psp_clearing.
    PaidOut {
        /// How much, in the gateway's currency.
        amount: Amount,
    },
    /// Our balance at the provider was topped up from our bank: provider_float → treasury.
    ToppedUp {
        /// How much.
        amount: Amount,
    },
    /// Our bank exchanged money: fx → treasury of what was sold, treasury → fx of what was bought.
    Converted {
        /// What left the bank.
        sold: Amount,
        /// What arrived, in another currency.
        bought: Amount,
    },
}

impl Movement {
    /// Whose account it touches, if any.
    pub const fn user(&self) -> Option<UserId> {
        match self {
            Self::Adjusted { user, .. } | Self::DebtWrittenOff { user, .. } => Some(*user),
            Self::PaidOut { .. } | Self::ToppedUp { .. } | Self::Converted { .. } => None,
        }
    }

    /// Its transfers, under the source of the booking.
    pub fn legs(&self, id: BookingId, at: Time) -> Legs {
        let house = LedgerAccount::House;
        let of = |user, purse| LedgerAccount::User(user, purse);
        let mut legs = Legs::new(Source::booking(id), self.kind(), at);
        match *self {
            Self::Adjusted { user, direction: Direction::Credit, amount } => {
                legs.add(house(House::Adjustment), of(user, Purse::Wallet), amount);
            }
            Self::Adjusted { user, direction: Direction::Debit, amount } => {
                legs.add(of(user, Purse::Wallet), house(House::Adjustment), amount);
            }
            Self::DebtWrittenOff { user, amount } => {
                legs.add(house(House::WriteOff), of(user, Purse::Debt), amount);
            }
            Self::PaidOut { amount } => {
                legs.add(house(House::Treasury), house(House::PspClearingPaystack), amount);
            }
            Self::ToppedUp { amount } => {
                legs.add(house(House::ProviderFloatTextVerified), house(House::Treasury), amount);
            }
            Self::Converted { sold, bought } => {
                legs.add(house(House::Fx), house(House::Treasury), sold);
                legs.add(house(House::Treasury), house(House::Fx), bought);
            }
        }
        legs
    }

    /// What the log tells of it.
    pub(super) fn facts(&self) -> Facts {
        let sum = |amount: &Amount| format!("{amount:?}");
        let (what, amount, bought) = match self {
            Self::Adjusted { direction: Direction::Credit, amount, .. } => ("credit", amount, None),
            Self::Adjusted { direction: Direction::Debit, amount, .. } => ("debit", amount, None),
            Self::DebtWrittenOff { amount, .. } => ("debt_written_off", amount, None),
            Self::PaidOut { amount } => ("paid_out", amount, None),
            Self::ToppedUp { amount } => ("topped_up", amount, None),
            Self::Converted { sold, bought } => ("converted", sold, Some(sum(bought))),
        };
        let facts = Facts::none().with("movement", what).with("amount", sum(amount));
        match bought {
            Some(bought) => facts.with("bought", bought),
            None => facts,
        }
    }

    const fn kind(&self) -> EntryKind {
        match self {
            Self::Adjusted { .. } | Self::DebtWrittenOff { .. } => EntryKind::Adjustment,
            Self::PaidOut { .. } | Self::ToppedUp { .. } | Self::Converted { .. } => EntryKind::Treasury,
        }
    }
}

/// A movement as it was decided, with its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booking {
    /// Its identifier; its entry's source names it.
    pub id: BookingId,
    /// What moved.
    pub movement: Movement,
    /// Why.
    pub reason: Reason,
    /// When.
    pub at: Time,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_says_something_in_one_line() {
        assert_eq!(
            Reason::try_new("  lost parcel ").map(|r| r.as_str().to_owned()),
            Ok("lost parcel".into())
        );
        for text in ["", "  ", "a\nb", &"x".repeat(501)] {
            assert_eq!(Reason::try_new(text), Err(InvalidReason), "{text:?}");
        }
        assert!(Reason::try_new(&"é".repeat(500)).is_ok());
    }
}
