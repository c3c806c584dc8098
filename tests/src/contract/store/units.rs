//! Sentences about units of work: whole or not at all, and once for a claim.

use namaskah_domain::{
    Change, CommitError, Committed, EndSessions, Fingerprint, JobLane, Sender, Unique, UnitOfWork,
    auth::{MailTokenPurpose, SessionEnd},
    verification::{Message, PurchaseState},
    wallet::{HoldEnd, Purse},
};

use super::{Backend, lines, waiting};
use crate::{
    assert_refused,
    given::{self, at, usd},
};

/// The version before must be stored, exactly: for each kind of record.
pub async fn a_write_that_was_decided_on_another_version_is_stale(on: &Backend) {
    let user = given::user();
    let session = given::session(user.id);
    let order = given::requested(user.id);
    let new = [
        Change::RefreshToken(given::refresh_token(&session)),
        Change::MailToken(given::mail_token(user.id, MailTokenPurpose::VerifyEmail)),
        Change::Intent(given::intent(user.id)),
        Change::WalletSettings(given::wallet_settings(user.id)),
        Change::ApiKey(given::api_key(user.id)),
        Change::Identity(given::identity(user.id)),
        Change::Quote(given::quote(user.id)),
        Change::Grant(given::grant(user.id)),
        Change::Finding(super::reconciliation::finding("nmk-versions", 1)),
        Change::Adjustment(given::adjustment(given::id())),
        Change::Ticket(given::ticket(given::id())),
        Change::WebhookEndpoint(given::endpoint(given::id())),
        Change::WebhookDelivery(given::delivery(&given::endpoint(given::id()), 1)),
        Change::ServiceDecision(given::service_decision("versions")),
        Change::ProviderSwitch(given::provider_switch()),
        Change::PricingRule(given::pricing_rule("versions")),
        Change::Suspended(given::suspended(&given::intent(user.id))),
        Change::Purchase(given::purchase(&order)),
        Change::Notice(given::notice(Sender::Paystack, None)),
        Change::Order(order.into()),
        Change::Session(session),
        Change::User(user),
    ];
    for change in new {
        let missing = on.refuse(UnitOfWork::new().with(raised(&change, 1))).await;
        assert_refused!(missing, CommitError::Stale);
        on.apply(UnitOfWork::new().with(change.clone())).await;
        let ahead = on.refuse(UnitOfWork::new().with(raised(&change, 2))).await;
        assert_refused!(ahead, CommitError::Stale);
        on.apply(UnitOfWork::new().with(raised(&change, 1))).await;
        let behind = on.refuse(UnitOfWork::new().with(raised(&change, 1))).await;
        assert_refused!(behind, CommitError::Stale);
    }
}

/// The same record, so many versions later.
fn raised(change: &Change, versions: usize) -> Change {
    let mut change = change.clone();
    let version = match &mut change {
        Change::User(record) => &mut record.version,
        Change::Session(record) => &mut record.version,
        Change::RefreshToken(record) => &mut record.version,
        Change::MailToken(record) => &mut record.version,
        Change::Intent(record) => &mut record.version,
        Change::ApiKey(record) => &mut record.version,
        Change::Identity(record) => &mut record.version,
        Change::WalletSettings(record) => &mut record.version,
        Change::Quote(record) => &mut record.version,
        Change::Grant(record) => &mut record.version,
        Change::Finding(record) => &mut record.version,
        Change::Adjustment(record) => &mut record.version,
        Change::Ticket(record) => &mut record.version,
        Change::WebhookEndpoint(record) => &mut record.version,
        Change::WebhookDelivery(record) => &mut record.version,
        Change::ServiceDecision(record) => &mut record.version,
        Change::ProviderSwitch(record) => &mut record.version,
        Change::PricingRule(record) => &mut record.version,
        Change::Suspended(record) => &mut record.version,
        Change::Purchase(record) => &mut record.version,
        Change::Notice(record) => &mut record.version,
        Change::Order(namaskah_domain::verification::Order::Requested(record)) => &mut record.head.version,
        other => panic!("{other:?} has no version here"),
    };
    for _ in 0..versions {
        *version = version.next();
    }
    change
}

