//! Which number belongs to which attempt.

use proptest::prelude::*;

mod boundaries;

use super::*;
use crate::{
    Currency, Id, Money, OrderId, PhoneNumber, UserId, Version,
    verification::{AreaCode, Ask, Capability, CountryCode, ProviderId, ServiceCode},
};

fn at(seconds: i64) -> Time {
    Time::UNIX_EPOCH + TimeDelta::seconds(1_767_225_600 + seconds)
}

fn id<T>(number: u8) -> Id<T> {
    Id::from_parts(at(0), [number; 10])
}

fn ask(area: Option<&str>) -> Ask {
    Ask {
        service: ServiceCode::try_new("whatsapp").expect("a service"),
        country: CountryCode::try_new("US").expect("a country"),
        capability: Capability::Sms,
        area_code: area.map(|area| AreaCode::try_new(area).expect("an area")),
        carrier: None,
    }
}

fn cents(cents: i64) -> Money {
    Money::from_units(cents * 10_000, Currency::Usd)
}

fn attempt(number: u8, sent: i64, area: Option<&str>) -> Purchase {
    let (order, user): (OrderId, UserId) = (id(number), id(200));
    Purchase {
        id: id(number),
        provider: ProviderId::TextVerified,
        wanted_by: Some((order, user)),
        ask: ask(area),
        cost_cap: cents(75),
        sent_at: at(sent),
        send_by: at(sent + 2),
        state: PurchaseState::Sent,
        missed: None,
        version: Version::FIRST,
    }
}

fn reservation(number: u8, created: i64) -> Reservation {
    Reservation {
        id: named(number),
        number: PhoneNumber::try_new(&format!("+1202555{number:04}")).expect("a number"),
        service: ask(None).service,
        state: ReservationState::Pending,
        cost: cents(75),
        created_at: at(created),
        ends_at: None,
    }
}

fn named(number: u8) -> ReservationId {
    ReservationId::try_new(&format!("r{number}")).expect("a reservation")
}

/// Seen `now` seconds in, by a whole listing.
fn evidence(now: i64, attempts: Vec<Purchase>, reservations: Vec<Reservation>) -> Evidence {
    Evidence {
        now: at(now),
        skew: TimeDelta::zero(),
        time_out: seconds(10),
        complete: true,
        reservations,
        held: BTreeSet::new(),
        attempts,
        seen: BTreeSet::new(),
    }
}

#[test]
fn the_oldest_attempt_gets_the_oldest_number() {
    let attempts = vec![attempt(2, 1, None), attempt(1, 0, None)];
    let seen = evidence(20, attempts, vec![reservation(9, 2), reservation(8, 1)]);
    assert_eq!(settle(&seen), [Verdict::Adopt(id(1), named(8)), Verdict::Adopt(id(2), named(9))]);
}

#[test]
fn an_attempt_with_a_choice_leaves_the_only_number_of_another_to_it() {
    // The first fits both, the second only the earlier one.
    let attempts = vec![attempt(1, 5, None), attempt(2, 0, None)];
    let seen = evidence(40, attempts, vec![reservation(7, 10), reservation(8, 18)]);
    let verdicts = settle(&seen);
    assert!(verdicts.contains(&Verdict::Adopt(id(2), named(7))), "{verdicts:?}");
    assert!(verdicts.contains(&Verdict::Adopt(id(1), named(8))), "{verdicts:?}");
}

#[test]
fn what_costs_more_than_its_cap_or_is_of_another_service_or_time_is_not_adopted() {
    let dear = Reservation { cost: cents(76), ..reservation(1, 1) };
    let other = ServiceCode::try_new("google").expect("a service");
    let other = Reservation { service: other, ..reservation(2, 1) };
    let odd = vec![dear, other, reservation(3, -2), reservation(4, 14)];
    let seen = evidence(20, vec![attempt(1, 0, None)], odd);
    assert_eq!(settle(&seen), [Verdict::Missed(id(1))]);
}

