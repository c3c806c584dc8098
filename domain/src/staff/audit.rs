//! The log of what staff did. An entry is committed in the very unit that it tells of, and never changes.

use std::{collections::BTreeMap, net::IpAddr};

use crate::{AuditId, Change, Entity, Id, Random, Time, UserId, auth::Role};

/// Staff that was let through the gate, and by which request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// Who.
    pub user: UserId,
    /// As what.
    pub role: Role,
    /// From where.
    pub ip: IpAddr,
    /// The request's name, as it is in the log of the server.
    pub request: String,
}

/// By whom something was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// Staff, over HTTP.
    Staff(Actor),
    /// Whoever sits at the console of the machine.
    Console,
}

impl By {
    /// Who, if that is known.
    pub const fn actor(&self) -> Option<&Actor> {
        match self {
            Self::Staff(actor) => Some(actor),
            Self::Console => None,
        }
    }

    /// True if it is staff, and the account is his own.
    pub fn owns(&self, account: UserId) -> bool {
        self.actor().is_some_and(|actor| actor.user == account)
    }

    /// The line of what was done, for the unit that does it.
    pub fn did(
        &self,
        action: AuditAction,
        subject: Subject,
        (before, after): (Facts, Facts),
        (at, random): (Time, &dyn Random),
    ) -> Change {
        let (id, by) = (AuditId::generate(at, random), self.clone());
        Change::Audited(AuditEntry { id, by, action, subject, before, after, at })
    }
}

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// What was done.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum AuditAction {
            $($(#[$doc])* $name,)*
        }

        impl AuditAction {
            /// Every action.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The name in the API and in storage.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

actions! {
    /// An owner was made at the console.
    OwnerCreated = "owner.created",
    /// Somebody became staff.
    StaffAdded = "staff.added",
    /// Staff has another role.
    StaffRoleChanged = "staff.role_changed",
    /// Staff is a customer again.
    StaffRemoved = "staff.removed",
    /// A second factor was turned off for whoever had lost it.
    FactorReset = "user.factor_reset",
    /// A user may do nothing.
    UserSuspended = "user.suspended",
    /// He may again.
    UserUnsuspended = "user.unsuspended",
    /// A user must choose a new password.
    UserReset = "user.password_reset",
    /// Every session of a user was ended.
    UserSessionsEnded = "user.sessions_ended",
    /// An address that was refused may get mail again.
    MailAllowed = "user.mail_allowed",
    /// Nothing is posted to a webhook endpoint of a user any more.
    WebhookSwitchedOff = "user.webhook_switched_off",
    /// It is again.
    WebhookSwitchedOn = "user.webhook_switched_on",
    /// A movement was booked at the console.
    MovementBooked = "movement.booked",
    /// A wallet was corrected at once.
    AdjustmentBooked = "adjustment.booked",
    /// A correction waits for somebody else.
    AdjustmentProposed = "adjustment.proposed",
    /// A wallet was corrected by two.
    AdjustmentApproved = "adjustment.approved",
    /// A correction was refused.
    AdjustmentRejected = "adjustment.rejected",
    /// Staff wrote to a user in a ticket.
    TicketAnswered = "ticket.answered",
    /// Staff wrote for staff in a ticket.
    TicketNoted = "ticket.noted",
    /// Staff said whose turn it is in a ticket.
    TicketStatusChanged = "ticket.status_changed",
    /// Staff gave a ticket to somebody.
    TicketAssigned = "ticket.assigned",
    /// Support says something often, or says it otherwise.
    CannedAnswerSet = "canned_answer.set",
    /// Support says something no more.
    CannedAnswerRemoved = "canned_answer.removed",
    /// A payment in suspense was credited to its owner, or booked back to its source.
    SuspenseResolved = "suspense.resolved",
    /// A refund of a payment was asked for.
    PaymentRefunded = "payment.refunded",
    /// A refund without an end was ended by hand.
    RefundSettled = "refund.settled",
    /// A dispute without a decision was decided by hand.
    DisputeSettled = "dispute.settled",
    /// Promo money was given.
    PromoGranted = "promo.granted",
    /// What is left of a gift is taken back.
    PromoClawedBack = "promo.clawed_back",
    /// Reconciliation was asked for.
    ReconciliationAsked = "reconciliation.asked",
    /// A mismatch was closed by hand.
    FindingResolved = "finding.resolved",
    /// The balance at a provider was taken for right.
    BalanceAccepted = "balance.accepted",
    /// A job runs again.
    JobRetried = "job.retried",
    /// A job will not run.
    JobCancelled = "job.cancelled",
    /// A list was taken out of the system.
    ExportTaken = "export.taken",
    /// Staff may come from a network.
    NetworkAllowed = "network.allowed",
    /// Staff may not come from a network any more.
    NetworkRemoved = "network.removed",
    /// An order was ended without a code.
    VerificationCancelled = "verification.cancelled",
    /// An order is to end as soon as its purchase is known.
    VerificationCancelAsked = "verification.cancel_requested",
    /// A service is not sold any more.
    ServiceBlocked = "service.blocked",
    /// A service is sold, of whatever kind it is.
    ServiceUnblocked = "service.unblocked",
    /// Numbers are bought at a provider again.
    ProviderSwitchedOn = "provider.switched_on",
    /// No new numbers are bought at a provider.
    ProviderSwitchedOff = "provider.switched_off",
    /// A rule of prices was made, and ends the one before it.
    PricingRuleAdded = "pricing_rule.added",
    /// A rule of prices was ended.
    PricingRuleEnded = "pricing_rule.ended",
}

impl AuditAction {
    /// The action of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|action| action.name() == name)
    }
}

/// What something was done to: a word for its kind, and its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// Such as `user`.
    pub kind: String,
    /// As the API names it.
    pub id: String,
}

