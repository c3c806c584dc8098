//! Corrections: what is booked at once, what takes four eyes, and that neither can be raced past.

use std::sync::Arc;

use async_trait::async_trait;
use namaskah_domain::{
    AdjustmentId, Amount, Change, Claim, Clock, CommitError, Currency, Fault, Fingerprint, IdempotencyKey,
    Money, Page, PageOf, Time, UnitOfWork, UserId, Version,
    auth::{Email, PasswordHash, Role, SecondFactor, Suspension, User},
    memory::{ManualClock, MemoryStore, SeededRandom},
    staff::{
        Actor, Adjustment, AdjustmentError, AdjustmentPorts, AdjustmentQuery, AdjustmentReads,
        AdjustmentRefusal, AdjustmentService, AdjustmentState, AdjustmentStatus, AuditAction, AuditQuery,
        Colleague, Recent, StaffReads, Subject, Wish,
    },
    wallet::{BookError, Direction, Reason, WalletReads},
};

use super::at;

const DAY: i64 = 86_400;

fn usd(dollars: i64) -> Money {
    Money::from_units(dollars * 1_000_000, Currency::Usd)
}

fn amount(dollars: i64) -> Amount {
    Amount::try_new(usd(dollars)).expect("above zero")
}

fn user(number: u8) -> UserId {
    UserId::from_parts(at(0), [number; 10])
}

fn reason(text: &str) -> Reason {
    Reason::try_new(text).expect("a reason")
}

fn wish(number: u8, to: UserId, dollars: i64) -> Wish {
    let id = AdjustmentId::from_parts(at(0), [number; 10]);
    Wish { id, user: to, direction: Direction::Credit, amount: amount(dollars), reason: reason("lost text") }
}

fn recent(by_actor: i64, to_user: i64) -> Recent {
    Recent { by_actor: usd(by_actor), to_user: usd(to_user) }
}

fn since(number: u8, second: i64) -> Colleague {
    Colleague { user: user(number), since: Some(at(second)) }
}

fn asked(recent: Recent, dollars: i64) -> Adjustment {
    Adjustment::asked(wish(1, user(9), dollars), since(1, -DAY), recent, usd(50), at(0)).expect("not his own")
}

#[test]
fn what_stays_within_the_limit_of_actor_and_user_is_booked_at_once() {
    for (by_actor, to_user, dollars, expected) in [
        (0, 0, 50, AdjustmentStatus::Booked),
        (0, 0, 51, AdjustmentStatus::Proposed),
        (49, 0, 1, AdjustmentStatus::Booked),
        (50, 0, 1, AdjustmentStatus::Proposed),
        (0, 49, 1, AdjustmentStatus::Booked),
        (0, 50, 1, AdjustmentStatus::Proposed),
    ] {
        let status = asked(recent(by_actor, to_user), dollars).status(at(0));
        assert_eq!(status, expected, "{by_actor} {to_user} {dollars}");
    }
    let endless = Recent { by_actor: Money::from_units(i64::MAX, Currency::Usd), to_user: usd(0) };
    assert_eq!(asked(endless, 1).status(at(0)), AdjustmentStatus::Proposed);
}

#[test]
fn nobody_corrects_his_own_wallet_or_approves_his_own_proposal() {
    let own = Adjustment::asked(wish(1, user(1), 1), since(1, -DAY), recent(0, 0), usd(50), at(0));
    assert_eq!(own, Err(AdjustmentRefusal::OwnWallet));
    let proposed = asked(recent(0, 0), 60);
    for (by, refusal) in [(user(1), AdjustmentRefusal::OwnProposal), (user(9), AdjustmentRefusal::OwnWallet)]
    {
        assert_eq!(
            proposed.clone().approved(Colleague { user: by, since: Some(at(-DAY)) }, since(1, -DAY), at(1)),
            Err(refusal)
        );
        assert_eq!(proposed.clone().rejected(by, None, at(1)), Err(refusal));
    }
}

