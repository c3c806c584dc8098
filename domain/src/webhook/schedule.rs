//! When a delivery is tried again: at once, then after these pauses, then no more.

use chrono::TimeDelta;

use crate::{
    Time,
    outbound::RetryAfter,
    time::{hours, minutes, seconds},
};

/// Pauses between tries, as they are told to customers.
pub const PAUSES: [TimeDelta; 7] =
    [seconds(5), minutes(5), minutes(30), hours(2), hours(5), hours(10), hours(10)];

/// Tries of a delivery, the first one included.
pub const TRIES: u32 = PAUSES.len() as u32 + 1;

/// A receiver that asks for a longer pause is called again after this one.
pub const LONGEST_ASKED: TimeDelta = hours(24);

/// When a delivery is tried again of which the `tried`-th try has failed at `now`: by the schedule, or when its receiver has
/// asked for it if that is later. `None`: that was the last try. `roll` as in [`pause`].
pub fn next(tried: u32, roll: u16, asked: Option<RetryAfter>, now: Time) -> Option<Time> {
    let due = now + pause(tried, roll)?;
    Some(asked.map_or(due, |asked| due.max(asked.instant(now, LONGEST_ASKED))))
}

/// The pause after the `tried`-th try has failed; `None`: that was the last. `roll` is random: it adds up to a tenth, so
/// that what failed together does not come back together.
pub fn pause(tried: u32, roll: u16) -> Option<TimeDelta> {
    let pause = PAUSES.get(usize::try_from(tried.checked_sub(1)?).ok()?)?;
    let tenth = pause.num_microseconds()? / 10;
    Some(*pause + TimeDelta::microseconds(tenth * i64::from(roll) / i64::from(u16::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_is_tried_eight_times_within_28_hours() {
        let told: Vec<i64> = (1..).map_while(|tried| pause(tried, 0)).map(|p| p.num_seconds()).collect();
        assert_eq!(told, [5, 300, 1_800, 7_200, 18_000, 36_000, 36_000]);
        assert_eq!((pause(TRIES - 1, 0).is_some(), pause(TRIES, 0)), (true, None));
        assert_eq!(pause(0, 0), None);
    }

    #[test]
    fn the_next_try_is_at_the_later_of_the_schedule_and_what_its_receiver_asks_for_within_a_day() {
        let now = Time::UNIX_EPOCH + hours(1_000);
        let after = |asked| next(1, 0, asked, now).map(|next| (next - now).num_seconds());
        let pause = |seconds| Some(RetryAfter::In(TimeDelta::seconds(seconds)));
        let instant = |seconds| Some(RetryAfter::At(now + TimeDelta::seconds(seconds)));
        let day = 24 * 3_600;
        for asked in [None, pause(0), pause(5), instant(-60), instant(5), Some(RetryAfter::At(Time::MIN_UTC))]
        {
            assert_eq!(after(asked), Some(5), "{asked:?}");
        }
        assert_eq!([after(pause(90)), after(instant(90))], [Some(90); 2]);
        assert_eq!([after(pause(day)), after(instant(day))], [Some(day); 2]);
        for asked in [
            pause(day + 1),
            instant(day + 1),
            pause(i64::from(u32::MAX)),
            Some(RetryAfter::At(Time::MAX_UTC)),
        ] {
            assert_eq!(after(asked), Some(day), "{asked:?}");
        }
        assert_eq!(next(TRIES, 0, pause(90), now), None, "nobody asks for more tries");
    }

    #[test]
    fn jitter_adds_a_tenth_at_most_and_takes_nothing_away() {
        for tried in 1..TRIES {
            let least = pause(tried, 0).expect("a pause");
            let most = pause(tried, u16::MAX).expect("a pause");
            assert_eq!(most - least, least / 10);
            for roll in [1, 77, 30_000, u16::MAX - 1] {
                let some = pause(tried, roll).expect("a pause");
                assert!(least <= some && some <= most);
            }
        }
    }
}
