//! Refunds to source: how much of a payment may go back, and one attempt at sending it back. Pure.

use crate::{
    Amount, HoldId, Money, MoneyError, PaymentId, RefundId, Time, UserId, Version,
    payment::{ChargedMoney, GatewayRefund, GatewayRefundId, Intent, PaymentReference},
    time::{minutes, seconds},
    wallet::Account,
};

/// How much of a payment is not the wallet's any more, or is on its way back, whoever sends it there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaidBack {
    /// Of the wallet's money: everything that was asked for and has not failed, and what disputes took.
    pub taken: Money,
    /// The same in the currency that was paid.
    pub charged: Money,
    /// Of `charged`, what has reached the customer.
    pub arrived: Money,
    /// Disputes over the payment that are neither won nor lost.
    pub open_disputes: u32,
}

impl PaidBack {
    /// Nothing of a payment of `amount` that was charged as `charged`.
    pub const fn nothing(amount: Amount, charged: Amount) -> Self {
        Self {
            taken: Money::zero(amount.currency()),
            charged: Money::zero(charged.currency()),
            arrived: Money::zero(charged.currency()),
            open_disputes: 0,
        }
    }

    pub(crate) fn ask(self, taken: Amount, charged: Amount) -> Result<Self, MoneyError> {
        let (taken, charged) =
            (self.taken.checked_add(taken.money())?, self.charged.checked_add(charged.money())?);
        Ok(Self { taken, charged, ..self })
    }

    pub(crate) fn take_back(self, taken: Amount, charged: Amount) -> Result<Self, MoneyError> {
        let (taken, charged) =
            (self.taken.checked_sub(taken.money())?, self.charged.checked_sub(charged.money())?);
        Ok(Self { taken, charged, ..self })
    }

    pub(crate) fn arrive(self, charged: Amount) -> Result<Self, MoneyError> {
        Ok(Self { arrived: self.arrived.checked_add(charged.money())?, ..self })
    }

    pub(crate) fn unarrive(self, charged: Amount) -> Result<Self, MoneyError> {
        Ok(Self { arrived: self.arrived.checked_sub(charged.money())?, ..self })
    }
}

/// Who asked for a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundOrigin {
    /// The user, with the hold that reserves the money.
    Asked {
        /// Which hold.
        hold: HoldId,
    },
    /// Somebody in the gateway's dashboard: it was found there, and is booked as lost.
    Found,
}

/// Where a refund stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefundState {
    /// The gateway was asked, once, and what became of it is not known.
    Sent {
        /// When the gateway's list was first read whole, after the deadline, without it.
        missed_at: Option<Time>,
    },
    /// The gateway has it.
    Pending {
        /// Under this name.
        gateway: GatewayRefundId,
    },
    /// The customer has the money.
    Processed {
        /// The gateway's name for it.
        gateway: GatewayRefundId,
        /// When we learned it.
        at: Time,
    },
    /// It came to nothing: the wallet has the money, or suspense where the account was closed.
    Failed {
        /// The gateway's name for it, if it ever had it.
        gateway: Option<GatewayRefundId>,
        /// When we learned it.
        at: Time,
    },
}

/// One attempt at giving money back to where it was paid from. Sent to the gateway at most once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    /// Its identifier.
    pub id: RefundId,
    /// Of which payment.
    pub payment: PaymentId,
    /// Our name for the payment at the gateway.
    pub reference: PaymentReference,
    /// Whose.
    pub user: UserId,
    /// What leaves the wallet.
    pub amount: Amount,
    /// What the customer is given, in the currency that was paid.
    pub charged: Amount,
    /// Who asked for it.
    pub origin: RefundOrigin,
    /// Where it stands.
    pub state: RefundState,
    /// When it was stored, at once before it was sent.
    pub created_at: Time,
    /// It is not sent after this.
    pub send_by: Time,
    /// It had failed, and reached the customer all the same. Its hold had ended by then, so the money was taken like that
    /// of a lost dispute, and may come to more than was paid, together with what was refunded in its place.
    pub revived: bool,
    /// What came back of it is in suspense, since its owner had closed the account.
    pub aside: bool,
    /// Counts every change.
    pub version: Version,
}

/// Within this a refund is sent, or never.
const SEND_WITHIN_S: i64 = 2;
/// What the gateway's clock and ours may differ by, when its time of a refund is compared with ours.
const SLACK_S: i64 = 60;
/// A list that does not show a refund counts for its absence only so long after its deadline.
const ABSENT_AFTER_S: i64 = 60;
/// Two lists that do not show it must lie so far apart.
const LISTS_APART_S: i64 = 30;

impl Refund {
    /// A refund that is about to be sent.
    pub(crate) fn ask(id: RefundId, of: &Intent, hold: HoldId, share: Share, now: Time) -> Self {
        Self {
            id,
            payment: of.id,
            reference: of.reference.clone(),
            user: of.user,
            amount: share.amount,
            charged: share.charged,
            origin: RefundOrigin::Asked { hold },
            state: RefundState::Sent { missed_at: None },
            created_at: now,
            send_by: now + seconds(SEND_WITHIN_S),
            revived: false,
            aside: false,
            version: Version::FIRST,
        }
    }

