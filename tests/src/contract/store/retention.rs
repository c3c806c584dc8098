//! Sentences about erasing what is past retention.

use namaskah_domain::{
    Change, CommitError, JobLane, NoticeState, OrderId, Sender, Unique, UnitOfWork, UserId, Version,
    retention::Erased,
    verification::{Bought, Completed, Message, Order, Purchase, PurchaseState, Waiting},
};
use uuid::Uuid;

use super::Backend;
use crate::{
    assert_refused,
    given::{self, at},
};

/// An order that ended at `ended_s`, its purchase and its text.
struct Ended {
    user: UserId,
    order: OrderId,
    waiting: Waiting,
    bought: Bought,
    purchase: Purchase,
    message: Message,
}

impl Ended {
    async fn stored(on: &Backend, user: UserId, ended_s: i64) -> Self {
        let requested = given::requested(user);
        let purchase = given::purchase(&requested);
        let bought = given::bought();
        let mut waiting = requested.bind(given::line(&purchase, &bought));
        waiting.head.version = Version::FIRST;
        let message = given::message(&waiting, "Your code is 123456");
        let bound = Purchase { state: PurchaseState::Bound(bought.clone()), ..purchase };
        let Waiting { head, line } = waiting.clone();
        let completed = Order::from(Completed { head, line, at: at(ended_s) });
        let unit = UnitOfWork::new()
            .with(Change::Order(completed.clone()))
            .with(Change::Purchase(bound.clone()))
            .with(Change::ShownNumber(given::shown(&waiting)))
            .with(Change::Message(message.clone()));
        on.apply(unit).await;
        Self { user, order: completed.head().id, waiting, bought, purchase: bound, message }
    }

    /// Whether number, purchase and text can still be read; and that everything else can.
    async fn is_kept(&self, on: &Backend) -> bool {
        let order = on.orders.order(self.order).await.expect("readable").expect("an order");
        let purchase = on.orders.purchase(self.purchase.id).await.expect("readable").expect("a purchase");
        let texts = on.orders.messages_of(&[self.order]).await.expect("readable");
        let [text] = <[Message; 1]>::try_from(texts).expect("one text");
        let number = order.line().and_then(|line| line.number.clone());
        if number.is_some() {
            assert_eq!(number, self.waiting.line.number);
            assert_eq!((&purchase, &text), (&self.purchase, &self.message));
            return true;
        }
        assert_eq!(order.line().map(|line| &line.reservation), Some(&self.bought.reservation));
        assert_eq!(purchase, self.purchase.clone().without_number());
        assert_eq!(text, self.message.clone().without_words());
        false
    }
}

/// An order that ended at the instant is erased, one that ended a second later is not, nor one that is open.
pub async fn what_ended_is_erased_from_its_instant_on_and_nothing_else(on: &Backend) {
    let user = given::id();
    let (past, younger) = (Ended::stored(on, user, 60).await, Ended::stored(on, user, 61).await);
    let requested = given::requested(user);
    let purchase = given::purchase(&requested);
    let mut open = requested.bind(given::line(&purchase, &given::bought()));
    open.head.version = Version::FIRST;
    on.apply(UnitOfWork::new().with(Change::Order(open.clone().into()))).await;
    let orphan = Purchase { state: PurchaseState::Orphan(given::bought()), wanted_by: None, ..purchase };
    on.apply(UnitOfWork::new().with(Change::Purchase(orphan.clone()))).await;

    assert_eq!(on.erasures.erase_ended(at(1), 10).await.expect("erased"), Erased::default());
    let erased = on.erasures.erase_ended(at(60), 10).await.expect("erased");
    assert_eq!(erased, Erased { orders: 1, purchases: 2, messages: 1, ..Erased::default() });
    assert_eq!((past.is_kept(on).await, younger.is_kept(on).await), (false, true));
    assert_eq!(on.orders.order(open.head.id).await.expect("readable"), Some(open.into()));
    let nameless = on.orders.purchase(orphan.id).await.expect("readable");
    assert_eq!(nameless, Some(orphan.without_number()));
    assert_eq!(on.erasures.erase_ended(at(60), 10).await.expect("erased"), Erased::default());
}

