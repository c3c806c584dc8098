//! Sentences about records: what is written is what is read, in every state.

use namaskah_domain::{
    Change, CommitError, Committed, Page, Standing, UnitOfWork, Version,
    auth::{
        AllowedIps, ApiKey, Enrolment, Identity, Issuer, KeyStanding, MailTokenPurpose, PasswordHash, Role,
        Scope, Scopes, SecondFactor, SessionEnd, SessionKind, Suspension, TotpSecret, TotpStep, User,
    },
    payment::IntentState,
    verification::{
        Cancelled, Completed, Expired, Failed, Failure, ItemRefusal, ItemResult, Message, Order, OrderStatus,
        PurchaseState, Receivable, Waiting,
    },
    wallet::{PlaceHold, Settings},
};

use super::Backend;
use crate::assert_refused;
use crate::given::{self, at};

/// With and without each thing that a user may lack.
pub async fn users_are_stored_as_decided(on: &Backend) {
    let mut user = given::user();
    on.apply(UnitOfWork::new().with(Change::User(user.clone()))).await;
    assert_eq!(on.auth.user(user.id).await.expect("readable"), Some(user.clone()));
    for (role, until) in Role::ALL.into_iter().zip([None, Some(at(60)), None, Some(at(90)), None]) {
        user.role = role;
        user.email_verified_at = Some(at(9));
        user.must_change_password = !user.must_change_password;
        user.suspension = Some(Suspension { reason: "asked for".into(), since: at(3), until });
        user.version = user.version.next();
        on.apply(UnitOfWork::new().with(Change::User(user.clone()))).await;
        assert_eq!(on.auth.user(user.id).await.expect("readable"), Some(user.clone()));
    }
    user.suspension = None;
    user = user.with_password(PasswordHash::from_stored("another".into()), at(70));
    on.apply(UnitOfWork::new().with(Change::User(user.clone()))).await;
    assert_eq!(on.auth.user_by_email(&user.email).await.expect("readable"), Some(user.clone()));
    let gone = user.anonymised(at(80));
    on.apply(UnitOfWork::new().with(Change::User(gone.clone()))).await;
    assert_eq!(on.auth.user(gone.id).await.expect("readable"), Some(gone));
    assert_eq!(on.auth.user_by_email(&given::email()).await.expect("readable"), None);
    assert_eq!(on.auth.user(given::id()).await.expect("readable"), None);
}

/// Begun, on with every recovery code and with none, and off again.
pub async fn users_keep_their_second_factor(on: &Backend) {
    let mut user = User { second_factor: given::second_factor(), ..given::user() };
    on.apply(UnitOfWork::new().with(Change::User(user.clone()))).await;
    let SecondFactor::On(full) = user.second_factor.clone() else { panic!("it is on") };
    let mut bare = full.clone();
    (bare.recovery, bare.misses, bare.closed_until) = (Vec::new(), u32::MAX, at(900));
    bare.last_step = TotpStep::from_stored(i64::MAX);
    let begun = Enrolment { secret: TotpSecret::from_stored([0; 20]), begun_at: at(5) };
    let states =
        [SecondFactor::Off, SecondFactor::Pending(begun), SecondFactor::On(bare), SecondFactor::On(full)];
    for second_factor in states {
        assert_eq!(on.auth.user(user.id).await.expect("readable"), Some(user.clone()));
        user = user.with_second_factor(second_factor);
        on.apply(UnitOfWork::new().with(Change::User(user.clone()))).await;
        assert_eq!(on.auth.user_by_email(&user.email).await.expect("readable"), Some(user.clone()));
    }
    let gone = user.anonymised(at(80));
    on.apply(UnitOfWork::new().with(Change::User(gone.clone()))).await;
    assert_eq!(on.auth.user(gone.id).await.expect("readable"), Some(gone));
}

