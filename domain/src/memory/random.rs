//! Bytes that are the same in every run.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::Random;

/// [`Random`] that repeats itself: a seed always gives the same bytes. For tests alone: anybody can guess them.
///
/// The generator is SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
#[derive(Debug)]
pub struct SeededRandom(AtomicU64);

const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

impl SeededRandom {
    /// The bytes of this seed, from the first on.
    pub const fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    fn next(&self) -> u64 {
        let state = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

impl Default for SeededRandom {
    fn default() -> Self {
        Self::new(0)
    }
}

impl Random for SeededRandom {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let drawn = self.next().to_le_bytes();
            chunk.copy_from_slice(&drawn[..chunk.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(random: &SeededRandom) -> [u8; 13] {
        let mut bytes = [0; 13];
        random.fill(&mut bytes);
        bytes
    }

    #[test]
    fn a_seed_repeats_itself_and_two_seeds_differ() {
        assert_eq!(drawn(&SeededRandom::new(7)), drawn(&SeededRandom::new(7)));
        assert_ne!(drawn(&SeededRandom::new(7)), drawn(&SeededRandom::new(8)));
        let one = SeededRandom::new(7);
        assert_ne!(drawn(&one), drawn(&one));
    }
}
