//! What staff does with payments: by the rules of their owners, never for oneself, and always in the log.

use namaskah_domain::{
    Claim, Page, PaymentId, RefundId, UserId,
    auth::Role,
    memory::OddPayment,
    payment::{
        ChargedMoney, DeskPorts, Destination, Done, Happened, Intent, PaymentDesk, PaymentFile, PaymentQuery,
        PaymentStatus, Refund, RefundError, StaffRefund, Suspended, SuspenseError, SuspenseStatus,
    },
    staff::{Actor, AuditAction, AuditEntry, AuditQuery, By, StaffReads, Subject},
    time::{hours, seconds},
    wallet::Reason,
};

use crate::world::{World, ngn, usd};

pub fn finance(user: UserId) -> Actor {
    let ip = "2001:db8::7".parse().expect("an address");
    Actor { user, role: Role::Finance, ip, request: "req".to_owned() }
}

fn reason() -> Reason {
    Reason::try_new("asked for in ticket 7").expect("a reason")
}

async fn set_aside(world: &World) -> Intent {
    let intent = world.open("10.00").await;
    let odd = OddPayment { paid: Some(ChargedMoney::Known(ngn("8000"))), ..OddPayment::default() };
    world.platform.gateway.pay_oddly(&intent.reference, &odd);
    world.platform.payments.settle(&intent.reference).await.expect("settled");
    intent
}

impl World {
    pub async fn bob(&self) -> UserId {
        self.platform.new_user("bob@example.com").await.expect("a user")
    }

    /// What the log tells of a payment, oldest first.
    pub async fn lines(&self, payment: PaymentId) -> Vec<AuditEntry> {
        let subject = Some(Subject::of("payment", payment).id);
        let query = AuditQuery { subject, ..AuditQuery::default() };
        let page = Page { limit: 100, after: None };
        let mut lines = self.platform.store.audit_log(&query, page).await.expect("readable").rows;
        lines.reverse();
        lines
    }

    async fn resolve_by(
        &self,
        by: &By,
        of: &Intent,
        to: Destination,
        key: &str,
    ) -> Result<Done<Suspended>, SuspenseError> {
        let scope = by.actor().map_or(UserId::from_uuid(uuid::Uuid::nil()), |actor| actor.user);
        let claim = self.platform.claim(scope, key, of.id.uuid()).expect("a claim");
        self.platform.suspense.resolve(by, of.id, to, claim).await
    }

    async fn refund_by(
        &self,
        actor: &Actor,
        of: &Intent,
        dollars: Option<&str>,
        key: &str,
    ) -> Result<Done<Refund>, RefundError> {
        let id: RefundId = self.platform.id();
        let claim: Claim = self.platform.claim(actor.user, key, id.uuid()).expect("a claim");
        let (payment, amount) = (of.id, dollars.map(usd));
        let cmd = StaffRefund { payment, amount, reason: reason(), claim, id };
        self.platform.payments.refund_by_staff(actor, cmd).await
    }

    fn desk(&self) -> PaymentDesk {
        let store = &self.platform.store;
        PaymentDesk::new(DeskPorts {
            desk: store.clone(),
            payments: store.clone(),
            books: store.clone(),
            staff: store.clone(),
        })
    }

    async fn file(&self, of: &Intent) -> PaymentFile {
        self.desk().payment(of.id).await.expect("readable").expect("a payment")
    }
}

fn told(line: &AuditEntry, name: &str) -> (Option<String>, Option<String>) {
    let of = |facts: &namaskah_domain::staff::Facts| facts.0.get(name).cloned().flatten();
    (of(&line.before), of(&line.after))
}

#[tokio::test]
async fn a_resolution_is_in_the_log_with_who_made_it_and_what_became_of_the_money() {
    for (to, status, credited) in
        [(Destination::Owner, "credited", Some("5.00 USD")), (Destination::Source, "returned", None)]
    {
        let world = World::new().await;
        let (intent, by) = (set_aside(&world).await, By::Staff(finance(world.bob().await)));
        let done = world.resolve_by(&by, &intent, to, "k").await.expect("resolved");
        assert!(!done.replayed);
        let again = world.resolve_by(&by, &intent, to, "k").await.expect("done before");
        assert_eq!((again.value, again.replayed), (done.value, true));
        let lines = world.lines(intent.id).await;
        let [line] = lines.as_slice() else { panic!("{lines:?}") };
        assert_eq!((&line.by, line.action), (&by, AuditAction::SuspenseResolved));
        let both = |before: &str, after: &str| (Some(before.to_owned()), Some(after.to_owned()));
        assert_eq!(told(line, "status"), both("open", status));
        assert_eq!(told(line, "paid"), both("8000.00 NGN", "8000.00 NGN"));
        assert_eq!(told(line, "credited"), (None, credited.map(str::to_owned)));
        world.lawful();
    }
}

