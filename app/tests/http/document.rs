//! The OpenAPI document.

use std::collections::BTreeSet;

use namaskah::http::{body::tree, server};
use serde_json::{Value, json};

use crate::given::world;

fn document() -> Value {
    tree::read(server::openapi().as_bytes()).expect("JSON without a repeated key")
}

fn operations(document: &Value) -> Vec<(&str, &str, &Value)> {
    let paths = document["paths"].as_object().expect("paths");
    let each = paths.iter().flat_map(|(path, operations)| {
        let operations = operations.as_object().expect("operations");
        operations.iter().map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
    });
    each.collect()
}

/// Calls for every value in a tree.
fn walk<'a>(value: &'a Value, see: &mut impl FnMut(&'a Value)) {
    see(value);
    match value {
        Value::Object(map) => map.values().for_each(|value| walk(value, see)),
        Value::Array(items) => items.iter().for_each(|item| walk(item, see)),
        _ => {}
    }
}

#[test]
fn no_key_is_repeated_and_every_reference_leads_somewhere() {
    let document = document();
    let mut references = BTreeSet::new();
    walk(&document, &mut |value| {
        if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
            references.insert(reference.strip_prefix('#').expect("a local reference"));
        }
    });
    assert!(references.len() > 20);
    for reference in references {
        assert!(document.pointer(reference).is_some(), "{reference}");
    }
}

#[tokio::test]
async fn what_is_served_is_that_document() {
    let served = world().await.get("/openapi.json").await.text().await.expect("text");
    assert_eq!(served, server::openapi());
}

#[test]
fn every_operation_has_a_name_a_tag_a_summary_and_an_answer_to_too_many_requests() {
    let document = document();
    let mut names = BTreeSet::new();
    for (path, method, operation) in operations(&document) {
        let name = operation["operationId"].as_str().unwrap_or_else(|| panic!("{method} {path}"));
        assert!(names.insert(name), "{name} is there twice");
        assert_eq!(operation["tags"].as_array().map(Vec::len), Some(1), "{name}");
        assert!(operation["summary"].is_string(), "{name}");
        assert!(operation["responses"]["429"]["headers"]["Retry-After"].is_object(), "{name}");
    }
    assert!(names.len() >= 35, "{}", names.len());
}

#[test]
fn every_json_body_has_an_example_that_fits_its_schema() {
    let document = document();
    let mut seen = 0;
    for (path, method, operation) in operations(&document) {
        let request = std::iter::once(&operation["requestBody"]);
        let responses = operation["responses"].as_object().into_iter().flat_map(|all| all.values());
        for holder in request.chain(responses) {
            for (kind, media) in holder["content"].as_object().into_iter().flatten() {
                if kind.contains("json") {
                    let fault = misfit(&document, &media["schema"], &media["example"], "");
                    assert_eq!(fault, None, "{method} {path}: {}", media["example"]);
                    seen += 1;
                }
            }
        }
    }
    assert!(seen > 100);
}

/// Where a value does not fit a schema, as far as this document goes in describing values.
fn misfit(document: &Value, schema: &Value, value: &Value, at: &str) -> Option<String> {
    if let Some(reference) = schema["$ref"].as_str() {
        let named = document.pointer(reference.trim_start_matches('#')).expect("it leads somewhere");
        return misfit(document, named, value, at);
    }
    if value.is_null() && schema["nullable"] == true {
        return None;
    }
    if let Some(parts) = schema["allOf"].as_array() {
        return parts.iter().find_map(|part| misfit(document, part, value, at));
    }
    if schema["enum"].as_array().is_some_and(|words| !words.contains(value)) {
        return Some(format!("{at}: not in {}", schema["enum"]));
    }
    match schema["type"].as_str() {
        Some("string") => (!value.is_string()).then(|| format!("{at}: no string")),
        Some("integer") => (!value.is_i64()).then(|| format!("{at}: no integer")),
        Some("number") => (!value.is_number()).then(|| format!("{at}: no number")),
        Some("boolean") => (!value.is_boolean()).then(|| format!("{at}: no boolean")),
        Some("array") => match value.as_array() {
            Some(items) => items.iter().find_map(|item| misfit(document, &schema["items"], item, at)),
            None => Some(format!("{at}: no array")),
        },
        _ => misfit_of_object(document, schema, value, at),
    }
}