#[test]
fn the_window_is_that_of_the_providers_clock() {
    let mut seen = evidence(20, vec![attempt(1, 0, None)], vec![reservation(1, 301)]);
    seen.skew = seconds(300);
    assert_eq!(settle(&seen), [Verdict::Adopt(id(1), named(1))]);
    seen.skew = seconds(-300);
    assert_eq!(settle(&seen), [Verdict::Missed(id(1))]);
}

#[test]
fn nothing_is_decided_while_an_answer_may_still_come() {
    let seen = evidence(12, vec![attempt(1, 0, None)], vec![reservation(1, 1)]);
    assert_eq!(settle(&seen), []);
    let rival = evidence(13, vec![attempt(1, 0, None), attempt(2, 5, None)], vec![reservation(1, 1)]);
    assert_eq!(settle(&rival), []);
}

#[test]
fn a_rival_with_an_outcome_is_no_rival() {
    let bound = attempt(2, 5, None).absent(at(6));
    let seen = evidence(13, vec![attempt(1, 0, None), bound], vec![reservation(1, 1)]);
    assert_eq!(settle(&seen), [Verdict::Adopt(id(1), named(1))]);
}

#[test]
fn different_wishes_that_one_number_fits_bind_neither() {
    let attempts = vec![attempt(1, 0, None), attempt(2, 0, Some("202"))];
    let seen = evidence(200, attempts, vec![reservation(1, 1)]);
    assert_eq!(settle(&seen), []);
}

#[test]
fn a_number_that_a_purchase_holds_is_nobody_elses() {
    let mut seen = evidence(20, vec![attempt(1, 0, None)], vec![reservation(1, 1)]);
    seen.held.insert(named(1));
    assert_eq!(settle(&seen), [Verdict::Missed(id(1))]);
}

#[test]
fn absent_needs_two_whole_listings_half_a_minute_apart_the_second_a_minute_late() {
    let missed_at = |seconds: i64| attempt(1, 0, None).missed(at(seconds));
    assert_eq!(settle(&evidence(71, vec![missed_at(13)], vec![])), []);
    assert_eq!(settle(&evidence(72, vec![missed_at(13)], vec![])), [Verdict::Absent(id(1))]);
    assert_eq!(settle(&evidence(100, vec![missed_at(71)], vec![])), []);
    let mut partial = evidence(300, vec![missed_at(13)], vec![]);
    partial.complete = false;
    assert_eq!(settle(&partial), []);
    partial.now = at(1_200);
    assert_eq!(settle(&partial), [Verdict::Absent(id(1))]);
}

#[test]
fn a_number_that_no_attempt_explains_is_a_stray_once_it_is_two_minutes_old() {
    let young = evidence(120, vec![], vec![reservation(1, 1)]);
    assert_eq!(settle(&young), []);
    let old = evidence(121, vec![], vec![reservation(1, 1)]);
    assert_eq!(settle(&old), [Verdict::Stray(named(1))]);
    let explained = evidence(121, vec![attempt(1, 0, None)], vec![reservation(1, 1)]);
    assert_eq!(settle(&explained), [Verdict::Adopt(id(1), named(1))]);
}

#[test]
fn only_what_is_pending_and_has_two_minutes_left_is_of_use() {
    let left = |seconds: i64| Reservation { ends_at: Some(at(seconds)), ..reservation(1, 0) };
    assert!(is_of_use(&left(120), at(0), TimeDelta::zero()));
    assert!(!is_of_use(&left(119), at(0), TimeDelta::zero()));
    assert!(!is_of_use(&left(120), at(0), seconds(1)));
    assert!(!is_of_use(&reservation(1, 0), at(0), TimeDelta::zero()));
    let completed = Reservation { state: ReservationState::Completed, ..left(900) };
    assert!(!is_of_use(&completed, at(0), TimeDelta::zero()));
}

