//! Text forms of the domain's values.

use std::borrow::Cow;

use chrono::{DateTime, SecondsFormat, Utc};
use ipnet::IpNet;
use namaskah_domain::{
    Entity, Id, Time,
    auth::{AllowedIps, Email, OneTimeCode, Role, Secret},
    entity::OrderEntity,
    verification::{
        AreaCode, BatchMode, Capability, Carrier, CountryCode, OrderStatus, ReportReason, ServiceCode,
    },
    wallet::{HoldPurpose, Reason},
};
use poem_openapi::registry::MetaSchema;
use serde_json::Value;

use super::text::{TextForm, one_of, pattern, sized};

impl<T: Entity> TextForm for Id<T> {
    const EXPECTED: &'static str = "an identifier";

    fn schema() -> MetaSchema {
        let prefix = T::PREFIX;
        pattern(
            format!("^{prefix}_[0-7][0-9abcdefghjkmnpqrstvwxyz]{{25}}$"),
            format!("{prefix}_01k8y6m2w4f3v9q7r5t1x0z8ab"),
        )
    }

    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }

    fn write(&self) -> Cow<'_, str> {
        self.to_string().into()
    }
}

/// The identifier of what the hold is for.
impl TextForm for HoldPurpose {
    const EXPECTED: &'static str = "the identifier of a verification or a refund";

    fn schema() -> MetaSchema {
        pattern(
            "^(ver|rfd)_[0-7][0-9abcdefghjkmnpqrstvwxyz]{25}$",
            format!("{}_01k8y6m2w4f3v9q7r5t1x0z8ab", OrderEntity::PREFIX),
        )
    }

    fn read(text: &str) -> Option<Self> {
        text.parse().map(Self::Order).or_else(|_| text.parse().map(Self::Refund)).ok()
    }

    fn write(&self) -> Cow<'_, str> {
        match self {
            Self::Order(order) => order.to_string().into(),
            Self::Refund(refund) => refund.to_string().into(),
        }
    }
}

/// RFC 3339, UTC, milliseconds.
impl TextForm for Time {
    const EXPECTED: &'static str = "a time in RFC 3339, UTC, as 2026-01-01T00:00:00.000Z";

    fn schema() -> MetaSchema {
        MetaSchema {
            format: Some("date-time"),
            example: Some(Value::String("2026-01-01T00:00:00.000Z".to_owned())),
            ..MetaSchema::new("string")
        }
    }

    fn read(text: &str) -> Option<Self> {
        DateTime::parse_from_rfc3339(text).ok().map(|time| time.with_timezone(&Utc))
    }

    fn write(&self) -> Cow<'_, str> {
        self.to_rfc3339_opts(SecondsFormat::Millis, true).into()
    }
}

impl TextForm for Email {
    const EXPECTED: &'static str = "an e-mail address";

    fn schema() -> MetaSchema {
        MetaSchema { format: Some("email"), ..sized(3, 254, "ada@example.com") }
    }

    fn read(text: &str) -> Option<Self> {
        Self::try_new(text).ok()
    }

    fn write(&self) -> Cow<'_, str> {
        self.as_str().into()
    }
}

impl TextForm for Reason {
    const EXPECTED: &'static str = "a text of 1 to 500 characters in one line";

    fn schema() -> MetaSchema {
        sized(1, 500, "as agreed with the customer")
    }

    fn read(text: &str) -> Option<Self> {
        Self::try_new(text).ok()
    }

    fn write(&self) -> Cow<'_, str> {
        self.as_str().into()
    }
}

/// A password or a token of at most 1,024 bytes. Written as nothing: secrets have their own way out.
impl TextForm for Secret {
    const EXPECTED: &'static str = "a text of 1 to 1024 bytes";

    fn schema() -> MetaSchema {
        MetaSchema { format: Some("password"), ..sized(1, 1024, "seven green lanterns hum") }
    }

    fn read(text: &str) -> Option<Self> {
        (1..=1024).contains(&text.len()).then(|| Self::new(text.to_owned()))
    }

    fn write(&self) -> Cow<'_, str> {
        "".into()
    }
}

/// A part of a name to search for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchText(String);

impl SearchText {
    /// True if it is part of `text`, which is in lower case.
    pub fn is_in(&self, text: &str) -> bool {
        text.contains(&self.0)
    }
}

impl TextForm for SearchText {
    const EXPECTED: &'static str = "a text of 1 to 64 characters";

    fn schema() -> MetaSchema {
        sized(1, 64, "whats")
    }

    fn read(text: &str) -> Option<Self> {
        (1..=64).contains(&text.chars().count()).then(|| Self(text.to_lowercase()))
    }

    fn write(&self) -> Cow<'_, str> {
        self.0.as_str().into()
    }
}

/// A password to be. Its rules are checked later, with words of their own; the schema tells the lengths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPassword(pub Secret);

