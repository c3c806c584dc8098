//! When a delivery is tried again: at once, then after these pauses, then no more.

use chrono::TimeDelta;

use crate::time::{hours, minutes, seconds};

/// Pauses between tries, as they are told to customers.
pub const PAUSES: [TimeDelta; 7] =
    [seconds(5), minutes(5), minutes(30), hours(2), hours(5), hours(10), hours(10)];

/// Tries of a delivery, the first one included.
pub const TRIES: u32 = PAUSES.len() as u32 + 1;

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
