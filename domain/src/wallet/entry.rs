//! The journal: transfers that sum to zero by construction, grouped by their source.

use std::fmt;

use crate::{
    Amount, BookingId, Currency, DisputeId, EntryId, GrantId, HoldId, Money, OrderId, PaymentReference,
    RefundId, ReservationId, Time, UserId, Version, payment::GatewayRefundId, wallet::LedgerAccount,
};

/// What a movement means to the user who reads a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntryKind {
    /// Money paid in, with the legs that book it at the gateway.
    Deposit,
    /// A code was received and paid for.
    Purchase,
    /// Money went back.
    Refund,
    /// A correction by staff.
    Adjustment,
    /// Money that the house gave or took back.
    Promo,
    /// A dispute was lost.
    Chargeback,
    /// Debt was repaid from a credit.
    DebtRepayment,
    /// A number was bought, settled or credited at a provider; no user's account is touched.
    Cost,
    /// A payment that does not match what was asked.
    Suspense,
    /// The house moved its own money; no user's account is touched.
    Treasury,
}

impl EntryKind {
    /// Every kind.
    pub const ALL: [Self; 10] = [
        Self::Deposit,
        Self::Purchase,
        Self::Refund,
        Self::Adjustment,
        Self::Promo,
        Self::Chargeback,
        Self::DebtRepayment,
        Self::Cost,
        Self::Suspense,
        Self::Treasury,
    ];

    /// The kind as the API and storage write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Deposit => "deposit",
            Self::Purchase => "purchase",
            Self::Refund => "refund",
            Self::Adjustment => "adjustment",
            Self::Promo => "promo",
            Self::Chargeback => "chargeback",
            Self::DebtRepayment => "debt_repayment",
            Self::Cost => "cost",
            Self::Suspense => "suspense",
            Self::Treasury => "treasury",
        }
    }
}

/// Why a journal entry exists, in words that are unique for ever: `paystack:{reference}`, `cap:{hold}` and so on.
/// A second entry of one source meets the first and is refused.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Source(String);

impl Source {
    /// A payment at Paystack, whatever was done with it: credited, or booked to suspense.
    pub fn paystack(reference: &PaymentReference) -> Self {
        Self(format!("paystack:{reference}"))
    }

    /// A number bought from a provider.
    pub fn bought(reservation: &ReservationId) -> Self {
        Self(format!("buy:{reservation}"))
    }

    /// A provider's credit for a number that was not used.
    pub fn credited(reservation: &ReservationId) -> Self {
        Self(format!("credit:{reservation}"))
    }

    /// The capture of a hold.
    pub fn captured(hold: HoldId) -> Self {
        Self(format!("cap:{hold}"))
    }

    /// A refund that reached its source.
    pub fn refunded(refund: RefundId) -> Self {
        Self(format!("refund:{refund}"))
    }

    /// A refund that had failed and reached its source after all, by the writing of this version.
    pub fn refunded_again(refund: RefundId, version: Version) -> Self {
        Self(format!("refund:{refund}:{}", version.get()))
    }

    /// A refund that failed after it had reached its source, by the writing of this version.
    pub fn unrefunded(refund: RefundId, version: Version) -> Self {
        Self(format!("unrefund:{refund}:{}", version.get()))
    }

    /// A dispute that was lost by the writing of this version.
    pub fn disputed(dispute: DisputeId, version: Version) -> Self {
        Self(format!("dispute:{dispute}:{}", version.get()))
    }

    /// A lost dispute that was won after all, by the writing of this version.
    pub fn undisputed(dispute: DisputeId, version: Version) -> Self {
        Self(format!("undispute:{dispute}:{}", version.get()))
    }

    /// A refund that somebody made at the gateway without us.
    pub fn gateway_refund(id: &GatewayRefundId) -> Self {
        Self(format!("pspr:{id}"))
    }

    /// A text that came after the end, and is shown free.
    pub fn late(reservation: &ReservationId) -> Self {
        Self(format!("late:{reservation}"))
    }

    /// A movement that staff decided.
    pub fn booking(id: BookingId) -> Self {
        Self(format!("book:{id}"))
    }

    /// A gift of promo money.
    pub fn granted(id: GrantId) -> Self {
        Self(format!("grant:{id}"))
    }

    /// What was taken back of a gift by the writing of this version.
    pub fn grant_taken(id: GrantId, version: Version) -> Self {
        Self(format!("take:{id}:{}", version.get()))
    }

    /// Debt that was repaid by an account as it was at this version.
    pub fn collected(user: UserId, version: Version) -> Self {
        Self(format!("collect:{user}:{}", version.get()))
    }

    /// A cost that nobody will bear.
    pub fn aged_out(reservation: &ReservationId) -> Self {
        Self(format!("aged:{reservation}"))
    }

    /// What went back for a code that was paid for and reported, beside the provider's credit.
    pub fn reported(order: OrderId) -> Self {
        Self(format!("rep:{order}"))
    }

