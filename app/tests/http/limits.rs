//! Rate limits: each is reached, tells how long to wait, and cannot be walked round.

use reqwest::Response;
use serde_json::{Value, json};

use crate::given::{PASSWORD, Person, body, problem, world_with};

fn header(response: &Response, name: &str) -> String {
    response.headers()[name].to_str().expect("text").to_owned()
}

#[tokio::test]
async fn anonymous_requests_are_limited_by_address() {
    let world = world_with(1, Vec::new()).await;
    for left in (0..100).rev() {
        let answer = world.get("/api/v1/wallet").await;
        assert_eq!(answer.status(), 401);
        assert_eq!(header(&answer, "x-ratelimit-remaining"), left.to_string());
    }
    let refused = world.get("/api/v1/wallet").await;
    assert_eq!(header(&refused, "ratelimit-policy"), "\"default\";q=100;w=60");
    let wait: u64 = header(&refused, "retry-after").parse().expect("a number");
    assert!((1..=65).contains(&wait));
    assert_eq!(header(&refused, "x-ratelimit-reset"), wait.to_string());
    assert_eq!(problem(refused, 429).await, "rate_limited");
    // Other classes have quotas of their own.
    assert_eq!(world.get("/healthz").await.status(), 200);
}

#[tokio::test]
async fn a_forwarded_address_is_believed_only_from_a_trusted_proxy() {
    let strangers = world_with(1, Vec::new()).await;
    let trusting = world_with(1, vec!["127.0.0.0/8".parse().expect("a network")]).await;
    for n in 0..101 {
        let from = format!("203.0.113.{n}");
        let ask = |world: &crate::given::World| {
            world.request("GET", "/api/v1/wallet").header("x-forwarded-for", &from).send()
        };
        let (stranger, trusted) =
            (ask(&strangers).await.expect("an answer"), ask(&trusting).await.expect("an answer"));
        assert_eq!(stranger.status(), if n < 100 { 401 } else { 429 });
        assert_eq!(trusted.status(), 401);
    }
}

#[tokio::test]
async fn signing_in_is_limited_by_address_and_account() {
    let world = world_with(1, Vec::new()).await;
    let attempt = async |email: &str| {
        world.post("/api/v1/auth/login", json!({"email": email, "password": PASSWORD})).await
    };
    for _ in 0..5 {
        assert_eq!(problem(attempt("ada@example.com").await, 401).await, "invalid_credentials");
    }
    let refused = attempt("ADA@example.com").await;
    assert!(header(&refused, "ratelimit").contains("\"login\";r=0"));
    assert_eq!(problem(refused, 429).await, "rate_limited");
    assert_eq!(attempt("grace@example.com").await.status(), 401);
}

#[tokio::test]
async fn registering_is_limited_by_address() {
    let world = world_with(1, Vec::new()).await;
    for n in 0..4 {
        let account = json!({"email": format!("n{n}@example.com"), "password": PASSWORD});
        let answer = world.post("/api/v1/auth/register", account).await;
        assert_eq!(answer.status(), if n < 3 { 202 } else { 429 });
    }
}

#[tokio::test]
async fn orders_payments_and_status_reads_are_limited_by_account() {
    let world = world_with(1, Vec::new()).await;
    let (ada, grace) = (world.person("ada@example.com").await, world.person("grace@example.com").await);
    for (path, quota) in [("/api/v1/verifications", 10), ("/api/v1/payments", 5)] {
        for n in 0..=quota {
            let answer = ada.post(path, "k", json!({})).await;
            assert_eq!(answer.status(), if n < quota { 422 } else { 429 }, "{path}");
        }
        assert_eq!(grace.post(path, "k", json!({})).await.status(), 422);
    }
    let read = async |id: &str| ada.get(&format!("/api/v1/verifications/ver_{id}")).await.status();
    for n in 0..61 {
        assert_eq!(read("01k8y6m2w4f3v9q7r5t1x0z8ab").await, if n < 60 { 404 } else { 429 });
    }
    assert_eq!(read("01k8y6m2w4f3v9q7r5t1x0z8ac").await, 404);
}