/// Its number is never shown to its user again, its text is never stored again, and the order can still change.
pub async fn what_was_erased_stays_known(on: &Backend) {
    let ended = Ended::stored(on, given::id(), 60).await;
    on.erasures.erase_ended(at(60), 10).await.expect("erased");
    assert!(!ended.is_kept(on).await);
    let (number, service) = (given::shown(&ended.waiting).number, &ended.waiting.head.ask.service);
    assert!(on.orders.was_shown(ended.user, service, &number).await.expect("readable"));
    let again = Message { id: given::id(), ..ended.message.clone() };
    assert_refused!(
        on.refuse(UnitOfWork::new().with(Change::Message(again))).await,
        CommitError::Duplicate(Unique::Message)
    );
    let order = on.orders.order(ended.order).await.expect("readable").expect("an order");
    let changed = order.retried(given::id());
    on.apply(UnitOfWork::new().with(Change::Order(changed.clone()))).await;
    assert_eq!(on.orders.order(ended.order).await.expect("readable"), Some(changed));
    assert!(!ended.is_kept(on).await);
}

/// So many records of each kind, and the rest the next time.
pub async fn erasing_takes_a_batch_at_a_time(on: &Backend) {
    let user = given::id();
    for _ in 0..3 {
        Ended::stored(on, user, 60).await;
    }
    let mut orders = Vec::new();
    loop {
        let erased = on.erasures.erase_ended(at(60), 2).await.expect("erased");
        if erased.total() == 0 {
            break;
        }
        orders.push(erased.orders);
    }
    assert_eq!(orders, [2, 1]);
}

/// What ended a moment ago, and nobody else's.
pub async fn a_user_is_erased_without_waiting(on: &Backend) {
    let (one, two) = (given::id(), given::id());
    let (mine, other) = (Ended::stored(on, one, 60).await, Ended::stored(on, two, 60).await);
    let erased = on.erasures.erase_of(one, 10).await.expect("erased");
    assert_eq!(erased, Erased { orders: 1, purchases: 1, messages: 1, ..Erased::default() });
    assert_eq!((mine.is_kept(on).await, other.is_kept(on).await), (false, true));
    // A text that comes late is found although the number is gone.
    let late = Message { id: given::id(), received_at: at(70), stored_at: at(71), ..mine.message.clone() };
    on.apply(UnitOfWork::new().with(Change::Message(late))).await;
    let erased = on.erasures.erase_of(one, 10).await.expect("erased");
    assert_eq!(erased, Erased { messages: 1, ..Erased::default() });
    assert_eq!(on.erasures.erase_of(one, 10).await.expect("erased"), Erased::default());
}

/// One that nobody has handled keeps its body however old it is.
pub async fn notices_keep_their_bodies_until_their_time(on: &Backend) {
    let stored = async |state, subject: Option<String>| {
        let notice = given::notice(Sender::TextVerified, subject);
        on.apply(UnitOfWork::new().with(Change::Notice(notice.clone()))).await;
        let then = notice.seen(state);
        on.apply(UnitOfWork::new().with(Change::Notice(then.clone()))).await;
        then
    };
    let fresh = given::notice(Sender::TextVerified, None);
    on.apply(UnitOfWork::new().with(Change::Notice(fresh.clone()))).await;
    let handled = stored(NoticeState::Handled, None).await;
    stored(NoticeState::Unmatched, Some("lr_nobody".into())).await;
    let before = handled.at - namaskah_domain::time::seconds(1);
    assert_eq!(on.erasures.erase_ended(before, 10).await.expect("erased"), Erased::default());
    let erased = on.erasures.erase_ended(handled.at, 10).await.expect("erased");
    assert_eq!(erased, Erased { notices: 2, ..Erased::default() });
    assert_eq!(on.notices.new_notices(Sender::TextVerified, 10).await.expect("readable"), [fresh]);
    assert_eq!(on.notices.matchable_notices(10).await.expect("readable"), []);
    assert_eq!(on.erasures.erase_ended(handled.at, 10).await.expect("erased"), Erased::default());
}

/// They hold tokens. One that is still tried stays.
pub async fn letters_that_were_given_up_are_dropped_with_their_tokens(on: &Backend) {
    let (buried, pending) = (given::job(), given::job());
    let unit = UnitOfWork::new().with(Change::Job(buried.clone())).with(Change::Job(pending.clone()));
    on.apply(unit).await;
    let holder = Uuid::from_u128(7);
    let until = buried.run_at.max(pending.run_at);
    let leased = on.jobs.lease(holder, JobLane::Mail, until, 10).await.expect("leased");
    assert_eq!(leased.len(), 2);
    for job in &leased {
        if job.id == buried.id {
            on.jobs.bury(job, "no such address").await.expect("buried");
        } else {
            on.jobs.retry(job, pending.run_at).await.expect("put off");
        }
    }
    let erased = on.erasures.erase_ended(until, 10).await.expect("erased");
    assert_eq!(erased, Erased { letters: 1, ..Erased::default() });
    let left = on.jobs.lease(holder, JobLane::Mail, until, 10).await.expect("leased");
    assert_eq!(left.iter().map(|job| job.id).collect::<Vec<_>>(), [pending.id]);
}
