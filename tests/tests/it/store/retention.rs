//! What is erased is found by an index of what is not erased yet, and what is of no more use by when it ended.

use namaskah_domain::{
    Change, UnitOfWork,
    upkeep::Task,
    webhook::{Delivery, DeliveryState},
};
use namaskah_tests::given::{self, at};

use super::{Opened, budget, open_postgres, open_sqlite, plans};

/// That none of these statements walks through a table.
async fn are_found_by_an_index(opened: &Opened, run: Vec<String>) {
    for sql in run {
        if opened.postgres.is_some() {
            let plan = plans::plan(opened, &sql).await;
            assert!(!plan.contains("Seq Scan"), "{sql}: {plan}");
        } else {
            assert_eq!(budget::walks(opened, &sql).await, [""; 0], "{sql}");
        }
    }
}

#[tokio::test]
async fn what_is_past_retention_is_found_without_walking_through_tables() {
    let statements = budget::Statements::default();
    let sqlite = open_sqlite(statements.options(4)).await;
    for opened in [Some(sqlite), open_postgres(statements.options(4)).await].into_iter().flatten() {
        let erasures = &opened.backend.erasures;
        statements.take();
        erasures.erase_ended(at(0), 20).await.expect("the database answers");
        erasures.erase_of(given::id(), 20).await.expect("the database answers");
        let run = statements.take();
        assert_eq!(run.len(), 9, "{run:#?}");
        are_found_by_an_index(&opened, run).await;
        opened.close().await;
    }
}

/// One statement a task, and three for deliveries, which take their tries along.
#[tokio::test]
async fn what_is_of_no_more_use_is_found_without_walking_through_tables() {
    let statements = budget::Statements::default();
    let sqlite = open_sqlite(statements.options(4)).await;
    for opened in [Some(sqlite), open_postgres(statements.options(4)).await].into_iter().flatten() {
        let on = &opened.backend;
        let endpoint = given::endpoint(given::id());
        let state = DeliveryState::Delivered { at: at(0) };
        let ended = Delivery { state, ..given::delivery(&endpoint, 1) };
        on.apply(UnitOfWork::new().with(Change::WebhookDelivery(ended))).await;
        for task in Task::ALL {
            statements.take();
            on.leftovers.delete(task, at(0), 20).await.expect("the database answers");
            let run = statements.take();
            assert_eq!(run.len(), if task == Task::Deliveries { 3 } else { 1 }, "{run:#?}");
            are_found_by_an_index(&opened, run).await;
        }
        opened.close().await;
    }
}
