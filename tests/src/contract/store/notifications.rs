//! Sentences about what users are told.

use namaskah_domain::{
    Change, CommitError, Page, Time, Unique, UnitOfWork, UserId,
    auth::{Before, SessionEnd, User},
    notification::{
        Channel, Ending, Notification, NotificationKind, NotificationQuery, NotificationSettings, Occasion,
    },
    suppression::{Suppressed, Suppression},
    verification::Line,
    wallet::{Purse, Settings},
};

use super::Backend;
use crate::{
    assert_refused,
    given::{self, at},
};

const fn first<T>(limit: u32) -> Page<T> {
    Page { limit, after: None }
}

async fn told(on: &Backend, told: Notification) -> Notification {
    on.apply(UnitOfWork::new().with(Change::Notification(told.clone()))).await;
    told
}

async fn seen(on: &Backend, user: UserId, query: &NotificationQuery) -> Vec<Notification> {
    on.notifications.notifications(user, query, first(10)).await.expect("readable").rows
}

/// Each occasion, read or not, in pages, without what is hidden.
pub async fn what_users_are_told_is_stored_as_decided_newest_first(on: &Backend) {
    let user: UserId = given::id();
    let occasions = [
        Occasion::NewSignIn { session: given::id() },
        Occasion::TicketAnswered { ticket: given::id() },
        Occasion::LowBalance,
        Occasion::DepositReceived { payment: given::id() },
        Occasion::RefundMade { refund: given::id() },
        Occasion::NumberExpiring { order: given::id() },
        Occasion::TicketOpened { ticket: given::id() },
        Occasion::PaymentSuspended { payment: given::id() },
        Occasion::MismatchesFound { run: given::id() },
    ];
    let mut all = Vec::new();
    for occasion in occasions {
        let new = told(on, Notification { occasion, ..given::notification(user) }).await;
        assert_eq!(on.notifications.notification(new.id).await.expect("readable"), Some(new.clone()));
        all.insert(0, new);
    }
    told(on, given::notification(given::id())).await;
    let every = NotificationQuery::default();
    assert_eq!(seen(on, user, &every).await, all);
    let read = told(on, all[0].clone().read(at(60)).expect("unread")).await;
    assert_eq!(on.notifications.notification(read.id).await.expect("readable"), Some(read.clone()));
    let again = Notification { version: read.version, ..read.clone() };
    assert_refused!(on.refuse(UnitOfWork::new().with(Change::Notification(again))).await, CommitError::Stale);
    let unread = NotificationQuery { unread: true, ..every.clone() };
    assert_eq!(seen(on, user, &unread).await, all[1..]);
    let hidden = vec![NotificationKind::StaffAlert, NotificationKind::LowBalance];
    let shown = seen(on, user, &NotificationQuery { hidden, unread: true }).await;
    assert_eq!(shown.len(), all.len() - 3);
    assert!(shown.iter().all(|told| told.occasion != Occasion::LowBalance));
    let page = Page { limit: 2, after: Some(all[1].id) };
    let page = on.notifications.notifications(user, &every, page).await.expect("readable");
    assert_eq!((page.rows, page.has_more), (all[2..4].to_vec(), true));
    assert_eq!(on.notifications.notification(given::id()).await.expect("readable"), None);
}

/// Of a number once, of what is for staff once each; of a ticket as often as it is answered.
pub async fn a_user_is_told_once_of_what_is_told_once(on: &Backend) {
    let (ada, eve): (UserId, UserId) = (given::id(), given::id());
    for occasion in [
        Occasion::NumberExpiring { order: given::id() },
        Occasion::TicketOpened { ticket: given::id() },
        Occasion::PaymentSuspended { payment: given::id() },
        Occasion::MismatchesFound { run: given::id() },
    ] {
        let of = |user| Notification { occasion, ..given::notification(user) };
        let new = told(on, of(ada)).await;
        let again = on.refuse(UnitOfWork::new().with(Change::Notification(of(ada)))).await;
        assert_refused!(again, CommitError::Duplicate(Unique::Record));
        told(on, new.read(at(1)).expect("unread")).await;
        if occasion.is_for().is_some() {
            told(on, of(eve)).await;
        }
    }
    let answered = Occasion::TicketAnswered { ticket: given::id() };
    for _ in 0..2 {
        told(on, Notification { occasion: answered, ..given::notification(ada) }).await;
        told(on, Notification { occasion: Occasion::LowBalance, ..given::notification(ada) }).await;
    }
}

