//! The long poll: answers at once if the order has ended or differs from what the client knows, else on its next
//! change, else when the wait is over.

use std::{borrow::Cow, time::Duration};

use namaskah_domain::{OrderId, UserId, verification::Shown};
use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef},
    types::{ParseError, ParseFromJSON, ParseFromParameter, ParseResult, ToJSON, Type},
};
use serde_json::Value;
use tokio::time::Instant;

use super::VerificationsApi;
use crate::http::{
    feed::{News, Wanted},
    problem::Problem,
};

/// Whole numbers within bounds, as parameters.
macro_rules! number_parameter {
    ($(#[$doc:meta])* $name:ident($inner:ty), $what:literal, $min:literal, $max:expr, $format:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $name(pub $inner);

        impl Type for $name {
            const IS_REQUIRED: bool = true;
            type RawValueType = Self;
            type RawElementValueType = Self;

            fn name() -> Cow<'static, str> {
                $what.into()
            }

            fn schema_ref() -> MetaSchemaRef {
                MetaSchemaRef::Inline(Box::new(MetaSchema {
                    minimum: Some(f64::from($min)),
                    maximum: Some($max as f64),
                    ..MetaSchema::new_with_format("integer", $format)
                }))
            }

            fn as_raw_value(&self) -> Option<&Self> {
                Some(self)
            }

            fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
                Box::new(std::iter::once(self))
            }
        }

        impl ParseFromParameter for $name {
            fn parse_from_parameter(text: &str) -> ParseResult<Self> {
                let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
                let number: Option<$inner> = if digits { text.parse().ok() } else { None };
                number
                    .filter(|number| ($min..=$max).contains(number))
                    .map(Self)
                    .ok_or_else(|| ParseError::custom(format_args!("expected {}", $what)))
            }
        }

        impl ParseFromJSON for $name {
            fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
                Self::parse_from_parameter(&value.unwrap_or_default().to_string())
            }
        }

        impl ToJSON for $name {
            fn to_json(&self) -> Option<Value> {
                Some(self.0.into())
            }
        }
    };
}

number_parameter! {
    /// How many seconds to wait at most.
    WaitQuery(u64), "a number of seconds from 0 to 25", 0, 25_u64, "int32"
}

number_parameter! {
    /// The version that the client knows.
    VersionQuery(i64), "a version from 1 on", 1, i64::from(i32::MAX), "int64"
}

impl VerificationsApi {
    /// The order as it is when the wait is over.
    pub(super) async fn wait_for(
        &self,
        user: UserId,
        id: OrderId,
        wait: Duration,
        known: Option<i64>,
    ) -> Result<Shown, Problem> {
        let deadline = Instant::now() + wait;
        // Listening begins before the first look, so that no change falls between the two.
        let mut listener = self.feed.listen(Wanted { user, subject: Some(id.uuid()) });
        let first = self.verifications.get(user, id).await?;
        let known = known.unwrap_or_else(|| version(&first));
        if wait.is_zero() || has_news(&first, known) {
            return Ok(first);
        }
        loop {
            match tokio::time::timeout_at(deadline, listener.next()).await {
                Ok(News::Event(_) | News::Missed) => {
                    let now = self.verifications.get(user, id).await?;
                    if has_news(&now, known) {
                        return Ok(now);
                    }
                }
                Ok(News::Stopping) | Err(_) => return Ok(self.verifications.get(user, id).await?),
            }
        }
    }
}

fn version(shown: &Shown) -> i64 {
    shown.order.head().version.get()
}

fn has_news(shown: &Shown, known: i64) -> bool {
    shown.order.status().is_final() || version(shown) != known
}
