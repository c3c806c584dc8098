//! What only databases can show: guards below the port, several instances, lost answers.

use futures::future::join_all;
use namaskah_domain::{Change, CommitError, Committed, Fault, UnitOfWork, wallet::HoldEnd};
use namaskah_tests::{
    assert_refused,
    given::{self, usd},
};
use sea_orm::ConnectionTrait;

use super::both;

#[tokio::test]
async fn the_journal_can_be_neither_changed_nor_emptied() {
    for opened in both().await {
        let user = given::account().with(1_000).stored_in(opened.backend.store.as_ref()).await;
        for sql in [
            "UPDATE transfers SET amount_units = 1",
            "UPDATE transfers SET kind = kind",
            "DELETE FROM transfers",
            "TRUNCATE transfers",
        ] {
            let refused = opened.database.connection().execute_unprepared(sql).await;
            assert!(refused.is_err(), "{sql}");
        }
        let total = opened.query("SELECT amount_units FROM transfers").await;
        assert_eq!(total.len(), 1);
        assert_eq!(opened.backend.account(user).await.wallet.posted, usd(1_000));
        opened.close().await;
    }
}

#[tokio::test]
async fn the_postings_of_every_source_sum_to_zero() {
    for opened in both().await {
        let on = &opened.backend;
        let user = given::account().with(1_000).with_promo(50).stored_in(on.store.as_ref()).await;
        let hold = given::hold(user, 300);
        on.apply(UnitOfWork::new().place(hold.clone())).await;
        on.apply(UnitOfWork::new().end(given::end(&hold, HoldEnd::Capture))).await;
        let sums = "SELECT CAST(SUM(units) AS BIGINT) AS units, COUNT(*) AS legs FROM postings GROUP BY source, currency";
        let sums = opened.query(sums).await;
        assert_eq!(sums.len(), 3);
        for sum in sums {
            assert_eq!(sum.try_get::<i64>("", "units").expect("a sum"), 0);
            assert!(sum.try_get::<i64>("", "legs").expect("a count") >= 2);
        }
        opened.close().await;
    }
}

