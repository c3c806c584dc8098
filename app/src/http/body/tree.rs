//! JSON in two steps: bytes to a tree that has no key twice, and the tree to a typed body whose errors are values
//! (a code and a field), not texts to be taken apart.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{
        self, DeserializeOwned, IntoDeserializer, MapAccess, SeqAccess, Unexpected, Visitor,
        value::{MapDeserializer, SeqDeserializer},
    },
    forward_to_deserialize_any,
};
use serde_json::{Map, Value};

/// Why a body is not what was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BodyFault {
    /// Not JSON, not UTF-8, nested too deep, or a key twice.
    Malformed(String),
    /// JSON, but a field is not as it should be.
    Field {
        /// Path of the field.
        path: String,
        /// Stable name of what is wrong.
        code: &'static str,
        /// What is expected.
        detail: String,
    },
}

/// Reads a body.
///
/// # Errors
/// [`BodyFault`] for the first thing that is wrong.
pub fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, BodyFault> {
    let Unique(tree) = serde_json::from_slice(bytes).map_err(|e| BodyFault::Malformed(position(&e)))?;
    serde_path_to_error::deserialize(Node(&tree)).map_err(|error| {
        let path = error.path().to_string();
        let misfit = error.into_inner();
        BodyFault::Field { path: full_path(&path, &misfit), code: misfit.code, detail: misfit.detail }
    })
}

/// serde_json's own words may quote the body, so only the place is told, and whether a key came twice.
fn position(error: &serde_json::Error) -> String {
    let what = if error.is_data() { "A key is repeated" } else { "The body is not JSON" };
    format!("{what} (line {}, column {}).", error.line(), error.column())
}

/// A missing or unknown field is noticed in its parent.
fn full_path(path: &str, misfit: &Misfit) -> String {
    let parent = if path == "." { "" } else { path };
    match &misfit.field {
        Some(field) if parent.is_empty() => field.clone(),
        Some(field) if parent == field || parent.ends_with(&format!(".{field}")) => parent.to_owned(),
        Some(field) => format!("{parent}.{field}"),
        None => parent.to_owned(),
    }
}

/// A tree in which no object has a key twice.
struct Unique(Value);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UniqueVisitor).map(Self)
    }
}

struct UniqueVisitor;

impl<'de> Visitor<'de> for UniqueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(Unique(item)) = seq.next_element()? {
            items.push(item);
        }
        Ok(items.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some((key, Unique(value))) = access.next_entry::<String, Unique>()? {
            if map.insert(key, value).is_some() {
                return Err(de::Error::custom("a key is repeated"));
            }
        }
        Ok(map.into())
    }
}

/// What is wrong, as a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    code: &'static str,
    field: Option<String>,
    detail: String,
}

impl Misfit {
    fn new(code: &'static str, detail: impl fmt::Display) -> Self {
        Self { code, field: None, detail: detail.to_string() }
    }

    fn of_field(code: &'static str, field: &str, detail: &str) -> Self {
        Self { code, field: Some(field.to_owned()), detail: detail.to_owned() }
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for Misfit {}

impl de::Error for Misfit {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new("invalid", message)
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::new("wrong_type", format_args!("expected {expected}"))
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::new("invalid", format_args!("expected {expected}"))
    }

    fn invalid_length(_: usize, expected: &dyn de::Expected) -> Self {
        Self::new("invalid", format_args!("expected {expected}"))
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::new("invalid", format_args!("expected one of {}", expected.join(", ")))
    }

    fn unknown_field(field: &str, _: &'static [&'static str]) -> Self {
        let shown: String = field.chars().filter(|c| !c.is_control()).take(64).collect();
        Self::of_field("unknown_field", &shown, "this field is not known")
    }

    fn missing_field(field: &'static str) -> Self {
        Self::of_field("required", field, "this field is required")
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::of_field("duplicate_field", field, "this field is repeated")
    }
}

/// A tree as a deserializer.
#[derive(Clone, Copy)]
struct Node<'a>(&'a Value);

impl<'de> IntoDeserializer<'de, Misfit> for Node<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Node<'de> {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Number(number) => {
                if let Some(value) = number.as_u64() {
                    visitor.visit_u64(value)
                } else if let Some(value) = number.as_i64() {
                    visitor.visit_i64(value)
                } else {
                    visitor.visit_f64(number.as_f64().unwrap_or(f64::NAN))
                }
            }
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Array(items) => visitor.visit_seq(SeqDeserializer::new(items.iter().map(Node))),
            Value::Object(map) => {
                visitor.visit_map(MapDeserializer::new(map.iter().map(|(k, v)| (k.as_str(), Node(v)))))
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct map enum identifier ignored_any
    }

    /// serde would also fill a struct from an array; the API does not.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        if self.0.is_object() {
            self.deserialize_any(visitor)
        } else {
            Err(Misfit::new("wrong_type", "expected an object"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        name: String,
        items: Vec<Inner>,
        note: Option<String>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        count: u32,
    }

    fn field(body: &str) -> (String, &'static str) {
        match read::<Outer>(body.as_bytes()) {
            Err(BodyFault::Field { path, code, .. }) => (path, code),
            other => panic!("{body} gave {other:?}"),
        }
    }

    #[test]
    fn a_sound_body_is_read() {
        let body = r#"{"name":"é","items":[{"count":1}],"note":null}"#;
        let sound = Outer { name: "é".into(), items: vec![Inner { count: 1 }], note: None };
        assert_eq!(read::<Outer>(body.as_bytes()), Ok(sound));
    }

    #[test]
    fn what_is_wrong_has_a_path_and_a_code() {
        assert_eq!(field(r#"{"name":5,"items":[]}"#), ("name".into(), "wrong_type"));
        assert_eq!(field(r#"{"name":true,"items":[]}"#), ("name".into(), "wrong_type"));
        assert_eq!(field(r#"{"name":"a"}"#), ("items".into(), "required"));
        assert_eq!(field(r#"{"name":"a","items":[{"count":1},{}]}"#), ("items[1].count".into(), "required"));
        assert_eq!(field(r#"{"name":"a","items":[{"count":-1}]}"#), ("items[0].count".into(), "invalid"));
        assert_eq!(field(r#"{"name":"a","items":[{"count":1.5}]}"#), ("items[0].count".into(), "wrong_type"));
        assert_eq!(field(r#"{"name":"a","items":[],"x":1}"#), ("x".into(), "unknown_field"));
        assert_eq!(
            field(r#"{"name":"a","items":[{"count":1,"y":{}}]}"#),
            ("items[0].y".into(), "unknown_field")
        );
        assert_eq!(field(r#"["a",[],null]"#), (String::new(), "wrong_type"));
        assert_eq!(field("null"), (String::new(), "wrong_type"));
    }

    #[test]
    fn what_is_no_json_is_malformed() {
        let deep = "[".repeat(10_000);
        for body in [
            &b""[..],
            b"{",
            b"{\"name\":\"a\",}",
            b"{} {}",
            b"{\"name\":\"\xff\"}",
            b"\xef\xbb\xbf{}",
            b"{\"amount\":1e400}",
            b"{\"amount\":NaN}",
            b"{\"name\":\"a\",\"name\":\"b\",\"items\":[]}",
            b"{\"name\":\"a\",\"items\":[{\"count\":1,\"count\":2}]}",
            deep.as_bytes(),
        ] {
            assert!(matches!(read::<Outer>(body), Err(BodyFault::Malformed(_))), "{body:?}");
        }
    }
}
