//! A user with an empty wallet, and what a test asks about it.

use namaskah_domain::{
    Amount, Claim, CommitError, Committed, Currency, EventKind, Money, Store, UnitOfWork, UserId,
    memory::{MemoryStore, Platform, Ports, laws},
    outbox::{EventLog, EventQuery},
    payment::{AskRefund, Done, Intent, OpenPayment, Refund, RefundError, RefundState},
};

pub struct World {
    pub platform: Platform,
    pub ada: UserId,
}

impl World {
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut Ports)) -> Self {
        let platform = Platform::with(11, |_, ports| change(ports));
        let ada = platform.new_user("ada@example.com").await.expect("a user");
        Self { platform, ada }
    }

    /// Every decision lets all others go first before it is committed, so that races happen.
    pub async fn polite() -> std::sync::Arc<Self> {
        let platform = Platform::with(11, |fakes, ports| {
            ports.store = std::sync::Arc::new(Polite(fakes.store.clone()));
        });
        let ada = platform.new_user("ada@example.com").await.expect("a user");
        std::sync::Arc::new(Self { platform, ada })
    }

    pub async fn open(&self, dollars: &str) -> Intent {
        self.platform.open_payment(self.ada, dollars).await.expect("a payment")
    }

    pub fn command(&self, dollars: &str, key: &str) -> OpenPayment {
        let id = self.platform.id();
        let claim =
            self.platform.claim(self.ada, key, namaskah_domain::PaymentId::uuid(id)).expect("a claim");
        OpenPayment { user: self.ada, amount: usd(dollars), claim, id }
    }

    pub async fn now(&self, intent: &Intent) -> Intent {
        self.platform.payments.get(self.ada, intent.id).await.expect("the payment")
    }

    pub async fn available(&self) -> String {
        self.platform.balance(self.ada).await.expect("a balance").available.to_string()
    }

    /// The journal: debit, credit, amount.
    pub fn journal(&self) -> Vec<String> {
        let line = |posted: namaskah_domain::memory::PostedTransfer| {
            let t = posted.transfer;
            format!("{} -> {} {:?}", t.debit, t.credit, t.amount)
        };
        self.platform.store.journal().into_iter().map(line).collect()
    }

    /// What was credited, ready to go back.
    pub async fn fund(&self, dollars: &str) -> Intent {
        self.platform.fund(self.ada, dollars).await.expect("funds")
    }

    /// A refund of all that may go back, or of so many dollars.
    pub async fn refund(&self, of: &Intent, dollars: Option<&str>) -> Refund {
        self.platform.refund(of, dollars).await.expect("a refund")
    }

    /// Why there is no refund.
    pub async fn refused(&self, of: &Intent, dollars: Option<&str>) -> RefundError {
        self.try_refund(of, dollars, "refused").await.expect_err("it is refused")
    }

    pub async fn try_refund(
        &self,
        of: &Intent,
        dollars: Option<&str>,
        key: &str,
    ) -> Result<Done<Refund>, RefundError> {
        let id = self.platform.id();
        let claim = self.platform.claim(of.user, key, namaskah_domain::RefundId::uuid(id)).expect("a claim");
        let command = AskRefund { user: of.user, payment: of.id, amount: dollars.map(usd), claim, id };
        self.platform.payments.refund(command).await
    }

    /// The refund as it is now.
    pub fn state(&self, refund: &Refund) -> RefundState {
        let all = self.platform.store.all_refunds();
        all.into_iter().find(|known| known.id == refund.id).expect("the refund").state
    }

    /// Kinds of events so far.
    pub async fn told(&self) -> Vec<EventKind> {
        let store = &self.platform.store;
        store.stamp().await.expect("stamped");
        let query = EventQuery { user: None, subject: None, after: 0, limit: 100 };
        let events = EventLog::after(store.as_ref(), query).await.expect("events");
        events.into_iter().map(|sequenced| sequenced.event.kind).collect()
    }

    pub fn lawful(&self) {
        assert_eq!(laws::check(&self.platform), Vec::<String>::new());
    }
}

pub fn usd(text: &str) -> Amount {
    Money::parse(text, Currency::Usd).and_then(Amount::try_new).expect("dollars")
}

pub fn ngn(text: &str) -> Amount {
    Money::parse(text, Currency::Ngn).and_then(Amount::try_new).expect("naira")
}

struct Polite(std::sync::Arc<MemoryStore>);

#[async_trait::async_trait]
impl Store for Polite {
    async fn commit(&self, unit: UnitOfWork) -> Result<Committed, CommitError> {
        tokio::task::yield_now().await;
        let committed = self.0.commit(unit).await;
        tokio::task::yield_now().await;
        committed
    }

    async fn replay(&self, claim: &Claim) -> Result<Option<uuid::Uuid>, CommitError> {
        self.0.replay(claim).await
    }
}
