//! A walk through many things, of which none waits for another.

/// What has come of it so far.
#[derive(Debug)]
pub(crate) struct Pass<E> {
    done: u32,
    failed: Option<E>,
}

impl<E> Default for Pass<E> {
    fn default() -> Self {
        Self { done: 0, failed: None }
    }
}

impl<E> Pass<E> {
    /// One of them: how much it did, or its trouble, which is told when all have been looked at.
    pub(crate) fn note(&mut self, outcome: Result<u32, E>) {
        match outcome {
            Ok(done) => self.done += done,
            Err(error) => {
                self.failed.get_or_insert(error);
            }
        }
    }

    /// How much was done, or the first trouble.
    pub(crate) fn ended(self) -> Result<u32, E> {
        self.failed.map_or(Ok(self.done), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_is_summed_and_the_first_trouble_is_told() {
        let walk = |outcomes: &[Result<u32, &'static str>]| {
            let mut pass = Pass::default();
            outcomes.iter().for_each(|outcome| pass.note(*outcome));
            pass.ended()
        };
        assert_eq!(walk(&[]), Ok(0));
        assert_eq!(walk(&[Ok(1), Ok(0), Ok(2)]), Ok(3));
        assert_eq!(walk(&[Ok(1), Err("first"), Ok(2), Err("second")]), Err("first"));
    }
}
