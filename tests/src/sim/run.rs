//! A run: set-up, steps, and the long rest at its end, after which nothing may be open.

use std::sync::Arc;

use chrono::TimeDelta;
use namaskah_domain::{
    Change, Clock, Time, UnitOfWork, UserId, Version,
    auth::{Email, PasswordHash, Role, SecondFactor, User},
    memory::OddPayment,
    verification::ReservationState,
};

use super::{
    canary::Canary,
    choices::{Plan, Script},
    store::Kept,
    turns::MOST_TURNS,
    users::cents,
    world::World,
};

/// What came of a run.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// What it was made of.
    pub plan: Plan,
    /// What was broken first, and in which step; nothing if every promise held.
    pub broken: Vec<String>,
    /// Steps that were taken.
    pub steps: usize,
    /// What happened, if it was asked for.
    pub trace: Vec<String>,
}

/// Things that may happen, with how often each does. The first is the plainest.
type Act = fn(&mut World);
const ACTS: [(usize, Act); 36] = [
    (1, |_| {}),
    (10, |world| world.buy(false)),
    (4, |world| world.buy(true)),
    (3, World::quote),
    (4, World::repeat),
    (1, World::reuse_key),
    (6, World::cancel),
    (3, World::look),
    (1, World::list),
    (5, World::deposit),
    (6, World::pay),
    (2, World::unpaid),
    (2, World::sync),
    (12, World::text),
    (2, World::text_of_another),
    (3, World::change_state),
    (1, World::stray_number),
    (3, World::recycle),
    (1, World::lag),
    (2, World::price),
    (3, World::crash),
    (4, World::retry),
    (3, World::swap),
    (2, World::repeat_again),
    (4, World::report),
    (1, World::answer_report),
    (3, World::late_text),
    (3, World::batch),
    (1, World::repeat_batch),
    (1, World::look_at_batch),
    (4, World::refund),
    (2, World::repeat_refund),
    (2, World::refund_moves),
    (1, World::desk_refund),
    (2, World::dispute),
    (3, World::decide_dispute),
];
const SPANS_MS: [i64; 10] = [900, 200, 2_000, 3_000, 5_500, 12_000, 31_000, 61_000, 240_000, 905_000];
const TURNS: [u32; 8] = [MOST_TURNS, 0, 1, 2, 3, 5, 9, 17];

/// Runs a script from beginning to end, or until a promise is broken.
pub fn run(script: Script, kept: Arc<Kept>, canary: Option<Canary>, is_traced: bool) -> Outcome {
    let seed = script.seed();
    let mut world = World::new(script, kept, canary);
    if is_traced {
        world.turns.listen();
    }
    let (steps, broken) = world.live();
    let plan = world.turns.dice().drawn(seed);
    Outcome { plan, broken, steps, trace: world.turns.said() }
}

impl World {
    fn live(&mut self) -> (usize, Vec<String>) {
        let steps = self.set_up();
        let mut broken = self.check();
        for step in 1..=steps {
            if !broken.is_empty() {
                return (step - 1, broken);
            }
            broken = self.step(step);
        }
        if broken.is_empty() {
            broken = self.settle();
        }
        (steps, broken)
    }

    /// Processes, users and a little money. Returns how many steps follow.
    fn set_up(&mut self) -> usize {
        let script = self.script.clone();
        self.turns.dice().begin(&script, 0);
        let processes = if self.turns.dice().roll(3) == 2 { 2 } else { 1 };
        self.processes.resize_with(processes, || None);
        self.start_processes();
        let fake = &self.provider.fake;
        fake.set_skew(TimeDelta::milliseconds(self.turns.dice().one_of(&[0, 0, 1_400, -2_000])));
        fake.set_lifetime(TimeDelta::seconds(self.turns.dice().one_of(&[900, 900, 240, 130])));
        let drawn = 60 + 10 * self.turns.dice().roll(10);
        let funds = self.turns.dice().one_of(&[600, 1_000, 300]);
        for name in ["ada", "ben"] {
            self.add_user(name, funds);
        }
        self.script.steps(drawn)
    }

    fn add_user(&mut self, name: &str, funds: i64) {
        let (id, now): (UserId, Time) = (self.id(), self.turns.now());
        self.users.push(id);
        let user = User {
            id,
            email: Email::try_new(&format!("{name}@example.com")).expect("an address"),
            password: PasswordHash::from_stored("none".to_owned()),
            role: Role::Customer,
            email_verified_at: Some(now),
            suspension: None,
            must_change_password: false,
            second_factor: SecondFactor::Off,
            password_changed_at: now,
            created_at: now,
            version: Version::FIRST,
        };
        let unit = UnitOfWork::new().with(Change::User(user)).with(Change::OpenAccount(id));
        let store = self.kept.backend().store.clone();
        futures::executor::block_on(store.commit(unit)).expect("a user");
        let payment = self.id();
        self.opened.push((id, payment));
        self.open(id, cents(funds), payment, self.opened.len());
        self.rest();
        for reference in self.gateway.fake.references() {
            self.gateway.pay(&reference, &OddPayment::default());
        }
        self.advance(TimeDelta::seconds(61));
    }

