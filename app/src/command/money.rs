//! `money …`: what staff decides about money, on the configured database. The services refuse, and this tells.

use std::sync::Arc;

use namaskah_adapters::persistence::{Access, Stores};
use namaskah_domain::{
    Amount, BookingId, Claim, Clock, GrantId, IdempotencyKey, PaymentId, UserId,
    payment::{
        self, DisputeEnd, DisputeState, Done, PaymentService, RefundEnd, RefundState, SettleDispute,
        SettleDisputeError, SettleRefund, Suspended, SuspenseError, SuspenseService, SuspenseState,
    },
    staff::By,
    wallet::{Book, BookService, Booking, ClawBack, Direction, Grant, Movement, PromoGrant},
};
use uuid::Uuid;

use super::CommandError;
use crate::{
    cli::money::{
        Destination, Dispute, End, Money, Promo, Refund, Suspense, Treasury, UserName, Verdict, Why,
    },
    config::Config,
    http::idempotency::{Canon, Fingerprinted, fingerprint},
    start,
    wiring::{self, Outside},
};

/// Keys of the command line are the house's own, and meet those of no user.
const HOUSE: UserId = UserId::from_uuid(Uuid::nil());
/// As many as one list shows.
const LISTED: u32 = 1_000;

pub(super) async fn run(config: &Config, what: &Money) -> Result<(), CommandError> {
    let database = start::open_database(config, Access::Change).await?;
    let stores = wiring::open_stores(config, &database).await?;
    start::stamp_mode(config, &stores).await?;
    let clock: Arc<dyn Clock> = start::clock_of(config, &stores).await?;
    let random = start::random();
    let gateway = wiring::gateway(config, &Outside::beside(config))?;
    let desk = Desk {
        books: wiring::books(&stores, stores.store.clone(), clock.clone(), random.clone()),
        payments: wiring::payments(
            config,
            config.public_url.as_deref().unwrap_or_default(),
            &stores,
            stores.store.clone(),
            gateway.clone(),
            clock.clone(),
            random.clone(),
        ),
        suspense: wiring::suspense(config, &stores, stores.store.clone(), gateway, clock, random),
        stores,
    };
    let done = desk.run(what).await;
    database.close().await;
    for line in done? {
        say!("{line}");
    }
    Ok(())
}

struct Desk {
    stores: Stores,
    books: BookService,
    payments: PaymentService,
    suspense: SuspenseService,
}

impl Desk {
    /// Does it, and says in lines what was done.
    async fn run(&self, what: &Money) -> Result<Vec<String>, CommandError> {
        match what {
            Money::Adjust { user, credit, debit, why } => {
                let (direction, amount) = match (credit, debit) {
                    (Some(amount), None) => (Direction::Credit, *amount),
                    (None, Some(amount)) => (Direction::Debit, *amount),
                    _ => return Err("name either --credit or --debit".into()),
                };
                let user = self.user(user).await?;
                self.book(Movement::Adjusted { user, direction, amount }, why).await
            }
            Money::Promo { what } => self.promo(what).await,
            Money::Suspense { what } => self.suspended(what).await,
            Money::Refund { what } => self.refund(what).await,
            Money::Dispute { what } => self.dispute(what).await,
            Money::WriteOffDebt { user, why } => {
                let user = self.user(user).await?;
                let id: BookingId = self.books.id();
                let told = Told::of("write-off-debt").with("user", user).with("reason", why.reason.as_str());
                let claim = told.claim(&why.key, id.uuid());
                Ok(booked(&self.books.write_off_debt(id, user, why.reason.clone(), claim).await?))
            }
            Money::Treasury { what } => match what {
                Treasury::Payout { amount, why } => {
                    self.book(Movement::PaidOut { amount: *amount }, why).await
                }
                Treasury::TopUp { amount, why } => {
                    self.book(Movement::ToppedUp { amount: *amount }, why).await
                }
                Treasury::Convert { sold, bought, why } => {
                    self.book(Movement::Converted { sold: *sold, bought: *bought }, why).await
                }
            },
        }
    }

    async fn book(&self, movement: Movement, why: &Why) -> Result<Vec<String>, CommandError> {
        let id: BookingId = self.books.id();
        let claim = of_movement(&movement).with("reason", why.reason.as_str()).claim(&why.key, id.uuid());
        Ok(booked(&self.books.book(Book { id, movement, reason: why.reason.clone(), claim }).await?))
    }

