//! Values that have one text form: identifiers, codes, times, sums. One door in, one way out, one schema.

use std::{borrow::Cow, fmt, marker::PhantomData};

use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef},
    types::{ParseError, ParseFromJSON, ParseFromParameter, ParseResult, ToJSON, Type},
};
use serde::{
    Deserialize, Deserializer,
    de::{self, Unexpected, Visitor},
};
use serde_json::Value;

/// A value with one text form.
pub trait TextForm: Sized + Send + Sync {
    /// What it is, as in "expected {EXPECTED}".
    const EXPECTED: &'static str;

    /// Its schema: a string with a pattern, an enumeration or a format, and an example.
    fn schema() -> MetaSchema;

    /// The value of a text, if it is one.
    fn read(text: &str) -> Option<Self>;

    /// Its text.
    fn write(&self) -> Cow<'_, str>;
}

/// A value on the wire. Read from JSON strings and parameters alone, never from numbers or booleans.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text<T>(pub T);

impl<'de, T: TextForm> Deserialize<'de> for Text<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor<T>(PhantomData<T>);

        impl<T: TextForm> Visitor<'_> for TextVisitor<T> {
            type Value = Text<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(T::EXPECTED)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Text<T>, E> {
                T::read(text).map(Text).ok_or_else(|| E::invalid_value(Unexpected::Other("text"), &self))
            }
        }
        deserializer.deserialize_str(TextVisitor(PhantomData))
    }
}

impl<T: TextForm> Type for Text<T> {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        T::EXPECTED.into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(T::schema()))
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl<T: TextForm> ParseFromJSON for Text<T> {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        match value {
            Some(Value::String(text)) => Self::parse_from_parameter(&text),
            other => Err(ParseError::expected_type(other.unwrap_or_default())),
        }
    }
}

impl<T: TextForm> ParseFromParameter for Text<T> {
    fn parse_from_parameter(text: &str) -> ParseResult<Self> {
        T::read(text).map(Self).ok_or_else(|| ParseError::custom(format_args!("expected {}", T::EXPECTED)))
    }
}

impl<T: TextForm> ToJSON for Text<T> {
    fn to_json(&self) -> Option<Value> {
        Some(Value::String(self.0.write().into_owned()))
    }
}

/// A string schema with a pattern and an example.
pub fn pattern(pattern: impl Into<String>, example: impl Into<String>) -> MetaSchema {
    MetaSchema {
        pattern: Some(pattern.into()),
        example: Some(Value::String(example.into())),
        ..MetaSchema::new("string")
    }
}

/// A string schema of a few words.
pub fn one_of(words: &[&'static str]) -> MetaSchema {
    MetaSchema {
        enum_items: words.iter().map(|word| Value::String((*word).to_owned())).collect(),
        ..MetaSchema::new("string")
    }
}

/// A string schema with lengths and an example.
pub fn sized(min: usize, max: usize, example: &str) -> MetaSchema {
    MetaSchema {
        min_length: Some(min),
        max_length: Some(max),
        example: Some(Value::String(example.to_owned())),
        ..MetaSchema::new("string")
    }
}

/// A decimal without trailing zeros, as `1600` or `1587.25`.
pub fn decimal(value: rust_decimal::Decimal) -> String {
    value.normalize().to_string()
}
