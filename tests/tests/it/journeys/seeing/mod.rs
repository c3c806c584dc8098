//! What a running product tells those who watch: lines of its log, traces, reports of errors. Each is read as its
//! receiver reads it.

mod lines;
mod reports;
mod traces;

use super::{
    customer::{Customer, order, text},
    process::{Estate, Process},
};

/// Each on SQLite and on Postgres, with the real binary.
macro_rules! estates {
    ($($journey:ident),+ $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $journey() {
                super::$journey($crate::journeys::process::Estate::on_sqlite().await).await;
            })+
        }

        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $journey() {
                if let Some(estate) = $crate::journeys::process::Estate::on_postgres().await {
                    super::$journey(estate).await;
                }
            })+
        }
    };
}
use estates;

/// Stops a product, which tells what is left to tell.
async fn stop(mut product: Process) {
    product.ask_to_stop();
    assert!(product.ended().await.success());
}
