//! The log of events, to catch up with: everything after a sequence, ascending.

use std::borrow::Cow;

use namaskah_domain::PageOf;
use poem_openapi::{
    OpenApi,
    param::Query,
    registry::{MetaSchema, MetaSchemaRef},
    types::{ParseError, ParseFromParameter, ParseResult, Type},
};

use crate::http::{
    body::{LimitQuery, Listed, Shown},
    feed::{Feed, Wanted},
    key_scheme::{Caller, EverythingRead},
    problem::Problem,
    tags::Tag,
    telling::{EventBody, Teller, Words},
};

/// A place in the log: 0 is before everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SequenceQuery(pub i64);

impl Type for SequenceQuery {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "sequence".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema {
            minimum: Some(0.0),
            ..MetaSchema::new_with_format("integer", "int64")
        }))
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl ParseFromParameter for SequenceQuery {
    fn parse_from_parameter(text: &str) -> ParseResult<Self> {
        let digits = (1..=18).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        let sequence = if digits { text.parse().ok() } else { None };
        sequence.map(Self).ok_or_else(|| ParseError::custom("expected a number from 0"))
    }
}

/// The route of the log.
pub struct EventsApi {
    /// What has happened.
    pub feed: Feed,
    /// Tells it.
    pub teller: Teller,
}

#[OpenApi(prefix_path = "/api/v1/events", tag = "Tag::Webhooks")]
impl EventsApi {
    /// What has happened to your orders and payments
    ///
    /// Ascending by `sequence`, without a gap: pass the last one that you have as `after` to catch up with whatever a
    /// webhook or a stream has missed. As webhooks, without phone numbers, texts and codes.
    #[oai(path = "/", method = "get", operation_id = "list_events")]
    async fn list(
        &self,
        user: Caller<EverythingRead>,
        #[oai(default)] limit: Query<LimitQuery>,
        /// The last sequence that you have.
        after: Query<Option<SequenceQuery>>,
    ) -> Result<Shown<Listed<EventBody>>, Problem> {
        let (limit, after) = (limit.0.rows(), after.0.map_or(0, |after| after.0));
        let wanted = Wanted { user: user.id(), subject: None };
        let page = PageOf::from_one_more(self.feed.past(wanted, after, limit + 1).await?, limit);
        let next_cursor = page.rows.last().filter(|_| page.has_more).map(|event| event.sequence.to_string());
        let mut data = Vec::with_capacity(page.rows.len());
        for event in &page.rows {
            data.extend(self.teller.tell(event, Words::Withheld).await?);
        }
        Ok(Shown(Listed { data, has_more: page.has_more, next_cursor }))
    }
}