    /// A source as it was stored.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The source as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One movement with both its legs: `amount` leaves `debit` and arrives at `credit`, so it sums to zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// The account that is debited.
    pub debit: LedgerAccount,
    /// The account that is credited.
    pub credit: LedgerAccount,
    /// How much, above zero, in one currency.
    pub amount: Amount,
    /// What it means.
    pub kind: EntryKind,
    /// Why it exists; unique with `leg`.
    pub source: Source,
    /// Its place among the transfers of one source, from 1.
    pub leg: u16,
    /// When it was posted.
    pub at: Time,
}

impl Transfer {
    /// What this transfer does to `account`: plus for a credit, minus for a debit.
    pub fn effect_on(&self, account: LedgerAccount) -> Money {
        let zero = Money::zero(self.amount.currency());
        match (self.debit == account, self.credit == account) {
            (true, false) => self.amount.money().negated(),
            (false, true) => self.amount.money(),
            _ => zero,
        }
    }
}

/// Transfers of one source that refuse to exist unless they balance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalEntry {
    transfers: Vec<Transfer>,
}

/// Transfers in the making: numbers the legs of one source from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Legs {
    source: Source,
    kind: EntryKind,
    at: Time,
    before: u16,
    transfers: Vec<Transfer>,
}

impl Legs {
    /// None yet; those that [`Self::add`] makes are of `kind`.
    pub const fn new(source: Source, kind: EntryKind, at: Time) -> Self {
        Self::after(0, source, kind, at)
    }

    /// Goes on after the first `before` legs of the source, which were posted by an earlier commit.
    pub const fn after(before: u16, source: Source, kind: EntryKind, at: Time) -> Self {
        Self { source, kind, at, before, transfers: Vec::new() }
    }

    /// The next leg.
    pub fn add(&mut self, debit: LedgerAccount, credit: LedgerAccount, amount: Amount) {
        self.add_as(self.kind, debit, credit, amount);
    }

    /// The next leg, of a kind of its own.
    pub fn add_as(&mut self, kind: EntryKind, debit: LedgerAccount, credit: LedgerAccount, amount: Amount) {
        let made = u16::try_from(self.transfers.len()).unwrap_or(u16::MAX);
        let leg = self.before.saturating_add(made).saturating_add(1);
        let (source, at) = (self.source.clone(), self.at);
        self.transfers.push(Transfer { debit, credit, amount, kind, source, leg, at });
    }

    /// The entry.
    ///
    /// # Errors
    /// [`Unbalanced`], by name.
    pub fn into_entry(self) -> Result<JournalEntry, Unbalanced> {
        JournalEntry::try_new(self.transfers)
    }
}

/// Why transfers do not make an entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unbalanced {
    /// There is none.
    #[error("an entry needs a transfer")]
    Empty,
    /// They have different sources, or a leg stands twice.
    #[error("the transfers of an entry share one source and number their legs once each")]
    Legs,
    /// A transfer from an account to itself.
    #[error("an account cannot pay itself")]
    SelfTransfer,
    /// `fx` must receive in one currency and pay in another, or not appear at all.
    #[error("fx bridges two currencies")]
    Bridge,
}

impl JournalEntry {
    /// Checks the laws that one transfer cannot show by itself.
    ///
    /// # Errors
    /// [`Unbalanced`], by name.
    pub fn try_new(transfers: Vec<Transfer>) -> Result<Self, Unbalanced> {
        let first = transfers.first().ok_or(Unbalanced::Empty)?;
        let mut legs: Vec<u16> = transfers.iter().map(|t| t.leg).collect();
        legs.sort_unstable();
        legs.dedup();
        if legs.len() != transfers.len() || transfers.iter().any(|t| t.source != first.source) {
            return Err(Unbalanced::Legs);
        }
        if transfers.iter().any(|t| t.debit == t.credit) {
            return Err(Unbalanced::SelfTransfer);
        }
        let fx = LedgerAccount::House(super::House::Fx);
        let bridged = |currency: &Currency| {
            transfers.iter().any(|t| t.amount.currency() == *currency && touches(t, fx))
        };
        if Currency::ALL.iter().filter(|currency| bridged(currency)).count() == 1 {
            return Err(Unbalanced::Bridge);
        }
        Ok(Self { transfers })
    }

    /// The transfers, for the unit of work.
    pub fn into_transfers(self) -> Vec<Transfer> {
        self.transfers
    }
}

fn touches(transfer: &Transfer, account: LedgerAccount) -> bool {
    transfer.debit == account || transfer.credit == account
}

/// A line of a user's statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Made of the instant and the journal's own number, so it sorts with them.
    pub id: EntryId,
    /// What it means.
    pub kind: EntryKind,
    /// Signed: debits are below zero.
    pub amount: Money,
    /// The posted total of wallet and promo after it.
    pub balance_after: Money,
    /// Its source.
    pub source: Source,
    /// When it was posted.
    pub at: Time,
}
