//! What a change of a user changes, and nothing else.

use namaskah_domain::{
    Time, UserId,
    auth::{Email, Enrolment, PasswordHash, Role, SecondFactor, Suspension, TotpSecret, User},
    time::seconds,
};

use crate::fakes::written;

fn now() -> Time {
    Time::from_timestamp(1_800_000_000, 0).expect("a time")
}

fn pending() -> SecondFactor {
    SecondFactor::Pending(Enrolment { secret: TotpSecret::from_stored([1; 20]), begun_at: now() })
}

/// Somebody of whom every field says something.
fn ada() -> User {
    User {
        id: UserId::from_parts(now(), [2; 10]),
        email: Email::try_new("ada@example.com").expect("an address"),
        password: PasswordHash::from_stored("old".to_owned()),
        role: Role::Finance,
        email_verified_at: Some(now()),
        suspension: None,
        must_change_password: true,
        second_factor: pending(),
        password_changed_at: now(),
        created_at: now(),
        version: written(1),
    }
}

#[test]
fn a_suspension_ends_with_its_last_instant_or_when_it_is_lifted() {
    let until = |until| Suspension { reason: "abuse".to_owned(), since: now(), until };
    for (suspension, at, is_suspended) in [
        (None, now(), false),
        (Some(until(None)), now() + seconds(1_000_000_000), true),
        (Some(until(Some(now() + seconds(60)))), now() + seconds(59), true),
        (Some(until(Some(now() + seconds(60)))), now() + seconds(60), false),
        (Some(until(Some(now() + seconds(60)))), now() + seconds(61), false),
    ] {
        let user = User { suspension, ..ada() };
        assert_eq!(user.is_suspended(at), is_suspended, "{:?} at {at}", user.suspension);
    }
}

#[test]
fn the_first_proof_of_an_address_counts() {
    let later = now() + seconds(60);
    let unproven = User { email_verified_at: None, ..ada() };
    let proven = User { email_verified_at: Some(later), version: written(2), ..ada() };
    assert_eq!(unproven.verified(later), proven);
    assert_eq!(ada().verified(later), User { version: written(2), ..ada() });
    assert_eq!(ada().touched(), User { version: written(2), ..ada() });
}

#[test]
fn a_new_password_is_one_that_need_not_be_changed() {
    let (password, later) = (PasswordHash::from_stored("new".to_owned()), now() + seconds(60));
    let expected = User {
        password: password.clone(),
        must_change_password: false,
        password_changed_at: later,
        version: written(2),
        ..ada()
    };
    assert_eq!(ada().with_password(password, later), expected);
}

#[test]
fn another_second_factor_takes_the_place_of_the_one_before() {
    let off = User { second_factor: SecondFactor::Off, version: written(2), ..ada() };
    assert_eq!(ada().with_second_factor(SecondFactor::Off), off);
}

#[test]
fn of_a_user_who_left_the_identifier_stays_and_nothing_about_the_person() {
    let later = now() + seconds(60);
    let address = format!("deleted-{}@deleted.invalid", ada().id);
    let expected = User {
        email: Email::from_stored(&address).expect("an address"),
        password: PasswordHash::from_stored("deleted".to_owned()),
        role: Role::Customer,
        email_verified_at: None,
        suspension: Some(Suspension { reason: "deleted by the user".to_owned(), since: later, until: None }),
        second_factor: SecondFactor::Off,
        password_changed_at: later,
        version: written(2),
        ..ada()
    };
    assert_eq!(ada().anonymised(later), expected);
}

#[test]
fn a_mailbox_is_its_address_without_a_tag() {
    let mailbox = |text: &str| Email::try_new(text).expect("an address").mailbox();
    for address in ["ada@example.com", "Ada+shop@example.com", "ada+a+b@example.com", "ada+@example.com"] {
        assert_eq!(mailbox(address), "ada@example.com", "{address}");
    }
    assert_eq!(mailbox("+1@example.com"), "+1@example.com");
    assert_eq!(mailbox("a.da+1@example.org"), "a.da@example.org");
}
