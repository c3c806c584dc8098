//! Seals: what was sealed cannot be edited, deleted, slipped in, cut off or made anew without being found.

use std::{path::PathBuf, time::Duration};

use namaskah_adapters::persistence::{
    audit::{Audit, Finding, Question, Scope},
    seal::{Pace, Sealer},
};
use namaskah_domain::{
    UnitOfWork,
    wallet::{EntryKind, HoldEnd, House, LedgerAccount, Legs, Source},
};
use namaskah_tests::given::{self, at};
use sea_orm::{ConnectionTrait, TransactionTrait};

use super::{Options, audit::World, both, open_postgres};

/// Small batches, at once.
const AT_ONCE: Pace =
    Pace { batch: 4, settle: Duration::ZERO, lag: Duration::ZERO, patience: Duration::ZERO };
const A_DAY: i64 = 86_400;

async fn worlds() -> Vec<World> {
    let mut worlds = Vec::new();
    for opened in both().await {
        worlds.push(World::new(opened).await);
    }
    worlds
}

/// Looks often enough to find what is due: a horizon needs a second look.
async fn look(sealer: &Sealer) {
    let mut idle = 0;
    while idle < 3 {
        let sealed = sealer.run(at(A_DAY)).await.expect("sealed");
        idle = if sealed == 0 { idle + 1 } else { 0 };
    }
}

/// Seals until nothing is left. Whoever writes elsewhere in the cluster holds the horizon back, as other tests do.
async fn seal(world: &World, sealer: &Sealer) {
    const LEFT: &str = "SELECT COUNT(*) FROM transfers WHERE id > (SELECT COALESCE(MAX(CAST(last_key AS BIGINT)), 0) \
         FROM seals WHERE chain = 'transfers')";
    for _ in 0..2_000 {
        look(sealer).await;
        if number(world, LEFT).await == 0 {
            assert_eq!(broken(world).await, [] as [Finding; 0]);
            return;
        }
    }
    panic!("the horizon does not move");
}

async fn sealed() -> Vec<World> {
    let worlds = worlds().await;
    for world in &worlds {
        seal(world, &Sealer::new(&world.opened.database, AT_ONCE)).await;
    }
    worlds
}

/// What the seals say; the laws of the records are another matter.
async fn broken(world: &World) -> Vec<Finding> {
    let asked = Question::of(Scope::Ledger);
    let report = Audit::new(&world.opened.database).run(&asked, &mut |_| {}).await.expect("readable");
    report.broken().filter(|finding| finding.law.starts_with("seals:")).cloned().collect()
}

async fn number(world: &World, sql: &str) -> i64 {
    let sql = format!("SELECT CAST(({sql}) AS BIGINT) AS n");
    world.opened.query(&sql).await[0].try_get("", "n").expect("a number")
}

/// The batch of a transfer.
async fn batch_of(world: &World, line: &str) -> String {
    let sql = format!(
        "SELECT MIN(sequence) FROM seals WHERE chain = 'transfers' AND CAST(last_key AS BIGINT) >= {line}"
    );
    format!("transfers batch {}, rows ", number(world, &sql).await)
}

fn head_file(world: &World) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("heads.json");
    let (said, code) = world.audit(&["--export", file.to_str().expect("a path")]);
    assert_eq!(code, Some(0), "{said}");
    (folder, file)
}

async fn close(world: World) {
    world.opened.close().await;
}

