//! Signing in with a provider of identities, and linking one.

use std::sync::Arc;

use namaskah_domain::{
    Clock, Letter, Version,
    auth::{
        Arrived, Assertion, AuthReads, BegunAttempt, BrowserSession, ChangePassword, ChangePasswordError,
        CodeError, ConfirmTotp, DeleteAccountError, IdentityError, IdentityService, Issuer, Origin,
        ResetPassword, Returned, Role, Secret, SignInError, SignedIn, StepUp, StepUpError, Subject,
        Suspension, UnlinkError, User, ports::MockIdentityProvider,
    },
    memory::Person,
    wallet::WalletReads,
};

use crate::fakes::{ADA, OTHER, RIGHT, World, credentials, email, secret};

fn person(subject: &str, address: &str) -> Person {
    let subject = Subject::try_new(subject).expect("a subject");
    Person { subject, email: email(address), email_verified: true }
}

fn ada() -> Person {
    person("108", ADA)
}

/// Somebody agrees at the provider, and his browser comes back.
fn back(world: &World, begun: &BegunAttempt, person: &Person) -> Returned {
    let (state, code) = world.provider.consent(&begun.url, person).expect("the page that it was sent to");
    let attempt = begun.attempt.clone();
    Returned { attempt, state, issuer: None, code: Some(code), by: None, origin: Origin::default() }
}

async fn came(world: &World, person: &Person) -> Result<Arrived, IdentityError> {
    let begun = world.google.begin().await.expect("a way there");
    world.google.arrive(back(world, &begun, person)).await
}

async fn signed_in(world: &World, person: &Person) -> BrowserSession {
    match came(world, person).await {
        Ok(Arrived::SignedIn(session)) => *session,
        other => panic!("nobody was signed in: {other:?}"),
    }
}

async fn visitor(world: &World, session: &BrowserSession) -> SignedIn {
    world.auth.authenticate_cookie(&session.cookie).await.expect("an open session")
}

/// Ada signs in with her password and steps up.
async fn stepped_up(world: &World) -> SignedIn {
    let tokens = world.login().await;
    world.steps_up(world.signed_in(&tokens).await).await
}

async fn linked(world: &World, by: SignedIn, person: &Person) -> Result<Arrived, IdentityError> {
    let begun = world.google.begin_link(by).await?;
    world.google.arrive(Returned { by: Some(by), ..back(world, &begun, person) }).await
}

/// Ada, whom the provider signs in too.
async fn with_linked_ada() -> World {
    let world = World::with_ada().await;
    let by = stepped_up(&world).await;
    assert_eq!(linked(&world, by, &ada()).await.expect("linked"), Arrived::Linked);
    world
}

#[tokio::test]
async fn somebody_new_gets_an_account_a_proven_address_and_a_session_in_one_commit() {
    let world = World::new();
    let before = world.commits();
    let session = signed_in(&world, &ada()).await;
    assert_eq!(world.commits() - before, 1);
    let user = world.ada().await;
    assert_eq!((user.id, user.version), (session.user.id, Version::FIRST));
    assert!(user.email_verified_at.is_some() && !user.password.is_set());
    assert!(world.memory.account(user.id).await.expect("readable").is_some());
    assert_eq!(visitor(&world, &session).await.user, user.id);
    let identities = world.auth.identities(user.id).await.expect("readable");
    assert_eq!(identities.iter().map(|i| i.subject.clone()).collect::<Vec<_>>(), [Some(ada().subject)]);
    assert_eq!(world.mails().await, [(email(ADA), Letter::IdentityLinked)]);
}

#[tokio::test]
async fn a_user_is_known_by_his_subject_whatever_his_address_is_by_now() {
    let world = World::new();
    let first = signed_in(&world, &ada()).await;
    let again = signed_in(&world, &person("108", "ada@elsewhere.example")).await;
    assert_eq!(again.user.id, first.user.id);
    assert_eq!(again.user.email, email(ADA), "what he is mailed does not change by it");
    let namesake = person("109", ADA);
    assert!(matches!(came(&world, &namesake).await, Err(IdentityError::NotLinked)));
}

#[tokio::test]
async fn an_address_of_an_account_is_no_proof() {
    let world = World::with_ada().await;
    assert!(matches!(came(&world, &ada()).await, Err(IdentityError::NotLinked)));
    // What staff has made for somebody is his alone who follows its link.
    for change in
        [|ada: &mut User| ada.role = Role::Support, |ada: &mut User| ada.must_change_password = true]
    {
        world
            .change_ada(|ada| {
                (ada.role, ada.must_change_password, ada.email_verified_at) = (Role::Customer, false, None);
                change(ada);
            })
            .await;
        assert!(matches!(came(&world, &ada()).await, Err(IdentityError::NotLinked)));
    }
    assert_eq!(world.auth.identities(world.ada().await.id).await.expect("readable"), []);
    assert_eq!(world.open_sessions(world.ada().await.id).await, 0);
}

