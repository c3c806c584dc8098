//! Corrections of wallets: small ones are booked at once, larger ones wait for a second pair of eyes. Pure decisions.

use crate::{
    AdjustmentId, Amount, BookingId, Money, Time, UserId, Version,
    staff::Facts,
    time::hours,
    wallet::{Booking, Direction, Movement, Reason},
};

/// Hours over which corrections that were booked at once add up.
const WINDOW_H: i64 = 24;
/// Hours for which a proposal waits.
const WAITS_H: i64 = 72;
/// Hours for which somebody must have been staff, as what he is, before he corrects anything or approves.
const SETTLED_H: i64 = 24;

/// What somebody wants to be corrected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// The new correction.
    pub id: AdjustmentId,
    /// Whose wallet.
    pub user: UserId,
    /// Which way.
    pub direction: Direction,
    /// By how much, in dollars.
    pub amount: Amount,
    /// Why.
    pub reason: Reason,
}

/// What was booked at once since [`Recent::since`], credits and debits alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recent {
    /// By whoever asks now, to anybody.
    pub by_actor: Money,
    /// To the user whom it is about, by anybody.
    pub to_user: Money,
}

impl Recent {
    /// What counts at `now` was booked after this.
    pub fn since(now: Time) -> Time {
        now - hours(WINDOW_H)
    }
}

/// What became of a correction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AdjustmentState {
    /// It waits for somebody else, while it has not expired.
    Proposed,
    /// It has moved the money.
    Booked {
        /// Who approved it; `None` if it was small enough to need nobody.
        approved_by: Option<UserId>,
        /// When.
        at: Time,
    },
    /// It will never move anything.
    Rejected {
        /// Who said so.
        by: UserId,
        /// Why, if he said that.
        note: Option<Reason>,
        /// When.
        at: Time,
    },
}

/// The same as a word, as it is at some instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AdjustmentStatus {
    /// It waits.
    Proposed,
    /// Nobody decided in time.
    Expired,
    /// The money has moved.
    Booked,
    /// It was refused.
    Rejected,
}

impl AdjustmentStatus {
    /// As it is told.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Expired => "expired",
            Self::Booked => "booked",
            Self::Rejected => "rejected",
        }
    }
}

/// A correction of a wallet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adjustment {
    /// Its identifier; its booking has the same bits, so it is booked once.
    pub id: AdjustmentId,
    /// Whose wallet.
    pub user: UserId,
    /// Which way.
    pub direction: Direction,
    /// By how much.
    pub amount: Amount,
    /// Why.
    pub reason: Reason,
    /// Who asked.
    pub proposed_by: UserId,
    /// When.
    pub proposed_at: Time,
    /// What became of it.
    pub state: AdjustmentState,
    /// Counts every change.
    pub version: Version,
}

/// Why a correction is not proposed, approved or rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AdjustmentRefusal {
    /// Nobody corrects his own wallet.
    #[error("nobody corrects his own wallet")]
    OwnWallet,
    /// Nobody decides on what he has proposed.
    #[error("nobody decides on what he has proposed himself")]
    OwnProposal,
    /// Who has just become staff corrects and approves nothing.
    #[error("whoever corrects or approves has been staff for a day")]
    TooNew,
    /// Whoever proposed it is not staff any more, or has been it anew, or as something else, only since.
    #[error("whoever proposed it is not what he was then")]
    ProposerGone,
    /// It waited too long.
    #[error("the proposal has expired")]
    Expired,
    /// It was booked or rejected before.
    #[error("the proposal has been decided already")]
    Decided,
}

/// A member of staff, and since when he is one as what he is.
///
/// Both who asks and who approves have been so for a day: otherwise one owner, or whoever holds his sign-in, makes the
/// other pair of eyes himself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colleague {
    /// Who.
    pub user: UserId,
    /// Since when, if he is staff at all and may act.
    pub since: Option<Time>,
}

impl Colleague {
    fn is_settled(&self, now: Time) -> bool {
        self.since.is_some_and(|since| now >= since + hours(SETTLED_H))
    }

    /// True if he is still what he was at that time.
    fn was_so(&self, at: Time) -> bool {
        self.since.is_some_and(|since| since < at)
    }
}

