//! Signing in with Google: what browsers are given, and where it is not configured.

use namaskah_domain::{
    auth::{Email, Subject},
    memory::Person,
};
use reqwest::{
    Client, Response,
    header::{COOKIE, LOCATION, SET_COOKIE},
    redirect::Policy,
};
use serde_json::json;

use crate::given::{World, problem, world, world_known_as, world_without_google};

fn header(response: &Response, name: reqwest::header::HeaderName) -> String {
    response.headers()[name].to_str().expect("text").to_owned()
}

/// A way to the provider: the cookie as it was set, and the page.
async fn begun(world: &World) -> (String, String) {
    let client = Client::builder().no_proxy().redirect(Policy::none()).build().expect("a client");
    let sent = client.get(format!("{}/api/v1/auth/google", world.base)).send().await.expect("an answer");
    assert_eq!(sent.status(), 303);
    (header(&sent, SET_COOKIE), header(&sent, LOCATION))
}

#[tokio::test]
async fn over_https_what_is_kept_for_the_way_is_this_hosts_alone() {
    let world = world_known_as("https", 1_000, Vec::new()).await;
    let (cookie, page) = begun(&world).await;
    assert!(page.starts_with("https://identities.example/authorize?state="), "{page}");
    let (pair, rest) = cookie.split_once("; ").expect("attributes");
    assert!(pair.starts_with("__Host-namaskah_google=nmi_"), "{pair}");
    assert_eq!(rest, "Path=/; Max-Age=600; HttpOnly; SameSite=Lax; Secure");

    let email = Email::try_new("ada@example.com").expect("an address");
    let person = Person { subject: Subject::try_new("108").expect("a subject"), email, email_verified: true };
    let (state, code) = world.identities.consent(&page, &person).expect("the page of an attempt");
    let path = format!("/api/v1/auth/google/callback?state={}&code={}", state.expose(), code.expose());
    // The name that is good without https is not, with it.
    let plain = pair.replacen("__Host-", "", 1);
    let refused = world.request("GET", &path).header(COOKIE, plain).send().await.expect("an answer");
    assert_eq!(problem(refused, 401).await, "identity_attempt_invalid");
    let client = Client::builder().no_proxy().redirect(Policy::none()).build().expect("a client");
    let back = client.get(format!("{}{path}", world.base)).header(COOKIE, pair).send().await;
    let back = back.expect("an answer");
    assert_eq!((back.status().as_u16(), header(&back, LOCATION).as_str()), (303, "/"));
    let set: Vec<_> =
        back.headers().get_all(SET_COOKIE).iter().map(|line| line.to_str().expect("text")).collect();
    let [session, way] = set[..] else { panic!("not two cookies: {set:?}") };
    assert!(
        session.starts_with("__Host-namaskah_session=nms_") && session.ends_with("; Secure"),
        "{session}"
    );
    assert!(way.starts_with("__Host-namaskah_google=; Path=/; Max-Age=0;"), "{way}");
}

#[tokio::test]
async fn nothing_that_comes_with_a_request_says_where_a_browser_goes() {
    let world = world().await;
    let client = Client::builder().no_proxy().redirect(Policy::none()).build().expect("a client");
    for query in
        ["?next=https://evil.example", "?redirect_uri=https://evil.example", "?return_to=//evil.example"]
    {
        let sent = client.get(format!("{}/api/v1/auth/google{query}", world.base)).send().await;
        let to = header(&sent.expect("an answer"), LOCATION);
        assert!(
            to.starts_with("https://identities.example/authorize?state=") && !to.contains("evil"),
            "{to}"
        );
    }
}

#[tokio::test]
async fn a_provider_that_is_away_is_told_as_such_and_a_person_reads_a_page() {
    let world = world().await;
    world.identities.set_away(true);
    assert_eq!(problem(world.get("/api/v1/auth/google").await, 502).await, "provider_error");
    let read = world.request("GET", "/api/v1/auth/google/callback").header("accept", "text/html");
    let page = read.send().await.expect("an answer");
    assert_eq!(page.status(), 401);
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    assert_eq!(page.headers()["cache-control"], "no-store");
    let page = page.text().await.expect("a page");
    assert!(page.contains("identity_attempt_invalid") && page.contains("Begin again."), "{page}");
}

#[tokio::test]
async fn where_it_is_not_configured_there_is_no_such_thing() {
    let world = world_without_google().await;
    for path in ["/api/v1/auth/google", "/api/v1/auth/google/callback?code=x&state=x"] {
        assert_eq!(problem(world.get(path).await, 404).await, "not_found", "{path}");
    }
    let code = json!({"totp_code": "123456"});
    let finished = world.post("/api/v1/auth/google/second-factor", code).await;
    assert_eq!(problem(finished, 404).await, "not_found");
    let account = json!({"email": "ada@example.com", "password": crate::given::PASSWORD});
    world.person("ada@example.com").await;
    let opened = world.post("/api/v1/auth/session", account).await;
    let cookie = header(&opened, SET_COOKIE).split(';').next().expect("a pair").to_owned();
    let csrf = crate::given::body(opened, 200).await["csrf_token"].as_str().expect("a token").to_owned();
    let link = world.request("POST", "/api/v1/auth/google/link").header(COOKIE, cookie);
    let link = link.header("x-csrf-token", csrf).send().await.expect("an answer");
    assert_eq!(problem(link, 404).await, "not_found");
}