#[tokio::test]
async fn nobody_resolves_or_refunds_his_own_payment_and_nothing_is_told_or_moved() {
    let world = World::new().await;
    let (intent, paid) = (set_aside(&world).await, world.fund("5.00").await);
    let (actor, before) = (finance(world.ada), world.journal());
    let by = By::Staff(actor.clone());
    for to in [Destination::Owner, Destination::Source] {
        let refused = world.resolve_by(&by, &intent, to, "k").await;
        assert!(matches!(refused, Err(SuspenseError::OwnAccount)), "{refused:?}");
    }
    let refused = world.refund_by(&actor, &paid, None, "r").await;
    assert!(matches!(refused, Err(RefundError::OwnAccount)), "{refused:?}");
    assert_eq!(world.journal(), before);
    assert!(world.platform.store.all_refunds().is_empty());
    assert!(world.lines(intent.id).await.is_empty() && world.lines(paid.id).await.is_empty());
    world.resolve_by(&By::Console, &intent, Destination::Owner, "k").await.expect("at the console");
    assert_eq!(world.lines(intent.id).await[0].by, By::Console);
}

#[tokio::test]
async fn two_of_staff_at_once_resolve_a_payment_once_and_the_log_tells_of_one() {
    let world = World::polite().await;
    let intent = set_aside(&world).await;
    let both = [Destination::Owner, Destination::Source].map(|to| {
        let (world, intent) = (world.clone(), intent.clone());
        async move {
            let by = By::Staff(finance(world.platform.id()));
            world.resolve_by(&by, &intent, to, "k").await
        }
    });
    let outcomes = futures(both).await;
    let refused: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.as_ref().err()).collect();
    assert!(matches!(refused.as_slice(), [SuspenseError::AlreadyResolved]), "{refused:?}");
    assert_eq!(world.lines(intent.id).await.len(), 1);
    world.lawful();
}

/// Both at once, on two tasks of one runtime.
async fn futures<T: Send + 'static, F>(both: [F; 2]) -> Vec<T>
where
    F: Future<Output = T> + Send + 'static,
{
    let tasks = both.map(tokio::spawn);
    let mut outcomes = Vec::new();
    for task in tasks {
        outcomes.push(task.await.expect("no panic"));
    }
    outcomes
}

#[tokio::test]
async fn a_refund_by_staff_keeps_the_rules_of_the_owner_and_its_line_comes_with_the_hold() {
    let world = World::new().await;
    let (paid, actor) = (world.fund("10.00").await, finance(world.bob().await));
    world.platform.buy(world.ada, "telegram", "2.00").await.expect("an order");
    let refused = world.refund_by(&actor, &paid, Some("9.26"), "much").await;
    assert!(matches!(refused, Err(RefundError::NotRefundable { .. })), "{refused:?}");
    let foreign = Intent { id: world.platform.id(), ..paid.clone() };
    let refused = world.refund_by(&actor, &foreign, None, "none").await;
    assert!(matches!(refused, Err(RefundError::NotFound)), "{refused:?}");
    assert!(world.lines(paid.id).await.is_empty());

    let done = world.refund_by(&actor, &paid, Some("4.00"), "k").await.expect("asked for");
    assert_eq!((done.value.user, done.value.amount, done.replayed), (world.ada, usd("4.00"), false));
    let again = world.refund_by(&actor, &paid, Some("4.00"), "k").await.expect("asked before");
    assert_eq!((again.value.id, again.replayed), (done.value.id, true));
    let lines = world.lines(paid.id).await;
    let [line] = lines.as_slice() else { panic!("{lines:?}") };
    assert_eq!((line.action, &line.by), (AuditAction::PaymentRefunded, &By::Staff(actor)));
    assert_eq!(told(line, "amount").1.as_deref(), Some("4.00 USD"));
    assert_eq!(told(line, "refund").1, Some(done.value.id.to_string()));
    assert_eq!(told(line, "reason").1.as_deref(), Some("asked for in ticket 7"));
    world.lawful();
}

