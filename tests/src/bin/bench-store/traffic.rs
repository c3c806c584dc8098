//! What is driven through `Store::commit`, and how long each commit took.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use namaskah_domain::{
    Amount, Committed, Currency, Money, Store, UnitOfWork, UserId,
    wallet::{EntryKind, HoldEnd, House, JournalEntry, LedgerAccount, PlaceHold, Purse, Source, Transfer},
};
use namaskah_tests::given;
use uuid::Uuid;

use crate::Failure;

/// Units of a hold and of a deposit.
pub const UNITS: i64 = 100;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Hold,
    Capture,
    Release,
    Deposit,
    /// Two holds to a capture, a release and a deposit.
    Mixed,
}

impl Kind {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Capture => "capture",
            Self::Release => "release",
            Self::Deposit => "deposit",
            Self::Mixed => "mixed",
        }
    }

    /// Whether it ends holds that are there before.
    pub const fn ends(self) -> bool {
        matches!(self, Self::Capture | Self::Release | Self::Mixed)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spread {
    Uniform,
    Hot10,
    Hot1,
}

impl Spread {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Uniform => "uniform",
            Self::Hot10 => "hot10",
            Self::Hot1 => "hot1",
        }
    }

    /// How many of the wallets are used.
    pub const fn of(self, wallets: u64) -> u64 {
        match self {
            Self::Uniform => wallets,
            Self::Hot10 => 10,
            Self::Hot1 => 1,
        }
    }
}

/// The wallet of a number; the first one is 1.
pub fn user(number: u64) -> UserId {
    UserId::from_uuid(Uuid::from_u128(u128::from(number)))
}

/// A generator of its own for each task.
pub struct Dice(u64);

impl Dice {
    pub const fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub const fn up_to(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        1 + (self.0 >> 33) % most
    }
}

/// A hold that nothing but the money limits.
pub fn hold(user: UserId) -> PlaceHold {
    PlaceHold { purpose: given::order_of(given::id(), u32::MAX), ..given::hold(user, UNITS) }
}

fn deposit(user: UserId) -> Result<UnitOfWork, Failure> {
    let source = given::source();
    let leg = |leg, debit, credit, amount| Transfer {
        debit,
        credit,
        amount,
        kind: EntryKind::Deposit,
        source: Source::from_stored(source.as_str().to_owned()),
        leg,
        at: given::start(),
    };
    let (clearing, fx) = (House::PspClearingPaystack, LedgerAccount::House(House::Fx));
    let naira = Amount::try_new(Money::from_units(UNITS * 1_600, Currency::Ngn))?;
    let legs = vec![
        leg(1, LedgerAccount::House(clearing), fx, naira),
        leg(2, fx, LedgerAccount::User(user, Purse::Wallet), given::amount(UNITS)),
    ];
    Ok(UnitOfWork::new().post(JournalEntry::try_new(legs)?))
}

/// Open holds to end, each once.
#[derive(Default)]
pub struct Stock {
    holds: Vec<PlaceHold>,
    next: AtomicUsize,
}

impl Stock {
    /// Places holds through the store, many at a time.
    pub async fn fill(store: &Arc<dyn Store>, wallets: u64, count: usize) -> Result<Self, Failure> {
        let holds: Vec<PlaceHold> =
            (0u64..).take(count).map(|n| hold(user(1 + n.wrapping_mul(7_919) % wallets))).collect();
        let holds = Arc::new(holds);
        let mut running = tokio::task::JoinSet::new();
        const TASKS: usize = 256;
        for task in 0..TASKS {
            let (store, holds) = (store.clone(), holds.clone());
            running.spawn(async move {
                for hold in holds.iter().skip(task).step_by(TASKS) {
                    store.commit(UnitOfWork::new().place(hold.clone())).await?;
                }
                Ok::<_, Failure>(())
            });
        }
        while let Some(done) = running.join_next().await {
            done??;
        }
        Ok(Self { holds: Arc::into_inner(holds).unwrap_or_default(), next: AtomicUsize::new(0) })
    }

    fn take(&self) -> Option<&PlaceHold> {
        self.holds.get(self.next.fetch_add(1, Ordering::Relaxed))
    }
}

/// What one kind of traffic takes from.
pub struct Traffic {
    pub kind: Kind,
    pub wallets: u64,
    pub stock: Stock,
}

impl Traffic {
    /// The next unit, or `None` when the holds to end are used up.
    fn next(&self, dice: &mut Dice) -> Result<Option<UnitOfWork>, Failure> {
        let kind = match (self.kind, dice.up_to(5)) {
            (Kind::Mixed, 1 | 2) => Kind::Hold,
            (Kind::Mixed, 3) => Kind::Capture,
            (Kind::Mixed, 4) => Kind::Release,
            (Kind::Mixed, _) => Kind::Deposit,
            (kind, _) => kind,
        };
        let user = user(dice.up_to(self.wallets));
        let end = |end| self.stock.take().map(|hold| UnitOfWork::new().end(given::end(hold, end)));
        Ok(match kind {
            Kind::Hold => Some(UnitOfWork::new().place(hold(user))),
            Kind::Capture => end(HoldEnd::Capture),
            Kind::Release => end(HoldEnd::Release),
            Kind::Deposit | Kind::Mixed => Some(deposit(user)?),
        })
    }
}

/// How often, and how long each took in nanoseconds.
#[derive(Debug, Default)]
pub struct Measured {
    pub took: Vec<u64>,
    pub seconds: f64,
}

impl Measured {
    pub fn add(&mut self, other: Self) {
        self.took.extend(other.took);
        self.seconds += other.seconds;
    }

    pub fn per_s(&self) -> f64 {
        (self.took.len() as f64 / self.seconds).round()
    }

    /// `share` of all took at most this, in milliseconds.
    pub fn at_ms(&mut self, share: f64) -> f64 {
        if self.took.is_empty() {
            return 0.0;
        }
        self.took.sort_unstable();
        let place = ((self.took.len() as f64 * share) as usize).min(self.took.len() - 1);
        crate::ms(self.took[place])
    }
}

/// Commits as fast as the store answers, by so many tasks, for so long.
pub async fn drive(
    store: &Arc<dyn Store>,
    traffic: &Arc<Traffic>,
    tasks: usize,
    time: Duration,
) -> Result<Measured, Failure> {
    let begun = Instant::now();
    let end = begun + time;
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..tasks {
        let (store, traffic) = (store.clone(), traffic.clone());
        running.spawn(async move {
            let mut dice = Dice::new(given::number());
            let mut took = Vec::new();
            while Instant::now() < end
                && let Some(unit) = traffic.next(&mut dice)?
            {
                let begun = Instant::now();
                let committed = store.commit(unit).await?;
                if committed != Committed::Applied {
                    return Err("a commit was a repetition".into());
                }
                took.push(u64::try_from(begun.elapsed().as_nanos())?);
            }
            Ok::<_, Failure>(took)
        });
    }
    let mut all = Measured::default();
    while let Some(done) = running.join_next().await {
        all.took.extend(done??);
    }
    all.seconds = begun.elapsed().as_secs_f64();
    if all.took.is_empty() { Err("nothing was committed in time".into()) } else { Ok(all) }
}