/// An identifier names one record for ever.
pub async fn a_record_is_made_once(on: &Backend) {
    let user = given::account().with(100).stored_in(on.store.as_ref()).await;
    let refused = on.refuse(UnitOfWork::new().with(Change::OpenAccount(user))).await;
    assert_refused!(refused, CommitError::Duplicate(Unique::Record));
    assert_eq!(on.account(user).await.wallet.posted, usd(100));
    let session = given::session(user);
    let records = [
        Change::RefreshToken(given::refresh_token(&session)),
        Change::MailToken(given::mail_token(user, MailTokenPurpose::ResetPassword)),
        Change::WalletSettings(given::wallet_settings(user)),
        Change::ApiKey(given::api_key(user)),
        Change::Identity(given::identity(user)),
        Change::Quote(given::quote(user)),
        Change::Grant(given::grant(user)),
        Change::Suspended(given::suspended(&given::intent(user))),
        Change::Order(given::requested(user).into()),
        Change::Purchase(given::purchase(&given::requested(user))),
        Change::Batch(given::batch(user, Vec::new())),
        Change::Audited(given::audit_entry(&given::actor())),
        Change::Event(given::event(user)),
        Change::TicketLine(given::ticket_line(given::id())),
        Change::WebhookAttempt(given::attempt(given::id(), 1)),
        Change::Session(session),
    ];
    for record in records {
        on.apply(UnitOfWork::new().with(record.clone())).await;
        let refused = on.refuse(UnitOfWork::new().with(record.clone())).await;
        assert_refused!(refused, CommitError::Duplicate(Unique::Record));
    }
}

async fn assert_duplicate(on: &Backend, first: Change, second: Change, what: Unique) {
    on.apply(UnitOfWork::new().with(first)).await;
    let refused = on.refuse(UnitOfWork::new().with(second)).await;
    assert!(matches!(refused, CommitError::Duplicate(unique) if unique == what), "{what:?}: {refused:?}");
}

/// Each under its own name.
pub async fn what_must_be_unique_is(on: &Backend) {
    let (first, mut second) = (given::user(), given::user());
    second.email = first.email.clone();
    assert_duplicate(on, Change::User(first), Change::User(second), Unique::Email).await;
    let (first, mut second) = (given::api_key(given::id()), given::api_key(given::id()));
    second.hash = first.hash;
    assert_duplicate(on, Change::ApiKey(first), Change::ApiKey(second), Unique::Record).await;
    let (first, mut second) = (given::identity(given::id()), given::identity(given::id()));
    second.subject = first.subject.clone();
    assert_duplicate(on, Change::Identity(first), Change::Identity(second), Unique::Record).await;
    let (first, mut second) = (given::intent(given::id()), given::intent(given::id()));
    second.reference = first.reference.clone();
    assert_duplicate(on, Change::Intent(first), Change::Intent(second), Unique::Reference).await;
    let [mut first, mut second] = [(); 2].map(|()| given::purchase(&given::requested(given::id())));
    let bought = given::bought();
    first.state = PurchaseState::Bound(bought.clone());
    second.state = PurchaseState::Orphan(bought);
    assert_duplicate(on, Change::Purchase(first), Change::Purchase(second), Unique::Reservation).await;
    let order = waiting(on, given::id()).await;
    let again = Change::ShownNumber(given::shown(&order));
    assert_refused!(
        on.refuse(UnitOfWork::new().with(again)).await,
        CommitError::Duplicate(Unique::ShownNumber)
    );
    let text = "G-123456 is your code";
    let (first, second) = (given::message(&order, text), given::message(&order, text));
    assert_duplicate(on, Change::Message(first), Change::Message(second.clone()), Unique::Message).await;
    for other in
        [Message { received_at: at(11), ..second.clone() }, Message { text: Some("other".into()), ..second }]
    {
        on.apply(UnitOfWork::new().with(Change::Message(Message { id: given::id(), ..other }))).await;
    }
    let first = given::notice(Sender::Paystack, None);
    let second = namaskah_domain::Notice { key: first.key.clone(), ..given::notice(Sender::Paystack, None) };
    let other =
        namaskah_domain::Notice { key: first.key.clone(), ..given::notice(Sender::TextVerified, None) };
    assert_duplicate(on, Change::Notice(first), Change::Notice(second), Unique::Notice).await;
    on.apply(UnitOfWork::new().with(Change::Notice(other))).await;
}

