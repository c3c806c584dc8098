//! The instants at which a verdict changes, and the rivals that keep one from falling.

use super::*;

/// One attempt, sent at 0, and one reservation of `created`, with the provider's clock `skew` seconds ahead.
fn one(created: i64, skew: i64) -> Vec<Verdict> {
    let mut seen = evidence(20, vec![attempt(1, 0, None)], vec![reservation(1, created)]);
    seen.skew = seconds(skew);
    settle(&seen)
}

#[test]
fn a_number_is_an_attempts_from_a_second_before_it_was_sent_to_a_second_after_its_answer_could_come() {
    for skew in [0, 300, -300] {
        for created in [-1, 0, 12, 13] {
            assert_eq!(one(created + skew, skew), [Verdict::Adopt(id(1), named(1))], "{created} {skew}");
        }
        for created in [-2, 14] {
            assert_eq!(one(created + skew, skew), [Verdict::Missed(id(1))], "{created} {skew}");
        }
    }
}

#[test]
fn a_listing_reaches_two_seconds_before_the_oldest_attempt_on_the_providers_clock() {
    let attempts = [attempt(1, 5, None), attempt(2, 3, None)];
    assert_eq!(listing_from(&attempts, seconds(100)), Some(at(101)));
    assert_eq!(listing_from(&attempts, seconds(-100)), Some(at(-99)));
    assert_eq!(listing_from(&[], seconds(100)), None);
}

#[test]
fn an_attempt_is_settled_once_every_attempt_whose_window_meets_its_own_is_over() {
    let adopted = [Verdict::Adopt(id(1), named(1))];
    let with = |now: i64, sent: i64| {
        settle(&evidence(now, vec![attempt(1, 0, None), attempt(2, sent, None)], vec![reservation(1, 0)]))
    };
    // The windows meet in one instant, or miss each other by a second.
    assert_eq!(with(13, 14), []);
    assert_eq!(with(13, 15), adopted);
    // The other's answer can still come at 13.
    assert_eq!(with(13, 1), []);
    assert_eq!(with(14, 1)[..1], adopted);
}

#[test]
fn an_attempt_for_another_service_is_no_rival() {
    let mut other = attempt(2, 5, None);
    other.ask.service = ServiceCode::try_new("google").expect("a service");
    let seen = evidence(13, vec![attempt(1, 0, None), other], vec![reservation(1, 1)]);
    assert_eq!(settle(&seen), [Verdict::Adopt(id(1), named(1))]);
}

#[test]
fn an_attempt_that_misses_a_number_waits_for_its_rivals_too() {
    let attempts = vec![attempt(1, 0, None), attempt(2, 5, None)];
    assert_eq!(settle(&evidence(13, attempts, vec![])), []);
}

#[test]
fn of_two_attempts_for_one_number_the_younger_misses() {
    let attempts = vec![attempt(1, 0, None), attempt(2, 1, None)];
    let seen = evidence(20, attempts, vec![reservation(1, 2)]);
    assert_eq!(settle(&seen), [Verdict::Adopt(id(1), named(1)), Verdict::Missed(id(2))]);
}

#[test]
fn a_number_of_another_area_is_not_adopted() {
    let seen = evidence(20, vec![attempt(1, 0, Some("305"))], vec![reservation(1, 1)]);
    assert_eq!(settle(&seen), [Verdict::Missed(id(1))]);
    let seen = evidence(20, vec![attempt(1, 0, Some("202"))], vec![reservation(1, 1)]);
    assert_eq!(settle(&seen), [Verdict::Adopt(id(1), named(1))]);
}

#[test]
fn a_number_that_its_user_has_seen_is_not_adopted() {
    let mut seen = evidence(20, vec![attempt(1, 0, None)], vec![reservation(1, 1)]);
    seen.seen.insert((id(1), named(1)));
    assert_eq!(settle(&seen), [Verdict::Missed(id(1))]);
}

#[test]
fn another_wish_counts_only_if_it_is_open_and_the_number_fits_it() {
    // One for the same area has an outcome; one for another area could not have bought it.
    let settled = attempt(2, 0, Some("202")).absent(at(6));
    let seen = evidence(20, vec![attempt(1, 0, None), settled], vec![reservation(1, 1)]);
    assert_eq!(settle(&seen), [Verdict::Adopt(id(1), named(1))]);
    let attempts = vec![attempt(1, 0, None), attempt(3, 0, Some("305"))];
    let seen = evidence(20, attempts, vec![reservation(1, 1)]);
    assert_eq!(settle(&seen), [Verdict::Adopt(id(1), named(1)), Verdict::Missed(id(3))]);
}

#[test]
fn what_nobody_can_tell_apart_is_given_up_at_the_hard_stop_and_the_number_is_a_stray() {
    let attempts = vec![attempt(1, 0, None), attempt(2, 0, Some("202"))];
    let verdicts = |now: i64| settle(&evidence(now, attempts.clone(), vec![reservation(1, 1)]));
    assert_eq!(verdicts(1_199), []);
    let all = [Verdict::Absent(id(1)), Verdict::Absent(id(2)), Verdict::Stray(named(1))];
    assert_eq!(verdicts(1_200), all);
}

#[test]
fn the_second_listing_is_half_a_minute_after_the_first() {
    let seen = evidence(101, vec![attempt(1, 0, None).missed(at(71))], vec![]);
    assert_eq!(settle(&seen), [Verdict::Absent(id(1))]);
}

#[test]
fn the_age_of_a_stray_is_told_by_the_providers_clock() {
    for skew in [60, -60] {
        let of_age = |created: i64| {
            let mut seen = evidence(121, vec![], vec![reservation(1, created + skew)]);
            seen.skew = seconds(skew);
            settle(&seen)
        };
        assert_eq!(of_age(1), [Verdict::Stray(named(1))], "{skew}");
        assert_eq!(of_age(2), [], "{skew}");
    }
}

#[test]
fn what_is_left_of_a_number_is_counted_from_now_on_our_clock() {
    let ends = Reservation { ends_at: Some(at(425)), ..reservation(1, 0) };
    assert!(is_of_use(&ends, at(5), seconds(300)));
    assert!(!is_of_use(&ends, at(6), seconds(300)));
    assert!(is_of_use(&ends, at(605), seconds(-300)));
    assert!(!is_of_use(&ends, at(606), seconds(-300)));
}

#[test]
fn nothing_is_waited_for_after_twenty_minutes() {
    assert!(!is_past_hard_stop(&attempt(1, 0, None), at(1_199)));
    assert!(is_past_hard_stop(&attempt(1, 0, None), at(1_200)));
}

#[test]
fn an_attempt_is_overdue_once_its_answer_can_no_longer_come_unless_it_has_an_outcome() {
    assert!(!is_overdue(&attempt(1, 0, None), at(12), seconds(10)));
    assert!(is_overdue(&attempt(1, 0, None), at(13), seconds(10)));
    assert!(!is_overdue(&attempt(1, 0, None).absent(at(6)), at(13), seconds(10)));
}