/// Of either kind, open, stepped up and ended; tokens new and used.
pub async fn sessions_and_tokens_are_stored_as_decided(on: &Backend) {
    let user = given::id();
    let (bearer, cookie) = (given::session(user), given::hash());
    let browser = namaskah_domain::auth::Session {
        kind: SessionKind::Browser { cookie },
        device: None,
        ip: None,
        ..given::session(user)
    };
    for session in [bearer.clone(), browser.clone()] {
        on.apply(UnitOfWork::new().with(Change::Session(session.clone()))).await;
        assert_eq!(on.auth.session(session.id).await.expect("readable"), Some(session));
    }
    assert_eq!(on.auth.session_by_cookie(cookie).await.expect("readable"), Some(browser.clone()));
    assert_eq!(on.auth.session_by_cookie(given::hash()).await.expect("readable"), None);
    let renewed = browser.renewed(at(5), at(7_200));
    let lifted =
        renewed.elevated(given::id(), SessionKind::Browser { cookie: given::hash() }, at(5), at(300));
    for session in [
        renewed.clone(),
        lifted.clone(),
        lifted.ended(SessionEnd::SignedOut, at(6)),
        renewed.ended(SessionEnd::Replaced, at(6)),
        bearer.clone().ended(SessionEnd::TokenReused, at(7)),
    ] {
        on.apply(UnitOfWork::new().with(Change::Session(session.clone()))).await;
        assert_eq!(on.auth.session(session.id).await.expect("readable"), Some(session));
    }
    let token = given::refresh_token(&bearer);
    for token in [token.clone(), token.used(at(8))] {
        on.apply(UnitOfWork::new().with(Change::RefreshToken(token.clone()))).await;
        assert_eq!(on.auth.refresh_token(token.hash).await.expect("readable"), Some(token));
    }
    for purpose in MailTokenPurpose::ALL {
        let token = given::mail_token(user, purpose);
        for token in [token.clone(), token.used(at(9))] {
            on.apply(UnitOfWork::new().with(Change::MailToken(token.clone()))).await;
            assert_eq!(on.auth.mail_token(token.hash).await.expect("readable"), Some(token));
        }
    }
    assert_eq!(on.auth.refresh_token(given::hash()).await.expect("readable"), None);
    assert_eq!(on.auth.mail_token(given::hash()).await.expect("readable"), None);
}

/// From anywhere and for ever as well; used and deleted.
pub async fn keys_are_stored_as_decided_and_found_with_their_users(on: &Backend) {
    let user = given::user();
    on.apply(UnitOfWork::new().with(Change::User(user.clone()))).await;
    let bound = given::api_key(user.id);
    let free = ApiKey {
        scopes: Scopes::of(Scope::ALL).expect("scopes"),
        allowed: AllowedIps::anywhere(),
        expires_at: None,
        ..given::api_key(user.id)
    };
    let foreign = given::api_key(given::user().id);
    for key in [&bound, &free, &foreign] {
        on.apply(UnitOfWork::new().with(Change::ApiKey(key.clone()))).await;
    }
    assert_eq!(on.auth.api_keys(user.id).await.expect("readable"), [free.clone(), bound.clone()]);
    let used = bound.used(at(60));
    for key in [free.clone(), used.clone(), used.clone().ended(at(70))] {
        if key != free {
            on.apply(UnitOfWork::new().with(Change::ApiKey(key.clone()))).await;
        }
        let found = on.auth.api_key(key.hash).await.expect("readable");
        assert_eq!(found, Some(KeyStanding { key, user: user.clone() }));
    }
    assert_eq!(on.auth.api_keys(user.id).await.expect("readable"), [free]);
    assert_eq!(on.auth.api_key(given::hash()).await.expect("readable"), None);
    assert_eq!(on.auth.api_key(foreign.hash).await.expect("readable"), None, "its user is not there");
}

