//! Why a run did not finish, and whose trouble that is.

use std::error::Error;

use namaskah_domain::{
    CommitError, Fault, payment::SettleError, verification::IntakeError, wallet::BookError,
};

type Cause = Box<dyn Error + Send + Sync>;

/// Why a run did not finish. The next one finds the same work.
///
/// Architecture invariant: what every instance meets alike, because a provider is away, takes none of them out of a
/// balancer. So whose trouble it is, is in the type.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A provider did not answer, or not as it should.
    #[error("{0}")]
    Provider(Cause),
    /// The store did not answer, or refused what it should have taken.
    #[error("{0}")]
    Store(Cause),
}

impl RunError {
    /// Of two halves of a run: what both did, or what is worse about them.
    ///
    /// # Errors
    /// The trouble with the store if there is any, else the first.
    pub(super) fn both<A, B>(
        one: Result<A, impl Into<Self>>,
        other: Result<B, impl Into<Self>>,
    ) -> Result<(A, B), Self> {
        match (one.map_err(Into::into), other.map_err(Into::into)) {
            (Ok(one), Ok(other)) => Ok((one, other)),
            (Err(Self::Provider(_)), Err(error @ Self::Store(_))) => Err(error),
            (Err(error), _) | (_, Err(error)) => Err(error),
        }
    }
}

impl From<Fault> for RunError {
    fn from(fault: Fault) -> Self {
        Self::Store(fault.into())
    }
}

impl From<CommitError> for RunError {
    fn from(error: CommitError) -> Self {
        Self::Store(error.into())
    }
}

impl From<BookError> for RunError {
    fn from(error: BookError) -> Self {
        Self::Store(error.into())
    }
}

impl From<SettleError> for RunError {
    fn from(error: SettleError) -> Self {
        match error {
            SettleError::Gateway(_) => Self::Provider(error.into()),
            SettleError::Unavailable(_) => Self::Store(error.into()),
        }
    }
}

impl From<IntakeError> for RunError {
    fn from(error: IntakeError) -> Self {
        match error {
            IntakeError::Provider(_) => Self::Provider(error.into()),
            IntakeError::Commit(_) | IntakeError::Unavailable(_) => Self::Store(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use namaskah_domain::{payment::GatewayError, verification::ProviderError};

    use super::*;

    #[test]
    fn trouble_with_the_store_is_told_before_trouble_with_a_provider() {
        let gateway = || Err::<(), _>(SettleError::from(GatewayError::Unavailable(Fault::new("away"))));
        let provider = || Err::<(), _>(IntakeError::from(ProviderError::NotFound));
        let store = || Err::<(), _>(Fault::new("the store"));
        for told in [RunError::both(gateway(), store()), RunError::both(store(), provider())] {
            assert!(matches!(told, Err(RunError::Store(_))), "{told:?}");
        }
        let told = RunError::both(gateway(), provider()).expect_err("both failed");
        assert_eq!(told.to_string(), "the payment provider did not answer: the gateway cannot be read: away");
        assert!(matches!(told, RunError::Provider(_)));
        assert!(matches!(RunError::both(Ok::<_, Fault>(()), provider()), Err(RunError::Provider(_))));
    }
}
