//! What poem-openapi leaves out: nulls, closed bodies, headers of every answer, examples; and statuses that an
//! operation never answers with, which are taken away.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::example;
use crate::http::{
    key_scheme::KEY_SCHEME,
    lifecycle::{self, DEPRECATED},
    metrics::SCHEME as WATCHERS_SCHEME,
};

const SCHEMAS: &str = "#/components/schemas/";

/// Completes a document in place.
pub fn complete(document: &mut Value) {
    let closed = request_schemas(document);
    if let Some(schemas) = document["components"]["schemas"].as_object_mut() {
        for (name, schema) in schemas.iter_mut() {
            mark_nullable(schema);
            if closed.contains(name) {
                schema["additionalProperties"] = json!(false);
            }
        }
    }
    document["components"]["headers"] = common_headers();
    let schemas = document["components"]["schemas"].clone();
    for_each_operation(document, |path, method, operation| {
        drop_impossible(path, method, operation);
        name_scopes(operation);
        admit_neighbours(operation);
        add_headers(operation);
        lifecycle::mark(DEPRECATED, path, method, operation);
        example::add_to(operation, &schemas, &closed);
    });
}

fn for_each_operation(document: &mut Value, mut act: impl FnMut(&str, &str, &mut Value)) {
    for (path, operations) in document["paths"].as_object_mut().into_iter().flatten() {
        for (method, operation) in operations.as_object_mut().into_iter().flatten() {
            act(path, method, operation);
        }
    }
}

/// Names of the schemas that bodies of requests are made of.
fn request_schemas(document: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let operations = document["paths"].as_object().into_iter().flatten();
    let operations = operations.flat_map(|(_, path)| path.as_object().into_iter().flatten());
    for (_, operation) in operations {
        collect(&operation["requestBody"], &document["components"]["schemas"], &mut found);
    }
    found
}

fn collect(value: &Value, schemas: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            let name = map.get("$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix(SCHEMAS));
            if let Some(name) = name
                && found.insert(name.to_owned())
            {
                collect(&schemas[name], schemas, found);
            }
            map.values().for_each(|value| collect(value, schemas, found));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, schemas, found)),
        _ => {}
    }
}

/// What is not required may be null.
fn mark_nullable(schema: &mut Value) {
    let required: Vec<String> = schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    for (name, property) in schema.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten()
    {
        if required.contains(name) {
            continue;
        }
        if property.get("$ref").is_some() {
            *property = json!({ "allOf": [property.clone()] });
        }
        if let Some(values) = property.get_mut("enum").and_then(Value::as_array_mut) {
            values.push(Value::Null);
        }
        property["nullable"] = json!(true);
    }
}

/// The scopes of a key stand beside the schemes: of a scheme that is not OAuth a document names none.
fn name_scopes(operation: &mut Value) {
    let mut scopes = Vec::new();
    for scheme in operation.get_mut("security").and_then(Value::as_array_mut).into_iter().flatten() {
        let names = scheme.as_object().and_then(|scheme| scheme.keys().next().cloned()).unwrap_or_default();
        if let Some((KEY_SCHEME, names)) = names.split_once(' ') {
            scopes.extend(names.split(' ').map(str::to_owned));
            *scheme = json!({ KEY_SCHEME: [] });
        }
    }
    if !scopes.is_empty() {
        operation["x-api-key-scopes"] = json!(scopes);
    }
}

/// Whoever asks from the same machine needs no token: an empty requirement stands beside it.
fn admit_neighbours(operation: &mut Value) {
    let Some(schemes) = operation.get_mut("security").and_then(Value::as_array_mut) else { return };
    if schemes.iter().any(|scheme| scheme.get(WATCHERS_SCHEME).is_some()) {
        schemes.push(json!({}));
    }
}

fn common_headers() -> Value {
    let header = |about: &str, schema: Value| json!({ "description": about, "schema": schema });
    let text = || json!({ "type": "string" });
    let count = || json!({ "type": "integer", "minimum": 0 });
    json!({
        "X-Request-Id": header("Quote it when you write to support", text()),
        "RateLimit-Policy": header("Quotas that apply, as `\"default\";q=100;w=60`", text()),
        "RateLimit": header("What is left of them, as `\"default\";r=42;t=17`", text()),
        "X-RateLimit-Limit": header("The tightest quota", count()),
        "X-RateLimit-Remaining": header("What is left of it", count()),
        "X-RateLimit-Reset": header("Seconds until there is more", count()),
        "Retry-After": header("Seconds to wait before the next try", count()),
    })
}

const ALWAYS: [&str; 6] = [
    "X-Request-Id",
    "RateLimit-Policy",
    "RateLimit",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
];

fn add_headers(operation: &mut Value) {
    for (status, response) in operation["responses"].as_object_mut().into_iter().flatten() {
        let waits = ["429", "503"].contains(&status.as_str());
        let names = ALWAYS.iter().copied().chain(waits.then_some("Retry-After"));
        let headers = response
            .as_object_mut()
            .map(|response| response.entry("headers").or_insert_with(|| Value::Object(Map::new())));
        let Some(headers) = headers.and_then(Value::as_object_mut) else { continue };
        for name in names {
            headers.insert(name.to_owned(), json!({ "$ref": format!("#/components/headers/{name}") }));
        }
    }
}

/// An operation without a body is never too large, one that only reads meets no conflict, and so on.
fn drop_impossible(path: &str, method: &str, operation: &mut Value) {
    let has_body = operation.get("requestBody").is_some();
    // A key may have been used for another command.
    let has_key = operation["parameters"]
        .as_array()
        .is_some_and(|parameters| parameters.iter().any(|parameter| parameter["name"] == "Idempotency-Key"));
    let has_query = operation["parameters"]
        .as_array()
        .is_some_and(|parameters| parameters.iter().any(|parameter| parameter["in"] == "query"));
    let is_hook = path.starts_with("/api/v1/hooks/");
    let is_system = !path.starts_with("/api/");
    let reads = method == "get";
    let places_order =
        !reads && ["/verifications", "/verifications/batch", "/retry"].iter().any(|end| path.ends_with(end));
    // A correction below zero takes what is there.
    let corrects = !reads && path.contains("/adjustments") && !path.ends_with("/reject");
    let gateway = ["/api/v1/payments", "/api/v1/admin/payments", "/api/v1/admin/suspense"];
    let talks_to_gateway = !reads && gateway.iter().any(|begins| path.starts_with(begins));
    let comes_from_google = path.ends_with("/auth/google/callback");
    let talks_to_google =
        comes_from_google || (path.ends_with("/auth/google") && reads) || path.ends_with("/auth/google/link");
    let never = |status: &str| match status {
        "402" => !places_order && !corrects,
        "409" => (reads && !comes_from_google) || is_hook,
        "413" => !has_body,
        "415" => !has_body || is_hook,
        "422" => !(has_body || has_query || has_key) || is_hook,
        "502" => !talks_to_gateway && !talks_to_google,
        "400" | "401" | "403" | "404" => is_system,
        _ => false,
    };
    if let Some(responses) = operation["responses"].as_object_mut() {
        responses.retain(|status, _| !never(status));
    }
}