    fn step(&mut self, step: usize) -> Vec<String> {
        let script = self.script.clone();
        let turns = self.turns.clone();
        let dice = turns.dice();
        dice.begin(&script, step);
        dice.set_trouble(dice.roll(3) == 2);
        if dice.roll(3) != 2 {
            self.start_processes();
        }
        let mut broken = Vec::new();
        if dice.roll(5) < 3 {
            let act = drawn_act(dice.roll(weight()));
            act(self);
        } else {
            broken.extend(self.pass_time());
        }
        let most = dice.one_of(&TURNS);
        self.work(TimeDelta::zero());
        if most < MOST_TURNS {
            let _ = (0..most).all(|_| self.tasks.go_on());
        } else if !self.rest() {
            broken.push("9: the product does not come to rest".to_owned());
        }
        broken.extend(self.check());
        broken.into_iter().map(|what| format!("step {step}: {what}")).collect()
    }

    fn pass_time(&mut self) -> Vec<String> {
        let dice = self.turns.clone();
        let dice = dice.dice();
        let by = match dice.roll(4) {
            3 => self.to_an_end(),
            _ => Some(TimeDelta::milliseconds(SPANS_MS[dice.roll(SPANS_MS.len())])),
        };
        let by = by.unwrap_or(TimeDelta::seconds(1));
        self.say(|| format!("{by} pass"));
        self.advance(by)
    }

    /// As long as it is to the end of an order that waits, or to an instant close to it.
    fn to_an_end(&self) -> Option<TimeDelta> {
        let near = [0, 1, -1, 999_999, -1_000_000, 4_000_000, 3_900_000];
        let off = TimeDelta::microseconds(near[self.turns.dice().roll(near.len())]);
        let end = self.watch.seen().waits.values().map(|(end, _)| *end).min()?;
        let by = end + off - self.turns.now();
        (by > TimeDelta::zero()).then_some(by)
    }

    /// A process dies where it is.
    pub fn crash(&mut self) {
        if let Some((no, _)) = self.a_process() {
            self.kill(no);
        }
    }

    /// Lets everything that can happen at this instant happen. False if it never ends.
    fn rest(&mut self) -> bool {
        self.rest_while_working(TimeDelta::zero())
    }

    fn rest_while_working(&mut self, coarse: TimeDelta) -> bool {
        let mut turns = 0;
        loop {
            self.work(coarse);
            let before = turns;
            while turns < MOST_TURNS && self.tasks.go_on() {
                turns += 1;
            }
            if turns == before || turns >= MOST_TURNS {
                return turns < MOST_TURNS;
            }
        }
    }

    /// Lets time pass, from one event to the next.
    fn advance(&mut self, by: TimeDelta) -> Vec<String> {
        let target = self.turns.now() + by;
        loop {
            let left = target - self.turns.now();
            let is_long = left > TimeDelta::seconds(62);
            let coarse = TimeDelta::seconds(if is_long { left.num_seconds() / 40 } else { 0 });
            if !self.rest_while_working(coarse) {
                return vec!["9: the product does not come to rest".to_owned()];
            }
            let late = self.check_time();
            if !late.is_empty() {
                return late;
            }
            if self.turns.now() >= target {
                return Vec::new();
            }
            let next = self.next_at().unwrap_or(target).min(target);
            self.turns.move_to(next);
        }
    }

    /// The world is well again and time passes, until nothing is on its way any more.
    fn settle(&mut self) -> Vec<String> {
        self.turns.dice().calm_down();
        self.say(|| "everything comes to rest".to_owned());
        self.start_processes();
        self.provider.fake.set_listing_lag(TimeDelta::zero());
        self.gateway.come_to_rest();
        let mut late = Vec::new();
        for (seconds, is_quick) in
            [(5, true), (125, true), (1_300, false), (60, true), (1_240, false), (9_000, false)]
        {
            if !is_quick {
                self.credit_what_was_reported();
            }
            if seconds == 60 {
                late = self.send_late_texts();
            }
            let mut broken = self.advance(TimeDelta::seconds(seconds));
            broken.extend(self.check());
            match seconds {
                125 => {
                    broken.extend(self.check_credited());
                    broken.extend(self.check_heard());
                    broken.extend(self.check_told_provider());
                }
                60 => broken.extend(self.check_shown_late(&late)),
                _ => {}
            }
            if !broken.is_empty() {
                return broken.into_iter().map(|what| format!("while settling: {what}")).collect();
            }
        }
        self.check_settled().into_iter().map(|what| format!("at the end: {what}")).collect()
    }

    /// A report is answered in the end.
    fn credit_what_was_reported(&self) {
        for reservation in self.provider.fake.reservations() {
            if reservation.state == ReservationState::Reported {
                self.provider.fake.set_state(&reservation.id, ReservationState::Cancelled);
            }
        }
    }
}

fn weight() -> usize {
    ACTS.iter().map(|(weight, _)| weight).sum()
}

fn drawn_act(mut drawn: usize) -> Act {
    for (weight, act) in ACTS {
        if drawn < weight {
            return act;
        }
        drawn -= weight;
    }
    ACTS[0].1
}
