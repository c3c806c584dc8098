//! A client of users' URLs that calls nobody and keeps what it was given.

use std::{
    collections::{BTreeMap, VecDeque},
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use chrono::TimeDelta;

use crate::{
    Fault,
    outbound::{
        Answer, BodyEnd, CallError, Destination, DestinationRefusal, OutboundCall, OutboundClient,
        OutboundPolicy, RetryAfter,
    },
};

/// What the receiver of a call does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receiver {
    /// Answers with a status.
    Answers(u16),
    /// Answers with a status and a body that does not end.
    AnswersWithoutEnd(u16),
    /// Answers with a status, and asks to be called again after so many seconds.
    AsksForAPause(u16, u32),
    /// Takes the call and hangs up.
    HangsUp,
    /// Takes the call and says nothing.
    IsSilent,
    /// Is not there.
    IsAbsent,
}

/// [`OutboundClient`] that decides like the real one, sends nothing and keeps what arrived. Names that nobody has
/// led elsewhere lead to a public address; receivers that nobody has told otherwise answer 200.
#[derive(Debug, Default)]
pub struct FakeOutboundClient {
    policy: OutboundPolicy,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    names: BTreeMap<String, Vec<IpAddr>>,
    receivers: VecDeque<Receiver>,
    otherwise: Option<Receiver>,
    arrived: Vec<(Destination, OutboundCall)>,
    /// Calls for which there is no place.
    crowded: u32,
}

impl FakeOutboundClient {
    /// A client under this policy.
    pub fn new(policy: OutboundPolicy) -> Self {
        Self { policy, state: Mutex::default() }
    }

    /// A name leads to these addresses from now on; to none: it does not exist.
    pub fn lead(&self, name: &str, addresses: Vec<IpAddr>) {
        self.state().names.insert(name.to_owned(), addresses);
    }

    /// The receiver of the next call that the rules allow does this; several are done in turn.
    pub fn next(&self, receiver: Receiver) {
        self.state().receivers.push_back(receiver);
    }

    /// Receivers that nobody has told otherwise do this from now on.
    pub fn from_now_on(&self, receiver: Receiver) {
        self.state().otherwise = Some(receiver);
    }

    /// There is no place for so many calls from now on.
    pub fn is_crowded_for(&self, calls: u32) {
        self.state().crowded = calls;
    }

    /// Every call that arrived, oldest first.
    pub fn arrived(&self) -> Vec<(Destination, OutboundCall)> {
        self.state().arrived.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl OutboundClient for FakeOutboundClient {
    async fn post(&self, to: &Destination, call: &OutboundCall) -> Result<Answer, CallError> {
        to.check(&self.policy)?;
        let mut state = self.state();
        if state.crowded > 0 {
            state.crowded -= 1;
            return Err(CallError::Crowded);
        }
        if let Some(addresses) = state.names.get(to.host()) {
            if addresses.is_empty() {
                return Err(CallError::NotSent(Fault::new("no such name")));
            }
            let outcome = self.policy.check_all(addresses.iter().copied());
            outcome.map_err(DestinationRefusal::from)?;
        }
        let told = state.receivers.pop_front().or(state.otherwise);
        let receiver = told.unwrap_or(Receiver::Answers(200));
        if receiver == Receiver::IsAbsent {
            return Err(CallError::NotSent(Fault::new("nobody listens there")));
        }
        state.arrived.push((to.clone(), call.clone()));
        let answer = |status, body| Ok(Answer { status, took: Duration::ZERO, body, retry_after: None });
        match receiver {
            Receiver::AsksForAPause(status, pause_s) => {
                let retry_after = Some(RetryAfter::In(TimeDelta::seconds(i64::from(pause_s))));
                answer(status, BodyEnd::Whole).map(|answer| Answer { retry_after, ..answer })
            }
            Receiver::Answers(status) => answer(status, BodyEnd::Whole),
            Receiver::AnswersWithoutEnd(status) => answer(status, BodyEnd::CutOff),
            Receiver::HangsUp => Err(CallError::Broken(Fault::new("the receiver hung up"))),
            Receiver::IsSilent | Receiver::IsAbsent => Err(CallError::TimedOut),
        }
    }
}
