//! Making a failing plan small: leave steps out, calm steps down, lower single choices, while it still fails.

use super::choices::{Plan, Stream};

/// The smallest plan found in so many tries. `fails` runs a plan; if it still fails it returns what was really drawn,
/// which leaves out whatever the run did not reach.
///
/// # Errors
/// Whatever `fails` cannot do.
pub fn shrink<E>(
    plan: Plan,
    tries: usize,
    mut fails: impl FnMut(&Plan) -> Result<Option<Plan>, E>,
) -> Result<Plan, E> {
    let mut search = Search { best: plan, left: tries };
    loop {
        let before = search.best.clone();
        search.leave_out(&mut fails)?;
        search.calm_down(&mut fails)?;
        search.lower(&mut fails)?;
        if search.best == before || search.left == 0 {
            return Ok(search.best);
        }
    }
}

struct Search {
    best: Plan,
    left: usize,
}

impl Search {
    /// Takes a candidate if it fails. True if it did.
    fn take<E>(
        &mut self,
        steps: Vec<Stream>,
        fails: &mut impl FnMut(&Plan) -> Result<Option<Plan>, E>,
    ) -> Result<bool, E> {
        if self.left == 0 {
            return Ok(false);
        }
        self.left -= 1;
        let candidate = Plan { seed: self.best.seed, steps };
        let Some(mut drawn) = fails(&candidate)? else { return Ok(false) };
        for step in &mut drawn.steps {
            while step.last() == Some(&0) {
                step.pop();
            }
        }
        if size(&drawn) < size(&self.best) {
            self.best = drawn;
            return Ok(true);
        }
        Ok(false)
    }

    /// Steps after the first, in ever smaller groups, from the end.
    fn leave_out<E>(&mut self, fails: &mut impl FnMut(&Plan) -> Result<Option<Plan>, E>) -> Result<(), E> {
        let mut group = self.best.steps.len() / 2;
        while group > 0 {
            let mut end = self.best.steps.len();
            while end > 1 {
                let from = end.saturating_sub(group).max(1);
                let mut steps = self.best.steps.clone();
                steps.drain(from..end.min(steps.len()));
                self.take(steps, fails)?;
                end = from.min(self.best.steps.len());
            }
            group /= 2;
        }
        Ok(())
    }

    /// The later choices of each step: who goes first, what is late, what fails.
    fn calm_down<E>(&mut self, fails: &mut impl FnMut(&Plan) -> Result<Option<Plan>, E>) -> Result<(), E> {
        for step in (0..self.best.steps.len()).rev() {
            for kept in [0, 2, 4, 6, 8, 12, 16] {
                let Some(stream) = self.best.steps.get(step) else { break };
                if stream.len() <= kept {
                    break;
                }
                let mut steps = self.best.steps.clone();
                steps[step].truncate(kept);
                if self.take(steps, fails)? {
                    break;
                }
            }
        }
        Ok(())
    }

    fn lower<E>(&mut self, fails: &mut impl FnMut(&Plan) -> Result<Option<Plan>, E>) -> Result<(), E> {
        for step in (0..self.best.steps.len()).rev() {
            let mut at = 0;
            while self.best.steps.get(step).is_some_and(|stream| at < stream.len()) {
                let now = self.best.steps[step][at];
                for lower in [0, now / 2, now.saturating_sub(1)] {
                    if lower >= now {
                        continue;
                    }
                    let mut steps = self.best.steps.clone();
                    steps[step][at] = lower;
                    if self.take(steps, fails)? {
                        break;
                    }
                }
                at += 1;
            }
        }
        Ok(())
    }
}

/// Fewer steps, then fewer choices, then lower ones.
fn size(plan: &Plan) -> (usize, usize, u64) {
    let sum = plan.steps.iter().flatten().map(|choice| u64::from(*choice)).sum();
    (plan.steps.len(), plan.len(), sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_matter_is_left_out() {
        let steps = (0..40).map(|step| vec![step, 3, 9, step % 7, 5]).collect();
        let plan = Plan { seed: 1, steps };
        let needs = |plan: &Plan| {
            let wanted = plan.steps.iter().any(|step| step.get(2).is_some_and(|choice| *choice >= 4));
            Ok::<_, ()>(wanted.then(|| plan.clone()))
        };
        let small = shrink(plan, 5_000, needs).expect("it cannot fail to run");
        assert_eq!(small.steps.iter().flatten().sum::<u32>(), 4, "{small:?}");
        assert!(small.steps.len() <= 2, "{small:?}");
    }
}
