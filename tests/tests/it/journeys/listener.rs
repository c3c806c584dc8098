//! Somebody who listens to events all the time, and goes on after the last one heard whenever a stream ends.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::StreamExt;
use reqwest::Method;
use tokio::task::JoinHandle;

use super::{controls::eventually, customer::Customer};

/// Longer than any test.
const LONGEST: Duration = Duration::from_secs(600);

/// It listens until it is dropped.
pub struct Listener {
    heard: Arc<Mutex<Vec<String>>>,
    ears: JoinHandle<()>,
}

impl Listener {
    /// From the first event of this customer's on.
    pub fn of(customer: &Arc<Customer>) -> Self {
        let heard = Arc::<Mutex<Vec<String>>>::default();
        let ears = tokio::spawn(listen(customer.clone(), heard.clone()));
        Self { heard, ears }
    }

    /// Identifiers of what was heard, once the event `last` was; fails if a stream broke off.
    pub async fn has_heard(&self, last: &str) -> Vec<String> {
        eventually(&format!("the event {last} is heard"), || async {
            assert!(!self.ears.is_finished(), "it listens no more");
            let heard = locked(&self.heard).clone();
            heard.iter().any(|id| id == last).then_some(heard)
        })
        .await
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.ears.abort();
    }
}

fn locked(heard: &Mutex<Vec<String>>) -> std::sync::MutexGuard<'_, Vec<String>> {
    heard.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn listen(customer: Arc<Customer>, heard: Arc<Mutex<Vec<String>>>) {
    loop {
        let last = locked(&heard).last().cloned().unwrap_or_else(|| "0".to_owned());
        let request = customer.request(Method::GET, "events/stream").header("Last-Event-ID", last);
        let response = request.timeout(LONGEST).send().await.expect("a stream");
        assert_eq!(response.status(), 200);
        let (mut chunks, mut line, mut event) = (response.bytes_stream(), Vec::new(), None);
        while let Some(chunk) = chunks.next().await {
            for byte in chunk.expect("a stream ends in order") {
                if byte != b'\n' {
                    line.push(byte);
                    continue;
                }
                let told = String::from_utf8(std::mem::take(&mut line)).expect("UTF-8");
                if let Some(id) = told.strip_prefix("id:") {
                    event = Some(id.trim().to_owned());
                } else if told.is_empty() {
                    // It is whole.
                    locked(&heard).extend(event.take());
                }
            }
        }
    }
}
