//! Sentences about corrections of wallets.

use namaskah_domain::{
    Change, CommitError, Money, Page, Standing, Unique, UnitOfWork, UserId,
    auth::User,
    staff::{
        Adjustment, AdjustmentQuery, AdjustmentState, AdjustmentStatus, AuditAction, AuditEntry, Recent,
        Subject,
    },
    wallet::{Direction, Reason},
};

use super::Backend;
use crate::{
    assert_refused,
    given::{self, at, usd},
};

const fn first<T>(limit: u32) -> Page<T> {
    Page { limit, after: None }
}

async fn stored(on: &Backend, asked: Adjustment) -> Adjustment {
    on.apply(UnitOfWork::new().with(Change::Adjustment(asked.clone()))).await;
    asked
}

fn booked(by: UserId, user: UserId, seconds: i64) -> Adjustment {
    let state = AdjustmentState::Booked { approved_by: None, at: at(seconds) };
    Adjustment { user, state, ..given::adjustment(by) }
}

/// In each state, with and without a note.
pub async fn a_correction_is_stored_as_decided(on: &Backend) {
    let note = Reason::try_new("said \"no\", é").ok();
    for state in [
        AdjustmentState::Proposed,
        AdjustmentState::Booked { approved_by: None, at: at(5) },
        AdjustmentState::Booked { approved_by: Some(given::id()), at: at(5) },
        AdjustmentState::Rejected { by: given::id(), note: None, at: at(6) },
        AdjustmentState::Rejected { by: given::id(), note, at: at(6) },
    ] {
        let asked = Adjustment { direction: Direction::Debit, ..given::adjustment(given::id()) };
        let asked = stored(on, asked).await;
        assert_eq!(on.adjustments.adjustment(asked.id).await.expect("readable"), Some(asked.clone()));
        let again = on.refuse(UnitOfWork::new().with(Change::Adjustment(asked.clone()))).await;
        assert_refused!(again, CommitError::Duplicate(Unique::Record));
        let decided = stored(on, Adjustment { state, version: asked.version.next(), ..asked }).await;
        assert_eq!(on.adjustments.adjustment(decided.id).await.expect("readable"), Some(decided.clone()));
        let late = on.refuse(UnitOfWork::new().with(Change::Adjustment(decided))).await;
        assert_refused!(late, CommitError::Stale);
    }
    assert_eq!(on.adjustments.adjustment(given::id()).await.expect("readable"), None);
}

/// By state as it is now and by user, newest first, in pages.
pub async fn corrections_are_found_by_how_they_stand(on: &Backend) {
    let (by, ada) = (given::id(), given::id());
    let old = stored(on, Adjustment { proposed_at: at(0), user: ada, ..given::adjustment(by) }).await;
    let new = stored(on, Adjustment { proposed_at: at(9), ..given::adjustment(by) }).await;
    let done = stored(on, booked(by, ada, 9)).await;
    let state = AdjustmentState::Rejected { by: given::id(), note: None, at: at(9) };
    let refused = stored(on, Adjustment { state, ..given::adjustment(by) }).await;
    let now = old.expires_at();
    let of = |status| AdjustmentQuery { status: Some(status), user: None };
    for (query, expected) in [
        (AdjustmentQuery::default(), vec![&refused, &done, &new, &old]),
        (of(AdjustmentStatus::Proposed), vec![&new]),
        (of(AdjustmentStatus::Expired), vec![&old]),
        (of(AdjustmentStatus::Booked), vec![&done]),
        (of(AdjustmentStatus::Rejected), vec![&refused]),
        (AdjustmentQuery { status: None, user: Some(ada) }, vec![&done, &old]),
        (AdjustmentQuery { user: Some(ada), ..of(AdjustmentStatus::Expired) }, vec![&old]),
    ] {
        let found = on.adjustments.adjustments(&query, now, first(10)).await.expect("readable").rows;
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{query:?}");
    }
    let page = Page { limit: 2, after: Some(refused.id) };
    let page = on.adjustments.adjustments(&AdjustmentQuery::default(), now, page).await.expect("readable");
    assert_eq!((page.rows, page.has_more), (vec![done, new], true));
}

/// Neither what waits, nor what two decided, nor what is a day old.
pub async fn what_was_booked_at_once_is_summed_by_actor_and_by_user(on: &Backend) {
    let (ada, bob, user) = (given::id(), given::id(), given::id());
    let units = given::adjustment(ada).amount.units();
    for asked in [
        booked(ada, user, 2),
        booked(ada, given::id(), 3),
        booked(bob, user, 4),
        booked(bob, given::id(), 4),
        Adjustment { direction: Direction::Debit, ..booked(ada, user, 5) },
        booked(ada, user, 1),
        Adjustment { user, ..given::adjustment(ada) },
        Adjustment {
            state: AdjustmentState::Booked { approved_by: Some(bob), at: at(5) },
            ..booked(ada, user, 5)
        },
    ] {
        stored(on, asked).await;
    }
    let sums = |by_actor: i64, to_user: i64| Recent {
        by_actor: Money::from_units(by_actor * units, namaskah_domain::Currency::Usd),
        to_user: Money::from_units(to_user * units, namaskah_domain::Currency::Usd),
    };
    for (by, to, expected) in
        [(ada, user, sums(3, 3)), (bob, user, sums(2, 3)), (given::id(), given::id(), sums(0, 0))]
    {
        let found = on.adjustments.booked_at_once(by, to, at(1)).await.expect("readable");
        assert_eq!(found, expected);
    }
}

/// From his beginning, or from when the log last tells of his role, or of the end of a suspension: whoever may lift one
/// could let somebody in for a minute.
pub async fn staff_is_what_it_is_since_the_log_tells_of_it(on: &Backend) {
    let user = User { created_at: at(5), ..given::user() };
    on.apply(UnitOfWork::new().with(Change::User(user.clone()))).await;
    let since = async || on.adjustments.staff_since(user.id).await.expect("readable");
    assert_eq!(since().await, Some(at(5)));
    for (action, seconds, expected) in [
        (AuditAction::StaffAdded, 7, 7),
        (AuditAction::StaffRoleChanged, 9, 9),
        (AuditAction::OwnerCreated, 8, 9),
        (AuditAction::UserReset, 11, 9),
        (AuditAction::UserUnsuspended, 12, 12),
    ] {
        let line = given::audit_entry(&given::actor());
        let line = AuditEntry { action, subject: Subject::user(user.id), at: at(seconds), ..line };
        on.apply(UnitOfWork::new().with(Change::Audited(line))).await;
        assert_eq!(since().await, Some(at(expected)));
    }
    assert_eq!(on.adjustments.staff_since(given::id()).await.expect("readable"), None);
}

/// So a decision that summed what others book can hold to an account that it does not move.
pub async fn whatever_expects_an_account_as_it_was_read_moves_its_version(on: &Backend) {
    let user = given::account().with(10).stored_in(on.store.as_ref()).await;
    let version = on.account(user).await.version;
    let as_read = || UnitOfWork::new().expecting(user, Standing::AsRead(version));
    on.apply(as_read()).await;
    assert_refused!(on.refuse(as_read()).await, CommitError::Stale);
    let account = on.account(user).await;
    assert_eq!((account.version, account.wallet.posted), (version.next(), usd(10)));
}