    async fn promo(&self, what: &Promo) -> Result<Vec<String>, CommandError> {
        match what {
            Promo::Grant { user, amount, expires_at, why } => {
                let user = self.user(user).await?;
                let id: GrantId = self.books.id();
                let told = Told::of("grant").with("user", user).amount("amount", *amount);
                let expiry = expires_at.map(|at| at.to_rfc3339()).unwrap_or_default();
                let told = told.with("expires_at", expiry).with("reason", why.reason.as_str());
                let (amount, expires_at, reason) = (*amount, *expires_at, why.reason.clone());
                let claim = told.claim(&why.key, id.uuid());
                let cmd = Grant { id, user, amount, expires_at, reason, claim };
                Ok(granted("given", &self.books.grant(cmd).await?))
            }
            Promo::ClawBack { grant, why } => {
                let told = Told::of("claw-back").with("grant", *grant).with("reason", why.reason.as_str());
                let claim = told.claim(&why.key, grant.uuid());
                let cmd = ClawBack { grant: *grant, reason: why.reason.clone(), claim };
                Ok(granted("clawed back", &self.books.claw_back(cmd).await?))
            }
        }
    }

    async fn refund(&self, what: &Refund) -> Result<Vec<String>, CommandError> {
        let Refund::Settle { refund, end, named, why } = what;
        let (end, word) = match end {
            End::Processed => (RefundEnd::Processed { named: named.clone() }, "processed"),
            End::Failed if named.is_some() => return Err("--named is for --as processed".into()),
            End::Failed => (RefundEnd::Failed, "failed"),
        };
        let name = named.as_ref().map(ToString::to_string).unwrap_or_default();
        let told = Told::of("settle-refund").with("refund", *refund).with("as", word).with("named", name);
        let claim = told.with("reason", why.reason.as_str()).claim(&why.key, refund.uuid());
        let cmd = SettleRefund { refund: *refund, end, reason: why.reason.clone(), claim };
        Ok(settled(&self.payments.settle_refund(&By::Console, cmd).await?))
    }

    async fn dispute(&self, what: &Dispute) -> Result<Vec<String>, CommandError> {
        let Dispute::Settle { dispute, end, given_back, why } = what;
        let (end, word) = match end {
            Verdict::Lost => (DisputeEnd::Lost { given_back: *given_back }, "lost"),
            Verdict::Won if given_back.is_some() => return Err("--given-back is for --as lost".into()),
            Verdict::Won => (DisputeEnd::Won, "won"),
        };
        let known = self.payments.dispute(dispute).await?.ok_or(SettleDisputeError::NotFound)?;
        let sum = given_back.map(|sum| format!("{sum:?}")).unwrap_or_default();
        let told =
            Told::of("settle-dispute").with("dispute", dispute).with("as", word).with("given_back", sum);
        let claim = told.with("reason", why.reason.as_str()).claim(&why.key, known.id.uuid());
        let cmd = SettleDispute { dispute: dispute.clone(), end, reason: why.reason.clone(), claim };
        Ok(decided(&self.payments.settle_dispute(&By::Console, cmd).await?))
    }

    async fn suspended(&self, what: &Suspense) -> Result<Vec<String>, CommandError> {
        match what {
            Suspense::List => Ok(self.suspense.open(LISTED).await?.iter().map(waiting).collect()),
            Suspense::Resolve { payment, to, key } => {
                let (to, word) = match to {
                    Destination::Owner => (payment::Destination::Owner, "owner"),
                    Destination::Source => (payment::Destination::Source, "source"),
                };
                let told = Told::of("resolve").with("payment", *payment).with("to", word);
                let claim = told.claim(key, payment.uuid());
                let done = self.suspense.resolve(&By::Console, *payment, to, claim).await?;
                self.resolved(&done.value, *payment).await
            }
        }
    }

    async fn resolved(&self, item: &Suspended, payment: PaymentId) -> Result<Vec<String>, CommandError> {
        Ok(match item.state {
            SuspenseState::Open => vec![format!("{payment} waits on")],
            SuspenseState::Credited { amount, .. } => {
                vec![format!("{payment} credited {amount:?} to {}", item.user)]
            }
            SuspenseState::Returned { .. } => {
                let intent = self.stores.payments.intent(payment).await?;
                let reference = intent.map(|intent| intent.reference.to_string()).unwrap_or_default();
                let booked = format!("{payment} is booked back to its source: {:?}", item.paid);
                vec![booked, still_to_send(&reference, self.suspense.left_to_return(payment).await)]
            }
        })
    }

    async fn user(&self, name: &UserName) -> Result<UserId, CommandError> {
        let found = match name {
            UserName::Email(email) => self.stores.auth.user_by_email(email).await?,
            UserName::Id(id) => self.stores.auth.user(*id).await?,
        };
        Ok(found.ok_or("no such user")?.id)
    }
}

fn before(replayed: bool) -> &'static str {
    if replayed { " (done before under this key)" } else { "" }
}

