//! What happens in a cycle, and when: drawn from its seed.

use std::{fmt, time::Duration};

use super::{dice::Dice, memory::Memory, process::Process};

/// What is done to the product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// `kill -9`.
    Kill,
    /// `kill -9`, and again as soon as the next one serves.
    KillTwice,
    /// `kill -9`, and again so many times while the next one starts.
    KillWhileStarting(u64),
    /// Frozen for longer than `send_by`, then it goes on. With a second instance, leases run out meanwhile.
    Freeze,
    /// Frozen, and killed while it is.
    FreezeThenKill,
    /// SIGTERM under load: it ends well, in time.
    Stop,
    /// Besides, a new database is migrated by processes that are killed meanwhile.
    KillWhileMigrating,
}

/// When.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// After so many milliseconds of load.
    Time(u64),
    /// When so many requests were sent.
    Requests(u64),
    /// When the product has logged so many lines.
    Lines(u64),
    /// Right after so many orders were acknowledged.
    Orders(u64),
    /// Right after so many codes were seen.
    Codes(u64),
    /// Right after so many deposits were seen.
    Deposits(u64),
    /// Right after so many cancels were acknowledged.
    Cancels(u64),
    /// So many milliseconds after an order was sent whose answer the provider holds back.
    Outstanding(u64),
}

/// Who is struck, where two serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Victims {
    /// The one, or the first of two.
    First,
    /// The second of two.
    Second,
    /// All.
    All,
}

/// A cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// How many serve.
    pub instances: usize,
    /// What is done.
    pub act: Act,
    /// To whom.
    pub victims: Victims,
    /// When.
    pub moment: Moment,
    /// Whether every order ends afterwards.
    pub ends_everything: bool,
    /// Whether a day passes afterwards.
    pub a_day_passes: bool,
}

/// No moment is waited for longer.
const LONGEST: Duration = Duration::from_millis(1_200);
/// How long the provider holds back an answer, when that is the moment.
pub const HELD_BACK_MS: u64 = 350;

impl Plan {
    /// The plan of one cycle, of those that this database allows.
    pub fn draw(dice: &mut Dice, cycle: u64, most_instances: usize) -> Self {
        let instances = 1 + dice.place(most_instances);
        let victims = match (instances, dice.below(3)) {
            (1, _) | (_, 2) => Victims::All,
            (_, 0) => Victims::First,
            (..) => Victims::Second,
        };
        let act = match dice.below(20) {
            0..=8 => Act::Kill,
            9..=10 => Act::KillTwice,
            11..=13 => Act::KillWhileStarting(dice.between(1, 3)),
            14..=15 => Act::Freeze,
            16 => Act::FreezeThenKill,
            17 => Act::Stop,
            _ => Act::KillWhileMigrating,
        };
        let moment = match dice.below(8) {
            0 => Moment::Time(dice.between(20, 700)),
            1 => Moment::Requests(dice.between(3, 60)),
            2 => Moment::Lines(dice.between(3, 50)),
            3 => Moment::Orders(dice.between(1, 14)),
            4 => Moment::Codes(dice.between(1, 5)),
            5 => Moment::Deposits(dice.between(1, 4)),
            6 => Moment::Cancels(dice.between(1, 3)),
            _ => Moment::Outstanding(dice.between(0, HELD_BACK_MS + 40)),
        };
        let (ends_everything, a_day_passes) = (cycle % 5 == 4, cycle % 20 == 19);
        Self { instances, act, victims, moment, ends_everything, a_day_passes }
    }
}

impl Moment {
    /// Returns when it has come.
    pub async fn comes(self, memory: &Memory, product: &Process) {
        let _ = tokio::time::timeout(LONGEST, self.awaited(memory, product)).await;
    }

    async fn awaited(self, memory: &Memory, product: &Process) {
        let mut progress = memory.progress();
        let from = *progress.borrow();
        // The sender is the memory's own, so waiting ends with what is waited for.
        let _ = match self {
            Self::Time(ms) => return tokio::time::sleep(Duration::from_millis(ms)).await,
            Self::Lines(n) => return product.logs(usize::try_from(n).unwrap_or(1)).await,
            Self::Outstanding(ms) => {
                let sent = progress.wait_for(|p| p.buying > 0).await;
                drop(sent);
                return tokio::time::sleep(Duration::from_millis(ms)).await;
            }
            Self::Requests(n) => progress.wait_for(|p| p.requests >= from.requests + n).await,
            Self::Orders(n) => progress.wait_for(|p| p.orders >= from.orders + n).await,
            Self::Codes(n) => progress.wait_for(|p| p.codes >= from.codes + n).await,
            Self::Deposits(n) => progress.wait_for(|p| p.deposits >= from.deposits + n).await,
            Self::Cancels(n) => progress.wait_for(|p| p.cancels >= from.cancels + n).await,
        };
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Time(ms) => write!(f, "after {ms} ms"),
            Self::Requests(n) => write!(f, "after {n} requests"),
            Self::Lines(n) => write!(f, "after {n} lines of its log"),
            Self::Orders(n) => write!(f, "after order {n}"),
            Self::Codes(n) => write!(f, "after code {n}"),
            Self::Deposits(n) => write!(f, "after deposit {n}"),
            Self::Cancels(n) => write!(f, "after cancel {n}"),
            Self::Outstanding(ms) => write!(f, "{ms} ms into a purchase"),
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let act = match self.act {
            Act::Kill => "killed".to_owned(),
            Act::KillTwice => "killed twice".to_owned(),
            Act::KillWhileStarting(n) => format!("killed, and {n} × while starting,"),
            Act::Freeze => "frozen".to_owned(),
            Act::FreezeThenKill => "frozen and killed".to_owned(),
            Act::Stop => "told to stop".to_owned(),
            Act::KillWhileMigrating => "killed, and while migrating,".to_owned(),
        };
        let whom = match (self.instances, self.victims) {
            (1, _) => "",
            (_, Victims::First) => "first of two ",
            (_, Victims::Second) => "second of two ",
            (_, Victims::All) => "both ",
        };
        write!(f, "{whom}{act} {}", self.moment)
    }
}

#[cfg(test)]
mod tests {
    use super::{Act, Dice, Moment, Plan};

    #[test]
    fn a_hundred_cycles_meet_every_act_and_every_moment() {
        let plans: Vec<Plan> = (0..100).map(|n| Plan::draw(&mut Dice::new(n), n, 2)).collect();
        for act in [Act::Kill, Act::KillTwice, Act::Freeze, Act::FreezeThenKill, Act::Stop] {
            assert!(plans.iter().any(|plan| plan.act == act), "{act:?}");
        }
        assert!(plans.iter().any(|plan| matches!(plan.act, Act::KillWhileStarting(_))));
        assert!(plans.iter().any(|plan| plan.act == Act::KillWhileMigrating));
        assert!(plans.iter().any(|plan| matches!(plan.moment, Moment::Outstanding(_))));
        assert!(plans.iter().any(|plan| matches!(plan.moment, Moment::Lines(_))));
        assert!(plans.iter().any(|plan| plan.instances == 2));
    }
}
