//! Drift: accounts that were moved past the journal, by hand, and found by what metrics read; and plans of statements.

use std::sync::{Arc, Mutex};

use namaskah_adapters::persistence::{Explainer, Options, Ran};
use namaskah_domain::{Currency, Money, UnitOfWork, vitals::DriftWatch};
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

/// Also one that nothing has moved for years.
#[tokio::test]
async fn an_account_that_has_drifted_is_found_in_its_turn_and_seen_to_be_mended() {
    for opened in both().await {
        let on = &opened.backend;
        let mut users = Vec::new();
        for _ in 0..7 {
            users.push(given::account().with(10_000).stored_in(on.store.as_ref()).await);
        }
        users.sort();
        // As if all this was long ago: what looks at the newest lines sees nothing of it.
        let lines = "INSERT INTO transfers (user_id, debit_account, credit_account, amount_units, currency, kind, source, \
             leg, created_at_us) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1001) \
             SELECT NULL, 'revenue', 'adjustment', 1, 'USD', 'adjustment', 'later:' || i, 1, 0 FROM n";
        opened.database.connection().execute_unprepared(lines).await.expect("written");
        let run = async |column: &str, by: i64| {
            let id = match opened.postgres.is_some() {
                true => format!("'{}'", users[4].uuid()),
                false => format!("x'{}'", users[4].uuid().simple()),
            };
            let sql = format!("UPDATE accounts SET {column} = {column} + {by} WHERE user_id = {id}");
            let changed = opened.database.connection().execute_unprepared(&sql).await.expect("changed");
            assert_eq!(changed.rows_affected(), 1, "{sql}");
        };
        let watch = DriftWatch::new(on.vitals.clone(), 2);
        let look = async || watch.look().await.expect("readable").units();
        for column in ["wallet_posted_units", "promo_posted_units", "wallet_held_units"] {
            run(column, 7).await;
            assert!(on.vitals.drift().await.expect("readable").is_zero(), "{column}");
            let passes = watch.passes();
            let mut found = 0;
            while watch.passes() == passes {
                found = look().await.max(found);
            }
            assert_eq!(found, 7, "{column}");
            run(column, -7).await;
            assert_eq!(look().await, 0, "{column}");
        }
        opened.close().await;
    }
}

/// Statements with the kinds of their values.
type Seen = Arc<Mutex<Vec<(String, Vec<&'static str>)>>>;

fn options(seen: &Seen) -> Options {
    let seen = seen.clone();
    let observer = Arc::new(move |ran: &Ran<'_>| {
        seen.lock().expect("sound").push((ran.sql.to_owned(), ran.kinds()));
    });
    Options { max_connections: 4, observer: Some(observer), batches: None, ..Options::default() }
}

#[tokio::test]
async fn every_statement_of_a_commit_is_explained_without_being_run() {
    let seen = Seen::default();
    let sqlite = open_sqlite(options(&seen)).await;
    for opened in [Some(sqlite), open_postgres(options(&seen)).await].into_iter().flatten() {
        let on = &opened.backend;
        let user = given::account().with(10_000_000).stored_in(on.store.as_ref()).await;
        seen.lock().expect("sound").clear();
        let lives = budget::life_of_a_payment(user).into_iter().chain(budget::life_of_an_order(user));
        for (_, unit) in lives {
            on.apply(unit).await;
        }
        on.apply(UnitOfWork::new().place(given::hold(user, 2_500))).await;
        on.vitals.vitals(at(0)).await.expect("readable");
        let run = std::mem::take(&mut *seen.lock().expect("sound"));
        let explainer = Explainer::new(&opened.url).await.expect("an address");
        let mut planned = 0;
        for (sql, kinds) in run.iter().filter(|(sql, _)| sql.len() > 20) {
            let plan = explainer.plan(sql, kinds).await.unwrap_or_else(|error| panic!("{error}: {sql}"));
            // SQLite has nothing to say of a row that is simply written.
            assert!(!plan.is_empty() || sql.starts_with("INSERT"), "{sql}");
            assert!(!plan.contains("2500"), "{sql}: {plan}");
            planned += 1;
        }
        assert!(planned >= 7, "{run:#?}");
        // What cannot be planned is told as that, and what comes after it is planned all the same.
        assert!(explainer.plan("SELECT nothing FROM nowhere", &[]).await.is_err());
        assert!(explainer.plan("SELECT COUNT(*) FROM holds", &[]).await.is_ok());
        let held = opened.query("SELECT COUNT(*) AS n FROM holds").await;
        assert_eq!(held[0].try_get::<i64>("", "n").expect("a number"), 2, "no hold was placed again");
        opened.close().await;
    }
}
