//! The words that storage and the API use for people and sessions, and what logs are never told.

use namaskah_domain::{
    Time, UserId,
    auth::{
        Email, InvalidEmail, MailTokenPurpose, PasswordHash, Role, Secret, Session, SessionEnd, SessionKind,
        Subject, TokenHash,
    },
    time::seconds,
};

use crate::fakes::written;

#[test]
fn roles_have_their_names_and_are_known_by_them() {
    let names = ["user", "support", "finance", "operator", "owner"];
    assert_eq!(Role::ALL.map(Role::name), names);
    for (name, role) in names.into_iter().zip(Role::ALL) {
        assert_eq!(Role::from_name(name), Some(role));
    }
    for unknown in ["", "User", "admin"] {
        assert_eq!(Role::from_name(unknown), None);
    }
}

#[test]
fn ends_of_sessions_and_purposes_of_tokens_have_their_names() {
    assert_eq!(SessionEnd::ALL.map(SessionEnd::name), ["signed_out", "revoked", "token_reused", "replaced"]);
    let purposes = [
        "verify_email",
        "reset_password",
        "change_password",
        "change_email",
        "identity_attempt",
        "second_factor",
    ];
    assert_eq!(MailTokenPurpose::ALL.map(MailTokenPurpose::name), purposes);
}

#[test]
fn an_address_is_told_by_its_domain_alone_and_secrets_not_at_all() {
    let address = Email::try_new("Ada@Example.com").expect("an address");
    assert_eq!((address.as_str(), format!("{address:?}")), ("ada@example.com", "…@example.com".to_owned()));
    assert_eq!(format!("{:?}", Secret::new("kx9 tuba lo".to_owned())), "Secret(…)");
    assert_eq!(format!("{:?}", PasswordHash::from_stored("$argon2id$".to_owned())), "PasswordHash(…)");
    assert_eq!(format!("{:?}", TokenHash([7; 32])), "TokenHash(…)");
    assert_eq!(format!("{:?}", Subject::try_new("108").expect("a subject")), "Subject(…)");
}

#[test]
fn an_address_has_a_name_and_a_domain_of_at_least_two_labels() {
    let (name, label) = ("a".repeat(64), "b".repeat(63));
    let longest = format!("{name}@{label}.{label}.{}", "c".repeat(61));
    assert_eq!(longest.len(), 254);
    for text in ["a@b.c", "a.b+c_d@x-1.example.com", "!#$%&'*+/=?^_`{|}~-@e.org", longest.as_str()] {
        assert_eq!(Email::try_new(text).map(|email| email.as_str().to_owned()), Ok(text.to_owned()));
    }
    let long_name = format!("{name}a@example.com");
    let long_label = format!("a@{label}b.com");
    let too_long = format!("{name}@{label}.{label}.{}", "c".repeat(62));
    for text in [
        "",
        "ada",
        "@example.com",
        "ada@",
        "ada@example",
        "ada@example.",
        "ada@.com",
        "ada@a..com",
        ".ada@example.com",
        "ada.@example.com",
        "a..b@example.com",
        "a b@example.com",
        "a@b@example.com",
        "ada@-a.com",
        "ada@a-.com",
        "ada@a_b.com",
        "ädä@example.com",
        "ada@exämple.com",
        long_name.as_str(),
        long_label.as_str(),
        too_long.as_str(),
    ] {
        assert_eq!(Email::try_new(text), Err(InvalidEmail), "{text:?}");
    }
}

#[test]
fn an_identifier_is_told_to_logs_as_it_is_written() {
    let id = UserId::from_parts(Time::UNIX_EPOCH, [2; 10]);
    assert_eq!(format!("{id:?}"), id.to_string());
    assert_eq!(id.to_string().parse(), Ok(id));
}

#[test]
fn a_session_ends_once_and_is_open_until_its_last_second() {
    let now = Time::from_timestamp(1_800_000_000, 0).expect("a time");
    let session = Session {
        id: namaskah_domain::SessionId::from_parts(now, [1; 10]),
        user: UserId::from_parts(now, [2; 10]),
        kind: SessionKind::Tokens,
        device: None,
        ip: None,
        created_at: now,
        last_used_at: now,
        expires_at: now + seconds(60),
        elevated_until: None,
        ended: None,
        version: written(1),
    };
    assert!(session.is_open(now + seconds(59)) && !session.is_open(now + seconds(60)));
    let lifted = session.elevated(
        namaskah_domain::SessionId::from_uuid(session.user.uuid()),
        SessionKind::Tokens,
        now,
        now + seconds(30),
    );
    assert!(
        !session.is_elevated(now)
            && lifted.is_elevated(now + seconds(29))
            && !lifted.is_elevated(now + seconds(30))
    );
    assert!(!lifted.ended(SessionEnd::Revoked, now).is_elevated(now));
    let longer = session.clone().renewed(now + seconds(30), now + seconds(90));
    assert!(longer.is_open(now + seconds(89)));
    assert_eq!((longer.last_used_at, longer.version), (now + seconds(30), written(2)));
    let ended = session.ended(SessionEnd::Revoked, now);
    assert!(!ended.is_open(now));
    assert_eq!((ended.ended, ended.version), (Some((now, SessionEnd::Revoked)), written(2)));
    assert_eq!(ended.clone().ended(SessionEnd::SignedOut, now + seconds(1)), ended);
}