/// A subject of another issuer is somebody else; of who has left none stays.
pub async fn identities_are_stored_as_decided_and_found_by_issuer_and_subject(on: &Backend) {
    let user = given::user().id;
    let (first, second) = (given::identity(user), given::identity(user));
    let elsewhere = Issuer::try_new("https://elsewhere.example").expect("an issuer");
    let namesake = Identity {
        issuer: elsewhere.clone(),
        subject: first.subject.clone(),
        ..given::identity(given::id())
    };
    for identity in [&first, &second, &namesake] {
        on.apply(UnitOfWork::new().with(Change::Identity(identity.clone()))).await;
    }
    let subject = first.subject.clone().expect("a subject");
    let found = async |issuer: &Issuer| on.auth.identity(issuer, &subject).await.expect("readable");
    assert_eq!(found(&first.issuer).await, Some(first.clone()));
    assert_eq!(found(&elsewhere).await, Some(namesake));
    assert_eq!(on.auth.identities(user).await.expect("readable"), [second.clone(), first.clone()]);
    let issuer = first.issuer.clone();
    for gone in [first.anonymised(), second.anonymised()] {
        on.apply(UnitOfWork::new().with(Change::Identity(gone))).await;
    }
    assert_eq!(found(&issuer).await, None);
    assert_eq!(on.auth.identities(user).await.expect("readable"), []);
    let again = Identity { subject: Some(subject.clone()), ..given::identity(given::id()) };
    on.apply(UnitOfWork::new().with(Change::Identity(again.clone()))).await;
    assert_eq!(found(&issuer).await, Some(again));
}

/// And on the way there.
pub async fn intents_are_stored_as_decided_in_every_state(on: &Backend) {
    let at = at(61);
    let ends = [
        IntentState::Succeeded { at },
        IntentState::Failed { at },
        IntentState::Expired { at },
        IntentState::Suspense { at },
    ];
    for end in ends {
        let intent = given::intent(given::id());
        let with_checkout = intent.clone().with_checkout("https://pay.example/x".into());
        let checked = with_checkout.clone().checked();
        for stored in [intent, with_checkout, checked.clone(), checked.closed(end)] {
            on.apply(UnitOfWork::new().with(Change::Intent(stored.clone()))).await;
            assert_eq!(on.payments.intent(stored.id).await.expect("readable"), Some(stored.clone()));
        }
    }
    assert_eq!(on.payments.intent(given::id()).await.expect("readable"), None);
}

/// With a threshold, without one, and with one again.
pub async fn wallet_settings_are_stored_as_decided(on: &Backend) {
    let (user, other) = (given::id(), given::id());
    assert_eq!(on.wallet.settings(user).await.expect("readable"), None);
    let mut stored = Settings::unset(user);
    for threshold in [Some(given::amount(1)), None, Some(given::amount(i64::MAX))] {
        stored = stored.clone().replacing(&stored).with_low_balance_threshold(threshold).expect("dollars");
        on.apply(UnitOfWork::new().with(Change::WalletSettings(stored.clone()))).await;
        assert_eq!(on.wallet.settings(user).await.expect("readable"), Some(stored.clone()));
    }
    let none = given::wallet_settings(other).with_low_balance_threshold(None).expect("nothing");
    on.apply(UnitOfWork::new().with(Change::WalletSettings(none.clone()))).await;
    assert_eq!(on.wallet.settings(other).await.expect("readable"), Some(none));
    assert_eq!(on.wallet.settings(user).await.expect("readable"), Some(stored));
}

/// New and used, with and without wishes.
pub async fn quotes_are_stored_as_decided(on: &Backend) {
    let mut plain = given::quote(given::id());
    (plain.ask.area_code, plain.ask.carrier) = (None, None);
    for quote in [plain, given::quote(given::id())] {
        for quote in [quote.clone(), quote.used(given::id())] {
            on.apply(UnitOfWork::new().with(Change::Quote(quote.clone()))).await;
            assert_eq!(on.orders.quote(quote.id).await.expect("readable"), Some(quote));
        }
    }
    assert_eq!(on.orders.quote(given::id()).await.expect("readable"), None);
}