/// Somebody else has registered her address and waits.
#[tokio::test]
async fn whoever_the_provider_answers_for_takes_over_an_account_that_nobody_has_proven() {
    let world = World::new();
    world.register(ADA, RIGHT).await;
    let (squatted, proof) = (world.ada().await, world.mailed_token().await);
    let session = signed_in(&world, &ada()).await;
    let user = world.ada().await;
    assert_eq!((session.user.id, user.id), (squatted.id, squatted.id));
    assert!(user.email_verified_at.is_some() && !user.password.is_set());
    assert_eq!(world.mails().await, [(email(ADA), Letter::IdentityLinked)]);
    assert!(world.auth.login(credentials(ADA, RIGHT), Origin::default()).await.is_err());
    assert!(world.auth.verify_email(&proof).await.is_err(), "the first mail proves the first password");
    signed_in(&world, &ada()).await;
}

#[tokio::test]
async fn where_the_provider_does_not_answer_for_the_address_its_owner_proves_it_first() {
    let unproven = |outcome: Result<Arrived, IdentityError>| {
        let is_unproven = matches!(outcome, Err(IdentityError::SignIn(SignInError::EmailNotVerified)));
        assert!(is_unproven, "{outcome:?}");
    };
    let world = World::new();
    world.provider.twist(|assertion| assertion.hosted_domain = None);
    unproven(came(&world, &ada()).await);
    let user = world.ada().await;
    assert!(user.email_verified_at.is_none() && !user.password.is_set());
    assert_eq!(world.auth.identities(user.id).await.expect("readable"), []);
    let token = secret(&world.mailed_token().await);
    unproven(came(&world, &ada()).await);
    assert_eq!(world.mails().await, [], "whoever comes again is not mailed again");
    world.auth.reset_password(ResetPassword { token, password: secret(RIGHT) }).await.expect("a proof");
    assert!(matches!(came(&world, &ada()).await, Err(IdentityError::NotLinked)));
    let by = stepped_up(&world).await;
    assert_eq!(linked(&world, by, &ada()).await.expect("linked"), Arrived::Linked);
    signed_in(&world, &ada()).await;
}

#[tokio::test]
async fn an_attempt_serves_the_browser_that_began_it_once_and_for_ten_minutes() {
    let world = World::new();
    let refused = |outcome: Result<Arrived, IdentityError>| {
        assert!(matches!(outcome, Err(IdentityError::InvalidAttempt)), "{outcome:?}");
    };
    let (mine, other) = (world.google.begin().await.expect("one"), world.google.begin().await.expect("two"));
    let returned = back(&world, &mine, &ada());
    refused(world.google.arrive(Returned { attempt: other.attempt.clone(), ..returned.clone() }).await);
    refused(world.google.arrive(Returned { attempt: secret(""), ..returned.clone() }).await);
    refused(world.google.arrive(Returned { state: secret("guessed"), ..returned.clone() }).await);
    let elsewhere = Some("https://elsewhere.example".to_owned());
    refused(world.google.arrive(Returned { issuer: elsewhere, ..returned.clone() }).await);
    let issuer = Some("https://identities.example".to_owned());
    let returned = Returned { issuer, ..returned };
    assert!(matches!(world.google.arrive(returned.clone()).await, Ok(Arrived::SignedIn(_))));
    refused(world.google.arrive(returned).await);

    world.clock.advance(1);
    let late = world.google.begin().await.expect("a way there");
    let returned = back(&world, &late, &ada());
    world.clock.advance(599);
    assert!(matches!(world.google.arrive(returned).await, Ok(Arrived::SignedIn(_))));
    let late = world.google.begin().await.expect("a way there");
    world.clock.advance(600);
    refused(world.google.arrive(back(&world, &late, &ada())).await);
}

#[tokio::test]
async fn a_code_that_another_browser_was_given_is_worth_nothing() {
    let world = World::new();
    let (mine, other) = (world.google.begin().await.expect("one"), world.google.begin().await.expect("two"));
    let (theirs, returned) =
        (back(&world, &other, &person("6", "mallory@example.com")), back(&world, &mine, &ada()));
    let outcome = world.google.arrive(Returned { code: theirs.code, ..returned }).await;
    assert!(matches!(outcome, Err(IdentityError::NotProven(_))), "{outcome:?}");
}

