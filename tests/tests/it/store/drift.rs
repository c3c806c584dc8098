//! Drift: accounts that were moved past the journal, by hand, and found by what metrics read; and plans of statements.

use namaskah_adapters::persistence::Explainer;
use namaskah_domain::{Currency, Money, UnitOfWork};
use namaskah_tests::given::{self, at};
use sea_orm::ConnectionTrait;

use super::{both, budget, open_postgres, open_sqlite};

#[tokio::test]
async fn an_account_that_is_not_as_its_lines_or_its_holds_say_has_drifted() {
    for opened in both().await {
        let on = &opened.backend;
        let user = given::account().with(10_000).stored_in(on.store.as_ref()).await;
        on.apply(UnitOfWork::new().place(given::hold(user, 2_500))).await;
        let run = async |change: &str| {
            let sql = format!("UPDATE accounts SET {change}");
            opened.database.connection().execute_unprepared(&sql).await.expect("changed");
        };
        for (change, undo, drift) in [
            (
                "wallet_posted_units = wallet_posted_units + 7",
                "wallet_posted_units = wallet_posted_units - 7",
                7,
            ),
            ("promo_posted_units = promo_posted_units + 5", "promo_posted_units = promo_posted_units - 5", 5),
            ("wallet_held_units = wallet_held_units - 3", "wallet_held_units = wallet_held_units + 3", 3),
        ] {
            run(change).await;
            let found = on.vitals.drift().await.expect("readable");
            assert_eq!(found, Money::from_units(drift, Currency::Usd), "{change}");
            run(undo).await;
        }
        assert!(on.vitals.drift().await.expect("readable").is_zero());
        opened.close().await;
    }
}

#[tokio::test]
async fn a_statement_is_explained_without_being_run() {
    let statements = budget::Statements::default();
    let sqlite = open_sqlite(statements.options(4)).await;
    for opened in [Some(sqlite), open_postgres(statements.options(4)).await].into_iter().flatten() {
        let on = &opened.backend;
        let user = given::account().with(10_000).stored_in(on.store.as_ref()).await;
        statements.take();
        on.apply(UnitOfWork::new().place(given::hold(user, 2_500))).await;
        on.vitals.vitals(at(0)).await.expect("readable");
        let run = statements.take();
        let explainer = Explainer::new(&opened.url).await.expect("an address");
        let mut planned = 0;
        for sql in run.iter().filter(|sql| sql.len() > 20) {
            match explainer.plan(sql).await {
                Ok(plan) => {
                    // SQLite has nothing to say of a row that is simply written.
                    assert!(!plan.is_empty() || sql.starts_with("INSERT"), "{sql}");
                    assert!(!plan.contains("2500"), "{sql}: {plan}");
                    planned += 1;
                }
                // Postgres cannot always tell the kind of a value that it is not given.
                Err(error) => assert!(opened.postgres.is_some() && sql.starts_with("WITH"), "{error}: {sql}"),
            }
        }
        assert!(planned >= 1, "{run:#?}");
        // What cannot be planned is told as that, and what comes after it is planned all the same.
        assert!(explainer.plan("SELECT nothing FROM nowhere").await.is_err());
        assert!(explainer.plan("SELECT COUNT(*) FROM holds").await.is_ok());
        let held = opened.query("SELECT COUNT(*) AS n FROM holds").await;
        assert_eq!(held[0].try_get::<i64>("", "n").expect("a number"), 1, "no hold was placed again");
        opened.close().await;
    }
}
