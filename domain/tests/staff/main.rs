//! The gate of staff: who is let in for what, as a table.
#![cfg(feature = "memory")]

mod adjusting;
mod endpoints;
mod exports;
mod jobs;
mod managing;
mod seeing;
mod tickets;
mod trading;
mod world;

use std::net::IpAddr;

use namaskah_domain::{
    Time, UserId, Version,
    auth::{
        Email, Enrolment, PasswordHash, Role, SecondFactor, Session, SessionEnd, SessionKind, Standing,
        Suspension, Totp, TotpSecret, TotpStep, User,
    },
    staff::{AllowedNetwork, Allowlist, Ask, Permission, Proof, Refusal, gate},
    wallet::Reason,
};

const HERE: &str = "198.51.100.7";

fn at(seconds: i64) -> Time {
    Time::from_timestamp(1_800_000_000 + seconds, 0).expect("a time")
}

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn factor(since: Time) -> SecondFactor {
    SecondFactor::On(Totp {
        secret: TotpSecret::from_stored([1; 20]),
        since,
        last_step: TotpStep::from_stored(1),
        misses: 0,
        closed_until: since,
        recovery: Vec::new(),
    })
}

/// Signed in at 0 with a second factor that is on since then, and stepped up.
fn standing(role: Role) -> Standing {
    let user = User {
        id: UserId::from_parts(at(0), [1; 10]),
        email: Email::try_new("ada@example.com").expect("an address"),
        password: PasswordHash::from_stored(String::new()),
        role,
        email_verified_at: Some(at(0)),
        suspension: None,
        must_change_password: false,
        second_factor: factor(at(0)),
        password_changed_at: at(0),
        created_at: at(0),
        version: Version::FIRST,
    };
    let session = Session {
        id: namaskah_domain::SessionId::from_parts(at(0), [2; 10]),
        user: user.id,
        kind: SessionKind::Tokens,
        device: None,
        ip: None,
        created_at: at(0),
        last_used_at: at(0),
        expires_at: at(1_000_000),
        elevated_until: Some(at(300)),
        ended: None,
        version: Version::FIRST,
    };
    Standing { session, user }
}

fn ask(permission: Permission, proof: Proof) -> Ask {
    Ask { permission, proof, from: ip(HERE) }
}

fn decided(standing: &Standing, now: i64) -> Result<(), Refusal> {
    gate::admit(standing, &Allowlist::empty(), &ask(Permission::UsersRead, Proof::SignIn), at(now))
}

#[test]
fn each_role_is_let_in_for_what_the_table_gives_it_and_for_nothing_else() {
    for role in Role::ALL {
        for permission in Permission::ALL {
            let ask = ask(permission, Proof::SignIn);
            let decided = gate::admit(&standing(role), &Allowlist::empty(), &ask, at(1));
            let expected = if permission.is_of(role) { Ok(()) } else { Err(Refusal::NotPermitted) };
            assert_eq!(decided, expected, "{role:?} {permission:?}");
        }
    }
}

#[test]
fn staff_without_a_second_factor_or_with_a_sign_in_from_before_it_may_nothing() {
    let mut owner = standing(Role::Owner);
    let begun = Enrolment { secret: TotpSecret::from_stored([1; 20]), begun_at: at(0) };
    for none in [SecondFactor::Off, SecondFactor::Pending(begun), factor(at(1))] {
        owner.user.second_factor = none;
        assert_eq!(decided(&owner, 2), Err(Refusal::SecondFactorRequired));
    }
    owner.user.second_factor = factor(at(0));
    assert_eq!(decided(&owner, 2), Ok(()));
}

#[test]
fn a_password_that_is_due_and_a_suspension_come_before_everything() {
    let mut owner = standing(Role::Owner);
    owner.user.second_factor = SecondFactor::Off;
    owner.user.must_change_password = true;
    assert_eq!(decided(&owner, 1), Err(Refusal::PasswordDue));
    owner.user.suspension = Some(Suspension { reason: "gone".into(), since: at(0), until: Some(at(5)) });
    assert_eq!(decided(&owner, 4), Err(Refusal::NotPermitted));
    assert_eq!(decided(&owner, 5), Err(Refusal::PasswordDue));
}

#[test]
fn a_sign_in_of_staff_ends_after_half_an_hour_of_nothing_and_after_half_a_day() {
    let mut owner = standing(Role::Owner);
    assert_eq!(decided(&owner, 30 * 60 - 1), Ok(()));
    assert_eq!(decided(&owner, 30 * 60), Err(Refusal::SessionOver));
    let half_a_day = 12 * 3_600;
    for minute in 1..=half_a_day / 60 {
        owner.session = owner.session.clone().used(at(minute * 60)).expect("a minute has passed");
    }
    assert_eq!(decided(&owner, half_a_day - 1), Ok(()));
    assert_eq!(decided(&owner, half_a_day), Err(Refusal::SessionOver));
    let ended = standing(Role::Owner).session.ended(SessionEnd::Revoked, at(1));
    assert_eq!(decided(&Standing { session: ended, ..standing(Role::Owner) }, 2), Err(Refusal::SessionOver));
}

#[test]
fn a_use_is_noted_once_a_minute_and_an_extension_is_no_use() {
    let session = standing(Role::Owner).session;
    assert_eq!(session.clone().used(at(59)), None);
    let used = session.clone().used(at(60)).expect("a minute has passed");
    assert_eq!((used.last_used_at, used.version.get()), (at(60), 2));
    let extended = session.extended(at(9));
    assert_eq!((extended.last_used_at, extended.expires_at, extended.version.get()), (at(0), at(9), 2));
}

#[test]
fn staff_comes_from_the_networks_of_the_list_alone() {
    let office = AllowedNetwork {
        network: "198.51.100.0/24".parse().expect("a network"),
        note: Reason::try_new("the office").expect("a reason"),
        added_by: UserId::from_parts(at(0), [1; 10]),
        added_at: at(0),
    };
    let list = Allowlist::empty().with(office, ip(HERE)).expect("entered");
    for (from, expected) in [(HERE, Ok(())), ("203.0.113.9", Err(Refusal::AddressNotAllowed))] {
        let ask = Ask { from: ip(from), ..ask(Permission::UsersRead, Proof::SignIn) };
        assert_eq!(gate::admit(&standing(Role::Support), &list, &ask, at(1)), expected);
    }
}

#[test]
fn what_takes_a_step_up_takes_one_that_lasts() {
    let owner = standing(Role::Owner);
    let step_up = ask(Permission::Staff, Proof::StepUp);
    assert_eq!(gate::admit(&owner, &Allowlist::empty(), &step_up, at(299)), Ok(()));
    assert_eq!(gate::admit(&owner, &Allowlist::empty(), &step_up, at(300)), Err(Refusal::StepUpRequired));
    let support = standing(Role::Support);
    assert_eq!(gate::admit(&support, &Allowlist::empty(), &step_up, at(1)), Err(Refusal::NotPermitted));
}
