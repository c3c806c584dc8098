//! What an address gives away by the work that it costs: nothing. Counted, not timed: a busy machine tells no lies.

use namaskah_domain::auth::{Origin, Register};

use crate::fakes::{ADA, OTHER, RIGHT, World, credentials, email, secret};

const NOBODY: &str = "nobody@example.com";

/// Hashes made and compared, reads, commits.
async fn work(world: &World, act: impl AsyncFnOnce()) -> ((u64, u64), u64, u64) {
    let before = (world.hasher.work(), world.reads(), world.commits());
    act().await;
    let after = (world.hasher.work(), world.reads(), world.commits());
    let hashes = (after.0.0 - before.0.0, after.0.1 - before.0.1);
    (hashes, after.1 - before.1, after.2 - before.2)
}

#[tokio::test]
async fn registering_costs_the_same_for_a_known_and_an_unknown_address() {
    let world = World::with_ada().await;
    let register = async |address: &str| {
        let cmd = Register { email: email(address), password: secret(OTHER) };
        world.auth.register(cmd).await.expect("the same answer");
    };
    let known = work(&world, async || register(ADA).await).await;
    let unknown = work(&world, async || register(NOBODY).await).await;
    let unproven = work(&world, async || register(NOBODY).await).await;
    assert_eq!(known, ((1, 0), 1, 1));
    assert_eq!((unknown, unproven), (known, known));
}

#[tokio::test]
async fn a_refused_sign_in_costs_the_same_for_a_known_and_an_unknown_address() {
    let world = World::with_ada().await;
    let login = async |address: &str, password: &str| {
        world.auth.login(credentials(address, password), Origin::default()).await.expect_err("refused");
    };
    let known = work(&world, async || login(ADA, OTHER).await).await;
    let unknown = work(&world, async || login(NOBODY, RIGHT).await).await;
    assert_eq!(known, ((0, 1), 1, 0));
    assert_eq!(unknown, known);
}

/// These differ, since only one of them mails; that is why the door answers before they begin.
#[tokio::test]
async fn a_wish_for_a_mail_hashes_nothing_and_reads_once_whoever_asks() {
    let world = World::with_ada().await;
    for (address, commits) in [(ADA, 1), (NOBODY, 0)] {
        let forgot =
            work(&world, async || world.auth.forgot_password(&email(address)).await.expect("told")).await;
        assert_eq!(forgot, ((0, 0), 1, commits), "{address}");
    }
    world.register(NOBODY, OTHER).await;
    for (address, commits) in [(ADA, 0), (NOBODY, 1), ("other@example.com", 0)] {
        let again =
            work(&world, async || world.auth.resend_verification(&email(address)).await.expect("told")).await;
        assert_eq!(again, ((0, 0), 1, commits), "{address}");
    }
}
