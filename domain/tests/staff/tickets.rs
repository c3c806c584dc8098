//! Tickets: whose turn it is, who may write what, and what the log tells.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use namaskah_domain::{
    Change, Claim, CommitError, Committed, JobLane, Page, Store, TicketId, TicketLineId, UnitOfWork, UserId,
    auth::{Email, PasswordHash, Role, SecondFactor, User},
    memory::{ManualClock, MemoryStore, SeededRandom},
    outbox::Jobs,
    staff::{Actor, AuditAction, AuditQuery, StaffReads, Subject},
    support::{
        Author, MAX_LINES, MAX_OPEN, OpenTicket, OpenTicketError, SupportPorts, SupportReads, SupportService,
        Ticket, TicketCategory, TicketError, TicketStatus, TicketSubject, TicketText,
    },
};

use tokio::sync::Barrier;

use super::at;

const SECOND: chrono::TimeDelta = chrono::TimeDelta::seconds(1);
const ADA: u8 = 9;
const SUPPORT: u8 = 1;
const OPERATOR: u8 = 2;

fn user(number: u8) -> UserId {
    UserId::from_parts(at(0), [number; 10])
}

fn text(words: &str) -> TicketText {
    TicketText::try_new(words).expect("a text")
}

fn person(number: u8, role: Role) -> User {
    User {
        id: user(number),
        email: Email::try_new(&format!("user{number}@example.com")).expect("an address"),
        password: PasswordHash::from_stored(String::new()),
        role,
        email_verified_at: Some(at(0)),
        suspension: None,
        must_change_password: false,
        second_factor: SecondFactor::Off,
        password_changed_at: at(0),
        created_at: at(0),
        version: namaskah_domain::Version::FIRST,
    }
}

fn actor(number: u8) -> Actor {
    let ip = super::ip(super::HERE);
    Actor { user: user(number), role: Role::Support, ip, request: format!("req-{number}") }
}

struct World {
    clock: Arc<ManualClock>,
    store: Arc<MemoryStore>,
    ports: SupportPorts,
    service: SupportService,
}

impl World {
    async fn new() -> Self {
        let (clock, store) = (Arc::new(ManualClock::default()), Arc::new(MemoryStore::new()));
        let people = [(ADA, Role::Customer), (SUPPORT, Role::Support), (OPERATOR, Role::Operator)];
        for (number, role) in people {
            let unit = UnitOfWork::new().with(Change::User(person(number, role)));
            store.commit(unit).await.expect("applied");
        }
        let ports = SupportPorts {
            store: store.clone(),
            reads: store.clone(),
            orders: store.clone(),
            payments: store.clone(),
            users: store.clone(),
            clock: clock.clone(),
            random: Arc::new(SeededRandom::default()),
        };
        Self { clock, store, service: SupportService::new(ports.clone()), ports }
    }

    fn wish(&self, of: u8) -> OpenTicket {
        OpenTicket {
            id: self.service.id(),
            user: user(of),
            subject: TicketSubject::try_new("No code came").expect("a subject"),
            text: text("I waited."),
            category: TicketCategory::Other,
            order: None,
            payment: None,
        }
    }

    async fn opened(&self, of: u8) -> Ticket {
        self.service.open(self.wish(of)).await.expect("opened")
    }

    /// How many mails are to be sent that were not asked for before.
    async fn mails(&self) -> usize {
        let due =
            Jobs::lease(self.store.as_ref(), uuid::Uuid::nil(), JobLane::Mail, at(i64::from(u16::MAX)), 10);
        due.await.expect("readable").len()
    }

    async fn said(&self, id: TicketId, of: Option<UserId>) -> Vec<(Author, String)> {
        let page: Page<TicketLineId> = Page { limit: 100, after: None };
        let lines = self.service.lines(id, of, page).await.expect("readable").rows.into_iter();
        lines.map(|line| (line.author, line.text.expect("kept").as_str().to_owned())).collect()
    }
}

#[tokio::test]
async fn whoever_writes_leaves_the_turn_to_the_other() {
    let world = World::new().await;
    let ticket = world.opened(ADA).await;
    assert_eq!((ticket.status, ticket.lines), (TicketStatus::Open, 1));
    let answered =
        world.service.answer(&actor(SUPPORT), ticket.id, text("Wait on.")).await.expect("answered");
    assert_eq!((answered.status, answered.assignee), (TicketStatus::Answered, Some(user(SUPPORT))));
    world.service.write(user(ADA), ticket.id, text("How long?")).await.expect("written");
    let open = world.service.get(ticket.id, None).await.expect("readable");
    assert_eq!((open.status, open.lines), (TicketStatus::Open, 3));
    let closed = world.service.put(&actor(SUPPORT), ticket.id, TicketStatus::Closed).await.expect("closed");
    assert_eq!(closed.status, TicketStatus::Closed);
    world.service.write(user(ADA), ticket.id, text("Still nothing")).await.expect("written");
    assert_eq!(world.service.get(ticket.id, None).await.expect("readable").status, TicketStatus::Open);
    let other = world.service.answer(&actor(OPERATOR), ticket.id, text("I see.")).await.expect("answered");
    assert_eq!(other.assignee, Some(user(SUPPORT)), "whoever answered first looks after it");
}

