//! What is erased is found by an index of what is not erased yet.

use namaskah_tests::given::{self, at};

use super::{budget, open_postgres, open_sqlite, plans};

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
        for sql in run {
            if opened.postgres.is_some() {
                let plan = plans::plan(&opened, &sql).await;
                assert!(!plan.contains("Seq Scan"), "{sql}: {plan}");
            } else {
                assert_eq!(budget::walks(&opened, &sql).await, [""; 0], "{sql}");
            }
        }
        opened.close().await;
    }
}
