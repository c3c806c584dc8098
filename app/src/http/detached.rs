//! Commands that outlive the request that gave them.

use std::future::Future;

use tracing::Instrument;

use crate::http::problem::{Problem, catch};

/// Runs a command in a task of its own: a client that hangs up, or a deadline, does not stop it half way between
/// two commits.
///
/// # Errors
/// What the command answers, or 500 if it panicked.
pub async fn detached<T, E, F>(command: F) -> Result<T, Problem>
where
    T: Send + 'static,
    E: Into<Problem> + Send + 'static,
    F: Future<Output = Result<T, E>> + Send + 'static,
{
    match tokio::spawn(command.in_current_span()).await {
        Ok(result) => result.map_err(Into::into),
        Err(error) => match error.try_into_panic() {
            Ok(panic) => Err(catch::panicked(panic.as_ref())),
            Err(cancelled) => Err(Problem::fault(503, "unavailable", cancelled)),
        },
    }
}
