use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use namaskah_sandbox::{GoogleClient, SandboxConfig};
use reqwest::{Client, Response, Url, redirect::Policy};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::given::{self, Reply, Running, text};

const BACK: &str = "http://127.0.0.1:9/api/v1/auth/google/callback";
const VERIFIER: &str = "a-verifier-of-forty-three-characters-at-least";

async fn sandbox() -> Running {
    let google = GoogleClient {
        client_id: "client".into(),
        client_secret: "secret".into(),
        redirect_uri: Some(BACK.into()),
    };
    given::sandbox_with(SandboxConfig { google: Some(google), ..given::config() }).await
}

/// A sound query, with these changes; an empty value takes a parameter away.
fn query(changes: &[(&str, &str)]) -> Vec<(String, String)> {
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
    let sound = [
        ("response_type", "code"),
        ("client_id", "client"),
        ("redirect_uri", BACK),
        ("scope", "openid email"),
        ("state", "st"),
        ("nonce", "no"),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
        ("email", "ada@shop.test"),
    ];
    let mut pairs: Vec<(String, String)> =
        sound.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    for (name, value) in changes {
        pairs.retain(|(known, _)| known != name);
        pairs.push(((*name).to_owned(), (*value).to_owned()));
    }
    pairs.retain(|(_, value)| !value.is_empty());
    pairs
}

async fn consented(sandbox: &Running, changes: &[(&str, &str)]) -> Response {
    let client = Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
    client.get(format!("{}/google/consent", sandbox.base)).query(&query(changes)).send().await.unwrap()
}

async fn code(sandbox: &Running, changes: &[(&str, &str)]) -> String {
    let answer = consented(sandbox, changes).await;
    assert_eq!(answer.status(), 302);
    let back = Url::parse(answer.headers()["location"].to_str().unwrap()).unwrap();
    assert!(back.as_str().starts_with(BACK), "{back}");
    let named = |name: &str| back.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned();
    assert_eq!(named("state"), "st");
    named("code")
}

async fn exchanged(sandbox: &Running, code: &str, changes: &[(&str, &str)]) -> Reply {
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", BACK),
        ("client_id", "client"),
        ("client_secret", "secret"),
        ("code_verifier", VERIFIER),
    ];
    for (name, value) in changes {
        form.retain(|(known, _)| known != name);
        form.push((name, value));
    }
    form.retain(|(_, value)| !value.is_empty());
    given::reply(
        sandbox.client.post(format!("{}/google/token", sandbox.base)).form(&form).send().await.unwrap(),
    )
    .await
}