#[tokio::test]
async fn whoever_does_not_agree_or_is_not_believed_is_not_signed_in() {
    let world = World::new();
    let begun = world.google.begin().await.expect("a way there");
    let declined = Returned { code: None, ..back(&world, &begun, &ada()) };
    assert!(matches!(world.google.arrive(declined).await, Err(IdentityError::NotProven(_))));
    let unproven = Person { email_verified: false, ..ada() };
    assert!(matches!(came(&world, &unproven).await, Err(IdentityError::NotProven(_))));
    let twists: [fn(&mut Assertion); 3] = [
        |a| a.audience.push("others".to_owned()),
        |a| a.nonce = None,
        |a| a.issuer = "https://elsewhere.example".to_owned(),
    ];
    for twist in twists {
        world.provider.twist(twist);
        assert!(matches!(came(&world, &ada()).await, Err(IdentityError::NotProven(_))));
    }
    assert_eq!(world.memory.user_by_email(&email(ADA)).await.expect("readable"), None);
}

#[tokio::test]
async fn a_provider_that_is_away_signs_in_nobody_and_costs_no_attempt() {
    let world = World::new();
    let begun = world.google.begin().await.expect("a way there");
    let returned = back(&world, &begun, &ada());
    world.provider.set_away(true);
    assert!(matches!(world.google.begin().await, Err(IdentityError::Provider(_))));
    assert!(matches!(world.google.arrive(returned.clone()).await, Err(IdentityError::Provider(_))));
    world.provider.set_away(false);
    assert!(matches!(world.google.arrive(returned).await, Ok(Arrived::SignedIn(_))));
}

#[tokio::test]
async fn the_provider_is_asked_nothing_about_an_attempt_that_is_not_ours() {
    let world = World::with_ada().await;
    let mut provider = MockIdentityProvider::new();
    provider.expect_issuer().return_const(Issuer::try_new("https://identities.example").expect("an issuer"));
    provider.expect_authorization_url().returning(|attempt| Ok(attempt.state.expose().to_owned()));
    provider.expect_redeem().never();
    let google = IdentityService::new(world.auth.clone(), Arc::new(provider));
    let begun = google.begin().await.expect("a way there");
    let returned = |state: &str, by| Returned {
        attempt: begun.attempt.clone(),
        state: secret(state),
        issuer: None,
        code: Some(secret("code")),
        by,
        origin: Origin::default(),
    };
    assert!(matches!(google.arrive(returned("x", None)).await, Err(IdentityError::InvalidAttempt)));
    // Linking needs the session that began it, stepped up still.
    let by = stepped_up(&world).await;
    let link = google.begin_link(by).await.expect("a way there");
    let arrive = |by| google.arrive(Returned { attempt: link.attempt.clone(), ..returned(&link.url, by) });
    assert!(matches!(arrive(None).await, Err(IdentityError::SignedOut)));
    let elsewhere = world.signed_in(&world.login().await).await;
    assert!(matches!(arrive(Some(elsewhere)).await, Err(IdentityError::SignedOut)));
    world.clock.advance(301);
    assert!(matches!(arrive(Some(by)).await, Err(IdentityError::StepUpRequired)));
}

#[tokio::test]
async fn an_identity_is_linked_by_a_session_that_has_stepped_up_and_its_user_is_told() {
    let world = World::with_ada().await;
    let by = world.signed_in(&world.login().await).await;
    assert!(matches!(linked(&world, by, &ada()).await, Err(IdentityError::StepUpRequired)));
    let by = stepped_up(&world).await;
    let other_address = person("108", "ada@work.example");
    assert_eq!(linked(&world, by, &other_address).await.expect("linked"), Arrived::Linked);
    assert_eq!(world.mails().await, [(email(ADA), Letter::IdentityLinked)]);
    assert_eq!(signed_in(&world, &ada()).await.user.id, by.user);
    assert_eq!(linked(&world, by, &ada()).await.expect("it is already"), Arrived::Linked);
    assert_eq!(world.auth.identities(by.user).await.expect("readable").len(), 1);
    assert_eq!(world.mails().await, []);
}

#[tokio::test]
async fn an_identity_signs_in_one_user_alone() {
    let world = World::with_ada().await;
    signed_in(&world, &person("7", "bob@example.com")).await;
    let by = stepped_up(&world).await;
    let outcome = linked(&world, by, &person("7", "bob@example.com")).await;
    assert!(matches!(outcome, Err(IdentityError::LinkedElsewhere)), "{outcome:?}");
}

