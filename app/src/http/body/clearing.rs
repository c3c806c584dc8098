//! Changing what a record need not have: left out it stays, null or an empty text takes it away.

use std::borrow::Cow;

use poem_openapi::registry::MetaSchema;
use serde::{Deserialize, Deserializer};

use super::text::{Text, TextForm};

/// A value, or none from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrNone<T>(pub Option<T>);

impl<T: TextForm> TextForm for OrNone<T> {
    const EXPECTED: &'static str = T::EXPECTED;

    fn schema() -> MetaSchema {
        MetaSchema { min_length: None, ..T::schema() }
    }

    fn read(text: &str) -> Option<Self> {
        if text.is_empty() { Some(Self(None)) } else { T::read(text).map(|value| Self(Some(value))) }
    }

    fn write(&self) -> Cow<'_, str> {
        self.0.as_ref().map_or_else(|| "".into(), T::write)
    }
}

/// For `deserialize_with`, together with `default`: a field that is there, be it null, is `Some`.
///
/// # Errors
/// What is neither null nor the text of a value.
pub fn given<'de, D, T>(deserializer: D) -> Result<Option<Text<OrNone<T>>>, D::Error>
where
    D: Deserializer<'de>,
    T: TextForm,
{
    let given: Option<Text<OrNone<T>>> = Option::deserialize(deserializer)?;
    Ok(Some(given.unwrap_or(Text(OrNone(None)))))
}

#[cfg(test)]
mod tests {
    use namaskah_domain::webhook::Description;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Change {
        #[serde(default, deserialize_with = "given")]
        note: Option<Text<OrNone<Description>>>,
    }

    fn read(body: &str) -> Option<Option<Option<String>>> {
        let change: Change = serde_json::from_str(body).ok()?;
        Some(change.note.map(|Text(OrNone(note))| note.map(|note| note.as_str().to_owned())))
    }

    #[test]
    fn what_is_left_out_stays_and_what_is_empty_is_taken_away() {
        assert_eq!(read("{}"), Some(None));
        for empty in [r#"{"note":null}"#, r#"{"note":""}"#] {
            assert_eq!(read(empty), Some(Some(None)), "{empty}");
        }
        assert_eq!(read(r#"{"note":"Checkout"}"#), Some(Some(Some("Checkout".to_owned()))));
        for wrong in [r#"{"note":7}"#, r#"{"note":"a\nb"}"#] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
