//! Google's adapter against tokens and answers that no honest provider gives.

use std::time::Duration;

use namaskah_domain::{
    auth::{Assertion, Disbelief, Expected, IdentityProvider, IdentityProviderError, Secret},
    memory::Person,
};
use namaskah_tests::contract::identity_provider::{IdentityWorld, attempt, person};
use serde_json::{Value, json};

use super::{
    canned::{Canned, Reply, answer},
    identities::{CLIENT, Simulated, WAY_BACK, adapter, adapter_with, simulated},
};

fn ada() -> Person {
    person("108", "ada@example.com")
}

/// What comes of a token with that flaw, believed or not.
async fn spoilt(world: &Simulated, flaw: &str) -> Result<Assertion, IdentityProviderError> {
    let attempt = attempt(flaw);
    let url = world.provider().authorization_url(&attempt).await.expect("a page");
    let (_, code) = world.consent(&url, &ada()).await;
    world.control("/control/google/token", json!({ "flaw": flaw })).await;
    world.provider().redeem(&code, &attempt.verifier).await
}

#[tokio::test]
async fn a_token_that_is_not_signed_as_agreed_is_not_read() {
    let world = simulated().await;
    for flaw in [
        "signature",
        "alg_none",
        "alg_hs256",
        "alg_ps256",
        "critical",
        "no_key",
        "unknown_key",
        "no_subject",
        "twice",
    ] {
        let outcome = spoilt(&world, flaw).await;
        assert!(matches!(outcome, Err(IdentityProviderError::Unbelievable(_))), "{flaw}: {outcome:?}");
    }
}

#[tokio::test]
async fn a_signed_token_that_says_something_else_is_not_believed() {
    let world = simulated().await;
    for (flaw, why) in [
        ("issuer", Disbelief::Issuer),
        ("audience", Disbelief::Audience),
        ("audiences", Disbelief::Audience),
        ("party", Disbelief::AuthorizedParty),
        ("expired", Disbelief::Expired),
        ("future", Disbelief::NotFresh),
        ("old", Disbelief::NotFresh),
        ("nonce", Disbelief::Nonce),
        ("no_nonce", Disbelief::Nonce),
        ("unverified", Disbelief::EmailNotVerified),
        ("no_email", Disbelief::EmailNotVerified),
    ] {
        let assertion = spoilt(&world, flaw).await.unwrap_or_else(|error| panic!("{flaw}: {error}"));
        let (issuer, client) = (world.provider().issuer(), world.provider().client());
        let nonce = attempt(flaw).nonce;
        let now = world.clock().now();
        let outcome = assertion.believed(&Expected { issuer, client, nonce: &nonce, now });
        assert_eq!(outcome, Err(why), "{flaw}");
    }
}

#[tokio::test]
async fn a_token_without_end_is_not_read_to_its_end() {
    let world = simulated().await;
    let outcome = spoilt(&world, "huge").await;
    assert!(matches!(outcome, Err(IdentityProviderError::Unavailable(_))), "{outcome:?}");
}

#[tokio::test]
async fn a_browser_is_sent_with_a_challenge_and_without_the_verifier() {
    let world = simulated().await;
    let attempt = attempt("one");
    let url = world.provider().authorization_url(&attempt).await.expect("a page");
    let url = reqwest::Url::parse(&url).expect("an address");
    let mut sent: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let challenge = sent.iter().position(|(name, _)| name == "code_challenge").expect("a challenge");
    let (_, challenge) = sent.remove(challenge);
    assert_eq!(challenge.len(), 43);
    let expected = [
        ("response_type", "code"),
        ("client_id", CLIENT),
        ("redirect_uri", WAY_BACK),
        ("scope", "openid email"),
        ("state", attempt.state.expose()),
        ("nonce", attempt.nonce.expose()),
        ("code_challenge_method", "S256"),
        ("prompt", "select_account"),
    ];
    assert_eq!(sent, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

/// A provider of our own, at the address that its description names; `change` makes it another.
async fn described(change: impl Fn(&mut Value, &str) + Send + Sync + 'static) -> Canned {
    Canned::start(move |request| {
        let host = request.headers.get("host").cloned().unwrap_or_default();
        let issuer = format!("http://{host}");
        let mut description = json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"),
            "jwks_uri": format!("{issuer}/certs"),
        });
        change(&mut description, &issuer);
        match request.line.as_str() {
            "GET /.well-known/openid-configuration" => answer(200, description.to_string()),
            _ => answer(404, "{}"),
        }
    })
    .await
}

