//! What there is to tell about, of which kind it is, and by which ways it is told.

use uuid::Uuid;

use crate::{OrderId, PaymentId, RefundId, RunId, SessionId, TicketId, staff::Permission};

/// A way to a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Channel {
    /// In the product: a list that the user reads.
    InApp,
    /// By mail.
    Mail,
}

impl Channel {
    /// Every channel.
    pub const ALL: [Self; 2] = [Self::InApp, Self::Mail];

    /// The name in the API and in storage.
    pub const fn name(self) -> &'static str {
        match self {
            Self::InApp => "in_app",
            Self::Mail => "mail",
        }
    }
}

/// What a user may want to be told about, or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NotificationKind {
    /// Somebody signed in from a device that was not seen before.
    NewSignIn,
    /// Support has answered.
    TicketAnswered,
    /// Less is available than the user wished to have.
    LowBalance,
    /// A payment has come.
    DepositReceived,
    /// A payment, or a part of it, went back to where it came from.
    RefundMade,
    /// The time of a number is nearly over, and no code has come.
    NumberExpiring,
    /// A customer has opened a ticket. For staff that answers tickets.
    TicketOpened,
    /// Something about money waits for a person. For staff that looks after it.
    StaffAlert,
}

impl NotificationKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::NewSignIn,
        Self::TicketAnswered,
        Self::LowBalance,
        Self::DepositReceived,
        Self::RefundMade,
        Self::NumberExpiring,
        Self::TicketOpened,
        Self::StaffAlert,
    ];

    /// The name in the API and in storage.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NewSignIn => "new_sign_in",
            Self::TicketAnswered => "ticket_answered",
            Self::LowBalance => "low_balance",
            Self::DepositReceived => "deposit_received",
            Self::RefundMade => "refund_made",
            Self::NumberExpiring => "number_expiring",
            Self::TicketOpened => "ticket_opened",
            Self::StaffAlert => "staff_alert",
        }
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// What holds while the user has not chosen. An order lives for minutes, and its page counts them: whoever wants to
    /// be told before the end says so.
    pub const fn is_on_at_first(self) -> bool {
        !matches!(self, Self::NumberExpiring)
    }

    /// True if nobody can switch it off: whoever has taken an account over would, first of all.
    pub const fn is_required(self, channel: Channel) -> bool {
        matches!((self, channel), (Self::NewSignIn, Channel::Mail))
    }
}

/// What happened, and to which record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Occasion {
    /// A session began on a device that was not seen before.
    NewSignIn {
        /// Which.
        session: SessionId,
    },
    /// Support has answered.
    TicketAnswered {
        /// In which ticket.
        ticket: TicketId,
    },
    /// Less is available than the user wished to have.
    LowBalance,
    /// A payment was credited.
    DepositReceived {
        /// Which.
        payment: PaymentId,
    },
    /// A refund has reached where the payment came from.
    RefundMade {
        /// Which.
        refund: RefundId,
    },
    /// The time of an order's number is nearly over.
    NumberExpiring {
        /// Of which order.
        order: OrderId,
    },
    /// A customer has opened a ticket.
    TicketOpened {
        /// Which.
        ticket: TicketId,
    },
    /// A payment was set aside: a person decides about it.
    PaymentSuspended {
        /// Which.
        payment: PaymentId,
    },
    /// A provider's list and our books do not agree.
    MismatchesFound {
        /// Which run found it.
        run: RunId,
    },
}

/// Names in storage, where no record has a type.
const NEW_SIGN_IN: &str = "new_sign_in";
const TICKET_ANSWERED: &str = "ticket_answered";
const LOW_BALANCE: &str = "low_balance";
const DEPOSIT_RECEIVED: &str = "deposit_received";
const REFUND_MADE: &str = "refund_made";
const NUMBER_EXPIRING: &str = "number_expiring";
const TICKET_OPENED: &str = "ticket_opened";
const PAYMENT_SUSPENDED: &str = "payment_suspended";
const MISMATCHES_FOUND: &str = "mismatches_found";

