//! Known and unknown addresses get the same answer after the same time. The work behind it is counted in
//! `domain/tests/auth/timing.rs`; here it is measured, with a bound that a busy machine keeps.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::given::{PASSWORD, World, world};

const SAMPLES: usize = 15;
/// Beside half of the longer time.
const SLACK: Duration = Duration::from_millis(20);

/// Status and body without what is each request's own, and how long it took.
async fn asked(world: &World, path: &str, body: &Value) -> ((u16, Value), Duration) {
    let begun = Instant::now();
    let answer = world.post(path, body.clone()).await;
    let status = answer.status().as_u16();
    let mut body: Value = answer.json().await.expect("JSON");
    let took = begun.elapsed();
    if let Some(fields) = body.as_object_mut() {
        fields.remove("request_id");
    }
    ((status, body), took)
}

fn median(mut took: Vec<Duration>) -> Duration {
    took.sort_unstable();
    took[took.len() / 2]
}

#[tokio::test]
async fn neither_answer_nor_time_tells_whether_an_address_is_known() {
    let world = world().await;
    world.person("ada@example.com").await;
    for path in ["register", "login", "password/forgot", "resend-verification"] {
        let (mut known, mut unknown) = (Vec::new(), Vec::new());
        for sample in 0..SAMPLES {
            let wrong = if path == "register" { PASSWORD } else { "nine loud drums beat" };
            let with = |email: String| match path {
                "register" | "login" => json!({"email": email, "password": wrong}),
                _ => json!({"email": email}),
            };
            let path = format!("/api/v1/auth/{path}");
            // One after the other, so that both meet the same weather.
            let (one, took) = asked(&world, &path, &with("ada@example.com".to_owned())).await;
            known.push(took);
            let (other, took) = asked(&world, &path, &with(format!("nobody{sample}@example.com"))).await;
            unknown.push(took);
            assert_eq!(one, other, "{path}");
            assert!([202, 401].contains(&one.0), "{path}: {one:?}");
        }
        let (known, unknown) = (median(known), median(unknown));
        let apart = known.abs_diff(unknown);
        assert!(apart <= known.max(unknown) / 2 + SLACK, "{path}: {known:?} and {unknown:?}");
    }
}
