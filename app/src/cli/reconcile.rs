//! `reconcile`: the words of the command.

use clap::Args;
use namaskah_domain::{FindingId, Time, wallet::Reason};

/// What is compared, listed or closed.
#[derive(Debug, Args)]
pub struct Reconcile {
    /// Compares from this instant on, such as 2026-11-01T00:00:00Z; 26 hours back if it is not named.
    #[arg(long, value_name = "TIME")]
    pub from: Option<Time>,
    /// Up to this instant; now if it is not named.
    #[arg(long, value_name = "TIME")]
    pub to: Option<Time>,
    /// Prints one JSON object instead of lines.
    #[arg(long)]
    pub json: bool,
    /// Compares nothing, and lists what is open.
    #[arg(long, conflicts_with_all = ["from", "to", "resolve", "accept_balance"])]
    pub open: bool,
    /// Compares nothing, and closes a finding by hand.
    #[arg(long, value_name = "FINDING", requires = "note", conflicts_with_all = ["from", "to", "accept_balance"])]
    pub resolve: Option<FindingId>,
    /// What was found out, or why the balance is right.
    #[arg(long, value_name = "TEXT", value_parser = note)]
    pub note: Option<Reason>,
    /// Takes the balance that TextVerified tells now for right; later differences are counted from it.
    #[arg(long, conflicts_with_all = ["from", "to"])]
    pub accept_balance: bool,
}

fn note(text: &str) -> Result<Reason, String> {
    Reason::try_new(text).map_err(|error| error.to_string())
}