#[test]
fn whoever_became_staff_less_than_a_day_ago_approves_nothing_and_may_reject() {
    let proposed = asked(recent(0, 0), 60);
    let early = proposed.clone().approved(since(2, 1 - DAY), since(1, -DAY), at(0));
    assert_eq!(early, Err(AdjustmentRefusal::TooNew));
    let approved = proposed.clone().approved(since(2, -DAY), since(1, -DAY), at(0)).expect("a day is over");
    assert_eq!(approved.state, AdjustmentState::Booked { approved_by: Some(user(2)), at: at(0) });
    assert_eq!(approved.version.get(), 2);
    let rejected = proposed.rejected(user(2), Some(reason("no")), at(5)).expect("he may");
    assert_eq!(rejected.status(at(5)), AdjustmentStatus::Rejected);
    assert_eq!(rejected.booking(), None);
}

#[test]
fn whoever_became_staff_less_than_a_day_ago_corrects_nothing() {
    let ask = |by| Adjustment::asked(wish(1, user(9), 1), by, recent(0, 0), usd(50), at(0));
    assert_eq!(ask(since(1, 1 - DAY)), Err(AdjustmentRefusal::TooNew));
    assert_eq!(ask(Colleague { user: user(1), since: None }), Err(AdjustmentRefusal::TooNew));
    assert_eq!(ask(since(1, -DAY)).map(|asked| asked.status(at(0))), Ok(AdjustmentStatus::Booked));
}

#[test]
fn a_proposal_needs_whoever_made_it_to_be_still_what_he_was() {
    let proposed = asked(recent(0, 0), 60);
    let gone = Colleague { user: user(1), since: None };
    for proposer in [gone, since(1, 0), since(1, 1), since(3, -DAY)] {
        let refused = proposed.clone().approved(since(2, -DAY), proposer, at(2));
        assert_eq!(refused, Err(AdjustmentRefusal::ProposerGone), "{proposer:?}");
    }
    assert!(proposed.approved(since(2, -DAY), since(1, -1), at(2)).is_ok());
}

#[test]
fn a_proposal_waits_for_72_hours_and_is_decided_once() {
    let proposed = asked(recent(0, 0), 60);
    let end = 3 * DAY;
    assert_eq!(proposed.expires_at(), at(end));
    assert_eq!(proposed.booking(), None);
    assert!(proposed.clone().approved(since(2, -DAY), since(1, -DAY), at(end - 1)).is_ok());
    let late = proposed.clone().approved(since(2, -DAY), since(1, -DAY), at(end));
    assert_eq!(late, Err(AdjustmentRefusal::Expired));
    assert_eq!(proposed.status(at(end)), AdjustmentStatus::Expired);
    let booked = proposed.approved(since(2, -DAY), since(1, -DAY), at(1)).expect("in time");
    let again = booked.clone().approved(since(3, -DAY), since(1, -DAY), at(2));
    assert_eq!(again, Err(AdjustmentRefusal::Decided));
    assert_eq!(booked.rejected(user(3), None, at(end)), Err(AdjustmentRefusal::Decided));
}

struct World {
    clock: Arc<ManualClock>,
    store: Arc<MemoryStore>,
    service: Arc<AdjustmentService>,
}

/// Lets others go first after each read, so that decisions overlap.
struct Overlapping(Arc<MemoryStore>);

#[async_trait]
impl AdjustmentReads for Overlapping {
    async fn adjustment(&self, id: AdjustmentId) -> Result<Option<Adjustment>, Fault> {
        let read = self.0.adjustment(id).await;
        tokio::task::yield_now().await;
        read
    }

    async fn adjustments(
        &self,
        query: &AdjustmentQuery,
        now: Time,
        page: Page<AdjustmentId>,
    ) -> Result<PageOf<Adjustment>, Fault> {
        self.0.adjustments(query, now, page).await
    }

    async fn booked_at_once(&self, by: UserId, user: UserId, since: Time) -> Result<Recent, Fault> {
        let read = self.0.booked_at_once(by, user, since).await;
        tokio::task::yield_now().await;
        read
    }

    async fn staff_since(&self, user: UserId) -> Result<Option<Time>, Fault> {
        self.0.staff_since(user).await
    }
}