impl Subject {
    /// A record.
    pub fn of<T: Entity>(kind: &str, id: Id<T>) -> Self {
        Self::named(kind, id.to_string())
    }

    /// A thing that has another name.
    pub fn named(kind: &str, id: String) -> Self {
        Self { kind: kind.to_owned(), id }
    }

    /// A user.
    pub fn user(id: UserId) -> Self {
        Self::of("user", id)
    }
}

/// What was so before, or after: facts by name. Never a secret, a number, a code or a text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts(pub BTreeMap<String, Option<String>>);

impl Facts {
    /// No facts.
    pub fn none() -> Self {
        Self::default()
    }

    /// With one fact more.
    #[must_use]
    pub fn with(self, name: &str, fact: impl ToString) -> Self {
        self.maybe(name, Some(fact))
    }

    /// With one more that may be absent.
    #[must_use]
    pub fn maybe(mut self, name: &str, fact: Option<impl ToString>) -> Self {
        self.0.insert(name.to_owned(), fact.map(|fact| fact.to_string()));
        self
    }

    /// With an instant.
    #[must_use]
    pub fn at(self, name: &str, at: Option<Time>) -> Self {
        self.maybe(name, at.map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)))
    }
}

/// One line of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its identifier.
    pub id: AuditId,
    /// By whom.
    pub by: By,
    /// What was done.
    pub action: AuditAction,
    /// To what.
    pub subject: Subject,
    /// What was so before.
    pub before: Facts,
    /// What is so since.
    pub after: Facts,
    /// When.
    pub at: Time,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_are_found_by_their_names_and_no_two_have_one() {
        for action in AuditAction::ALL {
            assert_eq!(AuditAction::from_name(action.name()), Some(*action));
        }
        assert_eq!(AuditAction::from_name("staff"), None);
    }

    #[test]
    fn facts_may_be_absent_and_instants_are_to_the_millisecond() {
        let at = Time::from_timestamp_micros(1_500_000).expect("a time");
        let facts = Facts::none().with("role", "owner").maybe("reason", None::<String>).at("until", Some(at));
        let told: Vec<_> = facts.0.iter().map(|(name, fact)| (name.as_str(), fact.as_deref())).collect();
        let until = Some("1970-01-01T00:00:01.500Z");
        assert_eq!(told, [("reason", None), ("role", Some("owner")), ("until", until)]);
    }
}