fn misfit_of_object(document: &Value, schema: &Value, value: &Value, at: &str) -> Option<String> {
    let Some(fields) = value.as_object() else { return Some(format!("{at}: no object")) };
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    if let Some(missing) = required.into_iter().find(|name| !fields.contains_key(*name)) {
        return Some(format!("{at}.{missing} is missing"));
    }
    fields.iter().find_map(|(name, field)| match schema["properties"].get(name) {
        Some(property) => misfit(document, property, field, &format!("{at}.{name}")),
        None if schema["additionalProperties"] == false => Some(format!("{at}.{name} is not known")),
        None => None,
    })
}

#[test]
fn bodies_of_requests_are_closed_and_optional_fields_may_be_null() {
    let document = document();
    let schemas = &document["components"]["schemas"];
    for name in [
        "NewPayment",
        "WalletAmount",
        "NewVerification",
        "NewQuote",
        "NewWalletSettings",
        "SignIn",
        "Registration",
    ] {
        assert_eq!(schemas[name]["additionalProperties"], false, "{name}");
    }
    assert!(schemas["Verification"].get("additionalProperties").is_none());
    let verification = &schemas["Verification"]["properties"];
    for name in ["phone_number", "retry_of", "failure", "expires_at", "metadata"] {
        assert_eq!(verification[name]["nullable"], true, "{name}");
    }
    assert_eq!(schemas["Money"]["properties"]["amount"]["type"], "string");
}

#[test]
fn commands_that_need_a_key_say_so_and_no_others_do() {
    let document = document();
    let mut with_key = Vec::new();
    for (path, method, operation) in operations(&document) {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        for parameter in parameters.filter(|parameter| parameter["name"] == "Idempotency-Key") {
            assert_eq!(parameter["required"], true);
            with_key.push(format!("{method} {path}"));
        }
    }
    assert_eq!(
        with_key,
        [
            "post /api/v1/admin/payments/{id}/refund",
            "post /api/v1/admin/suspense/{id}/resolve",
            "post /api/v1/admin/users/{id}/adjustments",
            "post /api/v1/payments",
            "post /api/v1/payments/{id}/refund",
            "post /api/v1/verifications",
            "post /api/v1/verifications/batch",
            "post /api/v1/verifications/{id}/retry",
            "post /api/v1/verifications/{id}/swap"
        ]
    );
}

#[test]
fn whatever_is_not_for_strangers_names_its_credential() {
    let open = [
        "/api/v1/auth/email/confirm",
        "/api/v1/auth/google/callback",
        "/api/v1/auth/google/second-factor",
        "/api/v1/auth/login",
        "/api/v1/auth/password/forgot",
        "/api/v1/auth/password/reset",
        "/api/v1/auth/refresh",
        "/api/v1/auth/register",
        "/api/v1/auth/resend-verification",
        "/api/v1/auth/verify-email",
        "/api/v1/hooks/paystack",
        "/api/v1/hooks/textverified",
        "/healthz",
        "/readyz",
        "/status",
        "/status.json",
    ];
    let document = document();
    for (path, method, operation) in operations(&document) {
        let for_strangers = [("/api/v1/auth/session", "post"), ("/api/v1/auth/google", "get")];
        let is_open = open.contains(&path) || for_strangers.contains(&(path, method));
        assert_eq!(operation.get("security").is_none(), is_open, "{method} {path}");
    }
    let of_metrics = &document["paths"]["/metrics"]["get"]["security"];
    assert_eq!(of_metrics, &json!([{ "MetricsToken": [] }, {}]), "nothing is needed on the same machine");
    let schemes = &document["components"]["securitySchemes"];
    assert_eq!(schemes["AccessToken"]["scheme"], json!("bearer"));
    assert_eq!(schemes["SessionCookie"]["in"], json!("cookie"));
}