impl World {
    /// Users 1 to 4 and 9, made two days ago.
    async fn new() -> Self {
        let (clock, store) = (Arc::new(ManualClock::default()), Arc::new(MemoryStore::new()));
        let made = clock.now() - chrono::TimeDelta::days(2);
        for number in [1, 2, 3, 4, 9] {
            let unit = UnitOfWork::new().with(Change::User(person(number, made)));
            commit(&store, unit.with(Change::OpenAccount(user(number)))).await;
        }
        let ports = AdjustmentPorts {
            store: store.clone(),
            reads: Arc::new(Overlapping(store.clone())),
            wallets: store.clone(),
            users: store.clone(),
            clock: clock.clone(),
            random: Arc::new(SeededRandom::default()),
        };
        Self { clock, store, service: Arc::new(AdjustmentService::new(ports, usd(50))) }
    }

    fn ask(
        &self,
        by: u8,
        wish: Wish,
    ) -> impl Future<Output = Result<Adjustment, AdjustmentError>> + Send + use<> {
        let key = IdempotencyKey::try_new(&wish.id.to_string()).expect("a key");
        let outcome = wish.id.uuid();
        let claim = Claim { scope: user(by), key, fingerprint: Fingerprint([by; 32]), outcome };
        let service = self.service.clone();
        async move { service.ask(&actor(by), wish, claim).await.map(|done| done.value) }
    }

    /// All at once; how many were booked.
    async fn booked_of(&self, asks: impl IntoIterator<Item = (u8, Wish)>) -> usize {
        let mut tasks = tokio::task::JoinSet::new();
        for (by, wish) in asks {
            tasks.spawn(self.ask(by, wish));
        }
        let asked = tasks.join_all().await;
        asked.iter().filter(|asked| status(asked) == AdjustmentStatus::Booked).count()
    }

    /// The log tells so.
    async fn role_changed(&self, number: u8) {
        let line = namaskah_domain::staff::AuditEntry {
            id: namaskah_domain::AuditId::from_parts(at(0), [7; 10]),
            by: namaskah_domain::staff::By::Console,
            action: AuditAction::StaffRoleChanged,
            subject: Subject::user(user(number)),
            before: namaskah_domain::staff::Facts::none(),
            after: namaskah_domain::staff::Facts::none(),
            at: self.clock.now(),
        };
        commit(&self.store, UnitOfWork::new().with(Change::Audited(line))).await;
    }

    async fn has(&self, number: u8) -> Money {
        self.store.account(user(number)).await.expect("readable").expect("an account").wallet.posted
    }

    async fn actions(&self) -> Vec<AuditAction> {
        let query = AuditQuery { subject: Some(Subject::user(user(9)).id), ..AuditQuery::default() };
        let page = self.store.audit_log(&query, Page { limit: 100, after: None }).await.expect("readable");
        page.rows.into_iter().map(|line| line.action).collect()
    }
}

async fn commit(store: &MemoryStore, unit: UnitOfWork) {
    namaskah_domain::Store::commit(store, unit).await.expect("applied");
}

fn person(number: u8, made: Time) -> User {
    User {
        id: user(number),
        email: Email::try_new(&format!("user{number}@example.com")).expect("an address"),
        password: PasswordHash::from_stored(String::new()),
        role: Role::Finance,
        email_verified_at: Some(made),
        suspension: None,
        must_change_password: false,
        second_factor: SecondFactor::Off,
        password_changed_at: made,
        created_at: made,
        version: Version::FIRST,
    }
}

fn actor(number: u8) -> Actor {
    let ip = super::ip(super::HERE);
    Actor { user: user(number), role: Role::Finance, ip, request: format!("req-{number}") }
}

fn status(asked: &Result<Adjustment, AdjustmentError>) -> AdjustmentStatus {
    asked.as_ref().expect("not refused").status(at(0))
}

#[tokio::test]
async fn ten_at_once_book_no_more_than_the_limit_allows_one_actor() {
    let world = World::new().await;
    let users = [2, 3, 4, 9];
    let asks = (0..10u8).map(|n| (1, wish(n, user(users[usize::from(n) % 4]), 10)));
    assert_eq!(world.booked_of(asks).await, 5);
    let mut sum = 0;
    for number in users {
        sum += world.has(number).await.units();
    }
    assert_eq!(sum, usd(50).units());
}

