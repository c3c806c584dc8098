//! Notifications: once for each thing that happened, and as far as their user wishes.
#![cfg(feature = "memory")]

use chrono::TimeDelta;
use namaskah_domain::{
    Amount, Change, Currency, EventKind, Money, Page, Store, UnitOfWork, UserId, Version,
    auth::{AuthReads, Role, User},
    memory::Platform,
    notification::{
        Channel, News, Notification, NotificationError, NotificationKind, NotificationQuery,
        NotificationReads, NotificationSettings, Occasion,
    },
    outbox::{EventLog, EventQuery},
    payment::GatewayRefundStatus,
    support::{OpenTicket, SupportPorts, SupportService, TicketCategory, TicketSubject, TicketText},
};

struct World {
    platform: Platform,
    ada: UserId,
}

impl World {
    async fn new() -> Self {
        let platform = Platform::new(11);
        let ada = platform.new_user("ada@example.com").await.expect("a user");
        Self { platform, ada }
    }

    /// What the letters to Ada told, once everything that is due was done.
    async fn letters(&self) -> Vec<News> {
        self.letters_to("ada@example.com").await
    }

    async fn letters_to(&self, address: &str) -> Vec<News> {
        let ticked = self.platform.tick().await;
        assert!(ticked.failures.is_empty(), "{ticked:?}");
        let told = self.platform.mailer.told().into_iter();
        told.filter(|(to, _)| to.as_str() == address).map(|(_, news)| news).collect()
    }

    async fn seen(&self, user: UserId) -> Vec<Notification> {
        let page = Page { limit: 100, after: None };
        self.platform.notifications.list(user, false, page).await.expect("readable").rows
    }

    async fn wishes(&self, kind: NotificationKind, channel: Channel, on: bool) {
        let stored = self.platform.notifications.settings(self.ada).await.expect("readable");
        let wanted = stored.choosing(kind, channel, on).expect("allowed");
        self.platform.notifications.change_settings(wanted).await.expect("changed");
    }

    async fn wants_at_least(&self, dollars: &str) {
        let money = Money::parse(dollars, Currency::Usd).expect("dollars");
        let threshold = Amount::try_new(money).expect("an amount");
        self.platform.wallet.change_settings(self.ada, Some(threshold)).await.expect("changed");
    }

    async fn member(&self, name: &str, role: Role) -> UserId {
        let id = self.platform.new_user(name).await.expect("a user");
        self.becomes(id, role).await;
        id
    }

    async fn becomes(&self, id: UserId, role: Role) {
        let user = self.platform.store.user(id).await.expect("readable").expect("a user");
        let user = User { role, version: user.version.next(), ..user };
        self.platform.store.commit(UnitOfWork::new().with(Change::User(user))).await.expect("applied");
    }
}

fn is_low(news: &News) -> bool {
    matches!(news, News::LowBalance { .. })
}

#[tokio::test]
async fn a_deposit_is_told_once_with_its_receipt() {
    let world = World::new().await;
    let intent = world.platform.fund(world.ada, "10.00").await.expect("funded");
    world.platform.notify_payment(&intent.reference).await.expect("a notice");
    let letters = world.letters().await;
    let [News::DepositReceived { amount, charged, reference, .. }] = &letters[..] else {
        panic!("{letters:?}")
    };
    assert_eq!((amount, charged, reference), (&intent.amount, &intent.charged, &intent.reference));
    let seen = world.seen(world.ada).await;
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].occasion, Occasion::DepositReceived { payment: intent.id });
}

#[tokio::test]
async fn a_refund_is_told_when_the_money_has_arrived() {
    let world = World::new().await;
    let intent = world.platform.fund(world.ada, "10.00").await.expect("funded");
    assert_eq!(world.letters().await.len(), 1);
    let refund = world.platform.refund(&intent, Some("4.00")).await.expect("asked");
    let name = refund.gateway().expect("the gateway has it");
    assert!(world.platform.gateway.set_refund(name, GatewayRefundStatus::Processed));
    world.platform.advance(TimeDelta::minutes(2)).await;
    let letters = world.letters().await;
    let [_, News::RefundMade { amount, charged, .. }] = &letters[..] else { panic!("{letters:?}") };
    assert_eq!((*amount, *charged), (refund.amount, refund.charged));
}

#[tokio::test]
async fn a_low_balance_is_told_once_for_each_crossing() {
    let world = World::new().await;
    world.platform.fund(world.ada, "3.00").await.expect("funded");
    world.wants_at_least("2.00").await;
    assert!(!world.letters().await.iter().any(is_low));
    let order = world.platform.buy(world.ada, "whatsapp", "2.00").await.expect("bought");
    for _ in 0..3 {
        world.platform.advance(TimeDelta::seconds(10)).await;
    }
    let low: Vec<_> = world.letters().await.into_iter().filter(is_low).collect();
    let [News::LowBalance { available, threshold }] = &low[..] else { panic!("{low:?}") };
    assert_eq!((available.to_string(), threshold.money().to_string()), ("1.87".into(), "2.00".into()));
    world.platform.deliver(order.head().id, "Your code is 482913").await.expect("delivered");
    assert_eq!(world.letters().await.iter().filter(|news| is_low(news)).count(), 1, "nothing was crossed");
    world.platform.fund(world.ada, "1.00").await.expect("funded");
    world.letters().await;
    world.platform.buy(world.ada, "whatsapp", "2.00").await.expect("bought");
    assert_eq!(world.letters().await.iter().filter(|news| is_low(news)).count(), 2, "crossed again");
    let store = &world.platform.store;
    store.stamp().await.expect("stamped");
    let query = EventQuery { user: Some(world.ada), subject: Some(world.ada.uuid()), after: 0, limit: 99 };
    let told = store.after(query).await.expect("readable");
    let kinds: Vec<EventKind> = told.iter().map(|told| told.event.kind).collect();
    assert_eq!(kinds, [EventKind::WalletLowBalance; 2], "an event for each crossing");
}