fn booked(done: &Done<Booking>) -> Vec<String> {
    let what = match done.value.movement {
        Movement::Adjusted { user, direction: Direction::Credit, amount } => {
            format!("credited {amount:?} to {user}")
        }
        Movement::Adjusted { user, direction: Direction::Debit, amount } => {
            format!("debited {amount:?} from {user}")
        }
        Movement::DebtWrittenOff { user, amount } => format!("gave up {amount:?} that {user} owed"),
        Movement::PaidOut { amount } => format!("payout of {amount:?} from the gateway"),
        Movement::ToppedUp { amount } => format!("top-up of {amount:?} at the provider"),
        Movement::Converted { sold, bought } => format!("converted {sold:?} to {bought:?}"),
    };
    vec![format!("{} {what}{}", done.value.id, before(done.replayed))]
}

fn granted(verb: &str, done: &Done<PromoGrant>) -> Vec<String> {
    let PromoGrant { id, user, amount, taken, .. } = &done.value;
    vec![format!("{id} {verb}: {amount:?} for {user}, {taken:?} taken back{}", before(done.replayed))]
}

fn settled(done: &Done<payment::Refund>) -> Vec<String> {
    let payment::Refund { id, user, amount, state, .. } = &done.value;
    let what = match state {
        RefundState::Processed { .. } => "processed: spent",
        RefundState::Failed { .. } => "failed: released",
        // Under its key it had an end; since then it can only have another one.
        RefundState::Sent { .. } | RefundState::Pending { .. } => "open",
    };
    vec![format!("{id} {what}, {amount:?} of {user}{}", before(done.replayed))]
}

fn decided(done: &Done<payment::Dispute>) -> Vec<String> {
    let payment::Dispute { gateway, user, claimed, state, .. } = &done.value;
    let what = match state {
        DisputeState::Open { .. } => "open".to_owned(),
        DisputeState::Won { .. } => "won: nothing is frozen for it".to_owned(),
        DisputeState::Lost { taken, .. } => format!("lost: {taken:?} taken or owed"),
    };
    vec![format!("{gateway} {what}, {claimed:?} of {user}{}", before(done.replayed))]
}

/// What is to be done at the gateway, which only a person does: never more than what has not gone back there.
fn still_to_send(reference: &str, left: Result<namaskah_domain::Money, SuspenseError>) -> String {
    match left {
        Ok(left) if left.is_zero() => {
            format!("all of {reference} has gone back at the gateway: refund nothing there")
        }
        Ok(left) => format!("refund {left:?} of {reference} at the gateway, and no more"),
        Err(error) => {
            format!("before you refund {reference} at the gateway, look what went back there: {error}")
        }
    }
}

fn waiting(item: &Suspended) -> String {
    let reason = match item.reason {
        payment::SuspenseReason::AmountDiffers => "amount differs",
        payment::SuspenseReason::CurrencyDiffers => "currency differs",
        payment::SuspenseReason::AccountClosed => "the account was closed before",
    };
    format!("{} {} {:?} of {}: {reason}", item.at.to_rfc3339(), item.payment, item.paid, item.user)
}

fn of_movement(movement: &Movement) -> Told {
    match *movement {
        Movement::Adjusted { user, direction, amount } => {
            let name = match direction {
                Direction::Credit => "credit",
                Direction::Debit => "debit",
            };
            Told::of(name).with("user", user).amount("amount", amount)
        }
        Movement::DebtWrittenOff { user, amount } => {
            Told::of("write-off").with("user", user).amount("amount", amount)
        }
        Movement::PaidOut { amount } => Told::of("payout").amount("amount", amount),
        Movement::ToppedUp { amount } => Told::of("top-up").amount("amount", amount),
        Movement::Converted { sold, bought } => {
            Told::of("convert").amount("sold", sold).amount("bought", bought)
        }
    }
}

/// A command as its key knows it again: every field but the key.
struct Told {
    name: &'static str,
    fields: Vec<(&'static str, String)>,
}

impl Told {
    const fn of(name: &'static str) -> Self {
        Self { name, fields: Vec::new() }
    }

    fn with(mut self, field: &'static str, value: impl ToString) -> Self {
        self.fields.push((field, value.to_string()));
        self
    }

    fn amount(self, field: &'static str, amount: Amount) -> Self {
        self.with(field, format!("{:?}", amount))
    }

    fn claim(&self, key: &IdempotencyKey, outcome: Uuid) -> Claim {
        Claim { scope: HOUSE, key: key.clone(), fingerprint: fingerprint(self), outcome }
    }
}

impl Fingerprinted for Told {
    const COMMAND: &'static str = "money";

    fn fields(&self, canon: &mut Canon) {
        canon.field("command", self.name);
        for (name, value) in &self.fields {
            canon.field(name, value);
        }
    }
}
