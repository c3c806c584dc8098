//! Two schemas compared, by the direction in which a value of them goes.

use serde_json::Value;

use super::{entries, items};

/// Names of bounds by which fewer values fit when they rise, and when they fall.
const FLOORS: [&str; 4] = ["minLength", "minimum", "minItems", "minProperties"];
const CEILINGS: [&str; 4] = ["maxLength", "maximum", "maxItems", "maxProperties"];
/// Deeper than any schema of ours.
const DEPTH: usize = 12;

/// Who makes the value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// A client: all that fitted must fit.
    Sent,
    /// The product: all that comes must have fitted.
    Told,
}

/// Where names lead, in both documents.
pub(super) struct Schemas<'a> {
    pub(super) older: &'a Value,
    pub(super) newer: &'a Value,
}

/// A schema with what its references and its `allOf` say: the wrapper's own words, and the schema behind it.
struct Shape<'a> {
    outer: &'a Value,
    inner: &'a Value,
}

impl<'a> Shape<'a> {
    fn of(document: &'a Value, schema: &'a Value) -> Self {
        let mut inner = schema;
        for _ in 0..DEPTH {
            let next = match (inner["$ref"].as_str(), items(&inner["allOf"]).next()) {
                (Some(name), _) => document.pointer(name.trim_start_matches('#')),
                (None, only) => only,
            };
            match next {
                Some(next) => inner = next,
                None => break,
            }
        }
        Self { outer: schema, inner }
    }

    fn says(&self, word: &str) -> &'a Value {
        match self.outer.get(word) {
            Some(said) => said,
            None => &self.inner[word],
        }
    }

    fn is_nullable(&self) -> bool {
        self.says("nullable") == true
    }

    fn requires(&self, field: &str) -> bool {
        items(&self.inner["required"]).any(|name| name == field)
    }

    /// The closed list of its words, without the null that nullable ones have.
    fn words(&self) -> Option<Vec<&'a Value>> {
        let words = self.says("enum").as_array()?;
        Some(words.iter().filter(|word| !word.is_null()).collect())
    }
}

impl Schemas<'_> {
    pub(super) fn compare(
        &self,
        place: &str,
        older: &Value,
        newer: &Value,
        direction: Direction,
        found: &mut Vec<String>,
    ) {
        self.at_depth(0, place, older, newer, direction, found);
    }

    fn at_depth(
        &self,
        depth: usize,
        place: &str,
        older: &Value,
        newer: &Value,
        direction: Direction,
        found: &mut Vec<String>,
    ) {
        if depth > DEPTH {
            return;
        }
        let (old, new) = (Shape::of(self.older, older), Shape::of(self.newer, newer));
        for word in ["type", "format"] {
            if old.says(word) != new.says(word) {
                found.push(format!("{place}: the {word} was {}, is {}", old.says(word), new.says(word)));
            }
        }
        match direction {
            Direction::Sent if old.is_nullable() && !new.is_nullable() => {
                found.push(format!("{place}: may not be null any more"));
            }
            Direction::Told if new.is_nullable() && !old.is_nullable() => {
                found.push(format!("{place}: may be null now"));
            }
            Direction::Sent | Direction::Told => {}
        }
        if direction == Direction::Sent {
            narrowed(place, &old, &new, found);
        }
        let within =
            |part: &str| if part.is_empty() { format!("{place}[]") } else { format!("{place}.{part}") };
        for (part, word) in [("", "items"), ("*", "additionalProperties")] {
            let (old, new) = (old.says(word), new.says(word));
            if old.is_object() && new.is_object() {
                self.at_depth(depth + 1, &within(part), old, new, direction, found);
            }
        }
        for (field, before) in entries(&old.inner["properties"]) {
            let place = within(field);
            let Some(after) = new.inner["properties"].get(field) else {
                found.push(format!("{place}: is gone"));
                continue;
            };
            if direction == Direction::Told && old.requires(field) && !new.requires(field) {
                found.push(format!("{place}: may be missing now"));
            }
            if direction == Direction::Sent && new.requires(field) && !old.requires(field) {
                found.push(format!("{place}: is required now"));
            }
            self.at_depth(depth + 1, &place, before, after, direction, found);
        }
        if direction == Direction::Sent {
            let is_new = |field: &&String| old.inner["properties"].get(*field).is_none();
            for field in entries(&new.inner["properties"]).map(|(field, _)| field).filter(is_new) {
                if new.requires(field) {
                    found.push(format!("{}: is new and required", within(field)));
                }
            }
        }
    }
}

/// Values that fitted and fit no more.
fn narrowed(place: &str, old: &Shape<'_>, new: &Shape<'_>, found: &mut Vec<String>) {
    match (old.words(), new.words()) {
        (Some(old), Some(new)) => {
            for word in old.iter().filter(|word| !new.contains(word)) {
                found.push(format!("{place}: {word} is refused now"));
            }
        }
        (None, Some(new)) => found.push(format!("{place}: only {new:?} are taken now")),
        _ => {}
    }
    if !new.says("pattern").is_null() && old.says("pattern") != new.says("pattern") {
        found.push(format!("{place}: must fit another pattern now"));
    }
    let number = |shape: &Shape<'_>, word: &str| shape.says(word).as_f64();
    for word in FLOORS {
        if number(new, word).unwrap_or(f64::MIN) > number(old, word).unwrap_or(f64::MIN) {
            found.push(format!("{place}: {word} has risen"));
        }
    }
    for word in CEILINGS {
        if number(new, word).unwrap_or(f64::MAX) < number(old, word).unwrap_or(f64::MAX) {
            found.push(format!("{place}: {word} has fallen"));
        }
    }
}
