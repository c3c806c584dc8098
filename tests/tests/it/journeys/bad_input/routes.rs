//! Every route that takes a body, with one that is sound there.

use reqwest::Method;
use serde_json::{Value, json};

use super::EMAIL;
use crate::journeys::customer::{batch, order, payment};

/// A route and a body that is sound there.
pub type Route = (Method, &'static str, Value);

/// Every wish of a customer about notifications.
fn wishes() -> Value {
    let both = json!({ "in_app": true, "mail": true });
    json!({
        "new_sign_in": both, "ticket_answered": both, "low_balance": both, "deposit_received": both,
        "refund_made": both, "number_expiring": both,
    })
}

/// Every route that takes a body of ours, with the smallest body that is sound.
pub(super) fn routes_with_bodies() -> Vec<Route> {
    let account = json!({ "email": EMAIL, "password": "seven quiet lanterns" });
    let email = json!({ "email": EMAIL });
    let sum = json!({ "amount": "5.00", "currency": "USD" });
    let posts = vec![
        ("auth/register", account.clone()),
        ("auth/login", account.clone()),
        ("auth/session", account),
        ("auth/verify-email", json!({ "token": "t" })),
        ("auth/resend-verification", email.clone()),
        ("auth/refresh", json!({ "refresh_token": "t" })),
        ("auth/password/forgot", email),
        ("auth/password/reset", json!({ "token": "t", "password": "nine loud drums beat" })),
        (
            "auth/password/change",
            json!({ "current_password": "seven quiet lanterns", "new_password": "nine loud drums beat" }),
        ),
        ("auth/email/confirm", json!({ "email": EMAIL, "token": "t" })),
        ("auth/google/second-factor", json!({ "totp_code": "123456" })),
        ("auth/step-up", json!({ "password": "seven quiet lanterns" })),
        ("auth/totp/confirm", json!({ "code": "123456" })),
        ("auth/totp/disable", json!({ "password": "seven quiet lanterns", "code": "123456" })),
        ("api-keys", json!({ "name": "CI", "scopes": ["wallet:read"] })),
        ("payments", payment("5.00")),
        ("payments/{id}/refund", json!({ "amount": sum })),
        ("quotes", json!({ "service": "telegram", "country": "US" })),
        ("verifications", order("telegram")),
        ("verifications/batch", batch("all_or_nothing", vec![order("telegram")])),
        ("verifications/{id}/report", json!({ "reason": "no_code" })),
        ("support/tickets", json!({ "subject": "Help", "body": "No code", "category": "other" })),
        ("support/tickets/{id}/messages", json!({ "body": "Still none" })),
        ("webhook-endpoints", json!({ "url": "https://example.com/hook", "events": ["*"] })),
        ("webhook-endpoints/{id}/replay", json!({ "since": "2026-01-01T00:00:00Z" })),
    ];
    let posts = posts.into_iter().map(|(path, body)| (Method::POST, path, body));
    let others = [
        (Method::PUT, "wallet/settings", json!({ "low_balance_threshold": sum })),
        (Method::PUT, "notifications/settings", wishes()),
        (Method::PATCH, "me", json!({ "email": EMAIL })),
        (Method::PATCH, "webhook-endpoints/{id}", json!({ "description": "Checkout" })),
    ];
    posts.chain(others).collect()
}
