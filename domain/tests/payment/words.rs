//! The words that the API and storage use for money. They are kept by others, so none may ever change.

use namaskah_domain::{
    Amount, Currency, Event, EventKind, MailSecret, Money, MoneyError, Notice, NoticeState, Sender, UserId,
    Version,
    payment::{
        Charge, ChargeStatus, ChargedMoney, FxRate, GatewayDisputeId, GatewayRefundId, Intent, IntentState,
        PaymentReference,
    },
    verification::OrderStatus,
    wallet::{EntryKind, House, LedgerAccount, Legs, Purse, Source, Unbalanced},
};
use rust_decimal::Decimal;

use crate::world::{World, ngn, usd};

#[test]
fn currencies_have_their_codes_and_are_known_by_them() {
    let codes = ["USD", "NGN", "GHS", "ZAR", "KES", "XOF", "EGP", "RWF"];
    assert_eq!(Currency::ALL.map(Currency::code), codes);
    for (code, currency) in codes.into_iter().zip(Currency::ALL) {
        assert_eq!(code.parse(), Ok(currency));
    }
    for unknown in ["usd", "EUR", "", "USD "] {
        assert_eq!(unknown.parse::<Currency>(), Err(MoneyError::UnknownCurrency), "{unknown:?}");
    }
}

#[test]
fn lines_have_their_kinds() {
    let names = EntryKind::ALL.map(EntryKind::name);
    let expected = [
        "deposit",
        "purchase",
        "refund",
        "adjustment",
        "promo",
        "chargeback",
        "debt_repayment",
        "cost",
        "suspense",
        "treasury",
    ];
    assert_eq!(names, expected);
}

#[test]
fn accounts_have_their_names_and_the_houses_are_known_by_them() {
    let names = [
        "revenue",
        "psp_clearing:paystack",
        "psp_fees",
        "provider_float:textverified",
        "provider_receivable",
        "cost_of_numbers",
        "promo_expense",
        "fx",
        "suspense",
        "treasury",
        "adjustment",
        "write_off",
    ];
    assert_eq!(House::ALL.map(House::name), names);
    for (name, house) in names.into_iter().zip(House::ALL) {
        assert_eq!(name.parse(), Ok(house));
        assert_eq!(LedgerAccount::House(house).to_string(), name);
        assert_eq!(LedgerAccount::House(house).user(), None);
    }
    let user = UserId::from_uuid(uuid::Uuid::from_u128(7));
    for (purse, name) in [(Purse::Wallet, "wallet"), (Purse::Promo, "promo"), (Purse::Debt, "debt")] {
        assert_eq!(LedgerAccount::User(user, purse).to_string(), name);
        assert_eq!(LedgerAccount::User(user, purse).user(), Some(user));
        assert!(name.parse::<House>().is_err());
    }
}

#[test]
fn events_have_their_names_and_are_known_by_them() {
    let names = [
        "verification.requested",
        "verification.waiting",
        "verification.message",
        "verification.completed",
        "verification.cancelled",
        "verification.expired",
        "verification.failed",
        "payment.succeeded",
        "payment.failed",
        "payment.suspense",
        "payment.refunded",
        "payment.disputed",
        "wallet.low_balance",
    ];
    assert_eq!(EventKind::ALL.map(EventKind::name), names);
    for (name, kind) in names.into_iter().zip(EventKind::ALL) {
        assert_eq!(EventKind::from_name(name), Some(kind));
    }
    assert_eq!(EventKind::from_name("payment"), None);
    for status in OrderStatus::ALL {
        assert_eq!(EventKind::of(status).name(), format!("verification.{}", status.name()));
    }
}

#[tokio::test]
async fn an_event_names_its_payment_and_the_version_that_it_tells_of() {
    let world = World::new().await;
    let intent = world.open("1.00").await;
    let event =
        Event::about_payment(world.platform.id(), EventKind::PaymentFailed, &intent, intent.created_at);
    assert_eq!(
        (event.user, event.kind, event.subject),
        (world.ada, EventKind::PaymentFailed, intent.id.uuid())
    );
    assert_eq!((event.version, event.at), (intent.version, intent.created_at));
}

