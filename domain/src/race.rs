//! Waiting for several futures at once, without a runtime.

use std::{
    future::poll_fn,
    ops::ControlFlow,
    pin::{Pin, pin},
    task::{Context, Poll},
};

/// The value of `first` if it is ready before `second`; `None` if `second` is. Whatever loses is dropped.
pub(crate) async fn unless<T>(first: impl Future<Output = T>, second: impl Future<Output = ()>) -> Option<T> {
    let (mut first, mut second) = (pin!(first), pin!(second));
    poll_fn(|context| match first.as_mut().poll(context) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending => second.as_mut().poll(context).map(|()| None),
    })
    .await
}

/// Runs every future, at most `most` of them at once, and hands what each one gave to `done` as they end. After a
/// `Break` none begins any more, and those that run are waited for. They begin in their order.
pub(crate) async fn each<F: Future>(
    futures: impl IntoIterator<Item = F>,
    most: usize,
    mut done: impl FnMut(F::Output) -> ControlFlow<()>,
) {
    let mut waiting = Some(futures.into_iter());
    let mut running = Vec::new();
    poll_fn(|context: &mut Context<'_>| {
        running.retain_mut(|future: &mut Pin<Box<F>>| match future.as_mut().poll(context) {
            Poll::Ready(value) => {
                if done(value).is_break() {
                    waiting = None;
                }
                false
            }
            Poll::Pending => true,
        });
        while running.len() < most {
            let Some(next) = waiting.as_mut().and_then(Iterator::next) else { break };
            let mut next = Box::pin(next);
            match next.as_mut().poll(context) {
                Poll::Ready(value) => {
                    if done(value).is_break() {
                        waiting = None;
                    }
                }
                Poll::Pending => running.push(next),
            }
        }
        if running.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

#[cfg(test)]
mod tests {
    use std::{
        cell::{Cell, RefCell},
        rc::Rc,
    };

    use tokio::sync::Notify;

    use super::*;

    #[tokio::test]
    async fn so_many_run_at_once_and_no_more() {
        let (now, most) = (Cell::new(0), Cell::new(0));
        let futures = (0..10).map(|n| {
            let (now, most) = (&now, &most);
            async move {
                now.set(now.get() + 1);
                most.set(most.get().max(now.get()));
                tokio::task::yield_now().await;
                now.set(now.get() - 1);
                n
            }
        });
        let mut seen = Vec::new();
        each(futures, 3, |n| {
            seen.push(n);
            ControlFlow::Continue(())
        })
        .await;
        seen.sort_unstable();
        assert_eq!((seen, most.get()), ((0..10).collect(), 3));
    }

    #[tokio::test]
    async fn one_that_waits_holds_up_no_other() {
        let (last, seen) = (Rc::new(Notify::new()), RefCell::new(Vec::new()));
        let futures = (0..5).map(|n| {
            let last = last.clone();
            async move {
                match n {
                    0 => last.notified().await,
                    4 => last.notify_one(),
                    _ => {}
                }
                n
            }
        });
        each(futures, 2, |n| {
            seen.borrow_mut().push(n);
            ControlFlow::Continue(())
        })
        .await;
        assert_eq!(*seen.borrow(), [1, 2, 3, 4, 0]);
    }

    #[tokio::test]
    async fn after_a_break_none_begins_and_those_that_run_are_finished() {
        let begun = Cell::new(0);
        let futures = (0..10).map(|n| {
            begun.set(begun.get() + 1);
            async move {
                tokio::task::yield_now().await;
                n
            }
        });
        let mut seen = 0;
        each(futures, 4, |_| {
            seen += 1;
            ControlFlow::Break(())
        })
        .await;
        assert_eq!((begun.get(), seen), (4, 4));
    }
}