fn part(token: &str, place: usize) -> Value {
    let part = token.split('.').nth(place).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

#[tokio::test]
async fn the_provider_describes_itself_by_the_way_one_came() {
    let sandbox = sandbox().await;
    let described = sandbox.get("/google/.well-known/openid-configuration").await.body;
    let issuer = format!("{}/google", sandbox.base);
    assert_eq!(described["issuer"], issuer.as_str());
    assert_eq!(described["token_endpoint"], format!("{issuer}/token"));
    let keys = sandbox.get("/google/certs").await.body;
    assert_eq!(keys, sandbox.get("/google/certs").await.body, "they are made once");
    assert_eq!(keys["keys"].as_array().unwrap().len(), 1);
    sandbox.control("/control/google/rotate", json!({ "keep": true })).await;
    assert_eq!(sandbox.get("/google/certs").await.body["keys"].as_array().unwrap().len(), 2);
    sandbox.control("/control/google/rotate", json!({})).await;
    assert_eq!(sandbox.get("/google/certs").await.body["keys"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_code_becomes_a_token_about_whoever_agreed() {
    let sandbox = sandbox().await;
    let code = code(&sandbox, &[]).await;
    let answer = exchanged(&sandbox, &code, &[]).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let token = text(&answer.body["id_token"]);
    let claims = part(token, 1);
    assert_eq!((&claims["aud"], &claims["nonce"]), (&json!("client"), &json!("no")));
    assert_eq!((&claims["email"], &claims["email_verified"]), (&json!("ada@shop.test"), &json!(true)));
    assert_eq!(text(&claims["sub"]).len(), 20);
    assert_eq!(part(token, 0)["alg"], "RS256");
    let again = exchanged(&sandbox, &code, &[]).await;
    assert_eq!((again.status.as_u16(), &again.body["error"]), (400, &json!("invalid_grant")), "once");
}

#[tokio::test]
async fn a_code_is_its_clients_alone_and_used_up_by_a_wrong_try() {
    let sandbox = sandbox().await;
    for (name, value, status, error) in [
        ("client_secret", "another", 401, "invalid_client"),
        ("client_id", "another", 401, "invalid_client"),
        ("grant_type", "password", 400, "unsupported_grant_type"),
        ("code_verifier", "", 400, "invalid_request"),
    ] {
        let code = code(&sandbox, &[]).await;
        let answer = exchanged(&sandbox, &code, &[(name, value)]).await;
        assert_eq!((answer.status.as_u16(), &answer.body["error"]), (status, &json!(error)), "{name}");
        assert_eq!(exchanged(&sandbox, &code, &[]).await.status, 200, "the code was not looked at");
    }
    for (name, value) in
        [("code_verifier", "another"), ("redirect_uri", "http://127.0.0.1:9/elsewhere"), ("code", "4/none")]
    {
        let code = code(&sandbox, &[]).await;
        let answer = exchanged(&sandbox, &code, &[(name, value)]).await;
        assert_eq!((answer.status.as_u16(), &answer.body["error"]), (400, &json!("invalid_grant")), "{name}");
        let is_used = name != "code";
        assert_eq!(exchanged(&sandbox, &code, &[]).await.status == 400, is_used, "{name}");
    }
    let late = code(&sandbox, &[]).await;
    sandbox.advance(600.0).await;
    assert_eq!(exchanged(&sandbox, &late, &[]).await.status, 400);
}

#[tokio::test]
async fn a_page_is_shown_only_for_a_sound_wish_of_the_client() {
    let sandbox = sandbox().await;
    let page = sandbox.client.get(format!("{}/google/authorize", sandbox.base)).query(&query(&[]));
    let page = page.send().await.unwrap();
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("form-action 'self' http://127.0.0.1:9"), "{policy}");
    assert!(page.text().await.unwrap().contains("name=\"state\" value=\"st\""));
    for (name, value, status) in [
        ("client_id", "another", 401),
        ("redirect_uri", "http://evil.test/api/v1/auth/google/callback", 400),
        ("redirect_uri", "", 400),
        ("response_type", "token", 400),
        ("scope", "email", 400),
        ("state", "", 400),
        ("nonce", "", 400),
        ("code_challenge", "short", 400),
        ("code_challenge_method", "plain", 400),
        ("email", "nobody", 400),
    ] {
        assert_eq!(consented(&sandbox, &[(name, value)]).await.status(), status, "{name}={value}");
    }
    let hostile = sandbox.client.get(format!("{}/google/authorize", sandbox.base));
    let hostile = hostile.query(&query(&[("state", "\"><script>")])).send().await.unwrap();
    assert!(!hostile.text().await.unwrap().contains("<script>"));
    let denied = consented(&sandbox, &[("deny", "1")]).await;
    let back = denied.headers()["location"].to_str().unwrap();
    assert!(back.contains("error=access_denied") && back.contains("state=st"), "{back}");
}

#[tokio::test]
async fn any_client_may_ask_where_none_is_configured_and_controls_check_their_input() {
    let sandbox = given::sandbox().await;
    let code = code(&sandbox, &[("client_id", "whoever")]).await;
    let answer = exchanged(&sandbox, &code, &[("client_id", "whoever"), ("client_secret", "any")]).await;
    assert_eq!(answer.status, 200);
    for (path, body) in [
        ("/control/google/token", json!({})),
        ("/control/google/token", json!({ "flaw": "none" })),
        ("/control/google/token", json!({ "flaw": "nonce", "count": -1 })),
        ("/control/google/token", json!({ "flaw": "nonce", "count": 1_001 })),
        ("/control/google/token", json!({ "flaw": "nonce", "surplus": 1 })),
        ("/control/google/rotate", json!({ "keep": "yes" })),
        ("/control/faults", json!({ "provider": "google", "operation": "verify", "mode": "http_500" })),
    ] {
        assert_eq!(sandbox.control(path, body.clone()).await.status, 422, "{path} {body}");
    }
    sandbox.fault("google", "certs", "http_500").await;
    let failed = sandbox.get("/google/certs").await;
    assert_eq!((failed.status.as_u16(), &failed.body["error"]), (500, &json!("server_error")));
}
