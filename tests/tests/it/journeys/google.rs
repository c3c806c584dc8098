//! Signing in with Google, as a browser does it: with cookies, and by way of the provider's page.

use std::{collections::BTreeMap, sync::Mutex};

use reqwest::{Method, RequestBuilder, Url, header::SET_COOKIE};
use serde_json::{Value, json};

use super::{
    admin::{member, newcomer, owner},
    controls::{Controls, client, eventually},
    customer::{Answer, Customer, PASSWORD, text},
    on_both,
    second_factor::enrolled,
    world::World,
};

on_both! {
    somebody_new_signs_in_and_comes_again,
    a_way_back_serves_its_own_browser_once_and_in_time,
    what_the_provider_does_not_prove_is_refused,
    an_address_of_an_account_is_linked_by_its_owner_alone,
    a_second_factor_is_asked_for_here_too,
    whoever_is_suspended_or_has_left_is_refused,
    staff_shows_the_second_factor_after_google_too,
    whoever_has_no_password_is_told_how_to_set_one,
    an_address_that_google_does_not_answer_for_is_proven_first,
    an_address_that_somebody_else_has_registered_is_its_owners_all_the_same,
}

/// A browser: it keeps cookies, and follows nothing by itself.
pub struct Browser {
    pub http: reqwest::Client,
    product: String,
    cookies: Mutex<BTreeMap<String, String>>,
}

impl Browser {
    pub fn new(product: &str) -> Self {
        Self { http: client(), product: product.to_owned(), cookies: Mutex::default() }
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.product) };
        let cookies = self.cookies.lock().expect("a lock");
        let pairs: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = self.http.request(method, url);
        if pairs.is_empty() { request } else { request.header("cookie", pairs.join("; ")) }
    }

    /// Sends, and keeps what cookies are set.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let response = request.send().await.expect("the product answers");
        for line in response.headers().get_all(SET_COOKIE) {
            let line = line.to_str().expect("a text");
            assert!(line.contains("HttpOnly") && line.contains("SameSite=Lax"), "{line}");
            let (name, value) = line.split(';').next().and_then(|pair| pair.split_once('=')).expect("a pair");
            let mut cookies = self.cookies.lock().expect("a lock");
            if line.contains("Max-Age=0") {
                cookies.remove(name);
            } else {
                cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        Answer::read(response).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.lock().expect("a lock").get(name).cloned()
    }

    /// Where a redirect leads.
    #[track_caller]
    pub fn sent_to(answer: Answer) -> String {
        assert_eq!(answer.status, 303, "{}", answer.text);
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        answer.header("location").expect("a way on").to_owned()
    }

    /// The provider's page.
    pub async fn goes_there(&self) -> String {
        Self::sent_to(self.get("/api/v1/auth/google").await)
    }

    /// Agrees there as `email`, with what makes the person unusual; where it is sent back to.
    pub async fn agrees(&self, page: &str, email: &str, more: &[(&str, &str)]) -> String {
        let shown = self.http.get(page).send().await.expect("a page");
        assert_eq!(shown.status(), 200);
        let mut agreed = Url::parse(&page.replace("/authorize", "/consent")).expect("an address");
        agreed.query_pairs_mut().append_pair("email", email).extend_pairs(more);
        let answer = self.http.get(agreed).send().await.expect("an answer");
        assert_eq!(answer.status(), 302);
        answer.headers()["location"].to_str().expect("a text").to_owned()
    }

    /// There and back.
    pub async fn comes_as(&self, email: &str) -> Answer {
        let page = self.goes_there().await;
        let back = self.agrees(&page, email, &[]).await;
        self.get(&back).await
    }

    pub async fn signs_in_as(&self, email: &str) -> Value {
        assert_eq!(Self::sent_to(self.comes_as(email).await), "/");
        self.get("/api/v1/me").await.is(200)
    }

    /// A change of the product's, with the token against forgery.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        let csrf = text(&self.get("/api/v1/auth/csrf").await.is(200), "csrf_token");
        let request = self.request(Method::POST, path).header("x-csrf-token", csrf);
        self.send(if body.is_null() { request } else { request.json(&body) }).await
    }

    /// Signs in with a password.
    pub async fn opens_session(&self, credentials: &Value) {
        let request = self.request(Method::POST, "/api/v1/auth/session").json(credentials);
        self.send(request).await.is(200);
    }
}

