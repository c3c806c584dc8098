//! Sentences about tickets.

use namaskah_domain::{
    Change, CommitError, Page, Time, Unique, UnitOfWork, UserId,
    auth::User,
    support::{Author, CannedAnswer, Line, Reading, Ticket, TicketCategory, TicketQuery, TicketStatus},
};

use super::Backend;
use crate::{
    assert_refused,
    given::{self, at},
};

const fn first<T>(limit: u32) -> Page<T> {
    Page { limit, after: None }
}

async fn stored(on: &Backend, ticket: Ticket) -> Ticket {
    on.apply(UnitOfWork::new().with(Change::Ticket(ticket.clone()))).await;
    ticket
}

async fn written(on: &Backend, line: Line) -> Line {
    on.apply(UnitOfWork::new().with(Change::TicketLine(line.clone()))).await;
    line
}

async fn lines(on: &Backend, ticket: &Ticket, reading: Reading) -> Vec<Line> {
    on.support.ticket_lines(ticket.id, reading, first(10)).await.expect("readable").rows
}

/// Each of its lines once.
pub async fn a_ticket_is_stored_with_its_lines(on: &Backend) {
    let user = given::id();
    for ticket in [
        given::ticket(user),
        Ticket { order: None, payment: Some(given::id()), ..given::ticket(user) },
        Ticket { subject: None, assignee: Some(given::id()), ..given::ticket(user) },
    ] {
        let ticket = stored(on, ticket).await;
        assert_eq!(on.support.ticket(ticket.id).await.expect("readable"), Some(ticket.clone()));
        let asked = written(on, given::ticket_line(ticket.id)).await;
        let answer = Line { author: Author::Staff(given::id()), at: at(5), ..given::ticket_line(ticket.id) };
        let answer = written(on, answer).await;
        assert_eq!(lines(on, &ticket, Reading::Customer).await, [answer.clone(), asked]);
        let again = on.refuse(UnitOfWork::new().with(Change::TicketLine(answer))).await;
        assert_refused!(again, CommitError::Duplicate(Unique::Record));
        let status = TicketStatus::Closed;
        let closed = Ticket { status, lines: 2, version: ticket.version.next(), ..ticket };
        let closed = stored(on, closed).await;
        assert_eq!(on.support.ticket(closed.id).await.expect("readable"), Some(closed));
    }
    assert_eq!(on.support.ticket(given::id()).await.expect("readable"), None);
}

/// Newest first, in pages.
pub async fn tickets_are_found_by_whose_they_are_and_whose_turn_it_is(on: &Backend) {
    let (ada, eve, staff): (UserId, UserId, UserId) = (given::id(), given::id(), given::id());
    let old = stored(on, given::ticket(ada)).await;
    let answered = Ticket { status: TicketStatus::Answered, assignee: Some(staff), ..given::ticket(ada) };
    let answered = stored(on, answered).await;
    let other = Ticket { category: TicketCategory::Other, ..given::ticket(eve) };
    let other = stored(on, other).await;
    let closed = Ticket { status: TicketStatus::Closed, assignee: Some(staff), ..given::ticket(eve) };
    let closed = stored(on, closed).await;
    let all = TicketQuery::default();
    for (query, expected) in [
        (all, vec![&closed, &other, &answered, &old]),
        (TicketQuery { user: Some(ada), ..all }, vec![&answered, &old]),
        (TicketQuery { status: Some(TicketStatus::Open), ..all }, vec![&other, &old]),
        (TicketQuery { assignee: Some(staff), ..all }, vec![&closed, &answered]),
        (TicketQuery { category: Some(TicketCategory::Other), ..all }, vec![&other]),
        (TicketQuery { user: Some(eve), status: Some(TicketStatus::Closed), ..all }, vec![&closed]),
        (TicketQuery { user: Some(ada), category: Some(TicketCategory::Other), ..all }, vec![]),
    ] {
        let found = on.support.tickets(&query, first(10)).await.expect("readable").rows;
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{query:?}");
    }
    let page = Page { limit: 2, after: Some(closed.id) };
    let page = on.support.tickets(&all, page).await.expect("readable");
    assert_eq!((page.rows, page.has_more), (vec![other, answered], true));
    for (user, open) in [(ada, 2), (eve, 1), (given::id(), 0)] {
        assert_eq!(on.support.open_tickets(user).await.expect("readable"), open);
    }
}