impl Occasion {
    /// Of which kind.
    pub const fn kind(&self) -> NotificationKind {
        match self {
            Self::NewSignIn { .. } => NotificationKind::NewSignIn,
            Self::TicketAnswered { .. } => NotificationKind::TicketAnswered,
            Self::LowBalance => NotificationKind::LowBalance,
            Self::DepositReceived { .. } => NotificationKind::DepositReceived,
            Self::RefundMade { .. } => NotificationKind::RefundMade,
            Self::NumberExpiring { .. } => NotificationKind::NumberExpiring,
            Self::TicketOpened { .. } => NotificationKind::TicketOpened,
            Self::PaymentSuspended { .. } | Self::MismatchesFound { .. } => NotificationKind::StaffAlert,
        }
    }

    /// The name in storage, finer than the kind.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::NewSignIn { .. } => NEW_SIGN_IN,
            Self::TicketAnswered { .. } => TICKET_ANSWERED,
            Self::LowBalance => LOW_BALANCE,
            Self::DepositReceived { .. } => DEPOSIT_RECEIVED,
            Self::RefundMade { .. } => REFUND_MADE,
            Self::NumberExpiring { .. } => NUMBER_EXPIRING,
            Self::TicketOpened { .. } => TICKET_OPENED,
            Self::PaymentSuspended { .. } => PAYMENT_SUSPENDED,
            Self::MismatchesFound { .. } => MISMATCHES_FOUND,
        }
    }

    /// Every name of a kind, to ask a store for the others.
    pub const fn names_of(kind: NotificationKind) -> &'static [&'static str] {
        match kind {
            NotificationKind::NewSignIn => &[NEW_SIGN_IN],
            NotificationKind::TicketAnswered => &[TICKET_ANSWERED],
            NotificationKind::LowBalance => &[LOW_BALANCE],
            NotificationKind::DepositReceived => &[DEPOSIT_RECEIVED],
            NotificationKind::RefundMade => &[REFUND_MADE],
            NotificationKind::NumberExpiring => &[NUMBER_EXPIRING],
            NotificationKind::TicketOpened => &[TICKET_OPENED],
            NotificationKind::StaffAlert => &[PAYMENT_SUSPENDED, MISMATCHES_FOUND],
        }
    }

    /// The bare identifier of the record, if there is one.
    pub const fn subject(&self) -> Option<Uuid> {
        match self {
            Self::NewSignIn { session } => Some(session.uuid()),
            Self::TicketAnswered { ticket } | Self::TicketOpened { ticket } => Some(ticket.uuid()),
            Self::LowBalance => None,
            Self::DepositReceived { payment } | Self::PaymentSuspended { payment } => Some(payment.uuid()),
            Self::RefundMade { refund } => Some(refund.uuid()),
            Self::NumberExpiring { order } => Some(order.uuid()),
            Self::MismatchesFound { run } => Some(run.uuid()),
        }
    }

    /// The record as the API names it.
    pub fn record(&self) -> Option<String> {
        match self {
            Self::NewSignIn { session } => Some(session.to_string()),
            Self::TicketAnswered { ticket } | Self::TicketOpened { ticket } => Some(ticket.to_string()),
            Self::LowBalance => None,
            Self::DepositReceived { payment } | Self::PaymentSuspended { payment } => {
                Some(payment.to_string())
            }
            Self::RefundMade { refund } => Some(refund.to_string()),
            Self::NumberExpiring { order } => Some(order.to_string()),
            Self::MismatchesFound { run } => Some(run.to_string()),
        }
    }

    /// The occasion of a name and a record; `None` for what no occasion is.
    pub fn from_stored(name: &str, subject: Option<Uuid>) -> Option<Self> {
        Some(match (name, subject) {
            (LOW_BALANCE, None) => Self::LowBalance,
            (NEW_SIGN_IN, Some(id)) => Self::NewSignIn { session: SessionId::from_uuid(id) },
            (TICKET_ANSWERED, Some(id)) => Self::TicketAnswered { ticket: TicketId::from_uuid(id) },
            (DEPOSIT_RECEIVED, Some(id)) => Self::DepositReceived { payment: PaymentId::from_uuid(id) },
            (REFUND_MADE, Some(id)) => Self::RefundMade { refund: RefundId::from_uuid(id) },
            (NUMBER_EXPIRING, Some(id)) => Self::NumberExpiring { order: OrderId::from_uuid(id) },
            (TICKET_OPENED, Some(id)) => Self::TicketOpened { ticket: TicketId::from_uuid(id) },
            (PAYMENT_SUSPENDED, Some(id)) => Self::PaymentSuspended { payment: PaymentId::from_uuid(id) },
            (MISMATCHES_FOUND, Some(id)) => Self::MismatchesFound { run: RunId::from_uuid(id) },
            _ => return None,
        })
    }

    /// What staff must be allowed to do to be told; `None`: it is a customer's.
    pub const fn is_for(&self) -> Option<Permission> {
        match self {
            Self::TicketOpened { .. } => Some(Permission::Tickets),
            Self::PaymentSuspended { .. } => Some(Permission::Suspense),
            Self::MismatchesFound { .. } => Some(Permission::Reconcile),
            Self::NewSignIn { .. }
            | Self::TicketAnswered { .. }
            | Self::LowBalance
            | Self::DepositReceived { .. }
            | Self::RefundMade { .. }
            | Self::NumberExpiring { .. } => None,
        }
    }

    /// True if a user is told once of its record, however often it is found.
    pub const fn is_told_once(&self) -> bool {
        self.is_for().is_some() || matches!(self, Self::NumberExpiring { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Id;

    fn every_occasion() -> [Occasion; 9] {
        let uuid = Uuid::from_u128(7);
        [
            Occasion::NewSignIn { session: Id::from_uuid(uuid) },
            Occasion::TicketAnswered { ticket: Id::from_uuid(uuid) },
            Occasion::LowBalance,
            Occasion::DepositReceived { payment: Id::from_uuid(uuid) },
            Occasion::RefundMade { refund: Id::from_uuid(uuid) },
            Occasion::NumberExpiring { order: Id::from_uuid(uuid) },
            Occasion::TicketOpened { ticket: Id::from_uuid(uuid) },
            Occasion::PaymentSuspended { payment: Id::from_uuid(uuid) },
            Occasion::MismatchesFound { run: Id::from_uuid(uuid) },
        ]
    }

    #[test]
    fn an_occasion_is_known_by_its_name_and_its_record() {
        for occasion in every_occasion() {
            assert_eq!(Occasion::from_stored(occasion.name(), occasion.subject()), Some(occasion));
            assert!(Occasion::names_of(occasion.kind()).contains(&occasion.name()), "{occasion:?}");
            assert_eq!(occasion.record().is_some(), occasion.subject().is_some(), "{occasion:?}");
        }
        assert_eq!(Occasion::from_stored("low_balance", Some(Uuid::nil())), None);
        assert_eq!(Occasion::from_stored("deposit_received", None), None);
        assert_eq!(Occasion::from_stored("rent_due", Some(Uuid::nil())), None);
    }

    #[test]
    fn every_kind_has_an_occasion_and_a_name() {
        let kinds: std::collections::BTreeSet<_> = every_occasion().iter().map(Occasion::kind).collect();
        assert_eq!(kinds, NotificationKind::ALL.into_iter().collect());
        for kind in NotificationKind::ALL {
            assert_eq!(NotificationKind::from_name(kind.name()), Some(kind));
        }
    }

    #[test]
    fn what_is_for_staff_is_told_once_and_what_a_customer_does_again_is_told_again() {
        for occasion in every_occasion() {
            let is_of_staff =
                matches!(occasion.kind(), NotificationKind::TicketOpened | NotificationKind::StaffAlert);
            assert_eq!(occasion.is_for().is_some(), is_of_staff, "{occasion:?}");
            let is_expiring = occasion.kind() == NotificationKind::NumberExpiring;
            assert_eq!(occasion.is_told_once(), is_of_staff || is_expiring, "{occasion:?}");
        }
    }

    #[test]
    fn the_mail_about_a_new_sign_in_is_all_that_nobody_can_switch_off() {
        for kind in NotificationKind::ALL {
            for channel in Channel::ALL {
                let is_it = (kind, channel) == (NotificationKind::NewSignIn, Channel::Mail);
                assert_eq!(kind.is_required(channel), is_it, "{kind:?} {channel:?}");
            }
        }
    }
}
