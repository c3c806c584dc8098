use std::time::{Duration, Instant};

use serde_json::json;

use crate::given::{self, Running, text};

async fn follow(sandbox: &Running, after_s: f64) -> f64 {
    let answer = sandbox.get(&format!("/control/clock/follow?follower=shop&after_s={after_s}")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body["offset_s"].as_f64().unwrap()
}

#[tokio::test]
async fn the_clock_moves_forward_only_and_every_answer_is_dated_by_it() {
    let sandbox = given::sandbox().await;
    sandbox.advance(0.5).await;
    sandbox.advance(3_600.0).await;
    let clock = sandbox.get("/control/clock").await;
    assert_eq!(clock.body["offset_s"], 3_600.5);
    let now = chrono::DateTime::parse_from_rfc3339(text(&clock.body["now"])).unwrap();
    let date = chrono::DateTime::parse_from_rfc2822(clock.headers["date"].to_str().unwrap()).unwrap();
    assert!((now - date).abs() <= chrono::TimeDelta::seconds(2));
    assert!(now - chrono::TimeDelta::seconds(3_590) > chrono::Utc::now());
    for wrong in
        [json!({ "advance_s": -1 }), json!({ "advance_s": 1e300 }), json!({ "advance_s": "1" }), json!({})]
    {
        assert_eq!(sandbox.control("/control/clock", wrong.clone()).await.status, 422, "{wrong}");
    }
    assert_eq!(sandbox.get("/control/clock").await.body["offset_s"], 3_600.5);
}

#[tokio::test]
async fn advancing_waits_until_a_follower_has_acknowledged() {
    let sandbox = given::sandbox().await;
    sandbox.advance(1.0).await;
    assert_eq!(follow(&sandbox, 0.0).await, 1.0);
    let advanced = async {
        sandbox.advance(60.0).await;
        Instant::now()
    };
    let product = async {
        assert_eq!(follow(&sandbox, 1.0).await, 61.0);
        for _ in 0..200 {
            sandbox.state().await; // its due work
        }
        let done = Instant::now();
        let _ = tokio::time::timeout(Duration::from_millis(500), follow(&sandbox, 61.0)).await;
        done
    };
    let (advanced, done) = tokio::join!(advanced, product);
    assert!(advanced >= done);
}

#[tokio::test]
async fn a_follower_that_hangs_up_is_not_waited_for() {
    let sandbox = given::sandbox().await;
    let hung_up = tokio::time::timeout(Duration::from_millis(300), follow(&sandbox, 0.0)).await;
    assert!(hung_up.is_err());
    let started = Instant::now();
    sandbox.advance(60.0).await;
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_follower_is_told_at_once_what_it_has_missed() {
    let sandbox = given::sandbox().await;
    sandbox.advance(60.0).await;
    let started = Instant::now();
    assert_eq!(follow(&sandbox, 0.0).await, 60.0);
    assert!(started.elapsed() < Duration::from_secs(5));
    assert_eq!(sandbox.get("/control/clock/follow?after_s=0").await.status, 422);
    assert_eq!(sandbox.get("/control/clock/follow?follower=shop&after_s=-1").await.status, 422);
    assert_eq!(sandbox.get("/control/clock/follow?follower=shop&after_s=NaN").await.status, 422);
}
