//! Signing in, by tokens and by cookie.

use reqwest::{Response, header::SET_COOKIE};
use serde_json::json;

use crate::given::{PASSWORD, World, body, problem, world};

#[tokio::test]
async fn a_taken_address_is_answered_like_a_new_one() {
    let world = world().await;
    let account = json!({"email": "ada@example.com", "password": PASSWORD});
    let first = body(world.post("/api/v1/auth/register", account.clone()).await, 202).await;
    let second = body(world.post("/api/v1/auth/register", account).await, 202).await;
    assert_eq!(first, json!({"status": "verification_sent"}));
    assert_eq!(first, second);
}

#[tokio::test]
async fn weak_passwords_are_refused_by_field() {
    let world = world().await;
    let weak = world.post("/api/v1/auth/register", json!({"email": "ada@example.com", "password": "short"}));
    let refused = body(weak.await, 422).await;
    assert_eq!(refused["code"], "weak_password");
    assert_eq!(refused["errors"][0]["field"], "password");
    let ada = world.person("ada@example.com").await;
    let change = json!({"current_password": PASSWORD, "new_password": "short"});
    let refused = body(ada.post("/api/v1/auth/password/change", "unused", change).await, 422).await;
    assert_eq!(refused["errors"][0]["field"], "new_password");
}

#[tokio::test]
async fn a_leaked_password_is_a_weak_one_whose_address_does_not_matter() {
    let world = world().await;
    world.person("ada@example.com").await;
    world.leaked.leak("nine loud drums beat");
    for email in ["ada@example.com", "nobody@example.com"] {
        let account = json!({"email": email, "password": "nine loud drums beat"});
        let refused = body(world.post("/api/v1/auth/register", account).await, 422).await;
        assert_eq!(refused["code"], "weak_password");
        let error = json!({
            "field": "password", "code": "leaked", "detail": "this password is known from a leak elsewhere"
        });
        assert_eq!(refused["errors"], json!([error]));
    }
}

#[tokio::test]
async fn a_refresh_token_works_once_and_a_second_use_ends_the_sign_in() {
    let world = world().await;
    let ada = world.person("ada@example.com").await;
    let account = json!({"email": "ada@example.com", "password": PASSWORD});
    let tokens = body(world.post("/api/v1/auth/login", account).await, 200).await;
    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(tokens["user"]["email"], "ada@example.com");
    let refresh = json!({"refresh_token": tokens["refresh_token"]});
    let next = body(world.post("/api/v1/auth/refresh", refresh.clone()).await, 200).await;
    let reused = world.post("/api/v1/auth/refresh", refresh).await;
    assert_eq!(problem(reused, 401).await, "invalid_token");
    let token = next["access_token"].as_str().expect("a token");
    let ended = world.request("GET", "/api/v1/me").bearer_auth(token).send().await.expect("an answer");
    assert_eq!(problem(ended, 401).await, "unauthorized");
    // A refresh token is no access token, and the other sign-in goes on.
    let mixed = tokens["refresh_token"].as_str().expect("a token");
    let mixed = world.request("GET", "/api/v1/me").bearer_auth(mixed).send().await.expect("an answer");
    assert_eq!(mixed.status(), 401);
    assert_eq!(ada.get("/api/v1/me").await.status(), 200);
}

async fn open_browser(world: &World) -> (String, String) {
    let account = json!({"email": "ada@example.com", "password": PASSWORD});
    let opened = world.post("/api/v1/auth/session", account).await;
    let cookie = cookie_of(&opened);
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"));
    let session = body(opened, 200).await;
    let pair = cookie.split(';').next().expect("a pair").to_owned();
    (pair, session["csrf_token"].as_str().expect("a token").to_owned())
}

fn cookie_of(response: &Response) -> String {
    response.headers()[SET_COOKIE].to_str().expect("text").to_owned()
}

#[tokio::test]
async fn a_browser_changes_things_only_from_the_site_itself() {
    let world = world().await;
    world.person("ada@example.com").await;
    let (cookie, csrf) = open_browser(&world).await;
    let read = world.request("GET", "/api/v1/auth/csrf").header("cookie", &cookie).send().await;
    assert_eq!(body(read.expect("an answer"), 200).await["csrf_token"], csrf);
    let change = || world.request("POST", "/api/v1/auth/logout").header("cookie", &cookie);
    let without = change().send().await.expect("an answer");
    assert_eq!(problem(without, 403).await, "csrf_failed");
    let wrong = change().header("x-csrf-token", "0".repeat(csrf.len())).send().await.expect("an answer");
    assert_eq!(problem(wrong, 403).await, "csrf_failed");
    for (name, value) in [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")] {
        let foreign = change().header("x-csrf-token", &csrf).header(name, value);
        assert_eq!(problem(foreign.send().await.expect("an answer"), 401).await, "unauthorized");
    }
    let own = change().header("x-csrf-token", &csrf).header("origin", &world.base);
    assert_eq!(own.send().await.expect("an answer").status(), 204);
    let after = world.request("GET", "/api/v1/me").header("cookie", &cookie).send().await;
    assert_eq!(after.expect("an answer").status(), 401);
}

