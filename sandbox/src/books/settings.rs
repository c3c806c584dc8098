use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::{Books, Key};
use crate::money::Micros;

/// What the controls have set.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Settings {
    /// How far the simulators' clock is ahead of the computer's. Never decreases.
    pub(crate) offset_ms: i64,
    pub(crate) product_url: Option<String>,
    /// By `provider.operation`.
    pub(crate) faults: BTreeMap<String, Fault>,
    /// New reservations appear in the list only so long after their creation.
    pub(crate) listing_lag_ms: i64,
    /// Numbers the next purchases get.
    pub(crate) next_numbers: VecDeque<String>,
    pub(crate) create_delay: Option<CreateDelay>,
    /// By service.
    pub(crate) services: BTreeMap<String, ServiceChange>,
    pub(crate) next_payment_id: u64,
}

/// Paystack's ids do not fit 32 bits; neither do ours.
const FIRST_PAYMENT_ID: u64 = 5_099_260_516;

impl Default for Settings {
    fn default() -> Self {
        Self {
            offset_ms: 0,
            product_url: None,
            faults: BTreeMap::new(),
            listing_lag_ms: 0,
            next_numbers: VecDeque::new(),
            create_delay: None,
            services: BTreeMap::new(),
            next_payment_id: FIRST_PAYMENT_ID,
        }
    }
}

impl Settings {
    pub(super) fn after_reset(&self) -> Self {
        Self {
            offset_ms: self.offset_ms,
            product_url: self.product_url.clone(),
            next_payment_id: self.next_payment_id,
            ..Self::default()
        }
    }
}

/// The next `count` calls of an operation fail so.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Fault {
    pub(crate) mode: FaultMode,
    pub(crate) count: u32,
}

/// See the crate's documentation for what each does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FaultMode {
    TimeoutBefore,
    TimeoutAfter,
    #[serde(rename = "http_500")]
    Http500,
    #[serde(rename = "http_429")]
    Http429,
    Malformed,
    Disconnect,
    None,
}

/// The next `count` purchases are answered only after `delay_ms` of real time.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct CreateDelay {
    pub(crate) delay_ms: u64,
    pub(crate) count: u32,
}

/// A price or a stock other than the catalogue's.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct ServiceChange {
    pub(crate) price: Option<Micros>,
    pub(crate) stock: Option<u32>,
}

impl Books {
    /// Sets, replaces or (with `None` or a count of zero) clears the fault of one operation.
    pub(crate) fn set_fault(&mut self, operation: String, fault: Fault) {
        if fault.mode == FaultMode::None || fault.count == 0 {
            self.settings.faults.remove(&operation);
        } else {
            self.settings.faults.insert(operation, fault);
        }
        self.touch(Key::Settings);
    }

    /// The fault this call meets, used up by it.
    pub(crate) fn take_fault(&mut self, operation: &str) -> FaultMode {
        let Some(fault) = self.settings.faults.get_mut(operation) else { return FaultMode::None };
        let mode = fault.mode;
        fault.count = fault.count.saturating_sub(1);
        if fault.count == 0 {
            self.settings.faults.remove(operation);
        }
        self.touch(Key::Settings);
        mode
    }

    /// How long the answer to this purchase waits, in milliseconds of real time.
    pub(crate) fn take_create_delay(&mut self) -> u64 {
        let Some(delay) = self.settings.create_delay.as_mut() else { return 0 };
        let delay_ms = delay.delay_ms;
        delay.count = delay.count.saturating_sub(1);
        if delay.count == 0 {
            self.settings.create_delay = None;
        }
        self.touch(Key::Settings);
        delay_ms
    }

    /// The next Paystack id.
    pub(crate) fn payment_id(&mut self) -> u64 {
        let id = self.settings.next_payment_id;
        self.settings.next_payment_id += 1;
        self.touch(Key::Settings);
        id
    }
}