fn address(name: &str) -> String {
    format!("{name}.{}@example.com", uuid::Uuid::from_u128(namaskah_tests::given::number().into()).simple())
}

async fn is_told(controls: &Controls, email: &str, subject: &str) {
    eventually(subject, || async {
        let mails = controls.look(&format!("inbox?to={email}")).await;
        (mails["data"][0]["subject"] == subject).then_some(())
    })
    .await;
}

async fn somebody_new_signs_in_and_comes_again(world: &World) {
    let (browser, email) = (Browser::new(&world.product), address("ada"));
    let me = browser.signs_in_as(&email).await;
    assert_eq!((&me["email"], &me["email_verified"]), (&json!(email), &json!(true)));
    assert_eq!((&me["role"], &me["totp_enabled"]), (&json!("user"), &json!(false)));
    assert_eq!(browser.cookie("namaskah_google"), None, "what was kept for the way is gone");
    assert_eq!(browser.get("/api/v1/wallet").await.is(200)["available"]["amount"], "0.00");
    let exported = browser.get("/api/v1/me/export").await.is(200);
    assert_eq!(exported["identities"].as_array().map(Vec::len), Some(1), "{exported}");
    assert_eq!(me["identities"], exported["identities"]);
    is_told(&world.controls, &email, "Google signs you in from now on").await;
    let owner = owner(world).await;
    let detail = owner.who.get(&format!("admin/users/{}", text(&me, "id"))).await.is(200);
    assert_eq!(detail["identities"][0]["issuer"], me["identities"][0]["issuer"]);
    assert_eq!(detail["identities"][0]["subject"], Value::Null, "which account there is nobody's business");

    let again = Browser::new(&world.product);
    assert_eq!(again.signs_in_as(&email).await["id"], me["id"]);
    assert_ne!(again.cookie("namaskah_session"), browser.cookie("namaskah_session"));
    // The subject is known, whatever its address is by now.
    let sub = [("sub", "10800000000000000001")];
    let moved = Browser::new(&world.product);
    let (page, first) = (moved.goes_there().await, address("bob"));
    moved.get(&moved.agrees(&page, &first, &sub).await).await;
    let page = moved.goes_there().await;
    moved.get(&moved.agrees(&page, &address("robert"), &sub).await).await;
    assert_eq!(moved.get("/api/v1/me").await.is(200)["email"], json!(first));
    let sessions = moved.get("/api/v1/auth/sessions").await.is(200);
    assert_eq!(sessions["data"].as_array().map(Vec::len), Some(1), "a browser has one session: {sessions}");
    browser.post("/api/v1/auth/logout", Value::Null).await.is(204);
    browser.get("/api/v1/me").await.refused(401, "unauthorized");
}

async fn a_way_back_serves_its_own_browser_once_and_in_time(world: &World) {
    let (ada, mallory) = (Browser::new(&world.product), Browser::new(&world.product));
    let invalid = |answer: Answer| drop(answer.refused(401, "identity_attempt_invalid"));
    // Signing somebody in to the attacker's account: his way back in another browser, with a way of its own or none.
    let page = mallory.goes_there().await;
    let theirs = mallory.agrees(&page, &address("mallory"), &[]).await;
    invalid(ada.get(&theirs).await);
    let page = ada.goes_there().await;
    invalid(ada.get(&theirs).await);
    // His code with her state: the provider wants her verifier.
    let mine = Url::parse(&ada.agrees(&page, &address("ada"), &[]).await).expect("an address");
    let part = |url: &Url, name: &str| {
        url.query_pairs().find(|(key, _)| key == name).expect("a parameter").1.into_owned()
    };
    let mut mixed = mine.clone();
    let theirs = Url::parse(&theirs).expect("an address");
    let parts = [("code", part(&theirs, "code")), ("state", part(&mine, "state"))];
    mixed.query_pairs_mut().clear().extend_pairs(parts);
    ada.get(mixed.as_str()).await.refused(401, "identity_not_proven");
    for path in ["", "?code=x", "?state=x", "?code=x&state=x", "?state=&code=", "?error=access_denied"] {
        invalid(ada.get(&format!("/api/v1/auth/google/callback{path}")).await);
    }
    assert_eq!(ada.cookie("namaskah_session"), None);
    assert_eq!(Browser::sent_to(ada.get(mine.as_str()).await), "/");
    invalid(ada.get(mine.as_str()).await);
    // As a thief who saw the way back, in her own browser's name.
    let page = ada.goes_there().await;
    let back = ada.agrees(&page, &address("ada"), &[]).await;
    let kept = ada.cookie("namaskah_google").expect("a way");
    assert_eq!(Browser::sent_to(ada.get(&back).await), "/");
    let replayed = ada.http.get(&back).header("cookie", format!("namaskah_google={kept}"));
    invalid(Answer::of(replayed).await);

    let late = Browser::new(&world.product);
    let page = late.goes_there().await;
    let back = late.agrees(&page, &address("late"), &[]).await;
    world.controls.advance(600).await;
    invalid(late.get(&back).await);
    // A person gets a page of the same status.
    let read = late.send(late.request(Method::GET, &back).header("accept", "text/html,*/*;q=0.8")).await;
    assert_eq!(read.status, 401);
    assert!(read.header("content-type").is_some_and(|kind| kind.starts_with("text/html")));
    assert!(read.text.contains("<h1>") && !read.text.contains("code="), "{}", read.text);
}