#[tokio::test]
async fn a_refund_by_staff_and_one_by_the_owner_at_once_give_back_once() {
    let world = World::polite().await;
    let (paid, actor) = (world.fund("10.00").await, finance(world.bob().await));
    let (one, two, of, too) = (world.clone(), world.clone(), paid.clone(), paid.clone());
    let by_staff = tokio::spawn(async move { one.refund_by(&actor, &of, Some("6.00"), "k").await });
    let by_owner = tokio::spawn(async move { two.try_refund(&too, Some("6.00"), "k").await });
    let (staff, owner) = (by_staff.await.expect("no panic"), by_owner.await.expect("no panic"));
    assert_eq!([&staff, &owner].iter().filter(|outcome| outcome.is_ok()).count(), 1);
    let refused = [staff.as_ref().err(), owner.as_ref().err()].into_iter().flatten().next();
    assert!(matches!(refused, Some(RefundError::NotRefundable { .. })), "{refused:?}");
    assert_eq!(world.lines(paid.id).await.len(), usize::from(staff.is_ok()));
    world.lawful();
}

#[tokio::test]
async fn a_payment_is_shown_with_everything_that_happened_about_it_in_order() {
    let world = World::new().await;
    let (actor, aside) = (finance(world.bob().await), set_aside(&world).await);
    world.platform.advance(seconds(60)).await;
    let by = By::Staff(actor.clone());
    world.resolve_by(&by, &aside, Destination::Owner, "k").await.expect("resolved");
    world.platform.advance(hours(1)).await;
    world.refund_by(&actor, &aside, Some("2.00"), "r").await.expect("asked for");
    world.platform.advance(hours(1)).await;
    let name = world.platform.gateway.open_dispute(&aside.reference, None).expect("a dispute");
    world.platform.payments.follow_disputes().await.expect("followed");
    let file = world.file(&aside).await;
    let names: Vec<_> = file.timeline().iter().map(|(_, what)| what.name()).collect();
    let expected = [
        "opened",
        "set_aside",
        "succeeded",
        "resolved",
        "staff",
        "refund_asked",
        "staff",
        "refund_processed",
        "dispute_opened",
    ];
    assert_eq!(names, expected);
    assert!(file.timeline().is_sorted_by_key(|(at, _)| *at));
    assert_eq!(file.disputes[0].gateway, name);
    assert_eq!(file.intent.status(), PaymentStatus::Disputed);
    let sources: Vec<_> = file.transfers.iter().map(|transfer| transfer.source.to_string()).collect();
    let paid = format!("paystack:{}", aside.reference);
    let back = format!("refund:{}", file.refunds[0].id);
    assert_eq!(sources, [paid.as_str(), &paid, &paid, &back, &back]);

    world.platform.gateway.decide_dispute(&name, namaskah_domain::payment::GatewayDisputeStatus::Lost);
    world.platform.payments.follow_disputes().await.expect("followed");
    let file = world.file(&aside).await;
    assert!(matches!(file.timeline().last(), Some((_, Happened::DisputeLost(_)))));
    assert!(file.transfers.len() > 5, "what the dispute took is shown: {:?}", file.transfers);
    assert!(world.desk().payment(world.platform.id()).await.expect("readable").is_none());
}

#[tokio::test]
async fn anybodys_payment_is_asked_for_and_credited_to_its_owner() {
    let world = World::new().await;
    let intent = world.open("10.00").await;
    world.platform.gateway.pay(&intent.reference);
    let settled = world.platform.payments.sync_any(intent.id).await.expect("asked");
    assert_eq!((settled.status(), world.available().await), (PaymentStatus::Succeeded, "10.00".to_owned()));
    assert!(world.platform.payments.sync_any(world.platform.id()).await.is_err());
    let desk = world.desk();
    let page = Page { limit: 1, after: None };
    let found = desk.payments(&PaymentQuery::default(), page).await.expect("readable");
    assert_eq!(found.rows, [settled]);
    let none = desk.set_aside(Some(SuspenseStatus::Open), page).await.expect("readable");
    assert!(none.rows.is_empty());
}
