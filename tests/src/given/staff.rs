//! Builders of what staff leaves behind.

mod terms;

pub use terms::*;

use namaskah_domain::{
    TicketId, UserId, Version,
    auth::Role,
    notification::{Notification, Occasion},
    staff::{
        Actor, Adjustment, AdjustmentState, AllowedNetwork, AuditAction, AuditEntry, By, Facts, Subject,
    },
    support::{Author, CannedAnswer, Line, Ticket, TicketCategory, TicketStatus, TicketSubject, TicketText},
    wallet::{Direction, Reason},
};

use super::{amount, id, number, start};

/// An owner at an address of documentation.
pub fn actor() -> Actor {
    let ip = "2001:db8::7".parse().expect("an address");
    Actor { user: id(), role: Role::Owner, ip, request: format!("req-{}", number()) }
}

/// "This actor has suspended this user."
pub fn audit_entry(by: &Actor) -> AuditEntry {
    AuditEntry {
        id: id(),
        by: By::Staff(by.clone()),
        action: AuditAction::UserSuspended,
        subject: Subject::user(id()),
        before: Facts::none().maybe("reason", None::<String>),
        after: Facts::none().with("reason", "said \"no\", é").at("until", Some(start())),
        at: start(),
    }
}

/// A network from which staff may come.
pub fn allowed_network(network: &str) -> AllowedNetwork {
    AllowedNetwork {
        network: network.parse().expect("a network"),
        note: Reason::try_new("the office").expect("a reason"),
        added_by: id(),
        added_at: start(),
    }
}

/// A correction that waits.
pub fn adjustment(by: UserId) -> Adjustment {
    Adjustment {
        id: id(),
        user: id(),
        direction: Direction::Credit,
        amount: amount(7),
        reason: Reason::try_new("a text was lost").expect("a reason"),
        proposed_by: by,
        proposed_at: start(),
        state: AdjustmentState::Proposed,
        version: Version::FIRST,
    }
}

/// A ticket of this user, with one line.
pub fn ticket(user: UserId) -> Ticket {
    Ticket {
        id: id(),
        user,
        subject: TicketSubject::try_new("No code came").ok(),
        category: TicketCategory::Verification,
        order: Some(id()),
        payment: None,
        status: TicketStatus::Open,
        assignee: None,
        lines: 1,
        opened_at: start(),
        updated_at: start(),
        version: Version::FIRST,
    }
}

/// A line of the user.
pub fn ticket_line(ticket: TicketId) -> Line {
    let text = TicketText::try_new("I waited.\nNothing \"came\", é").ok();
    Line { id: id(), ticket, author: Author::Customer, text, at: start() }
}

/// What a user is told about something of his own.
pub fn notification(user: UserId) -> Notification {
    Notification::new(id(), user, Occasion::DepositReceived { payment: id() }, start())
}

/// What support says often.
pub fn canned_answer() -> CannedAnswer {
    CannedAnswer {
        id: id(),
        name: TicketSubject::try_new("Wait").expect("a name"),
        text: TicketText::try_new("Wait on.\nIt comes.").expect("a text"),
        updated_at: start(),
        removed_at: None,
        version: Version::FIRST,
    }
}
