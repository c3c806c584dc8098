//! Bad input of the admin API.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::json;

use super::{
    super::bad_input::{Route, document, operations, refuse_other_shapes, refuse_what_cannot_be_read},
    World, on_both, owner,
};

on_both! {
    every_admin_route_refuses_what_is_no_sound_body,
    admin_parameters_that_are_none_are_refused,
}

fn routes_with_bodies() -> Vec<Route> {
    vec![
        (Method::POST, "admin/ip-allowlist", json!({ "network": "127.0.0.0/8", "note": "the office" })),
        (Method::POST, "admin/staff", json!({ "email": "somebody@example.com", "role": "support" })),
        (Method::PATCH, "admin/staff/{id}", json!({ "role": "support" })),
        (
            Method::POST,
            "admin/users/{id}/adjustments",
            json!({ "amount": { "amount": "-2.50", "currency": "USD" }, "reason": "credited twice" }),
        ),
        (Method::POST, "admin/adjustments/{id}/reject", json!({ "reason": "not proven" })),
        (Method::POST, "admin/tickets/{id}/reply", json!({ "body": "Wait on" })),
        (Method::POST, "admin/canned-answers", json!({ "name": "Wait", "body": "Wait on" })),
        (Method::PUT, "admin/canned-answers/{id}", json!({ "name": "Wait", "body": "Wait on" })),
        (Method::POST, "admin/tickets/{id}/status", json!({ "status": "closed" })),
        (Method::POST, "admin/tickets/{id}/assign", json!({ "assignee": "usr_00000000000000000000000000" })),
        (
            Method::POST,
            "admin/payments/{id}/refund",
            json!({ "amount": { "amount": "2.50", "currency": "USD" }, "reason": "not wanted" }),
        ),
        (Method::POST, "admin/reconciliation/items/{id}/resolve", json!({ "note": "looked there" })),
        (Method::POST, "admin/suspense/{id}/resolve", json!({ "to": "owner" })),
        (Method::POST, "admin/users/{id}/suspend", json!({ "reason": "spam" })),
        (Method::POST, "admin/webhook-endpoints/{id}/off", json!({ "reason": "posts to a stranger" })),
        (Method::POST, "admin/services/{code}/block", json!({ "reason": "fraud" })),
        (Method::POST, "admin/providers/{id}/off", json!({ "reason": "upkeep" })),
        (Method::POST, "admin/providers/{id}/on", json!({ "reason": "upkeep" })),
        (Method::POST, "admin/pricing-rules", json!({ "multiplier": "1.5" })),
        (Method::POST, "admin/pricing-rules/preview", json!({ "multiplier": "1.5" })),
    ]
}

async fn every_admin_route_refuses_what_is_no_sound_body(world: &World) {
    let owner = owner(world).await;
    let described: BTreeSet<String> = operations(&document(world).await)
        .into_iter()
        .filter(|(_, path, operation)| !operation["requestBody"].is_null() && path.contains("/admin/"))
        .map(|(_, path, _)| path.trim_end_matches('/').to_owned())
        .collect();
    let tried = routes_with_bodies().into_iter().map(|(_, path, _)| format!("/api/v1/{path}")).collect();
    assert_eq!(described, tried, "each route with a body is tried");
    for route in routes_with_bodies() {
        refuse_what_cannot_be_read(&owner.who, &route).await;
        refuse_other_shapes(&owner.who, &route).await;
    }
    assert_eq!(world.books.count("SELECT COUNT(*) FROM audit_log").await, 1, "the owner's own line alone");
}

async fn admin_parameters_that_are_none_are_refused(world: &World) {
    let owner = owner(world).await;
    let long = "a".repeat(255);
    for path in [
        "admin/users?limit=0".to_owned(),
        "admin/users?after=ses_00000000000000000000000000".to_owned(),
        "admin/users?status=gone".to_owned(),
        "admin/users?role=admin".to_owned(),
        "admin/users?q=".to_owned(),
        "admin/users?q=%00".to_owned(),
        format!("admin/users?q={long}"),
        "admin/suppressions?limit=0".to_owned(),
        "admin/suppressions?after=usr_00000000000000000000000000".to_owned(),
        "admin/tickets?status=waiting".to_owned(),
        "admin/tickets?category=abuse".to_owned(),
        "admin/tickets?assignee=me".to_owned(),
        "admin/audit-log?actor=1".to_owned(),
        "admin/audit-log?action=deleted".to_owned(),
        format!("admin/audit-log?subject={long}"),
        "admin/audit-log?from=yesterday".to_owned(),
        "admin/users/usr_00000000000000000000000000/timeline?after=x".to_owned(),
        "admin/payments?status=paid".to_owned(),
        "admin/payments?user=pay_00000000000000000000000000".to_owned(),
        "admin/payments?reference=nmk_a".to_owned(),
        format!("admin/payments?reference={long}"),
        "admin/payments?after=usr_00000000000000000000000000".to_owned(),
        "admin/payments?limit=101".to_owned(),
        "admin/stats".to_owned(),
        "admin/stats?from=2026-11-01T00:00:00Z".to_owned(),
        "admin/stats?from=yesterday&to=2026-11-01T00:00:00Z".to_owned(),
        "admin/stats?from=2025-01-01T00:00:00Z&to=2026-01-02T00:00:01Z".to_owned(),
        "admin/exports/users.csv".to_owned(),
        "admin/exports/entries.csv?to=2026-11-01T00:00:00Z".to_owned(),
        "admin/exports/verifications.csv?from=x&to=2026-11-01T00:00:00Z".to_owned(),
        "admin/jobs?state=pending".to_owned(),
        "admin/jobs?kind=mail".to_owned(),
        "admin/jobs?after=usr_00000000000000000000000000".to_owned(),
        "admin/suspense?state=closed".to_owned(),
        "admin/suspense?after=x".to_owned(),
        "admin/verifications?status=gone".to_owned(),
        "admin/verifications?service=What".to_owned(),
        "admin/verifications?user=ver_00000000000000000000000000".to_owned(),
        "admin/verifications?after=usr_00000000000000000000000000".to_owned(),
        "admin/verifications?limit=101".to_owned(),
        "admin/purchases?state=intended".to_owned(),
        "admin/purchases?after=ver_00000000000000000000000000".to_owned(),
    ] {
        owner.who.get(&path).await.refused(422, "invalid_request");
    }
    for list in ["stats", "exports/users.csv", "exports/entries.csv", "exports/verifications.csv"] {
        let empty = format!("admin/{list}?from=2026-11-02T00:00:00Z&to=2026-11-02T00:00:00Z");
        owner.who.get(&empty).await.refused(422, "invalid_period");
    }
    for network in ["", "?network=", "?network=10.0.0.0/33", "?network=example.com"] {
        let refused = owner.who.delete(&format!("admin/ip-allowlist{network}")).await;
        refused.refused(422, "invalid_request");
    }
    for path in [
        "admin/users/x",
        "admin/users/x/timeline",
        "admin/users/pay_00000000000000000000000000",
        "admin/verifications/x",
        "admin/verifications/ver_00000000000000000000000000",
        "admin/verifications/ver_00000000000000000000000000/timeline",
        "admin/verifications/usr_00000000000000000000000000/timeline",
    ] {
        owner.who.get(path).await.refused(404, "not_found");
    }
    let cancelled = owner.who.get("admin/users?q=%25").await.is(200);
    assert_eq!(cancelled["data"], json!([]));
}
