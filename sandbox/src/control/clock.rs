use std::time::Duration;

use futures::future::BoxFuture;
use serde::Deserialize;
use serde_json::json;

use super::{refuse, same_site, unprocessable};
use crate::{
    books::Key,
    http::{Answer, Call},
    time,
    world::World,
};
use poem::http::StatusCode;

/// Ten years: no single step needs more, and dates stay printable.
const LONGEST_STEP_S: f64 = 315_360_000.0;
/// Fifty years in all.
const FURTHEST_MS: i64 = 1_576_800_000_000;
/// How long a follower's poll is held.
const POLL: Duration = Duration::from_secs(20);
/// How long advancing waits for the webhooks of its own due work.
const FOR_WEBHOOKS: Duration = Duration::from_secs(5);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_s: f64,
}

/// The offset in milliseconds, and the answer that tells it.
fn reading(world: &World) -> (i64, Answer) {
    let (offset_ms, now) = world.with(|books, now| (books.settings.offset_ms, now));
    (offset_ms, Answer::ok(&json!({ "offset_s": time::seconds(offset_ms), "now": time::with_z(now) })))
}

/// `GET /control/clock`
pub(crate) fn clock(world: &World, _: &Call) -> Result<Answer, Answer> {
    Ok(reading(world).1)
}

/// `POST /control/clock`
pub(crate) fn advance<'a>(world: &'a World, call: &'a Call) -> BoxFuture<'a, Result<Answer, Answer>> {
    Box::pin(async move {
        same_site(call)?;
        let body: Advance = call.parse()?;
        if !(0.0..=LONGEST_STEP_S).contains(&body.advance_s) {
            return Err(unprocessable("advance_s must be a number of seconds from 0 to ten years"));
        }
        let step_ms = (body.advance_s * 1_000.0).round() as i64;
        let moved = world.with(|books, now| {
            let offset_ms = books.settings.offset_ms.checked_add(step_ms).filter(|ms| *ms <= FURTHEST_MS)?;
            let first_hook = books.hooks.all.len();
            books.settings.offset_ms = offset_ms;
            books.touch(Key::Settings);
            books.run_due(now + step_ms);
            Some((offset_ms, first_hook..books.hooks.all.len()))
        });
        let (offset_ms, hooks) = moved.ok_or_else(|| unprocessable("the clock is far enough ahead"))?;
        world.due_changed.notify_one();
        world.followers.advanced.notify_waiters(); // before any await: the caller may hang up there
        if let Err(broken) = world.settled().await {
            return Err(refuse(StatusCode::INTERNAL_SERVER_ERROR, &broken.to_string()));
        }
        let (_, ()) = tokio::join!(
            tokio::time::timeout(FOR_WEBHOOKS, hooks_tried(world, hooks)),
            world.followers.have_applied(offset_ms)
        );
        Ok(reading(world).1)
    })
}

/// Returns when every webhook in `range` was tried; at once when there is nowhere to send them.
async fn hooks_tried(world: &World, range: std::ops::Range<usize>) {
    loop {
        let tried = world.hook_tried.notified();
        let is_done =
            world.with(|books, _| books.settings.product_url.is_none() || books.hooks.tried(range.clone()));
        if is_done {
            return;
        }
        tried.await;
    }
}

/// `GET /control/clock/follow`
pub(crate) fn follow<'a>(world: &'a World, call: &'a Call) -> BoxFuture<'a, Result<Answer, Answer>> {
    Box::pin(async move {
        let name = call.query("follower").filter(|name| name.len() <= 100);
        let name = name.ok_or_else(|| unprocessable("follower must name the one who follows"))?;
        let after = call.query("after_s").unwrap_or("0").parse::<f64>().ok();
        let after = after.filter(|s| (0.0..=FURTHEST_MS as f64 / 1_000.0).contains(s));
        let after_ms = after.map(|s| (s * 1_000.0).round() as i64);
        let after_ms =
            after_ms.ok_or_else(|| unprocessable("after_s must be a number of seconds, not negative"))?;
        let poll = world.followers.arrive(name, after_ms);
        let _ = tokio::time::timeout(POLL, ahead_of(world, after_ms)).await;
        let (offset_ms, answer) = reading(world);
        poll.answer(offset_ms > after_ms);
        Ok(answer)
    })
}

/// Returns when the offset is above `after_ms` and on disk.
async fn ahead_of(world: &World, after_ms: i64) {
    loop {
        let advanced = world.followers.advanced.notified();
        let is_ahead = world.with(|books, _| books.settings.offset_ms > after_ms);
        if is_ahead && world.settled().await.is_ok() {
            return;
        }
        advanced.await;
    }
}