/// Whichever part of it was refused.
pub async fn a_refused_unit_changes_nothing(on: &Backend) {
    let user = given::account().with(1_000).stored_in(on.store.as_ref()).await;
    let known = given::user();
    on.apply(UnitOfWork::new().with(Change::User(known.clone()))).await;
    let spent = given::hold(user, 10);
    on.apply(UnitOfWork::new().place(spent.clone())).await;
    on.apply(UnitOfWork::new().end(given::end(&spent, HoldEnd::Release))).await;
    let before = on.account(user).await;
    let poison: [fn(UnitOfWork, namaskah_domain::UserId) -> UnitOfWork; 3] = [
        |unit, user| unit.place(given::hold(user, 901)),
        |unit, user| unit.with(raised(&Change::Quote(given::quote(user)), 1)),
        |unit, user| unit.end(given::end(&given::hold(user, 1), HoldEnd::Capture)),
    ];
    let poison = poison.into_iter().map(|add| Box::new(add) as Box<dyn Fn(_, _) -> UnitOfWork>);
    let twin = known.email.clone();
    let twin = move |unit: UnitOfWork, _| {
        unit.with(Change::User(namaskah_domain::auth::User { email: twin.clone(), ..given::user() }))
    };
    for poison in poison.chain([Box::new(twin) as Box<dyn Fn(_, _) -> UnitOfWork>]) {
        let (order, hold) = (given::requested(user), given::hold(user, 100));
        let claim = given::claim(user, &format!("key-{}", given::number()), 1);
        let unit = UnitOfWork::claiming(claim.clone())
            .place(hold.clone())
            .post(given::posting(user, Purse::Wallet, -1))
            .with(Change::Order(order.clone().into()))
            .with(Change::Event(given::event(user)))
            .with(Change::Job(given::job()));
        on.refuse(poison(unit, user)).await;
        assert_eq!(on.account(user).await, before);
        assert_eq!(on.wallet.hold(hold.id).await.expect("readable"), None);
        assert_eq!(on.orders.order(order.head.id).await.expect("readable"), None);
        on.apply(UnitOfWork::claiming(claim)).await;
    }
    assert_eq!(lines(on, user).await.len(), 1);
    assert_eq!(on.events.stamp().await.expect("stamped"), 0);
    assert_eq!(on.jobs.lease(given::id::<()>().uuid(), JobLane::Mail, at(9), 9).await.expect("leased"), []);
}

/// Open ones of that user alone; what had ended stays as it was.
pub async fn ending_sessions_spares_the_one_that_goes_on(on: &Backend) {
    let (user, other) = (given::id(), given::id());
    let kept = given::session(user);
    let open = given::session(user);
    let ended = given::session(user).ended(SessionEnd::SignedOut, at(1));
    let ended = namaskah_domain::auth::Session { version: namaskah_domain::Version::FIRST, ..ended };
    let foreign = given::session(other);
    let all = [&kept, &open, &ended, &foreign].map(|s| Change::Session(s.clone()));
    on.apply(all.into_iter().fold(UnitOfWork::new(), UnitOfWork::with)).await;
    let end = |except| UnitOfWork::new().with(Change::EndSessions(EndSessions { user, except, at: at(5) }));
    on.apply(end(Some(kept.id))).await;
    let stored = async |id| on.auth.session(id).await.expect("readable").expect("a session");
    assert_eq!(stored(open.id).await, open.ended(SessionEnd::Revoked, at(5)));
    for untouched in [&kept, &ended, &foreign] {
        assert_eq!(&stored(untouched.id).await, untouched);
    }
    let fresh = given::session(user);
    on.apply(end(None).with(Change::Session(fresh.clone()))).await;
    assert_eq!(stored(kept.id).await, kept.ended(SessionEnd::Revoked, at(5)));
    assert_eq!(stored(fresh.id).await, fresh);
}

