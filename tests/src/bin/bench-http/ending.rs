//! Many open orders: what they ask of the provider while they wait, and how fast they are released when they end
//! together. Each runs in a process of its own and prints one figure.

use std::time::{Duration, Instant};

use futures::{StreamExt, TryStreamExt, stream};
use namaskah_domain::{
    Claim, Clock, Currency, Fingerprint, Id, IdempotencyKey, Money, Time, UserId,
    memory::ProviderOperation,
    time::{hours, minutes, seconds},
    verification::{Ask, Buy, Capability, CountryCode, OrderStatus, PriceLimit, ServiceCode},
};
use namaskah_tests::given;
use serde_json::json;

use crate::{
    Failure,
    server::{Bench, USERS, user},
};

const AT_ONCE: usize = 64;
/// The provider is watched for so long.
const WATCH: Duration = Duration::from_secs(30);
/// Whoever is not released by then never will be.
const GIVE_UP: Duration = Duration::from_secs(120);

/// `expire <database URL> <figure> <orders>`: seconds from the end of all orders to the release of the last hold.
pub async fn expire(words: &[String]) -> Result<(), Failure> {
    let [url, figure, count] = words else { return Err("expire needs a URL, a figure and a count".into()) };
    let folder = tempfile::tempdir()?;
    let bench = Bench::start(url, folder.path()).await?;
    let end = bench.wired.clock.now() + hours(1);
    let count = count.parse()?;
    buy(&bench, count, end).await?;
    // What the purchases left is done before the end comes.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let ahead = end - seconds(1) - bench.wired.clock.now();
    bench.clock.raise_offset_ms(ahead.num_milliseconds());
    let begun = Instant::now();
    // Each ends a few milliseconds after `end`, by which its purchase took its time; the figure counts from `end`.
    while !bench.wired.stores.orders.ending(end + minutes(1), 1).await?.is_empty() {
        if begun.elapsed() > GIVE_UP {
            return Err("orders are still waiting".into());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let took = (bench.wired.clock.now() - end).num_milliseconds();
    println!("{}", json!({"figure": figure, "orders": count, "seconds": took as f64 / 1000.0}));
    bench.stop().await
}

/// `poll <database URL> <orders>`: calls of the provider in a minute while so many orders wait.
pub async fn poll(words: &[String]) -> Result<(), Failure> {
    let [url, count] = words else { return Err("poll needs a URL and a count".into()) };
    let folder = tempfile::tempdir()?;
    let bench = Bench::start(url, folder.path()).await?;
    let count = count.parse()?;
    buy(&bench, count, bench.wired.clock.now() + minutes(15)).await?;
    tokio::time::sleep(Duration::from_secs(5)).await;
    let before = calls(&bench);
    tokio::time::sleep(WATCH).await;
    let per_minute = f64::from(calls(&bench) - before) * 60.0 / WATCH.as_secs_f64();
    println!("{}", json!({"figure": "poll.calls", "open_orders": count, "per_minute": per_minute.round()}));
    bench.stop().await
}

fn calls(bench: &Bench) -> u32 {
    use ProviderOperation::{Balance, Cancel, Get, List, Messages};
    [Messages, List, Get, Cancel, Balance].map(|operation| bench.provider.calls(operation)).iter().sum()
}

/// So many waiting orders that all end at `end`.
async fn buy(bench: &Bench, count: usize, end: Time) -> Result<(), Failure> {
    let mut users = Vec::new();
    for _ in 0..USERS {
        users.push(user(&bench.wired).await?);
    }
    let each = users.iter().copied().cycle().take(count);
    let bought = stream::iter(each.map(|user| buy_one(bench, user, end))).buffered(AT_ONCE);
    bought.try_for_each(|()| async { Ok(()) }).await
}

async fn buy_one(bench: &Bench, user: UserId, end: Time) -> Result<(), Failure> {
    let id: namaskah_domain::OrderId = Id::generate(bench.wired.clock.now(), bench.wired.random.as_ref());
    let key = IdempotencyKey::try_new(&id.to_string())?;
    let command = Buy {
        id,
        user,
        ask: Ask {
            service: ServiceCode::try_new("whatsapp")?,
            country: CountryCode::try_new("US")?,
            capability: Capability::Sms,
            area_code: None,
            carrier: None,
        },
        limit: PriceLimit::AtMost(given::amount(Money::parse("2.00", Currency::Usd)?.units())),
        metadata: None,
        claim: Claim { scope: user, key, fingerprint: Fingerprint([0; 32]), outcome: id.uuid() },
    };
    bench.provider.set_lifetime(end - bench.wired.clock.now());
    let order = bench.wired.orders.buy(command).await?.value;
    if order.status() == OrderStatus::Waiting { Ok(()) } else { Err("an order does not wait".into()) }
}
