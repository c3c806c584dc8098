//! How far back lists of what goes back are read: as far as news is likely, and now and then much further.

use std::sync::PoisonError;

use crate::{Time, payment::PaymentService, time::hours};

/// When this process last looked far back. Losing it costs a longer list, never money.
#[derive(Debug, Default)]
pub(super) struct Far {
    pub(super) refunds: Option<Time>,
    pub(super) disputes: Option<Time>,
}

const FAR_EVERY_H: i64 = 1;

impl PaymentService {
    /// True if it is time to look far back. The look counts whether or not the list can be read: one that is too long
    /// keeps the shorter ones from nothing.
    pub(super) fn looks_far(&self, of: fn(&mut Far) -> &mut Option<Time>, now: Time) -> bool {
        // A panic elsewhere leaves at worst an old time here.
        let mut far = self.far.lock().unwrap_or_else(PoisonError::into_inner);
        let looked_at = of(&mut far);
        let is_due = looked_at.is_none_or(|at| now >= at + hours(FAR_EVERY_H));
        if is_due {
            *looked_at = Some(now);
        }
        is_due
    }
}
