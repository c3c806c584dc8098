//! Use cases of support.
//!
//! Architecture invariant: whatever staff does to a ticket is committed together with its line of the audit log, which
//! tells no word of what was written.

use std::sync::Arc;

use crate::{
    AuditId, Change, Clock, CommitError, Entity, Fault, Id, OrderId, Page, PageOf, PaymentId, Random, Store,
    TicketId, TicketLineId, Time, UnitOfWork, UserId, Version,
    auth::AuthReads,
    notification::Occasion,
    payment::PaymentReads,
    staff::{Actor, AuditAction, AuditEntry, By, Facts, Permission, Subject},
    support::{
        Author, Line, MAX_OPEN, OpenTicketError, Reading, SupportReads, Ticket, TicketCategory, TicketError,
        TicketQuery, TicketStatus, TicketSubject, TicketText,
    },
    unit::retry_stale,
    verification::OrderReads,
};

/// "Help me with this."
#[derive(Debug, Clone)]
pub struct OpenTicket {
    /// The new ticket.
    pub id: TicketId,
    /// Whose.
    pub user: UserId,
    /// What it is about.
    pub subject: TicketSubject,
    /// The first line.
    pub text: TicketText,
    /// What it is about, in kind.
    pub category: TicketCategory,
    /// The order that it is about.
    pub order: Option<OrderId>,
    /// The payment that it is about.
    pub payment: Option<PaymentId>,
}

/// Everything outside that support needs.
#[derive(Clone)]
pub struct SupportPorts {
    /// Commits.
    pub store: Arc<dyn Store>,
    /// Tickets.
    pub reads: Arc<dyn SupportReads>,
    /// Orders, to know whose they are.
    pub orders: Arc<dyn OrderReads>,
    /// Payments, to know whose they are.
    pub payments: Arc<dyn PaymentReads>,
    /// Addresses, and who is staff.
    pub users: Arc<dyn AuthReads>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Identifiers.
    pub random: Arc<dyn Random>,
}

/// Keeps tickets.
pub struct SupportService {
    pub(super) ports: SupportPorts,
}

/// What staff wants to be done to a ticket: its next state, perhaps a line, and what the log calls that.
type Decided = (Ticket, Option<Line>, AuditAction);

impl SupportService {
    /// Over any ports.
    pub const fn new(ports: SupportPorts) -> Self {
        Self { ports }
    }

    /// A new identifier.
    pub fn id<T: Entity>(&self) -> Id<T> {
        Id::generate(self.ports.clock.now(), self.ports.random.as_ref())
    }

    /// Opens a ticket with its first line. It is committed together with the user's next version, so not even many at
    /// once pass the bound.
    ///
    /// # Errors
    /// [`OpenTicketError`], by name.
    pub async fn open(&self, cmd: OpenTicket) -> Result<Ticket, OpenTicketError> {
        self.check_subjects(&cmd).await?;
        let cmd = &cmd;
        let decided = retry_stale(|| async move {
            match self.open_once(cmd.clone()).await {
                Err(OpenTicketError::Commit(CommitError::Stale)) => Err(CommitError::Stale),
                decided => Ok(decided),
            }
        });
        decided.await?
    }

    async fn open_once(&self, cmd: OpenTicket) -> Result<Ticket, OpenTicketError> {
        let unit = self.one_more_open(cmd.user).await?.ok_or(OpenTicketError::TooManyOpen)?;
        let now = self.ports.clock.now();
        let OpenTicket { id, user, subject, text, category, order, payment } = cmd;
        let ticket = Ticket {
            id,
            user,
            subject: Some(subject),
            category,
            order,
            payment,
            status: TicketStatus::Open,
            assignee: None,
            lines: 1,
            opened_at: now,
            updated_at: now,
            version: Version::FIRST,
        };
        let line = Line { id: self.id(), ticket: id, author: Author::Customer, text: Some(text), at: now };
        let unit = unit.with(Change::Ticket(ticket.clone())).with(Change::TicketLine(line));
        let unit = unit.telling_staff(id.uuid(), Occasion::TicketOpened { ticket: id }, now);
        self.ports.store.commit(unit).await?;
        Ok(ticket)
    }

