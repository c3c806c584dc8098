//! Use cases of payment: open one, settle a reference, sweep for what nobody told us.
//!
//! Webhook, browser return, `sync` and sweep all call [`PaymentService::settle`], which asks the gateway.

use std::sync::{Arc, Mutex};

use crate::{
    Amount, Change, Claim, Clock, CommitError, Committed, EventId, Fault, Money, Notice, NoticeState, Page,
    PageOf, PaymentId, Random, Sender, Store, Time, UnitOfWork, UserId, Version,
    auth::AuthReads,
    breaker::Admits,
    outbox::NoticeReads,
    payment::{
        Charge, ChargeRequest, FxRate, GatewayError, GatewayNotice, Intent, IntentState, OpenChargeError,
        OpenPaymentError, PaidBack, PaymentError, PaymentGateway, PaymentReads, PaymentReference,
        SettleError, Settled,
        looking::Far,
        settlement::{self, Decision, Facts},
    },
    time::{hours, seconds},
    unit::retry_stale,
    wallet::{Account, BookReads, WalletReads},
};

/// What the house allows and asks.
#[derive(Debug, Clone)]
pub struct PaymentPolicy {
    /// Naira for a dollar, today.
    pub rate: FxRate,
    /// Smallest payment.
    pub min: Money,
    /// Largest payment.
    pub max: Money,
    /// Unpaid payments a user may have.
    pub max_open: u32,
    /// How long a rate is honoured, in hours.
    pub honoured_h: i64,
    /// Where browsers return to.
    pub return_url: Option<String>,
}

/// "I want to fund my wallet with this much."
#[derive(Debug, Clone)]
pub struct OpenPayment {
    /// Who.
    pub user: UserId,
    /// How much, in dollars.
    pub amount: Amount,
    /// The client's key and what it stands for; its outcome must be `id`.
    pub claim: Claim,
    /// The new payment.
    pub id: PaymentId,
}

/// A result, and whether it was the result of an earlier call with the same key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done<T> {
    /// The record as it is now.
    pub value: T,
    /// True if the command had taken effect before.
    pub replayed: bool,
}

/// What one sweep did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// References that were asked for.
    pub asked: u32,
    /// Of these, settled with money.
    pub settled: u32,
    /// Of these, paid in another mode or in a way that cannot be booked: a person must look.
    pub refused: u32,
    /// Of these, not answered by gateway or store.
    pub unanswered: u32,
}

/// Opens and settles payments.
pub struct PaymentService {
    pub(super) store: Arc<dyn Store>,
    pub(super) reads: Arc<dyn PaymentReads>,
    pub(super) wallets: Arc<dyn WalletReads>,
    pub(super) users: Arc<dyn AuthReads>,
    pub(super) books: Arc<dyn BookReads>,
    pub(super) gateway: Arc<dyn PaymentGateway>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) random: Arc<dyn Random>,
    pub(super) policy: PaymentPolicy,
    pub(super) far: Mutex<Far>,
}

/// How far back the account-wide list looks where a longer one cannot be had.
const LIST_BACK_H: i64 = 2;
/// A due payment is asked for at most this often in one sweep.
const SWEEP_LIMIT: u32 = 200;
/// Notices looked at in one go.
const NOTICE_LIMIT: u32 = 100;
/// A twin of a request that is still opening its checkout looks again this often, a fifth of a second apart.
const TWIN_LOOKS: u32 = 50;

impl PaymentService {
    /// Over any store, gateway and clock.
    #[allow(clippy::too_many_arguments)] // Each is a port of its own.
    pub fn new(
        store: Arc<dyn Store>,
        reads: Arc<dyn PaymentReads>,
        wallets: Arc<dyn WalletReads>,
        users: Arc<dyn AuthReads>,
        books: Arc<dyn BookReads>,
        gateway: Arc<dyn PaymentGateway>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        policy: PaymentPolicy,
    ) -> Self {
        Self { store, reads, wallets, users, books, gateway, clock, random, policy, far: Mutex::default() }
    }

    /// Stores the intent, then asks the gateway where to pay.
    ///
    /// # Errors
    /// Every refusal comes before money can move. After `Gateway` the payment is `failed`, unless the outcome is
    /// unknown: then it stays pending, since a payment under its reference would still be credited.
    pub async fn open(&self, cmd: OpenPayment) -> Result<Done<Intent>, OpenPaymentError> {
        self.check_amount(cmd.amount)?;
        let user = self.users.user(cmd.user).await?.ok_or(OpenPaymentError::NoSuchUser)?;
        if let Admits::NothingUntil(_) = self.gateway.admits() {
            let before = self.store.replay(&cmd.claim).await?.ok_or(OpenPaymentError::GatewayResting)?;
            let value = self.opened_before(PaymentId::from_uuid(before)).await?;
            return Ok(Done { value, replayed: true });
        }
        let intent = self.draft(&cmd)?;
        let unit = UnitOfWork::claiming(cmd.claim)
            .count_intent_opened(cmd.user, self.policy.max_open)
            .with(Change::Intent(intent.clone()));
        if let Committed::Replayed(id) = self.store.commit(unit).await? {
            let value = self.opened_before(PaymentId::from_uuid(id)).await?;
            return Ok(Done { value, replayed: true });
        }
        let value = self.open_checkout(intent, user.email).await?;
        Ok(Done { value, replayed: false })
    }

