//! Who is told how often a memory had the answer.

use std::{fmt, sync::Arc};

type Told = Arc<dyn Fn(&'static str, bool) + Send + Sync>;

/// Told of every question to a memory: its name, and whether the answer was remembered. By default nobody is.
#[derive(Clone, Default)]
pub struct LookUps(Option<Told>);

impl LookUps {
    /// Tells `observer`.
    pub fn told_to(observer: impl Fn(&'static str, bool) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(observer)))
    }

    pub(crate) fn tell(&self, memory: &'static str, remembered: bool) {
        if let Some(told) = &self.0 {
            told(memory, remembered);
        }
    }
}

impl fmt::Debug for LookUps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LookUps({})", self.0.is_some())
    }
}
