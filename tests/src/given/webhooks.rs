//! Builders of events, and of what webhooks need.

use namaskah_domain::{
    DeliveryId, Event, EventKind, UserId, Version,
    webhook::{
        Attempt, AttemptOutcome, Delivery, DeliveryState, Endpoint, Happening, Health, Secrets, Standing,
        Subscription, Target, Telling, WebhookSecret,
    },
};

use super::{at, id, number, start};

/// An event of a user about a record.
pub fn event(user: UserId) -> Event {
    Event {
        id: id(),
        user,
        kind: EventKind::VerificationWaiting,
        subject: id::<()>().uuid(),
        version: Version::from_stored(2),
        at: start(),
        cause: None,
    }
}

/// An endpoint that is on and wants everything.
pub fn endpoint(user: UserId) -> Endpoint {
    let secret = WebhookSecret::from_stored(&[7; 32]).expect("32 bytes");
    Endpoint {
        id: id(),
        user,
        target: Target::from_stored(format!("https://example.com/hidden-path/{}", number())),
        events: Subscription::Everything,
        description: None,
        secrets: Secrets::new(secret),
        standing: Standing::On,
        health: Health::default(),
        told_off_at: None,
        after: 0,
        created_at: start(),
        updated_at: start(),
        deleted_at: None,
        version: Version::FIRST,
    }
}

/// A delivery of an event of its own, due at the second `due`.
pub fn delivery(endpoint: &Endpoint, due: i64) -> Delivery {
    let what = Happening::Event {
        sequence: i64::try_from(number()).expect("small"),
        kind: EventKind::VerificationCompleted,
        subject: id::<()>().uuid(),
    };
    let telling = Telling { id: id(), at: start(), what, cause: None };
    let delivery = Delivery::new(id(), (endpoint.id, endpoint.user), telling, start());
    Delivery { state: DeliveryState::Waiting { due: at(due) }, ..delivery }
}

/// A try that was answered.
pub fn attempt(delivery: DeliveryId, number: u32) -> Attempt {
    Attempt { id: id(), delivery, number, at: at(1), outcome: AttemptOutcome::Answered(204), took_ms: 12 }
}
