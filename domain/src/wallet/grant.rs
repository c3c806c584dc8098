//! Promo grants: money that the house gives, for a time or for good.
//!
//! Promo is one purse, spent as one. What is left of a grant is reckoned by the order in which grants expire: the one
//! that expires first is spent first, so what is posted belongs to the later ones first.

use crate::{
    Amount, Change, GrantId, Money, Standing, Time, UnitOfWork, UserId, Version,
    wallet::{
        Account, EntryKind, House, JournalEntry, LedgerAccount, Legs, Purse, Reason, Source, Unbalanced,
    },
};

/// A gift, until nothing is left of it or what was left has been taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromoGrant {
    /// Its identifier.
    pub id: GrantId,
    /// Who got it.
    pub user: UserId,
    /// How much, in dollars.
    pub amount: Amount,
    /// Why.
    pub reason: Reason,
    /// From when on what is left is taken back; `None`: never.
    pub expires_at: Option<Time>,
    /// Since when, and why, it is taken back before it expires.
    pub clawed_back: Option<(Time, Reason)>,
    /// How much was taken back.
    pub taken: Money,
    /// When it was given.
    pub granted_at: Time,
    /// When nothing was left of it, after it was due.
    pub closed_at: Option<Time>,
    /// Counts every change.
    pub version: Version,
}

impl PromoGrant {
    /// The gift: promo_expense → promo.
    ///
    /// # Errors
    /// Never; the entry checks its laws.
    pub fn given(&self) -> Result<JournalEntry, Unbalanced> {
        let mut legs = Legs::new(Source::granted(self.id), EntryKind::Promo, self.granted_at);
        let promo = LedgerAccount::User(self.user, Purse::Promo);
        legs.add(LedgerAccount::House(House::PromoExpense), promo, self.amount);
        legs.into_entry()
    }

    /// From when on what is left may be taken; `None`: never.
    pub fn due_at(&self) -> Option<Time> {
        let clawed_back = self.clawed_back.as_ref().map(|(at, _)| *at);
        [self.expires_at, clawed_back].into_iter().flatten().min()
    }

    /// True if what is left may be taken.
    pub fn is_due(&self, now: Time) -> bool {
        self.closed_at.is_none() && self.due_at().is_some_and(|due| due <= now)
    }

    /// To be taken back from now on. Its place among the user's grants stays. `None` if it is closed.
    #[must_use]
    pub fn claw_back(mut self, reason: Reason, now: Time) -> Option<Self> {
        if self.closed_at.is_some() {
            return None;
        }
        self.clawed_back = Some((now, reason));
        self.version = self.version.next();
        Some(self)
    }

    /// What has not been taken back of it, spent or not.
    fn rest(&self) -> i64 {
        self.amount.units() - self.taken.units()
    }

    /// What is left of it: the purse's posted sum less what later grants have given, at most the grant itself.
    /// `open` are the user's grants that are not closed.
    pub fn left(&self, account: &Account, open: &[Self]) -> Money {
        let later = open.iter().filter(|other| other.expires_after(self));
        let later: i64 = later.map(Self::rest).sum();
        let units = (account.promo.posted.units() - later).clamp(0, self.rest());
        Money::from_units(units, self.amount.currency())
    }

    /// False for a grant and itself.
    fn expires_after(&self, other: &Self) -> bool {
        let key = |grant: &Self| (grant.expires_at.is_none(), grant.expires_at, grant.id);
        key(self) > key(other)
    }
}

/// What may still come back to the promo purse, so that its posted sum is never above what is not taken back of `open`,
/// the user's grants that are not closed. What would come back above that is no grant's any more: nothing would ever
/// take it back. One that is due counts while it is not closed, and is taken again.
pub fn room_for_promo(account: &Account, open: &[PromoGrant]) -> Money {
    let rest: i64 = open.iter().map(PromoGrant::rest).sum();
    let posted = account.promo.posted;
    Money::from_units((rest - posted.units()).max(0), posted.currency())
}

/// What is left of gifts that are over, and not taken back yet: money that no further hold may take.
/// `open` are the user's grants that are not closed.
fn lapsed_promo(account: &Account, open: &[PromoGrant], now: Time) -> Money {
    let over = open.iter().filter(|grant| grant.is_due(now));
    let units = over.map(|grant| grant.left(account, open).units()).sum();
    Money::from_units(units, account.promo.posted.currency())
}

