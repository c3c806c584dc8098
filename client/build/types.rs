//! Each schema as a struct; each closed list of words as an enum.

use std::fmt::Write;

use serde_json::Value;

use crate::names::{camel, comment, snake};

/// Every type.
pub fn write(document: &Value) -> String {
    let mut text = String::new();
    for (name, schema) in document["components"]["schemas"].as_object().into_iter().flatten() {
        structure(&mut text, &camel(name), schema);
    }
    text
}

fn structure(text: &mut String, name: &str, schema: &Value) {
    let mut words = String::new();
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    text.push_str(&comment(schema["description"].as_str(), ""));
    let _ =
        writeln!(text, "#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]");
    let _ = writeln!(text, "pub struct {name} {{");
    for (field, of) in schema["properties"].as_object().into_iter().flatten() {
        let kind = kind(of, &format!("{name}{}", camel(field)), &mut words);
        text.push_str(&comment(of["description"].as_str(), "    "));
        let own = snake(field);
        if own != *field {
            let _ = writeln!(text, "    #[serde(rename = {field:?})]");
        }
        if required.contains(&field.as_str()) && of["nullable"] != true {
            let _ = writeln!(text, "    pub {own}: {kind},");
        } else {
            let _ = writeln!(text, "    #[serde(default, skip_serializing_if = \"Option::is_none\")]");
            let _ = writeln!(text, "    pub {own}: Option<{kind}>,");
        }
    }
    text.push_str("}\n\n");
    text.push_str(&words);
}

/// The type of a value. A list of words becomes an enum of that name, which is written to `words`.
pub fn kind(schema: &Value, name: &str, words: &mut String) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        return camel(reference.rsplit('/').next().unwrap_or_default());
    }
    if let Some(only) = schema["allOf"].as_array().and_then(|all| all.first()) {
        return kind(only, name, words);
    }
    match schema["type"].as_str() {
        Some("string") if schema["enum"].is_array() => {
            enumeration(words, name, schema);
            name.to_owned()
        }
        Some("string") => "String".to_owned(),
        Some("boolean") => "bool".to_owned(),
        Some("number") => "f64".to_owned(),
        Some("integer") => match schema["format"].as_str() {
            Some("uint16") => "u16".to_owned(),
            Some("uint32") => "u32".to_owned(),
            Some("int32") => "i32".to_owned(),
            _ => "i64".to_owned(),
        },
        Some("array") => format!("Vec<{}>", kind(&schema["items"], name, words)),
        Some("object") if schema["additionalProperties"].is_object() => {
            let of = kind(&schema["additionalProperties"], name, words);
            format!("std::collections::BTreeMap<String, {of}>")
        }
        _ => "serde_json::Value".to_owned(),
    }
}

fn enumeration(text: &mut String, name: &str, schema: &Value) {
    text.push_str(&comment(schema["description"].as_str(), ""));
    let _ = writeln!(
        text,
        "#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]\npub enum {name} {{"
    );
    for word in schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let _ = writeln!(text, "    /// `{word}`\n    #[serde(rename = {word:?})]\n    {},", camel(word));
    }
    text.push_str("    /// A word of a later version; it is never sent.\n");
    text.push_str("    #[default]\n    #[serde(other, skip_serializing)]\n    Unlisted,\n}\n\n");
}
