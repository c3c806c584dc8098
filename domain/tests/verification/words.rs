//! The words that the API and storage use for orders, and what logs are never told.

use namaskah_domain::{
    MessageId, OrderId, PhoneNumber, Time,
    verification::{
        AreaCode, BatchMode, Capability, Carrier, Code, CountryCode, Failure, IncomingMessage, InvalidAsk,
        Message, OrderStatus, ProviderId, ReportReason, ReservationId, ServiceCode,
    },
};

#[test]
fn states_have_their_names_and_are_known_by_them() {
    let names = ["requested", "waiting", "completed", "cancelled", "expired", "failed"];
    assert_eq!(OrderStatus::ALL.map(OrderStatus::name), names);
    for (name, status) in names.into_iter().zip(OrderStatus::ALL) {
        assert_eq!(OrderStatus::from_name(name), Some(status));
        assert_eq!(status.is_final(), !["requested", "waiting"].contains(&name));
    }
    assert_eq!(OrderStatus::from_name("Waiting"), None);
}

#[test]
fn reasons_and_failures_have_their_names() {
    let names = ["number_used", "no_code", "wrong_code"];
    assert_eq!(ReportReason::ALL.map(ReportReason::name), names);
    for (name, reason) in names.into_iter().zip(ReportReason::ALL) {
        assert_eq!(ReportReason::from_name(name), Some(reason));
    }
    assert_eq!(ReportReason::from_name("used"), None);
    assert_eq!(BatchMode::from_name("all_or_nothing"), Some(BatchMode::AllOrNothing));
    assert_eq!(BatchMode::from_name("best_effort"), Some(BatchMode::BestEffort));
    assert_eq!(BatchMode::from_name("some"), None);
    let told = [
        ("no_numbers", "No number is available for this request now."),
        ("price_changed", "The price has risen since it was quoted."),
        ("provider_unavailable", "Numbers cannot be bought now."),
        ("provider_refused", "The request was refused."),
        ("provider_unknown", "The purchase could not be confirmed."),
    ];
    assert_eq!(Failure::ALL.map(|failure| (failure.code(), failure.detail())), told);
}

#[test]
fn what_is_asked_for_is_checked_letter_by_letter() {
    let long = "a".repeat(64);
    for text in ["whatsapp", "a", "yahoo_mail-2.x", long.as_str()] {
        let code = ServiceCode::try_new(text).expect("a service");
        assert_eq!((code.as_str(), code.to_string(), format!("{code:?}")), (text, text.into(), text.into()));
    }
    for text in ["", "WhatsApp", "a b", "é", "a/b", "a".repeat(65).as_str()] {
        assert_eq!(ServiceCode::try_new(text), Err(InvalidAsk::Service), "{text:?}");
    }
    for text in ["", "us", "USA", "U1"] {
        assert_eq!(CountryCode::try_new(text), Err(InvalidAsk::Country), "{text:?}");
    }
    for text in ["", "30", "3055", "30a"] {
        assert_eq!(AreaCode::try_new(text), Err(InvalidAsk::AreaCode), "{text:?}");
    }
    for text in ["", "TMO", "t-mo", "a".repeat(17).as_str()] {
        assert_eq!(Carrier::try_new(text), Err(InvalidAsk::Carrier), "{text:?}");
    }
    for text in ["", "a b", "é", "a".repeat(129).as_str()] {
        assert_eq!(ReservationId::try_new(text), Err(InvalidAsk::Reservation), "{text:?}");
    }
    assert!(CountryCode::try_new("US").is_ok() && AreaCode::try_new("305").is_ok());
    assert!(Carrier::try_new("tmo2").is_ok() && ReservationId::try_new("lr_01/X=").is_ok());
}

#[test]
fn a_code_comes_by_text_or_by_call() {
    for (name, capability) in [("sms", Capability::Sms), ("voice", Capability::Voice)] {
        assert_eq!((capability.name(), Capability::from_name(name)), (name, Ok(capability)));
    }
    assert_eq!(Capability::from_name("fax"), Err(InvalidAsk::Capability));
    assert_eq!(ProviderId::TextVerified.name(), "textverified");
}

#[test]
fn neither_texts_nor_numbers_are_told_to_logs() {
    let (text, number) = ("Your code is 482913", "+13055550123");
    let reservation = ReservationId::try_new("lr_1").expect("a reservation");
    let incoming = IncomingMessage {
        reservation: Some(reservation.clone()),
        to: Some(PhoneNumber::try_new(number).expect("a number")),
        from: Some("22395".to_owned()),
        text: Some(text.to_owned()),
        parsed_code: None,
        received_at: Time::UNIX_EPOCH,
    };
    assert_eq!(format!("{incoming:?}"), "IncomingMessage(Some(lr_1) at 1970-01-01 00:00:00 UTC)");
    let code = incoming.code();
    assert_eq!(code.as_ref().map(Code::as_str), Some("482913"));
    let message = Message {
        id: MessageId::from_parts(Time::UNIX_EPOCH, [1; 10]),
        order: OrderId::from_parts(Time::UNIX_EPOCH, [2; 10]),
        reservation,
        from: incoming.from,
        text: incoming.text,
        code,
        received_at: Time::UNIX_EPOCH,
        stored_at: Time::UNIX_EPOCH,
        late: false,
        erased: false,
    };
    let told = format!("Message({} of {} at 1970-01-01 00:00:00 UTC)", message.id, message.order);
    assert_eq!(format!("{message:?}"), told);
}

#[test]
fn the_providers_reading_of_a_code_comes_before_ours() {
    let message = |text: Option<&str>, parsed: Option<&str>| IncomingMessage {
        reservation: None,
        to: None,
        from: None,
        text: text.map(str::to_owned),
        parsed_code: parsed.map(str::to_owned),
        received_at: Time::UNIX_EPOCH,
    };
    let code = |text, parsed| message(text, parsed).code().map(|code| code.as_str().to_owned());
    let text = Some("Your code is 482913");
    assert_eq!(code(text, Some("771204")), Some("771204".to_owned()));
    assert_eq!(code(text, Some("no code")), Some("482913".to_owned()));
    assert_eq!(code(None, Some("771204")), Some("771204".to_owned()));
    assert_eq!(code(None, None), None);
}
