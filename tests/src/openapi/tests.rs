use serde_json::{Value, json};

use super::{breaks, may_break};

fn document() -> Value {
    json!({
        "paths": { "/orders/{id}": { "post": {
            "operationId": "place",
            "security": [{ "Bearer": [] }],
            "x-api-key-scopes": ["orders:write"],
            "parameters": [
                { "name": "id", "in": "path", "required": true, "schema": { "type": "string" } },
                { "name": "limit", "in": "query", "required": false, "schema": { "type": "integer", "maximum": 100.0 } },
            ],
            "requestBody": { "required": false, "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Place" } } } },
            "responses": {
                "201": {
                    "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Order" } } },
                    "headers": { "Location": { "$ref": "#/components/headers/Location" } },
                },
                "409": { "content": {} },
            },
        } } },
        "components": { "schemas": {
            "Place": {
                "type": "object", "required": ["service"],
                "properties": {
                    "service": { "type": "string", "enum": ["a", "b"] },
                    "note": { "type": "string", "nullable": true, "maxLength": 10 },
                },
            },
            "Order": {
                "type": "object", "required": ["id", "price"],
                "properties": {
                    "id": { "type": "string" },
                    "price": { "$ref": "#/components/schemas/Money" },
                    "lines": { "type": "array", "items": { "$ref": "#/components/schemas/Order" } },
                },
            },
            "Money": { "type": "object", "required": ["amount"], "properties": { "amount": { "type": "string" } } },
        } },
    })
}

/// Breaks after the value at each pointer was replaced; `null` takes it away.
fn after(changes: &[(&str, Value)]) -> Vec<String> {
    let mut newer = document();
    for (pointer, value) in changes {
        let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
        let parent = newer.pointer_mut(parent).expect(pointer);
        match (parent, value) {
            (Value::Object(parent), Value::Null) => drop(parent.remove(name)),
            (Value::Array(parent), Value::Null) => drop(parent.remove(name.parse().expect("a number"))),
            (Value::Object(parent), value) => drop(parent.insert(name.to_owned(), value.clone())),
            (parent, value) => parent.as_array_mut().expect("a list").push(value.clone()),
        }
    }
    breaks(&document(), &newer)
}

const POST: &str = "/paths/~1orders~1{id}/post";

#[test]
fn each_of_these_breaks_a_client() {
    let place = "/components/schemas/Place";
    let order = "/components/schemas/Order";
    let at = |below: &str| format!("/paths/~1orders~1{{id}}/post{below}");
    // `pointer_mut` knows the escapes of a pointer, and the parent is named by one.
    assert!(document().pointer(POST).is_some());
    for (pointer, value, told) in [
        ("/paths/~1orders~1{id}/post".to_owned(), Value::Null, "POST /orders/{id}: is gone"),
        (at("/operationId"), json!("put"), "is called"),
        (at("/security"), json!([{ "Cookie": [] }]), "no longer enough"),
        (at("/x-api-key-scopes/-"), json!("wallet:read"), "a key needs"),
        (at("/parameters/1"), Value::Null, "the parameter limit is gone"),
        (at("/parameters/1/required"), json!(true), "the parameter limit is required now"),
        (at("/parameters/1/schema/maximum"), json!(50.0), "maximum has fallen"),
        (
            at("/parameters/-"),
            json!({ "name": "at", "in": "query", "required": true, "schema": {} }),
            "is new and required",
        ),
        (at("/requestBody/required"), json!(true), "a body is required now"),
        (at("/responses/201"), Value::Null, "answers 201 no more"),
        (at("/responses/202"), json!({}), "may answer 202 now"),
        (at("/responses/201/headers/Location"), Value::Null, "has no header Location"),
        (format!("{place}/properties/note"), Value::Null, "body.note: is gone"),
        (format!("{place}/properties/note/nullable"), json!(false), "may not be null any more"),
        (format!("{place}/properties/note/maxLength"), json!(9), "maxLength has fallen"),
        (format!("{place}/properties/note/minLength"), json!(1), "minLength has risen"),
        (format!("{place}/properties/note/pattern"), json!("^a"), "another pattern"),
        (format!("{place}/properties/service/enum"), json!(["a"]), "\"b\" is refused now"),
        (format!("{place}/required/-"), json!("note"), "body.note: is required now"),
        (format!("{order}/properties/id"), Value::Null, "201.id: is gone"),
        (format!("{order}/properties/id/type"), json!("integer"), "the type was"),
        (format!("{order}/properties/id/format"), json!("uuid"), "the format was"),
        (format!("{order}/properties/id/nullable"), json!(true), "may be null now"),
        (format!("{order}/required/0"), Value::Null, "201.id: may be missing now"),
        ("/components/schemas/Money/properties/amount/type".to_owned(), json!("number"), "201.price.amount"),
    ] {
        let found = after(&[(&pointer, value)]);
        assert!(found.iter().any(|line| line.contains(told)), "{pointer}: {found:?}");
    }
}

#[test]
fn a_field_that_is_new_and_required_in_a_body_breaks_a_client() {
    let found = after(&[
        ("/components/schemas/Place/properties/more", json!({ "type": "string" })),
        ("/components/schemas/Place/required/-", json!("more")),
    ]);
    assert_eq!(found, ["POST /orders/{id}: body.more: is new and required"]);
}

#[test]
fn none_of_these_breaks_a_client() {
    let at = |below: &str| format!("/paths/~1orders~1{{id}}/post{below}");
    for (pointer, value) in [
        ("/paths/~1new".to_owned(), json!({ "get": {} })),
        (at("/security/-"), json!({ "Cookie": [] })),
        (at("/parameters/-"), json!({ "name": "at", "in": "query", "required": false, "schema": {} })),
        (at("/parameters/1/schema/maximum"), json!(500.0)),
        (at("/responses/409"), Value::Null),
        (at("/responses/402"), json!({})),
        ("/components/schemas/Place/properties/more".to_owned(), json!({ "type": "string" })),
        ("/components/schemas/Place/properties/service/enum".to_owned(), json!(["a", "b", "c"])),
        ("/components/schemas/Place/properties/note/maxLength".to_owned(), json!(11)),
        ("/components/schemas/Place/required/0".to_owned(), Value::Null),
        ("/components/schemas/Order/properties/more".to_owned(), json!({ "type": "string" })),
        ("/components/schemas/Order/required/-".to_owned(), json!("lines")),
    ] {
        let found = after(&[(&pointer, value)]);
        assert!(found.is_empty(), "{pointer}: {found:?}");
    }
}

#[test]
fn what_may_break_is_told_by_the_version() {
    for (older, newer, may) in [
        ("0.1.0", "0.1.1", false),
        ("0.1.0", "0.2.0", true),
        ("0.9.0", "1.0.0", true),
        ("1.2.0", "1.3.0", false),
        ("1.2.0", "2.0.0", true),
        ("2.0.0", "1.0.0", false),
        ("0.2.0", "0.1.0", false),
    ] {
        assert_eq!(may_break(older, newer), may, "{older} to {newer}");
    }
}
