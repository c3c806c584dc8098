//! How long a job that failed waits.

use chrono::TimeDelta;

use crate::{Random, time::seconds};

const FIRST_S: i64 = 10;
const LONGEST_S: i64 = 3_600;

/// The pause after a job has failed that was tried `attempts` times before: ten seconds, doubling to an hour, and of that
/// between half and all. What failed together, because a server was away, does not come back together.
pub fn back_off(attempts: u32, random: &dyn Random) -> TimeDelta {
    let doubled = seconds(FIRST_S.saturating_mul(1 << attempts.min(10)).min(LONGEST_S));
    let mut dice = [0; 4];
    random.fill(&mut dice);
    let half_ms = doubled.num_milliseconds() / 2;
    // The upper 32 bits of the product: evenly from nothing to almost the other half.
    let more_ms = (half_ms * i64::from(u32::from_le_bytes(dice))) >> 32;
    TimeDelta::milliseconds(half_ms + more_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same bytes for ever.
    struct Always(u8);

    impl Random for Always {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }
    }

    #[test]
    fn a_pause_doubles_from_ten_seconds_to_an_hour() {
        let least = |attempts| back_off(attempts, &Always(0)).num_milliseconds();
        assert_eq!([0, 1, 2, 8].map(least), [5_000, 10_000, 20_000, 1_280_000]);
        assert_eq!([9, 10, 59, u32::MAX].map(least), [1_800_000; 4]);
    }

    #[test]
    fn what_failed_together_does_not_come_back_together() {
        for attempts in [0, 3, 60] {
            let (least, most) = (back_off(attempts, &Always(0)), back_off(attempts, &Always(255)));
            assert!(most > least && most <= least * 2, "{least} {most}");
            assert!(most >= least * 2 - TimeDelta::milliseconds(1), "all of the other half is used");
        }
    }
}