#[test]
fn secrets_and_signed_bytes_are_not_told_to_logs() {
    let secret = MailSecret("0123-secret".to_owned());
    assert_eq!(format!("{secret:?}"), "MailSecret(…)");
    let notice = Notice {
        id: namaskah_domain::NoticeId::from_uuid(uuid::Uuid::from_u128(1)),
        sender: Sender::TextVerified,
        key: "key".to_owned(),
        subject: Some("reservation".to_owned()),
        body: b"Your code is 482913".to_vec(),
        at: namaskah_domain::Time::UNIX_EPOCH,
        state: NoticeState::New,
        version: Version::FIRST,
    };
    let told = format!("{notice:?}");
    assert_eq!(told, format!("Notice({} TextVerified New)", notice.id));
    let seen = notice.clone().seen(NoticeState::Handled);
    assert_eq!((seen.state, seen.version), (NoticeState::Handled, notice.version.next()));
    assert_eq!([Sender::Paystack, Sender::TextVerified].map(Sender::name), ["paystack", "textverified"]);
}

#[test]
fn a_gateways_names_are_letters_digits_and_two_marks() {
    let long = "a".repeat(64);
    for text in ["1", "rfd_1-X", long.as_str()] {
        assert_eq!(GatewayRefundId::try_new(text).map(|id| id.as_str().to_owned()), Ok(text.to_owned()));
        assert_eq!(GatewayDisputeId::try_new(text).map(|id| id.as_str().to_owned()), Ok(text.to_owned()));
        assert_eq!(GatewayRefundId::try_new(text).map(|id| id.to_string()), Ok(text.to_owned()));
        assert_eq!(GatewayDisputeId::try_new(text).map(|id| id.to_string()), Ok(text.to_owned()));
    }
    for text in ["", "a b", "a/b", "é", "a".repeat(65).as_str()] {
        assert!(GatewayRefundId::try_new(text).is_err(), "{text:?}");
        assert!(GatewayDisputeId::try_new(text).is_err(), "{text:?}");
    }
}

#[test]
fn a_reference_is_letters_digits_and_dashes() {
    let reference = PaymentReference::try_new("pay-01X").expect("a reference");
    assert_eq!((reference.as_str(), reference.to_string()), ("pay-01X", "pay-01X".to_owned()));
    for text in ["", "a_b", "a b", "é", "a".repeat(200).as_str()] {
        assert!(PaymentReference::try_new(text).is_err(), "{text:?}");
    }
}

#[test]
fn a_reference_of_our_make_begins_as_all_of_ours_do() {
    let made = PaymentReference::generate(&namaskah_domain::memory::SeededRandom::new(1));
    assert!(made.is_of_our_make() && made.as_str().starts_with("nmk-"));
    for foreign in ["pay-01X", "NMK-1", "1-nmk-", "nmk"] {
        assert!(!PaymentReference::try_new(foreign).expect("a reference").is_of_our_make(), "{foreign}");
    }
}

#[tokio::test]
async fn a_payment_may_be_credited_until_its_money_has_come_and_is_open_until_anything_is_known() {
    let intent = World::new().await.open("1.00").await;
    let at = intent.created_at;
    for (state, may) in [
        (IntentState::Pending, [true, true, false, false]),
        (IntentState::Failed { at }, [true, false, false, false]),
        (IntentState::Expired { at }, [true, false, false, false]),
        (IntentState::Succeeded { at }, [false, false, true, false]),
        (IntentState::Suspense { at }, [false, false, false, true]),
    ] {
        let now = Intent { state, ..intent.clone() };
        let told = [now.is_creditable(), now.is_open(), now.is_credited(), now.is_suspended()];
        assert_eq!(told, may, "{state:?}");
    }
}

#[test]
fn a_rate_is_above_zero_and_changes_dollars_into_naira_and_back() {
    for refused in [Decimal::ZERO, Decimal::NEGATIVE_ONE] {
        assert_eq!(FxRate::try_new(refused), Err(MoneyError::NotPositive));
    }
    let rate = FxRate::try_new(Decimal::new(160_050, 2)).expect("a rate");
    assert_eq!(rate.ngn_per_usd(), Decimal::new(16_005, 1));
    assert_eq!(rate.charge_for(usd("2.00")), Ok(ngn("3201.00")));
    assert_eq!(rate.worth_of(ngn("3201.00")), Ok(usd("2.00").money()));
    let (naira, dollars) = (Currency::Ngn, Currency::Usd);
    assert_eq!(rate.charge_for(ngn("1.00")), Err(MoneyError::CurrencyMismatch(naira, dollars)));
    assert_eq!(rate.worth_of(usd("1.00")), Err(MoneyError::CurrencyMismatch(dollars, naira)));
    assert_eq!(FxRate::one_to_one().charge_for(usd("1.00")), Ok(ngn("1.00")));
}