    /// One payment of `user`.
    ///
    /// # Errors
    /// `NotFound` also for somebody else's.
    pub async fn get(&self, user: UserId, id: PaymentId) -> Result<Intent, PaymentError> {
        self.reads.intent(id).await?.filter(|intent| intent.user == user).ok_or(PaymentError::NotFound)
    }

    /// Payments of `user`, newest first.
    ///
    /// # Errors
    /// `Unavailable` if the store cannot be read.
    pub async fn list(&self, user: UserId, page: Page<PaymentId>) -> Result<PageOf<Intent>, PaymentError> {
        Ok(self.reads.intents(user, page).await?)
    }

    /// Asks the gateway now.
    ///
    /// # Errors
    /// `Gateway` if it cannot be asked; nothing has changed then.
    pub async fn sync(&self, user: UserId, id: PaymentId) -> Result<Intent, PaymentError> {
        self.get(user, id).await?;
        self.sync_any(id).await
    }

    /// The same for a payment of anybody. What it books is what the gateway says and the sweep would book as well, so
    /// whoever may look at payments may ask; nobody decides anything.
    ///
    /// # Errors
    /// `NotFound`; `Gateway` if it cannot be asked; nothing has changed then.
    pub async fn sync_any(&self, id: PaymentId) -> Result<Intent, PaymentError> {
        let intent = self.reads.intent(id).await?.ok_or(PaymentError::NotFound)?;
        match self.settle(&intent.reference).await {
            Ok(_) => self.reads.intent(id).await?.ok_or(PaymentError::NotFound),
            Err(SettleError::Gateway(_)) => Err(PaymentError::Gateway),
            Err(SettleError::Unavailable(fault)) => Err(PaymentError::Unavailable(fault)),
        }
    }

    /// Verifies a reference with the gateway and books what it means, once. Safe to call at any time, by anybody.
    ///
    /// # Errors
    /// If the gateway or the store cannot be asked; trying again is safe.
    pub async fn settle(&self, reference: &PaymentReference) -> Result<Settled, SettleError> {
        let Some(intent) = self.reads.intent_by_reference(reference).await? else {
            return Ok(Settled::Unchanged);
        };
        if !intent.is_creditable() {
            return Ok(Settled::Unchanged);
        }
        match self.gateway.verify(reference).await? {
            Some(charge) if charge.reference == *reference => self.book(&charge).await,
            _ => Ok(Settled::Unchanged),
        }
    }

    /// Settles what stored notices of the gateway name. Returns how many were handled; one that cannot be settled
    /// now stays for the next call.
    ///
    /// # Errors
    /// If the store cannot be asked.
    pub async fn handle_notices(&self, notices: &dyn NoticeReads) -> Result<u32, SettleError> {
        let mut handled = 0;
        let listed = notices.new_notices(Sender::Paystack, NOTICE_LIMIT).await?;
        let is_full = listed.len() == NOTICE_LIMIT as usize;
        for notice in listed {
            let seen = match self.act_on(&notice).await {
                Ok(()) => notice.seen(NoticeState::Handled),
                Err(_) if is_full => notice.put_off(),
                Err(_) => continue,
            };
            let is_handled = seen.state == NoticeState::Handled;
            match self.store.commit(UnitOfWork::new().with(Change::Notice(seen))).await {
                Ok(_) | Err(CommitError::Stale) => handled += u32::from(is_handled),
                Err(error) => return Err(unavailable(error)),
            }
        }
        Ok(handled)
    }

    /// Looks where a notice hints at. Nothing in it is believed.
    async fn act_on(&self, notice: &Notice) -> Result<(), SettleError> {
        let named = || notice.subject.as_deref().and_then(|text| PaymentReference::try_new(text).ok());
        match self.gateway.read_notice(&notice.body) {
            GatewayNotice::Refund(reference) => self.follow_refunds_of(&reference).await.map(|_| ()),
            GatewayNotice::Dispute(_) => self.follow_disputes().await.map(|_| ()),
            GatewayNotice::Charge(reference) => self.settle(&reference).await.map(|_| ()),
            GatewayNotice::Other => match named() {
                Some(reference) => self.settle(&reference).await.map(|_| ()),
                None => Ok(()),
            },
        }
    }