#[tokio::test]
async fn several_actors_book_no_more_than_the_limit_to_one_user_at_once() {
    let world = World::new().await;
    let booked = world.booked_of((0..8u8).map(|n| (1 + n % 4, wish(n, user(9), 20)))).await;
    assert_eq!((booked, world.has(9).await), (2, usd(40)));
    world.clock.advance(chrono::TimeDelta::hours(24));
    let tomorrow = world.ask(1, wish(20, user(9), 50)).await.expect("not refused");
    assert_eq!(tomorrow.status(world.clock.now()), AdjustmentStatus::Booked);
}

#[tokio::test]
async fn approvals_at_once_book_once_and_what_two_decided_does_not_count() {
    let world = World::new().await;
    let proposed = world.ask(1, wish(1, user(9), 500)).await.expect("not refused");
    let id = proposed.id;
    assert_eq!(world.has(9).await, usd(0));
    world.clock.advance(chrono::TimeDelta::seconds(1));
    let (two, three) = (actor(2), actor(3));
    let (first, second, third) = tokio::join!(
        world.service.approve(&two, id),
        world.service.approve(&three, id),
        world.service.approve(&two, id)
    );
    let told = [first, second, third];
    assert_eq!(world.has(9).await, usd(500));
    let refused =
        told.iter().filter(|told| matches!(told, Err(AdjustmentError::Refused(AdjustmentRefusal::Decided))));
    assert!((1..=2).contains(&refused.count()), "{told:?}");
    assert_eq!(world.actions().await, [AuditAction::AdjustmentApproved, AuditAction::AdjustmentProposed]);
    let small = world.ask(1, wish(2, user(9), 50)).await;
    assert_eq!(status(&small), AdjustmentStatus::Booked);
}

#[tokio::test]
async fn an_approval_and_a_rejection_at_once_leave_one_of_them() {
    let world = World::new().await;
    let id = world.ask(1, wish(1, user(9), 60)).await.expect("not refused").id;
    let (two, three) = (actor(2), actor(3));
    let (approved, rejected) =
        tokio::join!(world.service.approve(&two, id), world.service.reject(&three, id, None));
    assert_ne!(approved.is_ok(), rejected.is_ok());
    let expected = if approved.is_ok() { usd(60) } else { usd(0) };
    assert_eq!(world.has(9).await, expected);
}

#[tokio::test]
async fn a_role_that_was_given_today_corrects_and_approves_tomorrow() {
    let world = World::new().await;
    let id = world.ask(1, wish(1, user(9), 60)).await.expect("not refused").id;
    world.role_changed(2).await;
    let refused = world.service.approve(&actor(2), id).await;
    assert!(matches!(refused, Err(AdjustmentError::Refused(AdjustmentRefusal::TooNew))), "{refused:?}");
    let refused = world.ask(2, wish(2, user(9), 1)).await;
    assert!(matches!(refused, Err(AdjustmentError::Refused(AdjustmentRefusal::TooNew))), "{refused:?}");
    world.clock.advance(chrono::TimeDelta::hours(24));
    world.ask(2, wish(2, user(9), 1)).await.expect("a day is over");
    let approved = world.service.approve(&actor(2), id).await.expect("a day is over");
    assert_eq!(approved.status(world.clock.now()), AdjustmentStatus::Booked);
    assert_eq!(world.has(9).await, usd(61));
}