impl TextForm for NewPassword {
    const EXPECTED: &'static str = Secret::EXPECTED;

    fn schema() -> MetaSchema {
        MetaSchema { format: Some("password"), ..sized(10, 256, "seven green lanterns hum") }
    }

    fn read(text: &str) -> Option<Self> {
        Secret::read(text).map(Self)
    }

    fn write(&self) -> Cow<'_, str> {
        "".into()
    }
}

macro_rules! codes {
    ($($kind:ty, $expected:literal, $pattern:literal, $example:literal;)*) => {$(
        impl TextForm for $kind {
            const EXPECTED: &'static str = $expected;

            fn schema() -> MetaSchema {
                pattern($pattern, $example)
            }

            fn read(text: &str) -> Option<Self> {
                Self::try_new(text).ok()
            }

            fn write(&self) -> Cow<'_, str> {
                self.as_str().into()
            }
        }
    )*};
}

codes! {
    ServiceCode, "the code of a service", "^[a-z0-9_.-]{1,64}$", "whatsapp";
    CountryCode, "two capital letters of a country", "^[A-Z]{2}$", "US";
    AreaCode, "three digits of an area code", "^[0-9]{3}$", "212";
    Carrier, "the name of a carrier", "^[a-z0-9]{1,16}$", "tmo";
}

impl TextForm for Capability {
    const EXPECTED: &'static str = "sms or voice";

    fn schema() -> MetaSchema {
        one_of(&["sms", "voice"])
    }

    fn read(text: &str) -> Option<Self> {
        Self::from_name(text).ok()
    }

    fn write(&self) -> Cow<'_, str> {
        self.name().into()
    }
}

impl TextForm for OrderStatus {
    const EXPECTED: &'static str = "the status of a verification";

    fn schema() -> MetaSchema {
        one_of(&Self::ALL.map(Self::name))
    }

    fn read(text: &str) -> Option<Self> {
        Self::from_name(text)
    }

    fn write(&self) -> Cow<'_, str> {
        self.name().into()
    }
}

impl TextForm for ReportReason {
    const EXPECTED: &'static str = "a reason: number_used, no_code or wrong_code";

    fn schema() -> MetaSchema {
        one_of(&Self::ALL.map(Self::name))
    }

    fn read(text: &str) -> Option<Self> {
        Self::from_name(text)
    }

    fn write(&self) -> Cow<'_, str> {
        self.name().into()
    }
}

impl TextForm for BatchMode {
    const EXPECTED: &'static str = "a mode: all_or_nothing or best_effort";

    fn schema() -> MetaSchema {
        one_of(&Self::ALL.map(Self::name))
    }

    fn read(text: &str) -> Option<Self> {
        Self::from_name(text)
    }

    fn write(&self) -> Cow<'_, str> {
        self.name().into()
    }
}

impl TextForm for Role {
    const EXPECTED: &'static str = "a role";

    fn schema() -> MetaSchema {
        one_of(&Self::ALL.map(Self::name))
    }

    fn read(text: &str) -> Option<Self> {
        Self::from_name(text)
    }

    fn write(&self) -> Cow<'_, str> {
        self.name().into()
    }
}

/// A network, or one address. Bits behind the mask are dropped.
impl TextForm for IpNet {
    const EXPECTED: &'static str = "an address, or a network as 203.0.113.0/24 or 2001:db8::/32";

    fn schema() -> MetaSchema {
        sized(2, 43, "203.0.113.0/24")
    }

    fn read(text: &str) -> Option<Self> {
        AllowedIps::network(text)
    }

    fn write(&self) -> Cow<'_, str> {
        self.to_string().into()
    }
}

impl TextForm for OneTimeCode {
    const EXPECTED: &'static str = "six digits, or a recovery code";

    fn schema() -> MetaSchema {
        pattern("^([0-9]{6}|[A-Za-z2-7]{4}(-?[A-Za-z2-7]{4}){7})$", "123456")
    }

    fn read(text: &str) -> Option<Self> {
        Self::read(text)
    }

    /// It only ever comes in, and is told to nobody.
    fn write(&self) -> Cow<'_, str> {
        "".into()
    }
}

#[cfg(test)]
mod tests {
    use namaskah_domain::OrderId;

    use super::*;

    #[test]
    fn times_are_written_in_milliseconds_and_read_with_any_offset() {
        let time = Time::read("2026-11-22T08:30:00.123456+02:00").expect("a time");
        assert_eq!(time.write(), "2026-11-22T06:30:00.123Z");
        assert_eq!(Time::read("2026-11-22 06:30"), None);
    }

    #[test]
    fn the_example_of_an_identifier_is_one() {
        let schema = OrderId::schema();
        let example = schema.example.and_then(|e| e.as_str().map(str::to_owned)).expect("an example");
        assert!(OrderId::read(&example).is_some());
    }
}
