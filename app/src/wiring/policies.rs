//! What is configured, as the rules of the domain take it.

use namaskah_domain::{payment::PaymentPolicy, verification::OrderPolicy};

use crate::config::{Config, Mode};

/// Of payments, whose payers come back to `public_url`.
pub(super) fn payment_policy(config: &Config, public_url: &str) -> PaymentPolicy {
    PaymentPolicy {
        rate: config.rate,
        min: config.payment_range.0,
        max: config.payment_range.1,
        max_open: 10,
        honoured_h: 72,
        return_url: Some(format!("{public_url}/payments/return")),
    }
}

/// Of orders.
pub(super) const fn order_policy(config: &Config) -> OrderPolicy {
    OrderPolicy {
        rule: config.price_rule,
        quote_s: 120,
        send_within_s: 2,
        cancel_after_s: config.cancel_after_s,
        max_open_orders: config.max_open_orders,
        sells_test_services: !matches!(config.mode, Mode::Live),
    }
}
