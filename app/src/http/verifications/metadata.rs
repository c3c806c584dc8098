//! Metadata: a customer's own notes on an order. At most 50 keys of 40 characters, with texts of 500.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef},
    types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type},
};
use serde::{Deserialize, Deserializer, de};
use serde_json::{Value, json};

const MAX_KEYS: usize = 50;
const MAX_KEY_CHARS: usize = 40;
const MAX_TEXT_CHARS: usize = 500;

/// Notes, sorted by key so that the same notes are the same text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata(BTreeMap<String, String>);

impl Metadata {
    /// A JSON object; `None` for no notes.
    pub fn to_text(&self) -> Option<String> {
        (!self.0.is_empty()).then(|| json!(self.0).to_string())
    }
}

struct TooMuch;

impl fmt::Display for TooMuch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "expected at most {MAX_KEYS} keys of 1 to {MAX_KEY_CHARS} characters with texts of at most \
             {MAX_TEXT_CHARS} characters, without NUL"
        )
    }
}

fn check(map: BTreeMap<String, String>) -> Result<Metadata, TooMuch> {
    let key_fits = |key: &str| (1..=MAX_KEY_CHARS).contains(&key.chars().count());
    let text_fits = |text: &str| text.chars().count() <= MAX_TEXT_CHARS;
    // Postgres keeps no NUL in a text.
    let storable = |text: &str| !text.contains('\0');
    let fits = map.len() <= MAX_KEYS
        && map.iter().all(|(k, v)| key_fits(k) && text_fits(v) && storable(k) && storable(v));
    if fits { Ok(Metadata(map)) } else { Err(TooMuch) }
}

impl<'de> Deserialize<'de> for Metadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        check(BTreeMap::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl Type for Metadata {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "metadata".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        let text = MetaSchema { max_length: Some(MAX_TEXT_CHARS), ..MetaSchema::new("string") };
        MetaSchemaRef::Inline(Box::new(MetaSchema {
            additional_properties: Some(Box::new(MetaSchemaRef::Inline(Box::new(text)))),
            max_properties: Some(MAX_KEYS),
            example: Some(json!({ "customer": "4711" })),
            ..MetaSchema::new("object")
        }))
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl ParseFromJSON for Metadata {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        serde_json::from_value(value.unwrap_or_default()).map_err(ParseError::custom)
    }
}

impl ToJSON for Metadata {
    fn to_json(&self) -> Option<Value> {
        Some(json!(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: Value) -> Option<Metadata> {
        serde_json::from_value(value).ok()
    }

    #[test]
    fn notes_are_bounded_texts_by_key() {
        let notes = read(json!({"b": "2", "a": ""})).and_then(|notes| notes.to_text());
        assert_eq!(notes.as_deref(), Some(r#"{"a":"","b":"2"}"#));
        assert_eq!(read(json!({})).and_then(|notes| notes.to_text()), None);
        let many: BTreeMap<String, &str> = (0..51).map(|n| (n.to_string(), "")).collect();
        for refused in [
            json!({"a": 1}),
            json!({"a": null}),
            json!({"": "x"}),
            json!({"a": "\0"}),
            json!({"k".repeat(41): "x"}),
            json!({"a": "x".repeat(501)}),
            json!(many),
            json!([]),
            json!("x"),
        ] {
            assert_eq!(read(refused.clone()), None, "{refused}");
        }
    }
}