impl Adjustment {
    /// Booked at once if what was booked so within a day, by this actor and to this user each, stays within `limit`
    /// with it; proposed otherwise.
    ///
    /// # Errors
    /// `OwnWallet`, `TooNew`.
    pub fn asked(
        wish: Wish,
        by: Colleague,
        recent: Recent,
        limit: Money,
        now: Time,
    ) -> Result<Self, AdjustmentRefusal> {
        if wish.user == by.user {
            return Err(AdjustmentRefusal::OwnWallet);
        }
        if !by.is_settled(now) {
            return Err(AdjustmentRefusal::TooNew);
        }
        let fits = |sum: Money| sum.checked_add(wish.amount.money()).is_ok_and(|sum| sum.is_at_most(limit));
        let state = if fits(recent.by_actor) && fits(recent.to_user) {
            AdjustmentState::Booked { approved_by: None, at: now }
        } else {
            AdjustmentState::Proposed
        };
        let Wish { id, user, direction, amount, reason } = wish;
        let version = Version::FIRST;
        Ok(Self {
            id,
            user,
            direction,
            amount,
            reason,
            proposed_by: by.user,
            proposed_at: now,
            state,
            version,
        })
    }

    /// Proposed -> Booked. `proposer` is whoever proposed it, as he is now: the second pair of eyes needs a first one.
    ///
    /// # Errors
    /// `Decided`, `Expired`, `OwnWallet`, `OwnProposal`, `TooNew`, `ProposerGone`.
    pub fn approved(self, by: Colleague, proposer: Colleague, now: Time) -> Result<Self, AdjustmentRefusal> {
        self.is_for(by.user, now)?;
        if !by.is_settled(now) {
            return Err(AdjustmentRefusal::TooNew);
        }
        if proposer.user != self.proposed_by || !proposer.was_so(self.proposed_at) {
            return Err(AdjustmentRefusal::ProposerGone);
        }
        Ok(self.decided(AdjustmentState::Booked { approved_by: Some(by.user), at: now }))
    }

    /// Proposed -> Rejected.
    ///
    /// # Errors
    /// `Decided`, `Expired`, `OwnWallet`, `OwnProposal`.
    pub fn rejected(self, by: UserId, note: Option<Reason>, now: Time) -> Result<Self, AdjustmentRefusal> {
        self.is_for(by, now)?;
        Ok(self.decided(AdjustmentState::Rejected { by, note, at: now }))
    }

    fn is_for(&self, by: UserId, now: Time) -> Result<(), AdjustmentRefusal> {
        match self.status(now) {
            AdjustmentStatus::Booked | AdjustmentStatus::Rejected => Err(AdjustmentRefusal::Decided),
            AdjustmentStatus::Expired => Err(AdjustmentRefusal::Expired),
            AdjustmentStatus::Proposed if self.user == by => Err(AdjustmentRefusal::OwnWallet),
            AdjustmentStatus::Proposed if self.proposed_by == by => Err(AdjustmentRefusal::OwnProposal),
            AdjustmentStatus::Proposed => Ok(()),
        }
    }

    fn decided(self, state: AdjustmentState) -> Self {
        Self { state, version: self.version.next(), ..self }
    }

    /// Until when it can be decided on, if it was not booked at once.
    pub fn expires_at(&self) -> Time {
        self.proposed_at + hours(WAITS_H)
    }

    /// What was proposed then or before has expired at `now`.
    pub fn expired_from(now: Time) -> Time {
        now - hours(WAITS_H)
    }

    /// How it stands at `now`. Only the clock ends a proposal: nothing is written when it expires.
    pub fn status(&self, now: Time) -> AdjustmentStatus {
        match self.state {
            AdjustmentState::Proposed if now < self.expires_at() => AdjustmentStatus::Proposed,
            AdjustmentState::Proposed => AdjustmentStatus::Expired,
            AdjustmentState::Booked { .. } => AdjustmentStatus::Booked,
            AdjustmentState::Rejected { .. } => AdjustmentStatus::Rejected,
        }
    }

    /// What it moves; nothing unless it is booked.
    pub fn booking(&self) -> Option<Booking> {
        let AdjustmentState::Booked { at, .. } = self.state else { return None };
        let Self { user, direction, amount, .. } = *self;
        let id = BookingId::from_uuid(self.id.uuid());
        Some(Booking {
            id,
            movement: Movement::Adjusted { user, direction, amount },
            reason: self.reason.clone(),
            at,
        })
    }

    /// What the log tells of it.
    pub(super) fn facts(&self, now: Time) -> Facts {
        let facts = Facts::none().with("adjustment", self.id).with("status", self.status(now).name());
        let facts = facts.with("amount", self.signed()).with("reason", self.reason.as_str());
        match &self.state {
            AdjustmentState::Rejected { note: Some(note), .. } => facts.with("note", note.as_str()),
            _ => facts,
        }
    }

    /// The amount as the user sees it: a debit is below zero.
    pub fn signed(&self) -> Money {
        let units = match self.direction {
            Direction::Credit => self.amount.units(),
            Direction::Debit => -self.amount.units(),
        };
        Money::from_units(units, self.amount.currency())
    }
}