#[tokio::test]
async fn a_blocked_account_places_nothing_and_still_gives_back() {
    for opened in both().await {
        let on = &opened.backend;
        for block in ["frozen = (1 = 1)", "debt_units = 1", "open_disputes = 1"] {
            let user = given::account().with(1_000).stored_in(on.store.as_ref()).await;
            let hold = given::hold(user, 100);
            on.apply(UnitOfWork::new().place(hold.clone())).await;
            opened.query(&format!("UPDATE accounts SET {block}")).await;
            let claim = given::claim(user, "key", 1);
            let refused = on.refuse(UnitOfWork::claiming(claim).place(given::hold(user, 100))).await;
            assert_refused!(refused, CommitError::AccountBlocked);
            on.apply(UnitOfWork::new().end(given::end(&hold, HoldEnd::Release))).await;
            assert_eq!(on.account(user).await.wallet.held, usd(0));
        }
        opened.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_instances_share_the_money_of_one_account() {
    for opened in both().await {
        let (second, database) = opened.second().await;
        let user = given::account().with(1_000).stored_in(opened.backend.store.as_ref()).await;
        let tasks = (0..40).map(|n| {
            let on = if n % 2 == 0 { opened.backend.clone() } else { second.clone() };
            let unit = UnitOfWork::new().place(given::hold(user, 100));
            tokio::spawn(async move { on.store.commit(unit).await })
        });
        let outcomes = join_all(tasks).await;
        let applied = outcomes.iter().filter(|outcome| matches!(outcome, Ok(Ok(Committed::Applied)))).count();
        assert_eq!(applied, 10, "{outcomes:?}");
        assert_eq!(second.account(user).await.available(), usd(0));
        database.close().await;
        opened.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_that_gave_up_finds_its_effect_by_its_key() {
    for opened in both().await {
        let on = &opened.backend;
        let user = given::account().with(10_000).stored_in(on.store.as_ref()).await;
        for n in 0..40u8 {
            let claim = given::claim(user, &format!("key-{n}"), 1);
            let unit = UnitOfWork::claiming(claim).place(given::hold(user, 100));
            let task = tokio::spawn({
                let (store, unit) = (on.store.clone(), unit.clone());
                async move { store.commit(unit).await }
            });
            for _ in 0..n {
                tokio::task::yield_now().await;
            }
            task.abort();
            let again = on.store.commit(unit).await;
            assert!(again.is_ok(), "{again:?}");
        }
        let account = on.account(user).await;
        assert_eq!((account.wallet.held, account.open_orders), (usd(4_000), 40));
        opened.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commits_that_meet_crosswise_all_take_effect() {
    for opened in both().await {
        let on = &opened.backend;
        let order = given::requested(given::id());
        let accounts = [given::account().with(10_000), given::account().with(10_000)];
        let mut users = Vec::new();
        for account in accounts {
            users.push(account.stored_in(on.store.as_ref()).await);
        }
        on.apply(UnitOfWork::new().with(Change::Order(order.into()))).await;
        let tasks = (0..40).map(|n| {
            let holds = [given::hold(users[n % 2], 10), given::hold(users[(n + 1) % 2], 10)];
            let unit = holds.into_iter().fold(UnitOfWork::new(), UnitOfWork::place);
            let store = on.store.clone();
            tokio::spawn(async move { store.commit(unit).await })
        });
        for outcome in join_all(tasks).await {
            assert!(matches!(outcome, Ok(Ok(Committed::Applied))), "{outcome:?}");
        }
        for user in users {
            assert_eq!(on.account(user).await.wallet.held, usd(400));
        }
        opened.close().await;
    }
}

#[tokio::test]
async fn a_database_that_is_gone_makes_the_outcome_unknown() {
    for opened in both().await {
        let user = given::account().with(100).stored_in(opened.backend.store.as_ref()).await;
        opened.database.ping().await.expect("it answers");
        opened.database.close().await;
        let claim = given::claim(user, "key", 1);
        let refused = opened.backend.refuse(UnitOfWork::claiming(claim).place(given::hold(user, 1))).await;
        assert_refused!(refused, CommitError::Unavailable(_));
        let ping: Result<(), Fault> = opened.database.ping().await;
        assert!(ping.is_err());
        opened.close().await;
    }
}

#[tokio::test]
async fn a_database_url_of_another_kind_is_refused() {
    for url in ["mysql://localhost/x", "", "test.db"] {
        let refused = namaskah_adapters::persistence::connect(url, Default::default()).await;
        assert!(refused.is_err(), "{url}");
    }
}

#[tokio::test]
async fn a_database_in_memory_works_with_one_connection() {
    let url = "sqlite::memory:";
    let database =
        namaskah_adapters::persistence::connect(url, Default::default()).await.expect("a database");
    namaskah_migration::migrate(database.connection()).await.expect("the migrations apply");
    let stores = namaskah_adapters::persistence::Stores::open(&database, super::vault());
    let user = given::account().with(100).stored_in(stores.store.as_ref()).await;
    let account = stores.wallet.account(user).await.expect("readable").expect("an account");
    assert_eq!(account.wallet.posted, usd(100));
    database.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_setting_stays_and_the_clock_never_goes_back() {
    for opened in both().await {
        let settings = &opened.stores.settings;
        assert_eq!(settings.get("mode").await.expect("readable"), None);
        let modes = ["sandbox", "test", "live"].map(|mode| {
            let settings = settings.clone();
            tokio::spawn(async move { settings.set_if_absent("mode", mode).await.expect("set") })
        });
        let said: Vec<String> =
            join_all(modes).await.into_iter().map(|task| task.expect("no panic")).collect();
        let stored = settings.get("mode").await.expect("readable").expect("a mode");
        assert!(said.iter().all(|mode| *mode == stored), "{said:?}");
        assert_eq!(settings.clock_offset_ms().await.expect("readable"), 0);
        for (raise, expected) in [(90, 90), (1_000, 1_000), (999, 1_000), (-5, 1_000), (10_000, 10_000)] {
            assert_eq!(settings.raise_clock_offset_ms(raise).await.expect("raised"), expected);
            assert_eq!(settings.clock_offset_ms().await.expect("readable"), expected);
        }
        opened.close().await;
    }
}