async fn what_the_provider_does_not_prove_is_refused(world: &World) {
    let (browser, email) = (Browser::new(&world.product), address("ada"));
    let page = browser.goes_there().await;
    let back = browser.agrees(&page, &email, &[("deny", "1")]).await;
    assert!(back.contains("error=access_denied"), "{back}");
    browser.get(&back).await.refused(401, "identity_not_proven");
    let page = browser.goes_there().await;
    let back = browser.agrees(&page, &email, &[("verified", "false")]).await;
    browser.get(&back).await.refused(401, "identity_not_proven");
    for flaw in ["alg_none", "alg_hs256", "signature", "unknown_key", "audiences", "nonce", "expired"] {
        world.controls.post("control/google/token", json!({ "flaw": flaw })).await;
        browser.comes_as(&email).await.refused(401, "identity_not_proven");
    }
    for mode in ["http_500", "malformed", "disconnect"] {
        world.controls.fault("google", "token", mode, 1).await;
        browser.comes_as(&email).await.refused(502, "provider_error");
    }
    assert_eq!(browser.cookie("namaskah_session"), None);
    browser.signs_in_as(&email).await;
}

async fn an_address_of_an_account_is_linked_by_its_owner_alone(world: &World) {
    let ada = world.customer().await;
    let browser = Browser::new(&world.product);
    browser.comes_as(&ada.email).await.refused(409, "identity_not_linked");
    browser.opens_session(&ada.credentials()).await;
    browser.post("/api/v1/auth/google/link", Value::Null).await.refused(403, "step_up_required");
    let forged = browser.send(browser.request(Method::POST, "/api/v1/auth/google/link")).await;
    forged.refused(403, "csrf_failed");
    browser.post("/api/v1/auth/step-up", json!({ "password": PASSWORD })).await.is(200);
    let begun = browser.post("/api/v1/auth/google/link", Value::Null).await.is(200);
    let back = browser.agrees(&text(&begun, "authorization_url"), &ada.email, &[]).await;
    // Without the session that began it, the way back links nothing.
    let kept = browser.cookie("namaskah_google").expect("a way");
    let alone = browser.http.get(&back).header("cookie", format!("namaskah_google={kept}"));
    Answer::of(alone).await.refused(401, "unauthorized");
    assert_eq!(Browser::sent_to(browser.get(&back).await), "/");
    is_told(&world.controls, &ada.email, "Google signs you in from now on").await;
    let me = ada.get("me").await.is(200);
    let elsewhere = Browser::new(&world.product);
    assert_eq!(elsewhere.signs_in_as(&ada.email).await["id"], me["id"]);

    // It signs in one account alone.
    let bob = Browser::new(&world.product);
    let other = world.customer().await;
    bob.opens_session(&other.credentials()).await;
    bob.post("/api/v1/auth/step-up", json!({ "password": PASSWORD })).await.is(200);
    let begun = bob.post("/api/v1/auth/google/link", Value::Null).await.is(200);
    let back = bob.agrees(&text(&begun, "authorization_url"), &ada.email, &[]).await;
    bob.get(&back).await.refused(409, "identity_linked_elsewhere");

    ada.delete("auth/google").await.refused(403, "step_up_required");
    ada.steps_up().await;
    ada.delete("auth/google").await.is(204);
    ada.delete("auth/google").await.refused(404, "not_found");
    elsewhere.get("/api/v1/me").await.refused(401, "unauthorized");
    elsewhere.comes_as(&ada.email).await.refused(409, "identity_not_linked");
}

