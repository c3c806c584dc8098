//! Pages of twenty-five, newest first, behind an opaque cursor.

use std::collections::BTreeSet;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::Url;
use serde_json::{Value, json};

use super::{bad_request, no_link};
use crate::http::{Answer, Call};

/// Small, so that everyone has to turn pages.
const SIZE: usize = 25;

type Place = (i64, usize);

#[derive(Clone, Copy)]
enum Cursor {
    Start,
    OlderThan(Place),
    NewerThan(Place),
}

impl Cursor {
    fn read(call: &Call) -> Result<Self, Answer> {
        let Some(text) = call.query("cursor") else { return Ok(Self::Start) };
        Self::decode(text).ok_or_else(|| bad_request("cursor is not one of ours"))
    }

    fn decode(text: &str) -> Option<Self> {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        let mut parts = text.split('.');
        let (kind, at, n) = (parts.next()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        match kind {
            "o" => Some(Self::OlderThan((at, n))),
            "n" => Some(Self::NewerThan((at, n))),
            _ => None,
        }
    }

    fn encode(self) -> Option<String> {
        let (kind, (at, n)) = match self {
            Self::Start => return None,
            Self::OlderThan(place) => ("o", place),
            Self::NewerThan(place) => ("n", place),
        };
        Some(URL_SAFE_NO_PAD.encode(format!("{kind}.{at}.{n}")))
    }
}

/// The page `call` asks for out of `places`, each shown by `show`.
pub(super) fn page(
    call: &Call,
    tail: &str,
    places: &BTreeSet<Place>,
    show: impl Fn(usize) -> Option<Value>,
) -> Result<Answer, Answer> {
    let cursor = Cursor::read(call)?;
    let mut chosen: Vec<Place> = match cursor {
        Cursor::Start => places.iter().rev().take(SIZE).copied().collect(),
        Cursor::OlderThan(place) => places.range(..place).rev().take(SIZE).copied().collect(),
        Cursor::NewerThan(place) => places.range(next_after(place)..).take(SIZE).copied().collect(),
    };
    if matches!(cursor, Cursor::NewerThan(_)) {
        chosen.reverse();
    }
    let (newest, oldest) = (chosen.first().copied(), chosen.last().copied());
    let has_next = oldest.is_some_and(|place| places.range(..place).next().is_some());
    let has_previous = newest.is_some_and(|place| places.range(next_after(place)..).next().is_some());
    let next = oldest.filter(|_| has_next).map(Cursor::OlderThan);
    let previous = newest.filter(|_| has_previous).map(Cursor::NewerThan);
    let data: Vec<Value> = chosen.iter().filter_map(|(_, n)| show(*n)).collect();
    Ok(Answer::ok(&json!({
        "data": data,
        "hasNext": has_next,
        "hasPrevious": has_previous,
        "count": places.len(),
        "links": {
            "current": turn(call, tail, Some(cursor)),
            "previous": turn(call, tail, previous),
            "next": turn(call, tail, next),
        },
    })))
}

fn next_after((at, n): Place) -> Place {
    (at, n.saturating_add(1))
}

/// A link to the page at `cursor`, with the filters of this one.
fn turn(call: &Call, tail: &str, cursor: Option<Cursor>) -> Value {
    let Some(cursor) = cursor else { return no_link() };
    let Ok(mut url) = Url::parse(&format!("{}{}/api/pub/v2{tail}", call.base_url, call.mount)) else {
        return no_link();
    };
    let filters = call.query.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("cursor"));
    for (name, value) in filters {
        url.query_pairs_mut().append_pair(name, value);
    }
    if let Some(cursor) = cursor.encode() {
        url.query_pairs_mut().append_pair("cursor", &cursor);
    }
    json!({ "method": "GET", "href": url.as_str() })
}
