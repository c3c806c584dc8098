//! Choices: everything that a run leaves to chance, as numbers that can be kept, replayed and made smaller.
//!
//! Each step of a run draws from a stream of its own, so that leaving a step out does not change what the others drew.
//! A choice of 0 is always the plainest: nothing fails, nothing is late, the oldest goes first.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// What one step drew, in order.
pub type Stream = Vec<u32>;

/// A whole run: its seed, which makes identifiers, and what each step drew. The first step sets the world up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Makes identifiers and references.
    pub seed: u64,
    /// What each step drew.
    pub steps: Vec<Stream>,
}

impl Plan {
    /// How many choices it holds.
    pub fn len(&self) -> usize {
        self.steps.iter().map(Vec::len).sum()
    }

    /// True without a single choice.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Where the choices of a run come from.
#[derive(Debug, Clone)]
pub enum Script {
    /// Drawn from a seed.
    Seed(u64),
    /// Those of a plan; what it lacks is 0.
    Given(Plan),
}

impl Script {
    /// What identifiers are made of.
    pub fn seed(&self) -> u64 {
        match self {
            Self::Seed(seed) => *seed,
            Self::Given(plan) => plan.seed,
        }
    }

    /// How many steps there are besides the first; `drawn` where a seed decides.
    pub fn steps(&self, drawn: usize) -> usize {
        match self {
            Self::Seed(_) => drawn,
            Self::Given(plan) => plan.steps.len().saturating_sub(1),
        }
    }

    fn stream(&self, step: usize) -> Source {
        match self {
            Self::Seed(seed) => Source::Drawn(SplitMix::of(*seed, step as u64)),
            Self::Given(plan) => Source::Given(plan.steps.get(step).cloned().unwrap_or_default().into_iter()),
        }
    }
}

#[derive(Debug)]
enum Source {
    Drawn(SplitMix),
    Given(std::vec::IntoIter<u32>),
    Calm,
}

/// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
#[derive(Debug)]
struct SplitMix(u64);

impl SplitMix {
    fn of(seed: u64, stream: u64) -> Self {
        let mut first = Self(seed ^ 0x6e61_6d61_736b_6168);
        Self(first.next() ^ stream.wrapping_mul(0xd6e8_feb8_6659_fd93))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// Rolls what a run leaves to chance, and remembers it.
#[derive(Debug)]
pub struct Dice(Mutex<State>);

#[derive(Debug)]
struct State {
    source: Source,
    steps: Vec<Stream>,
    is_troubled: bool,
}

impl Default for Dice {
    fn default() -> Self {
        Self(Mutex::new(State { source: Source::Calm, steps: Vec::new(), is_troubled: false }))
    }
}

impl Dice {
    /// From here on choices are those of a step.
    pub fn begin(&self, script: &Script, step: usize) {
        let mut state = self.state();
        state.source = script.stream(step);
        state.steps.push(Stream::new());
    }

    /// From here on every choice is the plainest, and none is remembered.
    pub fn calm_down(&self) {
        let mut state = self.state();
        state.source = Source::Calm;
        state.is_troubled = false;
    }

    /// Whether calls to the outside may go wrong now.
    pub fn set_trouble(&self, is_troubled: bool) {
        self.state().is_troubled = is_troubled;
    }

    /// One of `sides`, from 0.
    pub fn roll(&self, sides: usize) -> usize {
        self.state().roll(sides)
    }

    /// As [`Dice::roll`] while calls may go wrong; else 0, and nothing is drawn.
    pub fn roll_trouble(&self, sides: usize) -> usize {
        let mut state = self.state();
        if state.is_troubled { state.roll(sides) } else { 0 }
    }

    /// One of these; the first is the plainest.
    pub fn one_of<T: Copy>(&self, of: &[T]) -> T {
        of[self.roll(of.len())]
    }

    /// Everything that was drawn.
    pub fn drawn(&self, seed: u64) -> Plan {
        Plan { seed, steps: self.state().steps.clone() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn roll(&mut self, sides: usize) -> usize {
        if sides <= 1 {
            return 0;
        }
        let drawn = match &mut self.source {
            Source::Calm => return 0,
            Source::Drawn(random) => (random.next() % sides as u64) as usize,
            Source::Given(given) => given.next().unwrap_or(0) as usize % sides,
        };
        if let Some(step) = self.steps.last_mut() {
            step.push(u32::try_from(drawn).unwrap_or(u32::MAX));
        }
        drawn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_drawn_from_a_seed_can_be_given_again() {
        let roll = |script: &Script| {
            let dice = Dice::default();
            let mut rolled = Vec::new();
            for step in 0..3 {
                dice.begin(script, step);
                rolled.extend((0..5).map(|n| dice.roll(n * 3)));
            }
            (rolled, dice.drawn(script.seed()))
        };
        let (first, plan) = roll(&Script::Seed(7));
        assert_eq!(roll(&Script::Given(plan.clone())), (first, plan));
    }

    #[test]
    fn a_plan_that_has_run_out_goes_on_plainly() {
        let dice = Dice::default();
        dice.begin(&Script::Given(Plan { seed: 1, steps: vec![vec![5]] }), 0);
        assert_eq!((dice.roll(4), dice.roll(4)), (1, 0));
    }
}