    /// The user's next version, for a unit that gives him one open ticket more. `None`: he has as many as he may.
    async fn one_more_open(&self, user: UserId) -> Result<Option<UnitOfWork>, Fault> {
        let record =
            self.ports.users.user(user).await?.ok_or_else(|| Fault::new("a user without a record"))?;
        let is_one_left = self.ports.reads.open_tickets(user).await? < MAX_OPEN;
        Ok(is_one_left.then(|| UnitOfWork::new().with(Change::User(record.touched()))))
    }

    async fn check_subjects(&self, cmd: &OpenTicket) -> Result<(), OpenTicketError> {
        if let Some(order) = cmd.order {
            let found = self.ports.orders.order(order).await?;
            found.filter(|order| order.head().user == cmd.user).ok_or(OpenTicketError::NoSuchOrder)?;
        }
        if let Some(payment) = cmd.payment {
            let found = self.ports.payments.intent(payment).await?;
            found.filter(|intent| intent.user == cmd.user).ok_or(OpenTicketError::NoSuchPayment)?;
        }
        Ok(())
    }

    /// Tickets, newest first.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn list(&self, query: &TicketQuery, page: Page<TicketId>) -> Result<PageOf<Ticket>, Fault> {
        self.ports.reads.tickets(query, page).await
    }

    /// A ticket of this user, or of anybody for staff.
    ///
    /// # Errors
    /// `NotFound`, or the store cannot be read.
    pub async fn get(&self, id: TicketId, of: Option<UserId>) -> Result<Ticket, TicketError> {
        let found = self.ports.reads.ticket(id).await?;
        found.filter(|ticket| of.is_none_or(|user| ticket.user == user)).ok_or(TicketError::NotFound)
    }

    /// Lines of a ticket, newest first, as its user or as staff reads them.
    ///
    /// # Errors
    /// `NotFound`, or the store cannot be read.
    pub async fn lines(
        &self,
        id: TicketId,
        of: Option<UserId>,
        page: Page<TicketLineId>,
    ) -> Result<PageOf<Line>, TicketError> {
        let reading = if of.is_some() { Reading::Customer } else { Reading::Staff };
        let ticket = self.get(id, of).await?;
        Ok(self.ports.reads.ticket_lines(ticket.id, reading, page).await?)
    }

    /// The user writes to his ticket, which opens it again if it was answered or closed. A closed one counts as one open
    /// ticket more.
    ///
    /// # Errors
    /// `NotFound`, `Full`, `TooManyOpen`; `Unavailable` if the store does not answer.
    pub async fn write(&self, user: UserId, id: TicketId, text: TicketText) -> Result<Line, TicketError> {
        retry(|| async {
            let ticket = self.get(id, Some(user)).await?;
            let unit = match ticket.status {
                TicketStatus::Closed => self.one_more_open(user).await?.ok_or(TicketError::TooManyOpen)?,
                TicketStatus::Open | TicketStatus::Answered => UnitOfWork::new(),
            };
            let (ticket, line) = ticket.written(self.id(), text.clone(), self.ports.clock.now())?;
            let unit = unit.with(Change::Ticket(ticket));
            self.ports.store.commit(unit.with(Change::TicketLine(line.clone()))).await?;
            Ok(line)
        })
        .await
    }

    /// Staff answers; the user is told by mail that there is an answer, and not what it says.
    ///
    /// # Errors
    /// [`TicketError`], by name.
    pub async fn answer(&self, actor: &Actor, id: TicketId, text: TicketText) -> Result<Ticket, TicketError> {
        self.decide(actor, id, |ticket, line, now| {
            let (ticket, line) = ticket.answered(actor.user, line, text.clone(), now)?;
            Ok((ticket, Some(line), AuditAction::TicketAnswered))
        })
        .await
    }

    /// Staff writes for staff alone.
    ///
    /// # Errors
    /// [`TicketError`], by name.
    pub async fn note(&self, actor: &Actor, id: TicketId, text: TicketText) -> Result<Ticket, TicketError> {
        self.decide(actor, id, |ticket, line, now| {
            let (ticket, line) = ticket.noted(actor.user, line, text.clone(), now)?;
            Ok((ticket, Some(line), AuditAction::TicketNoted))
        })
        .await
    }

    /// Staff says whose turn it is. To repeat it is safe.
    ///
    /// # Errors
    /// [`TicketError`], by name.
    pub async fn put(
        &self,
        actor: &Actor,
        id: TicketId,
        status: TicketStatus,
    ) -> Result<Ticket, TicketError> {
        self.decide(actor, id, |ticket, _, now| {
            Ok((ticket.put(actor.user, status, now)?, None, AuditAction::TicketStatusChanged))
        })
        .await
    }

    /// Staff gives it to somebody who answers tickets, or to nobody. To repeat it is safe.
    ///
    /// # Errors
    /// [`TicketError`], by name.
    pub async fn assign(
        &self,
        actor: &Actor,
        id: TicketId,
        assignee: Option<UserId>,
    ) -> Result<Ticket, TicketError> {
        if let Some(assignee) = assignee {
            let found = self.ports.users.user(assignee).await?;
            let answers = found.is_some_and(|user| {
                Permission::Tickets.is_of(user.role) && !user.is_suspended(self.ports.clock.now())
            });
            if !answers {
                return Err(TicketError::NoSuchAssignee);
            }
        }
        self.decide(actor, id, |ticket, _, now| {
            Ok((ticket.assigned(actor.user, assignee, now)?, None, AuditAction::TicketAssigned))
        })
        .await
    }

    async fn decide(
        &self,
        actor: &Actor,
        id: TicketId,
        decide: impl Fn(Ticket, TicketLineId, Time) -> Result<Decided, TicketError> + Send + Sync,
    ) -> Result<Ticket, TicketError> {
        let decide = &decide;
        retry(|| async move {
            let now = self.ports.clock.now();
            let before = self.get(id, None).await?;
            let (ticket, line, action) = decide(before.clone(), self.id(), now)?;
            let entry = AuditEntry {
                id: AuditId::generate(now, self.ports.random.as_ref()),
                by: By::Staff(actor.clone()),
                action,
                subject: Subject::of("ticket", ticket.id),
                before: before.facts(),
                after: told(&ticket, line.as_ref()),
                at: now,
            };
            let unit = UnitOfWork::new().with(Change::Ticket(ticket.clone())).with(Change::Audited(entry));
            let unit = match line {
                Some(line) => telling(unit, &ticket, &line).with(Change::TicketLine(line)),
                None => unit,
            };
            self.ports.store.commit(unit).await?;
            Ok(ticket)
        })
        .await
    }
}

/// Tells the user that there is an answer, if the line is one.
fn telling(unit: UnitOfWork, ticket: &Ticket, line: &Line) -> UnitOfWork {
    match line.author {
        Author::Staff(_) => {
            unit.telling(line.id.uuid(), ticket.user, Occasion::TicketAnswered { ticket: ticket.id }, line.at)
        }
        Author::Customer | Author::Note(_) => unit,
    }
}

fn told(ticket: &Ticket, line: Option<&Line>) -> Facts {
    ticket.facts().maybe("line", line.map(|line| line.id))
}

/// Decides again while the store answers `Stale`.
async fn retry<T, F, Fut>(attempt: F) -> Result<T, TicketError>
where
    F: Fn() -> Fut,
    Fut: Future<Output = Result<T, TicketError>>,
{
    let attempt = &attempt;
    let decided = retry_stale(|| async move {
        match attempt().await {
            Err(TicketError::Commit(CommitError::Stale)) => Err(CommitError::Stale),
            decided => Ok(decided),
        }
    });
    decided.await?
}