#[tokio::test]
async fn a_note_is_for_staff_changes_no_turn_and_mails_nobody() {
    let world = World::new().await;
    let ticket = world.opened(ADA).await;
    assert_eq!(world.mails().await, 1, "staff hears of the ticket");
    world.clock.advance(SECOND);
    let noted = world.service.note(&actor(SUPPORT), ticket.id, text("Looks honest")).await.expect("noted");
    assert_eq!((noted.status, noted.assignee, noted.lines), (TicketStatus::Open, None, 2));
    let words: Vec<_> =
        world.said(ticket.id, Some(user(ADA))).await.into_iter().map(|(_, said)| said).collect();
    assert_eq!(words, ["I waited."]);
    let all = world.said(ticket.id, None).await;
    assert_eq!(all[0], (Author::Note(user(SUPPORT)), "Looks honest".to_owned()));
    assert_eq!(world.mails().await, 0);
    world.service.answer(&actor(SUPPORT), ticket.id, text("Wait on.")).await.expect("answered");
    assert_eq!(world.mails().await, 1);
}

#[tokio::test]
async fn the_log_tells_what_staff_did_and_no_word_of_what_was_written() {
    let world = World::new().await;
    let ticket = world.opened(ADA).await;
    let by = actor(SUPPORT);
    world.service.answer(&by, ticket.id, text("a private word")).await.expect("answered");
    world.clock.advance(SECOND);
    world.service.note(&by, ticket.id, text("a private word")).await.expect("noted");
    world.clock.advance(SECOND);
    world.service.put(&by, ticket.id, TicketStatus::Closed).await.expect("closed");
    world.clock.advance(SECOND);
    world.service.assign(&by, ticket.id, None).await.expect("assigned");
    let query = AuditQuery { subject: Some(Subject::of("ticket", ticket.id).id), ..AuditQuery::default() };
    let told = world.store.audit_log(&query, Page { limit: 10, after: None }).await.expect("readable").rows;
    let actions: Vec<_> = told.iter().map(|line| line.action).collect();
    use AuditAction::{TicketAnswered, TicketAssigned, TicketNoted, TicketStatusChanged};
    assert_eq!(actions, [TicketAssigned, TicketStatusChanged, TicketNoted, TicketAnswered]);
    assert!(!format!("{told:?}").contains("private"), "{told:?}");
    assert_eq!(told[1].before.0["status"].as_deref(), Some("answered"));
    assert_eq!(told[1].after.0["status"].as_deref(), Some("closed"));
}

#[tokio::test]
async fn nobody_reads_or_writes_the_ticket_of_another_and_staff_not_his_own() {
    let world = World::new().await;
    let (of_ada, of_staff) = (world.opened(ADA).await, world.opened(SUPPORT).await);
    let none = |refused: Result<_, TicketError>| assert!(matches!(refused, Err(TicketError::NotFound)));
    none(world.service.get(of_ada.id, Some(user(SUPPORT))).await.map(drop));
    none(world.service.write(user(SUPPORT), of_ada.id, text("x")).await.map(drop));
    none(world.service.lines(of_ada.id, Some(user(7)), Page { limit: 1, after: None }).await.map(drop));
    let own = |refused: Result<Ticket, TicketError>| assert!(matches!(refused, Err(TicketError::OwnTicket)));
    let by = actor(SUPPORT);
    own(world.service.answer(&by, of_staff.id, text("x")).await);
    own(world.service.note(&by, of_staff.id, text("x")).await);
    own(world.service.put(&by, of_staff.id, TicketStatus::Closed).await);
    own(world.service.assign(&by, of_staff.id, None).await);
    own(world.service.assign(&actor(OPERATOR), of_staff.id, Some(user(SUPPORT))).await);
}

#[tokio::test]
async fn a_ticket_is_given_to_those_alone_who_answer_tickets() {
    let world = World::new().await;
    let ticket = world.opened(ADA).await;
    for nobody in [ADA, OPERATOR, 77] {
        let refused = world.service.assign(&actor(SUPPORT), ticket.id, Some(user(nobody))).await;
        assert!(matches!(refused, Err(TicketError::NoSuchAssignee)), "{nobody}: {refused:?}");
    }
    let given = world.service.assign(&actor(OPERATOR), ticket.id, Some(user(SUPPORT))).await;
    assert_eq!(given.expect("assigned").assignee, Some(user(SUPPORT)));
}