#[tokio::test]
async fn every_row_behind_the_horizon_is_sealed_once_and_what_is_open_is_carried_until_it_ends() {
    for world in worlds().await {
        let sealer = Sealer::new(&world.opened.database, AT_ONCE);
        seal(&world, &sealer).await;
        let transfers = number(&world, "SELECT COUNT(*) FROM transfers").await;
        let rows = "SELECT SUM(sealed_rows) FROM seals WHERE chain = ";
        assert_eq!(number(&world, &format!("{rows}'transfers'")).await, transfers);
        assert!(number(&world, "SELECT COUNT(*) FROM seals WHERE chain = 'transfers'").await >= 3);
        assert_eq!(number(&world, &format!("{rows}'holds'")).await, 2, "two have ended");
        let carried = "SELECT COUNT(*) FROM seals_pending WHERE sealed_in IS NULL";
        assert_eq!(number(&world, carried).await, 1, "one is open");
        let ended = given::end(&world.waiting.hold, HoldEnd::Release);
        world.opened.backend.apply(UnitOfWork::new().end(ended)).await;
        seal(&world, &sealer).await;
        assert_eq!(number(&world, &format!("{rows}'holds'")).await, 3);
        assert_eq!(number(&world, carried).await, 0);
        let id = world.key(world.waiting.hold.id.uuid());
        world.run(&format!("UPDATE holds SET ended_at_us = ended_at_us + 1 WHERE id = {id}")).await;
        let [found] = broken(&world).await.try_into().expect("one");
        assert!(found.offenders[0].row.starts_with("holds batch 2, "), "{found:?}");
        close(world).await;
    }
}

#[tokio::test]
async fn an_edited_transfer_is_found_by_its_batch_and_no_other_is_named() {
    for world in sealed().await {
        let line = world.line(&world.completed.captured(), 3).await;
        let batch = batch_of(&world, &line).await;
        world
            .tamper(&format!("UPDATE transfers SET created_at_us = created_at_us + 1 WHERE id = {line}"))
            .await;
        let [found] = broken(&world).await.try_into().expect("one chain");
        assert_eq!((found.law, found.broken), ("seals:transfers", 1), "{found:?}");
        world.finds("seals:transfers", &batch).await;
    }
}

#[tokio::test]
async fn a_deleted_transfer_is_found() {
    for world in sealed().await {
        let source = Source::bought(&world.orphan.bought().expect("a number").reservation);
        let batch = batch_of(&world, &world.line(source.as_str(), 1).await).await;
        world.tamper(&format!("DELETE FROM transfers WHERE source = '{source}'")).await;
        let [found] = broken(&world).await.try_into().expect("one chain");
        assert!(found.offenders[0].why.starts_with("1 rows are missing"), "{found:?}");
        world.finds("seals:transfers", &batch).await;
    }
}

#[tokio::test]
async fn a_transfer_that_is_slipped_in_later_is_found() {
    for world in worlds().await {
        // A number that was given and is not in use, as an undone commit leaves it on Postgres.
        let columns =
            "debit_account, credit_account, amount_units, currency, kind, source, leg, created_at_us";
        let line = "'treasury', 'psp_clearing:paystack', 5, 'USD', 'cost', 'test:between', 1, 1";
        world.run(&format!("INSERT INTO transfers ({columns}) VALUES ({line})")).await;
        let gap = world.line("test:between", 1).await;
        world.tamper("DELETE FROM transfers WHERE source = 'test:between'").await;
        given::account().with(70).stored_in(world.opened.backend.store.as_ref()).await;
        seal(&world, &Sealer::new(&world.opened.database, AT_ONCE)).await;
        let batch = batch_of(&world, &gap).await;
        let system = if world.is_postgres() { "OVERRIDING SYSTEM VALUE " } else { "" };
        world.run(&format!("INSERT INTO transfers (id, {columns}) {system}VALUES ({gap}, {line})")).await;
        let [found] = broken(&world).await.try_into().expect("one chain");
        assert!(found.offenders[0].why.starts_with("1 rows more"), "{found:?}");
        world.finds("seals:transfers", &batch).await;
    }
}

#[tokio::test]
async fn an_ended_hold_that_is_edited_is_found() {
    for world in sealed().await {
        let id = world.key(world.cancelled.hold.id.uuid());
        world.run(&format!("UPDATE holds SET state = 'captured' WHERE id = {id}")).await;
        world.finds("seals:holds", "holds batch 1, rows ").await;
    }
}

#[tokio::test]
async fn an_ended_hold_that_is_deleted_is_found() {
    for world in sealed().await {
        let id = world.key(world.cancelled.hold.id.uuid());
        world.run(&format!("DELETE FROM holds WHERE id = {id}")).await;
        world.finds("seals:holds", "holds batch 1, rows ").await;
    }
}

