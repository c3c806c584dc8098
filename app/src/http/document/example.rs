//! Examples, made of those of the fields.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

const SCHEMAS: &str = "#/components/schemas/";
const DEEP: u32 = 8;

/// Gives every body of an operation an example.
pub fn add_to(operation: &mut Value, schemas: &Value, requests: &BTreeSet<String>) {
    let whole = Maker { schemas, requests };
    if let Some(body) = operation.get_mut("requestBody") {
        whole.complete(body, None);
    }
    for (status, response) in operation["responses"].as_object_mut().into_iter().flatten() {
        whole.complete(response, status.parse().ok());
    }
}

struct Maker<'a> {
    schemas: &'a Value,
    requests: &'a BTreeSet<String>,
}

impl Maker<'_> {
    fn complete(&self, holder: &mut Value, status: Option<u16>) {
        let content = holder.get_mut("content").and_then(Value::as_object_mut);
        for (kind, media) in content.into_iter().flatten() {
            if kind.contains("json") {
                let example = match status {
                    Some(status) if kind.contains("problem") => problem(status),
                    _ => self.of(&media["schema"], DEEP),
                };
                media["example"] = example;
            }
        }
    }

    fn of(&self, schema: &Value, deep: u32) -> Value {
        if deep == 0 {
            return Value::Null;
        }
        if let Some(example) = schema.get("example") {
            return example.clone();
        }
        let name = schema["$ref"].as_str().and_then(|r| r.strip_prefix(SCHEMAS));
        if let Some(name) = name {
            return self.named(name, deep);
        }
        if let Some(part) = schema["allOf"].as_array().and_then(|parts| parts.first()) {
            return self.of(part, deep - 1);
        }
        if let Some(first) = schema["enum"].as_array().and_then(|words| words.first()) {
            return first.clone();
        }
        match schema["type"].as_str() {
            Some("string") => json!("text"),
            Some("integer") => {
                schema.get("minimum").and_then(Value::as_f64).map_or(json!(1), |m| json!(m as i64))
            }
            Some("number") => json!(0.7),
            Some("boolean") => json!(false),
            Some("array") => json!([self.of(&schema["items"], deep - 1)]),
            Some("object") => self.object(schema, &[], deep, false),
            _ => Value::Null,
        }
    }

    fn named(&self, name: &str, deep: u32) -> Value {
        let schema = &self.schemas[name];
        // Of the two prices an order names one.
        let besides: &[&str] = if name == "NewVerification" { &["max_price"] } else { &[] };
        if name == "BatchResult" {
            return self.result(schema, deep);
        }
        self.object(schema, besides, deep, self.requests.contains(name))
    }

    /// Of a result one of the two: an item that was ordered has no problem.
    fn result(&self, schema: &Value, deep: u32) -> Value {
        let mut result = self.object(schema, &[], deep, false);
        if let Some(fields) = result.as_object_mut() {
            fields.remove("problem");
        }
        result
    }

    /// Every field; of a request those that are required.
    fn object(&self, schema: &Value, besides: &[&str], deep: u32, only_required: bool) -> Value {
        let required = schema["required"].as_array();
        let wanted = |name: &String| {
            !only_required
                || besides.contains(&name.as_str())
                || required.is_some_and(|names| names.iter().any(|required| required == name))
        };
        let properties = schema["properties"].as_object().into_iter().flatten();
        let fields = properties.filter(|(name, _)| wanted(name));
        let fields = fields.map(|(name, property)| (name.clone(), self.of(property, deep - 1)));
        Value::Object(fields.collect::<Map<_, _>>())
    }
}

/// The first kind of problem of that status.
fn problem(status: u16) -> Value {
    let kind = crate::http::problem::kinds::KINDS.iter().find(|kind| kind.status == status);
    let mut body = json!({
        "type": kind.map_or_else(String::new, |kind| format!("/problems/{}", kind.slug())),
        "title": kind.map_or("", |kind| kind.title),
        "status": status,
        "detail": kind.map_or("", |kind| kind.title),
        "code": kind.map_or("", |kind| kind.code),
        "request_id": "req_0123456789abcdef0123456789abcdef",
    });
    if status == 422 {
        body["errors"] =
            json!([{ "field": "amount.amount", "code": "invalid", "detail": "expected a decimal" }]);
    }
    body
}