    /// Settles everything that the gateway lists as paid lately, then asks for payments that are due one by one.
    /// With every webhook lost this alone credits a deposit within two minutes.
    ///
    /// # Errors
    /// If neither the list nor the store can be read. A single reference that fails is asked for again later.
    pub async fn sweep(&self) -> Result<Swept, SettleError> {
        let mut swept = Swept::default();
        let listed = self.listed().await;
        if let Ok(charges) = &listed {
            let references: Vec<_> = charges.iter().map(|charge| charge.reference.clone()).collect();
            let wanted = self.reads.creditable_among(&references).await?;
            for reference in &wanted {
                swept.count(&self.settle(reference).await);
            }
        }
        for due in self.reads.intents_due(self.clock.now(), SWEEP_LIMIT).await? {
            swept.count(&self.check_due(&due.reference).await);
        }
        listed.map(|_| swept).map_err(SettleError::Gateway)
    }

    /// Gateways list payments by the time at which they were opened, and customers pay for as long as the rate holds.
    async fn listed(&self) -> Result<Vec<Charge>, GatewayError> {
        let now = self.clock.now();
        match self.gateway.succeeded_since(now - hours(self.policy.honoured_h + 1)).await {
            // Too long to be read whole, perhaps: late payments are found one by one, the others by this.
            Err(_) => self.gateway.succeeded_since(now - hours(LIST_BACK_H)).await,
            listed => listed,
        }
    }

    /// Asks for one due payment; if there is no news, plans the next question and lets an old intent expire.
    async fn check_due(&self, reference: &PaymentReference) -> Result<Settled, SettleError> {
        let settled = self.settle(reference).await;
        if matches!(settled, Ok(Settled::Credited | Settled::Suspended)) {
            return settled;
        }
        retry_stale(|| self.plan_next(reference)).await.map_err(unavailable)?;
        settled
    }

    async fn plan_next(&self, reference: &PaymentReference) -> Result<(), CommitError> {
        let intent = self.reads.intent_by_reference(reference).await.map_err(CommitError::Unavailable)?;
        let Some(intent) = intent.filter(Intent::is_creditable) else { return Ok(()) };
        let now = self.clock.now();
        let planned = intent.planned(now);
        // Without a page to pay on nobody can pay; the reference stays creditable all the same.
        let over = if planned.checkout_url.is_none() {
            Some(IntentState::Failed { at: now })
        } else if now >= planned.expires_at {
            Some(IntentState::Expired { at: now })
        } else {
            None
        };
        let unit = match over.filter(|_| planned.is_open()) {
            Some(state) => {
                settlement::close(planned, state, self.event_id(now), now).unit.unwrap_or_default()
            }
            None => UnitOfWork::new().with(Change::Intent(planned.checked())),
        };
        self.store.commit(unit).await.map(|_| ())
    }

    async fn book(&self, charge: &Charge) -> Result<Settled, SettleError> {
        retry_stale(|| self.book_once(charge)).await.map_err(unavailable)
    }

    async fn book_once(&self, charge: &Charge) -> Result<Settled, CommitError> {
        let read =
            self.reads.intent_by_reference(&charge.reference).await.map_err(CommitError::Unavailable)?;
        let Some(intent) = read else { return Ok(Settled::Unchanged) };
        let read = self.wallets.account(intent.user).await.map_err(CommitError::Unavailable)?;
        // A user without an account has no debt, and the store refuses the credit.
        let account = read.unwrap_or_else(|| Account::open(intent.user));
        let is_closed = self.is_closed(intent.user).await?;
        let (now, rate_now) = (self.clock.now(), self.policy.rate);
        let facts = Facts { account: &account, is_closed, rate_now, event: self.event_id(now), now };
        let decision =
            settlement::decide(intent, charge, facts).map_err(|e| CommitError::Unavailable(Fault::new(e)))?;
        self.apply(decision).await
    }

    async fn apply(&self, decision: Decision) -> Result<Settled, CommitError> {
        let Some(unit) = decision.unit else { return Ok(decision.settled) };
        match self.store.commit(unit).await {
            Ok(_) => Ok(decision.settled),
            // The source is posted already: a repeated webhook meets its own first effect.
            Err(CommitError::Duplicate(crate::Unique::Source)) => Ok(Settled::Unchanged),
            Err(error) => Err(error),
        }
    }

    fn check_amount(&self, amount: Amount) -> Result<(), OpenPaymentError> {
        let (min, max) = (self.policy.min, self.policy.max);
        if !min.is_at_most(amount.money()) || !amount.money().is_at_most(max) {
            return Err(OpenPaymentError::AmountOutOfRange { min, max });
        }
        if amount.money().to_subunits().is_none() {
            return Err(OpenPaymentError::Amount(crate::MoneyError::TooPrecise));
        }
        Ok(())
    }