/// Takes back what is left of a due grant, as far as no hold has it, and closes the grant when nothing remains. What
/// a hold has lapses: it is taken once it is released, and held no second time. `None` if there is nothing to do now. The
/// unit rests on the account as it was read.
///
/// # Errors
/// Never; the entry checks its laws.
pub fn take_back(
    grant: PromoGrant,
    account: &Account,
    open: &[PromoGrant],
    now: Time,
) -> Result<Option<UnitOfWork>, Unbalanced> {
    if !grant.is_due(now) {
        return Ok(None);
    }
    let left = grant.left(account, open).units();
    let taken = left.min(account.promo.available().units());
    let (currency, is_stuck) = (grant.amount.currency(), left > 0 && taken == 0);
    if is_stuck {
        let lapse = newly_lapsed(account, 0, open, now);
        let unit = UnitOfWork::new().expecting(grant.user, Standing::AsRead(account.version));
        return Ok((lapse != 0).then(|| unit.lapse_promo(grant.user, lapse)));
    }
    let next = PromoGrant {
        taken: Money::from_units(grant.taken.units() + taken, currency),
        closed_at: (taken == left).then_some(now),
        version: grant.version.next(),
        ..grant
    };
    let mut still = open.to_vec();
    still.retain(|other| other.id != next.id);
    still.extend(next.closed_at.is_none().then(|| next.clone()));
    let mut unit = UnitOfWork::new().expecting(next.user, Standing::AsRead(account.version));
    unit = unit.lapse_promo(next.user, newly_lapsed(account, -taken, &still, now));
    if let Ok(amount) = Amount::try_new(Money::from_units(taken, currency)) {
        let mut legs = Legs::new(Source::grant_taken(next.id, next.version), EntryKind::Promo, now);
        let promo = LedgerAccount::User(next.user, Purse::Promo);
        legs.add(promo, LedgerAccount::House(House::PromoExpense), amount);
        unit = unit.post(legs.into_entry()?);
    }
    Ok(Some(unit.with(Change::Grant(next))))
}