    /// A refund that somebody made in the dashboard, and that has reached the customer.
    pub(crate) fn found(
        id: RefundId,
        of: &Intent,
        gateway: GatewayRefundId,
        share: Share,
        now: Time,
    ) -> Self {
        Self {
            id,
            payment: of.id,
            reference: of.reference.clone(),
            user: of.user,
            amount: share.amount,
            charged: share.charged,
            origin: RefundOrigin::Found,
            state: RefundState::Processed { gateway, at: now },
            created_at: now,
            send_by: now,
            revived: false,
            aside: false,
            version: Version::FIRST,
        }
    }

    /// True while nothing final is known.
    pub const fn is_open(&self) -> bool {
        matches!(self.state, RefundState::Sent { .. } | RefundState::Pending { .. })
    }

    /// The gateway's name for it, as far as we know.
    pub const fn gateway(&self) -> Option<&GatewayRefundId> {
        match &self.state {
            RefundState::Sent { .. } => None,
            RefundState::Pending { gateway } | RefundState::Processed { gateway, .. } => Some(gateway),
            RefundState::Failed { gateway, .. } => gateway.as_ref(),
        }
    }

    /// True if `listed` may be what came of this one: of its amount, and asked for when it was sent.
    pub(crate) fn may_be(&self, listed: &GatewayRefund) -> bool {
        let from = self.created_at - seconds(SLACK_S);
        let until = self.send_by + seconds(SLACK_S);
        self.is_like(listed) && (from..=until).contains(&listed.created_at)
    }

    /// True if `listed` is of its amount, whenever it was asked for.
    pub(crate) fn is_like(&self, listed: &GatewayRefund) -> bool {
        listed.amount == ChargedMoney::Known(self.charged) && listed.dispute.is_none()
    }

    /// What a list that was read whole at `now`, and does not show it, means.
    pub(crate) fn missed(&self, now: Time) -> Missed {
        let RefundState::Sent { missed_at } = &self.state else { return Missed::Nothing };
        let is_late = now >= self.send_by + seconds(ABSENT_AFTER_S);
        match missed_at {
            None if now > self.send_by => Missed::First,
            Some(first) if is_late && now >= *first + seconds(LISTS_APART_S) => Missed::Absent,
            _ => Missed::Nothing,
        }
    }

    /// The same refund in its next state.
    #[must_use]
    pub(crate) fn becomes(self, state: RefundState) -> Self {
        Self { state, version: self.version.next(), ..self }
    }
}

/// What a list without a refund means for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missed {
    /// Too early to say.
    Nothing,
    /// The first such list.
    First,
    /// There is none, and there will be none.
    Absent,
}

/// A part of a payment, in both of its currencies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Share {
    pub(crate) amount: Amount,
    pub(crate) charged: Amount,
}

/// What else limits a refund of one payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefundLimits {
    /// What newer deposits brought and have not given back.
    pub newer_deposits: Money,
    /// What staff gave on balance, which is nobody's to withdraw.
    pub goodwill: Money,
}

impl Intent {
    /// How much may go back now: min(what of it has not gone back, what is available but neither newer nor given),
    /// and never below zero.
    pub fn refundable(&self, account: &Account, limits: RefundLimits) -> Money {
        let left = self.amount.units() - self.back.taken.units();
        let own = account.wallet_available().units()
            - limits.newer_deposits.units()
            - limits.goodwill.units().max(0);
        Money::from_units(left.min(own).max(0), self.amount.currency())
    }

    /// What the customer is given for `amount` of the wallet's: at the payment's own rate, rounded down to a whole
    /// coin, but all that is left for all that is left. `None` if that is no whole coin, or more than is left.
    pub(crate) fn share_of(&self, amount: Amount) -> Option<Share> {
        let left = self.amount.units() - self.back.taken.units();
        let left_charged = self.charged.units() - self.back.charged.units();
        let charged = if amount.units() == left {
            left_charged
        } else {
            let exact = proportion(self.charged.units(), amount.units(), self.amount.units())?;
            let coin = Money::from_subunits(1, self.charged.currency()).ok()?.units();
            (exact / coin * coin).min(left_charged)
        };
        let charged = Amount::try_new(Money::from_units(charged, self.charged.currency())).ok()?;
        (amount.currency() == self.amount.currency() && amount.units() <= left)
            .then_some(Share { amount, charged })
    }

    /// What a sum that the gateway took is worth to the wallet: at the payment's own rate, rounded down, and never
    /// more than the payment brought. `None` in another currency than was paid.
    pub(crate) fn share_taken(&self, charged: Amount) -> Option<Share> {
        if charged.currency() != self.charged.currency() {
            return None;
        }
        let units = charged.units().min(self.charged.units());
        let worth = proportion(self.amount.units(), units, self.charged.units())?.max(1);
        let amount = Amount::try_new(Money::from_units(worth, self.amount.currency())).ok()?;
        Some(Share { amount, charged })
    }
}

/// `whole` × `part` / `of`, rounded down.
fn proportion(whole: i64, part: i64, of: i64) -> Option<i64> {
    let exact = i128::from(whole) * i128::from(part) / i128::from(of);
    i64::try_from(exact).ok()
}

/// How long after a refund was asked for the account-wide list is looked through for its news.
pub(crate) const LOOK_BACK: chrono::TimeDelta = minutes(3 * 24 * 60);
/// The same once an hour: banks take weeks over a refund, and some give it back after that.
pub(crate) const LOOK_FAR_BACK: chrono::TimeDelta = minutes(30 * 24 * 60);

#[cfg(test)]
pub(super) mod tests;