/// In pages of what one may read.
pub async fn notes_are_read_by_staff_alone(on: &Backend) {
    let ticket = stored(on, given::ticket(given::id())).await;
    let asked = written(on, given::ticket_line(ticket.id)).await;
    let note = Line { author: Author::Note(given::id()), ..given::ticket_line(ticket.id) };
    let note = written(on, note).await;
    let more = written(on, given::ticket_line(ticket.id)).await;
    written(on, given::ticket_line(given::id())).await;
    assert_eq!(lines(on, &ticket, Reading::Staff).await, [more.clone(), note, asked.clone()]);
    assert_eq!(lines(on, &ticket, Reading::Customer).await, [more.clone(), asked.clone()]);
    let page = Page { limit: 1, after: Some(more.id) };
    let page = on.support.ticket_lines(ticket.id, Reading::Customer, page).await.expect("readable");
    assert_eq!((page.rows, page.has_more), (vec![asked], false));
}

/// Of a closed account alone, however lately it was closed; the ticket itself stays.
pub async fn what_was_written_goes_with_the_account(on: &Backend) {
    let (leaves, stays) = (given::user(), given::user());
    let mut tickets = Vec::new();
    for user in [&leaves, &stays] {
        on.apply(UnitOfWork::new().with(Change::User(user.clone()))).await;
        let ticket = stored(on, given::ticket(user.id)).await;
        tickets.push((ticket.clone(), written(on, given::ticket_line(ticket.id)).await));
    }
    let erase = async || on.erasures.erase_ended(Time::UNIX_EPOCH, 10).await.expect("erased").tickets;
    assert_eq!(erase().await, 0);
    on.apply(UnitOfWork::new().with(Change::User(User::anonymised(leaves, at(9))))).await;
    assert_eq!((erase().await, erase().await), (1, 0));
    let (gone, line) = &tickets[0];
    let gone = Ticket { subject: None, ..gone.clone() };
    assert_eq!(on.support.ticket(gone.id).await.expect("readable"), Some(gone.clone()));
    assert_eq!(lines(on, &gone, Reading::Staff).await, [Line { text: None, ..line.clone() }]);
    let (kept, line) = &tickets[1];
    assert_eq!(on.support.ticket(kept.id).await.expect("readable"), Some(kept.clone()));
    assert_eq!(lines(on, kept, Reading::Staff).await, std::slice::from_ref(line));
}

/// In use, changed, and out of use.
pub async fn canned_answers_are_stored_as_decided(on: &Backend) {
    let (one, other) = (given::canned_answer(), given::canned_answer());
    let keep = async |canned: &CannedAnswer| {
        on.apply(UnitOfWork::new().with(Change::CannedAnswer(canned.clone()))).await;
        assert_eq!(on.support.canned_answer(canned.id).await.expect("readable").as_ref(), Some(canned));
    };
    let in_use = async || {
        let mut canned = on.support.canned_answers().await.expect("readable");
        canned.sort_by_key(|canned| canned.id);
        canned
    };
    keep(&one).await;
    keep(&other).await;
    assert_eq!(in_use().await, [one.clone(), other.clone()]);
    let changed = CannedAnswer { updated_at: at(9), version: one.version.next(), ..one };
    keep(&changed).await;
    let removed = CannedAnswer { removed_at: Some(at(9)), version: other.version.next(), ..other };
    keep(&removed).await;
    assert_eq!(in_use().await, std::slice::from_ref(&changed));
    let stale = on.refuse(UnitOfWork::new().with(Change::CannedAnswer(changed))).await;
    assert_refused!(stale, CommitError::Stale);
    assert_eq!(on.support.canned_answer(given::id()).await.expect("readable"), None);
}
