//! Waiting for the sooner of two futures, without a runtime.

use std::{future::poll_fn, pin::pin, task::Poll};

/// The value of `first` if it is ready before `second`; `None` if `second` is. Whatever loses is dropped.
pub(crate) async fn unless<T>(first: impl Future<Output = T>, second: impl Future<Output = ()>) -> Option<T> {
    let (mut first, mut second) = (pin!(first), pin!(second));
    poll_fn(|context| match first.as_mut().poll(context) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending => second.as_mut().poll(context).map(|()| None),
    })
    .await
}