#[tokio::test]
async fn what_a_right_password_is_refused_for_is_refused_here_too() {
    let world = with_linked_ada().await;
    let suspension = Suspension { reason: "abuse".into(), since: world.clock.now(), until: None };
    world.change_ada(|ada| ada.suspension = Some(suspension)).await;
    let outcome = came(&world, &ada()).await;
    assert!(matches!(outcome, Err(IdentityError::SignIn(SignInError::Suspended))), "{outcome:?}");
    world.change_ada(|ada| (ada.suspension, ada.must_change_password) = (None, true)).await;
    let outcome = came(&world, &ada()).await;
    assert!(matches!(outcome, Err(IdentityError::PasswordChangeRequired)), "{outcome:?}");
}

#[tokio::test]
async fn a_second_factor_is_asked_for_and_each_code_works_once() {
    let world = with_linked_ada().await;
    let by = stepped_up(&world).await;
    world.auth.enroll_totp(by).await.expect("begun");
    world.auth.confirm_totp(ConfirmTotp { by, code: world.code(0) }).await.expect("on");
    let before = world.open_sessions(by.user).await;
    let wanted = async || match came(&world, &ada()).await {
        Ok(Arrived::CodeWanted { pending, .. }) => pending,
        other => panic!("no code was wanted: {other:?}"),
    };
    let pending = wanted().await;
    assert_eq!(world.open_sessions(by.user).await, before, "no session before the code");
    let finish = async |pending: &Secret, code| world.google.finish(pending, &code, &Origin::default()).await;
    let wrong = |outcome: Result<BrowserSession, IdentityError>| {
        let is_wrong = matches!(outcome, Err(IdentityError::SignIn(SignInError::Code(CodeError::Wrong))));
        assert!(is_wrong, "{outcome:?}");
    };
    wrong(finish(&pending, world.code(0)).await);
    wrong(finish(&pending, world.code(1_000)).await);
    let session = finish(&pending, world.code(1)).await.expect("the right code");
    assert_eq!(visitor(&world, &session).await.user, by.user);
    let invalid = |outcome| assert!(matches!(outcome, Err(IdentityError::InvalidAttempt)), "{outcome:?}");
    world.clock.advance(60);
    invalid(finish(&pending, world.code(0)).await);
    let pending = wanted().await;
    wrong(finish(&pending, world.code(-3)).await);
    world.clock.advance(300);
    invalid(finish(&pending, world.code(0)).await);
    invalid(finish(&secret("nmf_"), world.code(0)).await);
    invalid(finish(&session.cookie, world.code(0)).await);
}

#[tokio::test]
async fn a_new_password_ends_what_waits_for_a_code() {
    let world = with_linked_ada().await;
    let by = stepped_up(&world).await;
    world.auth.enroll_totp(by).await.expect("begun");
    world.auth.confirm_totp(ConfirmTotp { by, code: world.code(0) }).await.expect("on");
    let Ok(Arrived::CodeWanted { pending, .. }) = came(&world, &ada()).await else {
        panic!("no code wanted")
    };
    world.mails().await;
    world.clock.advance(1);
    world.auth.forgot_password(&email(ADA)).await.expect("a mail");
    let token = secret(&world.mailed_token().await);
    world.auth.reset_password(ResetPassword { token, password: secret(OTHER) }).await.expect("a reset");
    let outcome = world.google.finish(&pending, &world.code(1), &Origin::default()).await;
    assert!(matches!(outcome, Err(IdentityError::InvalidAttempt)), "{outcome:?}");
}

#[tokio::test]
async fn without_a_password_every_question_for_one_says_so_and_a_mailed_link_sets_it() {
    let world = World::new();
    let session = signed_in(&world, &ada()).await;
    world.mails().await;
    let by = visitor(&world, &session).await;
    let login = world.auth.login(credentials(ADA, "none"), Origin::default()).await;
    assert!(matches!(login, Err(SignInError::InvalidCredentials)));
    for password in [None, Some(secret("none"))] {
        let outcome = world.auth.step_up(StepUp { by, password, code: None }).await;
        assert!(matches!(outcome, Err(StepUpError::NoPassword)), "{outcome:?}");
    }
    let change = ChangePassword { by, current: secret("none"), new: secret(RIGHT) };
    let outcome = world.auth.change_password(change).await;
    assert!(matches!(outcome, Err(ChangePasswordError::NoPassword)), "{outcome:?}");
    world.auth.forgot_password(&email(ADA)).await.expect("a mail");
    let token = secret(&world.mailed_token().await);
    world.auth.reset_password(ResetPassword { token, password: secret(RIGHT) }).await.expect("a password");
    world.login().await;
    // Whoever reads the mail may have lost the account to whom the identity is.
    assert!(matches!(came(&world, &ada()).await, Err(IdentityError::NotLinked)));
}