#[test]
fn a_fee_is_booked_only_between_nothing_and_the_payment_and_in_its_currency() {
    let charge = |fee: Option<Money>| Charge {
        reference: PaymentReference::try_new("pay-1").expect("a reference"),
        status: ChargeStatus::Succeeded,
        paid: ChargedMoney::Known(ngn("100.00")),
        fee,
        paid_at: None,
        of_our_mode: true,
    };
    let booked = |fee: Option<Money>| charge(fee).bookable_fee(ngn("100.00"));
    assert_eq!(booked(Some(ngn("1.50").money())), Some(ngn("1.50")));
    assert_eq!(booked(Some(ngn("99.999999").money())), Some(ngn("99.999999")));
    let zero = Money::zero(Currency::Ngn);
    for fee in [None, Some(zero), Some(ngn("1.00").money().negated()), Some(ngn("100.00").money())] {
        assert_eq!(booked(fee), None, "{fee:?}");
    }
    assert_eq!(booked(Some(usd("1.00").money())), None);
    assert!(charge(None).is_in(Currency::Ngn) && !charge(None).is_in(Currency::Usd));
    assert!(!Charge { paid: ChargedMoney::Unbookable, ..charge(None) }.is_in(Currency::Ngn));
}

#[test]
fn money_is_no_finer_than_a_millionth_and_an_amount_is_its_sum() {
    let fine = Decimal::new(1, 7);
    assert_eq!(Money::from_decimal(fine, Currency::Usd), Err(MoneyError::TooPrecise));
    assert_eq!(Money::from_decimal(Decimal::new(10, 7), Currency::Usd).map(Money::units), Ok(1));
    assert_eq!(Money::from(usd("2.50")), Money::from_units(2_500_000, Currency::Usd));
    assert_eq!(Amount::try_new(Money::zero(Currency::Usd)), Err(MoneyError::NotPositive));
}

fn legs(source: &str) -> Legs {
    Legs::new(Source::from_stored(source.to_owned()), EntryKind::Treasury, namaskah_domain::Time::UNIX_EPOCH)
}

#[test]
fn an_entry_needs_a_transfer_between_two_accounts() {
    let treasury = LedgerAccount::House(House::Treasury);
    assert_eq!(legs("a").into_entry(), Err(Unbalanced::Empty));
    let mut to_itself = legs("a");
    to_itself.add(treasury, treasury, usd("1.00"));
    assert_eq!(to_itself.into_entry(), Err(Unbalanced::SelfTransfer));
}

#[test]
fn fx_bridges_two_currencies_or_none() {
    let (treasury, fx) = (LedgerAccount::House(House::Treasury), LedgerAccount::House(House::Fx));
    for one_side in [[treasury, fx], [fx, treasury]] {
        let mut half = legs("a");
        half.add(one_side[0], one_side[1], usd("1.00"));
        assert_eq!(half.clone().into_entry(), Err(Unbalanced::Bridge));
        // Another currency that does not touch it is no bridge.
        half.add(treasury, LedgerAccount::House(House::PspClearingPaystack), ngn("1600.00"));
        assert_eq!(half.into_entry(), Err(Unbalanced::Bridge));
    }
    let mut whole = legs("a");
    whole.add(treasury, fx, usd("1.00"));
    whole.add(fx, treasury, ngn("1600.00"));
    let transfers = whole.into_entry().expect("an entry").into_transfers();
    assert_eq!(transfers.iter().map(|transfer| transfer.leg).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn the_legs_of_an_entry_share_one_source_and_stand_once_each() {
    let (treasury, float) =
        (LedgerAccount::House(House::Treasury), LedgerAccount::House(House::ProviderFloatTextVerified));
    let one = |source: &str| {
        let mut one = legs(source);
        one.add(float, treasury, usd("1.00"));
        one.into_entry().expect("an entry").into_transfers()
    };
    let entry = |transfers| namaskah_domain::wallet::JournalEntry::try_new(transfers);
    assert_eq!(entry([one("a"), one("a")].concat()), Err(Unbalanced::Legs));
    let mut second = one("b");
    second[0].leg = 2;
    assert_eq!(entry([one("a"), second.clone()].concat()), Err(Unbalanced::Legs));
    second[0].source = Source::from_stored("a".to_owned());
    assert_eq!(entry([one("a"), second].concat()).map(|entry| entry.into_transfers().len()), Ok(2));
}

#[test]
fn a_source_reads_as_it_is_stored() {
    let source = Source::from_stored("cap:hld_1".to_owned());
    assert_eq!((source.as_str(), format!("{source:?}")), ("cap:hld_1", "cap:hld_1".to_owned()));
}