/// None, some, and others in their place.
pub async fn wishes_about_notifications_are_stored_as_decided(on: &Backend) {
    let user = given::id();
    let wished = async || on.notifications.notification_settings(user).await.expect("readable");
    assert_eq!(wished().await, None);
    let mut stored = NotificationSettings::unset(user);
    for (kind, channel, on_or_off) in [
        (NotificationKind::LowBalance, Channel::Mail, false),
        (NotificationKind::NumberExpiring, Channel::InApp, true),
        (NotificationKind::LowBalance, Channel::Mail, true),
    ] {
        let next = stored.clone().choosing(kind, channel, on_or_off).expect("allowed");
        stored = next.replacing(&stored);
        on.apply(UnitOfWork::new().with(Change::NotificationSettings(stored.clone()))).await;
        assert_eq!(wished().await, Some(stored.clone()));
    }
    let stale = UnitOfWork::new().with(Change::NotificationSettings(stored));
    assert_refused!(on.refuse(stale).await, CommitError::Stale);
}

/// Either way, and promo counts.
pub async fn balances_that_crossed_their_threshold_are_found_until_it_is_noted(on: &Backend) {
    let below = |user, units| {
        let unset = Settings::unset(user);
        let wanted = unset.clone().with_low_balance_threshold(Some(given::amount(units)));
        wanted.expect("dollars").replacing(&unset)
    };
    let mut expected = Vec::new();
    for (threshold, is_low) in [(100, false), (101, true)] {
        let user = given::account().with(70).with_promo(30).stored_in(on.store.as_ref()).await;
        on.apply(UnitOfWork::new().with(Change::WalletSettings(below(user, threshold)))).await;
        if is_low {
            expected.push(user);
        }
    }
    let held = given::account().with(100).stored_in(on.store.as_ref()).await;
    on.apply(UnitOfWork::new().place(given::hold(held, 1))).await;
    on.apply(UnitOfWork::new().with(Change::WalletSettings(below(held, 100)))).await;
    expected.push(held);
    let over = given::account().with(70).with_promo(30).stored_in(on.store.as_ref()).await;
    on.apply(UnitOfWork::new().lapse_promo(over, 1)).await;
    on.apply(UnitOfWork::new().with(Change::WalletSettings(below(over, 100)))).await;
    expected.push(over);
    let unwatched = given::account().with(1).stored_in(on.store.as_ref()).await;
    let none = below(unwatched, 100).with_low_balance_threshold(None).expect("nothing");
    on.apply(UnitOfWork::new().with(Change::WalletSettings(none))).await;
    let crossed = async || on.notifications.balances_crossed(10).await.expect("readable");
    assert_eq!(crossed().await, expected);
    assert_eq!(on.notifications.balances_crossed(1).await.expect("readable"), expected[..1]);
    for user in &expected {
        let (settings, account) = (on.wallet.settings(*user).await, on.account(*user).await);
        let settings = settings.expect("readable").expect("wishes");
        let (noted, _) = settings.crossed(&account, at(5)).expect("crossed");
        on.apply(UnitOfWork::new().with(Change::WalletSettings(noted.clone()))).await;
        assert_eq!(on.wallet.settings(*user).await.expect("readable"), Some(noted));
    }
    assert_eq!(crossed().await, []);
    let funded = given::posting(held, Purse::Wallet, 1);
    on.apply(UnitOfWork::new().post(funded)).await;
    assert_eq!(crossed().await, [held], "there is as much again");
}

/// While they wait, within the time, and until they are told.
pub async fn numbers_that_expire_are_found_for_those_who_want_to_be_told(on: &Backend) {
    let (ada, eve): (UserId, UserId) = (given::id(), given::id());
    let unset = NotificationSettings::unset(ada);
    let wishes = unset.clone().choosing(NotificationKind::NumberExpiring, Channel::InApp, true);
    let wishes = wishes.expect("allowed").replacing(&unset);
    on.apply(UnitOfWork::new().with(Change::NotificationSettings(wishes))).await;
    let mut waits = Vec::new();
    for (user, expires_at) in [(ada, at(300)), (ada, at(200)), (ada, at(301)), (eve, at(250))] {
        let order = given::requested(user);
        on.apply(UnitOfWork::new().with(Change::Order(order.clone().into()))).await;
        let line = Line { expires_at, ..given::line(&given::purchase(&order), &given::bought()) };
        waits.push(Ending { order: order.head.id, user });
        on.apply(UnitOfWork::new().with(Change::Order(order.bind(line).into()))).await;
    }
    let expiring = async |now: Time, until: Time| {
        on.notifications.numbers_expiring(now, until, 10).await.expect("readable")
    };
    assert_eq!(expiring(at(0), at(300)).await, [waits[1], waits[0]]);
    assert_eq!(expiring(at(200), at(300)).await, [waits[0]], "what is over expires no more");
    let occasion = Occasion::NumberExpiring { order: waits[0].order };
    told(on, Notification { occasion, ..given::notification(ada) }).await;
    assert_eq!(expiring(at(0), at(300)).await, [waits[1]]);
}

