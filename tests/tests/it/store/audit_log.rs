//! The log of what staff did: the database refuses to change it, and whoever goes past that is found.

use std::time::Duration;

use namaskah_adapters::persistence::seal::{Pace, Sealer};
use namaskah_domain::{Change, UnitOfWork, staff::SealedLog};
use namaskah_tests::given::{self, at};
use sea_orm::ConnectionTrait;

use super::{Opened, Options, audit::World, both, open_postgres};

const AT_ONCE: Pace =
    Pace { batch: 4, settle: Duration::ZERO, lag: Duration::ZERO, patience: Duration::ZERO };
const A_DAY: i64 = 86_400;

async fn with_lines(opened: &Opened, count: usize) {
    for _ in 0..count {
        let entry = given::audit_entry(&given::actor());
        opened.backend.apply(UnitOfWork::new().with(Change::Audited(entry))).await;
    }
}

async fn verified(opened: &Opened) -> SealedLog {
    opened.stores.audit_seals.verify().await.expect("readable")
}

/// Three lines that are sealed: a horizon needs a second look.
async fn sealed() -> Vec<World> {
    let mut worlds = Vec::new();
    for opened in both().await {
        with_lines(&opened, 3).await;
        let sealer = Sealer::new(&opened.database, AT_ONCE);
        for _ in 0..4 {
            sealer.run(at(A_DAY)).await.expect("sealed");
        }
        let log = verified(&opened).await;
        assert_eq!((log.batches, log.broken), (1, Vec::new()));
        worlds.push(World::new(opened).await);
    }
    worlds
}

#[tokio::test]
async fn the_database_refuses_to_change_or_delete_a_line() {
    for opened in both().await {
        with_lines(&opened, 1).await;
        for sql in ["UPDATE audit_log SET action = 'owner.created'", "DELETE FROM audit_log"] {
            let refused = opened.database.connection().execute_unprepared(sql).await;
            let refused = refused.expect_err(sql).to_string();
            assert!(refused.contains("the audit log is final"), "{refused}");
        }
        opened.close().await;
    }
    let Some(opened) = open_postgres(Options::default()).await else { return };
    let emptied = opened.database.connection().execute_unprepared("TRUNCATE audit_log").await;
    assert!(emptied.is_err());
    opened.close().await;
}

#[tokio::test]
async fn a_line_that_is_altered_past_that_is_found() {
    for world in sealed().await {
        world.tamper_with("audit_log", "UPDATE audit_log SET facts_after = '{}'").await;
        let log = verified(&world.opened).await;
        assert_eq!((log.batches, log.broken.len()), (1, 1));
        assert!(log.broken[0].why.starts_with("a row or the seal was changed"), "{:?}", log.broken);
        world.finds("seals:audit_log", "audit_log batch 1, rows ").await;
    }
}

#[tokio::test]
async fn a_line_that_is_deleted_past_that_is_found() {
    for world in sealed().await {
        world.tamper_with("audit_log", "DELETE FROM audit_log WHERE at_us >= 0").await;
        let log = verified(&world.opened).await;
        assert!(log.broken[0].why.starts_with("3 rows are missing of 3"), "{:?}", log.broken);
        world.finds("seals:audit_log", "audit_log batch 1, rows ").await;
    }
}
