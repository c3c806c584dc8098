//! Lists: `?limit=&after=`, and `{"data":[…],"has_more":…,"next_cursor":…}`.

use std::borrow::Cow;

use namaskah_domain::{Entity, Id, Page, PageOf};
use poem_openapi::{
    Object,
    registry::{MetaSchema, MetaSchemaRef},
    types::{ParseError, ParseFromJSON, ParseFromParameter, ParseResult, ToJSON, Type},
};
use serde_json::Value;

use super::text::Text;

const MAX: u32 = 100;
const DEFAULT: u32 = 20;

/// How many rows a client wants: 1 to 100, 20 if it does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitQuery(u32);

impl Default for LimitQuery {
    fn default() -> Self {
        Self(DEFAULT)
    }
}

/// The last row that a client has seen.
pub type AfterQuery<T> = Option<Text<Id<T>>>;

impl LimitQuery {
    /// How many rows.
    pub const fn rows(self) -> u32 {
        self.0
    }

    /// The page that starts after a row.
    pub fn page<T: Entity>(self, after: AfterQuery<T>) -> Page<Id<T>> {
        Page { limit: self.0, after: after.map(|Text(id)| id) }
    }
}

impl Type for LimitQuery {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "limit".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema {
            minimum: Some(1.0),
            maximum: Some(f64::from(MAX)),
            ..MetaSchema::new_with_format("integer", "int32")
        }))
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl ParseFromParameter for LimitQuery {
    fn parse_from_parameter(text: &str) -> ParseResult<Self> {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        let limit = if digits { text.parse().ok() } else { None };
        let limit = limit.filter(|limit| (1..=MAX).contains(limit));
        limit.map(Self).ok_or_else(|| ParseError::custom(format_args!("expected a number from 1 to {MAX}")))
    }
}

impl ParseFromJSON for LimitQuery {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        Self::parse_from_parameter(&value.unwrap_or_default().to_string())
    }
}

impl ToJSON for LimitQuery {
    fn to_json(&self) -> Option<Value> {
        Some(self.0.into())
    }
}

/// A part of a list, newest first. There are no totals.
#[derive(Debug, Object)]
pub struct Listed<T: Type + ParseFromJSON + ToJSON> {
    /// The rows.
    pub data: Vec<T>,
    /// True if there is at least one row more.
    pub has_more: bool,
    /// Pass it as `after` to go on; null at the end.
    pub next_cursor: Option<String>,
}

impl<T: Type + ParseFromJSON + ToJSON> Listed<T> {
    /// Shows a page. The cursor is the identifier of its last row.
    pub fn of<R, E: Entity>(page: PageOf<R>, id: fn(&R) -> Id<E>, show: impl Fn(R) -> T) -> Self {
        let next_cursor = page.rows.last().filter(|_| page.has_more).map(|row| id(row).to_string());
        Self { has_more: page.has_more, next_cursor, data: page.rows.into_iter().map(show).collect() }
    }

    /// A page of what is shown already, with a cursor of another kind.
    pub fn by(page: PageOf<T>, cursor: fn(&T) -> String) -> Self {
        let next_cursor = page.rows.last().filter(|_| page.has_more).map(cursor);
        Self { has_more: page.has_more, next_cursor, data: page.rows }
    }

    /// A list that is short enough to be whole.
    pub fn whole(data: Vec<T>) -> Self {
        Self { data, has_more: false, next_cursor: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_a_plain_number_from_1_to_100() {
        assert_eq!(LimitQuery::parse_from_parameter("100").ok(), Some(LimitQuery(100)));
        for text in ["0", "101", "-1", "+5", "1.0", "", "ten", "99999999999999999999"] {
            assert!(LimitQuery::parse_from_parameter(text).is_err(), "{text}");
        }
    }
}
