//! What all `Counters` do, in memory and shared. The suite moves their time through [`CountersWorld`].

use std::time::Duration;

use futures::future::join_all;
use namaskah::http::middleware::{
    counters::{Ask, Counters, Subject},
    limits::{Class, Network, Who},
    window::{Policy, Verdict},
};
use namaskah_domain::UserId;
use uuid::Uuid;

/// Counters, and the hand on their clock.
pub trait CountersWorld: Send + Sync {
    /// The counters under test.
    fn counters(&self) -> &dyn Counters;

    /// Their time goes on by so much.
    fn moves_on(&self, by: Duration);

    /// Their time since some moment, now.
    fn now(&self) -> Duration;
}

impl CountersWorld for Box<dyn CountersWorld> {
    fn counters(&self) -> &dyn Counters {
        self.as_ref().counters()
    }

    fn moves_on(&self, by: Duration) {
        self.as_ref().moves_on(by);
    }

    fn now(&self) -> Duration {
        self.as_ref().now()
    }
}

const FIVE: Policy = Policy { name: "five", quota: 5, window: Duration::from_secs(60) };
const USER: u128 = 0x0192_f0c1_7e5b_7000_8000_0000_0000_0001;

fn user() -> UserId {
    UserId::from_uuid(Uuid::from_u128(USER))
}

fn address(last: u8) -> Who {
    Who::Address(Network::from(std::net::IpAddr::from([192, 0, 2, last])))
}

const fn of(who: Who, policy: Policy) -> Subject {
    Subject { class: Class::Default, who, policy }
}

async fn ask(world: &dyn CountersWorld, subject: Subject) -> Verdict {
    world.counters().ask(Ask { subject, first: None }).await
}

/// In no window are more than the quota, wherever it begins.
pub async fn no_window_holds_more_than_the_quota(world: &dyn CountersWorld) {
    // Each was allowed at some moment between these two.
    let mut allowed: Vec<(Duration, Duration)> = Vec::new();
    for _ in 0..400 {
        let before = world.now();
        if ask(world, of(address(1), FIVE)).await.allowed {
            allowed.push((before, world.now()));
        }
        world.moves_on(Duration::from_millis(937));
    }
    assert!(allowed.len() >= 5 * 5, "{}", allowed.len());
    for (start, _) in &allowed {
        let within =
            allowed.iter().filter(|(before, after)| before >= start && *after < *start + FIVE.window);
        assert!(within.count() <= 5, "in the minute from {start:?}: {allowed:?}");
    }
}

/// Who waits as told is let in, and is not told to wait for longer than a window and a slice.
pub async fn who_waits_as_told_is_let_in(world: &dyn CountersWorld) {
    let mut refusals = 0;
    for _ in 0..100 {
        let verdict = ask(world, of(address(1), FIVE)).await;
        if !verdict.allowed {
            refusals += 1;
            assert_eq!((verdict.remaining, verdict.policy), (0, FIVE));
            assert!(verdict.reset > Duration::ZERO && verdict.reset <= FIVE.window * 13 / 12, "{verdict:?}");
            // As a client is told: in whole seconds, rounded up.
            world.moves_on(Duration::from_secs(verdict.reset.as_secs_f64().ceil() as u64));
            assert!(ask(world, of(address(1), FIVE)).await.allowed);
        }
        world.moves_on(Duration::from_millis(777));
    }
    assert!(refusals > 0);
}

/// What remains is told, and a refusal takes nothing.
pub async fn what_remains_is_told_and_a_refusal_is_not_counted(world: &dyn CountersWorld) {
    for left in (0..5).rev() {
        let verdict = ask(world, of(address(1), FIVE)).await;
        assert_eq!((verdict.allowed, verdict.remaining), (true, left));
    }
    for _ in 0..50 {
        assert!(!ask(world, of(address(1), FIVE)).await.allowed);
        world.moves_on(Duration::from_millis(900));
    }
    world.moves_on(Duration::from_secs(21));
    assert_eq!(ask(world, of(address(1), FIVE)).await.remaining, 4);
}

/// Every kind of asker, and every class, is counted apart.
pub async fn keys_do_not_disturb_each_other(world: &dyn CountersWorld) {
    let network = Network::from(std::net::IpAddr::from([192, 0, 2, 1]));
    let other = UserId::from_uuid(Uuid::from_u128(USER + 1));
    let askers = [
        address(1),
        address(2),
        Who::Account(user()),
        Who::Account(other),
        Who::AddressAndName(network, 1),
        Who::AddressAndName(network, u128::MAX),
        Who::AccountAndRecord(user(), 1),
        Who::AccountAndRecord(user(), u128::MAX),
        Who::AccountAndRecord(other, 1),
    ];
    for class in [Class::Default, Class::Login] {
        for who in askers {
            for left in (0..5).rev() {
                let verdict = ask(world, Subject { class, who, policy: FIVE }).await;
                assert_eq!((verdict.allowed, verdict.remaining), (true, left), "{class:?} {who:?}");
            }
        }
    }
}

/// What is asked first counts and refuses, unless the other was counted lately.
pub async fn what_is_asked_first_refuses_what_is_new(world: &dyn CountersWorld) {
    let three = Policy { name: "three", quota: 3, window: Duration::from_secs(60) };
    let first = Some(of(Who::Account(user()), three));
    let record = |number| of(Who::AccountAndRecord(user(), number), FIVE);
    let read = async |number| world.counters().ask(Ask { subject: record(number), first }).await;
    for number in 0..3 {
        assert_eq!(read(number).await.policy, FIVE);
    }
    let refused = read(3).await;
    assert_eq!((refused.allowed, refused.policy), (false, three));
    let known = read(0).await;
    assert_eq!((known.allowed, known.policy, known.remaining), (true, FIVE, 3));
    world.moves_on(Duration::from_secs(66));
    assert_eq!(read(3).await.policy, FIVE);
    // What was counted a window ago is new again.
    assert!(read(0).await.allowed && read(1).await.allowed && !read(2).await.allowed);
}

/// Of many that come at once as many are let in as fit.
pub async fn of_many_at_once_exactly_the_quota_is_let_in(world: &dyn CountersWorld) {
    let asked = join_all((0..40).map(|_| ask(world, of(address(1), FIVE)))).await;
    assert_eq!(asked.iter().filter(|verdict| verdict.allowed).count(), 5);
}

/// Runs the suite on `$world`.
#[macro_export]
macro_rules! counters_contract {
    ($world:path) => {
        $crate::contract_tests!($crate::contract::counters, $world,
            no_window_holds_more_than_the_quota
            who_waits_as_told_is_let_in
            what_remains_is_told_and_a_refusal_is_not_counted
            keys_do_not_disturb_each_other
            what_is_asked_first_refuses_what_is_new
            of_many_at_once_exactly_the_quota_is_let_in
        );
    };
}