async fn a_second_factor_is_asked_for_here_too(world: &World) {
    let ada = world.customer().await;
    let browser = Browser::new(&world.product);
    browser.opens_session(&ada.credentials()).await;
    browser.post("/api/v1/auth/step-up", json!({ "password": PASSWORD })).await.is(200);
    let begun = browser.post("/api/v1/auth/google/link", Value::Null).await.is(200);
    let back = browser.agrees(&text(&begun, "authorization_url"), &ada.email, &[]).await;
    browser.get(&back).await;
    let (app, recovery) = enrolled(&ada).await;

    let browser = Browser::new(&world.product);
    let finish = async |code: &str| {
        let path = "/api/v1/auth/google/second-factor";
        let request = browser.request(Method::POST, path).json(&json!({ "totp_code": code }));
        browser.send(request).await
    };
    finish("123456").await.refused(401, "identity_attempt_invalid");
    assert_eq!(Browser::sent_to(browser.comes_as(&ada.email).await), "/second-factor");
    assert_eq!(browser.cookie("namaskah_session"), None, "no session before the code");
    assert!(browser.get("/second-factor").await.text.contains("one-time-code"));
    finish(&app.code(1_000)).await.refused(401, "totp_invalid");
    let kept = browser.cookie("namaskah_google").expect("what waits for the code");
    let opened = finish(&app.code(1)).await.is(200);
    assert_eq!(opened["user"]["totp_enabled"], true);
    assert!(opened["csrf_token"].is_string());
    assert_eq!(browser.get("/api/v1/me").await.is(200)["email"], json!(ada.email));
    assert_eq!(browser.cookie("namaskah_google"), None);
    let replayed = browser.request(Method::POST, "/api/v1/auth/google/second-factor");
    let replayed = replayed.header("cookie", format!("namaskah_google={kept}"));
    let replayed = browser.send(replayed.json(&json!({ "totp_code": recovery[0] }))).await;
    replayed.refused(401, "identity_attempt_invalid");
    assert_eq!(Browser::sent_to(browser.comes_as(&ada.email).await), "/second-factor");
    finish(&recovery[0]).await.is(200);
}

async fn whoever_is_suspended_or_has_left_is_refused(world: &World) {
    let (browser, email) = (Browser::new(&world.product), address("ada"));
    let me = browser.signs_in_as(&email).await;
    // Whoever has no password sets one first, and so proves that it is he who leaves.
    let csrf = text(&browser.get("/api/v1/auth/csrf").await.is(200), "csrf_token");
    let leave = browser.request(Method::DELETE, "/api/v1/me").header("x-csrf-token", csrf);
    browser.send(leave).await.refused(403, "step_up_required");
    browser.post("/api/v1/auth/password/forgot", json!({ "email": email })).await.is(202);
    let token = world.controls.mailed_token(&email, None).await;
    let set = json!({ "token": token, "password": PASSWORD });
    Customer::stranger(&world.product).post("auth/password/reset", set).await.is(204);
    browser.opens_session(&json!({ "email": email, "password": PASSWORD })).await;
    browser.post("/api/v1/auth/step-up", json!({ "password": PASSWORD })).await.is(200);
    let csrf = text(&browser.get("/api/v1/auth/csrf").await.is(200), "csrf_token");
    let leave = browser.request(Method::DELETE, "/api/v1/me").header("x-csrf-token", csrf);
    browser.send(leave).await.is(204);
    browser.get("/api/v1/me").await.problem();
    // The same person is somebody new; and once suspended, nobody.
    let again = Browser::new(&world.product).signs_in_as(&email).await;
    assert_ne!(again["id"], me["id"]);
    assert_eq!(again["email"], json!(email));
    let owner = owner(world).await;
    let suspend = format!("admin/users/{}/suspend", text(&again, "id"));
    owner.who.post(&suspend, json!({ "reason": "abuse" })).await.is(200);
    Browser::new(&world.product).comes_as(&email).await.refused(403, "account_suspended");
}