#[tokio::test]
async fn an_open_hold_that_is_carried_and_vanishes_is_found() {
    for world in sealed().await {
        let id = world.waiting.hold.id.uuid();
        world.run(&format!("DELETE FROM holds WHERE id = {}", world.key(id))).await;
        world.finds("seals:holds", &format!("holds row {}", id.simple())).await;
    }
}

#[tokio::test]
async fn a_hold_that_is_struck_from_the_carried_is_found() {
    for world in sealed().await {
        world.run("DELETE FROM seals_pending").await;
        world.finds("seals:holds", "holds batch 1, rows ").await;
    }
}

#[tokio::test]
async fn a_seal_that_is_changed_or_missing_is_found() {
    for world in sealed().await {
        world.run("DELETE FROM seals WHERE chain = 'transfers' AND sequence = 2").await;
        world.finds("seals:transfers", "transfers batch 3, rows ").await;
    }
    for world in sealed().await {
        world.run("UPDATE seals SET sealed_at_us = 1 WHERE chain = 'holds'").await;
        world.finds("seals:holds", "holds batch 1, rows ").await;
    }
}

#[tokio::test]
async fn a_chain_that_grows_goes_on_from_the_head_that_was_kept() {
    for world in sealed().await {
        let (_folder, file) = head_file(&world);
        let mut legs = Legs::new(given::source(), EntryKind::Adjustment, at(1));
        let (from, to) = (LedgerAccount::House(House::Revenue), LedgerAccount::House(House::WriteOff));
        legs.add(from, to, given::amount(70));
        world.opened.backend.apply(UnitOfWork::new().post(legs.into_entry().expect("balanced"))).await;
        seal(&world, &Sealer::new(&world.opened.database, AT_ONCE)).await;
        let (said, code) = world.audit(&["--expect", file.to_str().expect("a path")]);
        assert_eq!(code, Some(0), "{said}");
        close(world).await;
    }
}

#[tokio::test]
async fn a_chain_that_was_cut_off_is_found_by_the_head_that_was_kept() {
    for world in sealed().await {
        let (_folder, file) = head_file(&world);
        let newest = number(&world, "SELECT MAX(sequence) FROM seals WHERE chain = 'transfers'").await;
        let after = "(SELECT MAX(CAST(last_key AS BIGINT)) FROM seals WHERE chain = 'transfers')";
        world.run(&format!("DELETE FROM seals WHERE chain = 'transfers' AND sequence = {newest}")).await;
        world.tamper(&format!("DELETE FROM transfers WHERE id > {after}")).await;
        assert_eq!(broken(&world).await, [] as [Finding; 0], "by itself it looks whole");
        let (said, code) = world.audit(&["--expect", file.to_str().expect("a path")]);
        let named =
            format!("transfers batch {newest}: was kept elsewhere, and the chain ends at {}", newest - 1);
        assert_eq!((code, said.contains(&named)), (Some(1), true), "{said}");
        close(world).await;
    }
}

#[tokio::test]
async fn a_chain_that_was_made_anew_is_found_by_the_head_that_was_kept() {
    for world in sealed().await {
        let (_folder, file) = head_file(&world);
        let line = world.line(&world.completed.captured(), 3).await;
        world
            .tamper(&format!("UPDATE transfers SET created_at_us = created_at_us + 1 WHERE id = {line}"))
            .await;
        world.run("DELETE FROM seals").await;
        world.run("DELETE FROM seals_pending").await;
        seal(&world, &Sealer::new(&world.opened.database, AT_ONCE)).await;
        let (said, code) = world.audit(&["--expect", file.to_str().expect("a path")]);
        assert_eq!((code, said.contains("the chain was made anew")), (Some(1), true), "{said}");
        close(world).await;
    }
}

