//! A user with an empty wallet, and what a test asks about it.

use namaskah_domain::{
    Amount, Claim, CommitError, Committed, Currency, Money, Store, UnitOfWork, UserId,
    memory::{MemoryStore, Platform, Ports, laws},
    payment::{Intent, OpenPayment},
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