/// A waiting order, and the purchase that serves it, both stored.
pub(super) async fn waiting(on: &Backend, user: namaskah_domain::UserId) -> Waiting {
    let order = given::requested(user);
    let purchase = given::purchase(&order);
    let unit =
        UnitOfWork::new().with(Change::Order(order.clone().into())).with(Change::Purchase(purchase.clone()));
    on.apply(unit).await;
    let bought = given::bought();
    let waiting = order.bind(given::line(&purchase, &bought));
    let unit = UnitOfWork::new()
        .with(Change::Order(waiting.clone().into()))
        .with(Change::Purchase(purchase.bind(bought)))
        .with(Change::ShownNumber(given::shown(&waiting)));
    on.apply(unit).await;
    waiting
}

async fn assert_stored(on: &Backend, order: impl Into<Order>) {
    let order = order.into();
    on.apply(UnitOfWork::new().with(Change::Order(order.clone()))).await;
    assert_eq!(on.orders.order(order.head().id).await.expect("readable"), Some(order));
}

/// With every field, and with every optional one missing.
pub async fn orders_are_stored_as_decided_in_every_state(on: &Backend) {
    for status in OrderStatus::ALL {
        let mut order = given::requested(given::id());
        if status == OrderStatus::Waiting {
            (order.head.metadata, order.head.retry_of, order.head.batch) = (None, None, None);
            (order.head.retried_by, order.head.report, order.head.swaps) = (Some(given::id()), None, 2);
        }
        assert_stored(on, order.clone()).await;
        let order = order.request_cancel(at(3));
        assert_stored(on, order.clone()).await;
        let line = given::line(&given::purchase(&order), &given::bought());
        let bound = order.clone().bind(line);
        if !matches!(status, OrderStatus::Requested | OrderStatus::Failed) {
            assert_stored(on, bound.clone()).await;
        }
        let Waiting { mut head, line } = bound;
        head.version = head.version.next();
        match status {
            OrderStatus::Requested | OrderStatus::Waiting => {}
            OrderStatus::Completed => assert_stored(on, Completed { head, line, at: at(9) }).await,
            OrderStatus::Cancelled => assert_stored(on, Cancelled { head, line, at: at(9) }).await,
            OrderStatus::Expired => assert_stored(on, Expired { head, line, at: at(9) }).await,
            OrderStatus::Failed => assert_stored(on, order.fail(Failure::ProviderUnknown, at(9)).0).await,
        }
    }
    for failure in Failure::ALL {
        let order = given::requested(given::id());
        let failed = Failed { head: order.head, failure, at: at(4) };
        assert_stored(on, failed).await;
    }
    assert_eq!(on.orders.order(given::id()).await.expect("readable"), None);
}

/// With each end of what it cost.
pub async fn purchases_are_stored_as_decided_in_every_state(on: &Backend) {
    let stored = async |purchase: &namaskah_domain::verification::Purchase| {
        on.apply(UnitOfWork::new().with(Change::Purchase(purchase.clone()))).await;
        assert_eq!(on.orders.purchase(purchase.id).await.expect("readable").as_ref(), Some(purchase));
    };
    let sent = given::purchase(&given::requested(given::id()));
    stored(&sent).await;
    let missed = sent.missed(at(30));
    stored(&missed).await;
    let missed = missed.missed(at(60));
    stored(&missed).await;
    stored(&missed.absent(at(90))).await;
    for end in [
        Receivable::Credited { at: at(100) },
        Receivable::Costed { at: at(101) },
        Receivable::WrittenOff { at: at(102) },
    ] {
        let sent = given::purchase(&given::requested(given::id()));
        stored(&sent).await;
        let bound = sent.bind(given::bought());
        stored(&bound).await;
        stored(&bound.close_receivable(end).expect("an open receivable")).await;
    }
    let mut orphan = given::purchase(&given::requested(given::id()));
    orphan.wanted_by = None;
    orphan.state = PurchaseState::Orphan(given::bought());
    stored(&orphan).await;
    assert_eq!(on.orders.purchase(given::id()).await.expect("readable"), None);
}

