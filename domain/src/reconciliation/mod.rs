//! Reconciliation: what providers list, held against our books. It finds and tells; it moves no money, but for a
//! provider's credit that it sees and nobody has booked.

pub mod desk;
pub mod error;
pub mod finding;
pub mod float;
pub mod matching;
pub mod ports;
pub mod run;
pub mod service;

pub use desk::{OpenClass, Overview, ReconciliationDesk, RunError};
pub use error::{ReconcileError, ResolveError};
pub use finding::{Book, Finding, FindingState, Mismatch};
pub use float::BALANCE;
pub use matching::{Compared, OurNumber, OurPayment, Verdict};
pub use ports::{Float, ReconciliationReads};
pub use run::{Counts, Outcome, Run};
pub use service::{ReconciliationService, Report, Tally, Window};