/// Of a closed account alone, with what was wished.
pub async fn what_was_told_goes_with_the_account(on: &Backend) {
    let (leaves, stays) = (given::user(), given::user());
    for user in [&leaves, &stays] {
        on.apply(UnitOfWork::new().with(Change::User(user.clone()))).await;
        told(on, given::notification(user.id)).await;
        let unset = NotificationSettings::unset(user.id);
        let wishes = unset.clone().replacing(&unset);
        on.apply(UnitOfWork::new().with(Change::NotificationSettings(wishes))).await;
    }
    let erase = async || on.erasures.erase_ended(Time::UNIX_EPOCH, 10).await.expect("erased").notifications;
    assert_eq!(erase().await, 0);
    on.apply(UnitOfWork::new().with(Change::User(User::anonymised(leaves.clone(), at(9))))).await;
    assert_eq!((erase().await, erase().await), (2, 0));
    for (user, is_kept) in [(leaves.id, false), (stays.id, true)] {
        assert_eq!(seen(on, user, &NotificationQuery::default()).await.len(), usize::from(is_kept));
        let wishes = on.notifications.notification_settings(user).await.expect("readable");
        assert_eq!(wishes.is_some(), is_kept);
    }
}

/// Of a session that has ended, too.
pub async fn earlier_sign_ins_are_known_by_their_device(on: &Backend) {
    let user = given::id();
    let before = async |device| on.auth.signed_in_before(user, device).await.expect("readable");
    assert_eq!(before(Some("Firefox on Linux")).await, Before::default());
    let session = given::session(user);
    on.apply(UnitOfWork::new().with(Change::Session(session.clone()))).await;
    let ended = session.ended(SessionEnd::SignedOut, at(5));
    on.apply(UnitOfWork::new().with(Change::Session(ended))).await;
    assert_eq!(before(Some("Firefox on Linux")).await, Before { any: true, same_device: true });
    assert_eq!(before(Some("curl")).await, Before { any: true, same_device: false });
    assert_eq!(before(None).await, Before { any: true, same_device: false });
}

/// Refused, allowed, and refused again.
pub async fn addresses_that_were_refused_are_stored_as_decided(on: &Backend) {
    let email = given::email();
    let known = async || on.suppressions.suppression(&email).await.expect("readable");
    assert_eq!(known().await, None);
    let refused = Suppression::new(given::id(), email.clone(), Some(given::id()), 550, at(1));
    let lifted = refused.clone().lifted(at(2)).expect("active");
    for state in [refused.clone(), lifted.clone(), lifted.again(None, 551, at(3))] {
        on.apply(UnitOfWork::new().with(Change::Suppression(state.clone()))).await;
        assert_eq!(known().await, Some(state));
    }
    let again = on.refuse(UnitOfWork::new().with(Change::Suppression(refused))).await;
    assert_refused!(again, CommitError::Duplicate(Unique::Record));
    assert_eq!(on.suppressions.suppression(&given::email()).await.expect("readable"), None);
}

/// Newest first, in pages, each with the user whose address it is: not with one who has another by now, or has left.
pub async fn addresses_that_get_no_mail_are_listed_with_their_users(on: &Backend) {
    let (stays, moves, leaves) = (given::user(), given::user(), given::user());
    let mut expected = Vec::new();
    for user in [&stays, &moves, &leaves] {
        on.apply(UnitOfWork::new().with(Change::User(user.clone()))).await;
        let known = Suppression::new(given::id(), user.email.clone(), Some(user.id), 550, at(1));
        on.apply(UnitOfWork::new().with(Change::Suppression(known.clone()))).await;
        let owner = Some((user.id, user.email.clone()));
        expected.insert(0, Suppressed { id: known.id, owner, reply: 550, at: at(1) });
    }
    let nobodys = Suppression::new(given::id(), given::email(), None, 553, at(2));
    expected.insert(0, Suppressed { id: nobodys.id, owner: None, reply: 553, at: at(2) });
    let lifted = Suppression::new(given::id(), given::email(), None, 550, at(2));
    for known in [&nobodys, &lifted] {
        on.apply(UnitOfWork::new().with(Change::Suppression(known.clone()))).await;
    }
    on.apply(UnitOfWork::new().with(Change::Suppression(lifted.lifted(at(3)).expect("active")))).await;
    let listed = async |page| on.suppressions.suppressed(page).await.expect("readable");
    assert_eq!(listed(first(10)).await.rows, expected);
    on.apply(UnitOfWork::new().with(Change::User(leaves.anonymised(at(9))))).await;
    let elsewhere = User { email: given::email(), ..moves.touched() };
    on.apply(UnitOfWork::new().with(Change::User(elsewhere))).await;
    for gone in &mut expected[1..3] {
        gone.owner = None;
    }
    assert_eq!(listed(first(10)).await.rows, expected);
    let page = listed(Page { limit: 2, after: Some(expected[0].id) }).await;
    assert_eq!((page.rows, page.has_more), (expected[1..3].to_vec(), true));
}
