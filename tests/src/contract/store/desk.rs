//! Sentences about payments as staff finds them.

use namaskah_domain::{
    Change, Money, Page, PaymentId, Sender, UnitOfWork, Version,
    payment::{
        DisputeState, Intent, IntentState, PaidBack, PaymentQuery, PaymentStatus, SetAside, Suspended,
        SuspenseState, SuspenseStatus,
    },
    wallet::{EntryKind, House, LedgerAccount, Legs, Purse, Source},
};

use super::Backend;
use crate::given::{self, amount, at, naira};

const fn first(limit: u32) -> Page<PaymentId> {
    Page { limit, after: None }
}

async fn stored(on: &Backend, intent: Intent) -> Intent {
    on.apply(UnitOfWork::new().with(Change::Intent(intent.clone()))).await;
    intent
}

/// A credited payment of which so many of its 100 naira went back, and over which so many disputes are open.
fn credited(arrived: i64, disputes: u32) -> Intent {
    let intent = given::intent(given::id());
    let charged = naira(100);
    let back = PaidBack::nothing(intent.amount, charged);
    let arrived = Money::from_units(arrived, charged.currency());
    let back = PaidBack { arrived, open_disputes: disputes, ..back };
    Intent { charged, back, state: IntentState::Succeeded { at: at(60) }, ..intent }
}

/// By each status, by user, by name and all together, newest first, in pages.
pub async fn payments_are_found_by_how_they_stand(on: &Backend) {
    let of = |state| Intent { state, ..given::intent(given::id()) };
    let mut all = Vec::new();
    for intent in [
        of(IntentState::Pending),
        of(IntentState::Failed { at: at(1) }),
        of(IntentState::Expired { at: at(1) }),
        of(IntentState::Suspense { at: at(1) }),
        credited(0, 0),
        credited(100, 0),
        credited(99, 0),
        credited(99, 1),
    ] {
        all.push(stored(on, intent).await);
    }
    let found = async |query: &PaymentQuery| {
        on.desk.payments(query, first(100)).await.expect("readable").rows.into_iter().map(|i| i.id)
    };
    for status in PaymentStatus::ALL {
        let query = PaymentQuery { status: Some(status), ..PaymentQuery::default() };
        let expected: Vec<_> = all.iter().filter(|intent| intent.status() == status).collect();
        assert_eq!(expected.len(), 1, "{status:?}");
        assert_eq!(found(&query).await.collect::<Vec<_>>(), [expected[0].id], "{status:?}");
    }
    let query = PaymentQuery { user: Some(all[2].user), ..PaymentQuery::default() };
    assert_eq!(found(&query).await.collect::<Vec<_>>(), [all[2].id]);
    let query = PaymentQuery { reference: Some(all[3].reference.clone()), ..PaymentQuery::default() };
    assert_eq!(found(&query).await.collect::<Vec<_>>(), [all[3].id]);
    let query = PaymentQuery { user: Some(all[2].user), ..query };
    assert_eq!(found(&query).await.count(), 0);
    let page = Page { limit: 2, after: Some(all[7].id) };
    let page = on.desk.payments(&PaymentQuery::default(), page).await.expect("readable");
    assert_eq!((page.rows, page.has_more), (vec![all[6].clone(), all[5].clone()], true));
}

async fn set_aside(on: &Backend, state: SuspenseState) -> SetAside {
    let intent = Intent { state: IntentState::Suspense { at: at(1) }, ..given::intent(given::id()) };
    let intent = stored(on, intent).await;
    let item = Suspended { state, ..given::suspended(&intent) };
    on.apply(UnitOfWork::new().with(Change::Suspended(item.clone()))).await;
    SetAside { item, reference: intent.reference }
}

/// With its name at the gateway, newest first, in pages.
pub async fn what_was_set_aside_is_found_by_what_became_of_it(on: &Backend) {
    let open = set_aside(on, SuspenseState::Open).await;
    let given_away = set_aside(on, SuspenseState::Credited { amount: amount(4), at: at(9) }).await;
    let back = set_aside(on, SuspenseState::Returned { at: at(9) }).await;
    for (status, expected) in [
        (None, vec![&back, &given_away, &open]),
        (Some(SuspenseStatus::Open), vec![&open]),
        (Some(SuspenseStatus::Credited), vec![&given_away]),
        (Some(SuspenseStatus::Returned), vec![&back]),
    ] {
        let found = on.desk.set_aside(status, first(10)).await.expect("readable").rows;
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{status:?}");
    }
    let page = Page { limit: 1, after: Some(back.item.payment) };
    let page = on.desk.set_aside(None, page).await.expect("readable");
    assert_eq!((page.rows, page.has_more), (vec![given_away], true));
    let after = Page { limit: 1, after: Some(open.item.payment) };
    let none = on.desk.set_aside(Some(SuspenseStatus::Open), after).await.expect("readable");
    assert_eq!((none.rows, none.has_more), (vec![], false));
}

/// Its disputes and not those of another, its transfers in their order, and the notices that name it.
pub async fn what_hangs_on_a_payment_is_found(on: &Backend) {
    let user = given::account().stored_in(on.store.as_ref()).await;
    let intent = stored(on, given::intent(user)).await;
    let (open, other) = (given::dispute(&intent), given::dispute(&given::intent(given::id())));
    let mut won = given::dispute(&intent);
    won.state = DisputeState::Won { at: at(8) };
    for dispute in [&open, &won, &other] {
        on.apply(UnitOfWork::new().with(Change::Dispute(dispute.clone()))).await;
    }
    assert_eq!(on.payments.disputes_of(intent.id).await.expect("readable"), [open.clone(), won]);
    assert_eq!(on.payments.disputes_of(given::id()).await.expect("readable"), []);

    let source = Source::paystack(&intent.reference);
    let mut legs = Legs::new(source.clone(), EntryKind::Deposit, at(3));
    let house = LedgerAccount::House;
    legs.add(house(House::PspClearingPaystack), house(House::Fx), naira(1_600));
    legs.add(house(House::Fx), LedgerAccount::User(user, Purse::Wallet), amount(1_000_000));
    let entry = legs.into_entry().expect("balanced");
    let expected = entry.clone().into_transfers();
    on.apply(UnitOfWork::new().post(entry)).await;
    let lost = Source::disputed(open.id, Version::FIRST);
    let found = on.desk.transfers_of(&[lost.clone(), source]).await.expect("readable");
    assert_eq!(found, expected);
    assert_eq!(on.desk.transfers_of(&[lost]).await.expect("readable"), []);
    assert_eq!(on.desk.transfers_of(&[]).await.expect("readable"), []);

    let named = Some(intent.reference.to_string());
    for (sender, subject) in [
        (Sender::Paystack, named.clone()),
        (Sender::Paystack, named.clone()),
        (Sender::TextVerified, named),
        (Sender::Paystack, Some("nmk-other".to_owned())),
        (Sender::Paystack, None),
    ] {
        on.apply(UnitOfWork::new().with(Change::Notice(given::notice(sender, subject)))).await;
    }
    assert_eq!(on.desk.notices_about(&intent.reference).await.expect("readable"), 2);
    let none = given::intent(user).reference;
    assert_eq!(on.desk.notices_about(&none).await.expect("readable"), 0);
}