#[tokio::test]
async fn a_user_has_twenty_open_tickets_of_two_hundred_messages_at_most() {
    let world = World::new().await;
    let first = world.opened(ADA).await;
    for _ in 1..MAX_OPEN {
        world.opened(ADA).await;
    }
    let refused = world.service.open(world.wish(ADA)).await;
    assert!(matches!(refused, Err(OpenTicketError::TooManyOpen)), "{refused:?}");
    world.service.put(&actor(SUPPORT), first.id, TicketStatus::Closed).await.expect("closed");
    let last = world.opened(ADA).await;
    for n in 1..MAX_LINES {
        world.service.write(user(ADA), last.id, text(&n.to_string())).await.expect("written");
    }
    let refused = world.service.write(user(ADA), last.id, text("one more")).await;
    assert!(matches!(refused, Err(TicketError::Full)), "{refused:?}");
    let refused = world.service.note(&actor(SUPPORT), last.id, text("one more")).await;
    assert!(matches!(refused, Err(TicketError::Full)), "{refused:?}");
    let closed = world.service.put(&actor(SUPPORT), last.id, TicketStatus::Closed).await;
    assert_eq!(closed.expect("a full ticket can be closed").lines, MAX_LINES);
}

/// The first two commits reach the store only when both were decided.
struct Twins {
    store: Arc<MemoryStore>,
    both: Barrier,
    left: AtomicU32,
}

#[async_trait::async_trait]
impl Store for Twins {
    async fn commit(&self, unit: UnitOfWork) -> Result<Committed, CommitError> {
        let one_less = |left: u32| left.checked_sub(1);
        if self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less).is_ok() {
            self.both.wait().await;
        }
        self.store.commit(unit).await
    }

    async fn replay(&self, claim: &Claim) -> Result<Option<uuid::Uuid>, CommitError> {
        self.store.replay(claim).await
    }
}

#[tokio::test]
async fn of_two_tickets_at_once_the_last_that_fits_is_opened() {
    let world = World::new().await;
    for _ in 1..MAX_OPEN {
        world.opened(ADA).await;
    }
    let twins = Twins { store: world.store.clone(), both: Barrier::new(2), left: AtomicU32::new(2) };
    let service = SupportService::new(SupportPorts { store: Arc::new(twins), ..world.ports.clone() });
    let (one, two) = tokio::join!(service.open(world.wish(ADA)), service.open(world.wish(ADA)));
    assert_ne!(one.is_ok(), two.is_ok());
    let refused = one.err().or(two.err());
    assert!(matches!(refused, Some(OpenTicketError::TooManyOpen)), "{refused:?}");
    assert_eq!(world.store.open_tickets(user(ADA)).await.expect("readable"), MAX_OPEN);
}

#[tokio::test]
async fn writing_to_a_closed_ticket_opens_one_more_and_counts_as_that() {
    let world = World::new().await;
    let closed = world.opened(ADA).await;
    world.service.put(&actor(SUPPORT), closed.id, TicketStatus::Closed).await.expect("closed");
    let first = world.opened(ADA).await;
    for _ in 1..MAX_OPEN {
        world.opened(ADA).await;
    }
    let refused = world.service.write(user(ADA), closed.id, text("again")).await;
    assert!(matches!(refused, Err(TicketError::TooManyOpen)), "{refused:?}");
    world.service.answer(&actor(SUPPORT), first.id, text("so")).await.expect("answered");
    world.service.write(user(ADA), first.id, text("still")).await.expect("it is open as it was");
    world.service.put(&actor(SUPPORT), first.id, TicketStatus::Closed).await.expect("closed");
    world.service.write(user(ADA), closed.id, text("again")).await.expect("there is room");
    let refused = world.service.write(user(ADA), first.id, text("again")).await;
    assert!(matches!(refused, Err(TicketError::TooManyOpen)), "{refused:?}");
}

#[tokio::test]
async fn a_ticket_is_about_what_is_the_users_own() {
    let world = World::new().await;
    let order = OpenTicket { order: Some(world.service.id()), ..world.wish(ADA) };
    let refused = world.service.open(order).await;
    assert!(matches!(refused, Err(OpenTicketError::NoSuchOrder)), "{refused:?}");
    let payment = OpenTicket { payment: Some(world.service.id()), ..world.wish(ADA) };
    let refused = world.service.open(payment).await;
    assert!(matches!(refused, Err(OpenTicketError::NoSuchPayment)), "{refused:?}");
}