/// The second answer names the record that the first one made.
pub async fn a_claim_takes_effect_once_and_is_replayed(on: &Backend) {
    let user = given::account().with(1_000).stored_in(on.store.as_ref()).await;
    let claim = given::claim(user, "key", 1);
    let unit = || UnitOfWork::claiming(claim.clone()).place(given::hold(user, 100));
    on.apply(unit()).await;
    let repeated = namaskah_domain::Claim { outcome: given::id::<()>().uuid(), ..claim.clone() };
    for unit in [unit(), UnitOfWork::claiming(repeated).place(given::hold(user, 100))] {
        let again = on.store.commit(unit).await.expect("a replay");
        assert_eq!(again, Committed::Replayed(claim.outcome));
    }
    assert_eq!(on.account(user).await.wallet.held, usd(100));
}

/// By whoever is about to refuse the command for another reason.
pub async fn a_claim_can_be_looked_up_without_a_commit(on: &Backend) {
    let claim = given::claim(given::id(), "key", 1);
    assert_eq!(on.store.replay(&claim).await.expect("answered"), None);
    on.apply(UnitOfWork::claiming(claim.clone())).await;
    assert_eq!(on.store.replay(&claim).await.expect("answered"), Some(claim.outcome));
    let other = namaskah_domain::Claim { fingerprint: Fingerprint([2; 32]), ..claim };
    assert_refused!(on.store.replay(&other).await.expect_err("another command"), CommitError::KeyReused);
}

/// And changes nothing.
pub async fn a_key_for_another_command_is_refused(on: &Backend) {
    let user = given::account().with(1_000).stored_in(on.store.as_ref()).await;
    let claim = given::claim(user, "key", 1);
    on.apply(UnitOfWork::claiming(claim.clone())).await;
    let other = namaskah_domain::Claim { fingerprint: Fingerprint([2; 32]), ..claim };
    let refused = on.refuse(UnitOfWork::claiming(other).place(given::hold(user, 100))).await;
    assert_refused!(refused, CommitError::KeyReused);
    assert_eq!(on.account(user).await.wallet.held, usd(0));
}

/// Two accounts may use the same text.
pub async fn a_key_belongs_to_its_account(on: &Backend) {
    for command in [1, 2] {
        on.apply(UnitOfWork::claiming(given::claim(given::id(), "the-same-text", command))).await;
    }
}

/// It may be used for something else afterwards.
pub async fn a_refused_command_leaves_its_key_unused(on: &Backend) {
    let user = given::account().with(100).stored_in(on.store.as_ref()).await;
    let refused =
        on.refuse(UnitOfWork::claiming(given::claim(user, "key", 1)).place(given::hold(user, 101))).await;
    assert_refused!(refused, CommitError::InsufficientFunds);
    on.apply(UnitOfWork::claiming(given::claim(user, "key", 2)).place(given::hold(user, 100))).await;
}

/// A command that took effect is not refused for what its own effect left behind.
pub async fn a_replay_is_told_before_any_refusal(on: &Backend) {
    let user = given::account().with(100).stored_in(on.store.as_ref()).await;
    let (claim, quote, hold) = (given::claim(user, "key", 1), given::quote(user), given::hold(user, 100));
    on.apply(UnitOfWork::new().with(Change::Quote(quote.clone()))).await;
    let used = quote.used(given::id());
    let unit = || UnitOfWork::claiming(claim.clone()).place(hold.clone()).with(Change::Quote(used.clone()));
    on.apply(unit()).await;
    let again = on.store.commit(unit()).await.expect("a replay");
    assert_eq!(again, Committed::Replayed(claim.outcome));
    let other = namaskah_domain::Claim { fingerprint: Fingerprint([2; 32]), ..claim };
    let refused = on.refuse(UnitOfWork::claiming(other).place(given::hold(user, 100))).await;
    assert_refused!(refused, CommitError::KeyReused);
}

/// It has nothing to be refused for.
pub async fn a_unit_of_nothing_is_applied(on: &Backend) {
    on.apply(UnitOfWork::new()).await;
}