/// By how many units what has lapsed changes when so much comes to the purse, or goes out of it.
pub fn newly_lapsed(account: &Account, comes: i64, open: &[PromoGrant], now: Time) -> i64 {
    let mut after = account.clone();
    after.promo.posted =
        Money::from_units(account.promo.posted.units() + comes, account.promo.posted.currency());
    lapsed_promo(&after, open, now).units() - account.promo_lapsed.units()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Currency, wallet::Pocket};

    const fn usd(units: i64) -> Money {
        Money::from_units(units, Currency::Usd)
    }

    fn at(hours: i64) -> Time {
        Time::UNIX_EPOCH + crate::time::hours(hours)
    }

    fn grant(number: u128, units: i64, expires: Option<i64>) -> PromoGrant {
        PromoGrant {
            id: GrantId::from_uuid(uuid::Uuid::from_u128(number)),
            user: UserId::from_uuid(uuid::Uuid::nil()),
            amount: Amount::try_new(usd(units)).expect("above zero"),
            reason: Reason::try_new("welcome").expect("a reason"),
            expires_at: expires.map(at),
            clawed_back: None,
            taken: usd(0),
            granted_at: at(0),
            closed_at: None,
            version: Version::FIRST,
        }
    }

    fn with(posted: i64, held: i64) -> Account {
        let promo = Pocket { posted: usd(posted), held: usd(held) };
        Account { promo, ..Account::open(UserId::from_uuid(uuid::Uuid::nil())) }
    }

    /// What is taken, and whether the grant is closed.
    fn taken(grant: &PromoGrant, account: &Account, open: &[PromoGrant]) -> Option<(i64, bool)> {
        let unit = take_back(grant.clone(), account, open, at(10)).expect("balanced")?;
        // What is only noted as lapsed takes nothing.
        let Some(Change::Grant(next)) = unit.changes().first() else { return None };
        let posted: i64 = unit.transfers().iter().map(|t| t.amount.units()).sum();
        assert_eq!(posted, next.taken.units() - grant.taken.units());
        Some((posted, next.closed_at.is_some()))
    }

    #[test]
    fn the_grant_that_expires_first_is_spent_first() {
        let (first, second, third) = (grant(3, 100, Some(5)), grant(2, 50, Some(8)), grant(1, 30, None));
        let open = [first.clone(), second.clone(), third.clone()];
        for (posted, left) in [(180, (100, 50, 30)), (150, (70, 50, 30)), (60, (0, 30, 30)), (20, (0, 0, 20))]
        {
            let account = with(posted, 0);
            let of = |grant: &PromoGrant| grant.left(&account, &open).units();
            assert_eq!((of(&first), of(&second), of(&third)), left, "{posted}");
        }
        // Money that no grant explains is nobody's to take.
        assert_eq!(first.left(&with(500, 0), &open).units(), 100);
    }

    #[test]
    fn as_much_comes_back_as_open_grants_explain() {
        let (spent, half) = (grant(1, 100, Some(5)), PromoGrant { taken: usd(30), ..grant(2, 50, None) });
        let room = |posted, open: &[PromoGrant]| room_for_promo(&with(posted, 0), open).units();
        assert_eq!((room(0, &[]), room(7, &[])), (0, 0));
        let open = [spent, half];
        for (posted, expected) in [(0, 120), (20, 100), (120, 0), (121, 0)] {
            assert_eq!(room(posted, &open), expected, "{posted}");
        }
    }

    #[test]
    fn what_is_left_is_taken_at_once_and_what_is_held_later() {
        let due = grant(1, 100, Some(5));
        let open = [due.clone()];
        assert_eq!(taken(&due, &with(80, 0), &open), Some((80, true)));
        assert_eq!(taken(&due, &with(80, 30), &open), Some((50, false)));
        assert_eq!(taken(&due, &with(80, 80), &open), None);
        assert_eq!(taken(&due, &with(0, 0), &open), Some((0, true)));
        let rest = PromoGrant { taken: usd(50), version: Version::FIRST.next(), ..due };
        assert_eq!(taken(&rest, &with(30, 0), &open), Some((30, true)));
        assert_eq!(taken(&rest, &with(0, 0), &open), Some((0, true)));
        assert_eq!(taken(&rest, &with(80, 0), std::slice::from_ref(&rest)), Some((50, true)));
    }

    /// By how much the purse has lapsed more, if there is anything to do.
    fn lapses(grant: &PromoGrant, account: &Account, open: &[PromoGrant]) -> Option<i64> {
        let unit = take_back(grant.clone(), account, open, at(10)).expect("balanced")?;
        Some(unit.accounts()[&grant.user].promo_lapsed_units)
    }

    #[test]
    fn what_a_hold_has_of_a_gift_that_is_over_lapses_until_it_is_taken() {
        let (due, later) = (grant(1, 100, Some(5)), grant(2, 40, None));
        let open = [due.clone(), later];
        let lapsed = |units, account| Account { promo_lapsed: usd(units), ..account };
        // What no hold has goes at once; of what a hold has 40 are the later gift's.
        assert_eq!(lapses(&due, &with(140, 30), &open), Some(0));
        assert_eq!(lapses(&due, &with(140, 130), &open), Some(90));
        assert_eq!(lapses(&due, &with(140, 140), &open), Some(100));
        assert_eq!(lapses(&due, &lapsed(100, with(140, 140)), &open), None, "nothing is new");
        assert_eq!(lapses(&due, &lapsed(100, with(140, 0)), &open), Some(-100));
        assert_eq!(lapses(&due, &lapsed(100, with(140, 60)), &open), Some(-80));
        assert_eq!(lapses(&due, &lapsed(60, with(40, 0)), &open), Some(-60), "all of it was spent");
    }

    #[test]
    fn a_grant_is_taken_only_once_it_is_due() {
        for not_due in [grant(1, 100, None), grant(1, 100, Some(11))] {
            assert_eq!(taken(&not_due, &with(100, 0), std::slice::from_ref(&not_due)), None);
            let reason = Reason::try_new("abuse").expect("a reason");
            let clawed_back = not_due.claw_back(reason, at(9)).expect("open");
            assert_eq!(
                taken(&clawed_back, &with(100, 0), std::slice::from_ref(&clawed_back)),
                Some((100, true))
            );
        }
    }

    #[test]
    fn a_claw_back_takes_no_part_of_another_grant() {
        let (first, bonus) = (grant(1, 100, Some(20)), grant(2, 50, None));
        let reason = Reason::try_new("refunded").expect("a reason");
        let bonus = bonus.claw_back(reason, at(9)).expect("open");
        let open = [first.clone(), bonus.clone()];
        assert_eq!(taken(&bonus, &with(100, 0), &open), Some((50, true)));
        assert_eq!(taken(&bonus, &with(30, 0), &open), Some((30, true)));
        assert_eq!(first.left(&with(100, 0), &open).units(), 50);
    }
}