#[tokio::test]
async fn heads_that_cannot_be_read_are_refused_and_broken_books_export_none() {
    for world in sealed().await {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("heads.json");
        let path = file.to_str().expect("a path");
        for text in
            ["", "{}", r#"{"heads":[{"chain":"transfers","sequence":1,"digest":"x","last_key":"1"}]}"#]
        {
            std::fs::write(&file, text).expect("written");
            let (said, code) = world.audit(&["--expect", path]);
            assert_eq!((code, said.contains("holds no heads of seals")), (Some(1), true), "{text:?}: {said}");
        }
        let unknown = r#"{"heads":[{"chain":"transfer","sequence":1,"digest":"00","last_key":"1"}]}"#;
        std::fs::write(&file, unknown).expect("written");
        let (said, code) = world.audit(&["--expect", path]);
        assert_eq!((code, said.contains("transfer batch 1: ")), (Some(1), true), "{said}");
        world.run("UPDATE accounts SET open_orders = open_orders + 1").await;
        std::fs::remove_file(&file).expect("removed");
        let (said, code) = world.audit(&["--export", path]);
        assert_eq!((code, file.exists()), (Some(1), false), "{said}");
        close(world).await;
    }
}

/// A transfer with a lower number may still be on its way when a higher one is committed.
#[tokio::test]
async fn nothing_is_sealed_past_a_transfer_that_is_not_committed_yet() {
    let Some(opened) = open_postgres(Options::default()).await else { return };
    let (_, other) = opened.second().await;
    let late = other.connection().begin().await.expect("a transaction");
    let line = "INSERT INTO transfers (debit_account, credit_account, amount_units, currency, kind, source, leg, \
         created_at_us) VALUES ('treasury', 'psp_clearing:paystack', 5, 'USD', 'cost', 'test:late', 1, 1)";
    late.execute_unprepared(line).await.expect("a line");
    let sealer = Sealer::new(&opened.database, AT_ONCE);
    given::account().with(70).stored_in(opened.backend.store.as_ref()).await;
    for _ in 0..5 {
        assert_eq!(sealer.run(at(A_DAY)).await.expect("asked"), 0, "a transfer would be slipped in");
    }
    late.commit().await.expect("committed");
    let mut looks = 0;
    let sealed = loop {
        looks += 1;
        match sealer.run(at(A_DAY)).await.expect("sealed") {
            0 if looks < 5_000 => {}
            sealed => break sealed,
        }
    };
    assert_eq!(sealed, 2, "both at once");
    other.close().await;
    opened.close().await;
}

#[tokio::test]
async fn a_hold_is_not_sealed_before_its_lag_is_over() {
    for world in worlds().await {
        let slow = Pace { lag: Duration::from_secs(600), ..AT_ONCE };
        let sealer = Sealer::new(&world.opened.database, slow);
        while sealer.run(at(A_DAY)).await.expect("sealed") > 0 {}
        seal(&world, &sealer).await;
        assert_eq!(number(&world, "SELECT COUNT(*) FROM seals WHERE chain = 'holds'").await, 0);
        close(world).await;
    }
}

#[tokio::test]
async fn a_batch_that_is_not_full_waits_for_its_turn() {
    for world in worlds().await {
        let patient = Pace { batch: 100, patience: Duration::from_secs(3600), ..AT_ONCE };
        seal(&world, &Sealer::new(&world.opened.database, AT_ONCE)).await;
        let sealer = Sealer::new(&world.opened.database, patient);
        let seals = number(&world, "SELECT COUNT(*) FROM seals").await;
        given::account().with(70).stored_in(world.opened.backend.store.as_ref()).await;
        look(&sealer).await;
        assert_eq!(number(&world, "SELECT COUNT(*) FROM seals").await, seals);
        close(world).await;
    }
}

/// Of two that seal at once one is refused, and the chain is whole.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_that_seal_at_once_make_one_chain() {
    for world in worlds().await {
        let sealers = [(); 2].map(|()| Sealer::new(&world.opened.database, AT_ONCE));
        for _ in 0..12 {
            let [one, other] = &sealers;
            // Whoever comes second is refused, and looks again.
            let _ = tokio::join!(one.run(at(A_DAY)), other.run(at(A_DAY)));
        }
        seal(&world, &sealers[0]).await;
        let transfers = number(&world, "SELECT COUNT(*) FROM transfers").await;
        let rows = "SELECT SUM(sealed_rows) FROM seals WHERE chain = 'transfers'";
        assert_eq!(number(&world, rows).await, transfers);
        assert_eq!(broken(&world).await, [] as [Finding; 0]);
        close(world).await;
    }
}