#[tokio::test]
async fn what_is_switched_off_by_mail_is_not_mailed_and_what_is_switched_off_here_is_not_shown() {
    let world = World::new().await;
    world.wishes(NotificationKind::DepositReceived, Channel::Mail, false).await;
    world.platform.fund(world.ada, "10.00").await.expect("funded");
    assert_eq!(world.letters().await, []);
    assert_eq!(world.seen(world.ada).await.len(), 1);
    world.wishes(NotificationKind::DepositReceived, Channel::InApp, false).await;
    assert_eq!(world.seen(world.ada).await, []);
    let page = Page { limit: 100, after: None };
    let kept = world.platform.notifications.kept(world.ada, page).await.expect("readable").rows;
    assert_eq!(kept.len(), 1, "it is kept, and exported");
}

#[tokio::test]
async fn a_number_that_expires_is_told_once_to_whoever_wants_it() {
    let world = World::new().await;
    let eve = world.platform.new_user("eve@example.com").await.expect("a user");
    world.wishes(NotificationKind::NumberExpiring, Channel::Mail, true).await;
    for user in [world.ada, eve] {
        world.platform.fund(user, "5.00").await.expect("funded");
        world.platform.buy(user, "whatsapp", "2.00").await.expect("bought");
    }
    let expiring =
        |letters: &[News]| letters.iter().filter(|n| matches!(n, News::NumberExpiring { .. })).count();
    assert_eq!(expiring(&world.letters().await), 0);
    world.platform.advance(TimeDelta::minutes(13)).await;
    world.platform.advance(TimeDelta::seconds(30)).await;
    assert_eq!(expiring(&world.letters().await), 1);
    assert_eq!(expiring(&world.letters_to("eve@example.com").await), 0);
}

#[tokio::test]
async fn a_notification_is_read_by_its_user_alone() {
    let world = World::new().await;
    world.platform.fund(world.ada, "10.00").await.expect("funded");
    let told = world.seen(world.ada).await.remove(0);
    let eve = world.platform.new_user("eve@example.com").await.expect("a user");
    let refused = world.platform.notifications.read(eve, told.id).await;
    assert!(matches!(refused, Err(NotificationError::NotFound)), "{refused:?}");
    let read = world.platform.notifications.read(world.ada, told.id).await.expect("read");
    assert!(read.read_at.is_some());
    let again = world.platform.notifications.read(world.ada, told.id).await.expect("read before");
    assert_eq!(again, read);
    let query = NotificationQuery { unread: true, ..NotificationQuery::default() };
    let page = Page { limit: 10, after: None };
    let unread = world.platform.store.notifications(world.ada, &query, page).await.expect("readable");
    assert_eq!(unread.rows, []);
}

#[tokio::test]
async fn a_new_ticket_is_told_to_those_who_answer_tickets_and_once() {
    let world = World::new().await;
    let support = world.member("support@example.com", Role::Support).await;
    let operator = world.member("operator@example.com", Role::Operator).await;
    let store = world.platform.store.clone();
    let service = SupportService::new(SupportPorts {
        store: store.clone(),
        reads: store.clone(),
        orders: store.clone(),
        payments: store.clone(),
        users: store,
        clock: world.platform.clock.clone(),
        random: world.platform.random.clone(),
    });
    let ticket = service.open(OpenTicket {
        id: service.id(),
        user: world.ada,
        subject: TicketSubject::try_new("No code came").expect("a subject"),
        text: TicketText::try_new("I waited.").expect("a text"),
        category: TicketCategory::Verification,
        order: None,
        payment: None,
    });
    let ticket = ticket.await.expect("opened").id;
    let letters = world.letters_to("support@example.com").await;
    let category = TicketCategory::Verification;
    assert_eq!(letters, [News::TicketOpened { ticket, category }]);
    assert_eq!(
        world.platform.notifications.tell_staff(Occasion::TicketOpened { ticket }).await.ok(),
        Some(0)
    );
    assert_eq!(world.seen(support).await.len(), 1);
    assert_eq!(world.seen(operator).await, []);
    assert_eq!(world.letters().await, []);
}

#[tokio::test]
async fn who_is_staff_no_more_is_mailed_nothing_of_staff() {
    let world = World::new().await;
    let support = world.member("support@example.com", Role::Support).await;
    let occasion = Occasion::TicketOpened { ticket: world.platform.id() };
    assert_eq!(world.platform.notifications.tell_staff(occasion).await.ok(), Some(1));
    world.becomes(support, Role::Customer).await;
    assert_eq!(world.letters_to("support@example.com").await, []);
}

#[tokio::test]
async fn of_two_who_change_wishes_at_once_the_later_one_holds() {
    let world = World::new().await;
    let off =
        |kind| NotificationSettings::unset(world.ada).choosing(kind, Channel::Mail, false).expect("allowed");
    let service = &world.platform.notifications;
    let (one, two) = tokio::join!(
        service.change_settings(off(NotificationKind::LowBalance)),
        service.change_settings(off(NotificationKind::RefundMade)),
    );
    let newest = [one.expect("changed"), two.expect("changed")].into_iter().max_by_key(|s| s.version.get());
    let stored = service.settings(world.ada).await.expect("readable");
    assert_eq!((Some(&stored), stored.version), (newest.as_ref(), Version::from_stored(2)));
}
