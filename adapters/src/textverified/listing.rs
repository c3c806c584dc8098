//! Paginated lists, read back to an instant.

use std::{collections::HashSet, time::Duration};

use chrono::TimeDelta;
use namaskah_domain::Time;
use reqwest::Url;
use serde_json::value::RawValue;
use tokio::time::Instant;

use super::{
    client::{Client, parse},
    map, wire,
};
use crate::http::HttpFault;

/// No list is followed further.
const PAGES: usize = 40;
/// Nor for longer.
const BUDGET: Duration = Duration::from_secs(30);
/// Rows may be out of order by so much, and a list is read so much further back than asked.
const MARGIN: TimeDelta = TimeDelta::seconds(60);

/// A row of a list: what it is, if it could be read, and when it was made, if that could.
pub(super) struct Row<T> {
    pub at: Option<Time>,
    pub value: Result<T, &'static str>,
}

/// What of a list was asked for.
pub(super) struct Rows<T> {
    pub rows: Vec<T>,
    /// True if nothing made since the instant can be missing.
    pub complete: bool,
}

/// Rows made since `from`, or all. A row that cannot be read is left out; if it may belong to the time that was
/// asked for, the result is not complete.
///
/// Whether lists are sorted is not documented. Reading stops before the end only after a page that is older as a
/// whole, and only while everything read has come newest first.
pub(super) async fn read<T>(
    client: &Client,
    first: Url,
    from: Option<Time>,
    row: impl Fn(&RawValue) -> Row<T>,
) -> Result<Rows<T>, HttpFault> {
    let deadline = Instant::now() + BUDGET;
    let mut list = Rows { rows: Vec::new(), complete: true };
    let mut order = Order::default();
    let mut seen = HashSet::from([first.clone()]);
    let mut next = first;
    for _ in 0..PAGES {
        let page: wire::Page = parse(&client.get(next, Some(deadline)).await?, "a page of a list")?;
        let mut all_older = !page.data.is_empty();
        for raw in &page.data {
            let row = row(raw);
            let is_older = matches!((row.at, from), (Some(at), Some(from)) if at < from);
            all_older &= matches!((row.at, from), (Some(at), Some(from)) if at < from - MARGIN);
            order.see(row.at);
            match row.value {
                Ok(value) if !is_older => list.rows.push(value),
                Ok(_) => {}
                Err(part) => {
                    tracing::warn!(part, "a row of a TextVerified list is unreadable and left out");
                    list.complete &= is_older;
                }
            }
        }
        if page.has_next != Some(true) || (all_older && order.is_newest_first()) {
            return Ok(list);
        }
        let link = page.links.and_then(|links| links.next).and_then(|link| link.href);
        match link.and_then(|href| client.under_base(&href)).filter(|url| seen.insert(url.clone())) {
            Some(url) => next = url,
            None => {
                tracing::warn!("a TextVerified list names no next page that can be followed");
                break;
            }
        }
    }
    Ok(Rows { complete: false, ..list })
}

/// An unreadable row still tells its date, if it has one.
pub(super) fn date_of(raw: &RawValue) -> Option<Time> {
    let dated: wire::Dated = serde_json::from_str(raw.get()).ok()?;
    dated.created_at.as_deref().and_then(map::time)
}

/// What the dates read so far say about the order of a list.
#[derive(Default)]
struct Order {
    first: Option<Time>,
    oldest: Option<Time>,
    has_risen: bool,
}

impl Order {
    fn see(&mut self, at: Option<Time>) {
        let Some(at) = at else { return };
        self.first = self.first.or(Some(at));
        self.has_risen |= self.oldest.is_some_and(|oldest| at > oldest + MARGIN);
        self.oldest = Some(self.oldest.map_or(at, |oldest| oldest.min(at)));
    }

    fn is_newest_first(&self) -> bool {
        let has_fallen =
            matches!((self.first, self.oldest), (Some(first), Some(oldest)) if oldest + MARGIN < first);
        has_fallen && !self.has_risen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_newest_first(minutes: &[i64]) -> bool {
        let mut order = Order::default();
        minutes.iter().for_each(|m| order.see(Time::from_timestamp(1_767_225_600 + m * 60, 0)));
        order.is_newest_first()
    }

    #[test]
    fn an_order_is_believed_only_when_it_shows() {
        assert!(is_newest_first(&[9, 8, 8, 5]));
        assert!(is_newest_first(&[9, 7, 8, 5]));
        assert!(!is_newest_first(&[1, 2, 3]));
        assert!(!is_newest_first(&[9, 1, 8]));
        assert!(!is_newest_first(&[5, 5, 5]));
        assert!(!is_newest_first(&[]));
    }
}