/// Each costs a read of the store, so reads are counted and not answers.
#[tokio::test]
async fn credentials_that_are_nobodys_are_looked_up_thirty_times_a_minute_for_an_address() {
    let world = world_with(1, Vec::new()).await;
    let ada = world.person("ada@example.com").await;
    ada.steps_up().await;
    let wish = json!({"name": "CI", "scopes": ["wallet:read"]});
    let made = body(ada.post("/api/v1/api-keys", "unused", wish).await, 201).await;
    let key = made["secret"].as_str().expect("a secret");
    let by_key = async |key: &str| {
        world.request("GET", "/api/v1/wallet").bearer_auth(key).send().await.expect("an answer")
    };
    let by_cookie = async |n: u32| {
        let cookie = format!("namaskah_session=nms_{n:064x}");
        world.request("GET", "/api/v1/wallet").header("cookie", cookie).send().await.expect("an answer")
    };
    let looked_up = || world.looked_up.count();
    assert_eq!(by_key(key).await.status(), 200);
    let before = looked_up();
    // What cannot be one is not looked up, and does not count.
    for text in ["nmk_", "x", &"0".repeat(64)] {
        assert_eq!(by_key(text).await.status(), 401);
    }
    for n in 0..15 {
        assert_eq!(by_key(&format!("nmk_{n:064x}")).await.status(), 401);
        assert_eq!(by_cookie(n).await.status(), 401);
    }
    assert_eq!(looked_up() - before, 30);
    for n in 100..110 {
        let refused = by_key(&format!("nmk_{n:064x}")).await;
        assert_eq!(header(&refused, "ratelimit-policy"), "\"refused\";q=30;w=60");
        assert!((1..=65).contains(&header(&refused, "retry-after").parse::<u64>().expect("a number")));
        assert_eq!(problem(refused, 429).await, "rate_limited");
        assert_eq!(problem(by_cookie(n).await, 429).await, "rate_limited");
    }
    assert_eq!(looked_up() - before, 30);
    // Whoever shares the address goes on: with a credential that was good, and with a token, which tells by itself.
    assert_eq!(by_key(key).await.status(), 200);
    assert_eq!(ada.get("/api/v1/wallet").await.status(), 200);
}

/// Whoever has many addresses of his own guesses no more than others, at known and unknown accounts alike; and the owner of
/// an account that is guessed at goes on where he is signed in.
#[tokio::test]
async fn many_addresses_guess_no_more_than_one_and_keep_nobody_out_of_his_own_place() {
    let world = world_with(1, vec!["127.0.0.0/8".parse().expect("a network")]).await;
    // She signs in once on the way, from 127.0.0.1.
    let ada = world.person("ada@example.com").await;
    let sign_in = async |route: &str, email: &str, password: &str, from: Option<u32>| {
        let credentials = json!({"email": email, "password": password});
        let request = world.request("POST", &format!("/api/v1/auth/{route}")).json(&credentials);
        let request = match from {
            Some(n) => request.header("x-forwarded-for", format!("203.0.113.{n}")),
            None => request,
        };
        request.send().await.expect("an answer")
    };
    for (email, left) in [("ada@example.com", 59), ("nobody@example.com", 60)] {
        for n in 0..left {
            let route = ["login", "session"][n as usize % 2];
            assert_eq!(sign_in(route, email, "not her password", Some(n)).await.status(), 401, "{email} {n}");
        }
        // The right password is nothing else than one more.
        for (n, route) in (100..).zip(["login", "session"]) {
            let refused = sign_in(route, &email.to_uppercase(), PASSWORD, Some(n)).await;
            let left = header(&refused, "ratelimit");
            assert!(left.contains("\"account\";r=0"), "{email} {route}: {left}");
            assert_eq!(problem(refused, 429).await, "rate_limited");
        }
    }
    assert_eq!(sign_in("login", "ada@example.com", PASSWORD, None).await.status(), 200);
    assert_eq!(sign_in("login", "nobody@example.com", PASSWORD, None).await.status(), 429);
    // Where she was signed in once is no place of hers.
    ada.steps_up().await;
    assert_eq!(ada.request("POST", "/api/v1/auth/logout-all").send().await.expect("an answer").status(), 204);
    assert_eq!(sign_in("login", "ada@example.com", PASSWORD, None).await.status(), 429);
}