#[tokio::test]
async fn what_somebody_proposed_who_is_no_longer_staff_is_not_approved() {
    let made = ManualClock::default().now() - chrono::TimeDelta::days(2);
    let was = person(1, made);
    let why = Suspension { reason: "stolen".to_owned(), since: made, until: None };
    for gone in [
        User { role: Role::Customer, ..was.clone() }.touched(),
        was.clone().suspended(why),
        was.clone().anonymised(made),
    ] {
        let world = World::new().await;
        let id = world.ask(1, wish(1, user(9), 60)).await.expect("not refused").id;
        world.clock.advance(chrono::TimeDelta::hours(1));
        commit(&world.store, UnitOfWork::new().with(Change::User(gone.clone()))).await;
        let refused = world.service.approve(&actor(2), id).await;
        assert!(
            matches!(refused, Err(AdjustmentError::Refused(AdjustmentRefusal::ProposerGone))),
            "{gone:?}: {refused:?}"
        );
        assert_eq!(world.has(9).await, usd(0));
        let rejected = world.service.reject(&actor(2), id, None).await;
        assert_eq!(status(&rejected), AdjustmentStatus::Rejected);
    }
}

#[tokio::test]
async fn what_somebody_proposed_whose_role_was_given_to_him_since_is_not_approved() {
    let world = World::new().await;
    let id = world.ask(1, wish(1, user(9), 60)).await.expect("not refused").id;
    world.clock.advance(chrono::TimeDelta::hours(1));
    world.role_changed(1).await;
    let refused = world.service.approve(&actor(2), id).await;
    assert!(matches!(refused, Err(AdjustmentError::Refused(AdjustmentRefusal::ProposerGone))), "{refused:?}");
}

#[tokio::test]
async fn a_debit_takes_no_more_than_there_is_and_its_proposal_waits_on() {
    let world = World::new().await;
    let debit = |number, dollars| Wish { direction: Direction::Debit, ..wish(number, user(9), dollars) };
    let poor = |refused: &AdjustmentError| {
        matches!(refused, AdjustmentError::Book(BookError::Commit(CommitError::InsufficientFunds)))
    };
    let refused = world.ask(1, debit(1, 5)).await.expect_err("nothing is there");
    assert!(poor(&refused), "{refused:?}");
    let id = world.ask(1, debit(2, 60)).await.expect("a proposal moves nothing").id;
    let refused = world.service.approve(&actor(2), id).await.expect_err("nothing is there");
    assert!(poor(&refused), "{refused:?}");
    let found = world.store.adjustment(id).await.expect("readable").expect("it is there");
    assert_eq!(found.state, AdjustmentState::Proposed);
    world.ask(3, wish(3, user(9), 50)).await.expect("booked");
    world.ask(4, debit(4, 20)).await.expect("proposed, for the day's fifty are used");
    let waiting = AdjustmentQuery { status: Some(AdjustmentStatus::Proposed), user: Some(user(9)) };
    let page = world.service.list(&waiting, Page { limit: 10, after: None }).await.expect("readable");
    assert_eq!(page.rows.len(), 2);
    let stranger = world.ask(1, wish(5, user(8), 1)).await.expect_err("no account");
    assert!(matches!(stranger, AdjustmentError::Book(BookError::NoSuchUser)), "{stranger:?}");
}

#[tokio::test]
async fn the_same_command_is_booked_once() {
    let world = World::new().await;
    for _ in 0..2 {
        let asked = world.ask(1, wish(1, user(9), 10)).await.expect("not refused");
        assert_eq!(asked.proposed_by, user(1));
    }
    assert_eq!((world.has(9).await, world.actions().await.len()), (usd(10), 1));
}

#[tokio::test]
async fn a_closed_account_gets_nothing_any_more_whenever_it_was_closed() {
    let world = World::new().await;
    let waits = world.ask(1, wish(1, user(9), 60)).await.expect("proposed");
    let open = person(9, world.clock.now());
    commit(&world.store, UnitOfWork::new().with(Change::User(open.anonymised(world.clock.now())))).await;
    let none = |refused: Result<Adjustment, AdjustmentError>| {
        assert!(matches!(refused, Err(AdjustmentError::Book(BookError::NoSuchUser))), "{refused:?}");
    };
    none(world.ask(1, wish(2, user(9), 1)).await);
    none(world.service.approve(&actor(2), waits.id).await);
    assert_eq!(world.has(9).await, usd(0));
    let rejected = world.service.reject(&actor(2), waits.id, None).await;
    assert_eq!(status(&rejected), AdjustmentStatus::Rejected);
}
