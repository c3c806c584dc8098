//! The laws of money and orders, after every step of random histories.
#![cfg(feature = "memory")]

mod broken;
mod history;
mod step;

use proptest::prelude::*;

use history::History;

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_in_whatever_order_every_law_holds_after_every_step(
        seed in any::<u64>(),
        steps in prop::collection::vec(step::any_step(), 1..60),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let broken = runtime.block_on(History::run(seed, &steps));
        prop_assert!(broken.is_empty(), "{:#?}", broken);
    }
}
