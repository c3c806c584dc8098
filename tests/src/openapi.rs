//! Two OpenAPI documents compared: what of the newer one breaks clients of the older one.
//!
//! A client may rely on each operation, on what it may send, and on each field that it is told was always there. It must
//! expect fields, words of a field, statuses of errors and operations that it does not know.

mod schema;

use serde_json::{Value, json};

use schema::{Direction, Schemas};

/// Methods that a path may have.
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// Every break, a line each: where, and what.
pub fn breaks(older: &Value, newer: &Value) -> Vec<String> {
    let schemas = Schemas { older, newer };
    let mut found = Vec::new();
    for (path, older) in entries(&older["paths"]) {
        for method in METHODS {
            let (before, after) = (&older[method], &newer["paths"][path][method]);
            if before.is_null() {
                continue;
            }
            let place = format!("{} {path}", method.to_uppercase());
            if after.is_null() {
                found.push(format!("{place}: is gone"));
                continue;
            }
            operation(&schemas, &place, before, after, &mut found);
        }
    }
    found
}

/// True if the newer version may break what the older one promised: another major version, or a minor one before 1.0.
pub fn may_break(older: &str, newer: &str) -> bool {
    let numbers = |version: &str| -> Vec<u64> {
        version.split(['.', '-']).take(3).filter_map(|number| number.parse().ok()).collect()
    };
    match (numbers(older).as_slice(), numbers(newer).as_slice()) {
        ([0, minor, ..], [0, newer, ..]) => newer > minor,
        ([major, ..], [newer, ..]) => newer > major,
        _ => false,
    }
}

/// What of a document is a promise: without examples, and of refusals no more than that they may come, since their shape
/// is the same everywhere.
pub fn promised(document: &Value) -> Value {
    let mut promised = without_examples(document);
    for (_, operations) in promised["paths"].as_object_mut().into_iter().flatten() {
        for (_, operation) in operations.as_object_mut().into_iter().flatten() {
            for (status, response) in operation["responses"].as_object_mut().into_iter().flatten() {
                if !status.starts_with(['2', '3']) {
                    *response = json!({ "description": response["description"] });
                }
            }
        }
    }
    promised
}

fn without_examples(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(without_examples).collect(),
        Value::Object(map) => {
            let kept = map.iter().filter(|(name, _)| *name != "example");
            Value::Object(kept.map(|(name, value)| (name.clone(), without_examples(value))).collect())
        }
        other => other.clone(),
    }
}

/// What a document says its version is.
pub fn version(document: &Value) -> &str {
    document["info"]["version"].as_str().unwrap_or_default()
}

fn operation(schemas: &Schemas<'_>, place: &str, before: &Value, after: &Value, found: &mut Vec<String>) {
    if before["operationId"] != after["operationId"] {
        found.push(format!("{place}: is called {} now", after["operationId"]));
    }
    credentials(place, before, after, found);
    parameters(schemas, place, before, after, found);
    body(schemas, place, &before["requestBody"], &after["requestBody"], found);
    answers(schemas, place, &before["responses"], &after["responses"], found);
}

/// Each way in that was there still is, and asks no more of a key.
fn credentials(place: &str, before: &Value, after: &Value, found: &mut Vec<String>) {
    let ways = |operation: &Value| -> Vec<Value> { items(&operation["security"]).cloned().collect() };
    let (old, new) = (ways(before), ways(after));
    if old.is_empty() && !new.is_empty() {
        found.push(format!("{place}: wants a credential now"));
    }
    for way in old.iter().filter(|way| !new.is_empty() && !new.contains(way)) {
        found.push(format!("{place}: the credential {way} is no longer enough"));
    }
    let scopes =
        |operation: &Value| -> Vec<Value> { items(&operation["x-api-key-scopes"]).cloned().collect() };
    let had = scopes(before);
    for scope in scopes(after).iter().filter(|scope| !had.contains(scope)) {
        found.push(format!("{place}: a key needs {scope} now"));
    }
}

fn parameters(schemas: &Schemas<'_>, place: &str, before: &Value, after: &Value, found: &mut Vec<String>) {
    let is_same = |one: &Value, other: &Value| one["name"] == other["name"] && one["in"] == other["in"];
    for old in items(&before["parameters"]) {
        let name = old["name"].as_str().unwrap_or_default();
        match items(&after["parameters"]).find(|new| is_same(old, new)) {
            None => found.push(format!("{place}: the parameter {name} is gone")),
            Some(new) => {
                if new["required"] == true && old["required"] != true {
                    found.push(format!("{place}: the parameter {name} is required now"));
                }
                let place = format!("{place}: parameter {name}");
                schemas.compare(&place, &old["schema"], &new["schema"], Direction::Sent, found);
            }
        }
    }
    for new in items(&after["parameters"]).filter(|new| new["required"] == true) {
        if !items(&before["parameters"]).any(|old| is_same(old, new)) {
            found.push(format!("{place}: the parameter {} is new and required", new["name"]));
        }
    }
}

fn body(schemas: &Schemas<'_>, place: &str, before: &Value, after: &Value, found: &mut Vec<String>) {
    if after["required"] == true && before["required"] != true {
        found.push(format!("{place}: a body is required now"));
    }
    for (kind, old) in entries(&before["content"]) {
        match after["content"].get(kind) {
            None => found.push(format!("{place}: takes no {kind} any more")),
            Some(new) => {
                let place = format!("{place}: body");
                schemas.compare(&place, &old["schema"], &new["schema"], Direction::Sent, found);
            }
        }
    }
}

/// Of answers that tell of an error the shape is the same everywhere, so only those that tell of success are compared, and
/// the kinds of all.
fn answers(schemas: &Schemas<'_>, place: &str, before: &Value, after: &Value, found: &mut Vec<String>) {
    for (status, old) in entries(before).filter(|(status, _)| status.starts_with(['2', '3'])) {
        let Some(new) = after.get(status) else {
            found.push(format!("{place}: answers {status} no more"));
            continue;
        };
        for (kind, old) in entries(&old["content"]) {
            match new["content"].get(kind) {
                None => found.push(format!("{place}: {status} is no {kind} any more")),
                Some(new) => {
                    let place = format!("{place}: {status}");
                    schemas.compare(&place, &old["schema"], &new["schema"], Direction::Told, found);
                }
            }
        }
        for (header, _) in entries(&old["headers"]) {
            if new["headers"].get(header).is_none() {
                found.push(format!("{place}: {status} has no header {header} any more"));
            }
        }
    }
    for (status, _) in entries(after).filter(|(status, _)| status.starts_with(['2', '3'])) {
        if before.get(status).is_none() {
            found.push(format!("{place}: may answer {status} now"));
        }
    }
}

fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

#[cfg(test)]
mod tests;