#[tokio::test]
async fn an_identity_is_unlinked_after_a_step_up_and_with_a_password() {
    let world = World::new();
    let session = signed_in(&world, &ada()).await;
    let by = visitor(&world, &session).await;
    assert!(matches!(world.auth.unlink_identities(by).await, Err(UnlinkError::StepUpRequired)));

    let world = with_linked_ada().await;
    let (by, other) = (stepped_up(&world).await, signed_in(&world, &ada()).await);
    world.mails().await;
    world.auth.unlink_identities(by).await.expect("unlinked");
    assert_eq!(world.mails().await, [(email(ADA), Letter::IdentityUnlinked)]);
    assert!(world.auth.authenticate_cookie(&other.cookie).await.is_err(), "other sessions have ended");
    assert!(matches!(came(&world, &ada()).await, Err(IdentityError::NotLinked)));
    assert!(matches!(world.auth.unlink_identities(by).await, Err(UnlinkError::NotLinked)));
    world.change_ada(|ada| ada.password = namaskah_domain::auth::PasswordHash::none()).await;
    linked(&world, by, &ada()).await.expect("linked again");
    assert!(matches!(world.auth.unlink_identities(by).await, Err(UnlinkError::NoPassword)));
}

#[tokio::test]
async fn of_a_user_who_leaves_no_subject_stays_and_it_may_come_again() {
    let world = World::new();
    let session = signed_in(&world, &ada()).await;
    let (by, first) = (visitor(&world, &session).await, session.user.id);
    let refused = world.auth.delete_account(by).await;
    assert!(matches!(refused, Err(DeleteAccountError::StepUpRequired)), "{refused:?}");
    let world = with_linked_ada().await;
    let by = stepped_up(&world).await;
    let first = {
        assert_ne!(first, by.user);
        by.user
    };
    world.auth.delete_account(by).await.expect("closed");
    assert_eq!(world.auth.identities(first).await.expect("readable"), []);
    let again = signed_in(&world, &ada()).await.user.id;
    assert_ne!(again, first);
}

#[tokio::test]
async fn of_two_who_come_at_once_each_is_decided_on_what_the_other_has_made() {
    let world = World::new();
    let (one, two) = (world.google.begin().await.expect("one"), world.google.begin().await.expect("two"));
    let (one, two) = (back(&world, &one, &ada()), back(&world, &two, &ada()));
    world.two_decide_at_once();
    let (one, two) = tokio::join!(world.google.arrive(one), world.google.arrive(two));
    let user = |arrived| match arrived {
        Ok(Arrived::SignedIn(session)) => session.user.id,
        other => panic!("nobody was signed in: {other:?}"),
    };
    assert_eq!(user(one), user(two));
}

#[tokio::test]
async fn of_two_who_bring_one_attempt_one_comes_through() {
    let world = with_linked_ada().await;
    let begun = world.google.begin().await.expect("a way there");
    let (one, two) = (back(&world, &begun, &ada()), back(&world, &begun, &ada()));
    world.two_decide_at_once();
    let (one, two) = tokio::join!(world.google.arrive(one), world.google.arrive(two));
    let through =
        [&one, &two].into_iter().filter(|outcome| matches!(outcome, Ok(Arrived::SignedIn(_)))).count();
    let refused = [&one, &two]
        .into_iter()
        .filter(|outcome| matches!(outcome, Err(IdentityError::InvalidAttempt)))
        .count();
    assert_eq!((through, refused), (1, 1), "{one:?} {two:?}");
}

#[tokio::test]
async fn what_waits_for_a_code_ends_with_the_identity_that_has_begun_it() {
    let world = with_linked_ada().await;
    let by = stepped_up(&world).await;
    world.auth.enroll_totp(by).await.expect("begun");
    world.auth.confirm_totp(ConfirmTotp { by, code: world.code(0) }).await.expect("on");
    let Ok(Arrived::CodeWanted { pending, .. }) = came(&world, &ada()).await else {
        panic!("no code wanted")
    };
    world.auth.unlink_identities(by).await.expect("unlinked");
    world.clock.advance(1);
    let finish = async || world.google.finish(&pending, &world.code(1), &Origin::default()).await;
    let outcome = finish().await;
    assert!(matches!(outcome, Err(IdentityError::InvalidAttempt)), "{outcome:?}");
    linked(&world, by, &person("109", "other@example.com")).await.expect("another one is linked");
    let outcome = finish().await;
    assert!(matches!(outcome, Err(IdentityError::InvalidAttempt)), "{outcome:?}");
}
