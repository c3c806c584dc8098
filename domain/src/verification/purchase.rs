//! Purchases: attempts at a provider. Each is sent at most once; what is not known of it is found out by looking.

use crate::{
    Amount, Money, OrderId, PhoneNumber, PurchaseId, Time, UserId, Version,
    verification::{Ask, ProviderId, ReservationId},
    wallet::{EntryKind, House, JournalEntry, LedgerAccount, Source, Transfer, Unbalanced},
};

/// What a purchase cost the house, until it is clear who bears it. Closed once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receivable {
    /// The number may still earn its price, or be credited.
    Open,
    /// The provider gave the money back.
    Credited {
        /// When we saw it.
        at: Time,
    },
    /// The number earned its price, so its cost is a cost.
    Costed {
        /// When.
        at: Time,
    },
    /// Given up.
    WrittenOff {
        /// When.
        at: Time,
    },
}

/// A number that a provider reserved for us, and what it costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bought {
    /// The provider's name for it. Unique over all purchases.
    pub reservation: ReservationId,
    /// The number; `None` once it is past retention.
    pub number: Option<PhoneNumber>,
    /// What the provider charged; zero for its test services.
    pub cost: Money,
    /// When the provider made it, on its own clock.
    pub created_at: Time,
    /// When we learned of it (commit B).
    pub bound_at: Time,
    /// Who bears the cost.
    pub receivable: Receivable,
}

/// Where a purchase stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PurchaseState {
    /// May have been sent; its outcome is not known.
    Sent,
    /// The number serves the order.
    Bound(Bought),
    /// The provider refused, or was looked through: there is no number.
    Absent {
        /// When we knew.
        at: Time,
    },
    /// There is a number, and no order that it may serve. To be cancelled at the provider.
    Orphan(Bought),
}

/// One attempt, or a number found at a provider that no attempt explains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purchase {
    /// Its identifier.
    pub id: PurchaseId,
    /// At which provider.
    pub provider: ProviderId,
    /// For whom; `None` for a number that no attempt explains.
    pub wanted_by: Option<(OrderId, UserId)>,
    /// What was asked.
    pub ask: Ask,
    /// The most that the provider may charge.
    pub cost_cap: Money,
    /// When the attempt was committed, before it was sent.
    pub sent_at: Time,
    /// It is not sent any more from here on.
    pub send_by: Time,
    /// Where it stands.
    pub state: PurchaseState,
    /// How many complete listings have not shown it, and when the first of them was taken.
    pub missed: Option<(u32, Time)>,
    /// Counts every change.
    pub version: Version,
}

impl Purchase {
    /// The number, if there is one.
    pub const fn bought(&self) -> Option<&Bought> {
        match &self.state {
            PurchaseState::Bound(bought) | PurchaseState::Orphan(bought) => Some(bought),
            PurchaseState::Sent | PurchaseState::Absent { .. } => None,
        }
    }

    /// True while the outcome is not known.
    pub const fn is_sent(&self) -> bool {
        matches!(self.state, PurchaseState::Sent)
    }

    /// The number serves the order.
    #[must_use]
    pub fn bind(self, bought: Bought) -> Self {
        self.become_(PurchaseState::Bound(bought))
    }

    /// There is no number.
    #[must_use]
    pub fn absent(self, at: Time) -> Self {
        self.become_(PurchaseState::Absent { at })
    }

    /// There is a number that may not be used.
    #[must_use]
    pub fn orphan(self, bought: Bought) -> Self {
        self.become_(PurchaseState::Orphan(bought))
    }

    /// A complete listing did not show it.
    #[must_use]
    pub fn missed(self, at: Time) -> Self {
        let missed = match self.missed {
            Some((times, first)) => Some((times.saturating_add(1), first)),
            None => Some((1, at)),
        };
        Self { missed, version: self.version.next(), ..self }
    }

    /// The same purchase once its number is erased.
    #[must_use]
    pub fn without_number(mut self) -> Self {
        if let PurchaseState::Bound(bought) | PurchaseState::Orphan(bought) = &mut self.state {
            bought.number = None;
        }
        self
    }

    /// Closes the receivable; `None` if it is closed or there is nothing bought.
    #[must_use]
    pub fn close_receivable(mut self, how: Receivable) -> Option<Self> {
        let bought = match &mut self.state {
            PurchaseState::Bound(bought) | PurchaseState::Orphan(bought) => bought,
            PurchaseState::Sent | PurchaseState::Absent { .. } => return None,
        };
        if bought.receivable != Receivable::Open {
            return None;
        }
        bought.receivable = how;
        self.version = self.version.next();
        Some(self)
    }

    fn become_(self, state: PurchaseState) -> Self {
        Self { state, version: self.version.next(), ..self }
    }
}

impl Bought {
    /// The number was paid for from our balance: provider_receivable → provider_float. `None` if it was free.
    ///
    /// # Errors
    /// Never for a cost above zero; the entry checks its laws.
    pub fn booked(&self, at: Time) -> Result<Option<JournalEntry>, Unbalanced> {
        let source = Source::bought(&self.reservation);
        self.entry(House::ProviderReceivable, House::ProviderFloatTextVerified, source, 1, at)
    }

    /// The number earned its price: cost_of_numbers → provider_receivable, in the entry that captures the hold.
    /// Its leg comes after the two that the store makes of the hold's parts.
    ///
    /// # Errors
    /// Never for a cost above zero; the entry checks its laws.
    pub fn costed(&self, captured: Source, at: Time) -> Result<Option<JournalEntry>, Unbalanced> {
        self.entry(House::CostOfNumbers, House::ProviderReceivable, captured, 3, at)
    }

    /// Its text was shown late and free, so the house bears its cost: cost_of_numbers → provider_receivable.
    ///
    /// # Errors
    /// Never for a cost above zero; the entry checks its laws.
    pub fn costed_late(&self, at: Time) -> Result<Option<JournalEntry>, Unbalanced> {
        self.entry(House::CostOfNumbers, House::ProviderReceivable, Source::late(&self.reservation), 1, at)
    }

    /// The provider's credit was seen: provider_float → the receivable, or the account that closed it already.
    ///
    /// # Errors
    /// Never for a cost above zero; the entry checks its laws.
    pub fn credited(&self, at: Time) -> Result<Option<JournalEntry>, Unbalanced> {
        let to = match self.receivable {
            Receivable::Open | Receivable::Credited { .. } => House::ProviderReceivable,
            Receivable::Costed { .. } => House::CostOfNumbers,
            Receivable::WrittenOff { .. } => House::WriteOff,
        };
        self.entry(House::ProviderFloatTextVerified, to, Source::credited(&self.reservation), 1, at)
    }

    fn entry(
        &self,
        debit: House,
        credit: House,
        source: Source,
        leg: u16,
        at: Time,
    ) -> Result<Option<JournalEntry>, Unbalanced> {
        let Ok(amount) = Amount::try_new(self.cost) else { return Ok(None) };
        let (debit, credit) = (LedgerAccount::House(debit), LedgerAccount::House(credit));
        let transfer = Transfer { debit, credit, amount, kind: EntryKind::Cost, source, leg, at };
        JournalEntry::try_new(vec![transfer]).map(Some)
    }
}