#[tokio::test]
async fn a_browser_has_one_session_and_a_refused_sign_in_leaves_it_alone() {
    let world = world().await;
    world.person("ada@example.com").await;
    let (cookie, _) = open_browser(&world).await;
    let signs_in = async |password: &str| {
        let account = json!({"email": "ada@example.com", "password": password});
        let request = world.request("POST", "/api/v1/auth/session").header("cookie", &cookie).json(&account);
        request.send().await.expect("an answer")
    };
    let me = async |cookie: &str| {
        let request = world.request("GET", "/api/v1/me").header("cookie", cookie);
        request.send().await.expect("an answer").status()
    };
    assert_eq!(signs_in("kx9 tuba not it").await.status(), 401);
    assert_eq!(me(&cookie).await, 200);
    let next = cookie_of(&signs_in(PASSWORD).await);
    assert_eq!(me(next.split(';').next().expect("a pair")).await, 200);
    assert_eq!(me(&cookie).await, 401);
}

#[tokio::test]
async fn signing_a_browser_out_removes_its_cookie() {
    let world = world().await;
    world.person("ada@example.com").await;
    let (cookie, csrf) = open_browser(&world).await;
    let close = world.request("DELETE", "/api/v1/auth/session");
    let closed =
        close.header("cookie", &cookie).header("x-csrf-token", csrf).send().await.expect("an answer");
    assert_eq!(closed.status(), 204);
    assert_eq!(closed.headers()["clear-site-data"], "\"cache\", \"cookies\", \"storage\"");
    assert!(cookie_of(&closed).contains("Max-Age=0"));
}

#[tokio::test]
async fn sessions_of_others_are_not_there() {
    let world = world().await;
    let (ada, grace) = (world.person("ada@example.com").await, world.person("grace@example.com").await);
    let list = body(grace.get("/api/v1/auth/sessions").await, 200).await;
    let id = list["data"][0]["id"].as_str().expect("an id");
    assert_eq!(list["data"][0]["current"], true);
    let path = format!("/api/v1/auth/sessions/{id}");
    let foreign = ada.request("DELETE", &path).send().await.expect("an answer");
    assert_eq!(problem(foreign, 403).await, "step_up_required");
    ada.steps_up().await;
    let foreign = ada.request("DELETE", &path).send().await.expect("an answer");
    assert_eq!(problem(foreign, 404).await, "not_found");
    assert_eq!(grace.request("DELETE", &path).send().await.expect("an answer").status(), 204);
    assert_eq!(grace.get("/api/v1/me").await.status(), 401);
}

#[tokio::test]
async fn an_account_is_exported_whole_and_closed_only_when_it_is_empty() {
    let world = world().await;
    world.sell("whatsapp", 750_000, 200);
    let ada = world.person("ada@example.com").await;
    ada.fund("500.00").await;
    for n in 0..101 {
        let most = json!({"amount": "2", "currency": "USD"});
        let order = json!({"service": "whatsapp", "max_price": most});
        let order = body(ada.post("/api/v1/verifications", &n.to_string(), order).await, 201).await;
        let cancel = format!("/api/v1/verifications/{}/cancel", order["id"].as_str().expect("an id"));
        ada.request("POST", &cancel).send().await.expect("an answer");
    }
    let export = ada.get("/api/v1/me/export").await;
    let saved_as = "attachment; filename=\"namaskah-export.json\"";
    assert_eq!(export.headers()["content-disposition"], saved_as);
    let export = body(export, 200).await;
    assert_eq!(export["user"]["email"], "ada@example.com");
    let lengths = ["sessions", "wallet_entries", "wallet_holds", "payments", "verifications"]
        .map(|list| export[list].as_array().map(Vec::len));
    assert_eq!(lengths, [Some(1), Some(1), Some(101), Some(1), Some(101)]);
    let close = ada.request("DELETE", "/api/v1/me").send().await.expect("an answer");
    assert_eq!(problem(close, 409).await, "account_not_empty");
    let eve = world.person("eve@example.com").await;
    eve.steps_up().await;
    assert_eq!(eve.request("DELETE", "/api/v1/me").send().await.expect("an answer").status(), 204);
    assert_eq!(eve.get("/api/v1/me").await.status(), 401);
}