async fn staff_shows_the_second_factor_after_google_too(world: &World) {
    let owner = owner(world).await;
    let support = member(world, &owner, "support").await;
    let browser = Browser::new(&world.product);
    let mut credentials = support.who.credentials();
    credentials["totp_code"] = json!(support.code());
    browser.opens_session(&credentials).await;
    browser.post("/api/v1/auth/step-up", json!({ "totp_code": support.code() })).await.is(200);
    let begun = browser.post("/api/v1/auth/google/link", Value::Null).await.is(200);
    let back = browser.agrees(&text(&begun, "authorization_url"), &support.who.email, &[]).await;
    assert_eq!(Browser::sent_to(browser.get(&back).await), "/");

    let elsewhere = Browser::new(&world.product);
    assert_eq!(Browser::sent_to(elsewhere.comes_as(&support.who.email).await), "/second-factor");
    elsewhere.get("/api/v1/admin/users").await.refused(401, "unauthorized");
    let code = json!({ "totp_code": support.code() });
    let finish = elsewhere.request(Method::POST, "/api/v1/auth/google/second-factor").json(&code);
    elsewhere.send(finish).await.is(200);
    elsewhere.get("/api/v1/admin/users").await.is(200);
    // Whoever is given a role at an address that Google knows signs in there no sooner than he has linked it.
    let finance = newcomer(world, &owner, "finance").await;
    Browser::new(&world.product).comes_as(&finance.email).await.refused(409, "identity_not_linked");
}

async fn whoever_has_no_password_is_told_how_to_set_one(world: &World) {
    let (browser, email) = (Browser::new(&world.product), address("ada"));
    browser.signs_in_as(&email).await;
    browser.post("/api/v1/auth/step-up", json!({ "password": PASSWORD })).await.refused(409, "no_password");
    browser.post("/api/v1/auth/step-up", json!({})).await.refused(409, "no_password");
    let change = json!({ "current_password": PASSWORD, "new_password": "nine loud drums beat" });
    browser.post("/api/v1/auth/password/change", change).await.refused(409, "no_password");
    let stranger = Customer::stranger(&world.product);
    let login = json!({ "email": email, "password": "none" });
    stranger.post("auth/login", login).await.refused(401, "invalid_credentials");
    stranger.post("auth/password/forgot", json!({ "email": email })).await.is(202);
    let token = world.controls.mailed_token(&email, None).await;
    stranger.post("auth/password/reset", json!({ "token": token, "password": PASSWORD })).await.is(204);
    browser.get("/api/v1/me").await.refused(401, "unauthorized");
    stranger.post("auth/login", json!({ "email": email, "password": PASSWORD })).await.is(200);
    // Whoever reads the mail may have lost the account to whom the Google account is: it is linked anew.
    browser.comes_as(&email).await.refused(409, "identity_not_linked");
    browser.opens_session(&json!({ "email": email, "password": PASSWORD })).await;
    browser.post("/api/v1/auth/step-up", json!({ "password": PASSWORD })).await.is(200);
    let begun = browser.post("/api/v1/auth/google/link", Value::Null).await.is(200);
    let back = browser.agrees(&text(&begun, "authorization_url"), &email, &[]).await;
    assert_eq!(Browser::sent_to(browser.get(&back).await), "/");
    Browser::new(&world.product).signs_in_as(&email).await;
}

async fn an_address_that_google_does_not_answer_for_is_proven_first(world: &World) {
    let (browser, email) = (Browser::new(&world.product), address("ada"));
    let comes = async || {
        let page = browser.goes_there().await;
        let back = browser.agrees(&page, &email, &[("hosted", "false")]).await;
        browser.get(&back).await
    };
    comes().await.refused(403, "email_not_verified");
    assert_eq!(browser.cookie("namaskah_session"), None);
    let token = world.controls.mailed_token(&email, None).await;
    let set = json!({ "token": token, "password": PASSWORD });
    Customer::stranger(&world.product).post("auth/password/reset", set).await.is(204);
    comes().await.refused(409, "identity_not_linked");
    browser.opens_session(&json!({ "email": email, "password": PASSWORD })).await;
    let me = browser.get("/api/v1/me").await.is(200);
    assert_eq!((&me["email_verified"], &me["identities"]), (&json!(true), &json!([])));
}

async fn an_address_that_somebody_else_has_registered_is_its_owners_all_the_same(world: &World) {
    let mallory = Customer::stranger(&world.product);
    mallory.post("auth/register", mallory.credentials()).await.is(202);
    let me = Browser::new(&world.product).signs_in_as(&mallory.email).await;
    assert_eq!(me["email_verified"], true);
    mallory.post("auth/login", mallory.credentials()).await.refused(401, "invalid_credentials");
}
