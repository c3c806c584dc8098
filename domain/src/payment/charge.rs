//! What a gateway says about one transaction. Evidence, not truth.

use crate::{Amount, Currency, Money, Time, payment::PaymentReference};

/// Where a transaction stands at the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChargeStatus {
    /// Paid. The only status that credits.
    Succeeded,
    /// Refused. May still be paid later.
    Failed,
    /// Left by the customer, who may come back.
    Abandoned,
    /// Paid and given back in full.
    Reversed,
    /// Open, or a status that we do not know: not final.
    Open,
}

/// The money of a transaction as the gateway reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChargedMoney {
    /// In a currency that the ledger keeps.
    Known(Amount),
    /// In one that it does not, or not above zero: nothing can be booked, a person must look.
    Unbookable,
}

/// A transaction at the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    /// Our reference.
    pub reference: PaymentReference,
    /// Where it stands.
    pub status: ChargeStatus,
    /// What was really paid.
    pub paid: ChargedMoney,
    /// What the gateway keeps, if it says so.
    pub fee: Option<Money>,
    /// When it was paid, on the gateway's clock.
    pub paid_at: Option<Time>,
    /// True if the transaction belongs to the mode that we run in (test or live).
    pub of_our_mode: bool,
}

impl Charge {
    /// The fee, if it can be booked: known, above zero, below the payment and in its currency.
    pub fn bookable_fee(&self, paid: Amount) -> Option<Amount> {
        let fee = self.fee.filter(|fee| fee.currency() == paid.currency() && fee.units() < paid.units())?;
        Amount::try_new(fee).ok()
    }

    /// True for money in `currency`.
    pub fn is_in(&self, currency: Currency) -> bool {
        matches!(self.paid, ChargedMoney::Known(amount) if amount.currency() == currency)
    }
}