#[tokio::test]
async fn a_description_of_another_issuer_or_without_sound_endpoints_is_not_used() {
    let changes: [fn(&mut Value, &str); 6] = [
        |description, _| description["issuer"] = json!("https://accounts.google.com"),
        |description, issuer| description["issuer"] = json!(format!("{issuer}/")),
        |description, _| description["issuer"] = Value::Null,
        |description, _| description["token_endpoint"] = json!("ftp://elsewhere.example/token"),
        |description, _| description["jwks_uri"] = json!("certs"),
        |description, _| description["authorization_endpoint"] = json!(7),
    ];
    for (at, change) in changes.into_iter().enumerate() {
        let server = described(change).await;
        let outcome = adapter(&server.url()).authorization_url(&attempt("one")).await;
        assert!(matches!(outcome, Err(IdentityProviderError::Unavailable(_))), "{at}: {outcome:?}");
    }
    let server = described(|_, _| {}).await;
    let provider = adapter(&server.url());
    for _ in 0..3 {
        provider.authorization_url(&attempt("one")).await.expect("a page");
    }
    assert_eq!(server.seen("GET /.well-known").len(), 1, "a description is kept");
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_nonsense_is_no_description() {
    let elsewhere = described(|_, _| {}).await;
    let location = format!("{}/.well-known/openid-configuration", elsewhere.url());
    let replies: [(&str, Reply); 5] = [
        ("a redirect", answer(302, "").header("location", location)),
        ("nothing", answer(200, "")),
        ("no JSON", answer(200, "<html>")),
        ("a fault", answer(500, "")),
        ("without end", answer(200, format!("{{\"issuer\":\"{}\"}}", "x".repeat(100_000)))),
    ];
    for (what, reply) in replies {
        let server = Canned::start(move |_| reply.clone()).await;
        let outcome = adapter(&server.url()).authorization_url(&attempt("one")).await;
        assert!(matches!(outcome, Err(IdentityProviderError::Unavailable(_))), "{what}: {outcome:?}");
    }
    assert_eq!(elsewhere.seen("GET ").len(), 0);
}

/// Tokens come from outside: each with a key of its own must not make us ask each time.
#[tokio::test]
async fn an_unknown_key_is_not_looked_for_all_the_time() {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256","kid":"nobody's"}"#);
    let token = format!("{header}.e30.c2lnbmF0dXJl");
    let server = Canned::start(move |request| {
        let issuer = format!("http://{}", request.headers["host"]);
        match request.line.as_str() {
            "POST /token" => answer(200, json!({ "id_token": token }).to_string()),
            "GET /certs" => {
                answer(200, r#"{"keys":[{"kty":"EC","kid":"nobody's"},{"kty":"RSA","kid":"a"}]}"#)
            }
            _ => {
                let (authorize, token, certs) =
                    (format!("{issuer}/authorize"), format!("{issuer}/token"), format!("{issuer}/certs"));
                let body = json!({ "issuer": issuer, "authorization_endpoint": authorize,
                    "token_endpoint": token, "jwks_uri": certs });
                answer(200, body.to_string())
            }
        }
    })
    .await;
    let provider = adapter_with(&server.url(), Duration::from_secs(600));
    for _ in 0..5 {
        let outcome = provider.redeem(&Secret::new("code".into()), &attempt("one").verifier).await;
        assert!(matches!(outcome, Err(IdentityProviderError::Unbelievable(_))), "{outcome:?}");
    }
    assert_eq!((server.seen("GET /certs").len(), server.seen("POST /token").len()), (1, 5));
    let asked = &server.seen("POST /token")[0];
    assert!(asked.body.contains("grant_type=authorization_code") && asked.body.contains("code_verifier="));
}

#[tokio::test]
async fn a_secret_that_the_provider_refuses_is_our_fault_and_not_the_users() {
    let world = simulated().await;
    let stranger = namaskah_adapters::google::GoogleConfig::new(
        world.issuer(),
        CLIENT.into(),
        "another secret".into(),
        WAY_BACK.into(),
    );
    assert!(!format!("{stranger:?}").contains("another secret"));
    let provider = namaskah_adapters::google::GoogleIdentityProvider::try_new(stranger).expect("an adapter");
    let attempt = attempt("one");
    let url = provider.authorization_url(&attempt).await.expect("a page");
    let (_, code) = world.consent(&url, &ada()).await;
    let outcome = provider.redeem(&code, &attempt.verifier).await;
    assert!(matches!(outcome, Err(IdentityProviderError::Unavailable(_))), "{outcome:?}");
}
