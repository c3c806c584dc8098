//! One operation of a simulator: reads the call, meets its fault, does its work, answers once the books are written.

use std::{sync::Arc, time::Duration};

use futures::future::BoxFuture;
use poem::{
    Endpoint, Request, Response,
    http::{StatusCode, header},
};

use super::{Answer, Call, Dialect};
use crate::{books::FaultMode, time, world::World};

/// How long a call that is never answered is held.
const HOLD: Duration = Duration::from_secs(60);

/// Work that is done at once. Either side is the answer; `Err` only shortens the way out.
pub(crate) type Work = fn(&World, &Call) -> Result<Answer, Answer>;
/// Work that waits.
pub(crate) type SlowWork = for<'a> fn(&'a World, &'a Call) -> BoxFuture<'a, Result<Answer, Answer>>;

#[derive(Clone, Copy)]
pub(crate) enum Handler {
    Quick(Work),
    Slow(SlowWork),
}

pub(super) struct Op {
    pub(super) world: Arc<World>,
    pub(super) dialect: Dialect,
    /// `provider.operation`, for faults.
    pub(super) operation: Option<String>,
    pub(super) handler: Handler,
}

impl Endpoint for Op {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let call = match Call::read(request, self.dialect).await {
            Ok(call) => call,
            Err(answer) => return Ok(answer.into_response()),
        };
        let answer = self.answer(&call).await;
        // The simulators' own clock, since a caller measures its skew by this header.
        let now = self.world.with(|_, now| now);
        Ok(answer.header(header::DATE, time::http_date(now)).into_response())
    }
}

impl Op {
    async fn answer(&self, call: &Call) -> Answer {
        let mode = match &self.operation {
            Some(operation) => self.world.with(|books, _| books.take_fault(operation)),
            None => FaultMode::None,
        };
        match mode {
            FaultMode::TimeoutBefore => self.never(call, HOLD).await,
            FaultMode::Http500 => {
                self.refuse(StatusCode::INTERNAL_SERVER_ERROR, "a fault was asked for").await
            }
            FaultMode::Http429 => {
                let answer = self.refuse(StatusCode::TOO_MANY_REQUESTS, "a fault was asked for").await;
                answer.header(header::RETRY_AFTER, "1".into())
            }
            FaultMode::TimeoutAfter => {
                self.work(call).await;
                self.never(call, HOLD).await
            }
            FaultMode::Disconnect => {
                self.work(call).await;
                self.never(call, Duration::ZERO).await
            }
            FaultMode::Malformed => self.work(call).await.malformed(),
            FaultMode::None => {
                let answer = self.work(call).await;
                if !answer.delay.is_zero() {
                    self.while_connected(call, tokio::time::sleep(answer.delay)).await;
                }
                answer
            }
        }
    }

    async fn work(&self, call: &Call) -> Answer {
        let answer = match self.handler {
            Handler::Quick(work) => work(&self.world, call),
            Handler::Slow(work) => {
                let answer = self.while_connected(call, work(&self.world, call)).await;
                answer.unwrap_or_else(|| {
                    Err(Answer::refusal(
                        self.dialect,
                        StatusCode::SERVICE_UNAVAILABLE,
                        "the sandbox is stopping",
                    ))
                })
            }
        };
        match self.world.settled().await {
            Ok(()) => answer.unwrap_or_else(|refusal| refusal),
            Err(broken) => {
                Answer::refusal(self.dialect, StatusCode::INTERNAL_SERVER_ERROR, &broken.to_string())
            }
        }
    }

    async fn refuse(&self, status: StatusCode, message: &str) -> Answer {
        match self.world.settled().await {
            Ok(()) => Answer::refusal(self.dialect, status, message),
            Err(broken) => {
                Answer::refusal(self.dialect, StatusCode::INTERNAL_SERVER_ERROR, &broken.to_string())
            }
        }
    }

    /// Holds the line, then cuts it. What it returns cannot be sent any more.
    async fn never(&self, call: &Call, hold: Duration) -> Answer {
        self.while_connected(call, tokio::time::sleep(hold)).await;
        if let Some(peer) = call.peer {
            self.world.connections.cut(peer);
            self.world.connections.gone(peer).await;
        }
        Answer::empty()
    }

    /// `None` when the caller has hung up, or the sandbox stops, before `work` was done.
    async fn while_connected<T>(&self, call: &Call, work: impl Future<Output = T>) -> Option<T> {
        let Some(peer) = call.peer else { return Some(work.await) };
        tokio::select! {
            biased;
            done = work => Some(done),
            () = self.world.connections.gone(peer) => None,
            () = self.world.stopping.cancelled() => None,
        }
    }
}
