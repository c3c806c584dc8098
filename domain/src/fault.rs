//! Faults: what went wrong outside, kept whole for the log and opaque to the rules.

use std::{error::Error, fmt, sync::Arc};

/// An outside failure. Its text is for operators, never for users.
#[derive(Clone)]
pub struct Fault(Arc<dyn Error + Send + Sync>);

impl Fault {
    /// Wraps the cause.
    pub fn new(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(Arc::from(cause.into()))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut told = self.0.to_string();
        let mut cause = self.0.source();
        while let Some(error) = cause {
            let text = error.to_string();
            // Many tell their cause themselves.
            if !told.contains(&text) {
                told.push_str(": ");
                told.push_str(&text);
            }
            cause = error.source();
        }
        f.write_str(&told)
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fault({self})")
    }
}

impl Error for Fault {}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct Step {
        text: &'static str,
        source: Option<Box<Step>>,
    }

    #[test]
    fn every_cause_is_told_once() {
        let root = Step { text: "connection refused", source: None };
        let middle = Step { text: "no connection: connection refused", source: Some(Box::new(root)) };
        let fault = Fault::new(Step { text: "the database is away", source: Some(Box::new(middle)) });
        assert_eq!(fault.to_string(), "the database is away: no connection: connection refused");
    }
}