fn world() -> impl Strategy<Value = Evidence> {
    let area = prop::option::weighted(0.2, prop::sample::select(vec!["202", "305"]));
    let attempts = prop::collection::vec((0i64..40, area), 0..7);
    let reservations = prop::collection::vec((0i64..50, 70i64..78), 0..7);
    (attempts, reservations, 10i64..90, any::<u8>(), any::<u8>()).prop_map(
        |(attempts, reservations, now, held, seen)| {
            let attempts: Vec<_> = (1u8..).zip(attempts).map(|(n, (s, a))| attempt(n, s, a)).collect();
            let made =
                |(n, (s, cost)): (u8, (i64, i64))| Reservation { cost: cents(cost), ..reservation(n, s) };
            let reservations: Vec<_> = (1u8..).zip(reservations).map(made).collect();
            let mut evidence = evidence(now, attempts, reservations);
            evidence.held = (1..8).filter(|n| held & (1 << n) != 0 && n % 2 == 0).map(named).collect();
            evidence.seen = (1..8).filter(|n| seen & (1 << n) != 0).map(|n| (id(n), named(n))).collect();
            evidence
        },
    )
}

/// The size of the largest set of pairs, by trying them all.
fn largest(attempts: &[&Purchase], free: &[&Reservation], evidence: &Evidence) -> usize {
    let Some((first, rest)) = attempts.split_first() else { return 0 };
    let without = largest(rest, free, evidence);
    let with = free.iter().filter(|r| may_pair(first, r, evidence)).map(|taken| {
        let left: Vec<&Reservation> = free.iter().copied().filter(|r| r.id != taken.id).collect();
        1 + largest(rest, &left, evidence)
    });
    with.max().unwrap_or(0).max(without)
}

proptest! {
    #[test]
    fn the_matching_is_as_large_as_can_be_and_pairs_only_what_fits(evidence in world()) {
        let open: Vec<&Purchase> = oldest_first(evidence.attempts.iter().collect());
        let free = free_reservations(&evidence);
        let pairs = matching(&open, &free, &evidence);
        let clear: Vec<&Reservation> =
            free.iter().copied().filter(|r| !is_ambiguous(r, &evidence)).collect();
        prop_assert_eq!(pairs.len(), largest(&open, &clear, &evidence));
        let taken: BTreeSet<_> = pairs.values().collect();
        prop_assert_eq!(taken.len(), pairs.len());
        for (purchase, name) in &pairs {
            let attempt = evidence.attempts.iter().find(|a| a.id == *purchase).expect("an attempt");
            let reservation = clear.iter().find(|r| r.id == *name).expect("a free reservation");
            let (from, until) = (attempt.sent_at - seconds(1), attempt.send_by + seconds(11));
            prop_assert!((from..=until).contains(&reservation.created_at));
            prop_assert!(reservation.cost.units() <= attempt.cost_cap.units());
            prop_assert!(!evidence.held.contains(name));
            prop_assert!(!evidence.seen.contains(&(*purchase, name.clone())));
            let area = attempt.ask.area_code.as_ref().map_or("202", |area| area.as_str());
            prop_assert_eq!(reservation.number.as_str().get(2..5), Some(area));
        }
    }

    #[test]
    fn no_verdict_falls_while_a_rival_is_under_way_and_none_contradicts_another(evidence in world()) {
        let verdicts = settle(&evidence);
        let (mut attempts, mut numbers) = (BTreeSet::new(), BTreeSet::new());
        for verdict in &verdicts {
            match verdict {
                Verdict::Adopt(attempt, number) => {
                    prop_assert!(attempts.insert(*attempt) && numbers.insert(number.clone()));
                    let own = evidence.attempts.iter().find(|a| a.id == *attempt).expect("an attempt");
                    let waits = |a: &&Purchase| evidence.now <= a.send_by + evidence.time_out;
                    let near = |a: &&Purchase| (a.sent_at - own.sent_at).abs() <= seconds(14);
                    prop_assert!(!evidence.attempts.iter().filter(near).any(|a| waits(&a)));
                }
                Verdict::Missed(attempt) | Verdict::Absent(attempt) => {
                    prop_assert!(attempts.insert(*attempt));
                }
                Verdict::Stray(number) => prop_assert!(numbers.insert(number.clone())),
            }
        }
    }
}
