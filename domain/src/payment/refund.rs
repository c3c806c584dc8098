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
    /// It came to nothing: the wallet has the money.
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
pub(super) mod tests {
    use super::*;
    use crate::{
        Currency,
        payment::{FxRate, GatewayRefundStatus, IntentState},
        wallet::Pocket,
    };

    fn usd(units: i64) -> Money {
        Money::from_units(units, Currency::Usd)
    }

    pub(in crate::payment) fn amount(units: i64, currency: Currency) -> Amount {
        Amount::try_new(Money::from_units(units, currency)).expect("above zero")
    }

    /// Ten dollars for 16,000.50 naira.
    pub(in crate::payment) fn payment() -> Intent {
        let (amount, charged) = (amount(10_000_000, Currency::Usd), amount(16_000_500_000, Currency::Ngn));
        Intent {
            id: PaymentId::from_uuid(uuid::Uuid::nil()),
            user: UserId::from_uuid(uuid::Uuid::nil()),
            reference: PaymentReference::try_new("nmk-1").expect("a reference"),
            amount,
            charged,
            rate: FxRate::one_to_one(),
            checkout_url: None,
            state: IntentState::Succeeded { at: Time::UNIX_EPOCH },
            created_at: Time::UNIX_EPOCH,
            expires_at: Time::UNIX_EPOCH,
            checks: 0,
            next_check_at: None,
            back: PaidBack::nothing(amount, charged),
            version: Version::FIRST,
        }
    }

    fn account(posted: i64, held: i64, disputed: i64) -> Account {
        Account {
            wallet: Pocket { posted: usd(posted), held: usd(held) },
            disputed: usd(disputed),
            ..Account::open(UserId::from_uuid(uuid::Uuid::nil()))
        }
    }

    #[test]
    fn what_is_refundable_is_neither_spent_nor_held_nor_newer_nor_given() {
        let limits = |newer, goodwill| RefundLimits { newer_deposits: usd(newer), goodwill: usd(goodwill) };
        for ((posted, held, disputed, newer, goodwill), expected) in [
            ((10_000_000, 0, 0, 0, 0), 10_000_000),
            ((50_000_000, 0, 0, 0, 0), 10_000_000),
            ((8_870_000, 0, 0, 0, 0), 8_870_000),
            ((10_000_000, 1_130_000, 0, 0, 0), 8_870_000),
            ((10_000_000, 0, 4_000_000, 0, 0), 6_000_000),
            ((15_000_000, 0, 0, 6_000_000, 0), 9_000_000),
            ((5_000_000, 0, 0, 6_000_000, 0), 0),
            ((12_000_000, 0, 0, 0, 3_000_000), 9_000_000),
            // What staff took on balance gives nothing to withdraw.
            ((9_000_000, 0, 0, 0, -3_000_000), 9_000_000),
        ] {
            let refundable = payment().refundable(&account(posted, held, disputed), limits(newer, goodwill));
            assert_eq!(refundable.units(), expected, "{posted} {held} {disputed} {newer} {goodwill}");
        }
    }

    #[test]
    fn parts_are_rounded_down_to_the_coin_and_the_last_one_gives_all_that_is_left() {
        let mut payment = payment();
        let mut given = 0;
        for units in [3_333_333, 3_333_333, 3_333_334] {
            let share = payment.share_of(amount(units, Currency::Usd)).expect("a share");
            assert!(share.charged.money().to_subunits().is_some());
            given += share.charged.units();
            payment.back = payment.back.ask(share.amount, share.charged).expect("in range");
        }
        assert_eq!(given, payment.charged.units());
        assert_eq!(payment.share_of(amount(1, Currency::Usd)), None);
    }

    #[test]
    fn less_than_a_coin_more_than_is_left_and_other_money_are_no_share() {
        assert_eq!(payment().share_of(amount(1, Currency::Usd)), None);
        assert_eq!(payment().share_of(amount(10_000_001, Currency::Usd)), None);
        assert_eq!(payment().share_of(amount(1_000_000, Currency::Ngn)), None);
        assert_eq!(payment().share_taken(amount(1_000_000, Currency::Ghs)), None);
    }

    #[test]
    fn what_a_gateway_took_is_never_worth_more_than_the_payment_brought() {
        let all = payment().share_taken(amount(99_000_000_000, Currency::Ngn)).expect("a share");
        assert_eq!((all.amount.units(), all.charged.units()), (10_000_000, 99_000_000_000));
        let half = payment().share_taken(amount(8_000_250_000, Currency::Ngn)).expect("a share");
        assert_eq!(half.amount.units(), 5_000_000);
    }

    #[test]
    fn a_listed_refund_is_ours_by_its_amount_and_its_time_and_only_without_a_dispute() {
        let (payment, now) = (payment(), Time::UNIX_EPOCH + minutes(60));
        let share = payment.share_of(payment.amount).expect("a share");
        let id = RefundId::from_uuid(uuid::Uuid::nil());
        let refund = Refund::ask(id, &payment, HoldId::from_uuid(uuid::Uuid::nil()), share, now);
        let listed = |after_s, amount| GatewayRefund {
            id: GatewayRefundId::try_new("9").expect("an id"),
            amount,
            status: GatewayRefundStatus::Pending,
            created_at: now + seconds(after_s),
            dispute: None,
        };
        let whole = ChargedMoney::Known(payment.charged);
        for (after_s, may_be) in [(-61, false), (-60, true), (0, true), (62, true), (63, false)] {
            assert_eq!(refund.may_be(&listed(after_s, whole.clone())), may_be, "{after_s}");
        }
        assert!(!refund.may_be(&listed(0, ChargedMoney::Known(amount(1, Currency::Ngn)))));
        let dispute = crate::payment::GatewayDisputeId::try_new("7").ok();
        assert!(!refund.may_be(&GatewayRefund { dispute, ..listed(0, whole) }));
        assert_eq!(refund.missed(now + seconds(2)), Missed::Nothing);
        assert_eq!(refund.missed(now + seconds(3)), Missed::First);
        let missed_at =
            |after_s| refund.clone().becomes(RefundState::Sent { missed_at: Some(now + seconds(after_s)) });
        assert_eq!(missed_at(3).missed(now + seconds(61)), Missed::Nothing);
        assert_eq!(missed_at(3).missed(now + seconds(62)), Missed::Absent);
        assert_eq!(missed_at(50).missed(now + seconds(79)), Missed::Nothing);
        assert_eq!(missed_at(50).missed(now + seconds(80)), Missed::Absent);
    }
}
