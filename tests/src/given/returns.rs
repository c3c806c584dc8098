//! Builders of what goes back, is set aside, or is given.

use namaskah_domain::{
    Amount, UnitOfWork, UserId, Version,
    payment::{
        Dispute, DisputeState, GatewayDisputeId, GatewayRefundId, Intent, Refund, RefundOrigin, RefundState,
        Suspended, SuspenseReason, SuspenseState,
    },
    verification::{Batch, BatchMode, ItemResult},
    wallet::{EntryKind, House, LedgerAccount, Legs, PromoGrant, Reason, Source},
};

use super::*;

/// A refund of a dollar of a payment, about to be sent.
pub fn refund(of: &Intent) -> Refund {
    Refund {
        id: id(),
        payment: of.id,
        reference: of.reference.clone(),
        user: of.user,
        amount: amount(1_000_000),
        charged: naira(1_600_050_000),
        origin: RefundOrigin::Asked { hold: id() },
        state: RefundState::Sent { missed_at: None },
        created_at: start(),
        send_by: at(2),
        revived: false,
        aside: false,
        version: Version::FIRST,
    }
}

/// A gateway's name for a refund, not used before.
pub fn refund_name() -> GatewayRefundId {
    GatewayRefundId::try_new(&format!("{}", 1_000_000 + number())).expect("a name")
}

/// A dispute over a dollar of a payment.
pub fn dispute(of: &Intent) -> Dispute {
    Dispute {
        id: id(),
        gateway: GatewayDisputeId::try_new(&format!("{}", 1_000_000 + number())).expect("a name"),
        payment: of.id,
        reference: of.reference.clone(),
        user: of.user,
        claimed: naira(1_600_050_000),
        state: DisputeState::Open { frozen: amount(1_000_000) },
        opened_at: start(),
        aside: false,
        version: Version::FIRST,
    }
}

/// Why staff did something.
pub fn reason() -> Reason {
    Reason::try_new("as agreed in ticket 7").expect("a reason")
}

/// A batch of orders, as it was decided.
pub fn batch(user: UserId, results: Vec<ItemResult>) -> Batch {
    Batch { id: id(), user, mode: BatchMode::BestEffort, results, created_at: start() }
}

/// A gift that never expires.
pub fn grant(user: UserId) -> PromoGrant {
    PromoGrant {
        id: id(),
        user,
        amount: amount(100),
        reason: reason(),
        expires_at: None,
        clawed_back: None,
        taken: usd(0),
        granted_at: start(),
        closed_at: None,
        version: Version::FIRST,
    }
}

/// A payment that was set aside.
pub fn suspended(intent: &Intent) -> Suspended {
    Suspended {
        payment: intent.id,
        user: intent.user,
        paid: intent.charged,
        reason: SuspenseReason::AmountDiffers,
        at: start(),
        state: SuspenseState::Open,
        version: Version::FIRST,
    }
}

/// The first leg of a payment that is set aside.
pub fn set_aside(intent: &Intent, paid: Amount) -> UnitOfWork {
    let mut legs = Legs::new(Source::paystack(&intent.reference), EntryKind::Suspense, start());
    let house = LedgerAccount::House;
    legs.add(house(House::PspClearingPaystack), house(House::Suspense), paid);
    UnitOfWork::new().post(legs.into_entry().expect("balanced"))
}