    fn draft(&self, cmd: &OpenPayment) -> Result<Intent, OpenPaymentError> {
        let now = self.clock.now();
        let expires_at = now + hours(self.policy.honoured_h);
        let charged = self.policy.rate.charge_for(cmd.amount)?;
        Ok(Intent {
            id: cmd.id,
            user: cmd.user,
            reference: PaymentReference::generate(self.random.as_ref()),
            amount: cmd.amount,
            charged,
            rate: self.policy.rate,
            checkout_url: None,
            state: IntentState::Pending,
            created_at: now,
            expires_at,
            checks: 0,
            next_check_at: Some(Intent::check_due(now, expires_at, 0, now)),
            back: PaidBack::nothing(cmd.amount, charged),
            version: Version::FIRST,
        })
    }

    async fn open_checkout(
        &self,
        intent: Intent,
        email: crate::auth::Email,
    ) -> Result<Intent, OpenPaymentError> {
        let request = ChargeRequest {
            reference: intent.reference.clone(),
            email,
            amount: intent.charged,
            return_url: self.policy.return_url.clone(),
        };
        let mut answer = self.gateway.open(&request).await;
        if matches!(answer, Err(OpenChargeError::Unknown(_))) {
            answer = match self.gateway.verify(&intent.reference).await {
                // It has never heard of the reference: asking again under the same one is safe.
                Ok(None) => match self.gateway.open(&request).await {
                    // The first call may arrive yet.
                    Err(OpenChargeError::NotSent(_)) => answer,
                    again => again,
                },
                // The first call arrived, and the page to pay on is lost with its answer.
                Ok(Some(_)) => Err(OpenChargeError::DuplicateReference),
                Err(_) => answer,
            };
        }
        match answer {
            Ok(checkout) => self.keep_checkout(&intent, &checkout.url).await,
            // The charge may exist: it stays pending, and the sweep finds out.
            Err(OpenChargeError::Unknown(_)) => Err(OpenPaymentError::Gateway),
            Err(
                OpenChargeError::DuplicateReference
                | OpenChargeError::Refused(_)
                | OpenChargeError::NotSent(_),
            ) => {
                self.fail(&intent).await?;
                Err(OpenPaymentError::Gateway)
            }
        }
    }

    async fn keep_checkout(&self, intent: &Intent, url: &str) -> Result<Intent, OpenPaymentError> {
        let kept = retry_stale(|| async {
            let now = self.reads.intent(intent.id).await.map_err(CommitError::Unavailable)?;
            let with = now.unwrap_or_else(|| intent.clone()).with_checkout(url.to_owned());
            self.store.commit(UnitOfWork::new().with(Change::Intent(with.clone()))).await?;
            Ok(with)
        });
        Ok(kept.await?)
    }

    async fn fail(&self, intent: &Intent) -> Result<(), OpenPaymentError> {
        let failed = retry_stale(|| async {
            let read = self.reads.intent(intent.id).await.map_err(CommitError::Unavailable)?;
            let Some(open) = read.filter(Intent::is_open) else { return Ok(()) };
            let now = self.clock.now();
            let decision = settlement::close(open, IntentState::Failed { at: now }, self.event_id(now), now);
            self.apply(decision).await.map(|_| ())
        });
        Ok(failed.await?)
    }

    /// The payment that an earlier call with this key opened. Waits a little for a twin that is still at the gateway.
    async fn opened_before(&self, id: PaymentId) -> Result<Intent, OpenPaymentError> {
        let mut looks = 0;
        loop {
            let intent = self.reads.intent(id).await?.ok_or(OpenPaymentError::NoSuchUser)?;
            looks += 1;
            if intent.checkout_url.is_some() || !intent.is_open() || looks > TWIN_LOOKS {
                return Ok(intent);
            }
            let now = self.clock.now();
            if now > intent.created_at + seconds(30) {
                return Ok(intent);
            }
            self.clock.sleep_until(now + chrono::TimeDelta::milliseconds(200)).await;
        }
    }

    pub(super) fn event_id(&self, now: Time) -> EventId {
        EventId::generate(now, self.random.as_ref())
    }
}

impl Swept {
    fn count(&mut self, outcome: &Result<Settled, SettleError>) {
        self.asked += 1;
        match outcome {
            Ok(Settled::Credited | Settled::Suspended) => self.settled += 1,
            Ok(Settled::Refused) => self.refused += 1,
            Ok(_) => {}
            Err(_) => self.unanswered += 1,
        }
    }
}

pub(super) fn unavailable(error: CommitError) -> SettleError {
    SettleError::Unavailable(Fault::new(error))
}