/// With and without sender, text and code.
pub async fn messages_are_stored_as_decided(on: &Backend) {
    let order = waiting(on, given::id()).await;
    let full = given::message(&order, "Your code is 806-185 — नमस्कार");
    assert!(full.code.is_some(), "the text has a code");
    let bare = Message {
        from: None,
        text: None,
        code: None,
        late: true,
        received_at: at(20),
        ..given::message(&order, "")
    };
    let unit = UnitOfWork::new().with(Change::Message(full.clone())).with(Change::Message(bare.clone()));
    on.apply(unit).await;
    assert_eq!(on.orders.messages_of(&[order.head.id]).await.expect("readable"), [full, bare]);
    assert_eq!(on.orders.messages_of(&[given::id()]).await.expect("readable"), []);
    assert_eq!(on.orders.messages_of(&[]).await.expect("readable"), []);
    let page = Page { limit: 5, after: None };
    assert_eq!(
        on.orders.orders(order.head.user, &Default::default(), page).await.expect("readable").rows.len(),
        1
    );
    assert_eq!(order.head.version, Version::from_stored(2));
}

/// Holds, orders and the batch come in one commit or not at all, and orders are found by their names.
pub async fn batches_are_stored_as_decided_with_all_of_their_orders(on: &Backend) {
    let user = given::account().with(25).with_promo(10).stored_in(on.store.as_ref()).await;
    let refusals = [
        ItemRefusal::NoSuchService,
        ItemRefusal::ServiceBlocked,
        ItemRefusal::NoSuchQuote,
        ItemRefusal::QuoteMismatch,
        ItemRefusal::QuoteExpired,
        ItemRefusal::QuoteUsed,
        ItemRefusal::PriceAboveLimit { price: given::amount(1_130_000) },
        ItemRefusal::InsufficientFunds,
        ItemRefusal::TooManyOpenOrders,
        ItemRefusal::AccountBlocked,
    ];
    for count in [4, 3] {
        let orders: Vec<_> = (0..count).map(|_| given::requested(user)).collect();
        let created = orders.iter().map(|order| ItemResult::Created(order.head.id));
        let mut results: Vec<_> = created.chain(refusals.map(ItemResult::Refused)).collect();
        results.reverse();
        let batch = given::batch(user, results);
        let version = on.account(user).await.version;
        let mut unit = UnitOfWork::claiming(given::claim(user, &format!("batch-{count}"), 1))
            .expecting(user, Standing::AsRead(version))
            .with(Change::Batch(batch.clone()));
        for order in &orders {
            let hold = PlaceHold { purpose: given::order_of(order.head.id, 100), ..given::hold(user, 10) };
            unit = unit.place(hold).with(Change::Order(order.clone().into()));
        }
        let ids: Vec<_> = orders.iter().map(|order| order.head.id).collect();
        let read = |ids: Vec<_>| async move { on.orders.orders_among(&ids).await.expect("readable") };
        if count == 4 {
            // 35 are there.
            assert_refused!(on.refuse(unit).await, CommitError::InsufficientFunds);
            assert_eq!(on.orders.batch(batch.id).await.expect("readable"), None);
            assert_eq!(read(ids).await, Vec::new());
            continue;
        }
        on.apply(unit.clone()).await;
        let replayed = on.store.commit(unit).await.expect("a repetition");
        assert!(matches!(replayed, Committed::Replayed(_)));
        assert_eq!(on.orders.batch(batch.id).await.expect("readable"), Some(batch));
        let mut stored = read([ids, vec![given::id()]].concat()).await;
        stored.sort_by_key(|order| order.head().id);
        let mut placed: Vec<Order> = orders.into_iter().map(Order::from).collect();
        placed.sort_by_key(|order| order.head().id);
        assert_eq!(stored, placed);
        assert_eq!(on.account(user).await.open_orders, 3);
        assert_eq!(on.account(user).await.available().units(), 5);
    }
    assert_eq!(on.orders.orders_among(&[]).await.expect("readable"), Vec::new());
}
