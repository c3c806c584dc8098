//! `listen`: posts events of one account to a URL on this machine, as webhooks are posted: same body, same signature.
//! Nothing is tried again; what was missed is in the log of events.

use std::time::{Duration, Instant};

use futures::StreamExt;
use namaskah_adapters::webhooks::HmacSigner;
use namaskah_domain::{
    Fault,
    webhook::{WebhookSecret, WebhookSigner, signing},
};
use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{
    CommandError, asked_to_stop,
    customer::{Api, sequence},
};
use crate::cli::Listen;

/// Before the stream is asked for again; twice as long each time that nobody answers, up to the longest.
const PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// For a receiver, as for webhooks.
const TIME_OUT: Duration = Duration::from_secs(15);

pub(super) async fn run(asked: &Listen) -> Result<(), CommandError> {
    let listener = Listener::of(asked)?;
    tokio::select! {
        ended = listener.go() => ended,
        stopped = asked_to_stop() => Ok(stopped?),
    }
}

/// How a stream ended.
enum Followed {
    /// Nothing more is wanted.
    Enough,
    /// As streams do, sooner or later.
    Ended,
    /// It never began.
    Unreached,
}

struct Listener<'a> {
    api: Api,
    asked: &'a Listen,
    secret: WebhookSecret,
}

impl<'a> Listener<'a> {
    /// The secret follows from the key, so that a receiver is told it once.
    fn of(asked: &'a Listen) -> Result<Self, CommandError> {
        let key = asked.account.api_key.expose_secret();
        let secret = Sha256::digest(["namaskah listen\0", key].concat().as_bytes());
        let secret = WebhookSecret::from_stored(&secret).ok_or("no secret follows from the key")?;
        Ok(Self { api: Api::of(&asked.account)?, asked, secret })
    }

    async fn go(&self) -> Result<(), CommandError> {
        let (mut last, mut left) = (None, self.asked.count);
        let mut pause = PAUSE;
        loop {
            match self.follow(&mut last, &mut left, pause).await? {
                Followed::Enough => return Ok(()),
                Followed::Ended => {
                    pause = PAUSE;
                    tokio::time::sleep(pause).await;
                }
                Followed::Unreached => {
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    /// Follows one stream to its end. If it cannot be reached, it is said that the next try is after `pause`.
    async fn follow(
        &self,
        last: &mut Option<i64>,
        left: &mut Option<u32>,
        pause: Duration,
    ) -> Result<Followed, CommandError> {
        let mut request = self.api.request(Method::GET, "events/stream");
        if let Some(last) = last {
            request = request.header("Last-Event-ID", last.to_string());
        }
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) => {
                let (product, why) = (self.api.product(), Fault::new(error.without_url()));
                let pause = pause.as_secs();
                complain!(
                    "the product at {product} does not answer: {why}; again in {pause} s; --product-url names another"
                );
                return Ok(Followed::Unreached);
            }
        };
        let status = response.status();
        if !status.is_success() {
            return Err(format!("the stream answered {status}: {}", response.text().await?).into());
        }
        self.announce();
        let (mut chunks, mut read) = (response.bytes_stream(), Vec::new());
        while let Some(Ok(chunk)) = chunks.next().await {
            read.extend_from_slice(&chunk);
            while let Some(end) = read.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = read.drain(..=end).collect();
                if let Some(heard) = id_in(&line)
                    && self.catch_up(heard, last, left).await?
                {
                    return Ok(Followed::Enough);
                }
            }
        }
        Ok(Followed::Ended)
    }

    /// Once for each stream: the first lines of a terminal are soon out of sight.
    fn announce(&self) {
        say!("signing secret {}", HmacSigner.text(&self.secret).expose());
        say!("forwarding to {}", self.asked.forward_to);
    }

    /// Forwards everything up to what was heard, in order. True if nothing more is wanted.
    async fn catch_up(
        &self,
        heard: i64,
        last: &mut Option<i64>,
        left: &mut Option<u32>,
    ) -> Result<bool, CommandError> {
        let mut after = last.unwrap_or(heard - 1);
        while after < heard {
            let events = self.api.events(after).await?;
            if events.is_empty() {
                break;
            }
            for event in events {
                after = sequence(&event);
                *last = Some(after);
                if !self.is_wanted(&event) {
                    continue;
                }
                self.forward(&event).await?;
                if let Some(left) = left {
                    *left = left.saturating_sub(1);
                    if *left == 0 {
                        return Ok(true);
                    }
                }
            }
        }
        Ok(false)
    }

    fn is_wanted(&self, event: &Value) -> bool {
        let wanted = &self.asked.events;
        wanted.is_empty() || wanted.iter().any(|kind| event["type"] == kind.name())
    }

    async fn forward(&self, event: &Value) -> Result<(), CommandError> {
        let (id, kind) = (text(event, "id"), text(event, "type"));
        let (now, body) = (chrono::Utc::now(), serde_json::to_vec(event)?);
        let signature = HmacSigner.sign(&self.secret, &signing::signed(&id, now, &body));
        let begun = Instant::now();
        let post = self.api.client().post(self.asked.forward_to.clone()).timeout(TIME_OUT);
        let post = post
            .header("content-type", "application/json")
            .header("webhook-id", &id)
            .header("webhook-timestamp", now.timestamp())
            .header("webhook-signature", format!("v1,{signature}"));
        let outcome = match post.body(body).send().await {
            Ok(answer) => answer.status().as_u16().to_string(),
            Err(error) if error.is_timeout() => "no answer in time".to_owned(),
            Err(_) => "not reached".to_owned(),
        };
        say!("{id} {kind} -> {outcome} in {} ms", begun.elapsed().as_millis());
        Ok(())
    }
}

fn text(event: &Value, field: &str) -> String {
    event[field].as_str().unwrap_or_default().to_owned()
}

/// The sequence in a line `id: 15` of a stream.
fn id_in(line: &[u8]) -> Option<i64> {
    let line = std::str::from_utf8(line).ok()?;
    line.strip_prefix("id:")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::id_in;

    #[test]
    fn lines_with_an_id_are_heard() {
        for (line, id) in [
            ("id: 15\n", Some(15)),
            ("id:15\r\n", Some(15)),
            ("event: verification.waiting\n", None),
            ("data: {\"id\": 15}\n", None),
            (": heartbeat\n", None),
            ("id: x\n", None),
        ] {
            assert_eq!(id_in(line.as_bytes()), id, "{line:?}");
        }
    }
}