/// Whoever has a stolen sign-in and many addresses guesses no more than one, by whichever route; and it costs the owner
/// no sign-in, as guessing there costs him no step-up.
#[tokio::test]
async fn many_addresses_prove_no_more_often_than_one_who_is_signed_in() {
    let world = world_with(1, vec!["127.0.0.0/8".parse().expect("a network")]).await;
    let (ada, grace) = (world.person("ada@example.com").await, world.person("grace@example.com").await);
    let wrong = "not her password";
    let routes = [
        ("step-up", json!({"password": wrong}), 422),
        ("password/change", json!({"current_password": wrong, "new_password": PASSWORD}), 422),
        ("totp/confirm", json!({"code": "123456"}), 409),
        ("totp/disable", json!({"password": wrong, "code": "123456"}), 409),
    ];
    let ask = async |person: &Person<'_>, n: usize, (path, body, _): &(&str, Value, u16)| {
        let request = person.request("POST", &format!("/api/v1/auth/{path}")).json(body);
        request.header("x-forwarded-for", format!("203.0.113.{n}")).send().await.expect("an answer")
    };
    for n in 0..60 {
        let route = &routes[n % routes.len()];
        assert_eq!(ask(&ada, n, route).await.status(), route.2, "{n} {}", route.0);
    }
    let right = ("step-up", json!({"password": PASSWORD}), 200);
    for (n, route) in (100..).zip(routes.iter().chain([&right])) {
        let refused = ask(&ada, n, route).await;
        assert!(header(&refused, "ratelimit-policy").contains("\"proof\";q=60;w=3600"), "{}", route.0);
        assert!(header(&refused, "ratelimit").contains("\"proof\";r=0"), "{}", route.0);
        assert!(header(&refused, "retry-after").parse::<u64>().is_ok_and(|wait| wait > 0));
        assert_eq!(problem(refused, 429).await, "rate_limited");
    }
    assert_eq!(ask(&grace, 200, &right).await.status(), 200);
    let credentials = json!({"email": "ada@example.com", "password": PASSWORD});
    let elsewhere = world.request("POST", "/api/v1/auth/login").json(&credentials);
    let elsewhere = elsewhere.header("x-forwarded-for", "203.0.113.201").send().await.expect("an answer");
    assert_eq!(elsewhere.status(), 200);
}

/// Whoever has many addresses of his own fills nobody's mailbox, and learns nothing about it.
#[tokio::test]
async fn mails_are_limited_by_the_address_that_they_go_to_known_or_not() {
    let world = world_with(1, vec!["127.0.0.0/8".parse().expect("a network")]).await;
    world.person("ada@example.com").await;
    let ask = async |n: u32, path: &str, email: &str| {
        let mut body = json!({"email": email});
        if path == "register" {
            body["password"] = json!(PASSWORD);
        }
        let request = world.request("POST", &format!("/api/v1/auth/{path}")).json(&body);
        request.header("x-forwarded-for", format!("203.0.113.{n}")).send().await.expect("an answer")
    };
    // She has registered once.
    for (email, left) in [("ada@example.com", 4), ("nobody@example.com", 5)] {
        for n in 0..left {
            let path = ["register", "resend-verification", "password/forgot"][n as usize % 3];
            assert_eq!(ask(n, path, email).await.status(), 202, "{email} {n}");
        }
        // From elsewhere, each for once: no client's own limit is near.
        for (n, path) in (100..).zip(["register", "resend-verification", "password/forgot"]) {
            let refused = ask(n, path, &email.to_uppercase()).await;
            let left = header(&refused, "ratelimit");
            assert!(left.contains("\"mail\";r=0"), "{email} {path}: {left}");
            assert_eq!(problem(refused, 429).await, "rate_limited");
        }
    }
    assert_eq!(ask(50, "password/forgot", "other@example.com").await.status(), 202);
}

/// One mailbox has any number of addresses: `ada+1@` and `ada+2@` are hers.
#[tokio::test]
async fn tags_of_one_mailbox_share_its_limit() {
    let world = world_with(1, vec!["127.0.0.0/8".parse().expect("a network")]).await;
    let ask = async |n: u32, email: &str| {
        let request = world.request("POST", "/api/v1/auth/password/forgot").json(&json!({"email": email}));
        request.header("x-forwarded-for", format!("203.0.113.{n}")).send().await.expect("an answer")
    };
    for n in 0..5 {
        assert_eq!(ask(n, &format!("victim+{n}@example.com")).await.status(), 202, "{n}");
    }
    for (n, email) in (100..).zip(["victim+6@example.com", "VICTIM+a+b@example.com", "victim@example.com"]) {
        assert_eq!(problem(ask(n, email).await, 429).await, "rate_limited", "{email}");
    }
    for (n, email) in (200..).zip(["victim+1@example.org", "victim.1@example.com", "+1@example.com"]) {
        assert_eq!(ask(n, email).await.status(), 202, "{email}");
    }
}
